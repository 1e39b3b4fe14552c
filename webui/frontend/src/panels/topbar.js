/** Owns the top bar: sandboxes, stage or table, notation, share, kubeconfig, language, theme. */

import { html, nothing } from "lit";
import { signal } from "@preact/signals-core";
import { getSandboxes, kubeconfigPath, makeSandbox } from "../api.js";
import { config } from "../config.js";
import { icons, logo } from "../icons.js";
import { language, setLanguage, t } from "../i18n.js";
import { OUTSIDE } from "../inspector/outside.js";
import { sheet } from "../sheets.js";
import { canAct, connection, isPartMissing, mainView, sandbox, selected, tell } from "../store.js";
import { isNarrow, isPhone, theme, toggleTheme } from "../theme.js";

const sandboxes = signal(null);

export function topbarView({ openDialog }) {
  return html`<h1 class="wordmark">${logo}Podlife<small>${t("top.motto")}</small></h1>
    ${isPhone.value ? phoneItems(openDialog) : wideItems(openDialog)}
    <button class="top-button language" lang=${language.value === "en" ? "zh-Hans" : "en"} data-act="language" aria-label=${t("top.language")} @click=${() => setLanguage(language.value === "en" ? "zh" : "en")}>
      ${language.value === "zh" ? html`<b>中文</b> / EN` : html`中文 / <b>EN</b>`}</button>
    <button class="top-button" data-act="theme" aria-label=${t(theme.value === "dark" ? "top.to_light" : "top.to_dark")} title=${t(theme.value === "dark" ? "top.to_light" : "top.to_dark")} @click=${toggleTheme}>${icons.theme}</button>`;
}

function wideItems(openDialog) {
  return html`${sandboxMenu()}
    ${viewSwitch()}${outsideSwitch()}
    <button class="top-button" data-act="notation" aria-label=${t("top.notation")} @click=${() => openDialog("notation")}>${icons.notation}<span>${t("top.notation")}</span></button>
    <span class="space"></span>
    ${offlinePill()}
    <button class="top-button optional" data-act="share" aria-label=${t("top.share")} title=${t("top.share")} @click=${share}>${icons.share}<span>${t("top.share")}</span></button>
    <a class="top-button" href=${kubeconfigPath()} download=${`${config.sandbox}.kubeconfig`}>${icons.download}<span lang="en">kubeconfig</span></a>`;
}

function phoneItems(openDialog) {
  return html`<span class="space"></span>${offlinePill()}
    <button class="top-button" aria-label=${t("top.menu")} data-act="menu" @click=${() => openDialog("menu")}>${icons.menu}</button>`;
}

export function viewSwitch() {
  const isTable = mainView.value === "table";
  return html`<button class="top-button" data-act="table" aria-label=${t("top.table")} aria-pressed=${isTable} title=${`${t("top.table_hint")} (T)`} @click=${toggleTable}>
    ${icons.table}<span>${t("top.table")}</span></button>`;
}

/** What is done outside the API has its place in the inspector. */
export function outsideSwitch() {
  return html`<button class="top-button" data-act="outside" aria-label=${t("top.outside")} aria-pressed=${selected.value === OUTSIDE} title=${`${t("top.outside_hint")} (O)`} @click=${toggleOutside}>
    ${icons.outside}<span>${t("top.outside")}</span></button>`;
}

export function toggleOutside() {
  selected.value = selected.value === OUTSIDE ? null : OUTSIDE;
  if (selected.value && isNarrow.value) sheet.value = isPhone.value ? "inspect" : "";
}

export const toggleTable = () => (mainView.value = mainView.value === "table" ? "stage" : "table");

/** A place that is always there, so that what comes into it is read out. */
const offlinePill = () => html`<span class="pill-place" role="status">${pill()}</span>`;

function pill() {
  if (isPartMissing.value) return html`<button class="offline-pill" data-act="reload" title=${t("top.part_missing_hint")} @click=${() => location.reload()}>${t("top.part_missing")}</button>`;
  if (connection.value !== "offline") return nothing;
  return html`<span class="offline-pill"><i aria-hidden="true"></i>${t("top.offline")}</span>`;
}

export async function share() {
  const link = `${location.origin}/s/${encodeURIComponent(config.sandbox)}/`;
  try {
    await navigator.clipboard.writeText(link);
    tell(t("top.shared", { link }));
  } catch {
    tell(link);
  }
}

/** A native disclosure: it opens without a script of ours and closes with Esc. */
function sandboxMenu() {
  return html`<div class="menu-holder"><button class="top-button" data-act="sandboxes" popovertarget="sandbox-menu" @click=${loadSandboxes}>
      <span>${t("top.sandbox")}</span> <b>${sandbox.value.name || config.sandbox}</b> <span aria-hidden="true">▾</span></button>
    <div id="sandbox-menu" class="menu" popover @beforetoggle=${placeMenu}>${sandboxList()}</div></div>`;
}

export function sandboxList() {
  if (sandboxes.value === null) return html`<p class="note">${t("inspector.loading")}</p>`;
  const make = html`<button class="menu-item" data-act="new-sandbox" ?disabled=${!canAct.value} @click=${newSandbox}>${t("top.new_sandbox")}</button>`;
  if (!sandboxes.value.length) return html`<p class="note">${t("top.no_sandboxes")}</p>${make}`;
  return html`${make}<ul>${sandboxes.value.map(({ name, profile }) => html`<li><a href=${`/s/${encodeURIComponent(name)}/`} aria-current=${name === config.sandbox ? "page" : nothing}>
    <b>${name}</b> <small>${profile ?? ""}</small></a></li>`)}</ul>`;
}

/** Makes a sandbox under the first free name and goes there. */
async function newSandbox() {
  const taken = new Set((sandboxes.value ?? []).map(({ name }) => name));
  let number = 1;
  while (taken.has(`lab-${number}`)) number += 1;
  try {
    await makeSandbox(`lab-${number}`);
    location.href = `/s/lab-${number}/`;
  } catch {
    tell(t("top.not_made"), "bad");
  }
}

/** A menu stands below its button, wherever that is. */
export function placeMenu(event) {
  const { target } = event;
  const button = event.source ?? document.querySelector(`[popovertarget="${target.id}"]`);
  if (event.newState !== "open" || !button) return;
  const { left, bottom } = button.getBoundingClientRect();
  Object.assign(target.style, { left: `${Math.max(8, Math.min(left, innerWidth - 260))}px`, top: `${Math.min(bottom + 2, innerHeight * 0.38)}px` });
}

export async function loadSandboxes() {
  try {
    const answer = await getSandboxes();
    sandboxes.value = Array.isArray(answer) ? answer : answer.sandboxes ?? [];
  } catch {
    sandboxes.value = [];
  }
}
