/** Owns the drawing of the learner's machine and the control plane: boxes, gates, controllers, etcd. */

import { say, t } from "../i18n.js";
import { sinceBegin } from "../store.js";
import { clockText } from "../transport.js";
import { drawCross, drawGlyph, drawTick } from "./glyphs.js";
import { rect } from "./geometry.js";
import { clip, shorten, widthOf } from "./pen.js";

const WATCH_DASH = [7, 2.5, 1.5, 2.5];
const RECENT_STEPS = 5;
export const SQUEEZE = 0.84; // as narrow as a text is drawn before it is cut
const COMPARISON_STEPS = 12;
const LEAST_NAME = 44; // of a key's name beside its resource

/** view: {plan, cell(collection, id), cells(collection), hot, moment, seqStepsAgo(count)} */
export function drawPlane(pen, view) {
  for (const frame of view.plan.frames) drawFrame(pen, frame);
  drawWires(pen, view);
  drawMachine(pen, view);
  drawManager(pen, view);
  drawScheduler(pen, view);
  drawEtcd(pen, view);
  drawHub(pen, view);
  if (view.plan.network) drawNetwork(pen, view);
}

function drawFrame(pen, frame) {
  pen.box(frame, { radius: 6, stroke: "rule2" });
  pen.text(t(frame.label), frame.x + 11, frame.y + 16, { font: "frame", color: "ink3" });
}

function drawWires(pen, { plan, hot }) {
  const stubs = plan.variant === "wide" ? (plan.network?.names ?? []) : [];
  for (const [id, points] of plan.lines) {
    if (stubs.includes(id)) pen.line(points.slice(0, 3)); // from there on it is the first node's line
    else if (stubs.includes(id.split("/")[0])) drawWatch(pen, points.slice(-3), false);
    else if (id === "etcd") drawEtcdLine(pen, points, "wire", 1.1);
    else if (id === "kubeconfig") pen.line(points);
    else if (id.endsWith("/watch")) drawWatch(pen, points, plan.variant === "phone");
    else drawRequestLine(pen, points, id);
  }
  if (plan.variant !== "wide") return;
  const manager = plan.lines.get("kube-controller-manager");
  const [x, y] = [manager[0][0], (manager[0][1] + manager[1][1]) / 2 + 3.5];
  if (manager[1][1] - manager[0][1] < 28) return;
  const isInUse = [...hot].some((id) => id === "kube-controller-manager" || id.startsWith("controller/")); // a message's own label stands there
  pen.text(t("stage.requests"), x - 7, y, { font: "small", color: "ink3", align: "right" });
  if (!isInUse) pen.text(t("stage.watch"), x + 19, y, { font: "small", color: "ink3" });
  const config = plan.lines.get("kubeconfig");
  pen.text(t("stage.reads"), config[0][0] + 6, (config[0][1] + config[1][1]) / 2 + 3.5, { font: "small", color: "ink3" });
}

function drawRequestLine(pen, points, id) {
  pen.line(points);
  if (id.startsWith("kubelet/")) return;
  const [a, b] = points.slice(-2);
  pen.arrowHead(b, Math.atan2(b[1] - a[1], b[0] - a[0]));
}

function drawWatch(pen, points, isMerged) {
  pen.line(points, { width: 1, dash: WATCH_DASH });
  const [x, y] = points.at(-1);
  if (!isMerged) pen.circle(x, y, 3, { fill: "sheet", stroke: "wire", width: 1.1 });
}

export function drawEtcdLine(pen, points, stroke, width) {
  for (const dx of [-3, 3]) pen.line(points.map(([x, y]) => [x + dx, y]), { stroke, width });
}

/** A component's box; off = dashed, hot = blue. */
function component(pen, view, id, { radius = 4 } = {}) {
  const box = view.plan.boxes.get(id);
  const isOff = view.cell("components", id)?.off;
  const hot = view.hot.has(id);
  pen.box(box, { radius, fill: "sheet", stroke: hot ? "now" : "ink", width: hot ? 2 : 1.1, dash: isOff ? [3, 3] : null });
  return box;
}

/** "off since 00:12": what is written on a component that is switched off. */
export const offWord = (value) => (typeof value?.since_ms === "number" ? t("stage.off_since", { at: clockText(sinceBegin(value.since_ms)).slice(3, 8) }) : t("stage.off"));

function lines(view, id) {
  const value = view.cell("components", id);
  if (value?.off) return [offWord(value)];
  return (value?.lines ?? []).map(say);
}

function drawMachine(pen, view) {
  const { plan } = view;
  if (plan.boxes.has("kubeconfig")) drawKubeconfig(pen, view);
  const box = component(pen, view, "kubectl");
  pen.text(view.cell("components", "kubectl")?.who ?? "kubectl", box.x + 9, box.y + 16, { font: "title", room: box.w - 14 });
  const hot = view.hot.has("kubectl");
  const said = lines(view, "kubectl");
  const shown = said.length ? said : [t("stage.idle")];
  shown.slice(0, plan.variant === "phone" ? 1 : 2).forEach((line, index) =>
    pen.text(line, box.x + 9, box.y + 31 + index * 13, { font: plan.variant === "phone" ? "small" : "monoSmall", color: hot && index === 0 ? "now" : "ink2", room: box.w - 14 }),
  );
}

function drawKubeconfig(pen, view) {
  const box = component(pen, view, "kubeconfig");
  pen.text("kubeconfig", box.x + 9, box.y + 16, { font: "title" });
  const value = view.cell("components", "kubeconfig") ?? {};
  kubeconfigRows(value).forEach(([label, text], index) => {
    const y = box.y + 30 + index * 13;
    const width = label ? pen.text(label, box.x + 9, y, { font: "label", color: "ink2" }) + 8 : 0;
    const place = label ? { at: box.x + box.w - 9, align: "right" } : { at: box.x + 9, align: "left" };
    pen.text(text, place.at, y, { font: "monoSmall", color: "ink2", align: place.align, room: box.w - 16 - width, squeeze: SQUEEZE });
  });
}

const SHORT_VALUE = 11;

/** Where the box is too narrow for labels, user and cluster stand whole on two lines; a context that is named user@cluster says no more. */
function kubeconfigRows(value) {
  const { context = "", cluster = "", user = "" } = value;
  const isLong = [context, cluster, user].some((text) => (text ?? "").length > SHORT_VALUE);
  if (isLong) return [[t("stage.context"), context === `${user}@${cluster}` ? "" : context], ["", user], ["", `@${cluster}`]];
  return ["context", "cluster", "user"].map((name) => [t(`stage.${name}`), value[name] ?? ""]);
}

function drawManager(pen, view) {
  const { plan } = view;
  const box = component(pen, view, "kube-controller-manager");
  const isPhone = plan.variant === "phone";
  pen.text(isPhone ? t("stage.controllers_short") : "kube-controller-manager", box.x + 9, box.y + 16, { font: "title", room: box.w - 14 });
  const value = view.cell("components", "kube-controller-manager");
  const word = value?.off ? offWord(value) : value?.lease?.state === "waits" ? t("stage.waits_lease") : "";
  pen.text(word, box.x + box.w - 9, box.y + (isPhone ? 44 : 16), { font: "label", color: value?.off ? "bad" : "wait", align: "right" });
  if (isPhone) return word || drawManagerWords(pen, view, box);
  for (const chip of plan.chips) drawController(pen, view, chip);
  drawLatestComparison(pen, view, box);
  if (plan.more) pen.text(`+${plan.more.count}`, plan.more.x + 8, plan.more.y + plan.more.h / 2 + 3.6, { font: "chip", color: "ink2" });
}

/** "replicaset web-9b6c4: wanted 4, found 3 → create 1": what a controller compared last, as long as it is fresh. */
function drawLatestComparison(pen, view, box) {
  const since = view.seqStepsAgo(COMPARISON_STEPS);
  const latest = [...view.cells("controllers").values()].filter(({ last, worked_seq: seq }) => isCount(last?.wanted) && seq >= since).sort((a, b) => b.worked_seq - a.worked_seq)[0];
  if (!latest) return;
  const before = view.moment.changes.get(`controllers/${latest.name}`);
  const isNow = Boolean(before) && JSON.stringify(before.last) !== JSON.stringify(latest.last);
  const said = (words) => (isNow ? words : t("stage.compared_last", { text: words }));
  // Whole if there is room for it, else with less of the object's name: what came of it stands at the end.
  const wordings = [74, 50].map((room) => said(comparisonText(latest, room)));
  const text = wordings.find((each) => widthOf(each, "small") <= (box.w - 16) / SQUEEZE) ?? wordings.at(-1);
  pen.text(text, box.x + 9, box.y + box.h - 6, { font: "small", color: isNow ? "now" : "ink2", room: box.w - 16, squeeze: SQUEEZE });
}

export function comparisonText({ name, last }, room = 74) {
  const { wanted, found, so, subject } = last;
  return t("stage.compared", { controller: shortController(name), name: shorten(subject.split("/").at(-1), "small", room), wanted, found, so: say(so) });
}

function drawManagerWords(pen, view, box) {
  const working = [...view.cells("controllers")].filter(([, one]) => one.worked_seq).sort(([, a], [, b]) => b.worked_seq - a.worked_seq)[0];
  if (!working) return;
  const [name, value] = working;
  const hot = view.hot.has(`controller/${name}`) || view.hot.has("kube-controller-manager");
  pen.text(shortController(name), box.x + 9, box.y + 31, { font: "narrow", color: hot ? "now" : "ink2", room: box.w - 14 });
  if (isCount(value.last?.wanted)) pen.text(`${value.last.wanted} / ${value.last.found}`, box.x + 9, box.y + 44, { font: "narrow", color: "ink2", room: box.w - 14 });
}

const isCount = (value) => typeof value === "number";

export const shortController = (name) => name.replace(/-controller$/, "").replace(/-collector-?$/, "-collector");

function drawController(pen, view, chip) {
  const value = view.cell("controllers", chip.name) ?? {};
  const hot = view.hot.has(`controller/${chip.name}`);
  const isRecent = Boolean(value.worked_seq) && value.worked_seq >= view.seqStepsAgo(RECENT_STEPS);
  const stroke = hot ? "now" : isRecent ? "ink" : "rule2";
  const isOff = value.off || view.cell("components", "kube-controller-manager")?.off;
  if (isOff) return drawOffChip(pen, chip);
  pen.box(chip, { radius: 2.5, fill: hot ? "nowWash" : "paper", stroke, width: hot ? 1.8 : isRecent ? 1.3 : 1 });
  drawChipName(pen, chip, { isBold: hot, color: hot ? "now" : "ink" });
  if (value.queue) drawQueueBadge(pen, chip, value.queue);
}

/** Smaller where it would not fit; returns its width. */
function drawChipName(pen, chip, { isBold = false, color }) {
  const [text, room] = [shortController(chip.name), chip.w - 8];
  const font = `${widthOf(text, isBold ? "chipBold" : "chip") > room ? "chipSmall" : "chip"}${isBold ? "Bold" : ""}`;
  return pen.text(text, chip.x + 5.5, chip.y + chip.h / 2 + 3.6, { font, color, room, squeeze: SQUEEZE });
}

function drawOffChip(pen, chip) {
  pen.box(chip, { radius: 2.5, fill: "paper", stroke: "ink2", dash: [3, 3] });
  const [x, y] = [chip.x + 5.5, chip.y + chip.h / 2];
  const width = drawChipName(pen, chip, { color: "ink3" });
  pen.line([[x - 1, y], [x + width + 1, y]], { stroke: "ink3", width: 1 });
}

function drawQueueBadge(pen, chip, count) {
  const [x, y] = [chip.x + chip.w - 2, chip.y + 1];
  pen.circle(x, y, 6.5, { fill: "ink", stroke: "sheet", width: 1.5 });
  pen.text(count > 99 ? "…" : String(count), x, y + 3.4, { font: "number", color: "paper", align: "center" });
}

function drawScheduler(pen, view) {
  const isPhone = view.plan.variant === "phone";
  const box = component(pen, view, "kube-scheduler");
  pen.title(isPhone ? t("stage.scheduler_short") : "kube-scheduler", box.x + 9, box.y + 16, box.w - 14);
  const queue = view.cell("scheduling", "queue") ?? [];
  const value = view.cell("components", "kube-scheduler");
  const word = value?.off ? offWord(value) : value?.lease?.state === "waits" ? t("stage.waits_lease") : "";
  if (word) return pen.text(word, box.x + 9, box.y + (isPhone ? 32 : 36), { font: isPhone ? "narrow" : "label", color: value.off ? "bad" : "wait", room: box.w - 14 });
  if (!queue.length) return pen.text(t("stage.queue_empty"), box.x + 9, box.y + (isPhone ? 32 : 36), { font: isPhone ? "narrow" : "label", color: "ink2", room: box.w - 14 });
  if (isPhone) return pen.text(t("stage.queue_n", { n: queue.length }), box.x + 9, box.y + 32, { font: "narrow", color: "ink2", room: box.w - 14 });
  drawQueue(pen, view, box, queue);
}

function drawQueue(pen, view, box, queue) {
  const room = Math.max(1, Math.floor((box.h - 32) / 26));
  const shown = queue.length > room ? queue.slice(0, room - 1) : queue;
  shown.forEach((item, index) => {
    const row = rect(box.x + 8, box.y + 25 + index * 26, box.w - 16, 22);
    const hot = index === 0 && view.hot.has("kube-scheduler") && item.word;
    pen.box(row, { radius: 11, fill: hot ? "nowWash" : "paper", stroke: hot ? "now" : "rule2", width: hot ? 1.8 : 1 });
    drawGlyph(pen, "pending", "wait", row.x + 11, row.y + 11, 3.5);
    const word = say(item.words ?? item.word);
    const name = item.name.length > 10 ? `…-${item.name.slice(-5)}` : item.name;
    const nameWidth = pen.text(name, row.x + 19, row.y + 14.5, { font: "monoSmall", color: hot ? "now" : "ink", room: row.w - 26, isName: true });
    const left = row.w - 19 - nameWidth - 14;
    if (left > 24) pen.text(word, row.x + row.w - 8, row.y + 14.5, { font: "small", color: hot ? "now" : "ink2", align: "right", room: left });
  });
  const rest = queue.length - shown.length;
  if (rest > 0) pen.text(t("stage.more", { n: rest }), box.x + 11, box.y + 25 + shown.length * 26 + 13, { font: "small", color: "ink3" });
}

/** "kubern… → 1": the name gives way, what was found out stays. */
function keepEnd(text, room) {
  const cut = text.indexOf(" ");
  if (cut < 1 || widthOf(text, "narrow") <= room) return clip(text, "narrow", room);
  const end = text.slice(cut);
  return clip(text.slice(0, cut), "narrow", room - widthOf(end, "narrow")) + clip(end, "narrow", room);
}

const NETWORK_TITLES = { coredns: "CoreDNS" };

/** What joins Services to Pods: it runs on the nodes, and is told of by the hub as everything else. */
function drawNetwork(pen, view) {
  const { network, variant } = view.plan;
  if (variant === "wide") pen.box(network, { radius: 4, fill: "paper", stroke: "rule2" });
  for (const id of network.names) {
    const box = component(pen, view, id);
    const value = view.cell("components", id);
    const isHot = view.hot.has(id);
    const [x, room] = [box.x + 6, box.w - 9];
    const isLow = box.h < 28;
    const width = pen.text(NETWORK_TITLES[id] ?? id, x, box.y + (isLow ? box.h / 2 + 3.6 : 13), { font: "chipBold", color: isHot ? "now" : value?.off ? "bad" : "ink", room });
    const said = lines(view, id)[0] ?? t("stage.idle");
    const word = value?.off && widthOf(said, "narrow") > room ? t("stage.off") : said;
    const look = { font: "narrow", color: isHot ? "now" : value?.off ? "bad" : "ink2" };
    if (!isLow) pen.text(keepEnd(word, room), x, box.y + 26, look);
    else if (room - width > 40) pen.text(word, x + width + 8, box.y + box.h / 2 + 3.6, { ...look, room: room - width - 8 });
  }
}

function drawEtcd(pen, view) {
  const box = view.plan.boxes.get("etcd");
  const value = view.cell("components", "etcd") ?? {};
  const hot = view.hot.has("etcd");
  drawDrum(pen, box, { stroke: hot ? "now" : "ink", width: hot ? 2 : 1.1, dash: value.off ? [3, 3] : null });
  if (view.plan.variant === "phone") {
    pen.text("etcd", box.x + box.w / 2, box.y + 28, { font: "title", align: "center" });
    const word = value.off ? t("stage.off") : t("stage.revision", { n: value.revision ?? 0 });
    return pen.text(word, box.x + box.w / 2, box.y + 42, { font: "monoSmall", color: value.off ? "bad" : "ink2", align: "center" });
  }
  pen.text("etcd", box.x + 9, box.y + 30, { font: "title" });
  pen.text(t("stage.revision", { n: value.revision ?? 0 }), box.x + box.w - 9, box.y + 30, { font: "mono", align: "right" });
  if (value.off) return pen.text(offWord(value), box.x + 9, box.y + 50, { font: "label", color: "bad" });
  drawKeys(pen, view, box, value, hot);
}

function drawDrum(pen, box, line) {
  const { context } = pen;
  const [cx, rx, ry] = [box.x + box.w / 2, box.w / 2, 8];
  context.beginPath();
  context.moveTo(box.x, box.y + ry);
  context.lineTo(box.x, box.y + box.h - ry);
  context.ellipse(cx, box.y + box.h - ry, rx, ry, 0, Math.PI, 0, true);
  context.lineTo(box.x + box.w, box.y + ry);
  pen.paint("sheet", line.stroke, line.width, line.dash);
  context.beginPath();
  context.ellipse(cx, box.y + ry, rx, ry, 0, 0, Math.PI * 2);
  pen.paint("sheet", line.stroke, line.width, line.dash);
}

function drawKeys(pen, view, box, value, hot) {
  const written = view.moment.row?.revision;
  const room = Math.max(1, Math.floor((box.h - 44) / 16));
  const rows = (value.rows ?? []).slice(0, room);
  rows.forEach((row, index) => {
    const y = box.y + 48 + index * 16;
    const isNow = hot && (row.pending || (index === 0 && row.revision === written));
    if (isNow) pen.box(rect(box.x + 4, y - 11, box.w - 8, 15), { radius: 2, fill: row.pending ? null : "nowWash", stroke: row.pending ? "now" : null, dash: row.pending ? [3, 2] : null, width: 1.2 });
    const width = pen.text(String(row.revision), box.x + 8, y, { font: "monoSmall", color: isNow ? "now" : "ink2" });
    const key = keyText(row, box.w - width - 22);
    pen.text(key, box.x + 14 + width, y, { font: "small", color: isNow ? "now" : "ink2" });
  });
  if (value.others && rows.length < room) {
    pen.text(t("stage.others", { n: value.others }), box.x + 8, box.y + 48 + rows.length * 16, { font: "small", color: "ink3" });
  }
}

/** "pods/default/nginx-test-…-x7k2p": the resource stays whole, the name keeps its end. */
function keyText(row, room) {
  const path = row.subject ?? (row.key ?? "").replace(/^\/registry\//, "");
  const parts = path.split("/").filter(Boolean);
  const [resource, name] = [parts[0], parts.at(-1)];
  if (parts.length < 2) return shorten(path, "small", room);
  const full = `${resource}/${name}`;
  if (widthOf(full, "small") <= room) return full;
  const head = `${resource}/`;
  const left = room - widthOf(head, "small");
  return left > LEAST_NAME ? head + shorten(name, "small", left) : shorten(full, "small", room);
}

function drawHub(pen, view) {
  const { plan } = view;
  const hub = plan.boxes.get("kube-apiserver");
  const value = view.cell("components", "kube-apiserver") ?? {};
  pen.box(hub, { radius: 5, fill: "sheet", stroke: "ink", width: 1.6, dash: value.off ? [3, 3] : null });
  const width = pen.text("kube-apiserver", hub.x + 9, hub.y + 14, { font: "title" });
  const cache = value.off ? offWord(value) : t("stage.watch_cache", { n: value.cache_revision ?? 0 });
  pen.text(cache, hub.x + hub.w - 9, hub.y + 14, { font: value.off ? "label" : "small", color: value.off ? "bad" : "ink3", align: "right" });
  const room = hub.w - width - 46 - widthOf(cache, "small");
  if (value.request && room > 40) pen.text(say(value.request), hub.x + width + 21, hub.y + 14, { font: "monoNow", color: isRequestNow(view) ? "now" : "ink2", room });
  for (const gate of plan.gates) drawGate(pen, view, gate);
}

const isRequestNow = (view) => [...view.cells("gates").values()].some((gate) => gate.state === "now" || gate.state === "refused");

function gatePath({ context }, gate) {
  const { x, y, w, h, tip } = gate;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + w, y);
  context.lineTo(x + w + tip, y + h / 2);
  context.lineTo(x + w, y + h);
  context.lineTo(x, y + h);
  if (!gate.isFirst) context.lineTo(x + tip, y + h / 2);
  context.closePath();
}

const GATE_LOOKS = {
  idle: { fill: "sunk", stroke: "rule2" },
  passed: { fill: "sheet", stroke: "ink2" },
  changed: { fill: "nowWash", stroke: "ink2" },
  now: { fill: "nowWash", stroke: "now", width: 1.8 },
  refused: { fill: "badWash", stroke: "bad", width: 1.8 },
  skipped: { fill: "sunk", stroke: "rule2", dash: [3, 3] },
};

function drawGate(pen, view, gate) {
  const value = (view.moment.step >= 0 && view.cell("gates", gate.name)) || { state: "idle" };
  const look = GATE_LOOKS[value.state] ?? GATE_LOOKS.idle;
  gatePath(pen, gate);
  pen.paint(look.fill, look.stroke, look.width, look.dash);
  const isPhone = view.plan.variant === "phone";
  const left = gate.x + (gate.isFirst ? 9 : 15);
  const long = t(`gate.${gate.name}`);
  const label = isPhone || widthOf(long, "gateBold") > gate.x + gate.w - left ? t(`gate.${gate.name}_short`) : long;
  const color = value.state === "now" ? "now" : value.state === "refused" ? "bad" : "ink";
  const middleY = gate.y + gate.h / 2;
  if (isPhone) return pen.text(label, gate.x + gate.w / 2 + 4, middleY + 3.6, { font: "narrow", color, align: "center", room: gate.w - 8 });
  const note = say(value.note);
  const font = ["now", "refused", "changed", "passed"].includes(value.state) ? "gateBold" : "gate";
  pen.text(label, left, note ? middleY - 4 : middleY + 4, { font, color, room: gate.x + gate.w - left });
  if (!note) return;
  const sign = { passed: 9, changed: 9, refused: 9 }[value.state] ?? 0;
  if (value.state === "refused") drawCross(pen, left + 3, middleY + 8, "bad", 2.6);
  else if (sign) drawTick(pen, left + 3, middleY + 8, "ok", 2.6);
  pen.text(note, left + sign, middleY + 12, { font: value.state === "now" ? "narrowBold" : "narrow", color: color === "ink" ? "ink2" : color, room: gate.x + gate.w - left - sign });
}
