/** Owns how messages look: their lines, tags and labels. */

import { say } from "../i18n.js";
import { drawEtcdLine } from "./draw-plane.js";
import { lengthOf, pointAt } from "./geometry.js";
import { keepClear, progress, visibleFlights } from "./messages.js";
import { clip, widthOf } from "./pen.js";
import { routeOf } from "./routes.js";


export function drawMessages(pen, view, { atMs, isMoving, isRunning, parked }) {
  const shown = visibleFlights(view.flights, atMs);
  const labels = [];
  for (const flight of shown.filter((one) => !one.isCurrent)) drawFlight(pen, view, flight, { atMs, held: !isMoving && !isRunning });
  for (const flight of shown.filter((one) => one.isCurrent)) {
    const label = drawFlight(pen, view, flight, { atMs, held: !isRunning, parked, lit: true });
    if (label) labels.push(label);
  }
  drawLabels(pen, view, labels);
}

function drawFlight(pen, view, flight, { atMs, held, parked, lit = false }) {
  const points = routeOf(view.plan, flight, view.places);
  if (!points) return null;
  if (lit && points.length) drawRoute(pen, view, flight, points);
  if (lit && !held && atMs > flight.due_ms) return null;
  const length = lengthOf(points);
  const along = length * progress(flight, atMs, { held, parked });
  const isCri = flight.sign === "▲";
  const place = keepClear(along, length, held, flight);
  if (lit && !isCri) drawTrail(pen, points, place);
  const at = pointAt(points, place);
  drawTag(pen, at, flight, lit && !isCri);
  return lit && flight.label && !isCri ? { at, flight } : null;
}

function drawRoute(pen, view, flight, points) {
  if (flight.from === "etcd" || flight.to === "etcd") return drawEtcdLine(pen, points, "now", 2);
  pen.line(points, { stroke: "now", width: 2 });
}

function drawTrail(pen, points, along) {
  [15, 21, 27].forEach((behind, index) => {
    if (along - behind < 2) return;
    const { x, y } = pointAt(points, along - behind);
    pen.circle(x, y, 2.2 - index * 0.55, { fill: "now" });
  });
}

/** A tag that points its way; hollow = a reply, with its code. */
function drawTag(pen, { x, y, angle }, flight, lit) {
  const { context } = pen;
  const size = lit ? 1 : 0.72;
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.scale(size, size);
  context.beginPath();
  context.moveTo(-11, -8);
  context.lineTo(5, -8);
  context.lineTo(12, 0);
  context.lineTo(5, 8);
  context.lineTo(-11, 8);
  context.arcTo(-13, 8, -13, 6, 2);
  context.lineTo(-13, -6);
  context.arcTo(-13, -8, -11, -8, 2);
  context.closePath();
  const color = lit || flight.isCurrent ? (isRefusal(flight) ? "bad" : "now") : "ink2";
  if (flight.hollow) pen.paint("sheet", color, 1.8);
  else pen.paint(color, "sheet", 1.5);
  context.restore();
  const sign = flight.sign === "▲" || flight.sign === "◦" ? flight.sign : flight.sign ?? "";
  pen.text(flight.hollow ? (sign === "◦" ? sign : "") : sign, x, y + 4.2 * size, { font: lit ? "sign" : "number", color: flight.hollow ? color : "onNow", align: "center" });
}

const isRefusal = (flight) => Number(flight.code) >= 400;

function labelText({ label, code, hollow }) {
  const words = say(label);
  return hollow && code && !words.includes(String(code)) ? `${code} ${words}` : words;
}

/** Labels stand beside their tag, inside the stage, below each other when several meet. */
function drawLabels(pen, view, labels) {
  const taken = [];
  for (const { at, flight } of labels.slice(0, 6)) {
    const text = clip(labelText(flight), "monoNow", Math.min(260, view.plan.width - 24));
    const width = widthOf(text, "monoNow") + 12;
    const box = { x: at.x + 16, y: at.y - 9, w: width, h: 18 };
    if (Math.abs(Math.sin(at.angle)) < 0.5) Object.assign(box, { x: at.x - width / 2, y: at.y - 31 });
    if (box.x + width > view.plan.width - 6 || flight.from === "etcd" || flight.to === "etcd") box.x = at.x - 18 - width;
    box.x = Math.max(6, Math.min(box.x, view.plan.width - width - 6));
    while (taken.some((other) => overlaps(other, box))) box.y += 20;
    taken.push(box);
    const color = isRefusal(flight) ? "bad" : "now";
    pen.box(box, { radius: 2, fill: "sheet", stroke: color });
    pen.text(text, box.x + 6, box.y + 12.6, { font: "monoNow", color });
  }
}

const overlaps = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
