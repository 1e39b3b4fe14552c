/**
 * Owns where in a manifest the cursor stands: document, apiVersion, kind, and the path of fields above it.
 *
 * It reads indentation alone, since a text that is being typed is seldom whole YAML.
 */

const FIELD = /^(\s*)((?:- +)*)(?:"([^"]+)"|'([^']+)'|([^\s#:'"][^:#]*?))\s*:(?:\s|$)/;

/** {apiVersion, kind, path: ["spec", "containers"], prefix, isKey} for a line (0-based) and column. */
export function placeAt(text, lineIndex, column) {
  const lines = text.split("\n");
  const [first, last] = documentBounds(lines, lineIndex);
  const header = headerOf(lines.slice(first, last + 1));
  const before = (lines[lineIndex] ?? "").slice(0, column);
  const typed = before.match(/^(\s*(?:- +)*)([\w./$-]*)$/);
  const indent = typed ? typed[1].length : (before.match(/^\s*/)?.[0].length ?? 0);
  return { ...header, path: pathAbove(lines, first, lineIndex, indent), prefix: typed?.[2] ?? "", isKey: Boolean(typed), indent };
}

function documentBounds(lines, index) {
  let first = index;
  while (first > 0 && !lines[first].startsWith("---")) first -= 1;
  let last = index + 1;
  while (last < lines.length && !lines[last].startsWith("---")) last += 1;
  return [lines[first]?.startsWith("---") ? first + 1 : first, last - 1];
}

function headerOf(lines) {
  const value = (name) => lines.map((line) => line.match(new RegExp(`^${name}:\\s*["']?([^"'#\\s]+)`))).find(Boolean)?.[1] ?? "";
  return { apiVersion: value("apiVersion"), kind: value("kind") };
}

/** Names of the fields whose blocks hold a place with an indent, outermost first. */
export function pathAbove(lines, first, lineIndex, indent) {
  const path = [];
  let limit = indent;
  const own = (lines[lineIndex] ?? "").match(/^(\s*)((?:- +)+)/);
  if (own && indent >= own[0].length) limit = own[0].length;
  for (let index = lineIndex - 1; index >= first && limit > 0; index -= 1) {
    const match = lines[index].match(FIELD);
    if (!match) continue;
    const dashes = match[2].length;
    const column = match[1].length + dashes;
    const name = match[3] ?? match[4] ?? match[5];
    if (column < limit || (column === match[1].length && column === limit && isListUnder(lines, index, lineIndex, limit))) {
      path.unshift(name);
      limit = dashes ? Math.min(column, match[1].length + 1) : column;
      if (dashes) limit = match[1].length + 1;
    }
  }
  return path;
}

/** A list may stand at the indent of its own field: "containers:" with "- name" right below it. */
function isListUnder(lines, fieldIndex, lineIndex, limit) {
  if (!/:\s*$/.test(lines[fieldIndex])) return false;
  return lines.slice(fieldIndex + 1, lineIndex + 1).every((line) => !line.trim() || indentOf(line) > limit || (indentOf(line) === limit && line.trimStart().startsWith("-")));
}

const indentOf = (line) => line.match(/^\s*/)[0].length;

/** The field on a line, and its path from the document's root; null where there is none. */
export function fieldAt(text, lineIndex) {
  const lines = text.split("\n");
  const match = lines[lineIndex]?.match(FIELD);
  if (!match) return null;
  const name = match[3] ?? match[4] ?? match[5];
  const start = match[1].length + match[2].length;
  const place = placeAt(text, lineIndex, start);
  return { ...place, name, start, end: start + name.length };
}
