/** Owns the sizes of the docks: dragged, remembered, folded by key. */

import { recall, remember } from "./remember.js";

/** Least, most and usual; in a low window the manifest needs the room more than the terminal. */
const LIMITS = { dock: [260, 520, 320], inspector: [280, 560, 336], terminal: [96, 520, Math.min(196, innerHeight * 0.2)] };

export function startDividers(root) {
  for (const [name, [, , usual]] of Object.entries(LIMITS)) set(root, name, recall(`size.${name}`) ?? usual);
  for (const element of root.querySelectorAll("[data-divider]")) {
    element.addEventListener("pointerdown", (event) => drag(event, root, element));
    element.addEventListener("keydown", (event) => nudge(event, root, element));
  }
  for (const name of ["dock", "inspector"]) if (recall(`folded.${name}`)) root.classList.add(`no-${name}`);
}

function set(root, name, size) {
  const [least, most] = LIMITS[name];
  const limit = name === "terminal" ? Math.max(least, innerHeight * 0.6) : most;
  const kept = Math.round(Math.max(least, Math.min(limit, size)));
  root.style.setProperty(`--${name}-size`, `${kept}px`);
  for (const element of root.querySelectorAll(`[data-divider="${name}"]`)) {
    element.setAttribute("aria-valuenow", kept);
    element.setAttribute("aria-valuemin", least);
    element.setAttribute("aria-valuemax", Math.round(limit));
  }
  return kept;
}

const sizeOf = (root, name) => parseFloat(root.style.getPropertyValue(`--${name}-size`)) || LIMITS[name][2];

function drag(event, root, element) {
  const name = element.dataset.divider;
  const start = { at: name === "terminal" ? event.clientY : event.clientX, size: sizeOf(root, name) };
  const direction = name === "dock" ? 1 : -1;
  const move = (next) => {
    const by = (name === "terminal" ? next.clientY : next.clientX) - start.at;
    remember(`size.${name}`, set(root, name, start.size + by * direction));
  };
  element.setPointerCapture(event.pointerId);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", () => element.removeEventListener("pointermove", move), { once: true });
}

function nudge(event, root, element) {
  const name = element.dataset.divider;
  const grow = { dock: "ArrowRight", inspector: "ArrowLeft", terminal: "ArrowUp" }[name];
  const shrink = { dock: "ArrowLeft", inspector: "ArrowRight", terminal: "ArrowDown" }[name];
  const by = event.key === grow ? 16 : event.key === shrink ? -16 : 0;
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  remember(`size.${name}`, set(root, name, sizeOf(root, name) + by));
}

export function fold(root, name) {
  const isFolded = root.classList.toggle(`no-${name}`);
  remember(`folded.${name}`, isFolded || null);
}
