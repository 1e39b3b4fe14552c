/**
 * Owns the timeline's arithmetic: where a step stands, which steps are in view, which markers merge. Pure.
 *
 * The axis is made of steps, not of milliseconds: a run is minutes of waiting between bursts of writes.
 * A squeezed gap takes the room of a few steps and says how long it was.
 */

import { lowerBoundBy } from "../recording.js";

const GAP_UNITS = 4;
const MOST_PITCH = 14;
const LEAST_PITCH = 4;
export const MERGE_PX = 4;
const LEAST_BETWEEN_HAIRLINES = 18;

/** The lane that a row stands on: a node's name for what happens on nodes. */
export function laneOf(row, nodes) {
  const lane = row.lane ?? "";
  const tail = lane.split("/").at(-1);
  if (nodes.includes(tail)) return tail;
  if (lane === "node" || lane === "nodes") {
    const node = (row.actor ?? "").split("/").at(-1);
    return nodes.includes(node) ? node : nodes[0] ?? "nodes";
  }
  if (lane === "kubectl" || lane === "user") return "you";
  if (lane.endsWith("-controller") || lane === "kube-controller-manager") return "controllers";
  return lane || "kube-apiserver";
}

const SQUEEZED_ABOVE_MS = 1000;

/** Idle time before a step that paced play squeezes, in ms; 0 for none. */
export function gapBefore(recording, step) {
  const row = recording.stepRow(step);
  if (row.squeezed_ms) return row.squeezed_ms;
  const ms = step > 0 ? row.at_ms - recording.stepRow(step - 1).at_ms : 0;
  return ms > SQUEEZED_ABOVE_MS ? ms : 0;
}

/** Cumulated units before each step: one a step, four more for a squeezed gap before it. */
export class Axis {
  constructor() {
    this.units = [];
    this.total = 0;
    this.firstSeq = null;
  }

  /** Follows the recording's steps; starts anew when they are other ones. */
  update(recording) {
    const first = recording.steps.length ? recording.rows[recording.steps[0]].seq : null;
    if (first !== this.firstSeq || this.units.length > recording.steps.length) Object.assign(this, { units: [], total: 0, firstSeq: first });
    for (let step = this.units.length; step < recording.steps.length; step += 1) {
      if (gapBefore(recording, step)) this.total += GAP_UNITS;
      this.units.push(this.total);
      this.total += 1;
    }
  }
}

/** {startUnit, pitch, width}: the window of the axis that is shown so that a step is in view. */
export function windowOf({ axis, width, step, pinned = null }) {
  const pitch = Math.max(LEAST_PITCH, Math.min(MOST_PITCH, width / Math.max(1, axis.total + 1)));
  const room = width / pitch;
  if (axis.total + 1 <= room) return { startUnit: 0, pitch, width };
  const at = step >= 0 ? axis.units[step] : 0;
  const furthest = axis.total + 1 - room;
  let start = pinned ?? at - room * 0.8;
  if (pinned !== null && at < pinned) start = at - room * 0.1;
  if (pinned !== null && at > pinned + room - 2) start = at - room * 0.8;
  return { startUnit: Math.max(0, Math.min(furthest, start)), pitch, width };
}

export const xOfStep = (axis, view, step) => (step < 0 ? 0 : (axis.units[step] - view.startUnit + 0.5) * view.pitch);

/** The step at a place; -1 before the first. */
export function stepAtX(axis, view, x) {
  const unit = x / view.pitch + view.startUnit;
  return lowerBoundBy(axis.units, unit, (value) => value) - 1;
}

/** Steps in view, as [first, last]. */
export function stepsInView(axis, view) {
  const first = lowerBoundBy(axis.units, view.startUnit - 1, (value) => value);
  const last = lowerBoundBy(axis.units, view.startUnit + view.width / view.pitch, (value) => value) - 1;
  return [first, last];
}

/** Markers of the steps in view, by lane; closer than four pixels they merge and count. */
export function markersOf({ recording, axis, view, lanes, nodes, current }) {
  const [first, last] = stepsInView(axis, view);
  const lastOnLane = new Map();
  const markers = [];
  for (let step = first; step <= last; step += 1) {
    const row = recording.stepRow(step);
    const lane = lanes.indexOf(laneOf(row, nodes)) >= 0 ? laneOf(row, nodes) : lanes.at(-1);
    const x = xOfStep(axis, view, step);
    const before = lastOnLane.get(lane);
    const isCurrent = step === current;
    if (before && x - before.x < MERGE_PX && !isCurrent && !before.isCurrent) {
      before.count += 1;
      if (row.marker === "warning") before.kind = "warning";
      continue;
    }
    const marker = { step, x, lane, kind: row.marker ?? "none", count: 1, isCurrent };
    lastOnLane.set(lane, marker);
    markers.push(marker);
  }
  return markers;
}

/** Where stages begin, in view: [{x, stage, hasLabel}]; hairlines need 18 px, a label the room up to the next one. */
export function hairlinesOf({ recording, axis, view, measure }) {
  const [first, last] = stepsInView(axis, view);
  const lines = [];
  let lineX = -Infinity;
  for (let step = first; step <= last; step += 1) {
    const { stage } = recording.stepRow(step);
    if (step > 0 && recording.stepRow(step - 1).stage === stage) continue;
    const x = xOfStep(axis, view, step) - view.pitch * 0.5;
    if (x - lineX < LEAST_BETWEEN_HAIRLINES) continue;
    lineX = x;
    lines.push({ x, stage, step, hasLabel: false });
  }
  lines.forEach((line, index) => {
    const end = lines[index + 1]?.x ?? Infinity;
    line.hasLabel = line.x + measure(line.stage) + 6 <= end;
  });
  return lines;
}

/** Squeezed gaps in view: [{x, width, ms}]. */
export function gapsOf({ recording, axis, view }) {
  const [first, last] = stepsInView(axis, view);
  const gaps = [];
  for (let step = first; step <= last; step += 1) {
    const ms = gapBefore(recording, step);
    if (ms) gaps.push({ x: xOfStep(axis, view, step) - (GAP_UNITS + 0.4) * view.pitch, width: (GAP_UNITS - 0.2) * view.pitch, ms });
  }
  return gaps;
}

/** 12000 → "12 s", 150000 → "2.5 min". */
export function durationText(ms, words) {
  const seconds = ms / 1000;
  if (seconds < 120) return `${Math.round(seconds)} ${words.seconds}`;
  if (seconds < 7200) return `${Math.round(seconds / 6) / 10} ${words.minutes}`;
  return `${Math.round(seconds / 360) / 10} ${words.hours}`;
}
