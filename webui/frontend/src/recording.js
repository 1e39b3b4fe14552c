/**
 * Owns what this page has received of a run: its rows, and the state at any of them.
 *
 * A *position* is the number of rows applied. A row with an ordinal begins a step; rows without one
 * are details that belong to the step before them, so the cursor stops only at ends of steps.
 */

import { backward, cellsOf, forward } from "./reducer.js";

export const MOST_ROWS = 40000;
const ROWS_TO_DROP = 8000;

export class Recording {
  constructor() {
    this.restart({ cells: {}, rows: [], seq: 0 });
  }

  /** Begins again from a snapshot: the state now, and rows that led to it (their past state unknown). */
  restart({ cells, rows, seq, at_ms: atMs = 0 }) {
    this.cells = cellsOf(cells);
    this.rows = rows.slice();
    this.undo = new Array(rows.length).fill(null);
    this.position = rows.length;
    this.floor = rows.length;
    this.seq = rows.length ? Math.max(seq, rows.at(-1).seq) : seq;
    this.startMs = rows.length ? rows[0].at_ms : atMs;
    this.indexSteps();
  }

  get length() {
    return this.rows.length;
  }

  /** Adds rows that are newer than all others; returns how many were new. */
  append(rows) {
    const fresh = rows.filter((row) => row.seq > this.seq);
    for (const row of fresh) {
      if (isStep(row)) this.steps.push(this.rows.length);
      this.rows.push(row);
      this.undo.push(null);
      this.seq = row.seq;
    }
    return fresh.length;
  }

  /** Puts older rows, and the state before the first of them, in front of what is known. */
  adoptHistory(cells, rows) {
    if (!rows.length) return;
    const here = this.position > 0 ? this.rows[this.position - 1].seq : -1;
    const last = rows.at(-1).seq;
    this.rows = rows.concat(this.rows.filter((row) => row.seq > last));
    this.undo = new Array(this.rows.length).fill(null);
    this.cells = cellsOf(cells);
    this.floor = 0;
    this.position = 0;
    this.startMs = this.rows[0].at_ms;
    this.indexSteps();
    let target = this.rows.length;
    while (target > 0 && this.rows[target - 1].seq > here) target -= 1;
    this.seek(target);
  }

  /** Moves to a position, as near as what is known allows; returns where it came to stand. */
  seek(position) {
    const target = Math.max(this.floor, Math.min(position, this.rows.length));
    while (this.position < target) {
      this.undo[this.position] = forward(this.cells, this.rows[this.position]);
      this.position += 1;
    }
    while (this.position > target) {
      this.position -= 1;
      backward(this.cells, this.undo[this.position]);
    }
    return this.position;
  }

  /** Forgets the oldest rows when there are too many; the cursor must stand at the end. */
  trim() {
    if (this.rows.length <= MOST_ROWS || this.position < this.rows.length) return;
    this.rows.splice(0, ROWS_TO_DROP);
    this.undo.splice(0, ROWS_TO_DROP);
    this.position -= ROWS_TO_DROP;
    this.floor = Math.max(0, this.floor - ROWS_TO_DROP);
    this.indexSteps();
  }

  indexSteps() {
    this.steps = [];
    this.rows.forEach((row, index) => isStep(row) && this.steps.push(index));
  }

  /** Index, among the known steps, of the step that holds at a position; -1 before the first. */
  stepAt(position) {
    return lowerBound(this.steps, position) - 1;
  }

  /** The position at which a known step has just happened, with its details. -1 = before the first. */
  endOfStep(step) {
    const next = Math.max(0, step + 1);
    return next < this.steps.length ? this.steps[next] : this.rows.length;
  }

  stepRow(step) {
    return step >= 0 && step < this.steps.length ? this.rows[this.steps[step]] : null;
  }

  /** The rows of one step: itself and its details. */
  rowsOfStep(step) {
    if (step < 0 || step >= this.steps.length) return [];
    return this.rows.slice(this.steps[step], this.endOfStep(step));
  }

  /** Cells that a step assigned, as a Map of "collection/id" → the value before it. */
  changesOfStep(step) {
    const changes = new Map();
    if (step < 0 || step >= this.steps.length) return changes;
    for (let index = this.steps[step]; index < this.endOfStep(step) && index < this.position; index += 1) {
      for (const [name, id, value] of this.undo[index] ?? unknownBefore(this.rows[index])) {
        if (!changes.has(`${name}/${id}`)) changes.set(`${name}/${id}`, value);
      }
    }
    return changes;
  }

  /** First step of the stage that holds before / after a step; null when there is none. */
  stageStart(step, direction) {
    const stageOf = (index) => this.stepRow(index)?.stage;
    if (direction > 0) {
      for (let index = step + 1; index < this.steps.length; index += 1) {
        if (stageOf(index) !== stageOf(index - 1)) return index;
      }
      return null;
    }
    for (let index = step - 1; index >= 0; index -= 1) {
      if (index === 0 || stageOf(index) !== stageOf(index - 1)) return index;
    }
    return null;
  }

  /** The first known step whose row concerns a subject. */
  firstStepOf(subject) {
    return this.steps.findIndex((index) => this.rows[index].subject === subject);
  }

  stepOfSeq(seq) {
    let low = lowerBoundBy(this.rows, seq + 1, (row) => row.seq);
    return this.stepAt(low);
  }
}

const isStep = (row) => row.step !== null && row.step !== undefined;
const unknownBefore = (row) => (row.set ?? []).map(([name, id]) => [name, id, undefined]);

/** How many of the ascending numbers are below the limit. */
export function lowerBound(numbers, limit) {
  return lowerBoundBy(numbers, limit, (number) => number);
}

export function lowerBoundBy(items, limit, valueOf) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueOf(items[middle]) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
