/**
 * Owns how Pods come, move and go: which of them a step makes, binds to a node or removes, and how far that is at a moment.
 *
 * A pure function of recorded steps and simulated time: what was before is the step's own changes taken back.
 */

import { drawPod } from "./draw-pod.js";
import { drawChip } from "./draw-shelf.js";
import { rect } from "./geometry.js";
import { placeAll } from "./lod.js";
import { podsByNode, shelfItems } from "./scene.js";
import { placeShelf } from "./shelf/blocks.js";

const MOST = 24; // a step that touches more Pods than that is no motion but a change of scene
const FIRST_SCALE = 0.94;
const LASTS_MS = { enter: 200, move: 300, leave: 250 }; // in clock play
const NO_NOTES = new Map();

/**
 * {atMs, list: [{sort: "enter" | "move" | "leave", id, …}], onNodes, onShelf} of the step that the picture shows; null where no Pod
 * comes or goes. The sets are of those that are drawn here, not with the others. how: {zoom, levels, selected}.
 */
export function motionsOf(view, recording, moment, how) {
  const changed = [...moment.changes].filter(([key]) => key.startsWith("objects/pods/") || key.startsWith("node_pods/"));
  if (!changed.length || changed.length > MOST) return null;
  const now = standing(view.places, view.shelf);
  let then = null;
  const before = (id) => (then ??= standingBefore(view, recording.cells, moment.changes, how)).get(id);
  const list = changed.map(([key, old]) => motionOf(recording.cells, key, old, now, before)).filter(Boolean);
  if (!list.length) return null;
  const shown = list.filter(({ sort }) => sort !== "leave");
  const idsOf = (isWanted) => new Set(shown.filter(isWanted).map(({ id }) => id));
  return { atMs: moment.atMs, list, onNodes: idsOf(({ item }) => item), onShelf: idsOf(({ item }) => !item) };
}

/** What one changed cell means for its Pod. `old` is undefined where the step's past is not known. */
function motionOf(cells, key, old, now, before) {
  if (old === undefined) return null;
  const isObject = key.startsWith("objects/");
  const id = isObject ? key.slice("objects/".length) : old?.pod;
  const to = now.get(id);
  if (isObject && old === null) return to ? { sort: "enter", id, ...to } : null;
  if (isObject && to?.item && !old.node) {
    const from = before(id)?.chip;
    return from ? { sort: "move", id, ...to, from } : null;
  }
  const from = id && !to && before(id);
  return from?.item ? { sort: "leave", id, ...from } : null;
}

/** Where each Pod stands: Map id → {item, level} on its node, else {chip} on the shelf. */
function standing(places, shelf) {
  const found = new Map();
  for (const chip of shelf.placed) if (chip.isPod) found.set(chip.id, { chip });
  for (const { items, level } of places.values()) for (const item of items) found.set(item.entry.id, { item, level });
  return found;
}

function standingBefore(view, cells, changes, { zoom, levels, selected }) {
  const before = cellsBefore(cells, changes);
  const plan = view.plan;
  const look = { cells: (name) => before.get(name) ?? new Map(), hot: new Set(), selected, memory: {}, seq: 0, sinceSeq: Infinity };
  const shelf = placeShelf(plan, shelfItems(before, selected), NO_NOTES, look);
  return standing(placeAll(plan, podsByNode(before, plan.nodes.map(({ name }) => name)), { zoom, previous: levels }), shelf);
}

/** The cells with what the step changed of objects and of what is on the nodes taken back. */
export function cellsBefore(cells, changes) {
  const before = new Map(cells);
  for (const name of ["objects", "node_pods"]) before.set(name, new Map(cells.get(name)));
  for (const [key, old] of changes) {
    const [name] = key.split("/", 1);
    if (name !== "objects" && name !== "node_pods") continue;
    const id = key.slice(name.length + 1);
    if (old === null || old === undefined) before.get(name).delete(id);
    else before.get(name).set(id, old);
  }
  return before;
}

/**
 * How much of the way is behind, 0 to 1, eased: the part of the way into the step, or in clock play simulated time since the step.
 * time: {atMs, part, isTicking}.
 */
export function wayAt({ sort }, sinceMs, { atMs, part, isTicking }) {
  const p = isTicking ? Math.max(0, Math.min(1, (atMs - sinceMs) / LASTS_MS[sort])) : part;
  return p * p * (3 - 2 * p);
}

/** Draws the Pods that come, move and go. Returns the spots of those that stand (see drawProgress). */
export function drawMotions(pen, view, time) {
  const scene = { ...view.podScene, spots: [] };
  const ways = view.motions.list.map((motion) => wayAt(motion, view.motions.atMs, time));
  view.motions.list.forEach((motion, index) => DRAWERS[motion.sort](pen, view, motion, ways[index], scene));
  return ways.some((way) => way < 1) ? [] : scene.spots;
}

const DRAWERS = {
  enter: (pen, view, motion, way, scene) => grown(pen, motion.item ?? motion.chip, way, () => drawStanding(pen, view, motion, scene)),
  move: (pen, view, motion, way, scene) => (way < 1 ? drawOnItsWay(pen, motion, way) : drawStanding(pen, view, motion, scene)),
  leave: (pen, view, motion, way, scene) => {
    if (way < 1) faded(pen, 1 - way, () => drawPod(pen, motion.item, motion.level, scene));
  },
};

function drawStanding(pen, view, { item, level, chip }, scene) {
  if (item) drawPod(pen, item, level, scene);
  else drawChip(pen, chip, view.hot.has(chip.id), view.selected === chip.id);
}

function faded(pen, alpha, draw) {
  pen.context.save();
  pen.context.globalAlpha = alpha;
  draw();
  pen.context.restore();
}

function grown(pen, box, way, draw) {
  const { context } = pen;
  const scale = FIRST_SCALE + (1 - FIRST_SCALE) * way;
  const [x, y] = [box.x + box.w / 2, box.y + box.h / 2];
  faded(pen, 0.25 + 0.75 * way, () => {
    context.translate(x, y);
    context.scale(scale, scale);
    context.translate(-x, -y);
    draw();
  });
}

/** From the shelf to its node the chip grows into the Pod's outline. */
function drawOnItsWay(pen, { from, item }, way) {
  const at = (key) => from[key] + (item[key] - from[key]) * way;
  const box = rect(at("x"), at("y"), at("w"), at("h"));
  pen.box(box, { radius: 11, fill: "paper", stroke: "now", width: 1.8 });
  pen.text(item.entry.name, box.x + 12, box.y + 15, { font: "monoSmall", color: "now", room: box.w - 20, isName: true });
}
