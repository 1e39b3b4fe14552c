/** Owns the shelf of API objects: owner chains whose arrows point at the owner, then Pods without a node. */

import { say, t } from "../i18n.js";
import { drawGlyph } from "./glyphs.js";
import { grow, rect } from "./geometry.js";
import { widthOf } from "./pen.js";

const HEIGHT = 22;
const LINK = 14;

const NO_NOTES = new Map();

/** Places for the shelf's chips, and how many found no room. Notes give way to chips; then trees collapse from the right. */
export function placeShelf(plan, items, notes) {
  const noted = place(plan, items, notes);
  return noted.hidden && notes.size ? place(plan, items, NO_NOTES) : noted;
}

function place(plan, items, notes) {
  const { shelf } = plan;
  const isPhone = plan.variant === "phone";
  const y = isPhone ? shelf.y + 6 : shelf.y + 21;
  let x = shelf.x + (isPhone ? 9 : 11);
  const end = shelf.x + shelf.w - 10;
  const placed = [];
  for (const item of items) {
    const words = wordsOf(item, isPhone, notes.get(item.id));
    const width = widthOfChip(words);
    const isLinked = placed.length > 0 && placed.at(-1).id === item.object.owner;
    const start = x + (placed.length ? (isLinked ? LINK : 10) : 0);
    const needsMore = placed.length < items.length - 1 ? 34 : 0;
    if (start + width > end - needsMore) break;
    placed.push({ ...item, ...words, ...rect(start, y, width, HEIGHT), isLinked, from: x });
    x = start + width;
  }
  return { placed, hidden: items.length - placed.length, moreX: x + 10, y };
}

function wordsOf({ object }, isPhone, note) {
  const isPod = object.resource === "pods";
  const name = object.owner && object.name.length > 12 ? `…${object.name.slice(isPod ? -6 : -6)}` : object.name;
  const short = name.length > 22 ? `${name.slice(0, 12)}…${name.slice(-6)}` : name;
  return { kind: object.kind, name: isPhone ? "" : short, badge: say(note) || say(object.badge) || "", isPod };
}

function widthOfChip({ kind, name, badge }) {
  const parts = [widthOf(kind, "narrowBold"), name && widthOf(name, "mono") + 5, badge && widthOf(badge, "name") + 7];
  return 21 + parts.filter(Boolean).reduce((sum, part) => sum + part, 0) + 9;
}

export function drawShelf(pen, view) {
  const { plan, shelf, hot, selected } = view;
  pen.box(plan.shelf, { radius: 4, fill: "paper", stroke: "rule2" });
  if (plan.variant === "wide") pen.text(t("stage.shelf"), plan.shelf.x + plan.shelf.w - 11, plan.shelf.y + 14, { font: "frame", color: "ink3", align: "right" });
  if (!shelf.placed.length) pen.text(t(hasPods(view) ? "stage.shelf_placed" : "stage.shelf_empty"), plan.shelf.x + 11, plan.shelf.y + (plan.variant === "phone" ? 21 : 14), { font: "label", color: "ink2", room: plan.shelf.w - 110 });
  for (const chip of shelf.placed) drawChip(pen, chip, hot.has(chip.id), selected === chip.id);
  if (shelf.hidden > 0) pen.text(`+${shelf.hidden}`, shelf.moreX, shelf.y + 15, { font: "label", color: "ink2" });
}

/** A bound Pod stands on its node, not here. */
const hasPods = (view) => [...view.cells("objects").values()].some(({ resource }) => resource === "pods");

function drawChip(pen, chip, isHot, isSelected) {
  const y = chip.y + HEIGHT / 2;
  if (chip.isLinked) {
    pen.line([[chip.from, y], [chip.x, y]]);
    pen.arrowHead([chip.from, y], Math.PI);
  }
  const stroke = isHot ? "now" : isSelected ? "ink" : "ink2";
  const radius = chip.isPod ? 11 : 3;
  const { object } = chip;
  const isGoing = Boolean(object.grace) || object.status?.glyph === "terminating";
  const dash = object.pending ? [3, 2.5] : isGoing ? [1.5, 3] : null;
  pen.box(chip, { radius, fill: isHot ? "nowWash" : "sheet", stroke: isGoing && !isHot ? "gone" : stroke, width: isHot ? 1.8 : isSelected ? 2 : 1, dash });
  if (isSelected) pen.box(grow(chip, 3), { radius: radius + 3, stroke: "ink", width: 1 });
  const status = object.status ?? { glyph: "pending", tone: "none" };
  drawGlyph(pen, status.glyph, status.tone, chip.x + 12, y, 3.5);
  let x = chip.x + 21;
  x += pen.text(chip.kind, x, y + 3.7, { font: "narrowBold", color: isHot ? "now" : "ink" });
  if (chip.name) x += 5 + pen.text(chip.name, x + 5, y + 3.7, { font: "mono", color: isHot ? "now" : "ink2" });
  if (chip.badge) pen.text(chip.badge, x + 7, y + 3.7, { font: "name", color: isHot ? "now" : "ink" });
}
