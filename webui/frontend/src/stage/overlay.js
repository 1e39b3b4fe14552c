/** Owns the keyboard's and screen reader's way over the stage: a grid with one focusable cell at a time. */

import { html, nothing, render } from "lit";
import { t } from "../i18n.js";

export class Overlay {
  /** callbacks: onSelect(cell), onFocus(cell | null), onZoom(cell) */
  constructor(host, callbacks) {
    this.host = host;
    this.callbacks = callbacks;
    this.rows = [];
    this.at = { row: "", id: "" };
    this.toScreen = (box) => box;
    host.addEventListener("keydown", (event) => this.onKey(event));
  }

  update(rows, toScreen) {
    this.rows = rows;
    this.toScreen = toScreen;
    const row = this.currentRow() ?? rows[0];
    if (!row) return;
    const cell = row.cells.find(({ id }) => id === this.at.id) ?? row.cells[Math.min(row.cells.length - 1, this.at.index ?? 0)];
    this.setAt(row, cell);
    this.draw();
  }

  currentRow() {
    return this.rows.find(({ id }) => id === this.at.row);
  }

  setAt(row, cell) {
    this.at = { row: row.id, id: cell.id, index: row.cells.indexOf(cell) };
  }

  /** Only the focused row has all its cells in the document; the others are reached by the arrow keys. */
  draw() {
    const current = this.at.row;
    const template = html`<div class="grid" role="grid" aria-label=${t("stage.grid")} aria-rowcount=${this.rows.length}>
      ${this.rows.map((row, index) => this.rowTemplate(row, index, row.id === current))}
    </div>`;
    render(template, this.host);
  }

  rowTemplate(row, index, isCurrent) {
    const cells = isCurrent ? row.cells : row.cells.slice(0, 1);
    return html`<div role="row" aria-label=${row.label} aria-rowindex=${index + 1}>
      ${cells.map((cell) => this.cellTemplate(row, cell, isCurrent && cell.id === this.at.id))}
    </div>`;
  }

  cellTemplate(row, cell, isFocusable) {
    const box = this.toScreen(cell.rect);
    const place = `left:${box.x}px;top:${box.y}px;width:${Math.max(4, box.w)}px;height:${Math.max(4, box.h)}px`;
    return html`<div role="gridcell" class="cell" tabindex=${isFocusable ? 0 : -1} style=${place} aria-label=${cell.label}
      data-id=${cell.id} aria-selected=${cell.subject && cell.subject === this.selected ? "true" : nothing}
      @focus=${() => this.focused(row, cell)} @blur=${() => this.callbacks.onFocus(null)}></div>`;
  }

  focused(row, cell) {
    if (this.at.row !== row.id || this.at.id !== cell.id) {
      this.setAt(row, cell);
      this.draw();
    }
    this.callbacks.onFocus(cell);
  }

  move(row, index) {
    const cell = row.cells[Math.max(0, Math.min(row.cells.length - 1, index))];
    this.setAt(row, cell);
    this.draw();
    this.host.querySelector('.cell[tabindex="0"]')?.focus();
  }

  onKey(event) {
    const row = this.currentRow();
    if (!row || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const rowIndex = this.rows.indexOf(row);
    const cell = row.cells[this.at.index];
    const moves = {
      ArrowLeft: () => this.move(row, this.at.index - 1),
      ArrowRight: () => this.move(row, this.at.index + 1),
      Home: () => this.move(row, 0),
      End: () => this.move(row, row.cells.length - 1),
      ArrowUp: () => rowIndex > 0 && this.moveRow(this.rows[rowIndex - 1], cell),
      ArrowDown: () => rowIndex < this.rows.length - 1 && this.moveRow(this.rows[rowIndex + 1], cell),
      Enter: () => this.callbacks.onSelect(cell),
      Delete: () => this.callbacks.onDelete?.(cell),
      z: () => this.callbacks.onZoom(cell),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  }

  /** To the cell of another row that is nearest across. */
  moveRow(row, from) {
    const x = from.rect.x + from.rect.w / 2;
    const distances = row.cells.map((cell) => Math.abs(cell.rect.x + cell.rect.w / 2 - x));
    this.move(row, distances.indexOf(Math.min(...distances)));
  }
}
