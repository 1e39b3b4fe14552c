/** Owns the dialogs: notation, keys, reset, and the phone's menus. All are native, modal and closed by Esc. */

import { html, nothing } from "lit";
import { signal } from "@preact/signals-core";
import { kubeconfigPath } from "../api.js";
import { config } from "../config.js";
import { icons, marker, statusGlyph } from "../icons.js";
import { say, t } from "../i18n.js";
import { ringed } from "../store.js";
import { live, reset, first } from "../transport.js";
import { liveWord, speedView } from "../deck/transport-bar.js";
import { loadSandboxes, outsideSwitch, sandboxList, share, viewSwitch } from "./topbar.js";

const open = signal(null);
let element = null;

export function openDialog(name) {
  open.value = name;
  if (name === "menu") loadSandboxes();
  element.classList.toggle("beside", name === "notation");
  if (element.open) return;
  if (name === "notation") element.show(); // beside the stage, on which its rows ring what they speak of
  else element.showModal();
}

export function startDialogs(dialog) {
  element = dialog;
  dialog.addEventListener("close", () => (open.value = ringed.value = null));
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

/** Whether a dialog stands in the way of the page; the notation stands beside it. */
export const isDialogOpen = () => Boolean(element?.matches(":modal"));
const close = () => element.close();

const BODIES = { notation: notationBody, keys: keysBody, reset: resetBody, menu: menuBody, time: timeBody };
const TITLES = { notation: "notation.title", keys: "keys.title", reset: "reset.title", menu: "top.menu", time: "deck.more" };

export function dialogView() {
  const name = open.value;
  if (!name) return nothing;
  return html`<div class="dialog-box"><div class="dialog-head"><h2 id="dialog-title">${t(TITLES[name])}</h2>
    <button class="icon-button" aria-label=${t("dialog.close")} @click=${close}>${icons.close}</button></div>
    <div class="dialog-body" tabindex="0">${BODIES[name]()}</div></div>`;
}

/** Rows of the notation come from the server: [{glyph?, tone?, marker?, sign?, name, text}]. */
function notationBody() {
  return html`<table class="notation"><thead class="unseen"><tr><th scope="col">${t("notation.sign")}</th><th scope="col">${t("notation.thing")}</th><th scope="col">${t("notation.meaning")}</th></tr></thead>
    <tbody>${config.notation.map((row) => html`<tr tabindex=${row.ring ? 0 : nothing} @pointerenter=${() => point(row)} @pointerleave=${() => point(null)} @focus=${() => point(row)} @blur=${() => point(null)}><td class="drawing">${drawingOf(row)}</td><th scope="row">${say(row.name)}</th><td>${say(row.text)}</td></tr>`)}</tbody></table>`;
}

const point = (row) => (ringed.value = row?.ring ?? null);

function drawingOf({ glyph, tone, marker: kind, sign, outline }) {
  if (glyph) return statusGlyph({ glyph, tone });
  if (kind) return marker(kind);
  if (outline) return html`<span class=${`outline outline-${outline}`} aria-hidden="true"></span>`;
  return html`<span class="sign" aria-hidden="true">${sign}</span>`;
}

const KEYS = [
  ["→", "keys.step"], ["←", "keys.back"], ["Shift+→", "keys.stage_next"], ["Shift+←", "keys.stage_back"],
  ["Space · K · .", "keys.play"], ["Home", "keys.first"], ["End", "keys.live"], ["− +", "keys.speed"], ["C", "keys.pacing"],
  ["G", "keys.go"], ["/", "keys.filter"], ["T", "keys.table"], ["O", "keys.outside"], ["Z · 0", "keys.zoom"], ["Ctrl+Enter", "keys.apply"], ["F8", "keys.error"],
  ["Ctrl+B · Ctrl+I", "keys.docks"], ["?", "keys.help"], ["Esc", "keys.escape"],
];

function keysBody() {
  return html`<table class="keys"><thead class="unseen"><tr><th scope="col">${t("keys.key")}</th><th scope="col">${t("keys.effect")}</th></tr></thead>
    <tbody>${KEYS.map(([key, text]) => html`<tr><th scope="row"><kbd>${key}</kbd></th><td>${t(text)}</td></tr>`)}</tbody></table>`;
}

function resetBody() {
  return html`<p>${t("reset.words")}</p><div class="dialog-actions">
    <button class="button danger" data-act="reset-now" @click=${() => (close(), reset())}>${t("reset.now")}</button>
    <button class="button" @click=${close}>${t("reset.keep")}</button></div>`;
}

function menuBody() {
  return html`<div class="menu-list">${viewSwitch()}<span @click=${close}>${outsideSwitch()}</span>
    <button class="top-button" @click=${() => openDialog("notation")}>${icons.notation}${t("top.notation")}</button>
    <button class="top-button" @click=${() => (close(), share())}>${icons.share}${t("top.share")}</button>
    <a class="top-button" href=${kubeconfigPath()} download=${`${config.sandbox}.kubeconfig`}>${icons.download}kubeconfig</a></div>
    <h3>${t("top.sandboxes")}</h3>${sandboxList()}`;
}

function timeBody() {
  const then = (action) => () => (close(), action());
  return html`<div class="menu-list"><button class="top-button" @click=${then(first)}>${icons.first}${t("deck.first")}</button>
    <button class="top-button" @click=${then(live)}>${icons.live}${liveWord()}</button>
    <button class="top-button" @click=${() => openDialog("reset")}>${t("deck.reset")}</button></div>${speedView()}`;
}
