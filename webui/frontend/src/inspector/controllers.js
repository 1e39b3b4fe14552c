/** Owns what the inspector tells of controllers and of the scheduler: queues, comparisons, and who must go for whom. */

import { html, nothing } from "lit";
import { statusGlyph } from "../icons.js";
import { say, t } from "../i18n.js";
import { cells, selected, sinceBegin } from "../store.js";
import { shortController } from "../stage/draw-plane.js";
import { naturally } from "../stage/scene.js";
import { clockText } from "../transport.js";

const nameOf = (subject) => subject.split("/").at(-1);

/** An object's name as a button that selects it. */
export const objectLink = (subject, text = nameOf(subject)) => html`<button class="link" lang="en" @click=${() => (selected.value = subject)}>${text}</button>`;

const resultOf = ({ wanted, found, so }) => (typeof wanted === "number" ? html`${wanted} / ${found} → ${say(so)}` : say(so));

/** A controller's queue, key by key, and its latest comparisons. */
export function controllerFacts(value) {
  if (!value) return nothing;
  return html`<h3>${t("work.waiting")}</h3>${waitingView(value)}
    <h3>${t("work.comparisons")}</h3>${comparisonsView((cells("comparisons").get(value.name) ?? []).map((one) => ({ ...one, label: objectLink(one.subject) })))}`;
}

function waitingView({ queue, waiting = [] }) {
  if (!queue) return html`<p class="note">${t("work.queue_empty")}</p>`;
  const rest = queue - waiting.length;
  return html`<ol class="queue" data-queue>${waiting.map((subject) => html`<li>${objectLink(subject)}</li>`)}${rest > 0 ? html`<li>${t("stage.more", { n: rest })}</li>` : nothing}</ol>`;
}

/** Rows of {label, wanted, found, so, at_ms}, newest first. */
export function comparisonsView(rows, head = "Object") {
  if (!rows.length) return html`<p class="note">${t("inspector.no_steps")}</p>`;
  return html`<table class="compared"><thead><tr><th scope="col">${head}</th><th scope="col">${t("work.wanted")}</th><th scope="col">${t("work.found")}</th><th scope="col">${t("work.so")}</th></tr></thead>
    <tbody>${rows.map(({ label, wanted, found, so, at_ms: atMs }) => html`<tr title=${clockText(sinceBegin(atMs))}><td>${label}</td><td>${wanted ?? "–"}</td><td>${found ?? "–"}</td><td>${say(so)}</td></tr>`)}</tbody></table>`;
}

/** All controllers of the process: those with work first, then in their order. */
export function controllersView(controllers) {
  const rows = [...controllers.values()].sort((a, b) => Number(b.queue > 0) - Number(a.queue > 0) || (a.rank ?? 99) - (b.rank ?? 99) || naturally(a.name, b.name));
  return html`<h3>${t("work.controllers")}</h3><table class="compared"><thead><tr><th scope="col">${t("work.controller")}</th><th scope="col">${t("work.queue")}</th><th scope="col">${t("work.last")}</th></tr></thead>
    <tbody>${rows.map((one) => html`<tr><td>${objectLink(`controller/${one.name}`, shortController(one.name))}</td><td>${one.queue}</td><td>${one.last ? html`<span lang="en">${nameOf(one.last.subject)}</span> ${resultOf(one.last)}` : "–"}</td></tr>`)}</tbody></table>`;
}

/** The Pods that wait for a node. */
export function queueView(queue) {
  if (!queue?.length) return html`<p class="note">${t("stage.queue_empty")}</p>`;
  return html`<h3>${t("work.waiting")}</h3><ol class="queue" data-queue>${queue.map((row) => html`<li>${objectLink(row.pod, row.name)} ${say(row.words ?? row.word)}</li>`)}</ol>`;
}

/** A preemption: who must go, of what priority, and whether they have gone. */
export function rescueView(rescue) {
  if (!rescue) return nothing;
  const objects = cells("objects");
  return html`<h3>${t("work.rescue", { node: rescue.node })}</h3>
    <p class="note">${t("work.rescue_note", { priority: rescue.priority, candidates: rescue.candidates })}</p>
    <table class="victims"><thead><tr><th scope="col">${t("work.victim")}</th><th scope="col">${t("work.priority")}</th><th scope="col">${t("work.now")}</th></tr></thead>
    <tbody>${rescue.victims.map(({ pod, name, priority }) => html`<tr><td>${objectLink(pod, name)}</td><td>${priority}</td><td>${stateOf(objects.get(pod))}</td></tr>`)}</tbody></table>`;
}

const stateOf = (object) => (object ? html`${statusGlyph(object.status)}<span lang="en">${say(object.status?.word)}</span>` : t("work.gone"));
