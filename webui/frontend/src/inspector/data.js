/** Owns which object is inspected, and its details as the server tells them for the step in view. */

import { computed, effect, signal, untracked } from "@preact/signals-core";
import { getObject } from "../api.js";
import { cells, connection, moment, recording, selected } from "../store.js";

const LOOK_BACK_STEPS = 60;
const WAIT_MS = 150; // who presses Step again and again wants the steps, not the details of each
const MOST_KEPT = 300;
const ROOM_KEPT_MS = 5000;
const SUBJECT = /^[a-z][\w.]*\/[^/]*\/.+$/;

export const isSubject = (id) => Boolean(id) && SUBJECT.test(id);

/** The chosen thing; without a choice, the object that the latest step was about. */
export const inspected = computed(() => {
  if (selected.value) return selected.value;
  const { step } = moment.value;
  for (let index = step; index >= 0 && index > step - LOOK_BACK_STEPS; index -= 1) {
    const { subject } = recording.stepRow(index);
    if (isSubject(subject) && (cells("objects").has(subject) || subject.startsWith("nodes/"))) return subject;
  }
  return null;
});

export const inspectedObject = computed(() => {
  const id = inspected.value;
  if (!id) return null;
  if (id.startsWith("nodes//")) {
    const name = id.slice("nodes//".length);
    const node = cells("nodes").get(name);
    return cells("objects").get(id) ?? (node ? { kind: "Node", name, resource: "nodes", namespace: "", status: node.ready } : null);
  }
  return cells("objects").get(id) ?? null;
});

/** {subject, seq, data | null, error | null, isLoading} */
export const details = signal({ subject: null, seq: -1, data: null, error: null, isLoading: false });

const kept = new Map();
let timer = 0;
let abort = null;

export function startDetails() {
  effect(() => {
    const subject = inspected.value;
    const { seq } = moment.value;
    connection.value;
    untracked(() => want(subject, seq));
  });
}

function want(subject, seq) {
  clearTimeout(timer);
  if (!isSubject(subject)) return void (details.value = { subject, seq, data: null, error: null, isLoading: false });
  const known = kept.get(`${subject}@${seq}`);
  if (known && isFresh(known)) return void (details.value = { subject, seq, data: known.data, error: null, isLoading: false });
  const { subject: before, data } = details.value;
  details.value = { subject, seq, data: before === subject ? data : null, error: null, isLoading: true };
  timer = setTimeout(() => load(subject, seq), WAIT_MS);
}

async function load(subject, seq) {
  abort?.abort();
  abort = new AbortController();
  try {
    const data = await getObject(subject, seq, abort.signal);
    if (kept.size > MOST_KEPT) kept.clear();
    kept.set(`${subject}@${seq}`, { data, atMs: performance.now() });
    if (isWanted(subject, seq)) details.value = { subject, seq, data, error: null, isLoading: false };
  } catch (error) {
    if (error.name === "AbortError" || !isWanted(subject, seq)) return;
    details.value = { subject, seq, data: null, error: error.status === 404 ? "absent" : "failed", isLoading: false };
  }
}

/** What a step was stays; how full a node is is told of now, whatever step is shown. */
const isFresh = ({ data, atMs }) => !data.room || performance.now() - atMs < ROOM_KEPT_MS;
const isWanted = (subject, seq) => details.value.subject === subject && details.value.seq === seq;
export const forget = () => kept.clear();
