/** Owns what can be pointed at, focused and named on the stage: rows of targets, each with a label in words. */

import { say, t } from "../i18n.js";
import { rect } from "./geometry.js";
import { comparisonText, offWord, shortController } from "./draw-plane.js";
import { containersOf } from "./draw-pod.js";

/** Rows for the grid, in drawing order: [{id, label, cells: [{id, subject?, rect, label}]}] */
export function targetRows(view) {
  const rows = [machineRow(view), planeRow(view), networkRow(view), shelfRow(view), ...view.plan.nodes.map((node) => nodeRow(view, node))];
  return rows.filter((row) => row.cells.length);
}

function componentCell(view, id, words = []) {
  const box = view.plan.boxes.get(id);
  if (!box) return null;
  const value = view.cell("components", id);
  const said = value?.off ? [offWord(value)] : [...words, ...(value?.lines ?? []).map(say)];
  return { id, rect: box, label: [id, ...said].filter(Boolean).join(", ") };
}

function kubeconfigWords(view) {
  const value = view.cell("components", "kubeconfig") ?? {};
  return ["context", "cluster", "user"].filter((name) => value[name]).map((name) => `${t(`stage.${name}`)} ${value[name]}`);
}

const present = (cells) => cells.filter(Boolean);

function machineRow(view) {
  return { id: "machine", label: t("stage.machine"), cells: present([componentCell(view, "kubeconfig", kubeconfigWords(view)), componentCell(view, "kubectl")]) };
}

function planeRow(view) {
  const etcd = view.cell("components", "etcd");
  const gates = view.plan.gates.map((gate) => {
    const value = view.cell("gates", gate.name) ?? { state: "idle" };
    return { id: `gate/${gate.name}`, rect: gate, label: [t(`gate.${gate.name}`), t(`gate_state.${value.state}`), say(value.note)].filter(Boolean).join(", ") };
  });
  const controllers = view.plan.chips.map((chip) => {
    const value = view.cell("controllers", chip.name) ?? {};
    const label = controllerLabel(chip.name, value);
    return { id: `controller/${chip.name}`, rect: chip, label: value.off ? `${label}, ${offWord(value)}` : label };
  });
  const cells = [
    componentCell(view, "kube-controller-manager"),
    ...controllers,
    componentCell(view, "kube-scheduler", [queueWords(view)]),
    componentCell(view, "etcd", [t("stage.revision", { n: etcd?.revision ?? 0 })]),
    componentCell(view, "kube-apiserver"),
    ...gates,
  ];
  return { id: "plane", label: t("stage.control_plane"), cells: present(cells) };
}

function networkRow(view) {
  return { id: "network", label: t("stage.network"), cells: present((view.plan.network?.names ?? []).map((id) => componentCell(view, id))) };
}

/** "replicaset controller, 2 in the queue: web, db, wanted 4, found 3 → create 1". */
function controllerLabel(name, { queue = 0, waiting = [], last }) {
  const names = waiting.map((subject) => subject.split("/").at(-1)).join(" ");
  const compared = typeof last?.wanted === "number" ? comparisonText({ name, last }) : "";
  return [t("label.controller", { name: shortController(name), n: queue }), names, compared].filter(Boolean).join(", ");
}

function queueWords(view) {
  const queue = view.cell("scheduling", "queue") ?? [];
  return queue.length ? t("stage.queue_n", { n: queue.length }) : t("stage.queue_empty");
}

function shelfRow(view) {
  const cells = view.shelf.placed.map((chip) => ({ id: chip.id, subject: chip.id, rect: rect(chip.x, chip.y, chip.w, chip.h), label: chipLabel(view, chip) }));
  const { hidden, away, moreX, y } = view.shelf;
  if (hidden > 0 && away) cells.push({ id: "shelf/more", rect: rect(moreX - 4, y, 30, 22), label: t("stage.more", { n: hidden }) });
  return { id: "shelf", label: t("stage.shelf"), cells };
}

/** An object's words, and those of what its drawing shows besides: the next run, the latest eviction. */
function chipLabel(view, chip) {
  const detail = view.shelf.blocks.find(({ root }) => root.id === chip.id)?.detail;
  const eviction = detail?.eviction && `${detail.eviction.name}: ${say(detail.eviction.words)}`;
  return [objectLabel(view, chip.object), detail?.drawing?.is_suspended ? "" : say(detail?.plan?.words), eviction].filter(Boolean).join(", ");
}

export function objectLabel(view, object) {
  const owner = object.owner ? t("label.owner", { name: object.owner.split("/").at(-1) }) : "";
  const words = [say(object.status?.word), say(object.badge)].filter((word, index, all) => word && all.indexOf(word) === index);
  return [`${object.kind} ${object.name}`, ...words, say(object.drawing?.words), owner].filter(Boolean).join(", ");
}

function nodeRow(view, node) {
  const value = view.cell("nodes", node.name) ?? {};
  const agent = (role) => ({
    id: `${role}/${node.name}`,
    rect: node[role],
    label: [role, node.name, value[role]?.off ? offWord(value[role]) : say(value[role]?.word)].filter(Boolean).join(", "),
  });
  const head = { id: `nodes//${node.name}`, subject: `nodes//${node.name}`, rect: rect(node.x, node.y, node.w, 26), label: nodeLabel(node, value) };
  const pods = (view.places.get(node.name)?.items ?? []).map((item) => ({
    id: item.entry.id,
    subject: item.entry.id,
    rect: rect(item.x, item.y, item.w, item.h),
    label: podLabel(item.entry, view),
  }));
  return { id: `node/${node.name}`, label: node.name, cells: [head, agent("kubelet"), agent("containerd"), ...pods] };
}

function nodeLabel(node, value) {
  const isSaid = String(value.ready?.word).includes("Disabled");
  const marks = [...(value.pressures ?? []), ...(value.taints ?? []).map((taint) => t("label.taint", { taint }))];
  return [`Node ${node.name}`, say(value.ready?.word), value.unschedulable && !isSaid ? "SchedulingDisabled" : "", ...marks, value.cni?.off ? t("stage.cni_off") : value.pod_cidr].filter(Boolean).join(", ");
}

export function podLabel(entry, view) {
  const { object } = entry;
  const graceMs = object?.grace ? Math.max(0, object.grace.until_ms - view.moment.atMs) : null;
  const words = [
    `Pod ${entry.name}`,
    say(object?.status?.word) || t("stage.object_gone"),
    graceMs === null ? "" : t("label.seconds_left", { n: Math.ceil(graceMs / 1000) }),
    object?.ready ? t("label.ready", { n: object.ready }) : "",
    containersOf(entry).length > 1 ? t("label.containers", { n: containersOf(entry).length }) : "",
    entry.node,
    entry.top ? t("label.owner", { name: `${entry.top.kind} ${entry.top.name}` }) : "",
  ];
  return words.filter(Boolean).join(", ");
}
