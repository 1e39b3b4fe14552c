/** Owns how much of a Pod is shown for the room it has, and where each stands on its node. */

import { extraHeight, extraWidth } from "./draw-pod.js";
import { rect } from "./geometry.js";
import { groupsOf } from "./scene.js";

const GAP = 8;
const LEVELS = {
  full: { least: 150, most: 173, lowest: 118, height: 140 },
  compact: { least: 106, most: 173, lowest: 94, height: 103 },
  chip: { least: 92, most: 116, lowest: 22, height: 24 },
};
const MOST_NAMED = 12;
const HYSTERESIS = 0.1;
export const PITCH = 11.2;
const SMALLEST_PITCH = 9;
const MOST_GLYPHS = 400;

/** Places for the Pods of every node: Map node → {level, items, groups, hidden}. */
export function placeAll(plan, byNode, { zoom = 1, previous = new Map() } = {}) {
  const named = new Map();
  for (const node of plan.nodes) {
    const entries = byNode.get(node.name) ?? [];
    named.set(node.name, placeNamed(node, entries, zoom, previous.get(node.name)));
  }
  const crowded = plan.nodes.filter((node) => !named.get(node.name));
  const pitch = commonPitch(crowded, byNode);
  for (const node of crowded) named.set(node.name, placeGlyphs(node, byNode.get(node.name) ?? [], pitch));
  return named;
}

/** Capsules or chips, the largest that fit; null when there are too many. */
function placeNamed(node, entries, zoom, previous) {
  if (!entries.length) return { level: "full", items: [], groups: [] };
  const order = node.isPhone ? ["compact", "chip"] : ["full", "compact", "chip"];
  for (const level of order) {
    const shape = shapeFor(level, entries);
    const slack = previous === level ? 1 - HYSTERESIS : 1;
    const grid = fitGrid(node.pods, entries.length, shape, slack, zoom);
    if (!grid || (level === "chip" && entries.length > MOST_NAMED * zoom)) continue;
    return { level, items: entries.map((entry, index) => ({ entry, ...cellOf(grid, node.pods, index) })), groups: [] };
  }
  return null;
}

/** Capsules grow together with what the fullest of them has to show. */
function shapeFor(level, entries) {
  const shape = LEVELS[level];
  if (level === "chip") return shape;
  const extra = Math.max(...entries.map(extraHeight));
  const most = shape.most + Math.max(...entries.map(extraWidth));
  return { ...shape, most, height: shape.height + extra, lowest: shape.lowest + (level === "full" ? extra / 2 : 0) };
}

function fitGrid(area, count, shape, slack, zoom) {
  const least = (shape.least * slack) / zoom;
  const columns = Math.max(1, Math.floor((area.w + GAP) / (least + GAP)));
  const rows = Math.floor((area.h + GAP) / (shape.lowest + GAP));
  if (area.w < least || rows < 1 || count > columns * rows) return null;
  const used = Math.max(Math.ceil(count / rows), Math.min(columns, Math.floor((area.w + GAP) / (shape.most + GAP)) || 1));
  const width = Math.min(shape.most, (area.w - GAP * (used - 1)) / used);
  const usedRows = Math.ceil(count / used);
  return { columns: used, width, height: Math.min(shape.height, (area.h - GAP * (usedRows - 1)) / usedRows) };
}

function cellOf(grid, area, index) {
  const column = index % grid.columns;
  const row = Math.floor(index / grid.columns);
  return rect(area.x + column * (grid.width + GAP), area.y + row * (grid.height + GAP), grid.width, grid.height);
}

/** One pitch for all crowded nodes; 0 = not even the smallest fits somewhere, so groups become tallies. */
function commonPitch(nodes, byNode) {
  let pitch = PITCH;
  for (const node of nodes) {
    const entries = byNode.get(node.name) ?? [];
    while (pitch >= SMALLEST_PITCH && glyphHeight(node, groupsOf(entries), pitch) > node.pods.h) pitch -= 0.55;
    if (pitch < SMALLEST_PITCH || entries.length > MOST_GLYPHS) return 0;
  }
  return pitch;
}

const HEAD = 16;

function glyphHeight(node, groups, pitch) {
  return layoutGroups(node, groups, pitch).height;
}

/** Groups below each other; small ones share a row, two abreast. */
function layoutGroups(node, groups, pitch) {
  const perRow = Math.max(1, Math.floor(node.pods.w / pitch));
  const half = Math.max(1, Math.floor((node.pods.w / 2 - 6) / pitch));
  const placed = [];
  let y = 0;
  for (let index = 0; index < groups.length; index += 1) {
    const group = groups[index];
    const next = groups[index + 1];
    const isPair = next && group.entries.length <= half && next.entries.length <= half && node.pods.w > 180;
    if (isPair) {
      placed.push({ group, x: 0, y, w: node.pods.w / 2 - 6, perRow: half }, { group: next, x: node.pods.w / 2 + 4, y, w: node.pods.w / 2 - 4, perRow: half });
      y += HEAD + pitch + 6;
      index += 1;
    } else {
      placed.push({ group, x: 0, y, w: node.pods.w, perRow });
      y += HEAD + pitch * Math.ceil(group.entries.length / perRow) + 6;
    }
  }
  return { placed, height: y };
}

function placeGlyphs(node, entries, pitch) {
  const groups = groupsOf(entries);
  if (!pitch) return placeTallies(node, groups);
  const { placed } = layoutGroups(node, groups, pitch);
  const items = [];
  const heads = [];
  for (const { group, x, y, w, perRow } of placed) {
    const left = node.pods.x + x;
    const top = node.pods.y + y;
    heads.push({ group, x: left, y: top + 11, w });
    group.entries.forEach((entry, index) => {
      const glyphX = left + (index % perRow) * pitch;
      const glyphY = top + HEAD + Math.floor(index / perRow) * pitch;
      items.push({ entry, ...rect(glyphX, glyphY, pitch, pitch) });
    });
  }
  return { level: "glyph", items, groups: heads, pitch };
}

/** No room for a glyph each: a row a group, with a glyph and a count for every state. */
function placeTallies(node, groups) {
  const heads = groups.map((group, index) => {
    const tallies = new Map();
    for (const { object } of group.entries) {
      const status = object?.status ?? { glyph: "pending", tone: "none", word: "" };
      const tally = tallies.get(status.glyph) ?? { ...status, count: 0 };
      tally.count += 1;
      tallies.set(status.glyph, tally);
    }
    return { group, x: node.pods.x, y: node.pods.y + 11 + index * 32, w: node.pods.w, tallies: [...tallies.values()] };
  });
  return { level: "tally", items: [], groups: heads.filter((head) => head.y < node.pods.y + node.pods.h) };
}
