/**
 * Owns what stands where on the shelf: blocks of an owner's chip, its drawing and what it owns, left to right.
 *
 * Places are worked out from the cells of one moment. What finds no room is counted; what this step touches always has some.
 */

import { say } from "../../i18n.js";
import { rect } from "../geometry.js";
import { widthOf } from "../pen.js";
import { widthOfDial, widthOfGate, widthOfMeter } from "./instruments.js";
import { ROW, RULE, rowsOf, widthOfRow, widthOfRule } from "./rollout.js";
import { slotsOf, widthOfCompletions, widthOfOrdinals } from "./slots.js";
import { widthOfRuns } from "./squares.js";

export const CHIP = 22;
const LINK = 16;
const GAP = 12;
const EDGE = 11;
const LONG_BADGE = 60;
const LEAST_WIDTH = 70;
const MOST_MISSES = 5;
const PODS_IN_COLUMN = 2;
const FEW = 20; // so many things might stand on the widest shelf with their full names
const NO_NOTES = new Map();

/**
 * look: {cells(name), hot, selected, seq, sinceSeq, memory}.
 * Returns {placed, blocks, hidden, away, moreX, y}: each block has its `box` for the drawing; `away` are the roots that found no room.
 */
export function placeShelf(plan, items, notes, look) {
  const owned = ownedBy(look.cells("objects"));
  const tries = items.length > FEW ? [{ notes: NO_NOTES, isShort: true }] : [{ notes }, { notes: NO_NOTES }, { notes: NO_NOTES, isShort: true }];
  let found;
  for (const how of tries) {
    found = placeBlocks(plan, items, { ...look, owned, ...how });
    if (!found.hidden) break;
  }
  return found;
}

/** Objects by their owner's id. */
function ownedBy(objects) {
  const owned = new Map();
  for (const object of objects.values()) {
    if (!object.owner) continue;
    if (!owned.has(object.owner)) owned.set(object.owner, []);
    owned.get(object.owner).push(object);
  }
  return owned;
}

// -- blocks -------------------------------------------------------------------------------------------------------------

function placeBlocks({ shelf, isCompact }, items, look) {
  const zone = { y: shelf.y + (isCompact ? 7 : 9) + CHIP + 4, h: shelf.h - (isCompact ? 7 : 9) - CHIP - 8 };
  const blocks = blocksOf(items);
  const shown = chosen(blocks, shelf.w - 2 * EDGE, look, (block) => Object.assign(block, measured(block, look, zone.h)));
  const away = blocks.filter((block) => !shown.includes(block));
  const hidden = away.reduce((sum, block) => sum + block.items.length, 0);
  const placed = [];
  let x = shelf.x + EDGE;
  shown.forEach((block, index) => {
    const before = shown[index - 1];
    block.isLinked = isLinked(block, before);
    const start = x + (index ? (block.isLinked ? LINK : GAP) : 0);
    placed.push(...spread(block, start, block.isLinked ? before.edge : x, zone));
    block.edge = placed.findLast((item) => item.id === block.root.id).x + widthOfChip(block.words.get(block.root.id));
    x = start + block.width;
  });
  return { placed, blocks: shown, hidden, away: away.map(({ root }) => root.id), moreX: x + 10, y: shelf.y + (isCompact ? 7 : 9) };
}

/** An owner with its rows; Pods that wait for a node stand two to a column. */
function blocksOf(items) {
  const blocks = [];
  const home = new Map();
  for (const item of items) {
    const owner = home.get(item.object.owner);
    const last = blocks.at(-1);
    if (owner?.root.object.drawing?.sort === "rollout" && item.object.drawing?.sort === "squares") {
      owner.rows.push(item);
      owner.items.push(item);
      home.set(item.id, owner);
    } else if (item.object.resource === "pods" && last?.isPods && last.items.length < PODS_IN_COLUMN && last.root.object.owner === item.object.owner) {
      last.items.push(item);
    } else {
      blocks.push({ root: item, items: [item], rows: [], isPods: item.object.resource === "pods", owner: owner ?? null });
      home.set(item.id, blocks.at(-1));
    }
  }
  return blocks;
}

/** A block's words, rows, drawing and width. */
function measured(block, look, height) {
  const words = new Map(block.items.map((item) => [item.id, wordsOf(item, look.notes.get(item.id), look)]));
  const chips = block.isPods ? block.items : [block.root];
  const keep = new Set([...look.hot, look.selected]);
  const most = Math.max(1, Math.floor(height / ROW) - (height > 40 ? 1 : 0));
  const rows = rowsOf(block.rows, { keep, most });
  const detail = detailOf(block.root, rows, look, height);
  const width = Math.max(...chips.map((item) => widthOfChip(words.get(item.id))), detail.width, ...rows.map(widthOfRow));
  return { words, rows, detail, width: Math.ceil(width) };
}

/** What is drawn below the chip, and how wide it is. */
function detailOf({ id, object }, rows, look, height) {
  const { drawing } = object;
  const maker = DETAILS[drawing?.sort];
  return maker ? { sort: drawing.sort, drawing, ...maker(id, drawing, look, height, rows) } : { width: 0 };
}

const DETAILS = {
  squares: (id, drawing) => ({ width: widthOfRuns(drawing.runs) }),
  rollout: (id, drawing, look, height, rows) => ({ width: widthOfRule(drawing), hasRule: height - rows.length * ROW >= RULE }),
  ordinals: (id, drawing, look, height) => slotted(widthOfOrdinals, id, drawing, look, height),
  completions: (id, drawing, look, height) => slotted(widthOfCompletions, id, drawing, look, height),
  dial: (id, drawing, look, height) => ({ plan: look.cells("plans").get(id), width: widthOfDial(drawing, look.cells("plans").get(id), height) }),
  meter: (id, drawing) => ({ width: widthOfMeter(drawing) }),
  gate: (id, drawing, look, height) => {
    const found = look.cells("asked").get(id);
    const eviction = found && found.seq >= look.sinceSeq ? found : null;
    return { eviction, width: widthOfGate(drawing, eviction, height) };
  },
};

function slotted(widthOfSlots, id, drawing, look, height) {
  const places = slotsOf(drawing, look.owned.get(id) ?? []);
  return { places, width: widthOfSlots(places, drawing, height) };
}

/**
 * Those that fit, in their order; what this step touches or the learner has chosen before all others, until another takes its place.
 * Only as many are measured as could find room.
 */
function chosen(blocks, room, { hot, selected, memory, seq }, measure) {
  const width = (block) => measure(block).width + GAP + 4;
  if (blocks.length * LEAST_WIDTH <= room && blocks.reduce((sum, block) => sum + width(block), 0) <= room + GAP) return blocks;
  const touched = blocks.filter((block) => block.items.some(({ id }) => hot.has(id) || id === selected)).map(({ root }) => root.id);
  const since = `${seq} ${selected}`;
  if (touched.length && memory.onShelf?.since !== since) memory.onShelf = { since, ids: touched };
  const wanted = (block) => memory.onShelf?.ids.includes(block.root.id);
  let left = room - 34;
  let misses = 0;
  const shown = new Set();
  for (const block of [...blocks.filter(wanted), ...blocks]) {
    if (left < LEAST_WIDTH || misses > MOST_MISSES) break;
    if (shown.has(block)) continue;
    const taken = width(block);
    misses += Number(taken > left);
    if (taken > left) continue;
    shown.add(block);
    left -= taken;
  }
  return blocks.filter((block) => shown.has(block));
}

const aimOf = (block) => block.root.object.drawing?.aims_at;

function isLinked(block, before) {
  if (!before) return false;
  return block.owner === before || (block.owner && before.owner === block.owner && before.isPods) || before.items.some(({ id }) => id === block.root.object.owner || id === aimOf(block));
}

/** The chips and rows of a block, each with its place. */
function spread(block, x, from, zone) {
  block.x = x;
  block.box = rect(x + 2, zone.y, block.width - 2, zone.h);
  const chipY = zone.y - CHIP - 4;
  if (block.isPods) {
    return block.items.map((item, index) => ({
      ...item, ...block.words.get(item.id), ...rect(x, chipY + index * (CHIP + 4), widthOfChip(block.words.get(item.id)), CHIP), isLinked: block.isLinked && index === 0, from,
    }));
  }
  const chip = { ...block.root, ...block.words.get(block.root.id), ...rect(x, chipY, widthOfChip(block.words.get(block.root.id)), CHIP), isLinked: block.isLinked, isAimed: Boolean(aimOf(block)), from };
  const rows = block.rows.map((row, index) => ({ ...row, isRow: true, ...rect(x, zone.y + index * ROW, Math.min(block.width, widthOfRow(row)), ROW), ownerY: chipY + CHIP, isNewest: row.object.drawing.revision === block.root.object.drawing.revision }));
  return [chip, ...rows];
}

// -- words --------------------------------------------------------------------------------------------------------------

function wordsOf({ object }, note, { isShort = false }) {
  const isPod = object.resource === "pods";
  const name = object.owner && object.name.length > 12 ? `…${object.name.slice(-6)}` : object.name;
  const short = name.length > 22 ? `${name.slice(0, 12)}…${name.slice(-6)}` : name;
  const badge = say(note) || say(object.badge) || "";
  const isDropped = isShort && object.drawing && widthOf(badge, "name") > LONG_BADGE;
  return { kind: (isShort && object.short) || object.kind, name: short, badge: isDropped ? "" : badge, isPod };
}

export function widthOfChip({ kind, name, badge }) {
  const parts = [widthOf(kind, "narrowBold"), name && widthOf(name, "mono") + 5, badge && widthOf(badge, "name") + 7];
  return 21 + parts.filter(Boolean).reduce((sum, part) => sum + part, 0) + 9;
}
