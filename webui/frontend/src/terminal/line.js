/**
 * Owns the line that is being typed: its text, the cursor in it, and what was typed before. Pure: it knows no terminal.
 *
 * `key(data)` takes what a terminal sends for a key and returns what is to be done: "run", "complete", "interrupt", "clear",
 * "leave", "end", or "" when the line only has to be drawn again.
 */

const MOST_REMEMBERED = 200;
const MOST_CHARACTERS = 8000;

export class Line {
  constructor(past = []) {
    this.past = [...past];
    this.reset();
  }

  reset() {
    this.text = "";
    this.cursor = 0;
    this.at = this.past.length;
    this.draft = "";
  }

  key(data) {
    const act = KEYS[data];
    if (act) return act(this) ?? "";
    if (data.startsWith("\x1b")) return "";
    this.insert(data.replace(/[\x00-\x1f\x7f]/g, " "));
    return "";
  }

  insert(text) {
    const room = MOST_CHARACTERS - this.text.length;
    const taken = text.slice(0, Math.max(0, room));
    this.text = this.text.slice(0, this.cursor) + taken + this.text.slice(this.cursor);
    this.cursor += taken.length;
  }

  /** Takes the line: it is remembered, and a new one begins. */
  take() {
    const { text } = this;
    if (text.trim() && this.past.at(-1) !== text) this.past = [...this.past, text].slice(-MOST_REMEMBERED);
    this.reset();
    return text;
  }

  /** What Tab found for the last word before the cursor: puts in what all have in common. Returns what is left to choose from. */
  complete({ word, items, space }) {
    const before = this.text.slice(0, this.cursor);
    if (!items.length || !before.endsWith(word)) return [];
    const common = items.reduce(commonStart);
    if (common.length > word.length || items.length === 1) {
      this.insert(common.slice(word.length) + (items.length === 1 && space ? " " : ""));
      return [];
    }
    return items;
  }

  remove(from, to) {
    this.text = this.text.slice(0, from) + this.text.slice(to);
    this.cursor = from;
  }

  recall(by) {
    const next = this.at + by;
    if (next < 0 || next > this.past.length) return;
    if (this.at === this.past.length) this.draft = this.text;
    this.at = next;
    this.text = next === this.past.length ? this.draft : this.past[next];
    this.cursor = this.text.length;
  }

  get left() {
    return this.cursor - lastOf(this.text.slice(0, this.cursor)).length;
  }

  get right() {
    return this.cursor + firstOf(this.text.slice(this.cursor)).length;
  }

  wordStart() {
    return this.text.slice(0, this.cursor).search(/\S+\s*$/);
  }
}

const firstOf = (text) => [...text.slice(0, 2)][0] ?? "";
const lastOf = (text) => [...text.slice(-2)].at(-1) ?? "";

function commonStart(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}

const to = (place) => (line) => void (line.cursor = place(line));
const home = to(() => 0);
const end = to((line) => line.text.length);
const left = to((line) => line.left);
const right = to((line) => line.right);
const up = (line) => void line.recall(-1);
const down = (line) => void line.recall(1);
const erase = (line) => void line.remove(line.left, line.cursor);
const rub = (line) => void (line.text = line.text.slice(0, line.cursor) + line.text.slice(line.right));
const eraseWord = (line) => void line.remove(Math.max(0, line.wordStart()), line.cursor);

const KEYS = {
  "\r": () => "run",
  "\n": () => "run",
  "\t": () => "complete",
  "\x03": () => "interrupt",
  "\x04": (line) => (line.text ? rub(line) : "end"),
  "\x0c": () => "clear",
  "\x1b": () => "leave",
  "\x7f": erase,
  "\b": erase,
  "\x15": (line) => void line.remove(0, line.cursor),
  "\x0b": (line) => void (line.text = line.text.slice(0, line.cursor)),
  "\x17": eraseWord,
  "\x01": home,
  "\x05": end,
  "\x1b[H": home,
  "\x1b[F": end,
  "\x1bOH": home,
  "\x1bOF": end,
  "\x1b[1~": home,
  "\x1b[4~": end,
  "\x1b[3~": rub,
  "\x1b[D": left,
  "\x1b[C": right,
  "\x1b[A": up,
  "\x1b[B": down,
  "\x1bOD": left,
  "\x1bOC": right,
  "\x1bOA": up,
  "\x1bOB": down,
  "\x10": up,
  "\x0e": down,
};

/** Columns that a text takes: a Han sign or a full-width mark is two, a combining mark none. */
export function widthOf(text) {
  let width = 0;
  for (const char of text) width += /\p{M}/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** A text with its lines broken between words; a Han text, which has none, is left to the terminal. */
export function wrapped(text, columns) {
  return text.split("\n").map((line) => (line.startsWith(" ") || line.includes("  ") ? line : brokenLine(line, columns))).join("\n");
}

function brokenLine(line, columns) {
  let [out, used] = ["", 0];
  for (const word of line.split(" ")) {
    const width = widthOf(word);
    const isNext = used > 0 && used + 1 + width > columns && width <= columns;
    out += used === 0 ? word : isNext ? `\n${word}` : ` ${word}`;
    used = isNext || used === 0 ? width : used + 1 + width;
  }
  return out;
}
