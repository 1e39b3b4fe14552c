/** Owns the language: which one is shown, and how a text of the server's catalogue becomes words. */

import { signal } from "@preact/signals-core";
import { config } from "./config.js";
import { recall, remember } from "./remember.js";

export const LANGUAGES = ["en", "zh"];
const HTML_LANG = { en: "en", zh: "zh-Hans" };

export const language = signal(recall("language") ?? (LANGUAGES.includes(config.language) ? config.language : "en"));

/** The words for a key, in the chosen language, with {names} filled in. */
export function t(key, values) {
  const entry = config.texts[key];
  const text = entry ? say(entry) : key;
  return values ? fill(text, values) : text;
}

/** A text that came as {en, zh}, or as plain words that stand in every language. */
export function say(text) {
  if (text === null || text === undefined) return "";
  if (typeof text !== "object") return String(text);
  if (Array.isArray(text)) return text[language.value === "zh" ? 1 : 0];
  return text[language.value] ?? text.en ?? "";
}

/** Puts values in the place of {names}; a name without a value stays as it is. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function setLanguage(next) {
  if (!LANGUAGES.includes(next)) return;
  language.value = next;
  remember("language", next);
  document.cookie = `podlife-language=${next}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.lang = HTML_LANG[next];
}
