/** Owns the left dock: file tabs, the editor's place, Apply and Delete, the terminal. */

import { html, nothing } from "lit";
import { computed, effect, signal } from "@preact/signals-core";
import { getExamples } from "../api.js";
import { t, say } from "../i18n.js";
import { mount, roveFocus } from "../mount.js";
import { canAct, connection, following, goLive, loadPart, recording, run } from "../store.js";
import { placeMenu } from "../panels/topbar.js";
import { startTerminal } from "../terminal/panel.js";
import { send } from "../transport.js";
import { addFile, applied, closeFile, examples, files, markApplied, newFile, openDocument, openFile, problems, takeExamples } from "./documents.js";

let editor = null;
const busy = signal("");

export function startDock(root, { showStage, showManifest }) {
  mount(root.querySelector(".file-tabs"), tabsView);
  mount(root.querySelector(".actions"), () => actionsView(showStage));
  startTerminal(root.querySelector(".terminal"), { openFile: () => showEditor(showManifest) });
  keepOpenTabInView(root.querySelector(".file-tabs"));
  forgetAppliedAfterReset();
  getExamples().then(takeExamples).catch(() => takeExamples([])).finally(() => startEditor(root, showStage));
}

/** The editor is a bundle of its own: the stage is there before it. */
async function startEditor(root, showStage) {
  const { Editor } = await loadPart(() => import("./editor.js"));
  const host = root.querySelector(".editor");
  host.replaceChildren();
  editor = new Editor(host, {
    onApply: () => apply(showStage),
    onLeave: () => root.querySelector('.actions [data-act="apply"]')?.focus(),
  });
  document.documentElement.dataset.editor = "ready";
}

export const focusEditor = () => editor?.focus();

function showEditor(showManifest) {
  showManifest?.();
  requestAnimationFrame(focusEditor);
}

function tabsView() {
  const open = openFile.value?.name;
  return html`<div role="tablist" class="tabs" aria-label=${t("editor.files")} @keydown=${(event) => activate(roveFocus(event, '[role="tab"]'))}>
      ${files.value.map((file) => tab(file.name, file.name === open))}
    </div>
    ${addMenu()}`;
}

const activate = (tabElement) => tabElement?.click();

function tab(name, isOpen) {
  const errors = problems.value.get(name)?.length ?? 0;
  return html`<button class="tab" role="tab" lang="en" aria-selected=${isOpen} tabindex=${isOpen ? 0 : -1} @click=${() => openDocument(name)}
      @keydown=${(event) => event.key === "Delete" && files.value.length > 1 && closeFile(name)} title=${files.value.length > 1 ? t("editor.close_hint") : name}>
      ${name}${errors ? html`<span class="error-badge"><span aria-hidden="true">✖</span> ${errors}<span class="unseen"> ${t("editor.errors")}</span></span>` : nothing}</button>`;
}

/** "+": a new file, or one of the examples. */
function addMenu() {
  const choose = (act) => () => {
    document.getElementById("add-menu").hidePopover();
    act();
  };
  return html`<button class="tab add" data-act="add" popovertarget="add-menu" aria-label=${t("editor.add")} title=${t("editor.add")}>+</button>
    <div id="add-menu" class="menu add-menu" popover @beforetoggle=${placeMenu}>
      <button class="menu-item" @click=${choose(newFile)}>${t("editor.new_file")}</button>
      ${examples.value.map((example) => html`<button class="menu-item" @click=${choose(() => addFile(example.name, example.text))}>${say(example.title) || example.name}<small lang="en">${example.name}</small></button>`)}
    </div>`;
}

function actionsView(showStage) {
  const file = openFile.value;
  const cannot = !canAct.value || !file?.text.trim();
  const isApplied = file && applied.value.get(file.name) === file.text;
  return html`<button class=${`button ${isApplied ? "" : "primary"}`} data-act="apply" ?disabled=${cannot} title=${whyNot() || "Ctrl+Enter"} @click=${() => apply(showStage)}>${t("editor.apply")}</button>
    <button class="button" data-act="delete" ?disabled=${cannot} title=${whyNot() || t("editor.delete_hint")} @click=${() => remove(showStage)}>${t("editor.delete")}</button>
    <small>${hint(file, isApplied)}</small>`;
}

const whyNot = () => (connection.value === "offline" ? t("deck.view_only") : "");

function hint(file, isApplied) {
  const errors = file ? problems.value.get(file.name) : null;
  if (busy.value) return t(busy.value);
  if (errors?.length) return t("editor.error_at", { n: errors.length, line: errors[0].line });
  if (isApplied) return t("editor.applied");
  return recording.length || run.value.totalSteps ? "" : t("editor.apply_first");
}

const BUSY_AT_MOST_MS = 1500;

/** Acting is always in the present: a viewer in the past goes to the live edge first. */
async function kubectl(action, word, showStage) {
  const file = openFile.value;
  if (!file || !canAct.value || busy.value) return null;
  busy.value = word;
  const timer = setTimeout(() => (busy.value = ""), BUSY_AT_MOST_MS);
  if (!following.value) goLive();
  showStage?.();
  markApplied(file.name, action === "apply" ? file.text : null);
  const ok = await send({ type: "kubectl", action, files: [{ name: file.name, text: file.text }] });
  clearTimeout(timer);
  busy.value = "";
  if (!ok) markApplied(file.name, null);
  return ok;
}

export const apply = (showStage) => kubectl("apply", "editor.applying", showStage);
const remove = (showStage) => kubectl("delete", "editor.deleting", showStage);

/** In a cluster that begins anew nothing has been applied. */
function forgetAppliedAfterReset() {
  const isFresh = computed(() => run.value.totalSteps === 0);
  effect(() => {
    if (isFresh.value) applied.value = new Map();
  });
}

function keepOpenTabInView(host) {
  effect(() => {
    openFile.value;
    problems.value;
    requestAnimationFrame(() => host.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" }));
  });
}
