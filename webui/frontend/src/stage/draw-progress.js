/** Owns what moves inside Pods and nodes: pulls that fill, and the pulse of a probe that has just answered. For the moving layer. */

import { rect } from "./geometry.js";
import { drawImage } from "./glyphs.js";
import { t } from "../i18n.js";

const PULSE_MS = 600;
const PULSE_RADIUS = [5.2, 11];
const ROOM_FOR_PERCENT = 118;

/** How much of a pull is there at a moment, 0 to 1: from what was done at its mark, evenly to its end. */
export function shareOf({ done = 0, mark_ms: from, until_ms: until }, atMs) {
  if (!(until > from)) return atMs >= until ? 1 : done;
  return Math.max(0, Math.min(1, done + ((1 - done) * (atMs - from)) / (until - from)));
}

/** spots: where the still layer has drawn what moves, as [{pull, box} | {pull, x, y, size} | {pulse, x, y}]. */
export function drawProgress(pen, spots, atMs, { parked }) {
  for (const spot of spots) {
    if (spot.pulse) drawPulse(pen, spot, atMs, parked);
    else if (spot.box) drawBar(pen, spot.box, shareOf(spot.pull, atMs));
    else drawImage(pen, spot.x, spot.y, "pulling", shareOf(spot.pull, atMs), spot.size);
  }
}

function drawBar(pen, box, share) {
  const y = box.y + box.h - 3.5;
  pen.box(rect(box.x + 1, y, box.w - 2, 3), { radius: 1.5, fill: "rule" });
  if (share > 0) pen.box(rect(box.x + 1, y, Math.max(2, (box.w - 2) * share), 3), { radius: 1.5, fill: "wait" });
  if (box.w < ROOM_FOR_PERCENT) return;
  pen.text(t("stage.percent", { n: Math.floor(share * 100) }), box.x + box.w - 6, y - 3.5, { font: "small", color: "wait", align: "right" });
}

/** A ring that widens and is gone; held at its step, or with reduced motion, it stands. */
function drawPulse(pen, { x, y, pulse }, atMs, parked) {
  const age = atMs - pulse.at_ms;
  if (age < 0 || age > PULSE_MS) return;
  const [least, most] = PULSE_RADIUS;
  const radius = parked || age === 0 ? 8 : least + ((most - least) * age) / PULSE_MS;
  pen.circle(x, y, radius, { stroke: "now", width: parked || age === 0 ? 1.6 : Math.max(0.4, 2 * (1 - age / PULSE_MS)) });
}
