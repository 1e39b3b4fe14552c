/** Owns the drawing of nodes: header, kubelet and containerd, images, scheduling stamps, Pods. */

import { say, t } from "../i18n.js";
import { drawCross, drawGlyph, drawImage, drawTick, toneColor } from "./glyphs.js";
import { rect } from "./geometry.js";
import { widthOf } from "./pen.js";
import { offWord, SQUEEZE } from "./draw-plane.js";
import { drawPod } from "./draw-pod.js";

export function drawNodes(pen, view) {
  for (const node of view.plan.nodes) drawNode(pen, view, node);
}

function drawNode(pen, view, node) {
  const value = view.cell("nodes", node.name) ?? {};
  const isSelected = view.selected === `nodes//${node.name}`;
  pen.box(node, { radius: 5, fill: "sheet", stroke: "ink2", width: 1.1, dash: value.unschedulable ? [6, 3] : null });
  if (isSelected) pen.box(rect(node.x - 3, node.y - 3, node.w + 6, node.h + 6), { radius: 7, stroke: "ink", width: 1 });
  drawHeader(pen, node, value);
  if (node.isPhone || node.isDense) drawWords(pen, view, node, value);
  else drawAgents(pen, view, node, value);
  drawImages(pen, view, node, value);
  const placed = view.places.get(node.name);
  const stamp = view.stamps?.nodes?.[node.name];
  if (stamp) drawStamp(pen, view, node, stamp);
  drawPods(pen, view, node, placed, Boolean(stamp));
}

function drawHeader(pen, node, value) {
  const ready = value.ready ?? { word: "", tone: "none" };
  const [x, y] = [node.x + 15, node.y + 15.5];
  if (ready.tone === "bad") drawGlyph(pen, "failed", "bad", x, y, 3.5);
  else pen.circle(x, y, 4, { fill: toneColor(ready.tone) });
  const width = pen.text(node.name, node.x + 24, node.y + 19.5, { font: "title", room: node.w * 0.6 });
  const word = [ready.word, value.unschedulable && !String(ready.word).includes("Disabled") ? "SchedulingDisabled" : ""].filter(Boolean).join(",");
  const wordWidth = drawReady(pen, say(word), ready.tone, node.x + 30 + width, node.y + 19.5, node.w - width - 36);
  const used = width + wordWidth + drawPressures(pen, node, value, node.x + 36 + width + wordWidth);
  const taints = value.taints?.length ? t(value.taints.length > 1 ? "stage.taints" : "stage.taint", { n: value.taints.length }) : "";
  const facts = [value.cpu && `${value.cpu} CPU`, value.memory, taints, value.cni?.off ? t("stage.cni_off") : value.pod_cidr].filter(Boolean);
  while (facts.length && widthOf(facts.join(" · "), "label") > node.w - used - 52) facts.shift();
  pen.text(facts.join(" · "), node.x + node.w - 10, node.y + 19.5, { font: "label", color: "ink2", align: "right" });
}

/** In little room in narrower letters; where there is none even so, the sign before the name tells that all is well. */
function drawReady(pen, word, tone, x, y, room) {
  const font = widthOf(word, "label") > room ? "small" : "label";
  if (tone === "ok" && widthOf(word, font) > room) return 0;
  return pen.text(word, x, y, { font, color: tone === "bad" ? "bad" : "ink2", room });
}

/** What runs out on the node, as its kubelet reports it; returns the width taken. */
function drawPressures(pen, node, { pressures = [] }, x) {
  const room = node.x + node.w - 12 - x;
  if (!pressures.length || room < 34) return 0;
  drawGlyph(pen, "trouble", "wait", x + 4, node.y + 15.5, 3.5);
  return 20 + pen.text(pressures.join(","), x + 12, node.y + 19.5, { font: "narrowBold", color: "wait", room: room - 12 });
}

function drawAgents(pen, view, node, value) {
  const y = node.kubelet.y + node.kubelet.h / 2;
  const from = node.kubelet.x + node.kubelet.w;
  const both = view.hot.has(`kubelet/${node.name}`) && view.hot.has(`containerd/${node.name}`);
  pen.line([[from, y], [node.containerd.x, y]], both ? { stroke: "now", width: 2 } : {});
  if (!both) pen.text("CRI", (from + node.containerd.x) / 2, y - 5, { font: "small", color: "ink2", align: "center" });
  drawAgent(pen, view, node.kubelet, "kubelet", `kubelet/${node.name}`, value.kubelet);
  drawAgent(pen, view, node.containerd, "containerd", `containerd/${node.name}`, value.containerd);
}

function drawAgent(pen, view, box, name, id, value) {
  const hot = view.hot.has(id);
  const isOff = value?.off;
  pen.box(box, { radius: 3, fill: "sheet", stroke: hot ? "now" : "ink2", width: hot ? 2 : 1.1, dash: isOff ? [3, 3] : null });
  pen.text(name, box.x + 8, box.y + 14, { font: "chipBold", color: hot ? "now" : "ink", room: box.w - 12 });
  const room = box.w - 12;
  const since = isOff ? offWord(value) : "";
  const off = widthOf(since, "narrow") * SQUEEZE > room ? t("stage.off") : since; // since when is said where there is room for it
  const word = isOff ? off : say(value?.word) || t("stage.idle");
  pen.text(word, box.x + 8, box.y + 27, { font: hot ? "narrowBold" : "narrow", color: hot ? "now" : isOff ? "bad" : "ink2", room, squeeze: SQUEEZE });
}

function drawWords(pen, view, node) {
  const y = node.kubelet.y + 11;
  for (const [id, box] of [["kubelet", node.kubelet], ["containerd", node.containerd]]) {
    const hot = view.hot.has(`${id}/${node.name}`);
    const isOff = view.cell("nodes", node.name)?.[id]?.off;
    const width = pen.text(id, box.x + 2, y, { font: node.isDense ? "small" : "label", color: hot ? "now" : isOff ? "bad" : "ink2" });
    if (isOff) pen.line([[box.x + 1, y - 3.5], [box.x + 3 + width, y - 3.5]], { stroke: "bad", width: 1 });
  }
  pen.line([[node.kubelet.x + node.kubelet.w + (node.isDense ? 1 : -4), y - 4], [node.containerd.x - (node.isDense ? 0 : 2), y - 4]], {});
}

/** The images of a node; one that is being pulled fills in the moving layer. */
function drawImages(pen, view, node, value) {
  const images = value.images ?? [];
  if (node.isDense && node.w < ROOM_FOR_IMAGES) return;
  const place = (image, x, y, size) => {
    const pull = image.state === "pulling" && pullOf(view, node.name, image.name);
    if (pull) view.podScene.spots.push({ pull, x, y, size });
    else drawImage(pen, x, y, image.state, 0, size);
  };
  const inRow = node.isPhone || node.isDense;
  const more = images.length - 3;
  images.slice(0, inRow ? 5 : 3).forEach((image, index) => {
    if (inRow) return place(image, node.imagesX - index * 16, node.y + 27, 10);
    const y = node.y + 28 + index * 12;
    place(image, node.imagesX, y, 9);
    const room = node.x + node.w - node.imagesX - 22 - (index === 2 && more > 0 ? 16 : 0);
    if (!node.isSlim && room > 30) pen.text(image.name, node.imagesX + 14, y + 8.2, { font: "small", color: "ink3", room });
  });
  if (!inRow && more > 0) pen.text(`+${more}`, node.x + node.w - (node.isSlim ? 4 : 10), node.y + 60, { font: "small", color: "ink3", align: "right" });
}

function pullOf(view, node, name) {
  for (const pod of view.cells("node_pods").values()) if (pod.node === node && pod.pulling?.image === name) return pod.pulling;
  return null;
}

export const STAMP_HEIGHT = 38;
const ROOM_FOR_IMAGES = 210;
const ROOM_FOR_KINDS = 130;

function drawStamp(pen, view, node, stamp) {
  const box = rect(node.stamp.x - 1, node.stamp.y - 2, node.stamp.w + 2, node.stamp.isLow ? 19 : STAMP_HEIGHT);
  const look = !stamp.ok ? { stroke: "bad" } : stamp.best ? { stroke: "now", width: 1.8, fill: "nowWash" } : { stroke: "ink2" };
  pen.box(box, { radius: 3, fill: "paper", ...look });
  const signY = box.y + (node.stamp.isLow ? 9.5 : 13);
  if (stamp.ok) drawTick(pen, box.x + 13, signY, "ok", 3.4);
  else drawCross(pen, box.x + 13, signY, "bad", 3);
  const hasScore = typeof stamp.score === "number";
  const score = hasScore ? t(stamp.best ? "stage.score_best" : "stage.score", { n: stamp.score }) : t(stamp.ok ? "stage.score_next" : "stage.not_scored");
  if (node.stamp.isLow) return pen.text(stamp.ok ? score : say(stamp.text), box.x + 23, box.y + 13, { font: "narrowBold", room: box.w - 26 });
  pen.text(say(stamp.text), box.x + 23, box.y + 16, { font: "narrowBold", room: box.w - 28 });
  pen.text(score, box.x + 23, box.y + 30, { font: "narrow", color: "ink2", room: box.w - 28 });
}

function drawPods(pen, view, node, placed, isStamped) {
  if (!placed) return;
  if (!placed.items.length && !placed.groups.length) {
    const isCovered = view.moment.step < 0; // by the card of the first step
    if (!isStamped && !isCovered) pen.text(t("stage.no_pods"), node.x + node.w / 2, node.pods.y + Math.min(22, node.pods.h / 2), { font: "empty", color: "ink3", align: "center", room: node.w - 24 });
    return;
  }
  for (const head of placed.groups) drawGroupHead(pen, head);
  for (const item of placed.items) if (!view.motions?.onNodes.has(item.entry.id)) drawPod(pen, item, placed.level, view.podScene);
}

function drawGroupHead(pen, head) {
  const { group, x, y, w } = head;
  const kindWidth = pen.text((w < ROOM_FOR_KINDS && group.short) || group.kind, x + 2, y, { font: "small", color: "ink3" });
  const count = String(group.entries.length);
  const name = group.name ?? t("stage.no_owner");
  pen.text(name, x + 6 + kindWidth, y, { font: "narrowBold", room: w - kindWidth - widthOf(count, "monoSmall") - 14, isName: true });
  pen.text(count, x + w - 2, y, { font: "monoSmall", color: "ink2", align: "right" });
  let tallyX = x + 6;
  for (const tally of head.tallies ?? []) {
    drawGlyph(pen, tally.glyph, tally.tone, tallyX, y + 11);
    tallyX += 16 + pen.text(String(tally.count), tallyX + 8, y + 14.5, { font: "monoSmall", color: "ink2" });
  }
}
