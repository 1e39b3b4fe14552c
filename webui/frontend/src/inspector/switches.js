/** Owns the switches: each component on or off, since when, and what is told of it. */

import { html, nothing } from "lit";
import { t } from "../i18n.js";
import { cell, cells, selected, sinceBegin } from "../store.js";
import { offWord } from "../stage/draw-plane.js";
import { naturally } from "../stage/scene.js";
import { clockText } from "../transport.js";
import { disabled, interfere, outsideNotes } from "./outside.js";

const PLANE = ["kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager"];
const MOST_NODES = 12; // those of which something is off first
const WITHOUT = ["kubectl", "kubeconfig"];
const PARTS = ["kubelet", "containerd", "cni"];

/** What the picture knows of a thing that can be switched; null for anything else. */
export function switchCell(id) {
  const [role, name] = id.split("/");
  if (role === "controller") return cell("controllers", name) ?? null;
  if (PARTS.includes(role)) return cell("nodes", name)?.[role] ?? null;
  return WITHOUT.includes(id) || id.includes("/") ? null : cell("components", id) ?? null;
}

function faultOf(id, way) {
  const [role, name] = id.split("/");
  if (PARTS.includes(role)) return [`${role === "containerd" ? "runtime" : role}-${way}`, name];
  return [`component-${way}`, role === "controller" ? name : id];
}

/** "on", or "off since 00:00:12.000". */
export function stateText(value) {
  if (!value?.off) return t("switch.on_word");
  return typeof value.since_ms === "number" ? t("switch.off_since", { at: clockText(sinceBegin(value.since_ms)) }) : t("stage.off");
}

function button(id, value) {
  const way = value.off ? "start" : "stop";
  const name = id.replace(/^controller\//, "");
  return html`<button class="button small" data-act="switch" data-id=${id} ?disabled=${disabled()} aria-label=${t(`switch.${way}_of`, { name })} @click=${() => interfere(...faultOf(id, way))}>${t(`switch.${way}`)}</button>`;
}

/** The switch of one component, with what its absence means; for the component's own tab. */
export function switchView(id) {
  const value = switchCell(id);
  if (!value) return nothing;
  const about = aboutOf(id);
  return html`<div class="switch" data-part="switch"><span class=${value.off ? "tone-bad" : "tone-ok"}>${value.off ? "✖" : "●"} ${stateText(value)}</span>${button(id, value)}</div>
    ${about ? html`<p class="note">${t(about)}</p>` : nothing}${leaseView(id, value.lease)}`;
}

/** Who holds the Lease by which this process leads; what renews it every two seconds is no step. */
function leaseView(id, lease) {
  if (!lease) return nothing;
  const about = { holder: lease.holder, at: clockText(sinceBegin(lease.since_ms)), n: lease.transitions ?? 0 };
  return html`<p class="note" data-part="lease">${t(`switch.lease_${lease.state}`, about)}</p><p class="machine-line" lang="en">kubectl get lease -n kube-system ${id} -o yaml</p>`;
}

/** The key of the words on what stops, what goes on and what is caught up with. */
function aboutOf(id) {
  const role = id.split("/")[0];
  return [...PLANE, ...PARTS, "controller", "coredns", "kube-proxy"].includes(role) ? `switch.about_${role}` : null;
}

export function switchesTab() {
  const network = [...cells("components").keys()].filter((id) => !PLANE.includes(id) && switchCell(id));
  const isOff = (node) => PARTS.some((part) => cell("nodes", node)[part]?.off);
  const nodes = [...cells("nodes").keys()].sort((a, b) => Number(isOff(b)) - Number(isOff(a)) || naturally(a, b));
  const shown = nodes.length > MOST_NODES ? nodes.slice(0, MOST_NODES) : [...nodes].sort(naturally);
  return html`${outsideNotes("switch.about")}${group("stage.control_plane", PLANE)}${controllersView()}
    ${network.length ? group("switch.network", network) : nothing}
    ${shown.map((node) => html`<h3 lang="en">${node}</h3><ul class="switches">${PARTS.map((part) => row(`${part}/${node}`, part === "cni" ? "CNI" : part))}</ul>`)}
    ${shown.length < nodes.length ? html`<p class="note">${t("switch.more_nodes", { n: nodes.length - shown.length })}</p>` : nothing}`;
}

const group = (title, ids) => html`<h3>${t(title)}</h3><ul class="switches">${ids.map((id) => row(id, id))}</ul>`;

function row(id, name) {
  const value = switchCell(id);
  if (!value) return nothing;
  return html`<li><button class="link" lang="en" @click=${() => (selected.value = id)}>${name}</button>
    <span class=${value.off ? "tone-bad" : ""}>${value.off ? offWord(value) : t("switch.on_word")}</span>${button(id, value)}</li>`;
}

function controllersView() {
  const names = [...cells("controllers").keys()].sort(naturally);
  const off = names.filter((name) => cell("controllers", name)?.off);
  return html`<details class="controllers"><summary>${t("switch.controllers", { n: names.length, off: off.length })}</summary>
    <ul class="switches">${names.map((name) => row(`controller/${name}`, name))}</ul></details>`;
}
