/** Owns the time controls: what a press does at the live edge (ask the server) and behind it (move the cursor). */

import { signal } from "@preact/signals-core";
import { fill, say, t } from "./i18n.js";
import { awaitStep, canAct, following, goLive, goTo, goToStep, isRunning, moment, recording, run, tell } from "./store.js";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
const REPEAT_MS = 1000 / 12;
const PACED_STEP_MS = 420;

/** Plays what is recorded, locally, until the live edge. */
export const replaying = signal(false);
let replayTimer = 0;

let net = null;
export const useNet = (connection) => (net = connection);

/** Sends a message and tells the learner when it was refused; returns whether it was taken. */
export async function send(message) {
  const reply = await net.ask(message);
  if (!reply.ok) tell(reply.error ? say(reply.error) : t("deck.not_sent"), "bad");
  else if (message.type === "kubectl" || message.type === "fault") run.value = { ...run.value, settled: false };
  return reply.ok;
}

export const control = (action, value) => send({ type: "control", action, ...(value === undefined ? {} : { value }) });

const atEdge = () => moment.value.isLive;

/** A press that waits for its painted frame. */
function markPress() {
  performance.clearMarks("podlife:press");
  performance.mark("podlife:press");
}

let lastRepeatAt = 0;
let stepUnderWay = false;

/** One step on. `repeated` = the key is held down: at most twelve a second, without animation. */
export async function step({ repeated = false } = {}) {
  if (repeated && !mayRepeat()) return;
  if (replaying.value) return stopReplay();
  if (isRunning()) return control("hold");
  markPress();
  if (!atEdge()) return goToStep(moment.value.step + 1, { animated: !repeated });
  if (stepUnderWay || !canAct.value) return;
  stepUnderWay = true;
  awaitStep();
  await control("step", 1);
  stepUnderWay = false;
}

export function back({ repeated = false } = {}) {
  if (repeated && !mayRepeat()) return;
  pauseFirst();
  goToStep(moment.value.step - 1, { animated: !repeated });
}

function mayRepeat() {
  const now = performance.now();
  if (now - lastRepeatAt < REPEAT_MS) return false;
  lastRepeatAt = now;
  return true;
}

function pauseFirst() {
  stopReplay();
  if (isRunning()) control("hold");
}

export function first() {
  pauseFirst();
  goToStep(-1);
}

export function live() {
  stopReplay();
  if (!following.value) return goLive();
  return control("settle");
}

export function stageBack() {
  pauseFirst();
  const target = recording.stageStart(moment.value.step, -1);
  goToStep(target ?? -1);
}

export function stageNext() {
  stopReplay();
  const target = recording.stageStart(moment.value.step, 1);
  if (target !== null && !atEdge()) return goToStep(target);
  if (!atEdge()) return goLive();
  return control("stage");
}

export function togglePlay() {
  if (replaying.value) return stopReplay();
  if (isRunning()) return control("hold");
  if (!atEdge()) return startReplay();
  return control("run");
}

function startReplay() {
  replaying.value = true;
  const next = () => {
    goToStep(moment.value.step + 1, { animated: run.value.speed <= 2 });
    if (atEdge()) return stopReplay();
    replayTimer = setTimeout(next, Math.max(30, PACED_STEP_MS / run.value.speed));
  };
  next();
}

export function stopReplay() {
  clearTimeout(replayTimer);
  replaying.value = false;
}

export function scrubTo(position) {
  pauseFirst();
  goTo(position);
}

export function setSpeed(speed) {
  const nearest = SPEEDS.reduce((best, one) => (Math.abs(Math.log(one / speed)) < Math.abs(Math.log(best / speed)) ? one : best));
  run.value = { ...run.value, speed: nearest };
  control("speed", nearest);
}

export function changeSpeed(direction) {
  const index = SPEEDS.indexOf(run.value.speed);
  const next = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (index < 0 ? 2 : index) + direction))];
  if (next !== run.value.speed) setSpeed(next);
}

export const togglePacing = () => control("pacing", run.value.pacing === "paced" ? "clock" : "paced");
export const reset = () => control("reset");

/** "0.25" → "¼×", "4" → "4×". */
export function speedText(speed) {
  return fill("{n}×", { n: { 0.25: "¼", 0.5: "½" }[speed] ?? speed });
}

/** 14640 → "00:00:14.640". */
export function clockText(ms) {
  const whole = Math.max(0, Math.floor(ms));
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const clock = [whole / 3600000, (whole / 60000) % 60, (whole / 1000) % 60].map(two).join(":");
  return `${clock}.${String(whole % 1000).padStart(3, "0")}`;
}
