/**
 * Owns how rows become state: an assignment a cell, forwards and backwards.
 *
 * Cells are a Map of collections, each a Map of id → value. Nothing here knows what a value means.
 */

/** Cells from the wire: {collection: {id: value}}. */
export function cellsOf(plain) {
  const cells = new Map();
  for (const [name, values] of Object.entries(plain ?? {})) cells.set(name, new Map(Object.entries(values)));
  return cells;
}

/** Applies one row; returns what it replaced, in the order in which it was replaced. */
export function forward(cells, row) {
  const undo = [];
  for (const [name, id, value] of row.set ?? []) {
    const collection = open(cells, name);
    undo.push([name, id, collection.has(id) ? collection.get(id) : null]);
    assign(collection, id, value);
  }
  return undo;
}

/** Takes one row back, given what it replaced. */
export function backward(cells, undo) {
  for (let index = undo.length - 1; index >= 0; index -= 1) {
    const [name, id, value] = undo[index];
    assign(open(cells, name), id, value);
  }
}

function open(cells, name) {
  let collection = cells.get(name);
  if (!collection) cells.set(name, (collection = new Map()));
  return collection;
}

function assign(collection, id, value) {
  if (value === null || value === undefined) collection.delete(id);
  else collection.set(id, value);
}
