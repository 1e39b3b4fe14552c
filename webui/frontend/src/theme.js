/** Owns light and dark, and reduced motion: the system's wish, or the learner's own choice. */

import { computed, effect, signal } from "@preact/signals-core";
import { recall, remember } from "./remember.js";

const media = (query) => (typeof matchMedia === "function" ? matchMedia(query) : null);

function mediaSignal(query) {
  const list = media(query);
  const value = signal(Boolean(list?.matches));
  list?.addEventListener("change", () => (value.value = list.matches));
  return value;
}

const systemDark = mediaSignal("(prefers-color-scheme: dark)");
export const forcedColors = mediaSignal("(forced-colors: active)");
export const reducedMotion = mediaSignal("(prefers-reduced-motion: reduce)");
export const isPhone = mediaSignal("(max-width: 700px)");
const isLow = mediaSignal("(max-height: 520px)");
/** A phone, or a low window: the timeline has one lane for all. */
export const isOneLane = computed(() => isPhone.value || isLow.value);
/** No room beside the time controls for the speed and Reset: they are in a menu. */
export const isTight = mediaSignal("(max-width: 980px)");
export const isNarrow = mediaSignal("(max-width: 1279px)");

const chosen = signal(recall("theme"));
export const theme = computed(() => chosen.value ?? (systemDark.value ? "dark" : "light"));

export function toggleTheme() {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  remember("theme", chosen.value);
}

/** Colours of the drawing, by token name without dashes: {paper, ink, ink2, now, nowWash, …}. */
export const palette = signal({});

const TOKENS = [
  "paper", "sheet", "sunk", "ink", "ink-2", "ink-3", "wire", "rule", "rule-2", "now", "on-now",
  "now-wash", "ok", "wait", "bad", "bad-wash", "gone",
];

function camel(name) {
  return name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

function readPalette() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(TOKENS.map((name) => [camel(name), style.getPropertyValue(`--${name}`).trim()]));
}

export function startTheme() {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    forcedColors.value;
    palette.value = readPalette();
  });
}
