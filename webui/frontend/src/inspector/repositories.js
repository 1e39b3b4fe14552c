/** Owns the tab of the Git repositories: branches, files, commits, and a form to push one. */

import { html, nothing } from "lit";
import { signal } from "@preact/signals-core";
import { getRepositories } from "../api.js";
import { t } from "../i18n.js";
import { sinceBegin } from "../store.js";
import { clockText } from "../transport.js";
import { disabled, followed, interfere, onSend, outsideNotes } from "./outside.js";

const MOST_COMMITS = 30;
let repositories = null;
/** "URL#BRANCH" that is looked at; "" = the first. */
const chosen = signal("");

export function startRepositories(isWanted) {
  repositories = followed(getRepositories, isWanted);
}

const placeOf = ({ repository, branch }) => `${repository}#${branch}`;

export function repositoriesTab() {
  const { data, failed } = repositories.answer.value;
  if (!data) return html`<p class="note">${t(failed ? "outside.bad" : "inspector.loading")}</p>`;
  const tree = data.trees.find((one) => placeOf(one) === chosen.value) ?? data.trees[0];
  const commits = data.commits.filter((one) => placeOf(one) === placeOf(tree));
  return html`${outsideNotes("git.about")}${data.trees.length > 1 ? choiceView(data.trees, tree) : nothing}
    ${filesView(tree)}${pushView(tree)}${commitsView(commits)}`;
}

function choiceView(trees, tree) {
  return html`<form class="stack-form"><label>${t("git.repository")} <select data-act="git-choose" lang="en" @change=${(event) => (chosen.value = event.target.value)}>
    ${trees.map((one) => html`<option value=${placeOf(one)} ?selected=${placeOf(one) === placeOf(tree)}>${one.repository.replace(/^https?:\/\//, "")} · ${one.branch}</option>`)}</select></label></form>`;
}

function filesView({ files }) {
  return html`<h3>${t("git.files")}</h3><ul class="plain-list" lang="en">${Object.entries(files).map(
    ([path, text]) => html`<li>${text === null ? path : html`<button class="link" data-act="git-edit" aria-label=${t("git.open_file", { name: path })} @click=${() => edit(path, text)}>${path}</button>`}</li>`,
  )}</ul>`;
}

/** Puts a file into the form, to be changed. */
function edit(path, text) {
  const form = document.querySelector(".git-form");
  Object.assign(form.elements.path, { value: path });
  form.elements.text.value = text;
  form.elements.text.focus();
}

async function push({ url, branch, path, text, message }, form) {
  const place = `${url.trim().replace(/(\/|\.git)+$/, "")}#${branch.trim() || "main"}`;
  const done = await interfere("git-push", place, message.trim() || t("git.default_message", { name: path.trim() }), path.trim(), text);
  if (!done) return;
  chosen.value = place;
  form.elements.message.value = "";
  repositories.again();
}

function pushView(tree) {
  return html`<h3>${t("git.push_title")}</h3><form class="stack-form git-form" @submit=${onSend(push)}>
    <label>${t("git.repository")} <input name="url" required autocomplete="off" spellcheck="false" lang="en" .value=${tree.repository} /></label>
    <div class="row-form"><label>${t("git.branch")} <input name="branch" autocomplete="off" spellcheck="false" lang="en" .value=${tree.branch} /></label>
      <label>${t("git.file")} <input name="path" required autocomplete="off" spellcheck="false" lang="en" placeholder="index.html" /></label></div>
    <label>${t("git.text")} <textarea name="text" rows="5" spellcheck="false" lang="en"></textarea></label>
    <label>${t("git.message")} <input name="message" autocomplete="off" /></label>
    <button class="button small" data-act="git-push" ?disabled=${disabled()}>${t("git.push")}</button></form>`;
}

function commitsView(commits) {
  return html`<h3>${t("git.commits")}</h3><ol class="things" data-part="git-commits">${commits.slice(0, MOST_COMMITS).map(
    ({ hash, message, at_ms: atMs, files }) => html`<li><div lang="en"><b>${hash.slice(0, 7)}</b><small>${clockText(sinceBegin(atMs))}</small></div><span>${message}</span>
      <small lang="en">${files.join(", ")}</small></li>`,
  )}</ol>`;
}
