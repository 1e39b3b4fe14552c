import assert from "node:assert/strict";
import { test } from "node:test";
import { changedLines, compare, hunks } from "../src/inspector/lines.js";

test("a field with another value is one change, not a line gone and a line new", () => {
  assert.deepEqual(compare("a: 1\nb: 2\nc: 3", "a: 1\nb: 9\nc: 3").map(({ sign, line }) => [sign, line]), [[" ", 1], ["±", 2], [" ", 3]]);
});

test("new and gone lines are told apart", () => {
  const marks = compare("a: 1\nb: 2", "a: 1\nc: 3\nd: 4").map(({ sign, text }) => sign + text);
  assert.deepEqual(marks, [" a: 1", "−b: 2", "+c: 3", "+d: 4"]);
});

test("an object without a past is new in every line", () => {
  assert.deepEqual([...changedLines(null, "a: 1\nb: 2")], [[1, "+"], [2, "+"]]);
});

test("what is the same has no marks and no hunks", () => {
  assert.equal(changedLines("a: 1", "a: 1").size, 0);
  assert.deepEqual(hunks(compare("a: 1", "a: 1")), []);
});

test("far from a change, lines are left out and counted", () => {
  const before = Array.from({ length: 20 }, (_, index) => `f${index}: 0`);
  const after = before.map((line) => (line === "f10: 0" ? "f10: 1" : line));
  const shown = hunks(compare(before.join("\n"), after.join("\n")), 1);
  assert.deepEqual(shown.map((line) => line.skip ?? line.sign), [9, " ", "±", " ", 8]);
});
