/**
 * Owns the fixed places of the stage: where every component stands in a box of a given size.
 *
 * Places depend on the box and on the nodes' names alone, never on what the cluster is doing.
 */

import { rect } from "./geometry.js";

export const GATES = ["authn", "authz", "defaults", "validation", "store"];
const GATE_SHARES = [88.32, 88.32, 142.08, 106.24, 95.04];
const EDGE = 14;
const GAP = 12;
export const MOST_NODES = 12;
const LEAST_NODE = 120;
const LEAST_DENSE = 92;
const CHANNEL = 93; // between the network's frame and the shelf
const LANES = [14, 20]; // below the hub
const JOINS = [6, 18]; // where lines from the left meet the hub

/** {variant, width, height, boxes: Map id → rect, gates, chips, frames, shelf, network, nodes, lines: Map id → points} */
export function layoutStage({ width, height, nodes, controllers, network = [] }) {
  const plan = (width < 560 ? phone : wide)(width, height, nodes, controllers, network);
  return Object.assign(plan, { members: new Set(controllers) });
}

function empty(variant, width, height) {
  return { variant, width, height, boxes: new Map(), gates: [], chips: [], frames: [], nodes: [], lines: new Map(), shelf: null, network: null };
}

function wide(width, height, nodes, controllers, network) {
  const plan = empty("wide", width, height);
  plan.isCompact = height < 600;
  const top = plan.isCompact ? 98 : 124;
  const hubY = 34 + top + (plan.isCompact ? 22 : 34);
  const hub = rect(186, hubY, width - EDGE - 12 - 186, plan.isCompact ? 72 : 76);
  const bottom = hub.y + hub.h;
  plan.boxes.set("kube-apiserver", hub);
  plan.frames.push({ id: "control-plane", label: "stage.control_plane", ...rect(174, 10, width - EDGE - 174, bottom) });
  plan.frames.push({ id: "machine", label: "stage.machine", ...rect(EDGE, 10, 136, bottom) });
  placeTop(plan, hub, top, controllers);
  placeMachine(plan, hub, plan.isCompact);
  placeGates(plan, hub, 22, 8);
  const shelfX = network.length ? CHANNEL + 18 : 90;
  plan.shelf = rect(shelfX, bottom + 22, width - EDGE - shelfX, plan.isCompact ? 62 : 86);
  if (network.length) placeNetwork(plan, network, hub);
  placeNodes(plan, nodes, plan.shelf.y + plan.shelf.h + (plan.isCompact ? 8 : GAP));
  return plan;
}

function placeTop(plan, hub, top, controllers) {
  const free = hub.w - 2 * GAP;
  const manager = rect(hub.x, 34, free * 0.4833, top);
  const scheduler = rect(manager.x + manager.w + GAP, 34, free * 0.2244, top);
  const etcd = rect(scheduler.x + scheduler.w + GAP, 26, free * 0.2923, top + 8);
  plan.boxes.set("kube-controller-manager", manager);
  plan.boxes.set("kube-scheduler", scheduler);
  plan.boxes.set("etcd", etcd);
  for (const [id, box] of [["kube-controller-manager", manager], ["kube-scheduler", scheduler]]) {
    const x = box.x + box.w / 2 - 6;
    plan.lines.set(id, [[x, box.y + box.h], [x, hub.y]]);
    plan.lines.set(`${id}/watch`, [[x + 12, hub.y], [x + 12, box.y + box.h]]);
  }
  const x = etcd.x + etcd.w / 2;
  plan.lines.set("etcd", [[x, hub.y], [x, etcd.y + etcd.h]]);
  placeChips(plan, manager, controllers);
}

/** Three columns of controllers; more than nine fold into "+n", those with work first. */
function placeChips(plan, manager, controllers) {
  const shares = [0.335, 0.4, 0.265];
  const width = manager.w - 18 - 8;
  const height = (manager.h - 25 - 17 - 8) / 3;
  const shown = controllers.length > 9 ? controllers.slice(0, 8) : controllers;
  shown.forEach((name, index) => plan.chips.push({ name, ...chipRect(index) }));
  plan.more = controllers.length > 9 ? { count: controllers.length - 8, ...chipRect(8) } : null;
  for (const chip of plan.chips) plan.boxes.set(`controller/${chip.name}`, chip);

  function chipRect(index) {
    const column = index % 3;
    const before = shares.slice(0, column).reduce((sum, share) => sum + share * width + 4, 0);
    return rect(manager.x + 9 + before, manager.y + 25 + Math.floor(index / 3) * (height + 4), width * shares[column], height);
  }
}

/** What joins Services to Pods stands left of the shelf; its lines run along those of the first node. */
function placeNetwork(plan, names, hub) {
  const { y, h } = plan.shelf;
  const bottom = hub.y + hub.h;
  plan.network = { names, ...rect(EDGE, y, 74, h) };
  const height = (h - 14 - 5 * (names.length - 1)) / names.length;
  names.forEach((name, index) => plan.boxes.set(name, rect(EDGE + 6, y + 7 + index * (height + 5), 62, height)));
  const [lane, join] = [bottom + LANES[0], hub.x + JOINS[0]];
  const path = (x, way) => [[x, y], [x, lane + way * (LANES[1] - LANES[0])], [CHANNEL + way * 6, lane + way * (LANES[1] - LANES[0])], [join + way * 12, lane + way * (LANES[1] - LANES[0])], [join + way * 12, bottom]];
  for (const name of names) {
    plan.lines.set(name, path(EDGE + 30, 0));
    plan.lines.set(`${name}/watch`, path(EDGE + 42, 1).reverse());
  }
}

function placeMachine(plan, hub, isCompact) {
  const config = rect(23, 34, 118, 66);
  const kubectl = rect(23, hub.y + 8, 118, 56);
  plan.boxes.set("kubeconfig", config);
  plan.boxes.set("kubectl", kubectl);
  const x = kubectl.x + kubectl.w / 2;
  const y = kubectl.y + kubectl.h / 2;
  plan.lines.set("kubeconfig", [[x, config.y + config.h], [x, kubectl.y]]);
  plan.lines.set("kubectl", [[kubectl.x + kubectl.w, y], [hub.x, y]]);
  plan.isCompact = isCompact;
}

function placeGates(plan, hub, headHeight, tip) {
  const sum = GATE_SHARES.reduce((total, share) => total + share);
  const shares = plan.variant === "phone" ? GATE_SHARES.map(() => sum / 5) : GATE_SHARES;
  const free = hub.w - 12 - tip - 4 * tip;
  let x = hub.x + 6;
  shares.forEach((share, index) => {
    const width = (free * share) / sum;
    const box = rect(x, hub.y + headHeight, width, hub.h - headHeight - 7);
    plan.gates.push({ name: GATES[index], isFirst: index === 0, tip, ...box });
    plan.boxes.set(`gate/${GATES[index]}`, box);
    x += width + tip;
  });
}

function placeNodes(plan, nodes, top) {
  const { columns, height, isDense } = gridOfNodes(nodes.length, plan.height - 10 - top);
  const width = (plan.width - 2 * EDGE - (columns - 1) * GAP) / columns;
  const hub = plan.boxes.get("kube-apiserver");
  nodes.forEach((name, index) => {
    const column = index % columns;
    const row = Math.floor(index / columns);
    const box = rect(EDGE + column * (width + GAP), top + row * (height + GAP), width, height);
    plan.nodes.push(isDense ? denseNode(name, box) : nodePlan(name, box, width));
    plan.boxes.set(`node/${name}`, box);
    plan.boxes.set(`kubelet/${name}`, plan.nodes.at(-1).kubelet);
    plan.boxes.set(`containerd/${name}`, plan.nodes.at(-1).containerd);
    nodeLines(plan, name, box, hub, row);
  });
}

/** Four in a row; where that leaves them too low, more in a row, with kubelet and containerd as words. */
function gridOfNodes(count, room) {
  const heightIn = (columns) => {
    const rows = Math.max(1, Math.ceil(count / columns));
    return (room - (rows - 1) * GAP) / rows;
  };
  const columns = Math.max(1, Math.min(4, count));
  if (count <= 4 || heightIn(columns) >= LEAST_NODE) return { columns, height: Math.max(LEAST_NODE, heightIn(columns)), isDense: false };
  const dense = [4, 5].find((each) => heightIn(each) >= LEAST_DENSE) ?? 6;
  return { columns: dense, height: Math.max(LEAST_DENSE, heightIn(dense)), isDense: true };
}

function denseNode(name, box) {
  const kubelet = rect(box.x + 6, box.y + 24, 34, 16);
  const containerd = rect(box.x + 47, box.y + 24, Math.min(54, box.w - 50), 16);
  return { name, ...box, kubelet, containerd, isSlim: true, isDense: true, imagesX: box.x + box.w - 16, pods: rect(box.x + 9, box.y + 44, box.w - 18, box.h - 50) };
}

function nodePlan(name, box, width) {
  const isSlim = width < 320;
  const kubelet = rect(box.x + 8, box.y + 28, isSlim ? Math.min(72, width * 0.3) : 86, 34);
  const gap = isSlim ? 20 : 30;
  const containerd = rect(kubelet.x + kubelet.w + gap, kubelet.y, isSlim ? Math.min(78, width * 0.32) : 92, 34);
  const pods = rect(box.x + 9, box.y + 70, box.w - 18, box.h - 78);
  return { name, ...box, kubelet, containerd, isSlim, imagesX: containerd.x + containerd.w + (isSlim ? 10 : 16), pods };
}

function nodeLines(plan, name, box, hub, row) {
  const bottom = hub.y + hub.h;
  const kubeletTop = box.y + 28;
  const paths = [box.x + 40, box.x + 52].map((x, index) => {
    const lane = bottom + LANES[index];
    const joinX = hub.x + JOINS[index];
    if (row > 0) return aroundNodes(box.x - 6 - index * 4, x, kubeletTop, joinX, lane, hub, bottom);
    if (x >= hub.x + 4) return [[x, kubeletTop], [x, bottom]];
    if (plan.network && x < CHANNEL) {
      const turn = box.y - (index ? 3 : 7);
      return [[x, kubeletTop], [x, turn], [CHANNEL + index * 6, turn], [CHANNEL + index * 6, lane], [joinX, lane], [joinX, bottom]];
    }
    return [[x, kubeletTop], [x, lane], [joinX, lane], [joinX, bottom]];
  });
  plan.lines.set(`kubelet/${name}`, paths[0]);
  plan.lines.set(`kubelet/${name}/watch`, paths[1].slice().reverse());
}

function aroundNodes(gutterX, x, kubeletTop, joinX, lane, hub, bottom) {
  const start = [[x, kubeletTop], [x, kubeletTop - 34], [gutterX, kubeletTop - 34]];
  if (gutterX >= hub.x + 4) return [...start, [gutterX, bottom]];
  return [...start, [gutterX, lane], [joinX, lane], [joinX, bottom]];
}

/** A phone: components become captions, nodes stack. */
function phone(width, height, nodes, controllers, network) {
  const plan = empty("phone", width, height);
  plan.isCompact = true;
  const free = width - 16 - 24;
  const shares = [0.21, 0.309, 0.28, 0.2];
  let x = 8;
  ["kubectl", "kube-controller-manager", "kube-scheduler", "etcd"].forEach((id, index) => {
    plan.boxes.set(id, rect(x, index === 3 ? 6 : 8, free * shares[index], index === 3 ? 54 : 50));
    x += free * shares[index] + 8;
  });
  const hub = rect(8, 84, width - 16, 56);
  plan.boxes.set("kube-apiserver", hub);
  for (const id of ["kubectl", "kube-controller-manager", "kube-scheduler"]) {
    const box = plan.boxes.get(id);
    const centre = box.x + box.w / 2 - 5;
    plan.lines.set(id, [[centre, box.y + box.h], [centre, hub.y]]);
    plan.lines.set(`${id}/watch`, [[centre + 10, hub.y], [centre + 10, box.y + box.h]]);
  }
  const etcd = plan.boxes.get("etcd");
  plan.lines.set("etcd", [[etcd.x + etcd.w / 2, hub.y], [etcd.x + etcd.w / 2, etcd.y + etcd.h]]);
  placeGates(plan, hub, 22, 8);
  if (network.length) placeStrip(plan, network, hub);
  plan.shelf = rect(8, network.length ? 180 : 152, width - 16, 62);
  plan.controllers = controllers;
  stackNodes(plan, nodes, hub, plan.shelf.y + plan.shelf.h + 10);
  return plan;
}

/** The network's parts side by side, in captions. */
function placeStrip(plan, names, hub) {
  const width = (hub.w - 8 * (names.length - 1)) / names.length;
  plan.network = { names, ...rect(hub.x, 150, hub.w, 22) };
  names.forEach((name, index) => {
    const box = rect(hub.x + index * (width + 8), 150, width, 22);
    const x = box.x + 30;
    plan.boxes.set(name, box);
    plan.lines.set(name, [[x, box.y], [x, hub.y + hub.h]]);
    plan.lines.set(`${name}/watch`, [[x + 10, hub.y + hub.h], [x + 10, box.y]]);
  });
}

function stackNodes(plan, nodes, hub, top) {
  const height = Math.max(154, (plan.height - top - 8 * nodes.length) / Math.max(1, nodes.length));
  nodes.forEach((name, index) => {
    const box = rect(8, top + index * (height + 8), plan.width - 16, height);
    const kubelet = rect(box.x + 6, box.y + 25, 44, 17);
    const containerd = rect(box.x + 62, box.y + 25, 64, 17);
    const pods = rect(box.x + 9, box.y + 44, box.w - 18, box.h - 52);
    plan.nodes.push({ name, ...box, kubelet, containerd, isSlim: true, isPhone: true, imagesX: box.x + box.w - 16, pods });
    plan.boxes.set(`node/${name}`, box);
    plan.boxes.set(`kubelet/${name}`, kubelet);
    plan.boxes.set(`containerd/${name}`, containerd);
    const y = box.y + 32;
    plan.lines.set(`kubelet/${name}`, [[box.x, y], [3.5, y], [3.5, 124], [hub.x, 124]]);
    plan.lines.set(`kubelet/${name}/watch`, [[hub.x, 124], [3.5, 124], [3.5, y], [box.x, y]]);
  });
  plan.contentHeight = top + nodes.length * (height + 8);
}
