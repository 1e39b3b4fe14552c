import assert from "node:assert/strict";
import { test } from "node:test";
import { Axis, durationText, gapBefore, hairlinesOf, laneOf, markersOf, stepAtX, windowOf, xOfStep } from "../src/deck/timeline-model.js";
import { Recording } from "../src/recording.js";

function recordingOf(rows) {
  const recording = new Recording();
  recording.restart({ cells: {}, rows: [], seq: 0 });
  recording.append(rows.map((row, index) => ({ seq: index + 1, step: index + 1, at_ms: index * 10, lane: "etcd", marker: "write", stage: "store", set: [], ...row })));
  return recording;
}

function drawn(rows, width = 1000) {
  const recording = recordingOf(rows);
  const axis = new Axis();
  axis.update(recording);
  return { recording, axis, view: windowOf({ axis, width, step: rows.length - 1 }) };
}

test("a place on the axis leads back to its step", () => {
  const { axis, view } = drawn(Array.from({ length: 40 }, () => ({})));
  for (const step of [0, 7, 39]) assert.equal(stepAtX(axis, view, xOfStep(axis, view, step)), step);
  assert.equal(stepAtX(axis, view, -5), -1);
});

test("a long idle time takes the room of four steps, however long it was", () => {
  const { axis, recording } = drawn([{ at_ms: 0 }, { at_ms: 12000 }, { at_ms: 12001 }]);
  assert.deepEqual(axis.units, [0, 5, 6]);
  assert.equal(gapBefore(recording, 1), 12000);
  assert.equal(gapBefore(recording, 2), 0);
});

test("of a long run a window is shown, and the cursor is in it", () => {
  const { axis, view } = drawn(Array.from({ length: 5000 }, () => ({})));
  assert.equal(view.pitch, 4);
  const x = xOfStep(axis, view, 4999);
  assert.ok(x > 0 && x < 1000);
});

test("markers closer than four pixels on one lane merge and count; the current one stays alone", () => {
  const { recording, axis, view } = drawn(Array.from({ length: 30 }, () => ({})));
  const squeezed = { ...view, pitch: 1 };
  const markers = markersOf({ recording, axis, view: squeezed, lanes: ["etcd"], nodes: [], current: 10 });
  assert.ok(markers.length < 12);
  assert.equal(markers.reduce((sum, { count }) => sum + count, 0), 30);
  assert.equal(markers.find(({ isCurrent }) => isCurrent).count, 1);
});

test("a stage's label is left out where the next stage begins too soon", () => {
  const { recording, axis, view } = drawn(["a", "a", "b", "b", "c", "c", "c", "c"].map((stage) => ({ stage })), 120);
  const lines = hairlinesOf({ recording, axis, view, measure: () => 30 });
  assert.deepEqual(lines.map(({ stage, hasLabel }) => [stage, hasLabel]), [["a", false], ["b", false], ["c", true]]);
});

test("what happens on a node stands on that node's lane", () => {
  const nodes = ["k8snode1", "k8snode2"];
  assert.equal(laneOf({ lane: "kubelet/k8snode2" }, nodes), "k8snode2");
  assert.equal(laneOf({ lane: "node", actor: "containerd/k8snode1" }, nodes), "k8snode1");
  assert.equal(laneOf({ lane: "replicaset-controller" }, nodes), "controllers");
  assert.equal(laneOf({ lane: "kubectl" }, nodes), "you");
});

test("durations are said in the unit that suits them", () => {
  const words = { seconds: "s", minutes: "min", hours: "h" };
  assert.deepEqual([12000, 150000, 9000000].map((ms) => durationText(ms, words)), ["12 s", "2.5 min", "2.5 h"]);
});
