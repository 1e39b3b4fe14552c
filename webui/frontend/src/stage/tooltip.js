/** Owns the tooltip of the stage: the full name and status of what is pointed at, after a short rest. */

export const DELAY_MS = 300;

export class Tooltip {
  constructor(element) {
    this.element = element;
  }

  later(target, size) {
    clearTimeout(this.timer);
    this.hide();
    if (target) this.timer = setTimeout(() => this.show(target, size), DELAY_MS);
  }

  show({ label, screen }, size) {
    const [name, ...rest] = label.split(", ");
    this.element.replaceChildren(bold(name), document.createTextNode(rest.join(" · ")));
    this.element.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const x = Math.max(6, Math.min(size.width - width - 6, screen.x + screen.w / 2 - width / 2));
    const below = screen.y + screen.h + 8;
    const y = below + height < size.height ? below : Math.max(6, screen.y - height - 8);
    Object.assign(this.element.style, { left: `${x}px`, top: `${y}px` });
  }

  /** What is pointed at has changed, or is gone (null). */
  follow(target, size) {
    if (this.element.hidden) return;
    if (target) this.show(target, size);
    else this.hide();
  }

  hide() {
    this.element.hidden = true;
  }
}

function bold(text) {
  const element = document.createElement("b");
  element.textContent = text;
  return element;
}
