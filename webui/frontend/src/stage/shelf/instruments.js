/** Owns the instruments: a CronJob's dial, an autoscaler's meter, a budget's gate. */

import { say, t } from "../../i18n.js";
import { rect } from "../geometry.js";
import { widthOf } from "../pen.js";
import { drawRuns, widthOfRuns } from "./squares.js";

const METER_WIDTH = 104;
const MOST_SHARE = 2; // a meter ends at twice its target
const POST = 18;

// -- dial -------------------------------------------------------------------------------------------------------------------

const radiusOf = (height) => Math.min(18, height / 2 - 2);

export function widthOfDial(drawing, plan, height) {
  const words = drawing.is_suspended ? t("stage.suspended") : say(plan?.words);
  return 2 * radiusOf(height) + 8 + Math.max(widthOf(words, "small"), widthOf(t("stage.in_time", { time: "00 min" }), "small"));
}

/** The ring fills from the look at the schedule to the run: a pure function of simulated time. */
export function drawDial(pen, drawing, plan, box, atMs) {
  const radius = radiusOf(box.h);
  const [x, y] = [box.x + radius + 1, box.y + radius + 2];
  pen.circle(x, y, radius, { fill: "sheet", stroke: drawing.is_suspended ? "ink3" : "ink2", width: 1.2, dash: drawing.is_suspended ? [2, 2] : null });
  for (let hour = 0; hour < 12; hour += 1) tick(pen, x, y, radius, (hour / 12) * Math.PI * 2);
  const left = box.x + 2 * radius + 8;
  if (drawing.is_suspended) return void pen.text(t("stage.suspended"), left, y + 3.5, { font: "small", color: "ink2" });
  if (!plan) return;
  const share = Math.max(0, Math.min(1, (atMs - plan.since_ms) / Math.max(1, plan.next_ms - plan.since_ms)));
  const angle = share * Math.PI * 2 - Math.PI / 2;
  arc(pen, x, y, radius - 3.5, angle);
  pen.line([[x, y], [x + Math.cos(angle) * (radius - 2), y + Math.sin(angle) * (radius - 2)]], { stroke: "ink", width: 1.4 });
  pen.circle(x, y, 1.6, { fill: "ink" });
  const lines = [say(plan.words), t("stage.in_time", { time: timeText(plan.next_ms - atMs) })];
  lines.forEach((line, index) => pen.text(line, left, y - 2 + index * 12, { font: "small", color: index ? "ink2" : "ink" }));
}

function tick(pen, x, y, radius, angle) {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  pen.line([[x + dx * (radius - 2.2), y + dy * (radius - 2.2)], [x + dx * radius, y + dy * radius]], { stroke: "ink3", width: 1 });
}

function arc(pen, x, y, radius, angle) {
  const { context } = pen;
  context.beginPath();
  context.arc(x, y, Math.max(1, radius), -Math.PI / 2, angle);
  pen.paint(null, "wait", 2.4);
}

/** "34 s", "5 min", "3 h": whole units, rounded up, so that 0 means now. */
export function timeText(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 100) return `${seconds} ${t("unit.seconds")}`;
  if (seconds < 6000) return `${Math.ceil(seconds / 60)} ${t("unit.minutes")}`;
  return `${Math.ceil(seconds / 3600)} ${t("unit.hours")}`;
}

// -- meter --------------------------------------------------------------------------------------------------------------------

export const widthOfMeter = (drawing) => METER_WIDTH + 8 + Math.max(widthOf("100%", "small"), widthOf(shareText(drawing), "small"), widthOf(replicasText(drawing), "small"));

const shareText = ({ share }) => (share === null ? "?" : `${Math.round(share * 100)}%`);

const replicasText = ({ current, desired }) => (current === desired ? String(current) : `${current} → ${desired}`);

/** Above: the measured share of the target, which is the tick in the middle. Below: Pods, between the least and the most. */
export function drawMeter(pen, drawing, box) {
  const { share, least, most, current, desired } = drawing;
  const y = box.y + 3;
  pen.box(rect(box.x, y, METER_WIDTH, 7), { radius: 1, fill: "sunk", stroke: "rule2" });
  if (share !== null) pen.box(rect(box.x, y, (Math.min(share, MOST_SHARE) / MOST_SHARE) * METER_WIDTH, 7), { radius: 1, fill: share > 1 ? "wait" : "ok" });
  const middle = box.x + METER_WIDTH / MOST_SHARE;
  pen.line([[middle, y - 3], [middle, y + 10]], { stroke: "ink", width: 1.6 });
  pen.text(shareText(drawing), box.x + METER_WIDTH + 6, y + 7, { font: "small", color: "ink2" });
  drawScale(pen, { least, most, current, desired }, box.x, y + 19);
  pen.text(replicasText(drawing), box.x + METER_WIDTH + 6, y + 22.5, { font: "small", color: "ink" });
}

function drawScale(pen, { least, most, current, desired }, x, y) {
  const [from, to] = [x + 14, x + METER_WIDTH - 16];
  const at = (count) => from + (most > least ? Math.max(0, Math.min(1, (count - least) / (most - least))) : 0) * (to - from);
  pen.text(String(least), from - 8, y + 3.5, { font: "small", color: "ink3", align: "right" });
  pen.text(String(most), to + 8, y + 3.5, { font: "small", color: "ink3" });
  pen.line([[from, y], [to, y]], { stroke: "ink2", width: 1.1 });
  if (desired) pen.circle(at(desired), y, 4.6, { fill: "sheet", stroke: "ink", width: 1.3 });
  pen.circle(at(current), y, 2.6, { fill: "ok" });
}

// -- gate ---------------------------------------------------------------------------------------------------------------------

export function widthOfGate(drawing, eviction, height) {
  const gate = widthOfRuns(drawing.runs) + 10 + 2 * POST;
  const words = eviction ? widthOf(evictionText(eviction), "small") : 0;
  return isLow(height) ? gate + words : Math.max(gate, words);
}

/** Without room for words below the gate they stand beside it. */
const isLow = (height) => height < 34;

const evictionText = (eviction) => `…${eviction.name.slice(-5)}: ${say(eviction.words)}`;

/** The healthy Pods before a barrier: up while one may go, down while none may; below, who asked last. */
export function drawGate(pen, drawing, eviction, box, isHot) {
  const x = box.x + drawRuns(pen, drawing.runs, box.x, box.y + 8) + 10;
  const [left, right, base] = [x, x + POST, box.y + 18];
  const color = drawing.is_open ? "ok" : "bad";
  for (const post of [left, right]) pen.line([[post, base], [post, base - 11]], { stroke: "ink", width: 1.8 });
  const end = drawing.is_open ? [left + 10, base - 16] : [right, base - 8];
  pen.line([[left, base - 8], end], { stroke: color, width: 2.4 });
  if (!eviction) return;
  const [textX, textY] = isLow(box.h) ? [right + 8, base - 3] : [box.x, box.y + 32];
  pen.text(evictionText(eviction), textX, textY, { font: "small", color: isHot ? "now" : eviction.is_open ? "ink2" : "bad" });
}
