/** Owns the table of objects: the same cluster as rows, with what can be done to each. */

import { html, nothing } from "lit";
import { signal } from "@preact/signals-core";
import { statusGlyph } from "../icons.js";
import { say, t } from "../i18n.js";
import { cells, canAct, selected } from "../store.js";
import { canDelete, deleteObject } from "../inspector/actions.js";
import { naturally } from "../stage/scene.js";

export const filter = signal("");
const MOST_ROWS = 500;
const LAST = 99;

export function tableView() {
  const rows = visibleRows();
  return html`<div class="table-head"><h2>${t("table.title")}</h2>
      <input type="search" class="filter" aria-label=${t("table.filter")} placeholder=${`${t("table.filter")} (/)`} .value=${filter.value} @input=${(event) => (filter.value = event.target.value)} /></div>
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t("table.title")}>
    ${rows.length ? tableOf(rows.slice(0, MOST_ROWS)) : html`<p class="note">${t(filter.value ? "table.nothing_found" : "table.empty")}</p>`}
    ${rows.length > MOST_ROWS ? html`<p class="note">${t("table.more", { n: rows.length - MOST_ROWS })}</p>` : nothing}</div>`;
}

function visibleRows() {
  const words = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const text = (object) => `${object.kind} ${object.namespace}/${object.name} ${object.node ?? ""} ${say(object.status?.word)}`.toLowerCase();
  return [...cells("objects")]
    .filter(([, object]) => words.every((word) => text(object).includes(word)))
    .sort(([, a], [, b]) => (a.rank ?? LAST) - (b.rank ?? LAST) || naturally(a.kind, b.kind) || naturally(a.namespace ?? "", b.namespace ?? "") || naturally(a.name, b.name));
}

function tableOf(rows) {
  const head = ["kind", "name", "namespace", "ready", "status", "node", "ip"];
  return html`<table class="objects"><thead><tr>${head.map((name) => html`<th scope="col">${t(`table.${name}`)}</th>`)}<th scope="col"><span class="unseen">${t("inspector.actions")}</span></th></tr></thead>
    <tbody>${rows.map(([id, object]) => rowOf(id, object))}</tbody></table>`;
}

function rowOf(id, object) {
  return html`<tr class=${selected.value === id ? "selected" : ""} lang="en" @click=${(event) => event.target.closest("button") || (selected.value = id)}>
    <td>${object.kind}</td><th scope="row"><button class="link" @click=${() => (selected.value = id)}>${object.name}</button></th><td>${object.namespace}</td>
    <td>${object.ready ?? say(object.badge)}</td><td class="nowrap">${object.status && say(object.status.word) !== object.ready ? html`${statusGlyph(object.status)}${say(object.status.word)}` : nothing}</td>
    <td>${object.node ?? ""}</td><td>${object.ip ?? ""}</td>
    <td>${canDelete(object) ? html`<button class="button small" data-act="delete-row" ?disabled=${!canAct.value} aria-label=${t("table.delete", { name: object.name })} @click=${() => deleteObject(object)}>${t("editor.delete")}</button>` : nothing}</td></tr>`;
}
