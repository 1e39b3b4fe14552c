import assert from "node:assert/strict";
import { test } from "node:test";
import { Line, widthOf, wrapped } from "../src/terminal/line.js";

const typed = (...keys) => {
  const line = new Line(["kubectl get pods", "ls"]);
  keys.forEach((key) => [...(key.startsWith("\x1b") ? [key] : key)].forEach((each) => line.key(each)));
  return line;
};

test("keys edit the line where the cursor is", () => {
  assert.equal(typed("abd", "\x1b[D", "c").text, "abcd");
  assert.equal(typed("abc", "\x7f").text, "ab");
  assert.equal(typed("a 中", "\x7f").text, "a ");
  assert.equal(typed("a😀", "\x7f").text, "a");
  assert.equal(typed("abc", "\x01", "\x1b[3~").text, "bc");
  assert.equal(typed("one two", "\x17").text, "one ");
  assert.equal(typed("one two", "\x15").text, "");
});

test("arrows recall what was typed, and give the draft back", () => {
  assert.equal(typed("dra", "\x1b[A").text, "ls");
  assert.equal(typed("dra", "\x1b[A", "\x1b[A").text, "kubectl get pods");
  assert.equal(typed("dra", "\x1b[A", "\x1b[B").text, "dra");
});

test("a taken line is remembered once", () => {
  const line = typed("ls");
  assert.equal(line.take(), "ls");
  assert.deepEqual(line.past, ["kubectl get pods", "ls"]);
  assert.equal(line.text, "");
});

test("Tab puts in what all candidates share", () => {
  const line = typed("kubectl get po");
  assert.deepEqual(line.complete({ word: "po", items: ["pods"], space: true }), []);
  assert.equal(line.text, "kubectl get pods ");
  const many = typed("g");
  assert.deepEqual(many.complete({ word: "g", items: ["get-a", "get-b"], space: true }), []);
  assert.equal(many.text, "get-");
  assert.deepEqual(many.complete({ word: "get-", items: ["get-a", "get-b"], space: true }), ["get-a", "get-b"]);
});

test("an answer for another word changes nothing", () => {
  const line = typed("kubectl");
  assert.deepEqual(line.complete({ word: "po", items: ["pods"], space: true }), []);
  assert.equal(line.text, "kubectl");
});

test("acts are named", () => {
  const line = new Line();
  assert.deepEqual(["\r", "\t", "\x03", "\x0c", "\x1b", "\x04"].map((key) => line.key(key)), ["run", "complete", "interrupt", "clear", "leave", "end"]);
});

test("a Han sign is two columns wide", () => assert.equal(widthOf("a中，é"), 6));

test("a note breaks between words, and a table in it is left as it is", () => {
  assert.equal(wrapped("type kubectl get pods and press Enter", 20), "type kubectl get\npods and press Enter");
  assert.equal(wrapped("short", 20), "short");
  assert.equal(wrapped("ls · cat FILE        the editor's files", 20), "ls · cat FILE        the editor's files");
  assert.equal(wrapped("a-word-that-is-longer-than-the-line is left", 10), "a-word-that-is-longer-than-the-line\nis left");
});
