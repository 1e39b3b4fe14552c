/** Owns the thin lines between an owner on the shelf and its Pods on their nodes, while one of them is pointed at. */

/** From the chip of the pointed-at owner to each of its Pods; or from a Pod to the chip of its nearest owner. */
export function drawTies(pen, view, id) {
  if (!id) return;
  const objects = view.cells("objects");
  const chips = new Map(view.shelf.placed.map((chip) => [chip.id, chip]));
  for (const placed of view.places.values()) {
    for (const item of placed.items) {
      const owners = ownersOf(objects, item.entry.object);
      if (item.entry.id !== id && !owners.includes(id)) continue;
      const chip = item.entry.id === id ? owners.map((owner) => chips.get(owner)).find(Boolean) : chips.get(id);
      if (chip) tie(pen, chip, item);
    }
  }
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
