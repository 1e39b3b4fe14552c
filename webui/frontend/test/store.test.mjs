import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

let now = 0;
let later = () => {};
mock.method(performance, "now", () => now);
mock.method(globalThis, "setTimeout", (then) => void (later = then));
const store = await import("../src/store.js");

const row = (seq, atMs) => ({ seq, step: seq, at_ms: atMs, kind: "Fact", cells: {}, caption: { en: "", zh: "" } });
const head = { mode: "held", speed: 1, pacing: "paced", settled: false, wall: { virtual_ms: 0, rate: 0 } };
const frame = (seq, atMs) => ({ type: "frame", after_seq: seq - 1, rows: [row(seq, atMs)], at_ms: atMs, ...head });

beforeEach(() => {
  now = 1000;
  store.receive({ type: "snapshot", sandbox: { begun_ms: 0 }, seq: 0, cells: {}, back: [], rows: [row(1, 0)], more: false, at_ms: 0, step: 1, ...head });
  store.receive(frame(2, 1000));
});

test("a snapshot brings the way back to the cells before its rows", () => {
  const rows = [{ ...row(1, 0), set: [["pods", "a", 2], ["pods", "b", 1]] }, { ...row(2, 0), set: [["nodes", "n", null]] }];
  const back = [["pods", "a", 1], ["pods", "b", null], ["nodes", "n", "ready"]];
  store.receive({ type: "snapshot", sandbox: { begun_ms: 0 }, seq: 2, cells: { pods: { a: 2, b: 1 }, gates: { store: 0 } }, back, rows, more: false, at_ms: 0, step: 2, ...head });
  const shown = () => Object.fromEntries([...store.recording.cells].map(([name, values]) => [name, Object.fromEntries(values)]));
  assert.deepEqual(shown(), { pods: { a: 2, b: 1 }, gates: { store: 0 }, nodes: {} });
  store.recording.seek(0);
  assert.deepEqual(shown(), { pods: { a: 1 }, gates: { store: 0 }, nodes: { n: "ready" } });
});

test("a step moves the picture to its time", () => {
  assert.equal(store.pictureTime().atMs, 0);
  assert.equal(store.pictureTime().isMoving, true);
  now += 60_000;
  assert.deepEqual(store.pictureTime(), { atMs: 1000, isMoving: false, part: 1 });
});

test("while another step is awaited the picture stands where it is, and goes on from there", () => {
  now += 50;
  const { atMs, part } = store.pictureTime();
  assert.ok(atMs > 0 && atMs < 1000);
  assert.equal(part, atMs / 1000);
  store.awaitStep();
  now += 40;
  assert.deepEqual(store.pictureTime(), { atMs, isMoving: false, part });
  store.receive(frame(3, 2000));
  assert.equal(store.pictureTime().atMs, atMs);
  assert.equal(store.pictureTime().isMoving, true);
});

test("a step that does not come lets the picture go on", () => {
  now += 50;
  store.awaitStep();
  now += 300;
  later();
  now += 60_000;
  assert.deepEqual(store.pictureTime(), { atMs: 1000, isMoving: false, part: 1 });
});
