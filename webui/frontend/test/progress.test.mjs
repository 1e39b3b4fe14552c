import assert from "node:assert/strict";
import { test } from "node:test";

const { shareOf } = await import("../src/stage/draw-progress.js");

test("a pull fills evenly from its mark to its end, and neither before nor beyond", () => {
  const pull = { done: 0.25, mark_ms: 1000, until_ms: 4000 };
  assert.deepEqual([0, 1000, 2000, 4000, 9000].map((at) => shareOf(pull, at)), [0, 0.25, 0.5, 1, 1]);
});

test("a pull without a length is there at its end", () => {
  assert.deepEqual([shareOf({ done: 0, mark_ms: 5, until_ms: 5 }, 4), shareOf({ done: 0, mark_ms: 5, until_ms: 5 }, 5)], [0, 1]);
});
