/** Owns how a view meets the document: drawn again whenever a signal that it read changes. */

import { effect } from "@preact/signals-core";
import { html, render } from "lit";

/** Draws `view()` into a host, again after each change. Returns a function that ends it. */
export function mount(host, view) {
  if (!host) return () => {};
  return effect(() => {
    const template = view();
    try {
      render(template, host);
    } catch (error) {
      // One view that fails must not take the others, or the stream of rows, with it.
      console.error(error);
    }
  });
}

/** "**kubelet** asks `GET /`" → the same with the actor in bold and the machine's words as code. */
export function rich(text) {
  const made = (part) => (part.startsWith("**") ? html`<b>${part.slice(2, -2)}</b>` : part.startsWith("`") ? html`<code>${part.slice(1, -1)}</code>` : part);
  return String(text ?? "").split(/(\*\*.+?\*\*|`[^`]+`)/).filter(Boolean).map(made);
}

/** The same without the marks, for labels and announcements. */
export const plain = (text) => String(text ?? "").replaceAll("**", "").replaceAll("`", "");

/** Keys of tabs, toolbars and radio groups: arrows move the focus, Home and End to the ends. */
export function roveFocus(event, selector) {
  const items = [...event.currentTarget.querySelectorAll(selector)].filter((item) => !item.disabled && item.offsetParent !== null);
  const at = items.indexOf(document.activeElement);
  const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined || at < 0) return null;
  event.preventDefault();
  event.stopPropagation();
  const item = items[(next + items.length) % items.length];
  item.focus();
  return item;
}
