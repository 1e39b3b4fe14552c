import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldAt, placeAt } from "../src/editor/yaml-path.js";
import { EXAMPLES } from "./fixtures/story.mjs";

const [{ text }] = EXAMPLES;
const at = (source) => {
  const before = source.slice(0, source.indexOf("|")).split("\n");
  return placeAt(source.replace("|", ""), before.length - 1, before.at(-1).length);
};

test("it knows version, kind and path of the place where one types", () => {
  const place = at("apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      no|\n");
  assert.deepEqual([place.apiVersion, place.kind, place.path, place.prefix], ["apps/v1", "Deployment", ["spec", "template", "spec"], "no"]);
});

test("a list may stand at the indent of its field", () => {
  assert.deepEqual(at("kind: Pod\nspec:\n  containers:\n  - name: a\n    im|").path, ["spec", "containers"]);
  assert.deepEqual(at("kind: Pod\nspec:\n  containers:\n  - na|").path, ["spec", "containers"]);
  assert.deepEqual(at("kind: Pod\nspec:\n  containers:\n    - name: a\n      im|").path, ["spec", "containers"]);
});

test("a second document has a kind of its own", () => {
  const place = at("apiVersion: v1\nkind: Pod\n---\napiVersion: apps/v1\nkind: ReplicaSet\nsp|");
  assert.equal(place.kind, "ReplicaSet");
  assert.deepEqual(place.path, []);
});

test("a value is no place for a field", () => {
  assert.equal(at("kind: De|").isKey, false);
});

test("a field on a line knows where it stands", () => {
  const line = text.split("\n").findIndex((one) => one.includes("containerPort"));
  const field = fieldAt(text, line);
  assert.equal(field.name, "containerPort");
  assert.deepEqual(field.path, ["spec", "template", "spec", "containers", "ports"]);
});
