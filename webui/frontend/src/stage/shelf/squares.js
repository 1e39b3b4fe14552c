/** Owns rows of squares: one for each Pod, completion or index, by the state that came with it. */

import { rect } from "../geometry.js";
import { widthOf } from "../pen.js";

const PITCH = 9;
const LEAST_PITCH = 5;
const MOST_WIDTH = 126;

const LOOKS = {
  available: { fill: "ok", stroke: "ok" },
  ready: { fill: "sheet", stroke: "ok", half: "ok" },
  made: { fill: "sheet", stroke: "wait" },
  missing: { stroke: "ink3", dash: [1.6, 1.6] },
  done: { fill: "ink3", stroke: "ink3" },
  active: { fill: "ok", stroke: "ok" },
  failed: { stroke: "bad", cross: "bad" },
  needed: { fill: "ok", stroke: "ok" },
  spare: { fill: "sheet", stroke: "ok", half: "ok" },
};

const countOf = (runs) => runs.reduce((sum, [, count]) => sum + count, 0);

/** One square each, as close as it must be; {pitch} is 0 where only a bar has room. */
function pitchFor(runs, room) {
  const count = countOf(runs);
  const pitch = Math.min(PITCH, Math.floor(Math.min(room, MOST_WIDTH) / Math.max(1, count)));
  return pitch < LEAST_PITCH ? 0 : pitch;
}

export function widthOfRuns(runs, room = MOST_WIDTH) {
  const pitch = pitchFor(runs, room);
  return pitch ? countOf(runs) * pitch : Math.min(room, MOST_WIDTH);
}

/** Draws runs of [state, count] from x; `mark`: a line after so many squares. Returns the width. */
export function drawRuns(pen, runs, x, y, { room = MOST_WIDTH, mark = null } = {}) {
  const pitch = pitchFor(runs, room);
  if (!pitch) return drawBar(pen, runs, x, y, Math.min(room, MOST_WIDTH));
  let index = 0;
  for (const [state, count] of runs) {
    for (let drawn = 0; drawn < count; drawn += 1, index += 1) drawSquare(pen, rect(x + index * pitch, y, Math.min(7, pitch - 1.5), 7), state);
  }
  if (mark !== null && mark < index) pen.line([[x + mark * pitch - 1, y - 2], [x + mark * pitch - 1, y + 9]], { stroke: "ink", width: 1.3 });
  return index * pitch;
}

export function drawSquare(pen, box, state) {
  const look = LOOKS[state] ?? LOOKS.missing;
  pen.box(box, { radius: 1, fill: look.fill, stroke: look.stroke, width: 1, dash: look.dash });
  if (look.half) pen.box(rect(box.x, box.y + box.h / 2, box.w, box.h / 2), { radius: 0, fill: look.half });
  if (!look.cross) return;
  pen.line([[box.x + 2, box.y + 2], [box.x + box.w - 2, box.y + box.h - 2]], { stroke: look.cross, width: 1.2 });
  pen.line([[box.x + box.w - 2, box.y + 2], [box.x + 2, box.y + box.h - 2]], { stroke: look.cross, width: 1.2 });
}

/** Too many for squares: a bar, in which each state has its share and, if there is room, its number. */
function drawBar(pen, runs, x, y, width) {
  const total = countOf(runs);
  let at = x;
  for (const [state, count] of runs) {
    const share = (count / total) * width;
    const look = LOOKS[state] ?? LOOKS.missing;
    pen.box(rect(at, y - 1, Math.max(2, share - 1), 9), { radius: 1, fill: look.fill ?? "sunk", stroke: look.stroke, width: 1, dash: look.dash });
    const text = String(count);
    if (share > widthOf(text, "tiny") + 6) pen.text(text, at + share / 2, y + 6.4, { font: "tiny", color: look.fill && look.fill !== "sheet" ? "sheet" : "ink", align: "center" });
    at += share;
  }
  return width;
}
