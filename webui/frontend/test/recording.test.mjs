import assert from "node:assert/strict";
import { test } from "node:test";
import { Recording } from "../src/recording.js";
import { backward, cellsOf, forward } from "../src/reducer.js";
import { buildStory, startCells } from "./fixtures/story.mjs";

const { rows } = buildStory();
const plain = (cells) => Object.fromEntries([...cells].map(([name, values]) => [name, Object.fromEntries(values)]));

/** A recording that knows the whole story from its beginning. */
function whole() {
  const recording = new Recording();
  recording.restart({ cells: startCells(), rows: [], seq: 100 });
  recording.append(rows);
  recording.seek(rows.length);
  return recording;
}

test("a row taken back leaves the cells as they were", () => {
  const cells = cellsOf(startCells());
  const before = plain(cells);
  const undo = rows.map((row) => forward(cells, row));
  assert.notDeepEqual(plain(cells), before);
  undo.reverse().forEach((one) => backward(cells, one));
  assert.deepEqual(plain(cells), before);
});

test("a cell set twice in one row is restored to what it was before the row", () => {
  const cells = cellsOf({ a: { x: 1 } });
  const undo = forward(cells, { set: [["a", "x", 2], ["a", "x", 3], ["b", "y", 1], ["a", "x", null]] });
  assert.equal(cells.get("a").has("x"), false);
  backward(cells, undo);
  assert.equal(cells.get("a").get("x"), 1);
  assert.equal(cells.get("b").size, 0);
});

test("any position reached by seeking equals the same position reached by playing", () => {
  const recording = whole();
  for (const position of [0, 17, rows.length, 3, 40, 12]) {
    recording.seek(position);
    const cells = cellsOf(startCells());
    rows.slice(0, position).forEach((row) => forward(cells, row));
    assert.deepEqual(plain(recording.cells), plain(cells), `position ${position}`);
  }
});

test("rows that came already are not taken twice", () => {
  const recording = whole();
  assert.equal(recording.append(rows.slice(-5)), 0);
  assert.equal(recording.length, rows.length);
});

test("after a snapshot the past is closed until its history has come", () => {
  const end = whole();
  const recording = new Recording();
  recording.restart({ cells: plain(end.cells), rows: rows.slice(20), seq: rows.at(-1).seq });
  assert.equal(recording.seek(3), rows.length - 20, "nothing is known of the state before the snapshot");
  recording.adoptHistory(startCells(), rows.slice(0, 25));
  assert.equal(recording.length, rows.length);
  assert.equal(recording.position, rows.length, "the viewer stays where it was");
  assert.equal(recording.seek(0), 0);
  assert.deepEqual(plain(recording.cells), plain(cellsOf(startCells())));
});

test("details belong to the step before them, and the cursor stops behind them", () => {
  const recording = new Recording();
  const row = (seq, step) => ({ seq, step, at_ms: seq, set: [] });
  recording.restart({ cells: {}, rows: [], seq: 0 });
  recording.append([row(1, null), row(2, 1), row(3, null), row(4, null), row(5, 2)]);
  assert.deepEqual(recording.steps, [1, 4]);
  assert.equal(recording.endOfStep(0), 4);
  assert.equal(recording.stepAt(4), 0);
  assert.equal(recording.stepAt(1), -1);
  assert.equal(recording.endOfStep(-1), 1);
  assert.deepEqual(recording.rowsOfStep(0).map(({ seq }) => seq), [2, 3, 4]);
});

test("a stage is found by its first step, forwards and backwards", () => {
  const recording = new Recording();
  recording.restart({ cells: {}, rows: [], seq: 0 });
  recording.append(["a", "a", "b", "b", "c"].map((stage, index) => ({ seq: index + 1, step: index + 1, at_ms: 0, stage, set: [] })));
  assert.equal(recording.stageStart(0, 1), 2);
  assert.equal(recording.stageStart(4, 1), null);
  assert.equal(recording.stageStart(3, -1), 2);
  assert.equal(recording.stageStart(2, -1), 0);
});

test("changes of a step name each cell once, with its value before the step", () => {
  const recording = whole();
  const step = recording.steps.findIndex((index) => recording.rows[index].kind === "NodesScored");
  recording.seek(recording.endOfStep(step));
  const changes = recording.changesOfStep(step);
  assert.equal(changes.get("scheduling/stamps"), null);
  assert.ok(changes.has("scheduling/queue"));
});
