import assert from "node:assert/strict";
import { test } from "node:test";
import { filesIn, seen } from "../src/inspector/looked.js";
import { following } from "../src/store.js";

const file = (path, sign = "-") => ({ path, sign });
const POD = "pods/default/site";
const LOOK = { containers: [
  { mounts: [{ volume: "content", files: [file("/html", "l")] }] },
  { mounts: [{ volume: "content", files: [file("/www", "d"), file("/www/index.html"), file("/HEAD")] }, { volume: "cfg", files: [] }] },
] };

test("a volume's files are those of its fullest mount, without folders", () => {
  seen.value = { subject: POD, data: LOOK, error: null };
  assert.deepEqual(filesIn(POD, "content"), ["index.html", "HEAD"]);
  assert.deepEqual(filesIn(POD, "cfg"), []);
});

test("nothing is said of another Pod", () => {
  seen.value = { subject: POD, data: LOOK, error: null };
  assert.deepEqual(filesIn("pods/default/other", "content"), []);
});

test("nothing is said before a look", () => {
  seen.value = { subject: POD, data: null, error: "nothing" };
  assert.deepEqual(filesIn(POD, "content"), []);
  assert.ok(following.value);
});
