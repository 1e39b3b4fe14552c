/** Owns the learner's files: their names and texts, which one is open, and what the server says is wrong in them. */

import { computed, signal } from "@preact/signals-core";
import { config } from "../config.js";
import { recall, remember } from "../remember.js";

const MOST_FILES = 20;
const key = () => `files.${config.sandbox}`;

/** [{name, text}] */
export const files = signal(recall(key()) ?? []);
export const openName = signal(recall(`${key()}.open`) ?? files.value[0]?.name ?? "");
export const openFile = computed(() => files.value.find(({ name }) => name === openName.value) ?? files.value[0] ?? null);
/** Map name → errors of the last check. */
export const problems = signal(new Map());
export const examples = signal([]);
/** Map name → the text that was applied last, so that an unchanged file says so. */
export const applied = signal(new Map());
/** Counts texts that were set from outside the editor, so that it takes them over. */
export const outside = signal(0);

function keep(next) {
  files.value = next;
  remember(key(), next);
}

export function openDocument(name) {
  openName.value = name;
  remember(`${key()}.open`, name);
  outside.value += 1;
}

export function setText(name, text) {
  keep(files.value.map((file) => (file.name === name ? { ...file, text } : file)));
}

/** Opens a text as a file; a file of that name with the same text is only opened. */
export function addFile(name, text) {
  const same = files.value.find((file) => file.name === name);
  if (same && same.text === text) return openDocument(name);
  const free = same ? freeName(name) : name;
  keep([...files.value, { name: free, text }].slice(-MOST_FILES));
  openDocument(free);
}

export function newFile() {
  addFile(freeName("manifest.yaml"), "");
}

function freeName(name) {
  const [, stem, end] = name.match(/^(.*?)(\.\w+)?$/);
  let number = 1;
  let candidate = name;
  while (files.value.some((file) => file.name === candidate)) candidate = `${stem}-${(number += 1)}${end ?? ""}`;
  return candidate;
}

export function closeFile(name) {
  const index = files.value.findIndex((file) => file.name === name);
  const next = files.value.filter((file) => file.name !== name);
  keep(next);
  if (openName.value === name && next.length) openDocument(next[Math.max(0, index - 1)].name);
  outside.value += 1;
}

export function setProblems(name, errors) {
  const next = new Map(problems.value);
  if (errors.length) next.set(name, errors);
  else next.delete(name);
  problems.value = next;
}

export function markApplied(name, text) {
  applied.value = new Map(applied.value).set(name, text);
}

/** On the first visit the examples are the files; later visits find what they left. */
export function takeExamples(list) {
  examples.value = list;
  if (files.value.length) return;
  keep(list.slice(0, 2).map(({ name, text }) => ({ name, text })));
  if (list.length) openDocument(list[0].name);
}
