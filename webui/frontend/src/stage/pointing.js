/** Owns what is shown while something is pointed at: the rest pales, and a row of the notation rings what it speaks of. */

import { backOffOf, pipsOf, containersOf } from "./draw-pod.js";
import { grow } from "./geometry.js";
import { isReached, ownersOf } from "./draw-ties.js";
import { participant } from "./routes.js";

const VEIL = 0.4;

/** Pale what has nothing to do with a thing: all but its own box, its route, its owners, what it owns, and who runs it. */
export function drawVeil(pen, view, id, targets) {
  const boxes = related(view, id, targets);
  if (!boxes.length) return;
  const { context } = pen;
  context.save();
  context.beginPath();
  context.rect(0, 0, view.plan.width, Math.max(view.plan.height ?? 0, view.plan.contentHeight ?? 0, 10000));
  for (const box of boxes) hole(context, grow(box, 5));
  context.globalAlpha = VEIL;
  context.fillStyle = pen.color("paper");
  context.fill("nonzero");
  context.restore();
  for (const points of routesOf(view, id)) pen.line(points, { stroke: "ink", width: 1.4 });
}

/** Against the turn of the outer box, so that what lies in two holes is still a hole. */
function hole(context, { x, y, w, h }) {
  context.moveTo(x, y);
  context.lineTo(x, y + h);
  context.lineTo(x + w, y + h);
  context.lineTo(x + w, y);
  context.closePath();
}

function related(view, id, targets) {
  const own = targets.find((one) => one.id === id || one.subject === id);
  if (!own) return [];
  const boxes = [own.rect];
  const owners = ownersOf(view.cells("objects"), view.cell("objects", id));
  const aim = view.cell("objects", id)?.drawing?.aims_at;
  const isOwned = (object, pod = null) => isReached(view, id, pod, ownersOf(view.cells("objects"), object));
  for (const chip of view.shelf.placed) if (owners.includes(chip.id) || isOwned(chip.object) || chip.id === aim) boxes.push(chip);
  for (const [node, placed] of view.places) {
    for (const item of placed.items) {
      if (isOwned(item.entry.object, item.entry.id)) boxes.push(item);
      if (item.entry.id === id) for (const role of ["kubelet", "containerd"]) boxes.push(view.plan.boxes.get(`${role}/${node}`));
    }
  }
  if (routesOf(view, id).length) boxes.push(view.plan.boxes.get("kube-apiserver"));
  return boxes.filter(Boolean);
}

/** The lines of a component to the hub. */
function routesOf({ plan }, id) {
  if (!plan.boxes.has(id)) return [];
  const client = participant(plan, id)?.client;
  return [plan.lines.get(client), plan.lines.get(`${client}/watch`)].filter(Boolean);
}

/** Ring everything on the stage that a row of the notation speaks of. `ring` came with the row: {phase | glyph | part | pip | sign: …} */
export function drawRings(pen, view, ring) {
  const [[sort, wanted]] = Object.entries(ring);
  const around = (box) => pen.box(grow(box, 6), { radius: 16, stroke: "now", width: 2.4 });
  if (sort === "sign") return ringFlights(pen, view, wanted, around);
  if (sort === "drawing") return view.shelf.blocks.filter(({ detail }) => detail.sort === wanted || (wanted === "squares" && detail.sort === "rollout")).forEach(({ box }) => around({ ...box, h: box.h - 6 }));
  if (sort === "off") return ringOff(view, around);
  for (const placed of view.places.values()) {
    for (const item of placed.items) if (speaksOf(item.entry, sort, wanted)) around(item);
  }
}

function ringFlights(pen, view, sign, around) {
  const boxes = new Set(view.flights.filter((flight) => (flight.sign ?? "") === sign).flatMap(({ from, to }) => [from, to]).map((name) => participant(view.plan, name)?.box));
  for (const box of boxes) if (view.plan.boxes.has(box)) around(view.plan.boxes.get(box));
}

/** Components that are switched off. */
function ringOff({ plan, cell }, around) {
  const isOff = (id) => {
    const [role, name] = id.split("/");
    if (role === "controller") return cell("controllers", name)?.off;
    return name ? cell("nodes", name)?.[role]?.off : cell("components", id)?.off;
  };
  for (const [id, box] of plan.boxes) if (isOff(id)) around(box);
}

const PARTS = {
  pull: (entry) => Boolean(entry.truth?.pulling),
  backoff: (entry) => Boolean(backOffOf(entry)),
  gone: (entry) => Boolean(entry.object?.grace),
  plate: (entry) => Boolean(entry.truth?.plate),
  restarts: (entry) => containersOf(entry).some(({ restarts }) => restarts > 0),
  ephemeral: (entry) => containersOf(entry).some(({ sort }) => sort === "ephemeral"),
  volume: (entry) => Boolean(entry.object?.volumes?.length),
  probe: (entry) => containersOf(entry).some(({ probes }) => Object.keys(probes ?? {}).length > 0),
};

function speaksOf(entry, sort, wanted) {
  if (sort === "glyph") return entry.object?.status?.glyph === wanted;
  if (sort === "phase") return entry.object?.phase === wanted;
  if (sort === "pip") return pipsOf(entry).some(({ pip }) => pip === wanted);
  return PARTS[wanted]?.(entry) ?? false;
}
