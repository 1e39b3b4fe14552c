import assert from "node:assert/strict";
import { test } from "node:test";

// A text measure without a browser: six pixels a sign.
globalThis.document = { getElementById: () => null, createElement: () => ({ getContext: () => ({ measureText: (text) => ({ width: text.length * 6 }) }) }) };
const { cellsOf } = await import("../src/reducer.js");
const { layoutStage } = await import("../src/stage/layout.js");
const { controllerNames, shelfItems, touchedBy } = await import("../src/stage/scene.js");
const { isReached } = await import("../src/stage/draw-ties.js");
const { placeShelf } = await import("../src/stage/shelf/blocks.js");
const { slotsOf } = await import("../src/stage/shelf/slots.js");
const { widthOfRuns } = await import("../src/stage/shelf/squares.js");
const { rowsOf } = await import("../src/stage/shelf/rollout.js");

const squares = (runs, more = {}) => ({ sort: "squares", runs, wanted: 2, found: 2, revision: "1", words: "", ...more });
const thing = (resource, name, rank, more = {}) => ({ resource, kind: resource, namespace: "d", name, rank, on_shelf: true, created_ms: 0, status: null, badge: "", drawing: null, ...more });
const WEB = thing("deployments", "web", 0, { drawing: { sort: "rollout", most: 3, least: 1, total: 2, available: 2, revision: "2", note: null } });
const OLD = thing("replicasets", "web-aaaaa", 5, { owner: "deployments/d/web", created_ms: 1, drawing: squares([["available", 1]]) });
const NEW = thing("replicasets", "web-bbbbb", 5, { owner: "deployments/d/web", created_ms: 2, drawing: squares([["made", 1]], { revision: "2" }) });
const SCALER = thing("horizontalpodautoscalers", "web", 8, { drawing: { sort: "meter", aims_at: "deployments/d/web", share: 0.5, least: 1, most: 3, current: 2, desired: 2 } });
const SIZE = { width: 784, height: 628, nodes: ["n1"], controllers: [] };
const idOf = (object) => `${object.resource}/d/${object.name}`;

function shelf(objects, { width = 784, height = 628, selected = null, hot = [], memory = {} } = {}) {
  const cells = cellsOf({ objects: Object.fromEntries(objects.map((object) => [idOf(object), object])) });
  const plan = layoutStage({ width, height, nodes: ["n1"], controllers: [] });
  const look = { cells: (name) => cells.get(name) ?? new Map(), hot: new Set(hot), selected, memory, seq: 1, sinceSeq: 0 };
  return { plan, ...placeShelf(plan, shelfItems(cells, selected), new Map(), look) };
}

test("two ReplicaSets of a rollout stand as rows below their Deployment, the newest first", () => {
  const { placed, blocks } = shelf([WEB, OLD, NEW]);
  assert.equal(blocks.length, 1);
  assert.deepEqual(placed.map(({ id, isRow, isNewest }) => [id, Boolean(isRow), Boolean(isNewest)]), [["deployments/d/web", false, false], ["replicasets/d/web-bbbbb", true, true], ["replicasets/d/web-aaaaa", true, false]]);
});

test("what aims at a workload stands beside it, and only there", () => {
  assert.deepEqual(shelf([SCALER, WEB, NEW]).placed.map(({ id, isAimed }) => [id, Boolean(isAimed)]).filter(([id]) => !id.startsWith("replicasets")), [["deployments/d/web", false], ["horizontalpodautoscalers/d/web", true]]);
  assert.deepEqual(shelf([SCALER]).placed.map(({ id }) => id), ["horizontalpodautoscalers/d/web"]);
});

test("the budget that is asked and the victims of a preemption are what a step touches", () => {
  const cells = cellsOf({ rescues: { "pods/d/urgent": { victims: [{ pod: "pods/d/low" }] } } });
  const moment = { row: { actor: "", subject: "pods/d/urgent" }, changes: new Map([["asked/poddisruptionbudgets/d/web", null], ["rescues/pods/d/urgent", null]]) };
  const plan = layoutStage({ width: 784, height: 628, nodes: [], controllers: [] });
  assert.deepEqual([...touchedBy(plan, moment, cells)].filter((id) => id.includes("/")), ["poddisruptionbudgets/d/web", "pods/d/low", "pods/d/urgent"]);
});

test("an owner reaches its Pods, an autoscaler those of its workload, a budget the one that is asked about", () => {
  const cells = cellsOf({ objects: { "horizontalpodautoscalers/d/web": SCALER }, asked: { "poddisruptionbudgets/d/web": { pod: "pods/d/a" } } });
  const view = { cell: (name, id) => cells.get(name)?.get(id) };
  const owners = ["replicasets/d/web-bbbbb", "deployments/d/web"];
  const reaches = (id, pod) => isReached(view, id, pod, pod === "pods/d/stranger" ? [] : owners);
  assert.ok(reaches("deployments/d/web", "pods/d/a") && reaches("horizontalpodautoscalers/d/web", "pods/d/a") && reaches("poddisruptionbudgets/d/web", "pods/d/a"));
  assert.ok(!reaches("poddisruptionbudgets/d/web", "pods/d/b") && !reaches("horizontalpodautoscalers/d/web", "pods/d/stranger") && !reaches("jobs/d/sum", "pods/d/a"));
});

test("whoever owns what stands on the shelf stands there too: a custom resource of an operator", () => {
  const site = { resource: "sites", kind: "Site", namespace: "d", name: "home", rank: 99, on_shelf: false, created_ms: 0, status: null, badge: "", drawing: null };
  const { placed } = shelf([site, { ...WEB, owner: "sites/d/home" }]);
  assert.deepEqual(placed.map(({ id, isLinked }) => [id, isLinked]), [["sites/d/home", false], ["deployments/d/web", true]]);
});

for (const [width, height] of [[784, 628], [640, 500], [1200, 900], [390, 532]]) {
  test(`at ${width} × ${height} all that is placed stands inside the shelf`, () => {
    const many = Array.from({ length: 12 }, (_, index) => thing("jobs", `job-${index}`, 1, { drawing: { sort: "completions", slots: [], runs: [["done", 3]] } }));
    const { plan, placed, hidden } = shelf([WEB, OLD, NEW, SCALER, ...many], { width, height });
    assert.ok(hidden > 0);
    for (const { x, y, w, h } of placed) {
      assert.ok(x >= plan.shelf.x && x + w <= plan.shelf.x + plan.shelf.w && y >= plan.shelf.y && y + h <= plan.shelf.y + plan.shelf.h);
    }
  });
}

test("what a step touches is in view, though there is no room for all", () => {
  const many = Array.from({ length: 30 }, (_, index) => thing("jobs", `job-${index}`, 1, { created_ms: index, drawing: { sort: "completions", slots: [], runs: [["done", 1]] } }));
  const memory = {};
  assert.ok(!shelf(many, { memory }).placed.some(({ id }) => id === "jobs/d/job-29"));
  assert.ok(shelf(many, { memory, hot: ["jobs/d/job-29"] }).placed.some(({ id }) => id === "jobs/d/job-29"));
  assert.ok(shelf(many, { memory }).placed.some(({ id }) => id === "jobs/d/job-29"), "and stays there until another is touched");
});

test("a Pod stands in its slot; one beyond the last place comes after it", () => {
  const pod = (slot, name, created) => ({ slot, name, created_ms: created });
  const places = slotsOf({ slots: [{ slot: 0 }, { slot: 1 }] }, [pod(1, "old", 1), pod(1, "new", 2), pod(2, "extra", 1), pod(null, "none", 1)]);
  assert.deepEqual(places.map(({ slot, pod: found, isBeyond }) => [slot, found?.name ?? null, Boolean(isBeyond)]), [[0, null, false], [1, "new", false], [2, "extra", true]]);
});

test("squares move together, and become a bar, before they take more than their room", () => {
  assert.deepEqual([1, 10, 20, 25, 500].map((count) => widthOfRuns([["available", count]])), [9, 90, 120, 125, 126]);
});

test("an old ReplicaSet without Pods is no row, unless it is all there is or the learner has chosen it", () => {
  const row = (id, runs) => ({ id, object: { drawing: squares(runs) } });
  const [full, empty] = [row("a", [["available", 1]]), row("b", [])];
  const names = (rows) => rows.map(({ id }) => id).join("");
  assert.equal(names(rowsOf([full, empty], { keep: new Set(), most: 3 })), "a");
  assert.equal(names(rowsOf([full, empty], { keep: new Set(["b"]), most: 3 })), "ab");
  assert.equal(names(rowsOf([empty], { keep: new Set(), most: 3 })), "b");
});

test("a step at what joins Services to Pods touches its box, where there is one", () => {
  const moment = { row: { actor: "network" }, changes: new Map([["components/coredns", {}], ["components/etcd", {}]]) };
  assert.deepEqual([...touchedBy(layoutStage({ ...SIZE, network: ["coredns"] }), moment)], ["coredns"]);
  assert.deepEqual([...touchedBy(layoutStage(SIZE), moment)], []);
});

test("a controller that is off is in view, though it is none of the first eight", () => {
  const controllers = Object.fromEntries("abcdefghijkl".split("").map((name, rank) => [name, { rank, off: name === "l" }]));
  assert.ok(controllerNames(cellsOf({ controllers })).slice(0, 8).includes("l"));
});

test("controllers stand in the order that the server gives them", () => {
  const names = controllerNames(cellsOf({ controllers: { b: { rank: 0 }, a: { rank: 1 }, z: {}, y: {} } }));
  assert.deepEqual(names, ["b", "a", "y", "z"]);
});

test("a controller beyond the first eight takes an idle one's place while it works; the others stay where they are", () => {
  const controllers = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`c${index}`, { rank: index, queue: 0, worked_seq: 0 }]));
  controllers.c7.worked_seq = controllers.c10.worked_seq = 50;
  controllers.c11.queue = 1;
  const names = (sinceSeq) => controllerNames(cellsOf({ controllers }), sinceSeq).slice(0, 8).join(" ");
  assert.equal(names(40), "c0 c1 c2 c3 c4 c11 c10 c7");
  assert.equal(names(60), "c0 c1 c2 c3 c4 c5 c6 c11");
});
