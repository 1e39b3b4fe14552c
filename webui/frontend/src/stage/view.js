/** Owns the assembly of one picture: plan, places, what is touched, messages. Pure but for the text measure. */

import { say, t } from "../i18n.js";
import { filesIn } from "../inspector/looked.js";
import { layoutStage, MOST_NODES } from "./layout.js";
import { placeAll } from "./lod.js";
import { motionsOf } from "./motion.js";
import { placeShelf } from "./shelf/blocks.js";
import { controllerNames, flightsAt, nodesInView, nodesOfStep, podsByNode, shelfItems, touchedBy } from "./scene.js";
import { STAMP_HEIGHT } from "./draw-nodes.js";

const EMPTY = new Map();
const SYNC_SHOWN_FOR_STEPS = 12;
const WORK_SHOWN_FOR_STEPS = 5;
const NETWORK = ["kube-proxy", "coredns"];
const ONE_ROW = 6;
const LEAST_FOR_ROWS = 524;
const PAGER = 36; // below the nodes, where they are turned over
const LOW_NODE = 170;
const POD_LANES = /^(kubelet|containerd|runtime|cri|node)\b/;

/** Everything that the drawing of one moment needs. `memory` keeps levels of detail between pictures. */
export function buildView({ recording, moment, size, page, selected, zoom, memory, fromMs }) {
  const cells = recording.cells;
  const collection = (name) => cells.get(name) ?? EMPTY;
  const seqStepsAgo = (count) => (moment.step < 0 ? Infinity : (recording.stepRow(Math.max(0, moment.step - count))?.seq ?? 0));
  const { names, pages } = nodesInView(cells, page, [...stampedNodes(collection("scheduling").get("stamps")), ...nodesOfStep(moment)], { chosen: nodeOf(cells, selected), most: isLow(size) ? ONE_ROW : MOST_NODES });
  const network = NETWORK.filter((name) => collection("components").has(name));
  const plan = layoutStage({ width: size.width, height: size.height - (pages > 1 ? PAGER : 0), nodes: names, network, controllers: controllerNames(cells, seqStepsAgo(WORK_SHOWN_FOR_STEPS)) });
  const stamps = collection("scheduling").get("stamps") ?? null;
  if (stamps) makeRoomForStamps(plan, stamps);
  const hot = touchedBy(plan, moment, cells);
  const byNode = podsByNode(cells, names);
  const { levels } = memory;
  const places = placeAll(plan, byNode, { zoom, previous: levels });
  memory.levels = new Map([...places].map(([name, placed]) => [name, placed.level]));
  const view = {
    plan, pages, places, hot, moment, selected, stamps,
    cells: collection,
    cell: (name, id) => collection(name).get(id),
    seqStepsAgo,
    shelf: placeShelf(plan, shelfItems(cells, selected), syncNotes(collection, seqStepsAgo(SYNC_SHOWN_FOR_STEPS)), {
      cells: collection, hot, selected, memory, seq: moment.seq, sinceSeq: seqStepsAgo(SYNC_SHOWN_FOR_STEPS),
    }),
    flights: flightsAt(recording, moment, fromMs),
  };
  view.podScene = podScene(view);
  view.motions = motionsOf(view, recording, moment, { zoom, levels, selected });
  return view;
}

/** In a low window two rows of nodes would end below it. */
const isLow = ({ width, height }) => width >= 560 && height < LEAST_FOR_ROWS;

/** The node that is chosen, or on which what is chosen stands. */
function nodeOf(cells, id) {
  return /^(nodes\/|kubelet|containerd|cni)\//.test(id ?? "") ? id.split("/").at(-1) : (cells.get("objects")?.get(id)?.node ?? null);
}

/** With many nodes those that a decision tells of come into view: the best first. */
const stampedNodes = (stamps) => Object.entries(stamps?.nodes ?? {}).sort(([, a], [, b]) => Number(b.best) - Number(a.best)).map(([name]) => name);

function makeRoomForStamps(plan, stamps) {
  for (const node of plan.nodes) {
    if (!stamps.nodes?.[node.name]) continue;
    if (node.h < LOW_NODE) {
      node.stamp = { ...node.kubelet, w: node.w - 2 * (node.kubelet.x - node.x), isLow: node.isDense }; // over kubelet and containerd, which have no part in it
      continue;
    }
    const by = STAMP_HEIGHT + 6;
    node.stamp = { ...node.pods };
    node.pods = { ...node.pods, y: node.pods.y + by, h: Math.max(40, node.pods.h - by) };
  }
}

/** "wanted 2, found 1 → +1" beside the object that a controller compared last: a past comparison, said as such. */
function syncNotes(collection, sinceSeq) {
  const notes = new Map();
  for (const { last, worked_seq: workedSeq } of collection("controllers").values()) {
    if (!last || !(workedSeq >= sinceSeq) || typeof last.wanted !== "number") continue;
    const so = say(last.so);
    const key = !so || (last.so.en ?? last.so) === "nothing" ? "stage.last_sync" : "stage.last_sync_so";
    notes.set(last.subject, t(key, { wanted: last.wanted, found: last.found, so }));
  }
  return notes;
}

function podScene(view) {
  const { moment } = view;
  return {
    hot: view.hot,
    filesIn,
    spots: [],
    selected: view.selected,
    hotPods: POD_LANES.test(moment.row?.actor ?? "") || POD_LANES.test(moment.row?.lane ?? ""),
    words: { gone: t("stage.object_gone"), noSandbox: t("stage.no_sandbox"), sandboxStopped: t("stage.sandbox_stopped") },
    stateWord: (container) => stateWord(container),
    didChange: (entry, container) => didChange(moment.changes, entry, container),
  };
}

/** The state of a container in words; a reason that came with it goes first. */
function stateWord(container) {
  if (container.state === "terminated" && !container.back_off) return t("container.exit", { code: container.exit_code ?? 0 });
  if (/^[A-Z]/.test(say(container.word)) && container.state !== "running") return say(container.word);
  return say(container.words) || t(`container.${container.state}`);
}

function didChange(changes, entry, container) {
  const before = changes.get(`node_pods/${entry.truthKey}`);
  if (before === undefined) return false;
  const old = before?.containers?.find(({ name }) => name === container.name);
  return JSON.stringify(old) !== JSON.stringify(entry.truth?.containers?.find(({ name }) => name === container.name));
}
