/** Owns the drawing of a rollout: its ReplicaSets as rows that trade places, and the rule between least and most. */

import { say } from "../../i18n.js";
import { rect } from "../geometry.js";
import { widthOf } from "../pen.js";
import { drawRuns, widthOfRuns } from "./squares.js";

export const ROW = 13;
export const RULE = 11; // the rule's height, without the words below it
const WORDS_BELOW = 20;
const RULE_WIDTH = 104;
const INDENT = 12;

const isPresent = ({ object }) => object.drawing.runs.length > 0;

/** The ReplicaSets to draw, newest first: those that have or want Pods, and what is pointed out by this step or the learner. */
export function rowsOf(rows, { keep, most }) {
  const shown = rows.filter((row) => isPresent(row) || keep.has(row.id));
  return (shown.length ? shown : rows).slice(0, most);
}

const tailOf = (name) => name.split("-").at(-1).slice(-5);
const labelOf = ({ object }) => `…${tailOf(object.name)}${object.drawing.revision ? ` r${object.drawing.revision}` : ""}`;

export function widthOfRow(row) {
  return INDENT + widthOf(labelOf(row), "monoSmall") + 6 + widthOfRuns(row.object.drawing.runs) + 8 + widthOf(countOf(row), "small") + 8;
}

const countOf = ({ object }) => `${object.drawing.found}/${object.drawing.wanted}`;

/** `first`: whether the owner's box is right above. The elbow's arrow points at the owner, as ownerReferences do. */
export function drawRow(pen, row, { isHot, isSelected, isNewest }) {
  const y = row.y + ROW / 2;
  if (isHot || isSelected) pen.box(rect(row.x + INDENT - 3, row.y, row.w - INDENT + 3, ROW - 1), { radius: 2, fill: isHot ? "nowWash" : null, stroke: isHot ? "now" : "ink", width: 1 });
  const elbowX = row.x + 5;
  pen.line([[row.x + INDENT - 3, y], [elbowX, y], [elbowX, row.ownerY + 1]], { width: 1 });
  pen.arrowHead([elbowX, row.ownerY + 1], -Math.PI / 2, { size: 4 });
  const color = isHot ? "now" : isNewest ? "ink" : "ink2";
  let x = row.x + INDENT;
  x += pen.text(labelOf(row), x, y + 3.6, { font: "monoSmall", color }) + 6;
  x += drawRuns(pen, row.object.drawing.runs, x, y - 3.5, { mark: row.object.drawing.wanted }) + 6;
  pen.text(countOf(row), x, y + 3.6, { font: "small", color });
}

const rangeOf = ({ least, most }) => `${least} – ${most}`;
export const widthOfRule = (drawing) => INDENT + RULE_WIDTH + 8 + widthOf(rangeOf(drawing), "small");

/** From none to the most that may be at once: what is there, what of it is available, and the least that must be. */
export function drawRule(pen, drawing, box) {
  const { most, least, total, available } = drawing;
  const x = box.x + INDENT;
  const y = box.y + 4;
  const at = (count) => x + (Math.min(count, most) / Math.max(1, most)) * RULE_WIDTH;
  pen.box(rect(x, y, RULE_WIDTH, 5), { radius: 1, fill: "sunk", stroke: "rule2" });
  pen.box(rect(x, y, Math.max(0, at(total) - x), 5), { radius: 1, stroke: "ink2", width: 1 });
  pen.box(rect(x, y, Math.max(0, at(available) - x), 5), { radius: 1, fill: "ok" });
  pen.line([[at(least), y - 3], [at(least), y + 8]], { stroke: available < least ? "bad" : "ink", width: 1.6 });
  const hasWords = box.h >= WORDS_BELOW;
  pen.text(hasWords ? `≤ ${most}` : rangeOf(drawing), x + RULE_WIDTH + 6, y + 6.5, { font: "small", color: "ink2" });
  if (!hasWords) return;
  pen.text(`≥ ${least}`, Math.max(x, at(least) - 8), y + 17, { font: "small", color: "ink2" });
  const note = say(drawing.note);
  if (note) pen.text(note, x + 34, y + 17, { font: "small", color: "wait", room: RULE_WIDTH });
}
