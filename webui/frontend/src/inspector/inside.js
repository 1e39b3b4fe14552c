/** Owns the tab that looks inside a Pod: each container's log, its processes, what is mounted, and the files there. */

import { html, nothing } from "lit";
import { effect, untracked } from "@preact/signals-core";
import { getInside } from "../api.js";
import { t } from "../i18n.js";
import { isRunning, moment, run, sinceBegin } from "../store.js";
import { typeCommand } from "../terminal/panel.js";
import { clockText } from "../transport.js";
import { seen } from "./looked.js";

const WAIT_MS = 150;
const AGAIN_MS = 1000;

let timer = 0;
let abort = null;

/** Follows what `wanted()` names: at each step, and once a second while time runs. */
export function startInside(wanted) {
  effect(() => {
    const subject = wanted();
    moment.value;
    run.value;
    untracked(() => {
      clearTimeout(timer);
      if (subject) timer = setTimeout(() => load(subject, wanted), seen.value.subject === subject ? WAIT_MS : 0);
    });
  });
}

async function load(subject, wanted) {
  abort?.abort();
  abort = new AbortController();
  const isLive = isRunning();
  try {
    const data = await getInside(subject, isLive ? undefined : Math.floor(moment.value.atMs), abort.signal);
    if (wanted() === subject) seen.value = { subject, data, error: null };
  } catch (error) {
    if (error.name === "AbortError" || wanted() !== subject) return;
    seen.value = { subject, data: null, error: error.status === 404 ? "nothing" : "failed" };
  }
  if (isLive && wanted() === subject) timer = setTimeout(() => load(subject, wanted), AGAIN_MS);
}

export function insideTab(subject) {
  const { data, error, subject: of } = seen.value;
  if (error && of === subject) return html`<p class="note">${t(error === "nothing" ? "inside.nothing" : "inspector.failed")}</p>`;
  if (!data || of !== subject) return html`<p class="note">${t("inspector.loading")}</p>`;
  const [, namespace, name] = subject.split("/");
  return html`${data.containers.map((one) => containerView(one, { namespace, name }))}${moment.value.isLive ? nothing : html`<p class="note">${t("inside.files_now")}</p>`}`;
}

function containerView(one, pod) {
  const words = { running: "container.running", exited: "container.terminated", created: "container.creating" };
  const state = one.exit_code === null ? t(words[one.state] ?? "container.waiting") : t("container.exit", { code: one.exit_code });
  return html`<section class="inside" aria-label=${one.name}><h3><b lang="en">${one.name}</b> <span>${state}${one.attempt ? ` · ↻${one.attempt}` : nothing}</span>
      ${one.state === "running" ? html`<button class="link" data-act="shell" @click=${() => openShell(pod, one.name)}>${t("inside.shell")}</button>` : nothing}</h3>
    ${one.command ? html`<p class="machine-line" lang="en">${[one.command, ...one.children].join("\n")}</p>` : nothing}
    ${one.probes.map(probeView)}${logView(one)}${one.mounts.map(mountView)}
    ${one.files.length ? html`<details><summary>${t("inside.own_files", { n: one.files.length })}</summary>${one.files.map(fileView)}</details>` : nothing}</section>`;
}

/** A probe's pulse: it goes on without a step as long as it says the same. */
function probeView({ kind, count, at_ms: atMs, result, run, said }) {
  if (!result) return html`<p class="note">${t("inside.probe_none", { kind })}</p>`;
  const words = { success: "inside.probe_success", failure: "inside.probe_failure" };
  const about = { kind, n: count, at: clockText(sinceBegin(atMs)), result: t(words[result]), run: Math.max(run, 1) };
  return html`<p class="note">${t("inside.probe", about)}${result === "failure" && said ? html` <span lang="en">${said.trim()}</span>` : nothing}</p>`;
}

function logView({ name, log, log_lines: written }) {
  if (!log.length) return html`<p class="note">${t("inside.no_log")}</p>`;
  const left = written > log.length ? html`<div class="note">${t("inside.earlier", { n: written - log.length })}</div>` : nothing;
  return html`<div class="log" role="log" aria-live="off" aria-label=${t("inside.log_of", { name })} tabindex="0" lang="en">${left}${log.map(
    (line) => html`<div class=${line.stream}><time>${clockText(sinceBegin(line.at_ms))}</time>${line.text}</div>`,
  )}</div>`;
}

/** A volume as a shelf: where it is mounted, what it is, and what stands in it. */
function mountView({ path, volume, kind, read_only: isReadOnly, files }) {
  return html`<details class="shelf" ?open=${files.length > 0 && files.length < 6}><summary><b lang="en">${path}</b>
    <span lang="en">${[kind, volume].filter(Boolean).join(" ")}</span>${isReadOnly ? html` <span>${t("inside.read_only")}</span>` : nothing}</summary>
    ${files.length ? files.map(fileView) : html`<p class="note">${t("inside.no_files")}</p>`}</details>`;
}

function fileView({ path, sign, mode, size, text, target }) {
  const head = html`<span class="mode">${sign}${mode}</span> ${path}${target ? ` → ${target}` : nothing}`;
  if (sign === "d" || (target && !text)) return html`<div class="file" lang="en">${head}</div>`;
  return html`<details class="file" lang="en"><summary>${head} <small>${t("inside.bytes", { n: size })}</small></summary><pre>${text}</pre></details>`;
}

function openShell({ namespace, name }, container) {
  const where = namespace === "default" ? "" : ` -n ${namespace}`;
  typeCommand(`kubectl exec -it ${name}${where} -c ${container} -- sh`);
}
