/** Owns the stage on the page: two canvases (what stands, what moves), its view (zoom, pan), pointer and focus. */

import { effect, signal, untracked } from "@preact/signals-core";
import { language } from "../i18n.js";
import { seen } from "../inspector/looked.js";
import { hovered, ringed, mainView, moment, pictureTime, isTicking, recording, run, selected, tick, tweenFloorMs } from "../store.js";
import { palette, reducedMotion } from "../theme.js";
import { drawMessages } from "./draw-messages.js";
import { drawTies } from "./draw-ties.js";
import { drawNodes } from "./draw-nodes.js";
import { drawMotions } from "./motion.js";
import { drawProgress } from "./draw-progress.js";
import { drawPlane } from "./draw-plane.js";
import { drawPodRing } from "./draw-pod.js";
import { drawDials, drawShelf } from "./draw-shelf.js";
import { contains, grow } from "./geometry.js";
import { drawRings, drawVeil } from "./pointing.js";
import { Overlay } from "./overlay.js";
import { forgetWidths, Pen } from "./pen.js";
import { targetRows } from "./targets.js";
import { DELAY_MS, Tooltip } from "./tooltip.js";
import { buildView } from "./view.js";

const LEAST_WIDTH = 640;
const LEAST_HEIGHT = 500;
const ZOOM = [0.25, 4];

/** Which dozen of nodes is in view, and how many dozens there are. */
export const nodePage = signal({ page: 0, pages: 1 });

/** Whether the viewer has zoomed or moved the drawing. */
export const isMoved = signal(false);

export function turnPage(by) {
  const { page, pages } = nodePage.value;
  nodePage.value = { pages, page: (page + by + pages) % pages };
}

export class Stage {
  constructor(host, { onDelete }) {
    this.host = host;
    this.still = host.querySelector("canvas.still");
    this.moving = host.querySelector("canvas.moving");
    this.overlay = new Overlay(host.querySelector(".overlay"), {
      onSelect: (cell) => this.select(cell),
      onFocus: (cell) => this.focusOn(cell),
      onZoom: (cell) => this.zoomTo(cell),
      onDelete,
    });
    this.tooltip = new Tooltip(host.querySelector(".tooltip"));
    this.memory = { levels: new Map() };
    this.camera = { zoom: 1, x: 0, y: 0 };
    this.targets = [];
    this.frameAsked = false;
    this.stillIsStale = true;
    this.listen();
  }

  listen() {
    new ResizeObserver(() => this.resize()).observe(this.host);
    effect(() => {
      tick.value;
      moment.value;
      selected.value;
      palette.value;
      language.value;
      mainView.value;
      nodePage.value;
      run.value;
      reducedMotion.value;
      ringed.value;
      seen.value;
      untracked(() => this.refresh());
    });
    document.fonts?.ready.then(() => this.fontsCame());
    document.fonts?.addEventListener?.("loadingdone", () => this.fontsCame());
    this.host.addEventListener("pointerdown", (event) => this.onPointerDown(event));
    this.host.addEventListener("pointermove", (event) => this.onPointerMove(event));
    this.host.addEventListener("pointerleave", () => this.hover(null));
    this.host.addEventListener("dblclick", (event) => this.zoomTo(this.hit(event)));
    this.host.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
  }

  fontsCame() {
    forgetWidths();
    this.refresh();
  }

  resize() {
    const box = this.host.getBoundingClientRect();
    if (!box.width || !box.height) return;
    this.size = { width: box.width, height: box.height };
    for (const canvas of [this.still, this.moving]) {
      const ratio = devicePixelRatio || 1;
      canvas.width = Math.round(box.width * ratio);
      canvas.height = Math.round(box.height * ratio);
    }
    this.refresh();
    this.draw();
  }

  /** The box that is laid out: the stage's own, or a larger one that is scaled down when the stage is too small. */
  layoutSize() {
    const { width, height } = this.size;
    if (width < 560) return { width: Math.max(300, width), height, fit: Math.min(1, width / 300) };
    const fit = Math.min(1, width / LEAST_WIDTH, Math.max(0.6, height / LEAST_HEIGHT));
    return { width: width / fit, height: height / fit, fit };
  }

  refresh() {
    isMoved.value = Boolean(this.camera.isUsers);
    this.stillIsStale = true;
    this.forgetRest();
    if (!this.frameAsked) {
      this.frameAsked = true;
      requestAnimationFrame(() => this.draw());
    }
  }

  draw() {
    this.frameAsked = false;
    if (!this.size || mainView.value !== "stage" || !palette.value.ink) return;
    const now = performance.now();
    const time = pictureTime(now);
    if (this.stillIsStale) this.drawStill();
    this.drawMoving(time);
    this.measurePress();
    if (time.isMoving) this.askForFrame();
  }

  /** From a press of Step to the frame that shows its result, as the performance entry "podlife:step". */
  measurePress() {
    const [press] = performance.getEntriesByName("podlife:press");
    if (!press || moment.value.seq === this.measuredSeq) return;
    this.measuredSeq = moment.value.seq;
    performance.clearMarks("podlife:press");
    const channel = new MessageChannel();
    channel.port1.onmessage = () => performance.measure("podlife:step", { start: press.startTime, end: performance.now() });
    channel.port2.postMessage(0);
  }

  askForFrame() {
    if (this.frameAsked) return;
    this.frameAsked = true;
    requestAnimationFrame(() => this.draw());
  }

  drawStill() {
    this.stillIsStale = false;
    const { width, height, fit } = this.layoutSize();
    this.fit = fit;
    const fromMs = Math.min(tweenFloorMs(), moment.value.atMs);
    this.view = buildView({ recording, moment: moment.value, size: { width, height }, page: nodePage.value.page, selected: selected.value, zoom: this.camera.zoom, memory: this.memory, fromMs });
    const { page } = nodePage.value;
    if (this.view.pages !== nodePage.value.pages) nodePage.value = { page: Math.min(page, this.view.pages - 1), pages: this.view.pages };
    this.keepInView();
    const pen = this.pen(this.still);
    drawPlane(pen, this.view);
    drawShelf(pen, this.view);
    drawNodes(pen, this.view);
    this.rows = targetRows(this.view);
    this.targets = this.rows.flatMap((row) => row.cells);
    const pointed = this.targets.find(({ id }) => id === hovered.value);
    this.tooltip.follow(pointed && { ...pointed, screen: this.toScreen(pointed.rect) }, this.size);
    this.overlay.selected = selected.value;
    this.overlay.update(this.rows, (box) => this.toScreen(box));
  }

  drawMoving({ atMs, isMoving, part }) {
    if (!this.view) return;
    const pen = this.pen(this.moving);
    const still = reducedMotion.value;
    for (const placed of this.view.places.values()) {
      for (const item of placed.items) drawPodRing(pen, item, placed.level, atMs, still);
    }
    drawDials(pen, this.view, atMs);
    const moved = this.view.motions ? drawMotions(pen, this.view, { atMs, part, isTicking: isTicking() && !still }) : [];
    drawProgress(pen, [...this.view.podScene.spots, ...moved], atMs, { parked: still });
    if (this.isDimmed && hovered.value && hovered.value !== "shelf/more") drawVeil(pen, this.view, hovered.value, this.targets);
    drawTies(pen, this.view, hovered.value ?? selected.value);
    drawMessages(pen, this.view, { atMs, isMoving, isRunning: isTicking() && !still, parked: still });
    if (ringed.value) drawRings(pen, this.view, ringed.value);
  }

  pen(canvas) {
    const context = canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    const { scale, x, y } = this.transform();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
    return new Pen(context, palette.value);
  }

  transform() {
    const { zoom, x, y } = this.camera;
    return { scale: zoom * (this.fit ?? 1), x, y };
  }

  toScreen(box) {
    const { scale, x, y } = this.transform();
    return { x: box.x * scale + x, y: box.y * scale + y, w: box.w * scale, h: box.h * scale };
  }

  /** On a phone the drawing may be taller than its box: it pans to what the step touches. */
  keepInView() {
    const { plan } = this.view;
    const content = (plan.contentHeight ?? 0) * (this.fit ?? 1);
    if (plan.variant !== "phone" || this.camera.isUsers) return;
    const over = content - this.size.height;
    if (over <= 0) return void (this.camera.y = 0);
    const node = plan.nodes.find(({ name }) => this.view.hot.has(`kubelet/${name}`) || this.view.hot.has(`containerd/${name}`));
    this.camera.y = node ? -Math.min(over, Math.max(0, node.y + node.h - this.size.height + 8)) : 0;
  }

  hit(event) {
    const bounds = this.host.getBoundingClientRect();
    const { scale, x, y } = this.transform();
    const px = (event.clientX - bounds.left - x) / scale;
    const py = (event.clientY - bounds.top - y) / scale;
    const slack = event.pointerType === "touch" ? 10 : 2;
    return this.targets.filter((one) => contains(grow(one.rect, slack), px, py)).sort((a, b) => a.rect.w * a.rect.h - b.rect.w * b.rect.h)[0] ?? null;
  }

  onPointerDown(event) {
    if (event.button !== 0 || event.target.closest("button, a, .card")) return;
    const start = { x: event.clientX, y: event.clientY, cameraX: this.camera.x, cameraY: this.camera.y, moved: false };
    const move = (next) => this.drag(start, next);
    const up = (last) => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", up);
      if (!start.moved && last.type === "pointerup") this.select(this.hit(last));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", up);
  }

  drag(start, event) {
    const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
    if (!start.moved && Math.hypot(dx, dy) < 6) return;
    start.moved = true;
    Object.assign(this.camera, { x: start.cameraX + dx, y: start.cameraY + dy, isUsers: true });
    this.refresh();
  }

  onPointerMove(event) {
    if (event.buttons) return;
    this.hover(this.hit(event));
  }

  hover(target) {
    if (target?.id === hovered.value && !(target && this.isRestOver)) return;
    this.isRestOver = false;
    hovered.value = target?.id ?? null;
    this.dimLater();
    this.askForFrame();
    this.host.classList.toggle("pointing", Boolean(target));
    this.tooltip.later(target && { ...target, screen: this.toScreen(target.rect) }, this.size);
  }

  /** What had paled under a resting pointer comes back with the next step, until the pointer moves. */
  forgetRest() {
    if (this.restedSeq === moment.value.seq) return;
    this.restedSeq = moment.value.seq;
    clearTimeout(this.dimTimer);
    this.isDimmed = false;
    this.isRestOver = true;
  }

  /** The rest pales once the pointer rests, as the tooltip comes. */
  dimLater() {
    clearTimeout(this.dimTimer);
    this.isDimmed = false;
    if (!hovered.value) return;
    this.dimTimer = setTimeout(() => {
      this.isDimmed = true;
      this.askForFrame();
    }, DELAY_MS);
  }

  focusOn(cell) {
    hovered.value = cell?.id ?? null;
    this.askForFrame();
  }

  onWheel(event) {
    if (event.target.closest(".card")) return;
    event.preventDefault();
    const bounds = this.host.getBoundingClientRect();
    this.zoomAround(event.clientX - bounds.left, event.clientY - bounds.top, Math.exp(-event.deltaY * 0.0016));
  }

  zoomAround(x, y, factor) {
    const { camera } = this;
    const zoom = Math.max(ZOOM[0], Math.min(ZOOM[1], camera.zoom * factor));
    const real = zoom / camera.zoom;
    this.camera = { zoom, x: x - (x - camera.x) * real, y: y - (y - camera.y) * real, isUsers: true };
    this.refresh();
  }

  zoomTo(target) {
    if (!target) return;
    const { rect } = target;
    const fit = this.fit ?? 1;
    const zoom = Math.max(1, Math.min(ZOOM[1], 0.6 * Math.min(this.size.width / rect.w, this.size.height / rect.h) / fit));
    const scale = zoom * fit;
    this.camera = { zoom, x: this.size.width / 2 - (rect.x + rect.w / 2) * scale, y: this.size.height / 2 - (rect.y + rect.h / 2) * scale, isUsers: true };
    this.refresh();
  }

  zoomFit() {
    this.camera = { zoom: 1, x: 0, y: 0 };
    this.refresh();
  }

  select(target) {
    this.tooltip.hide();
    if (target?.id === "shelf/more") return this.turnShelf();
    selected.value = target ? (target.subject ?? target.id) : null;
  }

  /** What found no room on the shelf comes into view, until a step touches something else. */
  turnShelf() {
    this.memory.onShelf = { since: `${moment.value.seq} ${selected.value}`, ids: this.view.shelf.away };
    this.refresh();
  }

  /** Where something stands on the page, in CSS pixels; null when it is not in view. For tests. */
  rectOf(id) {
    const target = this.targets.find((one) => one.id === id || one.subject === id);
    const box = target?.rect ?? this.view?.plan.boxes.get(id);
    if (!box) return null;
    const bounds = this.host.getBoundingClientRect();
    const { x, y, w, h } = this.toScreen(box);
    return { x: x + bounds.left, y: y + bounds.top, width: w, height: h };
  }
}
