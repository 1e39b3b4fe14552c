/** Owns xterm.js in the dock: keys in, output out, the line being typed, and what the page's own buttons print between. */

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { effect } from "@preact/signals-core";
import { config } from "../config.js";
import { files, openDocument, addFile } from "../editor/documents.js";
import { fill, language, t } from "../i18n.js";
import { socketUrl } from "../net.js";
import { recall, remember } from "../remember.js";
import { cell, following, sandbox } from "../store.js";
import { palette } from "../theme.js";
import { Line, widthOf, wrapped } from "./line.js";
import { commandWords } from "./panel.js";

const DIM = "\x1b[2m";
const RED = "\x1b[31m";
const BOLD = "\x1b[1m";
const PLAIN = "\x1b[0m";
const SCROLLBACK = 2000;

export class Screen {
  constructor(host, { leave, openFile }) {
    Object.assign(this, { host, onLeave: leave, openFile, prompt: "$ ", isBusy: false, isRaw: false, ahead: "", socket: null, waiting: [], drawn: 0, completion: 0 });
    this.line = new Line(recall("terminal.history") ?? []);
    this.term = new Terminal({
      convertEol: true, screenReaderMode: true, scrollback: SCROLLBACK, fontSize: 11.5, lineHeight: 1.35, cursorBlink: false,
      fontFamily: getComputedStyle(host).getPropertyValue("--mono") || "monospace", minimumContrastRatio: 4.5, theme: colours(palette.peek()),
    });
    this.fit = new FitAddon();
    this.term.loadAddon(this.fit);
    this.term.open(host);
    this.term.onData((data) => this.onData(data));
    this.term.onResize(({ rows, cols }) => this.send({ type: "resize", rows, columns: cols }));
    this.term.attachCustomKeyEventHandler((event) => this.passes(event));
    new ResizeObserver(() => this.refit()).observe(host);
    this.refit();
    this.note(t("terminal.empty"));
    this.draw();
    this.followPage();
  }

  focus() {
    this.term.focus();
  }

  /** All text, for tests. */
  content() {
    const buffer = this.term.buffer.active;
    let text = "";
    for (let index = 0; index < buffer.length; index += 1) {
      const line = buffer.getLine(index);
      text += (line.isWrapped || !index ? "" : "\n") + line.translateToString(!buffer.getLine(index + 1)?.isWrapped);
    }
    return text.trimEnd();
  }

  refit() {
    if (this.host.offsetHeight > 20 && this.host.offsetWidth > 40) this.fit.fit();
  }

  followPage() {
    effect(() => {
      this.term.options.theme = colours(palette.value);
    });
    effect(() => {
      language.value;
      this.term.textarea?.setAttribute("aria-label", t("terminal.label"));
    });
    let known = [];
    effect(() => {
      sandbox.value?.run;
      if (!following.value) return;
      const lines = cell("terminal", "lines") ?? [];
      if (lines === known) return;
      const fresh = lines.slice(overlap(known, lines));
      known = lines;
      if (fresh.length) this.between(fresh.map(coloured).join("\n"));
    });
  }

  // -- keys ------------------------------------------------------------------------------------------------------------

  /** Keys that the page or the browser keeps. */
  passes(event) {
    if (event.type !== "keydown") return true;
    if (event.ctrlKey && event.shiftKey) return false;
    if (event.key === "Tab" && (event.shiftKey || (!this.line.text && !this.isRaw))) return false;
    if (event.ctrlKey && event.key.toLowerCase() === "c" && this.term.hasSelection()) return false;
    return !(event.ctrlKey && event.key.toLowerCase() === "v");
  }

  onData(data) {
    if (data === "\x1b") return this.leave();
    if (this.isRaw) return this.send({ type: "input", text: data });
    if (this.isBusy) return this.whileBusy(data);
    const keys = data.startsWith("\x1b") ? [data] : [...data.replace(/\r\n/g, "\r")];
    for (const [index, key] of keys.entries()) {
      const act = this.line.key(key);
      if (act) this[act]();
      if (this.isBusy) {
        this.ahead = keys.slice(index + 1).join("");
        return;
      }
    }
    this.draw();
  }

  /** What is typed while a command runs is for the next line. */
  whileBusy(data) {
    if (data !== "\x03") {
      this.ahead += data.startsWith("\x1b") ? "" : data;
      return;
    }
    this.ahead = "";
    this.term.write("^C\r\n");
    this.send({ type: "interrupt" });
  }

  run() {
    const text = this.line.take();
    remember("terminal.history", this.line.past);
    this.drawn = 0;
    this.term.write("\r\n");
    if (!text.trim()) return;
    this.isBusy = true;
    this.send({ type: "run", line: text, files: files.value });
  }

  complete() {
    this.completion += 1;
    this.send({ type: "complete", id: this.completion, line: this.line.text.slice(0, this.line.cursor), files: files.value });
  }

  interrupt() {
    this.term.write("^C\r\n");
    this.line.reset();
    this.drawn = 0;
  }

  clear() {
    this.term.write("\x1b[H\x1b[2J\x1b[3J");
    this.drawn = 0;
  }

  /** Ctrl-D on a node is `exit`. */
  end() {
    if (this.prompt === "$ ") return;
    this.line.insert("exit");
    this.draw();
    this.run();
  }

  /** Esc leaves, as in the editor: the keyboard is not caught here. */
  leave() {
    this.onLeave();
  }

  // -- drawing ---------------------------------------------------------------------------------------------------------

  /** Draws prompt and line anew over what was drawn, and puts the cursor in its place. */
  draw() {
    const { text, cursor } = this.line;
    const columns = this.term.cols;
    const before = widthOf(this.prompt + text.slice(0, cursor));
    const whole = widthOf(this.prompt + text);
    const up = this.drawn ? `\x1b[${this.drawn}A` : "";
    let out = `\r${up}\x1b[J${this.prompt}${text}`;
    if (whole && whole % columns === 0) out += "\r\n";
    const row = Math.floor(before / columns);
    const rise = Math.floor(whole / columns) - row;
    out += `\r${rise ? `\x1b[${rise}A` : ""}${before % columns ? `\x1b[${before % columns}C` : ""}`;
    this.drawn = row;
    this.term.write(out);
  }

  erase() {
    this.term.write(`\r${this.drawn ? `\x1b[${this.drawn}A` : ""}\x1b[J`);
    this.drawn = 0;
  }

  /** Prints lines of their own: above the line that is being typed, or amid the output of a command. */
  between(text) {
    if (!this.isBusy) this.erase();
    else if (this.term.buffer.active.cursorX) this.term.write("\r\n");
    this.term.write(`${text}\n`);
    if (!this.isBusy) this.draw();
  }

  note(text, tone = "dim") {
    this.between(`${{ dim: DIM, error: RED }[tone] ?? ""}${wrapped(text, this.term.cols)}${PLAIN}`);
  }

  // -- the server ------------------------------------------------------------------------------------------------------

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN && this.isReady) return this.socket.send(JSON.stringify(message));
    if (message.type === "resize" && !this.socket) return;
    this.waiting.push(message);
    if (!this.socket) this.connect();
  }

  connect() {
    const socket = new WebSocket(socketUrl(`/ws/terminal/${encodeURIComponent(config.sandbox)}/`));
    this.socket = socket;
    this.isReady = false;
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = () => this.lost();
  }

  lost() {
    const wasBusy = this.isBusy || this.waiting.length;
    Object.assign(this, { socket: null, isBusy: false, isRaw: false, waiting: [], prompt: "$ " });
    if (wasBusy) this.note(t("terminal.offline"));
  }

  receive(message) {
    HEARD[message.type]?.(this, message);
  }
}

const HEARD = {
  ready(screen) {
    screen.isReady = true;
    screen.send({ type: "resize", rows: screen.term.rows, columns: screen.term.cols });
    const { waiting } = screen;
    screen.waiting = [];
    waiting.forEach((message) => screen.send(message));
  },
  output(screen, { text, stream }) {
    const shown = stream === "stderr" ? `${RED}${text}${PLAIN}` : text;
    screen.term.write(shown, () => screen.send({ type: "ack", count: text.length }));
  },
  note(screen, { key, values, tone }) {
    screen.note(fill(t(`terminal.${key}`), values), tone);
  },
  raw(screen, { on }) {
    screen.isRaw = on;
  },
  clear(screen) {
    screen.clear();
  },
  open(screen, { name }) {
    if (!files.value.some((file) => file.name === name)) addFile(name, "");
    openDocument(name);
    screen.openFile?.();
  },
  done(screen, { prompt }) {
    Object.assign(screen, { isBusy: false, isRaw: false, prompt, drawn: 0 });
    screen.term.write("", () => {
      if (screen.term.buffer.active.cursorX) screen.term.write("\r\n");
      screen.draw();
      const { ahead } = screen;
      screen.ahead = "";
      if (ahead) screen.onData(ahead);
    });
  },
  completion(screen, found) {
    if (found.id !== screen.completion || screen.isBusy) return;
    const left = screen.line.complete(found);
    if (left.length) {
      screen.erase();
      screen.term.write(`${screen.prompt}${screen.line.text}\n${columnsOf(left, screen.term.cols)}\n`);
    }
    screen.draw();
  },
  gone(screen, { error }) {
    screen.note(error?.[language.value] ?? error?.en ?? "", "error");
  },
};

/** How many lines at the beginning of `lines` were known already: the longest end of `known` that they begin with. */
export function overlap(known, lines) {
  const same = (one, other) => one === other || (one.stream === other.stream && JSON.stringify(one.text) === JSON.stringify(other.text));
  for (let length = Math.min(known.length, lines.length); length > 0; length -= 1) {
    const start = known.length - length;
    if (known.slice(start).every((line, index) => same(line, lines[index]))) return length;
  }
  return 0;
}

function coloured(line) {
  const text = safe(commandWords(line));
  return line.stream === "command" ? `${BOLD}${text}${PLAIN}` : line.stream === "stderr" ? `${RED}${text}${PLAIN}` : line.stream === "note" ? `${DIM}${text}${PLAIN}` : text;
}

/** Without what a terminal would act on. */
const safe = (text) => text.replace(/[\x00-\x08\x0b-\x1f\x7f\x9b]/g, "");

/** Names in columns, as a shell lists them. */
function columnsOf(names, width) {
  const most = Math.max(...names.map(widthOf)) + 2;
  const count = Math.max(1, Math.floor(width / most));
  const rows = [];
  for (let index = 0; index < names.length; index += count) rows.push(names.slice(index, index + count).map((name) => name.padEnd(most)).join("").trimEnd());
  return rows.join("\n");
}

/** The page's own colours. */
function colours({ sunk, ink, ink2, ink3, rule2, bad, ok, wait, now }) {
  return {
    background: sunk, foreground: ink, cursor: ink, cursorAccent: sunk, selectionBackground: rule2,
    red: bad, green: ok, yellow: wait, blue: now, brightBlack: ink3, white: ink2,
  };
}
