/** Owns the drawing of one Pod: capsule, chip or glyph; its outline is the phase, its glyph and word are the STATUS. */

import { drawPips, drawProbes, drawSidecarSign, drawVolume } from "./draw-parts.js";
import { drawGlyph, drawRing, toneColor } from "./glyphs.js";
import { grow, rect } from "./geometry.js";
import { widthOf } from "./pen.js";

const PHASE_LINES = {
  Pending: { dash: [5, 3], width: 1.3 },
  Running: { width: 1.3 },
  Succeeded: { stroke: "rule2", width: 3 },
  Failed: { stroke: "bad", width: 2 },
  Unknown: { dash: [1, 4], width: 1.3 },
};
const MOST_BOXES = 4;
const ONE_LINE = 27; // lower boxes have no room for a name above a state
const LEAST_WORD = 24; // a state in less room is told by its sign alone

/** scene: {hot, selected, previousTruth(key), words: {…}} */
export function drawPod(pen, item, level, scene) {
  if (level === "glyph") return drawGlyphPod(pen, item, scene);
  if (level === "chip") return drawChipPod(pen, item, scene);
  return drawCapsule(pen, item, level === "full", scene);
}

export const isHot = (entry, scene) => scene.hot.has(`node_pods/${entry.truthKey}`) || (scene.hot.has(entry.id) && scene.hotPods);

function outline(entry, scene) {
  const phase = PHASE_LINES[entry.object?.phase] ?? PHASE_LINES.Unknown;
  let line = { stroke: "ink", dash: null, ...phase };
  if (entry.object?.grace || !entry.object) line = { stroke: "gone", dash: [1.5, 3], width: 1.8 };
  if (isHot(entry, scene)) line = { ...line, stroke: "now", width: 2 };
  return line;
}

function statusOf(entry, scene) {
  return entry.object?.status ?? { word: scene.words.gone, glyph: "terminating", tone: "gone" };
}

function drawGlyphPod(pen, { entry, x, y, w, h }, scene) {
  const { glyph, tone } = statusOf(entry, scene);
  const at = [x + w / 2, y + h / 2];
  drawGlyph(pen, glyph, tone, ...at, Math.min(4, w / 2.6));
  if (isHot(entry, scene)) pen.circle(...at, 6.5, { stroke: "now", width: 1.6 });
  if (scene.selected === entry.id) pen.circle(...at, 8, { stroke: "ink", width: 1 });
}

function drawChipPod(pen, item, scene) {
  const { entry } = item;
  const { glyph, tone } = statusOf(entry, scene);
  pen.box(item, { radius: Math.min(11, item.h / 2), fill: "paper", ...outline(entry, scene) });
  drawGlyph(pen, glyph, tone, item.x + 12, item.y + item.h / 2, 3.5);
  const ready = entry.object?.ready ?? "";
  const room = item.w - 30 - widthOf(ready, "monoSmall");
  pen.text(shortName(entry), item.x + 20, item.y + item.h / 2 + 3.6, { font: "monoSmall", room, isName: true });
  pen.text(ready, item.x + item.w - 7, item.y + item.h / 2 + 3.6, { font: "monoSmall", color: "ink2", align: "right" });
  if (scene.selected === entry.id) pen.box(grow(item, 3), { radius: 14, stroke: "ink", width: 1 });
}

/** A Pod of an owner is told apart by its last letters; a Pod without one by its name. */
function shortName(entry) {
  return entry.object?.owner && entry.name.length > 12 ? `…-${entry.name.slice(-5)}` : entry.name;
}

function drawCapsule(pen, item, isFull, scene) {
  const { entry, x, y, w } = item;
  const status = statusOf(entry, scene);
  if (scene.selected === entry.id) pen.box(grow(item, 4), { radius: 17, stroke: "ink", width: 1 });
  pen.box(item, { radius: 13, fill: "paper", ...outline(entry, scene) });
  drawGlyph(pen, status.glyph, status.tone, x + 15, y + 16);
  const hasRing = Boolean(entry.object?.grace || backOffOf(entry));
  const ready = entry.object?.ready ?? "";
  const readyX = x + w - (hasRing ? 40 : 14);
  pen.text(ready, readyX, y + 19.5, { font: "mono", align: "right" });
  pen.text(shortName(entry), x + 25, y + 19.5, { font: "monoBold", room: readyX - widthOf(ready, "mono") - x - 31, isName: true });
  drawWord(pen, status, x, y + 32.5, w - (hasRing ? 60 : 34));
  const plate = rect(x + 10, y + item.h - 22, w - 20, 15);
  drawContainers(pen, item, plate, isFull, scene);
  drawPlate(pen, plate, entry, scene, w);
}

/** The STATUS word; one that is too long for its place begins further left, in narrower letters. */
function drawWord(pen, { word, tone }, x, y, room) {
  const isLong = widthOf(word, "state") > room;
  pen.text(word, x + (isLong ? 10 : 25), y, { font: isLong ? "name" : "state", color: toneColor(tone), room: room + (isLong ? 17 : 0) });
}

function drawPlate(pen, plate, entry, scene, w) {
  const ip = entry.truth?.plate;
  if (!ip) {
    pen.box(plate, { radius: 2, stroke: "ink2", dash: [3, 2.5] });
    const isOver = entry.truth?.is_stopped || entry.object?.is_over;
    pen.text(isOver ? scene.words.sandboxStopped : scene.words.noSandbox, plate.x + 8, plate.y + 11, { font: "narrow", color: "ink2", room: plate.w - 12 });
    return;
  }
  pen.box(plate, { radius: 2, fill: "sheet", stroke: "ink2" });
  for (const dx of [6, 10]) pen.line([[plate.x + dx, plate.y + 4], [plate.x + dx, plate.y + 11]], { stroke: "ink", width: 1.8 });
  pen.text(ip.ip ?? "", plate.x + 17, plate.y + 11, { font: "monoNow" });
  if (w > 140) pen.text("pause", plate.x + plate.w - 5, plate.y + 10.8, { font: "small", color: "ink3", align: "right" });
}

/** Containers that are boxes: in truth on the node; before the kubelet has begun, as the object names them. */
export function containersOf(entry) {
  const truth = new Map((entry.truth?.containers ?? []).map((one) => [one.name, one]));
  const named = entry.object?.containers ?? [];
  if (!named.length) return [...truth.values()].filter(({ sort }) => sort !== "init");
  return named.map((one) => ({ ...one, state: "waiting", word: one.word, ...truth.get(one.name), ready: one.ready, sort: one.sort }));
}

/** Init containers in their order: what the node knows goes before what the object says. */
export function pipsOf(entry) {
  const truth = new Map((entry.truth?.containers ?? []).map((one) => [one.name, one]));
  return (entry.object?.init ?? []).map((one) => ({ ...one, pip: one.pip === "done" ? "done" : (truth.get(one.name)?.pip ?? one.pip) }));
}

const PIPS_HEIGHT = 17;
const BAR_HEIGHT = 13;
const MOST_BARS = 2;
const WIDER = 70;

/** How much taller than a plain one a Pod has to be for its init containers and volumes. */
export function extraHeight({ object }) {
  const bars = Math.min(MOST_BARS, object?.volumes?.length ?? 0);
  return (object?.init?.length ? PIPS_HEIGHT : 0) + bars * BAR_HEIGHT;
}

/** How much wider than a plain one a Pod may be, so that each of its containers can be read. */
export function extraWidth(entry) {
  return WIDER * (Math.max(1, Math.min(MOST_BOXES, containersOf(entry).length)) - 1);
}

function drawContainers(pen, item, plate, isFull, scene) {
  const all = containersOf(item.entry);
  const shown = all.length > MOST_BOXES ? all.slice(0, MOST_BOXES) : all;
  const extra = all.length - shown.length;
  const pips = pipsOf(item.entry);
  const top = item.y + 40 + (pips.length ? PIPS_HEIGHT : 0);
  const bars = barsOf(item, plate, top, scene);
  const bottom = plate.y - 4 - bars.length * BAR_HEIGHT;
  const room = plate.w - (extra ? 28 : 0);
  const width = (room - 6 * Math.max(0, shown.length - 1)) / Math.max(1, shown.length);
  drawPips(pen, pips, rect(plate.x, item.y + 38, plate.w, PIPS_HEIGHT));
  const centres = new Map();
  shown.forEach((container, index) => {
    const box = rect(plate.x + index * (width + 6), top, width, bottom - top);
    centres.set(container.name, box.x + box.w / 2);
    pen.line([[box.x + box.w / 2, box.y + box.h], [box.x + box.w / 2, plate.y]], { stroke: "ink2", width: 1 });
    drawContainer(pen, box, container, item.entry, isFull, scene);
  });
  if (extra) pen.text(`+${extra}`, plate.x + plate.w, top + Math.min(24, (bottom - top) / 2 + 4), { font: "label", color: "ink2", align: "right" });
  bars.forEach((bar, index) => drawVolume(pen, rect(plate.x, bottom + 3 + index * BAR_HEIGHT, plate.w, BAR_HEIGHT - 3), bar, centres));
}

/** As many volumes as leave the containers room; the last bar tells of those left out. */
function barsOf(item, plate, top, scene) {
  const volumes = item.entry.object?.volumes ?? [];
  const room = Math.floor((plate.y - 4 - top - 26) / BAR_HEIGHT);
  const shown = volumes.slice(0, Math.max(0, Math.min(MOST_BARS, room)));
  const files = (volume) => scene.filesIn?.(item.entry.id, volume.name) ?? [];
  return shown.map((volume, index) => ({ ...volume, files: files(volume), more: index === shown.length - 1 ? volumes.length - shown.length : 0 }));
}

const CONTAINER_LINES = {
  waiting: { stroke: "ink2", dash: [3, 2.5] },
  creating: { stroke: "ink2", dash: [3, 2.5] },
  running: { stroke: "ink2" },
  stopping: { stroke: "gone" },
  terminated: { stroke: "rule2", width: 1.5 },
};
const CONTAINER_GLYPHS = {
  waiting: ["pending", "wait"],
  creating: ["creating", "wait"],
  running: ["running", "ok"],
  stopping: ["terminating", "gone"],
  terminated: ["completed", "none"],
};

function drawContainer(pen, box, container, entry, isFull, scene) {
  const failed = container.state === "terminated" && Number(container.exit_code ?? 0) !== 0;
  let line = CONTAINER_LINES[container.state] ?? CONTAINER_LINES.waiting;
  if (failed || container.back_off) line = { stroke: "bad" };
  if (container.sort === "ephemeral") line = { ...line, dash: [1, 2.5], width: 1.6 };
  if (isHot(entry, scene) && scene.didChange(entry, container)) line = { ...line, stroke: "now", width: 1.8 };
  pen.box(box, { radius: 3, fill: "sheet", ...line });
  if (container.ready) pen.box(rect(box.x, box.y, box.w, 3), { radius: 1.5, fill: "ok" });
  if (box.h < ONE_LINE) return drawLine(pen, box, container, failed);
  const restarts = container.restarts ? `↻${container.restarts}` : "";
  const before = container.sort === "sidecar" ? 13 : 0;
  if (before) drawSidecarSign(pen, box.x + 11, box.y + 10.4);
  pen.text(restarts, box.x + box.w - 6, box.y + 14, { font: "label", align: "right" });
  pen.text(container.name, box.x + 7 + before, box.y + 14, { font: "name", room: box.w - 14 - before - widthOf(restarts, "label") });
  if (isFull && box.h >= 46) pen.text(container.image ?? "", box.x + 7, box.y + 27, { font: "small", color: "ink3", room: box.w - 12 });
  const [glyph, tone] = failed ? ["failed", "bad"] : CONTAINER_GLYPHS[container.state] ?? CONTAINER_GLYPHS.waiting;
  const y = box.y + box.h - (box.h < 30 ? 7 : 10);
  drawGlyph(pen, glyph, tone, box.x + 11, y, 3.5);
  const { pulse } = container;
  const onPlace = (kind, x) => kind === pulse?.kind && scene.spots.push({ pulse, x, y });
  const probes = isFull && box.w > 60 ? drawProbes(pen, container.probes, box.x + box.w - 3, y, onPlace) : 0;
  const { pulling } = entry.truth ?? {};
  if (pulling?.container === container.name) scene.spots.push({ pull: pulling, box });
  const room = box.w - 24 - probes;
  if (room > LEAST_WORD) pen.text(scene.stateWord(container), box.x + 19, y + 3.4, { font: "narrow", color: "ink2", room });
}

/** Without the height for two lines: the state's sign and the name. */
function drawLine(pen, box, container, failed) {
  const [glyph, tone] = failed ? ["failed", "bad"] : CONTAINER_GLYPHS[container.state] ?? CONTAINER_GLYPHS.waiting;
  const y = box.y + box.h / 2 + 1;
  drawGlyph(pen, glyph, tone, box.x + 10, y, 3.2);
  pen.text(container.name, box.x + 18, y + 3.4, { font: "name", room: box.w - 22 });
}

export function backOffOf(entry) {
  return (entry.truth?.containers ?? []).find((container) => container.back_off)?.back_off ?? null;
}

/** The countdown at a capsule's corner: grace of a deletion, or time to the next start. For the moving layer. */
export function drawPodRing(pen, item, level, atMs, wholeSeconds) {
  const { entry } = item;
  const grace = entry.object?.grace;
  const span = grace ?? backOffOf(entry);
  if (!span || (level !== "full" && level !== "compact")) return;
  const leftMs = Math.max(0, span.until_ms - atMs);
  const seconds = Math.ceil(leftMs / 1000);
  const shown = wholeSeconds ? seconds * 1000 : leftMs;
  const share = shown / Math.max(1, span.until_ms - span.since_ms);
  const text = grace && leftMs === 0 ? "✖" : seconds > 999 ? "…" : String(seconds);
  drawRing(pen, item.x + item.w - 20, item.y + 21, share, grace ? "gone" : "bad", text);
}
