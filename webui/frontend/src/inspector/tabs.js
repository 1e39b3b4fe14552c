/** Owns what the inspector's tabs show of one object: YAML, differences, events, causes, the STATUS rule. */

import { html, nothing } from "lit";
import { marker } from "../icons.js";
import { say, t } from "../i18n.js";
import { rich } from "../mount.js";
import { clockText } from "../transport.js";
import { goToStep, moment, recording, sinceBegin } from "../store.js";
import { changedLines, compare, hunks } from "./lines.js";

export const AUTHORS = { U: "user", A: "apiserver", C: "controllers", S: "scheduler", K: "kubelet" };

/** YAML at this step; what the step wrote is washed, and each line names who wrote it. */
export function objectTab(data, { isNow, pendingIp }) {
  const marks = isNow ? marksOf(data) : new Map();
  const lines = data.yaml.replace(/\n$/, "").split("\n");
  return html`${data.about ? html`<p class="note" data-stored-only>${say(data.about)}</p>` : nothing}<div class="yaml" lang="en" role="region" aria-label="YAML" tabindex="0">
    ${lines.map((line, index) => yamlLine(line, data.authors?.[index + 1], marks.get(index + 1)))}
    ${pendingIp ? html`<div class="line unreported" data-author="K"><span>  podIP: ${pendingIp}</span><em lang="">${t("inspector.not_reported")}</em></div>` : nothing}
  </div>`;
}

/** Line → sign: as the server found them, or by comparing the two texts. */
function marksOf(data) {
  if (data.changed_lines) return new Map(Object.entries(data.changed_lines).map(([line, sign]) => [Number(line), sign]));
  return changedLines(data.previous_yaml, data.yaml);
}

function yamlLine(text, author, mark) {
  const [, head, key, rest] = text.match(/^(\s*(?:- )*)([^\s:'"][^:]*:)(.*)$/) ?? [null, text, "", ""];
  return html`<div class=${`line ${mark ? "new" : ""}`} data-author=${author ?? nothing}>${author
    ? html`<b class="author" title=${t(`author.${AUTHORS[author]}`)}>${author}</b>`
    : nothing}<span>${head}<span class="field">${key}</span>${rest}</span>${mark ? html`<i class="sign">${mark}<span class="unseen">${t(mark === "+" ? "inspector.added" : "inspector.changed")}</span></i>` : nothing}</div>`;
}

export function authorsView(data) {
  const letters = Object.keys(AUTHORS).filter((letter) => Object.values(data?.authors ?? {}).includes(letter));
  if (!letters.length) return nothing;
  return html`<div class="authors">${letters.map((letter) => html`<span data-author=${letter}><b class="author">${letter}</b>${t(`author.${AUTHORS[letter]}`)}</span>`)}</div>`;
}

export function diffTab(data) {
  if (data.previous_yaml === null || data.previous_yaml === undefined) return html`<p class="note">${t("inspector.first_revision")}</p>`;
  const shown = hunks(compare(data.previous_yaml, data.yaml));
  if (!shown.length) return html`<p class="note">${t("inspector.no_difference")}</p>`;
  return html`<p class="note">${t("inspector.diff_title", { revision: data.revision })}</p>
    <div class="yaml diff" lang="en" role="region" aria-label=${t("tab.diff")} tabindex="0">${shown.map(diffLine)}</div>`;
}

function diffLine(line) {
  if (line.skip) return html`<div class="line skipped" lang="">${t("inspector.lines_skipped", { n: line.skip })}</div>`;
  const classes = { "+": "added", "±": "added", "−": "gone", " ": "" };
  const old = line.old ? html`<div class="line gone"><i class="sign">−</i><span>${line.old}</span></div>` : nothing;
  return html`${old}<div class=${`line ${classes[line.sign]}`}>${line.sign === " " ? nothing : html`<i class="sign">${line.sign === "±" ? "+" : line.sign}</i>`}<span>${line.text}</span></div>`;
}

export function eventsTab(data) {
  if (!data.events?.length) return html`<p class="note">${t("inspector.no_events")}</p>`;
  return html`<ol class="events" lang="en">${[...data.events].reverse().map((event) => html`<li class=${event.type === "Warning" ? "warning" : ""}>
    <b>${event.type === "Warning" ? marker("warning") : marker("status")}${event.reason}</b><span>${event.message}</span>
    <small>${[event.from, event.age, event.count > 1 ? `× ${event.count}` : ""].filter(Boolean).join(" · ")}</small></li>`)}</ol>`;
}

export function whyTab(data) {
  if (!data.why?.length) return html`<p class="note">${t("inspector.no_why")}</p>`;
  return html`<h3>${t("inspector.why_title")}</h3><ol class="why">${data.why.map(whyRow)}</ol>${whyWanted(data.why_wanted)}`;
}

/** The owners' wished-for number, up to whoever set it. */
function whyWanted(rows) {
  if (!rows?.length) return nothing;
  return html`<h3>${t("inspector.why_wanted")}</h3><ol class="why">${rows.map(({ text, revision }) => html`<li>${marker("write")}<span>${rich(say(text))}</span><small>rev ${revision}</small></li>`)}</ol>`;
}

function whyRow({ seq, step, text, marker: kind }) {
  const known = recording.stepOfSeq(seq);
  const row = recording.stepRow(known);
  const number = step ?? row?.step ?? null;
  const isHere = known === moment.value.step;
  return html`<li>${marker(kind ?? row?.marker ?? "watch")}<span>${rich(say(text))}</span>
    <small>${number === null ? nothing : t("inspector.at_step", { n: number })}${row ? html` · ${clockText(sinceBegin(row.at_ms))}` : nothing}
    ${number !== null && row && !isHere ? html` · <button class="link" @click=${() => goToStep(known)}>${t("inspector.go_there")}</button>` : nothing}</small></li>`;
}

/** The order in which kubectl works the word out; the row that decided is washed. */
export function statusTab(data, object) {
  const { rules = [], conditions } = data.status_rule ?? {};
  return html`<h3>${t("inspector.status_title", { word: say(object.status?.word) })}</h3>
    <p class="note">${t("inspector.status_note")}</p>
    <ol class="rules">${rules.map((rule) => html`<li class=${rule.decides ? "hit" : ""}>${rich(say(rule.text))}${rule.note ? html`<small>${rich(say(rule.note))}</small>` : nothing}</li>`)}</ol>
    <p class="answer" lang="en"><span>STATUS</span> ${say(object.status?.word)} <span>READY</span> ${object.ready ?? ""}</p>
    ${conditionsView(conditions)}`;
}

export function conditionsView(conditions) {
  if (!conditions?.length) return nothing;
  return html`<table lang="en"><thead><tr><th scope="col">Condition</th><th scope="col">status</th><th scope="col">reason</th></tr></thead>
    <tbody>${conditions.map((one) => html`<tr><td>${one.type}</td><td>${one.status}</td><td class="key">${one.reason ?? ""}</td></tr>`)}</tbody></table>`;
}

/** Which node, and why: filters in their order, then scores and their weights. */
export function decisionTab(decision) {
  const nodes = nodesOf(decision);
  const column = (node) => html`<th scope="col">${node}</th>`;
  return html`<h3>${t("inspector.decision_title", { name: decision.pod.split("/").at(-1) })}</h3>
    <div class="scroll" tabindex="0" role="region" aria-label=${t("tab.decision")}><table class="decision"><thead><tr><th scope="col">${t("inspector.filter")}</th>${nodes.map(column)}</tr></thead>
      <tbody>${(decision.filters ?? []).map((row) => html`<tr><td lang="en">${say(row.plugin)}</td>${nodes.map((node) => verdictCell(row.verdicts?.[node]))}</tr>`)}</tbody></table>
    ${decision.scores?.length ? html`<table class="decision"><thead><tr><th scope="col">${t("inspector.score")}</th>${nodes.map(column)}</tr></thead>
      <tbody>${decision.scores.map((row) => html`<tr><td lang="en">${row.plugin}${row.weight ? ` × ${row.weight}` : ""}</td>${nodes.map((node) => scoreCell(row, node))}</tr>`)}
      <tr class="sum"><td>${t("inspector.total")}</td>${nodes.map((node) => html`<td class=${decision.chosen === node ? "chosen" : ""}>${decision.totals?.[node] ?? "–"}</td>`)}</tr></tbody></table>` : nothing}</div>
    ${decision.chosen ? html`<p class="note">${rich(t("inspector.chosen", { node: decision.chosen }))}</p>` : nothing}
    ${(decision.notes ?? []).map((note) => html`<p class="note">${rich(say(note))}</p>`)}`;
}

/** The weighted score, and how it came about: what the plugin gave → normalised to 0–100. */
function scoreCell({ values, parts }, node) {
  if (values?.[node] === undefined) return html`<td>–</td>`;
  const [raw, normalised] = parts?.[node] ?? [];
  return html`<td>${values[node]}${raw === undefined ? nothing : html`<small>${raw === normalised ? raw : `${raw} → ${normalised}`}</small>`}</td>`;
}

function nodesOf(decision) {
  const names = new Set((decision.filters ?? []).flatMap((row) => Object.keys(row.verdicts ?? {})));
  for (const row of decision.scores ?? []) for (const node of Object.keys(row.values ?? {})) names.add(node);
  return [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

function verdictCell(verdict) {
  if (verdict === "pass") return html`<td class="pass"><span aria-hidden="true">✓</span><span class="unseen">${t("inspector.passes")}</span></td>`;
  if (verdict === "fail") return html`<td class="fail"><span aria-hidden="true">✖</span><span class="unseen">${t("inspector.fails")}</span></td>`;
  return html`<td><span aria-hidden="true">–</span><span class="unseen">${t("inspector.not_run")}</span></td>`;
}

