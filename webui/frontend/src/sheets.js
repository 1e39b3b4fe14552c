/** Owns which of the side panels is shown where there is no room for both: the rail's and the phone's sheets. */

import { html } from "lit";
import { signal } from "@preact/signals-core";
import { icons } from "./icons.js";
import { t } from "./i18n.js";
import { problems } from "./editor/documents.js";

/** "" = the stage (or, between 701 and 1279 px, the inspector) · manifest · terminal · inspect */
export const sheet = signal("");

export function openSheet(name) {
  sheet.value = sheet.value === name ? "" : name;
}

const count = () => [...problems.value.values()].flat().length;
const badge = () => (count() ? html`<span class="error-dot">${count()}</span>` : "");

export function railView() {
  const item = (name, icon, label) => html`<button aria-pressed=${sheet.value === name} @click=${() => openSheet(name)}>${icon}<span>${t(label)}</span>${name === "manifest" ? badge() : ""}</button>`;
  return html`${item("manifest", icons.file, "sheet.yaml")}${item("terminal", icons.terminal, "sheet.shell")}`;
}

export function tabBarView() {
  const item = (name, icon, label) => html`<button aria-current=${sheet.value === name ? "page" : "false"} data-sheet=${name} @click=${() => (sheet.value = name)}>${icon}<span>${t(label)}</span>${name === "manifest" ? badge() : ""}</button>`;
  return html`${item("", icons.stage, "sheet.stage")}${item("manifest", icons.file, "sheet.manifest")}${item("terminal", icons.terminal, "sheet.terminal")}${item("inspect", icons.inspect, "sheet.inspect")}`;
}
