/** Owns the thin lines between an owner on the shelf and its Pods on their nodes, while one of them is pointed at. */

/**
 * From the chip of the pointed-at owner to each of its Pods; or from a Pod to the chip of its nearest owner.
 * What aims at a workload reaches that workload's Pods, a budget the Pod that is asked about.
 */
export function drawTies(pen, view, id) {
  if (!id) return;
  const objects = view.cells("objects");
  const chips = new Map(view.shelf.placed.map((chip) => [chip.id, chip]));
  for (const placed of view.places.values()) {
    for (const item of placed.items) {
      const owners = ownersOf(objects, item.entry.object);
      if (item.entry.id !== id && !isReached(view, id, item.entry.id, owners)) continue;
      const chip = item.entry.id === id ? owners.map((owner) => chips.get(owner)).find(Boolean) : chips.get(id);
      if (chip) tie(pen, chip, item);
    }
  }
}

/** Whether a thing of the shelf has to do with a Pod of these owners. */
export function isReached(view, id, pod, owners) {
  const aim = view.cell("objects", id)?.drawing?.aims_at;
  return owners.includes(id) || (Boolean(aim) && owners.includes(aim)) || view.cell("asked", id)?.pod === pod;
}

/** The chain of owners of an object, as ids, nearest first. */
export function ownersOf(objects, object) {
  const owners = [];
  for (let owner = object?.owner; owner && owners.length < 5; owner = objects.get(owner)?.owner) owners.push(owner);
  return owners;
}

function tie(pen, chip, item) {
  const from = [chip.x + chip.w / 2, chip.y + chip.h];
  const to = [item.x + item.w / 2, item.y];
  pen.line([from, to], { stroke: "ink2", width: 1 });
  pen.circle(...to, 2, { fill: "ink2" });
}
