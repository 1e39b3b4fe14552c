/** Owns the dock's terminal: loads it when it is first seen, and shows what kubectl of the page's buttons has printed until then. */

import { html } from "lit";
import { effect, signal } from "@preact/signals-core";
import { icons } from "../icons.js";
import { say, t } from "../i18n.js";
import { mount } from "../mount.js";
import { cell, loadPart } from "../store.js";

let terminal = null;
const isLoaded = signal(false);

/** host: the panel; openFile(): shows the editor. */
export function startTerminal(host, { openFile }) {
  host.replaceChildren(...["head", "lines", "screen", "end"].map((name) => Object.assign(document.createElement("div"), { className: `terminal-${name}` })));
  const [head, lines, screen, end] = host.children;
  end.tabIndex = -1; // where Esc goes: the next Tab moves on from here
  mount(head, () => html`<h2>${icons.terminal}${t("terminal.title")}<span>${t("terminal.keys")}</span></h2>`);
  Object.assign(lines, { tabIndex: 0 });
  const stop = mount(lines, linesView);
  effect(() => {
    isLoaded.value;
    lines.setAttribute("aria-label", t("terminal.title"));
  });
  lines.setAttribute("role", "log");
  lines.setAttribute("aria-live", "off");
  whenSeen(host, async () => {
    const { Screen } = await loadPart(() => import("./screen.js"));
    terminal = new Screen(screen, { leave: () => end.focus(), openFile });
    stop();
    lines.remove();
    isLoaded.value = true;
    document.documentElement.dataset.terminal = "ready";
  });
}

/** For the tests: what is on the screen and above it, now, and once all that came is written. */
export const terminalText = () => terminal?.content() ?? "";
export const writtenText = () => new Promise((done) => (terminal ? terminal.term.write("", () => done(terminal.content())) : done("")));
/** Types a command for the learner, who sees it in the terminal as if by hand. */
export function typeCommand(text) {
  terminal?.focus();
  if (terminal && !terminal.isBusy) for (const keys of [text, "\r"]) terminal.onData(keys);
}

export const focusTerminal = () => terminal?.focus();

function whenSeen(host, act) {
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    const idle = globalThis.requestIdleCallback ?? ((call) => setTimeout(call, 50));
    idle(() => act().catch((error) => console.error(error)), { timeout: 1500 });
  });
  seen.observe(host);
}

function linesView() {
  const lines = cell("terminal", "lines") ?? [];
  return lines.length ? lines.map((line) => html`<div class=${line.stream} lang="en">${commandWords(line)}</div>`) : html`<div class="note">${t("terminal.empty")}</div>`;
}

/** A line of the picture's terminal in words; a command has its prompt. */
export function commandWords({ stream, text }) {
  const words = say(text);
  return stream === "command" && !words.startsWith("$") ? `$ ${words}` : words;
}
