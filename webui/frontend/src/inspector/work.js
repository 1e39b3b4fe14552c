/** Owns the inspector's tab of a workload: its drawing, its parts in words, what controllers compared, and the tree of owners. */

import { html, nothing } from "lit";
import { ref } from "lit/directives/ref.js";
import { statusGlyph } from "../icons.js";
import { say, t } from "../i18n.js";
import { cell, cells, moment, selected, sinceBegin } from "../store.js";
import { drawDials, drawPlaced } from "../stage/draw-shelf.js";
import { shortController } from "../stage/draw-plane.js";
import { Pen } from "../stage/pen.js";
import { naturally, topOwner } from "../stage/scene.js";
import { placeShelf } from "../stage/shelf/blocks.js";
import { slotsOf } from "../stage/shelf/slots.js";
import { palette } from "../theme.js";
import { clockText } from "../transport.js";
import { comparisonsView, objectLink } from "./controllers.js";

const SIZE = { w: 308, h: 92 };
const CHIP_HEIGHT = 30;
const HEIGHTS = { squares: 14, rollout: 50, ordinals: 46, completions: 32, dial: 44, meter: 34, gate: 34 };
const MOST_OF_TREE = 60;
const DEEPEST = 6;
const NO_NOTES = new Map();

/** Workloads have it, and what acts on them; a Pod's own tabs tell of it. */
export const hasWork = (object) => Boolean(object?.drawing);

export function workTab(id, object) {
  if (!object?.drawing) return nothing;
  return html`<canvas class="work-drawing" aria-hidden="true" ${ref((canvas) => draw(canvas, id, object))}></canvas>
    <p class="work-words">${say(object.drawing.words)}</p>
    ${(PARTS[object.drawing.sort] ?? (() => nothing))(id, object)}
    <h3>${t("work.compared")}</h3>${comparedView(id)}
    ${aimsView(object)}
    <h3>${t("work.tree")}</h3>${treeView(id, object)}`;
}

// -- the drawing, as on the shelf -----------------------------------------------------------------------------------------

/** A drawing that is wider than the panel is made to fit. */
function draw(canvas, id, object) {
  if (!canvas || !palette.value.ink) return;
  const items = [{ id, object }, ...childrenOf(id).map(([child, owned]) => ({ id: child, object: owned })).filter((item) => item.object.drawing?.sort === "squares" && object.drawing.sort === "rollout")];
  const look = { cells, hot: new Set(), selected: null, seq: 0, sinceSeq: 0, memory: {} };
  const plan = { variant: "wide", isCompact: false, shelf: { x: -11, y: -7, w: 2 * SIZE.w, h: SIZE.h + 4 } };
  const view = { shelf: placeShelf(plan, items, NO_NOTES, look), hot: look.hot, selected: null, cells };
  const ratio = devicePixelRatio || 1;
  const scale = Math.min(1.2, SIZE.w / (view.shelf.blocks[0].width + 4));
  canvas.width = Math.round(SIZE.w * ratio);
  const height = (CHIP_HEIGHT + HEIGHTS[object.drawing.sort]) * scale;
  canvas.height = Math.round(height * ratio);
  Object.assign(canvas.style, { width: `${SIZE.w}px`, height: `${height}px` });
  const context = canvas.getContext("2d");
  context.setTransform(ratio * scale, 0, 0, ratio * scale, 0, 0);
  const pen = new Pen(context, palette.value);
  drawPlaced(pen, view);
  drawDials(pen, view, moment.value.atMs);
}

const youngestFirst = ([, a], [, b]) => (b.created_ms ?? 0) - (a.created_ms ?? 0) || naturally(a.name, b.name);
const childrenOf = (id) => [...cells("objects")].filter(([, object]) => object.owner === id).sort(youngestFirst);

// -- its parts ---------------------------------------------------------------------------------------------------------------

const PARTS = {
  rollout: (id, object) => replicaSetsView(id, object),
  ordinals: (id, object) => ordinalsView(id, object),
  completions: (id, object) => indexesView(id, object),
  dial: (id, object) => dialView(id, object),
  gate: (id) => evictionView(cell("asked", id)),
};

const head = (...names) => html`<thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>`;

function replicaSetsView(id, { drawing }) {
  const rows = childrenOf(id).filter(([, child]) => child.drawing);
  if (!rows.length) return nothing;
  return html`<h3>${t("work.replica_sets")}</h3><table class="parts">${head("ReplicaSet", t("work.revision"), t("work.found"), t("work.wanted"))}
    <tbody>${rows.map(([child, { name, drawing: own }]) => html`<tr><td>${objectLink(child, `…${name.slice(-11)}`)}</td><td>${own.revision} ${own.revision === drawing.revision ? t("work.newest") : ""}</td><td>${own.found}</td><td>${own.wanted}</td></tr>`)}</tbody></table>`;
}

const podsOf = (id) => childrenOf(id).map(([child, pod]) => ({ ...pod, id: child }));
const podCell = (pod) => (pod ? html`${statusGlyph(pod.status)}${objectLink(pod.id)} <span lang="en">${say(pod.status?.word)}</span>` : t("work.nobody"));

function ordinalsView(id, { drawing }) {
  const places = slotsOf(drawing, podsOf(id));
  const age = (pod) => (!pod ? "" : t(pod.template === drawing.newest ? "work.newest" : "work.earlier"));
  return html`<h3>${t("work.places")}</h3><table class="parts">${head(t("work.ordinal"), "Pod", t("work.template"), t("work.claims"))}
    <tbody>${places.map(({ slot, pod, claims }) => html`<tr><td>${slot}</td><td>${podCell(pod)}</td><td>${age(pod)}</td><td>${(claims ?? []).map(claimView)}</td></tr>`)}</tbody></table>`;
}

function claimView(id) {
  const claim = cell("objects", id);
  return html`<span class="claim" lang="en">${claim ? html`${statusGlyph(claim.status)}${objectLink(id)} ${say(claim.status?.word)}` : id.split("/").at(-1)}</span>`;
}

function indexesView(id, { drawing }) {
  if (!drawing.slots.length) return nothing;
  const places = slotsOf(drawing, podsOf(id));
  return html`<h3>${t("work.places")}</h3><table class="parts">${head(t("work.index"), t("work.now"), "Pod")}
    <tbody>${places.map(({ slot, state, pod }) => html`<tr><td>${slot}</td><td>${state ? t(`work_state.${state}`) : "–"}</td><td>${podCell(pod)}</td></tr>`)}</tbody></table>`;
}

function dialView(id, { drawing }) {
  const plan = cell("plans", id);
  const rows = [
    [t("work.next_run"), drawing.is_suspended ? t("stage.suspended") : plan ? clockText(sinceBegin(plan.next_ms)) : "–", drawing.is_suspended ? "" : say(plan?.words)],
    [t("work.last_run"), drawing.last_ms === null ? t("work.never") : clockText(sinceBegin(drawing.last_ms)), ""],
    [t("work.zone"), drawing.zone, ""],
  ];
  return html`<table class="parts"><tbody>${rows.map(([name, value, more]) => html`<tr><td>${name}</td><td>${value}</td><td>${more}</td></tr>`)}</tbody></table>`;
}

function evictionView(asked) {
  if (!asked) return nothing;
  return html`<h3>${t("work.gate")}</h3><p data-asked class=${asked.is_open ? "" : "refused"}>${objectLink(asked.pod, asked.name)} → ${say(asked.words)}</p>`;
}

// -- controllers and owners ----------------------------------------------------------------------------------------------------

function comparedView(id) {
  const rows = [...cells("comparisons")].flatMap(([name, all]) => all.filter(({ subject }) => subject === id).map((one) => ({ ...one, label: objectLink(`controller/${name}`, shortController(name)) })));
  if (!rows.length) return html`<p class="note">${t("work.never_compared")}</p>`;
  return comparisonsView(rows.sort((a, b) => b.at_ms - a.at_ms).slice(0, 6), t("work.controller"));
}

function aimsView({ drawing }) {
  if (!drawing.aims_at || !cell("objects", drawing.aims_at)) return nothing;
  return html`<p>${t("work.aims", { name: "" })}${objectLink(drawing.aims_at)}</p>`;
}

/** From the topmost owner down; the inspected object stands out. */
function treeView(id, object) {
  const objects = cells("objects");
  const top = topOwner(objects, object);
  const rootId = top ? [...objects].find(([, each]) => each === top)[0] : id;
  const rows = [];
  const owned = ownedBy(objects);
  const walk = (node, depth) => {
    rows.push({ id: node, depth });
    if (depth < DEEPEST) for (const [child] of (owned.get(node) ?? []).sort(youngestFirst)) walk(child, depth + 1);
  };
  walk(rootId, 0);
  return html`<ul class="tree">${rows.slice(0, MOST_OF_TREE).map((row) => treeRow(row, objects.get(row.id), row.id === id))}</ul>
    ${rows.length > MOST_OF_TREE ? html`<p class="note">${t("work.tree_more", { n: rows.length - MOST_OF_TREE })}</p>` : nothing}`;
}

/** Entries by their owner's id: of ten thousand Pods, looked through once. */
function ownedBy(objects) {
  const owned = new Map();
  for (const entry of objects) {
    const { owner } = entry[1];
    if (owner && !owned.has(owner)) owned.set(owner, []);
    if (owner) owned.get(owner).push(entry);
  }
  return owned;
}

function treeRow({ id, depth }, object, isHere) {
  return html`<li style=${`--depth:${depth}`} aria-current=${isHere ? "true" : nothing}>${statusGlyph(object.status)}<span lang="en">${object.kind}</span>
    ${isHere ? html`<b lang="en">${object.name}</b>` : html`<button class="link" lang="en" @click=${() => (selected.value = id)}>${object.name}</button>`}
    <span lang="en">${say(object.status?.word)}</span></li>`;
}
