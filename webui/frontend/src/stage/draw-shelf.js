/** Owns the drawing of the shelf of API objects: owners' chips, below each what is drawn of it; arrows point at the owner. */

import { t } from "../i18n.js";
import { drawGlyph } from "./glyphs.js";
import { grow } from "./geometry.js";
import { widthOf } from "./pen.js";
import { CHIP } from "./shelf/blocks.js";
import { drawDial, drawGate, drawMeter } from "./shelf/instruments.js";
import { drawRow, drawRule, ROW } from "./shelf/rollout.js";
import { drawCompletions, drawOrdinals } from "./shelf/slots.js";
import { drawRuns } from "./shelf/squares.js";

export function drawShelf(pen, view) {
  const { plan, shelf } = view;
  pen.box(plan.shelf, { radius: 4, fill: "paper", stroke: "rule2" });
  drawTitle(pen, plan.shelf);
  if (!shelf.placed.length) pen.text(t(hasPods(view) ? "stage.shelf_placed" : "stage.shelf_empty"), plan.shelf.x + 11, plan.shelf.y + 21, { font: "label", color: "ink2", room: plan.shelf.w - 22 });
  drawPlaced(pen, view);
  if (shelf.hidden > 0) pen.text(`+${shelf.hidden}`, shelf.moreX, shelf.y + 15, { font: "label", color: "ink2" });
}

/** Chips, rows and drawings. view: {shelf, hot, selected, cells(name)} */
export function drawPlaced(pen, view) {
  const { shelf, hot, selected } = view;
  for (const chip of shelf.placed) {
    if (view.motions?.onShelf.has(chip.id)) continue; // it is on the moving layer
    if (chip.isRow) drawRow(pen, chip, { isHot: hot.has(chip.id), isSelected: selected === chip.id, isNewest: chip.isNewest });
    else drawChip(pen, chip, hot.has(chip.id), selected === chip.id);
  }
  for (const block of shelf.blocks) drawDetail(pen, view, block);
}

/** The title stands in the frame, so that it takes no room. */
function drawTitle(pen, shelf) {
  const title = t("stage.shelf");
  const width = widthOf(title, "frame");
  const x = shelf.x + shelf.w - 12 - width;
  pen.box({ x: x - 5, y: shelf.y - 4, w: width + 10, h: 8 }, { radius: 0, fill: "paper" });
  pen.text(title, x, shelf.y + 3.5, { font: "frame", color: "ink3" });
}

/** A bound Pod stands on its node, not here. */
const hasPods = (view) => [...view.cells("objects").values()].some(({ resource }) => resource === "pods");

export function drawChip(pen, chip, isHot, isSelected) {
  const y = chip.y + CHIP / 2;
  if (chip.isLinked) {
    pen.line([[chip.from, y], [chip.x, y]], { dash: chip.isAimed ? [3, 2] : null });
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

function drawDetail(pen, view, { root, rows, detail, box }) {
  if (detail.sort) DRAWERS[detail.sort](pen, { root, rows, ...detail, box }, view);
}

const below = (box, rows) => ({ ...box, y: box.y + rows.length * ROW, h: box.h - rows.length * ROW });

const DRAWERS = {
  squares: (pen, { drawing, box }) => drawRuns(pen, drawing.runs, box.x, box.y + 3, { mark: drawing.wanted }),
  rollout: (pen, { drawing, rows, box, hasRule }) => hasRule && drawRule(pen, drawing, below({ ...box, x: box.x - 2 }, rows)),
  ordinals: (pen, { drawing, places, box }, view) => drawOrdinals(pen, places, drawing, box, view.cells("objects")),
  completions: (pen, { drawing, places, box }) => drawCompletions(pen, places, drawing, box),
  dial: () => {}, // it moves with time: see drawDials
  meter: (pen, { drawing, box }) => drawMeter(pen, drawing, box),
  gate: (pen, { root, drawing, eviction, box }, view) => drawGate(pen, drawing, eviction, box, view.hot.has(root.id)),
};

/** The dials, which go with simulated time. */
export function drawDials(pen, view, atMs) {
  for (const { detail, box } of view.shelf.blocks) if (detail.sort === "dial") drawDial(pen, detail.drawing, detail.plan, box, atMs);
}
