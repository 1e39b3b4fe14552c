/** Owns what the tabs outside the API share: how they follow the server's answer, and how they act. */

import { html, nothing } from "lit";
import { effect, signal, untracked } from "@preact/signals-core";
import { t } from "../i18n.js";
import { canAct, following, goLive, moment, run } from "../store.js";
import { send } from "../transport.js";

export const OUTSIDE = "outside";
export const OUTSIDE_TABS = ["switches", "registry", "git"];
const WAIT_MS = 150;

/** What the learner does beside the API: an input of the sandbox, seen as a step. */
export function interfere(action, ...args) {
  if (!following.value) goLive();
  return send({ type: "fault", action, args: args.map(String) });
}

/** What a question is answered now: {data, failed}, asked again after each step while `isWanted()`. */
export function followed(ask, isWanted) {
  const answer = signal({ data: null, failed: false });
  let timer = 0;
  let abort = null;
  const load = async () => {
    abort?.abort();
    abort = new AbortController();
    try {
      answer.value = { data: await ask(abort.signal), failed: false };
    } catch (error) {
      if (error.name !== "AbortError") answer.value = { ...answer.value, failed: true };
    }
  };
  effect(() => {
    const wanted = isWanted();
    moment.value;
    run.value.mode;
    untracked(() => {
      clearTimeout(timer);
      if (wanted) timer = setTimeout(load, answer.value.data ? WAIT_MS : 0);
    });
  });
  return { answer, again: () => setTimeout(load, WAIT_MS) };
}

/** The words above a tab: what it is, and whether it shows another moment than the stage. */
export function outsideNotes(about) {
  return html`<p class="note">${t(about)}</p>${moment.value.isLive ? nothing : html`<p class="note">${t("outside.now")}</p>`}`;
}

export const disabled = () => !canAct.value;

/** The fields of a form by name, when it is sent; the form stays as it is. */
export function onSend(act) {
  return (event) => {
    event.preventDefault();
    act(Object.fromEntries(new FormData(event.currentTarget)), event.currentTarget);
  };
}
