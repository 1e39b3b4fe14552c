/** Owns the timeline on the page: lanes, markers, stages, playhead; drag and keys scrub it. */

import { effect, untracked } from "@preact/signals-core";
import { language, say, t } from "../i18n.js";
import { plain } from "../mount.js";
import { Pen, widthOf } from "../stage/pen.js";
import { naturally } from "../stage/scene.js";
import { goToStep, moment, recording, tick } from "../store.js";
import { isOneLane, palette } from "../theme.js";
import { first as goFirst, live, scrubTo, stageBack, stageNext } from "../transport.js";
import { Axis, durationText, gapsOf, hairlinesOf, markersOf, stepAtX, windowOf, xOfStep } from "./timeline-model.js";

const FIXED_LANES = ["you", "kube-apiserver", "etcd", "controllers", "kube-scheduler"];
const MOST_NODE_LANES = 4;
const NAMES = 112;
const HEAD = 14;

export class Timeline {
  constructor(host) {
    this.host = host;
    this.canvas = host.querySelector("canvas");
    this.slider = host.querySelector('[role="slider"]');
    this.preview = host.querySelector(".preview");
    this.axis = new Axis();
    this.pinned = null;
    new ResizeObserver(() => this.resize()).observe(host);
    effect(() => {
      tick.value;
      moment.value;
      palette.value;
      language.value;
      isOneLane.value;
      untracked(() => this.refresh());
    });
    document.fonts?.ready.then(() => this.refresh());
    host.addEventListener("pointerdown", (event) => this.onPointerDown(event));
    host.addEventListener("pointermove", (event) => this.onHover(event));
    host.addEventListener("pointerleave", () => (this.preview.hidden = true));
    host.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.slider.addEventListener("keydown", (event) => this.onKey(event));
  }

  nodes() {
    return [...(recording.cells.get("nodes")?.keys() ?? [])].sort(naturally);
  }

  /** Lanes, from top to bottom; on a phone one for all, with many nodes one for all of them. */
  lanes() {
    if (isOneLane.value) return ["all"];
    const nodes = this.nodes();
    return [...FIXED_LANES, ...(nodes.length > MOST_NODE_LANES ? ["nodes"] : nodes)];
  }

  resize() {
    const { width } = this.host.getBoundingClientRect();
    if (!width) return;
    this.width = width;
    this.refresh();
  }

  refresh() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  draw() {
    if (!this.width || !palette.value.ink) return;
    const lanes = this.lanes();
    const pitch = lanes.length > 8 ? 12 : 13.5;
    this.geometry = { left: isOneLane.value ? 6 : NAMES, pitch, height: isOneLane.value ? 40 : HEAD + pitch * lanes.length + 18 };
    this.sizeCanvas();
    this.axis.update(recording);
    const current = moment.value.step;
    this.view = windowOf({ axis: this.axis, width: this.width - this.geometry.left - 8, step: current, pinned: this.pinned });
    if (this.pinned !== null) this.pinned = this.view.startUnit;
    const ratio = devicePixelRatio || 1;
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.geometry.height);
    const pen = new Pen(context, palette.value);
    this.drawLanes(pen, lanes);
    context.save();
    context.translate(this.geometry.left, 0);
    this.drawStages(pen, lanes);
    this.drawGaps(pen, lanes);
    this.drawMarkers(pen, lanes, current);
    this.drawWhole(pen, lanes, current);
    this.drawHead(pen, lanes, current);
    context.restore();
    this.describe(current);
  }

  sizeCanvas() {
    const ratio = devicePixelRatio || 1;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.geometry.height * ratio)];
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.host.style.height = `${this.geometry.height}px`;
  }

  laneY(index) {
    return isOneLane.value ? 25 : HEAD + this.geometry.pitch * (index + 0.7);
  }

  drawLanes(pen, lanes) {
    lanes.forEach((lane, index) => {
      const y = this.laneY(index);
      pen.line([[this.geometry.left, y], [this.width - 4, y]], { stroke: "rule", width: 1 });
      if (isOneLane.value) return;
      const name = { you: t("lane.you"), controllers: t("lane.controllers"), nodes: t("lane.nodes") }[lane] ?? lane;
      pen.text(name, NAMES - 10, y + 3.6, { font: "small", color: "ink3", align: "right", room: NAMES - 14, isName: true });
    });
  }

  bottom(lanes) {
    return isOneLane.value ? 36 : HEAD + this.geometry.pitch * lanes.length + 2;
  }

  drawStages(pen, lanes) {
    const measure = (stage) => widthOf(t(`stage_name.${stage}`), "small");
    for (const line of hairlinesOf({ recording, axis: this.axis, view: this.view, measure })) {
      pen.line([[line.x, 2], [line.x, this.bottom(lanes)]], { stroke: "rule2", width: 1 });
      if (line.hasLabel) pen.text(t(`stage_name.${line.stage}`), line.x + 4, 10, { font: "small", color: "ink3" });
    }
  }

  drawGaps(pen, lanes) {
    const words = { seconds: t("unit.seconds"), minutes: t("unit.minutes"), hours: t("unit.hours") };
    const y = this.laneY(isOneLane.value ? 0 : 3);
    for (const gap of gapsOf({ recording, axis: this.axis, view: this.view })) {
      for (const x of [gap.x, gap.x + gap.width]) pen.line([[x, HEAD], [x, this.bottom(lanes)]], { stroke: "rule2", width: 1, dash: [2, 2] });
      if (isOneLane.value) continue;
      const text = durationText(gap.ms, words);
      const width = widthOf(text, "small") + 14;
      if (gap.width < width - 4) continue;
      const left = gap.x + (gap.width - width) / 2;
      pen.box({ x: gap.x + 1, y: y - 7, w: gap.width - 2, h: 14 }, { radius: 0, fill: "sheet" });
      for (const dx of [0, 5]) pen.triangle(left + dx, y, 5, "ink3");
      pen.text(text, left + 14, y + 3.6, { font: "small", color: "ink3" });
    }
  }

  drawMarkers(pen, lanes, current) {
    const nodes = this.nodes();
    const known = isOneLane.value ? ["all"] : lanes;
    for (const marker of markersOf({ recording, axis: this.axis, view: this.view, lanes: known, nodes: lanes.includes("nodes") || isOneLane.value ? [] : nodes, current })) {
      const lane = Math.max(0, known.indexOf(marker.lane));
      drawMarker(pen, marker, marker.x, this.laneY(lane));
    }
  }

  /** The whole run in one line, with the part that is in view; drag it to move the view. */
  drawWhole(pen, lanes, current) {
    if (isOneLane.value || !this.axis.total) return;
    const y = this.bottom(lanes) + 9;
    const width = this.view.width;
    const scale = this.isWindowed() ? width / (this.axis.total + 1) : this.view.pitch;
    const end = this.isWindowed() ? width : Math.max(6, this.axis.total * scale);
    pen.text(t("lane.whole"), -10, y + 3.6, { font: "small", color: "ink3", align: "right" });
    pen.line([[0, y], [end, y]], { stroke: "ink2", width: 1 });
    if (this.isWindowed()) pen.box({ x: this.view.startUnit * scale, y: y - 5, w: Math.max(10, (width / this.view.pitch) * scale), h: 10 }, { radius: 3, stroke: "ink2", fill: "sunk" });
    pen.circle(current >= 0 ? (this.axis.units[current] + 0.5) * scale : 0, y, 2.4, { fill: "ink2" });
    if (!this.isWindowed() && width - end > 120) pen.text(t("lane.future"), end + 12, y + 3.6, { font: "small", color: "ink3" });
  }

  isWindowed() {
    return this.view.width / this.view.pitch < this.axis.total + 1;
  }

  drawHead(pen, lanes, current) {
    const x = Math.max(2, xOfStep(this.axis, this.view, current));
    pen.line([[x, 4], [x, this.bottom(lanes)]], { stroke: "now", width: 1.6 });
    const { context } = pen;
    context.beginPath();
    context.moveTo(x - 5, 0);
    context.lineTo(x + 5, 0);
    context.lineTo(x + 5, 5);
    context.lineTo(x, 9);
    context.lineTo(x - 5, 5);
    context.closePath();
    pen.paint("now");
  }

  describe(current) {
    const { row } = moment.value;
    const { slider } = this;
    slider.setAttribute("aria-label", t("deck.timeline"));
    slider.setAttribute("aria-valuemin", "0");
    slider.setAttribute("aria-valuemax", String(Math.max(0, recording.steps.length)));
    slider.setAttribute("aria-valuenow", String(current + 1));
    slider.setAttribute("aria-valuetext", t("deck.slider_text", { n: row?.step ?? 0, total: recording.stepRow(recording.steps.length - 1)?.step ?? 0, caption: plain(say(row?.caption)) }));
  }

  stepOf(event) {
    const bounds = this.host.getBoundingClientRect();
    return stepAtX(this.axis, this.view, event.clientX - bounds.left - this.geometry.left);
  }

  onPointerDown(event) {
    if (event.button !== 0 || !this.view) return;
    const bounds = this.host.getBoundingClientRect();
    const onWhole = !isOneLane.value && event.clientY - bounds.top > this.bottom(this.lanes()) && this.isWindowed();
    this.pinned = this.view.startUnit;
    const move = (next) => (onWhole ? this.dragWhole(next, bounds) : this.scrub(next));
    move(event);
    const up = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", up);
      this.pinned = null;
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", up);
  }

  scrub(event) {
    scrubTo(recording.endOfStep(Math.max(-1, Math.min(recording.steps.length - 1, this.stepOf(event)))));
  }

  dragWhole(event, bounds) {
    const share = (event.clientX - bounds.left - this.geometry.left) / this.view.width;
    const unit = Math.max(0, Math.min(1, share)) * this.axis.total;
    this.pinned = null;
    scrubTo(recording.endOfStep(stepAtX(this.axis, { ...this.view, startUnit: 0, pitch: 1 }, unit)));
  }

  onHover(event) {
    if (event.buttons || !this.view || event.pointerType === "touch") return;
    const step = this.stepOf(event);
    const row = recording.stepRow(step);
    this.preview.hidden = !row;
    if (!row) return;
    this.preview.textContent = `${t("deck.step_n", { n: row.step })} ${plain(say(row.caption))}`;
    const x = xOfStep(this.axis, this.view, step) + this.geometry.left;
    this.preview.style.left = `${Math.max(8, Math.min(this.width - this.preview.offsetWidth - 8, x - this.preview.offsetWidth / 2))}px`;
  }

  onWheel(event) {
    if (!this.view || !this.isWindowed()) return;
    event.preventDefault();
    this.pinned = Math.max(0, this.view.startUnit + (event.deltaX + event.deltaY) / this.view.pitch);
    const [room, at] = [this.view.width / this.view.pitch, moment.value.step >= 0 ? this.axis.units[moment.value.step] : 0];
    this.pinned = Math.max(at - room + 3, Math.min(at, this.pinned));
    this.refresh();
  }

  onKey(event) {
    const { step } = moment.value;
    const acts = {
      ArrowLeft: () => (event.shiftKey ? stageBack() : goToStep(step - 1)),
      ArrowRight: () => (event.shiftKey ? stageNext() : goToStep(Math.min(step + 1, recording.steps.length - 1))),
      ArrowDown: () => goToStep(step - 1),
      ArrowUp: () => goToStep(Math.min(step + 1, recording.steps.length - 1)),
      PageDown: () => goToStep(Math.max(-1, step - 10)),
      PageUp: () => goToStep(Math.min(step + 10, recording.steps.length - 1)),
      Home: goFirst,
      End: live,
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }
}

function drawMarker(pen, { kind, isCurrent, count }, x, y) {
  const color = isCurrent ? "now" : kind === "warning" ? "bad" : kind === "watch" || kind === "none" ? "wire" : "ink2";
  const path = (points) => {
    const { context } = pen;
    context.beginPath();
    points.forEach(([dx, dy], index) => (index ? context.lineTo(x + dx, y + dy) : context.moveTo(x + dx, y + dy)));
    context.closePath();
    pen.paint(color);
  };
  if (kind === "user") path([[0, -5], [5, 0], [0, 5], [-5, 0]]);
  else if (kind === "write") path([[-3.5, -3.5], [3.5, -3.5], [3.5, 3.5], [-3.5, 3.5]]);
  else if (kind === "cri") path([[0, -4.5], [4.6, 3.7], [-4.6, 3.7]]);
  else if (kind === "status") pen.circle(x, y, 3.9, { fill: color });
  else if (kind === "warning") {
    pen.line([[x - 3.5, y - 3.5], [x + 3.5, y + 3.5]], { stroke: color, width: 1.6 });
    pen.line([[x + 3.5, y - 3.5], [x - 3.5, y + 3.5]], { stroke: color, width: 1.6 });
  } else pen.circle(x, y, isCurrent ? 2.2 : 1.7, { fill: color });
  if (count > 9) pen.text(String(count), x, y - 6, { font: "small", color: "ink3", align: "center" });
}

