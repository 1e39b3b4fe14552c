/** Owns the page's icons. */

import { html, svg } from "lit";

const line = (d) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${d} /></svg>`;
const solid = (d) => html`<svg class="icon solid" viewBox="0 0 18 18" aria-hidden="true"><path d=${d} /></svg>`;

export const icons = {
  notation: line("M3 4.5h10M3 8h10M3 11.5h10"),
  download: line("M8 2v8M5 7.5l3 3 3-3M2.5 13.5h11"),
  share: line("M8 10V2M5 4.5L8 2l3 2.5M3 8v6h10V8"),
  theme: line("M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6L13 13M13 3l-1.4 1.4M4.4 11.6L3 13"),
  table: line("M2 3h12v10H2zM2 6.5h12M2 10h12M6.5 3v10"),
  outside: line("M8 2v6M4.8 3.6a5.500 5.500 0 1 0 6.400 0"),
  stage: line("M2 3h12v3H2zM2 9h5v5H2zM9 9h5v5H9z"),
  file: line("M4 1.5h6l3 3v10H4zM10 1.5v3h3M6 8h5M6 11h5"),
  terminal: line("M1.5 3h13v10h-13zM4 6l2 2-2 2M8 10.5h4"),
  inspect: line("M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.5 10.5L15 15"),
  menu: line("M2.5 4.5h11M2.5 8h11M2.5 11.5h11"),
  more: line("M2.900 8h.2M7.900 8h.2M12.900 8h.2M3 7.900v.2M8 7.900v.2M13 7.900v.2"),
  close: line("M4 4l8 8M12 4l-8 8"),
  first: solid("M3 3h2v12H3zM15 3v12L6 9z"),
  stageBack: solid("M9.5 3v12L1.5 9zM17 3v12L9 9z"),
  back: solid("M13.5 3v12L4 9z"),
  play: solid("M4 2.5v13L15 9z"),
  pause: solid("M4 3h3.5v12H4zM10.500 3H14v12h-3.500z"),
  step: solid("M3 3v12l9-6zM13 3h2v12h-2z"),
  stageNext: solid("M1 3v12l8-6zM9 3v12l8-6z"),
  live: solid("M1 4v10l6-5zM7 4v10l6-5zM14 3h2v12h-2z"),
};

export const logo = html`<svg viewBox="0 0 20 20" aria-hidden="true"><rect x="1.5" y="4" width="17" height="12" rx="6" fill="none" stroke="currentColor" stroke-width="1.6" /><circle cx="7" cy="10" r="2.2" fill="var(--now)" /><circle cx="13" cy="10" r="2.2" fill="none" stroke="currentColor" stroke-width="1.4" /></svg>`;

export const marker = (name) => html`<svg class="marker" viewBox="0 0 14 14" aria-hidden="true">${svgOf(name)}</svg>`;

const SHAPES = {
  user: svg`<path d="M7 2l5 5l-5 5l-5-5z" class="mark" />`,
  write: svg`<path d="M3.5 3.5h7v7h-7z" class="mark" />`,
  watch: svg`<circle cx="7" cy="7" r="1.7" class="mark watch" />`,
  cri: svg`<path d="M7 2.5l4.6 8.2h-9.2z" class="mark" />`,
  status: svg`<circle cx="7" cy="7" r="3.9" class="mark" />`,
  warning: svg`<path d="M3 3l8 8m0-8l-8 8" class="mark warning" />`,
  none: svg`<circle cx="7" cy="7" r="1" class="mark watch" />`,
};
const svgOf = (name) => SHAPES[name] ?? SHAPES.none;

const GLYPHS = {
  running: svg`<circle cx="7" cy="7" r="4.4" class="f" />`,
  notready: svg`<circle cx="7" cy="7" r="3.9" class="o" /><path d="M7 3.1a3.9 3.9 0 0 1 0 7.8z" class="f" />`,
  pending: svg`<circle cx="7" cy="7" r="3.9" class="o" stroke-dasharray="2 1.7" />`,
  creating: svg`<circle cx="7" cy="7" r="3.9" class="o" /><path d="M7 7V3.1a3.9 3.9 0 0 1 3.9 3.9z" class="f" />`,
  trouble: svg`<path d="M7 2.5l4.8 8.5H2.2z" class="f" />`,
  failed: svg`<path d="M3 3h8v8H3zM5 5l4 4m0-4l-4 4" class="o" />`,
  completed: svg`<path d="M3 3h8v8H3zM5 7l1.500 1.800L9.300 5" class="o" />`,
  terminating: svg`<circle cx="7" cy="7" r="4" class="o" /><path d="M4 10l6-6" class="o" />`,
};

/** A status glyph as the stage draws it, for tables and lists. */
export const statusGlyph = (status) => html`<svg class=${`glyph tone-${status?.tone ?? "none"}`} viewBox="0 0 14 14" aria-hidden="true">${GLYPHS[status?.glyph] ?? GLYPHS.pending}</svg>`;
