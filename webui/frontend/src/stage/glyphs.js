/** Owns the small signs: a Pod's state, a tick, a cross, an image, a ring. */

const TONES = { ok: "ok", wait: "wait", bad: "bad", gone: "gone", none: "ink3" };

export const toneColor = (tone) => TONES[tone] ?? "ink3";

/** Draws a status glyph, by the name that came with the object. */
export function drawGlyph(pen, glyph, tone, x, y, radius = 4) {
  const color = toneColor(tone);
  const draw = GLYPHS[glyph] ?? GLYPHS.pending;
  draw(pen, color, x, y, radius);
}

const GLYPHS = {
  running: (pen, color, x, y, r) => pen.circle(x, y, r + 0.4, { fill: color }),
  notready: (pen, color, x, y, r) => {
    pen.circle(x, y, r, { stroke: color });
    sector(pen, color, x, y, r, 180);
  },
  pending: (pen, color, x, y, r) => pen.circle(x, y, r, { stroke: color, dash: [2, 1.7] }),
  creating: (pen, color, x, y, r) => {
    pen.circle(x, y, r, { stroke: color });
    sector(pen, color, x, y, r, 90);
  },
  trouble: (pen, color, x, y, r) => shape(pen, color, [[x, y - r - 0.4], [x + r + 0.6, y + r], [x - r - 0.6, y + r]]),
  failed: (pen, color, x, y, r) => {
    pen.box({ x: x - r, y: y - r, w: 2 * r, h: 2 * r }, { radius: 1, stroke: color, width: 1.4 });
    pen.line([[x - r / 2, y - r / 2], [x + r / 2, y + r / 2]], { stroke: color, width: 1.4 });
    pen.line([[x + r / 2, y - r / 2], [x - r / 2, y + r / 2]], { stroke: color, width: 1.4 });
  },
  completed: (pen, color, x, y, r) => {
    pen.box({ x: x - r, y: y - r, w: 2 * r, h: 2 * r }, { radius: 1, stroke: color, width: 1.2 });
    drawTick(pen, x, y, color, r * 0.55);
  },
  terminating: (pen, color, x, y, r) => {
    pen.circle(x, y, r, { stroke: color });
    pen.line([[x - r * 0.75, y + r * 0.75], [x + r * 0.75, y - r * 0.75]], { stroke: color, width: 1.5 });
  },
};

function sector(pen, color, x, y, r, degrees) {
  const { context } = pen;
  context.beginPath();
  context.moveTo(x, y);
  context.arc(x, y, r, -Math.PI / 2, -Math.PI / 2 + (degrees * Math.PI) / 180);
  context.closePath();
  pen.paint(color);
}

function shape(pen, color, points) {
  const { context } = pen;
  context.beginPath();
  points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  pen.paint(color);
}

export function drawTick(pen, x, y, color = "ok", size = 3) {
  pen.line([[x - size, y], [x - size * 0.2, y + size * 0.8], [x + size, y - size * 0.9]], { stroke: color, width: 1.6 });
}

export function drawCross(pen, x, y, color = "bad", size = 3) {
  pen.line([[x - size, y - size], [x + size, y + size]], { stroke: color, width: 1.6 });
  pen.line([[x + size, y - size], [x - size, y + size]], { stroke: color, width: 1.6 });
}

/** An image on a node: filled = present, dashed = absent, filling from below = pulling. */
export function drawImage(pen, x, y, state, share = 0, size = 9) {
  const box = { x, y, w: size, h: size };
  if (state === "present") {
    pen.box(box, { radius: 1.5, fill: "ink2", stroke: "ink2" });
    pen.line([[x, y + size * 0.36], [x + size, y + size * 0.36]], { stroke: "sheet", width: 1 });
    return;
  }
  pen.box(box, { radius: 1.5, stroke: "ink2", dash: [2, 1.6] });
  if (state !== "pulling") return;
  const filled = size * Math.max(0.1, Math.min(1, share));
  pen.box({ x, y: y + size - filled, w: size, h: filled }, { radius: 1, fill: "ink2" });
}

/** A countdown: full at its start, empty at its end. */
export function drawRing(pen, x, y, share, color, text, radius = 11.5) {
  pen.circle(x, y, radius, { stroke: "rule", width: 3 });
  const { context } = pen;
  context.beginPath();
  context.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + Math.PI * 2 * Math.max(0, Math.min(1, share)));
  pen.paint(null, color, 3);
  pen.text(text, x, y + 3.5, { font: "number", align: "center" });
}
