import assert from "node:assert/strict";
import { test } from "node:test";
import { Recording } from "../src/recording.js";
import { layoutStage } from "../src/stage/layout.js";
import { placeAll } from "../src/stage/lod.js";
import { cellsBefore, motionsOf, wayAt } from "../src/stage/motion.js";
import { podsByNode } from "../src/stage/scene.js";

globalThis.document ??= { createElement: () => ({ getContext: () => ({ measureText: (text) => ({ width: text.length * 6 }) }) }) };

const ID = "pods/default/a";
const pod = (extra = {}) => ({ resource: "pods", kind: "Pod", namespace: "default", name: "a", uid: "u", created_ms: 0, status: { glyph: "pending", tone: "wait", word: "Pending" }, ...extra });
const ROWS = [
  { seq: 1, step: 1, at_ms: 0, set: [] },
  { seq: 2, step: 2, at_ms: 10, set: [["objects", ID, pod()]] },
  { seq: 3, step: 3, at_ms: 30, set: [["objects", ID, pod({ node: "n1" })]] },
  { seq: 4, step: 4, at_ms: 40, set: [["node_pods", "n1/u", { pod: ID, node: "n1", name: "a", containers: [] }]] },
  { seq: 5, step: 5, at_ms: 50, set: [["objects", ID, null]] },
  { seq: 6, step: 6, at_ms: 60, set: [["node_pods", "n1/u", null]] },
];

/** What moves in each step of the run. */
function motions(step) {
  const recording = new Recording();
  recording.append(ROWS);
  recording.seek(step + 1);
  const plan = layoutStage({ width: 784, height: 628, nodes: ["n1"], controllers: [] });
  const chip = recording.cells.get("objects")?.get(ID)?.node === undefined && recording.cells.get("objects")?.has(ID) ? [{ id: ID, isPod: true, x: 100, y: 330, w: 80, h: 22 }] : [];
  const view = { plan, places: placeAll(plan, podsByNode(recording.cells)), shelf: { placed: chip } };
  const moment = { step, atMs: ROWS[step].at_ms, changes: recording.changesOfStep(step) };
  return motionsOf(view, recording, moment, { zoom: 1, levels: new Map(), selected: null });
}

test("a Pod enters on the shelf, moves to its node when it is bound, and fades when nothing of it is left", () => {
  assert.deepEqual(ROWS.map((_, step) => motions(step)?.list.map(({ sort, id }) => `${sort} ${id}`) ?? null), [
    null, [`enter ${ID}`], [`move ${ID}`], null, null, [`leave ${ID}`],
  ]);
});

test("what moves is left out of the standing picture, what leaves is in none", () => {
  assert.deepEqual([...motions(1).onShelf], [ID]);
  assert.deepEqual([...motions(2).onNodes], [ID]);
  assert.deepEqual([motions(5).onNodes.size, motions(5).onShelf.size], [0, 0]);
});

test("how far it is follows the way into the step, and in clock play the time since", () => {
  const held = (part) => wayAt({ sort: "move" }, 30, { atMs: 30, part, isTicking: false });
  const ticking = (atMs) => wayAt({ sort: "move" }, 30, { atMs, part: 1, isTicking: true });
  assert.deepEqual([0, 0.5, 1].map(held), [0, 0.5, 1]);
  assert.deepEqual([30, 180, 330, 999].map(ticking), [0, 0.5, 1, 1]);
});

test("a step's changes taken back give the cells before it", () => {
  const recording = new Recording();
  recording.append(ROWS);
  recording.seek(3);
  const before = cellsBefore(recording.cells, recording.changesOfStep(2));
  assert.equal(before.get("objects").get(ID).node, undefined);
  assert.equal(recording.cells.get("objects").get(ID).node, "n1");
});
