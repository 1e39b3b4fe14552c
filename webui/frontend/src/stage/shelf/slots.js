/** Owns rows of numbered places: a StatefulSet's ordinals with their claims, a Job's indexes. Pods stand in their slot. */

import { rect } from "../geometry.js";
import { toneColor } from "../glyphs.js";
import { drawRuns, drawSquare, widthOfRuns } from "./squares.js";
import { widthOf } from "../pen.js";

const PITCH = 17;
const LARGE_PITCH = 14;
const SMALL_PITCH = 9;
const MOST_WIDTH = 160;
const NUMBERED = 24;

/** The places of a drawing, with the Pod that stands in each; Pods beyond the last place come after it. */
export function slotsOf(drawing, pods) {
  const places = drawing.slots.map((place) => ({ ...place, pod: null }));
  const at = new Map(places.map((place) => [place.slot, place]));
  for (const pod of pods) {
    if (pod.slot === null || pod.slot === undefined) continue;
    if (!at.has(pod.slot) && !drawing.more) {
      at.set(pod.slot, { slot: pod.slot, claims: [], pod: null, isBeyond: true });
      places.push(at.get(pod.slot));
    }
    const place = at.get(pod.slot);
    if (place && isNewer(pod, place.pod)) place.pod = pod;
  }
  return places.sort((a, b) => a.slot - b.slot);
}

const isNewer = (pod, other) => !other || (pod.created_ms ?? 0) >= (other.created_ms ?? 0);

function gridOf(count, room, rows, pitch) {
  const columns = Math.max(1, Math.min(count, Math.floor(room / pitch), Math.max(Math.ceil(count / rows), 8)));
  return { columns, shown: Math.min(count, columns * rows) };
}

// -- ordinals -----------------------------------------------------------------------------------------------------------

const ordinalRows = (height) => (height > 40 ? 2 : 1);
const hasClaims = (places) => places.some(({ claims }) => claims?.length);
const stepOf = (places) => (hasClaims(places) ? 21 : 16);

export function widthOfOrdinals(places, drawing, height) {
  const { columns, shown } = gridOf(places.length, MOST_WIDTH, ordinalRows(height), PITCH);
  const rest = places.length - shown + (drawing.more ?? 0);
  return columns * PITCH + (rest ? widthOf(`+${rest}`, "small") + 8 : 0);
}

export function drawOrdinals(pen, places, drawing, box, claims) {
  const { columns, shown } = gridOf(places.length, MOST_WIDTH, ordinalRows(box.h), PITCH);
  const step = stepOf(places);
  places.slice(0, shown).forEach((place, index) => {
    const x = box.x + 7 + (index % columns) * PITCH;
    const y = box.y + 8 + Math.floor(index / columns) * step;
    drawOrdinal(pen, place, drawing, x, y);
    drawClaims(pen, place.claims ?? [], claims, x, y + 9);
    if (drawing.partition && place.slot === drawing.partition) pen.line([[x - 8.5, y - 7], [x - 8.5, y + 12]], { stroke: "ink", width: 1.4 });
  });
  const rest = places.length - shown + (drawing.more ?? 0);
  if (rest) pen.text(`+${rest}`, box.x + columns * PITCH + 4, box.y + 12, { font: "small", color: "ink2" });
}

/** Filled: ready and of the newest template. A ring: of an earlier one, or not ready. Dashed: nobody there. */
function drawOrdinal(pen, { slot, pod, isBeyond }, drawing, x, y) {
  const isReady = pod?.standing === "ready";
  const isNewest = Boolean(pod) && (!drawing.newest || pod.template === drawing.newest);
  const color = pod ? toneColor(pod.status?.tone) : "ink3";
  const isFull = isReady && isNewest;
  pen.circle(x, y, 6.6, { fill: isFull ? color : "sheet", stroke: color, width: pod && !isNewest ? 2.2 : 1.3, dash: pod ? (pod.grace ? [1.5, 1.8] : null) : [2, 1.8] });
  pen.text(String(slot), x, y + 3.2, { font: slot > 9 ? "tiny" : "number", color: isFull ? "sheet" : isBeyond ? "gone" : pod ? "ink" : "ink3", align: "center" });
}

/** A double rule for each claim below its ordinal: solid once it has its volume. */
function drawClaims(pen, ids, claims, x, y) {
  if (!ids.length) return;
  const width = 13 / ids.length;
  ids.forEach((id, index) => {
    const claim = claims.get(id);
    if (!claim) return;
    const left = x - 6.5 + index * width;
    const isBound = claim.status?.tone === "ok";
    const ends = [left, left + width - (ids.length > 1 ? 1.5 : 0)];
    for (const dy of [0, 2.6]) pen.line([[ends[0], y + dy], [ends[1], y + dy]], { stroke: isBound ? "ink" : "wait", width: 1.2, dash: isBound ? null : [2, 1.5] });
  });
}

// -- completions ----------------------------------------------------------------------------------------------------------

/** Squares with their numbers where all find room so, else small ones; what finds none even then is counted. */
function indexGrid(places, height) {
  for (const pitch of [LARGE_PITCH, SMALL_PITCH]) {
    const grid = { pitch, ...gridOf(places.length, MOST_WIDTH, Math.max(1, Math.floor(height / pitch)), pitch) };
    if (pitch === SMALL_PITCH || (places.length <= NUMBERED && grid.shown === places.length)) return grid;
  }
}

export function widthOfCompletions(places, drawing, height) {
  if (!places.length) return widthOfRuns(drawing.runs);
  const { columns, shown, pitch } = indexGrid(places, height);
  return columns * pitch + (shown < places.length ? widthOf(`+${places.length - shown}`, "small") + 6 : 0);
}

export function drawCompletions(pen, places, drawing, box) {
  if (!places.length) return void drawRuns(pen, drawing.runs, box.x, box.y + 4);
  const { columns, shown, pitch } = indexGrid(places, box.h);
  if (shown < places.length) pen.text(`+${places.length - shown}`, box.x + columns * pitch + 4, box.y + 11, { font: "small", color: "ink2" });
  places.slice(0, shown).forEach((place, index) => {
    const size = pitch - 2;
    const square = rect(box.x + (index % columns) * pitch, box.y + 1 + Math.floor(index / columns) * pitch, size, size);
    const state = place.state || (place.pod ? (place.pod.standing === "ready" ? "active" : "made") : "missing");
    drawSquare(pen, square, state);
    if (pitch < 12 || state === "failed") return;
    pen.text(String(place.slot), square.x + size / 2, square.y + size / 2 + 2.9, { font: "tiny", color: state === "missing" || state === "made" ? "ink2" : "sheet", align: "center" });
  });
}
