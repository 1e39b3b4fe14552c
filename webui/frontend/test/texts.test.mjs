import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, "../src");
const read = (path) => readFileSync(path, "utf8");
const scripts = readdirSync(SOURCE, { recursive: true }).filter((name) => name.endsWith(".js")).map((name) => [name, read(join(SOURCE, name))]);
const page = read(join(HERE, "../../../templates/page.html"));
const WEB = join(HERE, "../..");
const catalogue = readdirSync(WEB).filter((name) => /^texts\w*\.py$/.test(name)).map((name) => read(join(WEB, name))).join("\n");
const known = new Set([...catalogue.matchAll(/^ {4}"([a-z_]+\.[\w-]+)": \(/gm)].map((match) => match[1]));

test("every text that the page asks for is in the server's catalogue", () => {
  const asked = scripts.flatMap(([, text]) => [...text.matchAll(/\bt\(\s*"([^"]+)"/g)]).concat([...page.matchAll(/data-t(?:-label)?="([^"]+)"/g)]);
  assert.ok(asked.length > 100);
  assert.deepEqual([...new Set(asked.map((match) => match[1]).filter((key) => !known.has(key)))], []);
});

test("every text in the catalogue is used", () => {
  const all = scripts.map(([, text]) => text).join("\n") + page;
  const families = [...all.matchAll(/`([a-z_]+\.[a-z_]*)\$\{/g)].map((match) => match[1]);
  const unused = [...known].filter((key) => !all.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)));
  assert.deepEqual(unused, []);
});

test("scripts stay short enough to read, and each says what it owns", () => {
  for (const [name, text] of scripts) {
    assert.ok(text.split("\n").length < 500, `${name} is too long`);
    assert.match(text.slice(0, 200), /^\/\*\*\s+(\* )?Owns/, `${name} does not say what it owns`);
  }
});
