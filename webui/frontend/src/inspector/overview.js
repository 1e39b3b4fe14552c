/** Owns the overview (all Pods by what they show) and the facts of a selected component. */

import { html, nothing } from "lit";
import { statusGlyph } from "../icons.js";
import { say, t } from "../i18n.js";
import { plain } from "../mount.js";
import { cell, cells, goToStep, moment, recording, selected } from "../store.js";
import { controllerFacts, controllersView, queueView } from "./controllers.js";
import { switchCell, switchView } from "./switches.js";

export function overviewView() {
  const pods = [...cells("objects")].filter(([, object]) => object.resource === "pods");
  const nodes = cells("nodes").size;
  const counts = new Map();
  for (const [, pod] of pods) {
    const word = say(pod.status?.word);
    const entry = counts.get(word) ?? { status: pod.status, word, count: 0 };
    entry.count += 1;
    counts.set(word, entry);
  }
  if (!pods.length) return html`<h3>${t("overview.none", { nodes })}</h3><p class="note">${t("overview.none_hint")}</p>`;
  return html`<h3>${t("overview.pods", { pods: pods.length, nodes })}</h3>
    <table><thead><tr><th scope="col">${t("overview.what")}</th><th scope="col">Pods</th></tr></thead>
    <tbody>${[...counts.values()].map((entry) => html`<tr><td lang="en">${statusGlyph(entry.status)}${entry.word}</td><td>${entry.count}</td></tr>`)}</tbody></table>
    ${troubleView(pods)}`;
}

function troubleView(pods) {
  const trouble = pods.filter(([, pod]) => ["trouble", "failed"].includes(pod.status?.glyph)).slice(0, 8);
  if (!trouble.length) return nothing;
  return html`<h3>${t("overview.worth")}</h3><ul class="plain-list">${trouble.map(([id, pod]) => html`<li>${statusGlyph(pod.status)}<button class="link" lang="en" @click=${() => (selected.value = id)}>${pod.name}</button> ${say(pod.status.word)}</li>`)}</ul>`;
}

const LATEST = 12;

/** What a component says of itself, and the last steps that it took. */
export function componentView(id) {
  const name = id.split("/").at(-1);
  const role = id.split("/")[0];
  const value = componentCell(id);
  const steps = latestSteps(id);
  const isSwitched = Boolean(switchCell(id));
  return html`<p class="note">${t(`about.${["controller", "gate", "kubelet", "containerd", "cni"].includes(role) ? role : id}`)}</p>
    ${isSwitched ? switchView(id) : nothing}
    ${(value?.lines ?? []).map((line) => html`<p class="machine-line" lang="en">${say(line)}</p>`)}
    ${role === "controller" ? controllerFacts(cell("controllers", name)) : nothing}
    ${id === "kube-controller-manager" ? controllersView(cells("controllers")) : nothing}
    ${id === "kube-scheduler" ? queueView(cell("scheduling", "queue")) : nothing}
    ${role === "gate" ? html`<p class="note">${say(cell("gates", name)?.note)}</p>` : nothing}
    ${id === "etcd" ? etcdRows(value) : nothing}
    <h3>${t("inspector.latest_steps")}</h3>
    ${steps.length ? html`<ol class="step-list">${steps.map((index) => stepItem(index))}</ol>` : html`<p class="note">${t("inspector.no_steps")}</p>`}`;
}

function componentCell(id) {
  const [role, name] = id.split("/");
  if (role === "kubelet" || role === "containerd") {
    const agent = cell("nodes", name)?.[role];
    return agent ? { off: agent.off, lines: [agent.word] } : null;
  }
  return cell("components", id) ?? null;
}

function etcdRows(value) {
  return html`<table lang="en"><thead><tr><th scope="col">revision</th><th scope="col">key</th></tr></thead><tbody>${(value?.rows ?? []).map((row) => html`<tr><td>${row.revision}</td><td class="key">${row.key}</td></tr>`)}</tbody></table>`;
}

function latestSteps(id) {
  const [role, name] = id.split("/");
  const wanted = role === "controller" ? name : id;
  const matches = (row) => row.actor === wanted || (row.flights ?? []).some(({ from, to }) => from === wanted || to === wanted);
  const found = [];
  for (let index = moment.value.step; index >= 0 && found.length < LATEST && index > moment.value.step - 3000; index -= 1) {
    if (matches(recording.stepRow(index))) found.push(index);
  }
  return found;
}

function stepItem(index) {
  const row = recording.stepRow(index);
  return html`<li><button class="link" @click=${() => goToStep(index)}>${t("inspector.at_step", { n: row.step })}</button> ${plain(say(row.caption))}</li>`;
}
