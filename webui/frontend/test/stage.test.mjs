import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsOf } from "../src/reducer.js";
import { pointAt, lengthOf } from "../src/stage/geometry.js";
import { layoutStage } from "../src/stage/layout.js";
import { placeAll } from "../src/stage/lod.js";
import { keepClear, progress, visibleFlights } from "../src/stage/messages.js";
import { participant, routeOf } from "../src/stage/routes.js";
import { flightsAt, groupsOf, nodesInView, podsByNode, shelfItems } from "../src/stage/scene.js";

const plan = (options = {}) => layoutStage({ width: 784, height: 628, nodes: ["k8snode1", "k8snode2"], controllers: ["replicaset-controller"], ...options });
const NETWORK = ["kube-proxy", "coredns"];
const overlaps = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

test("places depend on the box and the nodes' names alone", () => {
  assert.deepEqual(plan(), plan());
  assert.deepEqual(plan().boxes.get("kube-apiserver"), { x: 186, y: 192, w: 572, h: 76 });
});

for (const [width, height, nodes] of [[784, 628, 2], [640, 500, 3], [784, 613, 10], [1200, 900, 4], [1200, 900, 9], [390, 532, 2]]) {
  test(`at ${width} × ${height} with ${nodes} nodes nothing stands on anything else`, () => {
    const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
    const { boxes, shelf, nodes: placed } = plan({ width, height, nodes: names, network: NETWORK });
    const solid = ["kubectl", "kube-controller-manager", "kube-scheduler", "etcd", "kube-apiserver", ...NETWORK].map((id) => boxes.get(id)).concat(shelf, placed);
    solid.forEach((a, i) => solid.slice(i + 1).forEach((b) => assert.ok(!overlaps(a, b), `${JSON.stringify(a)} on ${JSON.stringify(b)}`)));
  });
}

test("up to a dozen nodes are in view at once, and twenty Pods on each", () => {
  for (const count of [5, 8, 10, 12]) {
    const nodes = Array.from({ length: count }, (_, index) => `node-${index}`);
    const places = plan({ height: 613, nodes });
    assert.ok(places.nodes.every((node) => node.y + node.h <= 613), `${count} nodes`);
    const placed = placeAll(places, new Map(nodes.map((name) => [name, crowd(20)])));
    for (const node of places.nodes) {
      const { level, items } = placed.get(node.name);
      assert.equal(level, "glyph");
      assert.ok(items.every((item) => item.y + item.h <= node.y + node.h && item.x + item.w <= node.x + node.w), `${count} nodes`);
    }
  }
});

test("every message's line ends at the hub, whoever sends it", () => {
  const places = plan({ network: NETWORK });
  const hub = places.boxes.get("kube-apiserver");
  for (const from of [...NETWORK, "kubectl", "replicaset-controller", "kube-scheduler", "kubelet/k8snode1", "kubelet/k8snode2"]) {
    const [x, y] = routeOf(places, { from, to: "kube-apiserver" }).at(-1);
    assert.ok(x >= hub.x - 1 && x <= hub.x + hub.w && y >= hub.y - 1 && y <= hub.y + hub.h + 1, from);
  }
});

test("there is no line from the scheduler to a kubelet, nor from anyone but the hub to etcd", () => {
  assert.equal(routeOf(plan(), { from: "kube-scheduler", to: "kubelet/k8snode1" }), null);
  const [start] = routeOf(plan(), { from: "kube-apiserver", to: "etcd" });
  assert.equal(start[1], plan().boxes.get("kube-apiserver").y);
});

test("a controller's messages take its process's line and outline its own chip", () => {
  assert.deepEqual(participant(plan(), "replicaset-controller"), { box: "controller/replicaset-controller", client: "kube-controller-manager" });
  const controllers = [...Array.from({ length: 9 }, (_, index) => `shown-${index}`), "node-ipam-controller"];
  assert.equal(participant(plan({ controllers }), "node-ipam-controller").box, "kube-controller-manager");
});

test("what has no place on the stage outlines no other's box", () => {
  assert.equal(participant(plan(), "kube-proxy"), null);
  assert.equal(routeOf(plan(), { from: "kube-proxy", to: "kube-apiserver" }), null);
});

test("a tag's place is a pure function of simulated time", () => {
  const flight = { sent_ms: 100, due_ms: 200 };
  assert.equal(progress(flight, 100), 0);
  assert.equal(progress(flight, 150), 0.5);
  assert.equal(progress(flight, 999), 1);
  assert.ok(progress(flight, 120) < 0.2, "it starts slowly");
  assert.equal(progress(flight, 100, { held: true }), 0.12);
  assert.equal(progress(flight, 999, { held: true }), 0.88);
  assert.equal(progress(flight, 100, { parked: true }), 0.5);
});

test("held, a tag hides neither in a box nor in a node's header", () => {
  assert.equal(keepClear(2, 100, true, { from: "kubectl", to: "kube-apiserver" }), 16);
  assert.equal(keepClear(2, 100, true, { from: "kubelet/k8snode1", to: "kube-apiserver" }), 46);
  assert.equal(keepClear(2, 20, true, { from: "kubectl", to: "kube-apiserver" }), 10);
});

test("other messages are seen only while they are under way", () => {
  const flights = [{ id: 1, isCurrent: true, sent_ms: 0, due_ms: 1 }, { id: 2, sent_ms: 0, due_ms: 90 }, { id: 3, sent_ms: 0, due_ms: 40 }];
  assert.deepEqual(visibleFlights(flights, 50).map(({ id }) => id), [1, 2]);
});

test("only the step's own row is drawn as this step's message, its details are not", () => {
  const row = { flights: [{ due_ms: 5 }] };
  const detail = { flights: [{ due_ms: 5 }] };
  const found = flightsAt({ position: 2, rows: [row, detail] }, { row, rows: [row, detail] }, 10);
  assert.equal(found.length, 1);
  assert.equal(found[0].isCurrent, true);
});

const pod = (name, extra = {}) => ({ resource: "pods", kind: "Pod", namespace: "d", name, uid: name, created_ms: 0, status: { word: "Running", glyph: "running", tone: "ok" }, ready: "1/1", ...extra });

test("a Pod on a node joins what the API says and what the node knows", () => {
  const cells = cellsOf({ objects: { "pods/d/a": pod("a", { node: "n1" }), "pods/d/b": pod("b") }, node_pods: { "n1/a": { pod: "pods/d/a", node: "n1", name: "a" }, "n1/gone": { pod: "pods/d/gone", node: "n1", name: "gone" } } });
  const entries = podsByNode(cells).get("n1");
  assert.deepEqual(entries.map(({ name, object, truth }) => [name, Boolean(object), Boolean(truth)]), [["a", true, true], ["gone", false, true]]);
});

test("a bound Pod leaves the shelf, and returns only while it is selected", () => {
  const cells = cellsOf({ objects: { "pods/d/a": pod("a", { node: "n1" }), "pods/d/b": pod("b") } });
  assert.deepEqual(shelfItems(cells, null).map(({ id }) => id), ["pods/d/b"]);
  assert.deepEqual(shelfItems(cells, "pods/d/a").map(({ id }) => id), ["pods/d/a", "pods/d/b"]);
});

function crowd(count, glyph = "running") {
  return Array.from({ length: count }, (_, index) => ({ id: `p${index}`, name: `p-${index}`, object: { status: { glyph: index === 0 ? glyph : "running" } }, top: { kind: "Deployment", namespace: "d", name: "web", rank: 0 } }));
}

test("the more Pods on a node, the less is drawn of each, and none is lost", () => {
  const places = plan();
  const levels = [1, 2, 5, 12, 60, 300].map((count) => {
    const placed = placeAll(places, new Map([["k8snode1", crowd(count)]])).get("k8snode1");
    if (placed.level !== "tally") assert.equal(placed.items.length, count);
    return placed.level;
  });
  assert.deepEqual(levels.slice(0, 2), ["full", "full"]);
  assert.deepEqual(levels.slice(-2), ["glyph", "glyph"]);
});

test("beyond four hundred Pods a group becomes a row of counts", () => {
  const placed = placeAll(plan(), new Map([["k8snode1", crowd(450)]])).get("k8snode1");
  assert.equal(placed.level, "tally");
  assert.equal(placed.groups[0].tallies[0].count, 450);
});

test("Pods stay inside their node", () => {
  const places = plan({ nodes: ["a", "b", "c"] });
  for (const count of [1, 2, 3, 9]) {
    const [node] = places.nodes;
    for (const item of placeAll(places, new Map([["a", crowd(count)]])).get("a").items) {
      assert.ok(item.x >= node.x && item.x + item.w <= node.x + node.w && item.y + item.h <= node.y + node.h, `${count} Pods`);
    }
  }
});

test("a Pod of several containers is wider where its node has room", () => {
  const containers = (count) => Array.from({ length: count }, (_, index) => ({ name: `c${index}` }));
  const widthWith = (count, pods = 1) => {
    const entries = Array.from({ length: pods }, (_, index) => ({ id: `p${index}`, name: `p${index}`, object: { status: {}, containers: containers(count) } }));
    return placeAll(plan(), new Map([["k8snode1", entries]])).get("k8snode1").items[0].w;
  };
  assert.ok(widthWith(2) > widthWith(1) + 50);
  assert.ok(widthWith(2, 3) < widthWith(2), "and gives way to others");
});

test("trouble is sorted last in its group, Pods without an owner last of all", () => {
  const entries = [{ name: "bare", object: { status: {} }, top: null }, ...crowd(3, "trouble")];
  const groups = groupsOf(entries);
  assert.deepEqual(groups.map(({ kind, name }) => [kind, name]), [["Deployment", "web"], ["Pod", null]]);
  assert.equal(groups[0].entries.at(-1).name, "p-0");
});

test("with many nodes the two of this step are always in view", () => {
  const nodes = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`n${index}`, {}]));
  const { names, pages } = nodesInView(cellsOf({ nodes }), 0, ["n25"]);
  assert.equal(pages, 3);
  assert.equal(names.length, 12);
  assert.ok(names.includes("n25"));
});

test("with many nodes that of what is chosen comes into view, and a low window shows one row", () => {
  const nodes = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`n${index}`, {}]));
  const { names, pages } = nodesInView(cellsOf({ nodes }), 0, ["n25", "n26", "n27"], { chosen: "n29", most: 6 });
  assert.deepEqual([names, pages], [["n29", "n25", "n26", "n0", "n1", "n2"], 5]);
});

test("the Pods of nodes that are in view are looked for, or of all", () => {
  const objects = Object.fromEntries(["n1", "n2"].map((node) => [`pods/d/${node}`, { resource: "pods", name: node, node, uid: node }]));
  const cells = cellsOf({ objects, node_pods: { "n2/other": { pod: "pods/d/other", name: "other", node: "n2" } } });
  assert.deepEqual([...podsByNode(cells, ["n1"]).keys()], ["n1"]);
  assert.deepEqual(podsByNode(cells).get("n2").map(({ name }) => name), ["n2", "other"]);
});

test("a point along a bent line knows its direction", () => {
  const points = [[0, 0], [10, 0], [10, 10]];
  assert.equal(lengthOf(points), 20);
  assert.deepEqual(pointAt(points, 15), { x: 10, y: 5, angle: Math.PI / 2 });
});

test("a request between Pods flies from where the one stands to where the other does, or not at all", () => {
  const item = (id, x, y) => ({ entry: { id }, x, y, w: 40, h: 20 });
  const places = new Map([["k8snode1", { items: [item("pods/default/a", 10, 400)] }], ["k8snode2", { items: [item("pods/default/b", 500, 450)] }]]);
  assert.deepEqual(routeOf(plan(), { from: "pods/default/a", to: "pods/default/b" }, places), [[30, 410], [520, 410], [520, 460]]);
  assert.equal(routeOf(plan(), { from: "pods/default/a", to: "pods/default/gone" }, places), null);
  assert.equal(routeOf(plan(), { from: "nodes//k8snode1", to: "pods/default/b" }, places).length, 3);
});
