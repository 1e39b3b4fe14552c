/** Owns the keyboard of the page. Keys are ignored in the editor, the terminal and form fields. */

import { openDialog, isDialogOpen } from "./panels/dialogs.js";
import { toggleOutside, toggleTable } from "./panels/topbar.js";
import { t } from "./i18n.js";
import { goTo, goToStep, recording, sandbox, selected, mainView } from "./store.js";
import { back, changeSpeed, first, live, stageBack, stageNext, step, togglePacing, togglePlay } from "./transport.js";

/** actions: {zoomFit, zoomSelected, toggleDock, toggleInspector} */
export function startKeys(actions) {
  addEventListener("keydown", (event) => onKey(event, actions));
  addEventListener("click", leaveAfterMouse);
}

/** A button pressed with the mouse keeps no focus: else Space, which plays, would press it again, and arrows move tabs. */
function leaveAfterMouse(event) {
  if (event.pointerType === "mouse") event.target.closest?.(".tool, .button, .pacing, .top-button, .tab, .link")?.blur();
}

function onKey(event, actions) {
  if (event.defaultPrevented || isDialogOpen()) return;
  if (withControl(event, actions)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) return;
  const act = actOf(event, actions);
  if (!act) return;
  event.preventDefault();
  act();
}

function isTyping(target) {
  return Boolean(target.closest?.('input, textarea, select, [contenteditable="true"], .cm-editor'));
}

function withControl(event, actions) {
  if (!event.ctrlKey && !event.metaKey) return false;
  const act = { b: actions.toggleDock, i: actions.toggleInspector }[event.key.toLowerCase()];
  if (!act || event.shiftKey || event.altKey) return false;
  event.preventDefault();
  act();
  return true;
}

function actOf(event, actions) {
  const repeated = event.repeat;
  const onButton = event.target.closest?.('button, a, summary, [role="tab"]');
  if (event.shiftKey && event.key === "ArrowRight") return stageNext;
  if (event.shiftKey && event.key === "ArrowLeft") return stageBack;
  if (event.key === " ") return onButton ? null : togglePlay;
  return {
    ArrowRight: () => step({ repeated }),
    ArrowLeft: () => back({ repeated }),
    Home: first,
    End: live,
    k: togglePlay,
    K: togglePlay,
    ".": togglePlay,
    "-": () => changeSpeed(-1),
    "−": () => changeSpeed(-1),
    "+": () => changeSpeed(1),
    "=": () => changeSpeed(1),
    c: togglePacing,
    g: askWhere,
    t: toggleTable,
    o: toggleOutside,
    z: actions.zoomSelected,
    0: actions.zoomFit,
    "/": focusFilter,
    "?": () => openDialog("keys"),
    Escape: () => (selected.value = null),
  }[event.key];
}

function focusFilter() {
  mainView.value = "table";
  requestAnimationFrame(() => document.querySelector(".filter")?.focus());
}

/** A step's number, or a time as the clock writes it. */
function askWhere() {
  const answer = prompt(t("keys.go_prompt"));
  if (!answer) return;
  const ms = millisecondsOf(answer);
  if (ms !== null) return goTo(positionAt(ms + (sandbox.value.begun_ms ?? 0)));
  const number = Number(answer);
  const index = recording.steps.findIndex((rowIndex) => recording.rows[rowIndex].step >= number);
  if (Number.isFinite(number)) goToStep(number <= 0 ? -1 : index < 0 ? recording.steps.length - 1 : index);
}

/** "1:02.5" → 62500; null when it is no clock time. */
export function millisecondsOf(text) {
  if (!text.includes(":")) return null;
  const parts = text.split(":").map(Number);
  if (parts.some((part) => !Number.isFinite(part))) return null;
  return Math.round(parts.reduce((sum, part) => sum * 60 + part, 0) * 1000);
}

function positionAt(ms) {
  const step = recording.steps.filter((index) => recording.rows[index].at_ms <= ms).length - 1;
  return recording.endOfStep(step);
}
