/** Owns the inspector's tab of a node: how full it is, its conditions and taints, its parts, and what is done to it. */

import { html, nothing } from "lit";
import { t } from "../i18n.js";
import { canAct, cell, moment, selected } from "../store.js";
import { typeCommand } from "../terminal/panel.js";
import { conditionsView } from "./tabs.js";

const PARTS = ["kubelet", "containerd", "cni"];

/** What the Pods on a node ask for is told of now; the rest of the step that is shown. */
export function roomTab({ room }, name) {
  if (!room) return nothing;
  return html`<h3>${t("room.title")}</h3><p class="note">${t("room.note")}${moment.value.isLive ? nothing : html` ${t("room.now")}`}</p>
    <table class="parts"><thead><tr><th scope="col">${t("room.resource")}</th><th scope="col">${t("room.asked")}</th><th scope="col">${t("room.allocatable")}</th><th scope="col">%</th></tr></thead>
      <tbody>${room.rows.map((row) => html`<tr><td lang="en">${row.resource}</td><td>${row.asked}</td><td>${row.allocatable}</td><td class="nowrap"><meter min="0" max="100" value=${row.percent} aria-label=${row.resource}></meter> ${row.percent}</td></tr>`)}</tbody></table>
    <h3>${t("room.taints")}</h3>${room.taints.length ? html`<ul class="plain-list">${room.taints.map((taint) => html`<li class="machine-line" lang="en">${taint}</li>`)}</ul>` : html`<p class="note">${t("room.no_taints")}</p>`}
    <h3>${t("room.conditions")}</h3>${conditionsView(room.conditions)}
    <h3>${t("room.parts")}</h3><p>${PARTS.map((part) => html`<button class="button small" lang="en" @click=${() => (selected.value = `${part}/${name}`)}>${part === "cni" ? "CNI" : part}</button> `)}</p>
    <h3>${t("room.actions")}</h3><p>${commands(name).map((command) => html`<button class="button small" lang="en" ?disabled=${!canAct.value} @click=${() => typeCommand(`kubectl ${command} ${name}${command === "drain" ? " --ignore-daemonsets" : ""}`)}>kubectl ${command}</button> `)}</p>`;
}

const commands = (name) => [cell("nodes", name)?.unschedulable ? "uncordon" : "cordon", "drain", "describe node"];
