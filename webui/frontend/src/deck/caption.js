/** Owns the caption: which step this is, what happens in it, what comes next; and what is said aloud. */

import { html, nothing } from "lit";
import { effect } from "@preact/signals-core";
import { say, t } from "../i18n.js";
import { plain, rich } from "../mount.js";
import { connection, isRunning, moment, notice, offlineSince, ready, recording, run, stepNumber } from "../store.js";
import { back, replaying, step } from "../transport.js";

export function captionView() {
  return html`<div class="caption" @pointerdown=${swipe}>
    <span class="step-badge">${badge()}</span>
    ${sentence()}
    <div class="next">${side()}</div>
  </div>`;
}

/** "Step 14 of 97", "Step 17 · live", "About to do step 1 of 41". */
function badge() {
  if (!ready.value) return t("deck.loading");
  const { isLive, step: index } = moment.value;
  const total = run.value.totalSteps;
  const n = stepNumber.value;
  if (!total) return t("deck.step_none");
  if (index < 0 && !isLive) return t("deck.about_to", { total });
  if (isLive && run.value.settled) return t("deck.step_settled", { n: total });
  return isLive ? t("deck.step_live", { n }) : t("deck.step_of", { n, total });
}

function sentence() {
  if (run.value.mode === "stopped") return html`<p class="words stopped">${t("deck.stopped", { text: say(run.value.error) })}</p>`;
  if (notice.value) return html`<p class=${`words notice ${notice.value.tone}`} role="status">${rich(notice.value.text)}</p>`;
  const { row } = moment.value;
  if (row) return html`<p class="words">${rich(say(row.caption))}</p>`;
  if (!ready.value) return html`<p class="words">${t("deck.loading_words")}</p>`;
  return html`<p class="words">${rich(t(run.value.totalSteps ? "deck.at_start" : run.value.settled ? "deck.nothing_yet" : "deck.sent"))}</p>`;
}

function side() {
  const { isLive, row, step: index } = moment.value;
  return html`${nextWords(isLive, index)}${row ? html`<span class="fidelity">${t(`fidelity.${row.fidelity ?? "exact"}`)}</span>` : nothing}`;
}

function nextWords(isLive, index) {
  if (connection.value === "offline") {
    return html`<span class="offline-words">${t("deck.offline", { time: timeOf(offlineSince.value) })}</span>`;
  }
  const coming = isLive ? run.value.next?.caption : recording.stepRow(index + 1)?.caption;
  if (coming) return html`<span class="coming" title=${plain(say(coming))}>${t("deck.next")} <b>${plain(say(coming))}</b></span>`;
  if (isLive && run.value.settled) return html`<span class="coming">${t("deck.settled")}</span>`;
  return nothing;
}

const timeOf = (date) => (date ? date.toTimeString().slice(0, 5) : "");

/** A swipe over the caption is a step. */
function swipe(event) {
  if (event.pointerType !== "touch") return;
  const startX = event.clientX;
  addEventListener("pointerup", (last) => {
    const dx = last.clientX - startX;
    if (Math.abs(dx) > 48) (dx < 0 ? step : back)();
  }, { once: true });
}

const SPOKEN_EVERY_MS = 3000;
let spokenAt = 0;
let spokenStage = "";

/** Announces each step while stepping; while playing only a new stage, and at most every three seconds. */
export function startAnnouncing(element) {
  effect(() => {
    const { row } = moment.value;
    if (!row) return;
    const isPlaying = isRunning() || replaying.value;
    const now = performance.now();
    if (isPlaying && (now - spokenAt < SPOKEN_EVERY_MS || row.stage === spokenStage)) return;
    spokenAt = now;
    spokenStage = row.stage;
    element.textContent = `${t("deck.step_n", { n: row.step })} ${plain(say(row.caption))}`;
  });
}

