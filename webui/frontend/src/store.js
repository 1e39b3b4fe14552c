/**
 * Owns the page's state: the recording, where the viewer stands in it, and what the server says of the run.
 *
 * `tick` counts every change of the visible cells; whoever reads cells reads it first.
 */

import { batch, computed, signal } from "@preact/signals-core";
import { getHistory } from "./api.js";
import { Recording } from "./recording.js";
import { reducedMotion } from "./theme.js";

export const recording = new Recording();
export const tick = signal(0);
export const following = signal(true);
export const connection = signal("connecting");
export const offlineSince = signal(null);
export const ready = signal(false);
export const run = signal({ mode: "held", speed: 1, pacing: "paced", settled: true, next: null, totalSteps: 0, atMs: 0 });
export const sandbox = signal({ name: "", engine: "", profile: "", epoch_ms: 0 });
export const wall = { virtualMs: 0, rate: 0, receivedAt: 0 };
export const notice = signal(null);

/** The subject that the learner chose; null = the inspector follows the current step. */
export const selected = signal(null);
export const hovered = signal(null);
/** What the row of the notation speaks of that is pointed at, as it came from the server; null else. */
export const ringed = signal(null);
export const mainView = signal("stage");

/** What the cursor stands on: {step, row, rows, changes, isLive, atMs, seq}. */
export const moment = computed(() => {
  tick.value;
  const step = recording.stepAt(recording.position);
  const last = recording.position > 0 ? recording.rows[recording.position - 1] : null;
  return {
    step,
    row: recording.stepRow(step),
    rows: recording.rowsOfStep(step),
    changes: recording.changesOfStep(step),
    isLive: following.value || recording.position >= recording.length,
    atMs: last ? last.at_ms : recording.startMs,
    seq: last ? last.seq : 0,
  };
});

export const stepNumber = computed(() => moment.value.row?.step ?? 0);
export const canAct = computed(() => connection.value === "online" && run.value.mode !== "stopped");

const EMPTY = new Map();

/** One collection at the cursor, as a Map of id → value. Reads `tick`. */
export function cells(name) {
  tick.value;
  return recording.cells.get(name) ?? EMPTY;
}

export const cell = (name, id) => cells(name).get(id);

/** How the picture's clock runs from one moment to the next after a step; null at rest. */
let tween = null;
const STEP_TWEEN_MS = 320;

export function tweenFrom(fromMs, animated = true) {
  const wanted = animated && !reducedMotion.value && recording.position > 0;
  tween = wanted ? { fromMs, startedAt: performance.now() } : null;
}

/** How long the picture stands still for a step that does not come. */
const STILL_MS = 300;
let still = null;

/** A step is asked for: the picture waits for it where it is, so that the answer finds the page idle. */
export function awaitStep() {
  if (!tween || still) return;
  still = { since: performance.now(), timer: setTimeout(() => (goOn(), (tick.value += 1)), STILL_MS) };
}

function goOn() {
  clearTimeout(still?.timer);
  still = null;
}

export const tweenFloorMs = () => (tween ? tween.fromMs : Infinity);

/** Simulated time that the picture shows now; `isMoving` = ask again at the next frame; `part` = how much of the way into the step is behind. */
export function pictureTime(now = performance.now()) {
  const restMs = atRestMs(now);
  if (!tween) return { atMs: restMs, isMoving: isTicking(), part: 1 };
  const p = ((still?.since ?? now) - tween.startedAt) / Math.min(STEP_TWEEN_MS, STEP_TWEEN_MS / run.value.speed);
  if (p >= 1) {
    tween = null;
    return { atMs: restMs, isMoving: isTicking(), part: 1 };
  }
  return { atMs: tween.fromMs + (restMs - tween.fromMs) * Math.max(0, p), isMoving: !still, part: Math.max(0, p) };
}

export const isRunning = () => following.value && ["running", "settling"].includes(run.value.mode) && connection.value === "online";

/** The picture's clock runs by itself in clock play and while nothing is left to do; in paced play it moves from step to step. */
export const isTicking = () => isRunning() && wall.rate > 0;

/** Milliseconds since the sandbox's own beginning: what the clock shows. */
export const sinceBegin = (atMs) => atMs - (sandbox.value.begun_ms ?? 0);

function atRestMs(now) {
  if (!following.value) return moment.value.atMs;
  if (!isTicking()) return Math.max(run.value.atMs, moment.value.atMs);
  return wall.virtualMs + (now - wall.receivedAt) * wall.rate;
}

/** Messages from the server. */
export function receive(message) {
  if (message.type === "snapshot") batch(() => takeSnapshot(message));
  else if (message.type === "frame") batch(() => takeFrame(message));
  else if (message.type === "gone") batch(() => takeGone(message));
}

/** What the server says when there is no such sandbox: {en, zh}; null otherwise. */
export const gone = signal(null);

function takeGone(message) {
  gone.value = message.error ?? {};
  ready.value = true;
}

/** A frame that begins after the last row that is known: something in between was lost. */
export const isGap = (message) => message.type === "frame" && message.after_seq !== undefined && message.after_seq > recording.seq;

/** The cells before a snapshot's rows: its own, but for those that the rows assign. */
function cellsBefore({ cells: now, back }) {
  const before = { ...now };
  for (const name of new Set(back.map(([name]) => name))) before[name] = { ...now[name] };
  for (const [name, id, value] of back) {
    if (value === null) delete before[name][id];
    else before[name][id] = value;
  }
  return before;
}

function takeSnapshot(message) {
  gone.value = null;
  recording.restart(message);
  if (message.back && message.rows.length) recording.adoptHistory(cellsBefore(message), message.rows);
  sandbox.value = message.sandbox;
  takeRun(message);
  run.value = { ...run.value, totalSteps: message.total_steps ?? message.step ?? 0 };
  following.value = true;
  goOn();
  tween = null;
  tick.value += 1;
  ready.value = true;
  loadEarlier();
}

function takeFrame(message) {
  const before = pictureTime().atMs;
  goOn();
  const added = recording.append(message.rows ?? []);
  takeRun(message);
  if (added) {
    const last = recording.stepRow(recording.steps.length - 1);
    if (last) run.value = { ...run.value, totalSteps: last.step };
  }
  if (following.value) {
    recording.seek(recording.length);
    recording.trim();
    if (added && !isTicking()) tweenFrom(before, added < 60);
  }
  tick.value += 1;
}

function takeRun(message) {
  const { mode, speed, pacing, settled, at_ms: atMs, next = null } = message;
  run.value = { ...run.value, mode, speed, pacing, settled, next, atMs, error: message.error ?? null };
  Object.assign(wall, {
    virtualMs: message.wall?.virtual_ms ?? atMs,
    rate: message.wall?.rate ?? 0,
    receivedAt: performance.now(),
  });
}

/** Stands at a position; at the end of what is known, the cursor follows the run again. */
export function goTo(position, { animated = false } = {}) {
  const before = pictureTime().atMs;
  goOn();
  batch(() => {
    recording.seek(position);
    following.value = recording.position >= recording.length;
    tick.value += 1;
  });
  tweenFrom(before, animated);
  if (recording.position < recording.floor + 200) loadEarlier();
}

export const goToStep = (step, options) => goTo(recording.endOfStep(step), options);
export const goLive = () => goTo(recording.length);

let loading = null;
const isComplete = () => recording.floor === 0 && (recording.rows[0]?.step ?? 1) <= 1;

/** Fetches the rows (and the state before them) that lie before what is known; once at a time. */
export function loadEarlier() {
  if (loading || !recording.length || isComplete()) return loading ?? Promise.resolve();
  const before = recording.floor > 0 ? recording.seq + 1 : recording.rows[0].seq;
  loading = getHistory(before)
    .then(({ cells: earlier, rows }) => {
      recording.adoptHistory(earlier, rows);
      if (following.value) recording.seek(recording.length);
      tick.value += 1;
    })
    .catch(() => {})
    .finally(() => (loading = null));
  return loading;
}

/** A part of the page, which comes later, was not there: the server has another front end by now, or is gone. */
export const isPartMissing = signal(false);

/** Loads such a part; where it is not there the page says so, and what waits for it waits. */
export const loadPart = (load) => load().catch(() => {
  isPartMissing.value = true;
  return new Promise(() => {});
});

let noticeTimer = 0;

/** A short message in the deck, for a few seconds. */
export function tell(text, tone = "plain") {
  notice.value = { text, tone };
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (notice.value = null), 6000);
}
