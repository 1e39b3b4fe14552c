/** Owns the registry's tab: its images and tags, how fast it is, and what a learner does to it. */

import { html, nothing } from "lit";
import { getRegistry } from "../api.js";
import { t } from "../i18n.js";
import { disabled, followed, interfere, onSend, outsideNotes } from "./outside.js";

const MIB = 1 << 20;
const MODES = ["down", "dns", "timeout", "unavailable", "denied", "limited"];
let registry = null;

export function startRegistry(isWanted) {
  registry = followed(getRegistry, isWanted);
}

async function act(action, ...args) {
  const done = await interfere(`registry-${action}`, ...args);
  registry.again();
  return done;
}

export function registryTab() {
  const { data, failed } = registry.answer.value;
  if (!data) return html`<p class="note">${t(failed ? "outside.bad" : "inspector.loading")}</p>`;
  return html`${outsideNotes("registry.about")}${stateView(data)}${leversView(data)}${pushView()}${imagesView(data.images)}`;
}

export const mebibytes = (bytes) => `${Number((bytes / MIB).toPrecision(3))} MiB`;
/** Without what every name of Docker Hub has. */
const short = (name) => name.replace(/^docker\.io\/(library\/)?/, "");

function stateView({ broken, bytes_per_s: speed, has_everything: hasEverything }) {
  const well = html`<li>● ${t("registry.well", { speed: mebibytes(speed) })}</li>`;
  const rows = broken.map(({ domain, mode }) => html`<li class="tone-bad">✖ ${t("registry.broken", { domain: domain === "*" ? t("registry.everything") : domain, mode: t(`registry.mode_${mode}`) })}</li>`);
  return html`<ul class="plain-list" data-part="registry-state">${rows.length ? rows : well}${hasEverything ? nothing : html`<li class="tone-wait">◐ ${t("registry.is_empty")}</li>`}</ul>`;
}

function leversView({ bytes_per_s: speed }) {
  return html`<form class="row-form" @submit=${onSend(({ speed: wanted }) => act("slow", wanted))}>
      <label>${t("registry.speed")} <input name="speed" type="number" min="0.001" max="100000" step="any" required .value=${String(Number((speed / MIB).toPrecision(6)))} /></label>
      <button class="button small" data-act="registry-slow" ?disabled=${disabled()}>${t("registry.set")}</button></form>
    <form class="row-form" @submit=${onSend(({ mode }) => act("break", mode))}>
      <label><span class="unseen">${t("registry.how")}</span><select name="mode">${MODES.map((mode) => html`<option value=${mode}>${t(`registry.mode_${mode}`)}</option>`)}</select></label>
      <button class="button small" data-act="registry-break" ?disabled=${disabled()}>${t("registry.break")}</button>
      <button class="button small" type="button" data-act="registry-empty" ?disabled=${disabled()} @click=${() => act("empty")}>${t("registry.empty")}</button>
      <button class="button small" type="button" data-act="registry-mend" ?disabled=${disabled()} @click=${() => act("mend")}>${t("registry.mend")}</button></form>`;
}

function pushView() {
  const push = async ({ image, size, private: isPrivate }, form) => {
    const last = isPrivate ? ["private"] : size ? [size] : [];
    if (await act("push", image.trim(), ...last)) form.reset();
  };
  return html`<h3>${t("registry.push_title")}</h3><form class="stack-form" @submit=${onSend(push)}>
    <label>${t("registry.image")} <input name="image" required autocomplete="off" spellcheck="false" lang="en" placeholder="nginx:1.27" /></label>
    <div class="row-form"><label>${t("registry.size")} <input name="size" type="number" min="0.001" max="1000000" step="any" /></label>
      <label><input name="private" type="checkbox" value="1" /> ${t("registry.private")}</label>
      <button class="button small" data-act="registry-push" ?disabled=${disabled()}>${t("registry.push")}</button></div></form>`;
}

function imagesView(images) {
  return html`<h3>${t("registry.images")}</h3><ul class="things" data-part="registry-images">${images.map(imageRow)}</ul>`;
}

function imageRow({ name, digest, size_bytes: size, state, pushes }) {
  const shown = short(name);
  const isGone = state === "removed";
  const button = (act_, label, run, about) => html`<button class="button small" data-act=${act_} ?disabled=${disabled()} aria-label=${t(about, { name: shown })} title=${t(about, { name: shown })} @click=${run}>${t(label)}</button>`;
  return html`<li><div lang="en"><b>${shown}</b><small>${mebibytes(size)} · ${digest.slice(0, 19)}</small></div>
    <span class=${isGone || state === "missing" ? "tone-bad" : ""}>${t(`registry.state_${state}`, { n: pushes })}</span>
    <div class="doing">${button("registry-again", "registry.again", () => act("push", name), "registry.again_of")}
    ${isGone ? button("registry-back", "registry.back", () => act("allow", name), "registry.back_of") : button("registry-remove", "registry.remove", () => act("remove", name), "registry.remove_of")}</div></li>`;
}
