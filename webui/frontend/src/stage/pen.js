/** Owns drawing primitives on a canvas: boxes, lines, and text that is measured and shortened. */

const SANS = '"IBM Plex Sans Variable","IBM Plex Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif';
const MONO = '"IBM Plex Mono","Noto Sans Mono CJK SC",ui-monospace,Menlo,monospace';
const NARROW = "semi-condensed";

export const FONTS = {
  title: `600 12px ${SANS}`,
  titleNarrow: `600 ${NARROW} 11px ${SANS}`,
  frame: `500 11px ${SANS}`,
  label: `10.5px ${SANS}`,
  narrow: `${NARROW} 10.5px ${SANS}`,
  narrowBold: `600 ${NARROW} 10.5px ${SANS}`,
  small: `${NARROW} 10px ${SANS}`,
  chip: `${NARROW} 10.2px ${SANS}`,
  chipBold: `600 ${NARROW} 10.2px ${SANS}`,
  chipSmall: `${NARROW} 8.6px ${SANS}`,
  chipSmallBold: `600 ${NARROW} 8.6px ${SANS}`,
  gate: `500 ${NARROW} 11px ${SANS}`,
  gateBold: `600 ${NARROW} 11px ${SANS}`,
  name: `500 ${NARROW} 10.5px ${SANS}`,
  state: `500 10.8px ${SANS}`,
  empty: `11.5px ${SANS}`,
  tiny: `600 ${NARROW} 8px ${SANS}`,
  number: `600 10px ${SANS}`,
  mono: `10.5px ${MONO}`,
  monoBold: `600 11px ${MONO}`,
  monoSmall: `10px ${MONO}`,
  monoNow: `500 10px ${MONO}`,
  sign: `600 12px ${MONO}`,
};

const widths = new Map();
let measuring = null;

/** Width of a text in one of the fonts, remembered. */
export function widthOf(text, font) {
  const key = `${font}|${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    measuring ??= document.createElement("canvas").getContext("2d");
    measuring.font = FONTS[font];
    width = measuring.measureText(text).width;
    if (widths.size > 20000) widths.clear();
    widths.set(key, width);
  }
  return width;
}

/** Fonts arrived late: measure anew. */
export const forgetWidths = () => widths.clear();

/** Shortens in the middle and keeps the last five characters: a Pod's last letters tell it apart. */
export function shorten(text, font, room, measure = widthOf) {
  if (measure(text, font) <= room) return text;
  const tail = text.slice(-5).replace(/^-/, "");
  for (let head = text.length - 6; head > 0; head -= 1) {
    const candidate = `${text.slice(0, head).replace(/-$/, "")}-…-${tail}`;
    if (head > 1 && measure(candidate, font) <= room) return candidate;
  }
  return measure(`…-${tail}`, font) <= room ? `…-${tail}` : `…${tail}`;
}

/** Shortens at the end: for prose and states, never for a Pod's name. */
export function clip(text, font, room, measure = widthOf) {
  if (measure(text, font) <= room) return text;
  let end = text.length - 1;
  while (end > 1 && measure(`${text.slice(0, end)}…`, font) > room) end -= 1;
  return `${text.slice(0, end)}…`;
}

export class Pen {
  constructor(context, palette) {
    this.context = context;
    this.palette = palette;
  }

  color(name) {
    return this.palette[name] ?? name;
  }

  box(box, { radius = 3, fill, stroke, width = 1, dash = null } = {}) {
    const { context } = this;
    context.beginPath();
    context.roundRect(box.x, box.y, box.w, box.h, radius);
    this.paint(fill, stroke, width, dash);
  }

  paint(fill, stroke, width = 1, dash = null) {
    const { context } = this;
    if (fill) {
      context.fillStyle = this.color(fill);
      context.fill();
    }
    if (!stroke) return;
    context.setLineDash(dash ?? []);
    context.strokeStyle = this.color(stroke);
    context.lineWidth = width;
    context.stroke();
    if (dash) context.setLineDash([]);
  }

  line(points, { stroke = "wire", width = 1.1, dash = null } = {}) {
    const { context } = this;
    context.beginPath();
    points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
    this.paint(null, stroke, width, dash);
  }

  arrowHead([x, y], angle, { stroke = "wire", width = 1.1, size = 5 } = {}) {
    const at = (turn) => [x - size * Math.cos(angle + turn), y - size * Math.sin(angle + turn)];
    this.line([at(0.55), [x, y], at(-0.55)], { stroke, width });
  }

  /** A small triangle that points right. */
  triangle(x, y, size, fill) {
    const { context } = this;
    context.beginPath();
    context.moveTo(x, y - size * 0.7);
    context.lineTo(x + size, y);
    context.lineTo(x, y + size * 0.7);
    context.closePath();
    this.paint(fill);
  }

  circle(x, y, radius, { fill, stroke, width = 1.5, dash = null } = {}) {
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, Math.PI * 2);
    this.paint(fill, stroke, width, dash);
  }

  /** A title, of narrower letters where it would not fit. */
  title(text, x, y, room) {
    return this.text(text, x, y, { font: widthOf(text, "title") > room ? "titleNarrow" : "title", room });
  }

  /** Text from its baseline. `room` shortens it: names in the middle, prose at the end; what is a little too long is drawn narrower by `squeeze`. */
  text(text, x, y, { font = "label", color = "ink", align = "left", room = 0, isName = false, squeeze = 1 } = {}) {
    if (!text) return 0;
    const shown = room ? (isName ? shorten(text, font, room / squeeze) : clip(text, font, room / squeeze)) : text;
    const { context } = this;
    context.font = FONTS[font];
    context.fillStyle = this.color(color);
    context.textAlign = align;
    const width = widthOf(shown, font);
    if (!room || width <= room) context.fillText(shown, x, y);
    else context.fillText(shown, x, y, room);
    return room ? Math.min(width, room) : width;
  }
}
