/** Owns the inspector: what is inspected, its tabs, and which of them is open. */

import { html, nothing } from "lit";
import { computed, effect, signal } from "@preact/signals-core";
import { icons } from "../icons.js";
import { t } from "../i18n.js";
import { mount, roveFocus } from "../mount.js";
import { cell, cells, goToStep, loadPart, moment, recording, selected } from "../store.js";
import { actionsView } from "./actions.js";
import { details, inspected, inspectedObject, isSubject, startDetails } from "./data.js";
import { insideTab, startInside } from "./inside.js";
import { rescueView } from "./controllers.js";
import { OUTSIDE, OUTSIDE_TABS } from "./outside.js";
import { componentView, overviewView } from "./overview.js";
import { roomTab } from "./room.js";
import { switchesTab } from "./switches.js";
import { hasWork, workTab } from "./work.js";
import { authorsView, decisionTab, diffTab, eventsTab, objectTab, statusTab, whyTab } from "./tabs.js";

/** The tab that the learner opened last; where an object has no such tab, its first one is shown. */
const wanted = signal("object");
const decision = computed(() => (inspected.value ? cell("decisions", inspected.value) : null));

const tabs = computed(() => {
  const id = inspected.value;
  if (!id) return ["overview"];
  if (id === OUTSIDE) return OUTSIDE_TABS;
  if (!isSubject(id)) return ["component"];
  const isPod = id.startsWith("pods/");
  const isUnbound = isPod && inspectedObject.value && !inspectedObject.value.node;
  const list = ["object", "diff", "events", "why"];
  if (hasWork(inspectedObject.value)) list.splice(1, 0, "work");
  if (id.startsWith("nodes/")) list.splice(1, 0, "room");
  if (isPod && inspectedObject.value) list.push("status");
  if (isPod && inspectedObject.value?.node) list.push("inside");
  if (decision.value) isUnbound ? list.unshift("decision") : list.push("decision");
  return list;
});

const openTab = computed(() => (tabs.value.includes(wanted.value) ? wanted.value : tabs.value[0]));

/** The registry's tab and that of the repositories, once one of them has been opened: few do, so they are a bundle of their own. */
const later = signal(null);

export function startInspector(root) {
  startDetails();
  startInside(() => (openTab.value === "inside" || isShelved(selected.value) ? inspected.value : null));
  const stop = effect(() => {
    if (["registry", "git"].includes(openTab.value)) loadLater().then(() => stop());
  });
  mount(root, view);
}

/** A Pod that the learner chose, with volumes and a sandbox: the stage shows what stands in them. */
function isShelved(id) {
  if (id === null || id !== inspected.value || !inspectedObject.value?.volumes?.length) return false;
  return [...cells("node_pods").values()].some(({ pod, plate }) => pod === id && plate);
}

async function loadLater() {
  const [registry, repositories] = await loadPart(() => Promise.all([import("./registry.js"), import("./repositories.js")]));
  if (later.value) return;
  registry.startRegistry(() => openTab.value === "registry");
  repositories.startRepositories(() => openTab.value === "git");
  later.value = { registry: registry.registryTab, git: repositories.repositoriesTab };
}

function view() {
  return html`${headView()}
    <div class="tabs" role="tablist" aria-label=${t("inspector.tabs")} @keydown=${(event) => roveFocus(event, '[role="tab"]')?.click()}>
      ${tabs.value.map((name) => html`<button class="tab" role="tab" id=${`tab-${name}`} aria-controls="inspector-panel" aria-selected=${name === openTab.value}
        tabindex=${name === openTab.value ? 0 : -1} @click=${() => (wanted.value = name)}>${t(`tab.${name}`)}</button>`)}
    </div>
    <div class="panel" id="inspector-panel" role="tabpanel" aria-labelledby=${`tab-${openTab.value}`} tabindex="0">${panelView()}</div>
    ${openTab.value === "object" ? authorsView(details.value.data) : nothing}
    ${isSubject(inspected.value) ? actionsView(inspectedObject.value) : nothing}`;
}

function headView() {
  const id = inspected.value;
  const object = inspectedObject.value;
  const isPinned = Boolean(selected.value);
  const close = isPinned ? html`<button class="icon-button" aria-label=${t("inspector.unpin")} title=${`${t("inspector.unpin")} (Esc)`} @click=${() => (selected.value = null)}>${icons.close}</button>` : nothing;
  if (!id) return html`<div class="object-head"><span>${t("inspector.selection")}</span><h2>${t("inspector.all_pods")}</h2></div>`;
  if (id === OUTSIDE) return html`<div class="object-head"><span>${t("outside.kind")}</span><h2>${t("outside.title")}</h2>${close}</div>`;
  const [resource, , ...rest] = id.split("/");
  const name = isSubject(id) ? rest.join("/") : id.replace(/^controller\//, "").replace(/^gate\//, "");
  const revision = object?.revision ?? details.value.data?.revision;
  return html`<div class="object-head"><span>${object?.kind ?? (isSubject(id) ? resource : t("inspector.component"))}</span>
    <h2 lang="en">${name}</h2>${revision ? html`<em>${t("stage.revision", { n: revision })}</em>` : nothing}${close}</div>`;
}

function panelView() {
  const id = inspected.value;
  const tab = openTab.value;
  if (tab === "overview") return overviewView();
  if (id === OUTSIDE && tab === "switches") return switchesTab();
  if (id === OUTSIDE) return later.value ? later.value[tab]() : html`<p class="note">${t("inspector.loading")}</p>`;
  if (tab === "component") return componentView(id);
  if (tab === "decision") return html`${rescueView(cell("rescues", id))}${decisionTab(decision.value)}`;
  if (tab === "work") return workTab(id, inspectedObject.value);
  if (tab === "inside") return insideTab(id);
  const { data, error, isLoading } = details.value;
  if (!inspectedObject.value && !data) return absentView(id, isLoading);
  if (error) return html`<p class="note">${t("inspector.failed")}</p>`;
  if (!data) return html`<p class="note">${t("inspector.loading")}</p>`;
  return tabView(tab, id, data);
}

function tabView(tab, id, data) {
  if (tab === "object") return objectTab(data, { isNow: isWrittenNow(id, data), pendingIp: unreportedIp(id) });
  if (tab === "diff") return diffTab(data);
  if (tab === "events") return eventsTab(data);
  if (tab === "why") return whyTab(data);
  if (tab === "room") return roomTab(data, id.split("/").at(-1));
  return statusTab(data, inspectedObject.value ?? {});
}

const isWrittenNow = (id, data) => moment.value.changes.has(`objects/${id}`) || moment.value.rows.some((row) => row.subject === id && row.revision === data.revision);

/** An address that the node knows and the API does not yet. */
function unreportedIp(id) {
  const object = inspectedObject.value;
  if (!id.startsWith("pods/") || !object || object.ip) return null;
  const truth = [...cells("node_pods").values()].find((one) => one.pod === id);
  return truth?.plate?.ip ?? null;
}

function absentView(id, isLoading) {
  if (isLoading) return html`<p class="note">${t("inspector.loading")}</p>`;
  const first = recording.firstStepOf(id);
  const row = recording.stepRow(first);
  return html`<p class="note">${t("inspector.absent")}</p>
    ${row ? html`<p><button class="link" @click=${() => goToStep(first)}>${t("inspector.first_seen", { n: row.step })}</button></p>` : nothing}`;
}

