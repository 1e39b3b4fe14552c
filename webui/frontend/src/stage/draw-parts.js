/** Owns the small parts of a Pod: pips of init containers, bars of volumes, letters of probes. */

import { drawCross, drawTick } from "./glyphs.js";

const PIP_STEP = 19;

/** Init containers as signs on a line, in the order in which they run. */
export function drawPips(pen, pips, box) {
  if (!pips.length) return;
  const y = box.y + box.h / 2;
  const most = Math.max(1, Math.floor((box.w - 6) / PIP_STEP));
  const shown = pips.length > most ? pips.slice(0, most - 1) : pips;
  const x = (index) => box.x + 8 + index * PIP_STEP;
  if (shown.length > 1) pen.line([[x(0), y], [x(shown.length - 1), y]], { stroke: "ink2", width: 1 });
  shown.forEach((pip, index) => drawPip(pen, x(index), y, pip, index + 1));
  if (shown.length < pips.length) pen.text(`+${pips.length - shown.length}`, x(shown.length) - 4, y + 3.6, { font: "label", color: "ink2" });
}

function drawPip(pen, x, y, { pip, is_sidecar: isSidecar }, number) {
  const look = PIP_LOOKS[pip] ?? PIP_LOOKS.waits;
  pen.circle(x, y, 6, { fill: "paper" });
  pen.circle(x, y, 6, look.circle);
  if (look.sign) look.sign(pen, x, y);
  else pen.text(String(number), x, y + 3.4, { font: "number", color: look.color, align: "center" });
  if (isSidecar) drawLoop(pen, x, y);
}

const PIP_LOOKS = {
  waits: { circle: { stroke: "ink2", dash: [2, 1.7], width: 1.2 }, color: "ink3" },
  runs: { circle: { fill: "now", stroke: "now" }, color: "onNow" },
  done: { circle: { fill: "ok", stroke: "ok" }, sign: (pen, x, y) => drawTick(pen, x, y, "sheet", 2.6) },
  failed: { circle: { fill: "bad", stroke: "bad" }, sign: (pen, x, y) => drawCross(pen, x, y, "sheet", 2.4) },
};

/** An arrow around the pip: it runs as long as the Pod does. */
function drawLoop(pen, x, y) {
  const { context } = pen;
  context.beginPath();
  context.arc(x, y, 8.3, -Math.PI * 0.95, Math.PI * 0.1);
  pen.paint(null, "ink2", 1.1);
  pen.arrowHead([x + 8.2, y + 2.6], Math.PI * 0.52, { stroke: "ink2", size: 3.6 });
}

const PROBE_LETTERS = { startup: "S", liveness: "L", readiness: "R" };
const PROBE_LOOKS = {
  pending: { stroke: "ink2", dash: [1.6, 1.4], color: "ink3" },
  ok: { stroke: "ok", color: "ok" },
  failed: { stroke: "bad", color: "bad" },
};

/** A letter in a ring for each probe, right to left. `onPlace(kind, x)` hears where each stands. Returns the width that they take. */
export function drawProbes(pen, probes, right, y, onPlace) {
  const kinds = Object.keys(PROBE_LETTERS).filter((kind) => probes?.[kind]);
  kinds.reverse().forEach((kind, index) => {
    const { color, ...ring } = PROBE_LOOKS[probes[kind]] ?? PROBE_LOOKS.pending;
    const x = right - 6 - index * 12.5;
    onPlace?.(kind, x);
    pen.circle(x, y, 5.2, { width: 1.1, ...ring });
    pen.text(PROBE_LETTERS[kind], x, y + 2.9, { font: "tiny", color, align: "center" });
    if (probes[kind] === "failed") pen.line([[x - 3.7, y + 3.7], [x + 3.7, y - 3.7]], { stroke: "bad", width: 1 });
  });
  return kinds.length * 12.5;
}

/** A bar with a tick up to each container that mounts it; what outlives the Pod is double-ruled. */
export function drawVolume(pen, box, { name, type, claim, mounts, more, files = [] }, centres) {
  for (const mount of mounts) {
    const x = centres.get(mount);
    if (x) pen.line([[x + 5, box.y - 3], [x + 5, box.y]], { stroke: "ink", width: 2 });
  }
  pen.box(box, { radius: 1, fill: "sheet", stroke: "ink2" });
  if (claim) pen.line([[box.x, box.y + box.h + 2], [box.x + box.w, box.y + box.h + 2]], { stroke: "ink2", width: 1 }); // a double rule, below the letters
  const words = more ? `${name} +${more}` : name;
  const shelved = files.length ? `${words}: ${files.join(" ")}` : words;
  const used = pen.text(shelved, box.x + 4, box.y + 7.8, { font: "tiny", room: files.length ? box.w * 0.72 : box.w - 8 });
  const kind = claim ? `PVC ${claim}` : type;
  pen.text(kind, box.x + box.w - 4, box.y + 7.8, { font: "tiny", color: "ink3", align: "right", room: Math.max(1, box.w - used - 16) });
}

/** The sign of a sidecar in its box: the same as its pip. */
export function drawSidecarSign(pen, x, y) {
  pen.circle(x, y, 3, { fill: "ink2" });
  const { context } = pen;
  context.beginPath();
  context.arc(x, y, 5, -Math.PI * 0.95, Math.PI * 0.1);
  pen.paint(null, "ink2", 1);
}
