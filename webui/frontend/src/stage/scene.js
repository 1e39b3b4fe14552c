/**
 * Owns what the stage has to show at a moment: which things, in which order, and which of them this step touches.
 *
 * It arranges; it derives no Kubernetes state: words, glyphs and tones arrive with the objects.
 */

import { MOST_NODES } from "./layout.js";
import { participant } from "./routes.js";

const EMPTY = new Map();
const LAST = 99;
const MOST_TOUCHED = 2;

const collection = (cells, name) => cells.get(name) ?? EMPTY;

/** Names of the nodes in view, in order; where there are more than `most`, that of what is chosen and two that this step touches come along. */
export function nodesInView(cells, page, touched, { chosen = null, most = MOST_NODES } = {}) {
  const names = [...collection(cells, "nodes").keys()].sort(naturally);
  if (names.length <= most) return { names, pages: 1 };
  const pages = Math.ceil(names.length / most);
  const shown = names.slice(page * most, (page + 1) * most);
  const known = collection(cells, "nodes");
  const away = touched.filter((name) => known.has(name) && !shown.includes(name)).slice(0, MOST_TOUCHED);
  const extra = [...new Set([...(known.has(chosen) && !shown.includes(chosen) ? [chosen] : []), ...away])];
  return { names: [...extra, ...shown.slice(0, most - extra.length)], pages };
}

export const naturally = new Intl.Collator("en", { numeric: true }).compare; // made once: it sorts a thousand nodes for each picture

const CHIPS = 9; // beyond, one of them says how many more there are
const MOST_GUESTS = 3;

/** Names of controllers in their fixed order; where they do not all fit, those with work, and those that are off, take the last places of the others. */
export function controllerNames(cells, sinceSeq = Infinity) {
  const rank = (name) => collection(cells, "controllers").get(name)?.rank ?? LAST;
  const names = [...collection(cells, "controllers").keys()].sort((a, b) => rank(a) - rank(b) || naturally(a, b));
  if (names.length <= CHIPS) return names;
  const worked = (name) => collection(cells, "controllers").get(name)?.worked_seq ?? 0;
  const isAtWork = (name) => collection(cells, "controllers").get(name)?.off || collection(cells, "controllers").get(name)?.queue > 0 || (worked(name) > 0 && worked(name) >= sinceSeq);
  const [regulars, others] = [names.slice(0, CHIPS - 1), names.slice(CHIPS - 1)];
  const guests = others.filter(isAtWork).sort((a, b) => worked(b) - worked(a)).slice(0, MOST_GUESTS);
  for (const guest of guests) {
    const place = regulars.findLastIndex((name) => !guests.includes(name) && !isAtWork(name));
    if (place >= 0) regulars[place] = guest;
  }
  return [...regulars, ...names.filter((name) => !regulars.includes(name))];
}

/** Every Pod that belongs on one of these nodes (null: on any): bound by the API, or still there in truth. Map node → entries. */
export function podsByNode(cells, nodes = null) {
  const names = nodes && new Set(nodes);
  const isWanted = (node) => Boolean(node) && (!names || names.has(node));
  const objects = collection(cells, "objects");
  const byNode = new Map();
  const seen = new Map();
  const add = (node, entry) => {
    if (!byNode.has(node)) byNode.set(node, []);
    byNode.get(node).push(entry);
  };
  for (const [id, object] of objects) {
    if (object.resource !== "pods" || !isWanted(object.node)) continue;
    const entry = { id, name: object.name, node: object.node, object, truth: null, top: topOwner(objects, object) };
    seen.set(`${object.node}/${object.uid}`, entry);
    add(object.node, entry);
  }
  for (const [key, truth] of collection(cells, "node_pods")) {
    if (!isWanted(truth.node)) continue;
    const known = seen.get(key) ?? [...(byNode.get(truth.node) ?? [])].find((entry) => entry.id === truth.pod && !entry.truth);
    if (known) Object.assign(known, { truth, truthKey: key });
    else add(truth.node, { id: truth.pod, name: truth.name, node: truth.node, object: null, truth, truthKey: key, top: null });
  }
  for (const entries of byNode.values()) entries.sort(byAge);
  return byNode;
}

const byAge = (a, b) => (a.object?.created_ms ?? 0) - (b.object?.created_ms ?? 0) || naturally(a.name, b.name);

/** The owner at the top of an object's chain, or null. */
export function topOwner(objects, object) {
  let owner = object;
  for (let depth = 0; depth < 5 && owner?.owner; depth += 1) {
    const next = objects.get(owner.owner);
    if (!next) break;
    owner = next;
  }
  return owner === object ? null : owner;
}

/** Pods of a node in groups of one owner each, in the order that is the same on every node. */
export function groupsOf(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const key = entry.top ? `${entry.top.kind}/${entry.top.namespace}/${entry.top.name}` : "";
    if (!groups.has(key)) groups.set(key, { key, kind: entry.top?.kind ?? "Pod", short: entry.top?.short ?? "", name: entry.top?.name ?? null, entries: [] });
    groups.get(key).entries.push(entry);
  }
  const rank = ({ entries: [{ top }] }) => top?.rank ?? LAST;
  const list = [...groups.values()].sort((a, b) => rank(a) - rank(b) || naturally(a.name ?? "", b.name ?? ""));
  for (const group of list) group.entries.sort((a, b) => isTrouble(a) - isTrouble(b) || naturally(a.name, b.name));
  return list;
}

const isTrouble = (entry) => Number(["trouble", "failed"].includes(entry.object?.status?.glyph));

/** What the shelf shows, left to right: owner chains, then Pods without a node, then the selected one. */
export function shelfItems(cells, selected) {
  const objects = collection(cells, "objects");
  const items = [];
  const children = childrenOf(objects);
  const standing = standingOn(objects);
  const every = [...standing].map((id) => [id, objects.get(id)]).filter(([, object]) => !standing.has(object.owner));
  const aimed = every.filter(([, { drawing }]) => objects.get(drawing?.aims_at)?.on_shelf);
  const roots = every.filter((root) => !aimed.includes(root));
  roots.sort(([, a], [, b]) => a.created_ms - b.created_ms || a.rank - b.rank || naturally(a.name, b.name));
  for (const root of roots) addTree(items, root, children, selected, { aimed, standing });
  const known = new Set(items.map(({ id }) => id));
  for (const [id, object] of objects) {
    if (object.resource !== "pods" || known.has(id)) continue;
    if (!object.node || id === selected) items.push({ id, object });
  }
  return items;
}

/** Ids of what stands on the shelf: kinds that always do, and whatever owns them (a custom resource of an operator). */
function standingOn(objects) {
  const standing = new Set();
  for (const [id, object] of objects) if (object.on_shelf) standing.add(id);
  for (const id of standing) if (objects.has(objects.get(id).owner)) standing.add(objects.get(id).owner);
  return standing;
}

function childrenOf(objects) {
  const children = new Map();
  for (const [id, object] of objects) {
    if (!object.owner) continue;
    if (!children.has(object.owner)) children.set(object.owner, []);
    children.get(object.owner).push([id, object]);
  }
  return children;
}

/** A thing, what it owns, and beside it what aims at it. */
function addTree(items, [id, object], children, selected, { aimed, standing }) {
  items.push({ id, object });
  for (const [other, aiming] of aimed) if (aiming.drawing.aims_at === id) items.push({ id: other, object: aiming });
  const owned = (children.get(id) ?? []).filter(([childId, child]) => standing.has(childId) || (child.resource === "pods" && (!child.node || childId === selected)));
  owned.sort(([, a], [, b]) => (b.created_ms ?? 0) - (a.created_ms ?? 0) || naturally(a.name, b.name));
  for (const child of owned) addTree(items, child, children, selected, { aimed, standing });
}

/** Ids of what the current step touches: boxes of components, subjects of objects, keys of Pods on nodes. */
export function touchedBy(plan, moment, cells = EMPTY) {
  const hot = new Set();
  const { row, changes } = moment;
  if (!row) return hot;
  const ends = (row.flights ?? []).flatMap(({ from, to }) => [from, to]);
  for (const name of [...ends, row.actor]) {
    const box = participant(plan, name)?.box;
    if (box && box !== "kube-apiserver") hot.add(box);
  }
  for (const key of changes.keys()) {
    if (key.startsWith("objects/")) hot.add(key.slice("objects/".length));
    else if (key.startsWith("node_pods/")) hot.add(key);
    else if (key.startsWith("components/") && plan.network?.names.includes(key.slice("components/".length))) hot.add(key.slice("components/".length));
    else if (key.startsWith("asked/")) hot.add(key.slice("asked/".length));
    else if (key.startsWith("rescues/")) for (const { pod } of collection(cells, "rescues").get(key.slice("rescues/".length))?.victims ?? []) hot.add(pod);
  }
  if (row.subject) hot.add(row.subject);
  return hot;
}

/** Names of nodes that a step's messages or lanes name. */
export function nodesOfStep(moment) {
  const names = moment.rows.flatMap((row) => [row.lane, row.actor, ...(row.flights ?? []).flatMap(({ from, to }) => [from, to])]);
  return [...new Set(names.filter(Boolean).map((name) => name.split("/").at(-1)))];
}

const LOOK_BACK_ROWS = 600;

/** Messages on their way: the current step's, and others whose reply has not come at `fromMs`. */
export function flightsAt(recording, moment, fromMs) {
  const flights = [];
  for (let index = Math.max(0, recording.position - LOOK_BACK_ROWS); index < recording.position; index += 1) {
    const row = recording.rows[index];
    for (const flight of row.flights ?? []) {
      const isCurrent = row === moment.row;
      if (isCurrent || flight.due_ms > fromMs) flights.push({ ...flight, isCurrent });
    }
  }
  return flights;
}
