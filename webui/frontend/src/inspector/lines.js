/** Owns comparing two texts line by line: which lines are new, which differ, which are gone. Pure. */

const MOST_CELLS = 4_000_000;

/** Longest common subsequence as pairs of line indexes; for very long texts only the common ends. */
function commonPairs(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const pairs = Array.from({ length: start }, (_, index) => [index, index]);
  const middle = lcs(before.slice(start, before.length - end), after.slice(start, after.length - end));
  pairs.push(...middle.map(([a, b]) => [a + start, b + start]));
  for (let index = end; index > 0; index -= 1) pairs.push([before.length - index, after.length - index]);
  return pairs;
}

function lcs(a, b) {
  if (!a.length || !b.length || a.length * b.length > MOST_CELLS) return [];
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return pairs;
}

const fieldOf = (line) => line.match(/^(\s*(?:- )*[^:]+):/)?.[1] ?? null;

/**
 * [{sign: " " | "+" | "±" | "−", text, old?, line}]: `line` counts in the new text, from 1.
 * "±" = the same field with another value, which stands for its old and its new line.
 */
export function compare(beforeText, afterText) {
  const [before, after] = [beforeText.split("\n"), afterText.split("\n")];
  const result = [];
  let [i, j] = [0, 0];
  for (const [a, b] of [...commonPairs(before, after), [before.length, after.length]]) {
    result.push(...block(before.slice(i, a), after.slice(j, b), j));
    if (b < after.length) result.push({ sign: " ", text: after[b], line: b + 1 });
    [i, j] = [a + 1, b + 1];
  }
  return result;
}

function block(gone, come, offset) {
  const left = [...gone];
  const lines = come.map((text, index) => {
    const field = fieldOf(text);
    const at = field === null ? -1 : left.findIndex((line) => fieldOf(line) === field);
    if (at < 0) return { sign: "+", text, line: offset + index + 1 };
    const [old] = left.splice(at, 1);
    return { sign: "±", text, old, line: offset + index + 1 };
  });
  return [...left.map((text) => ({ sign: "−", text, line: null })), ...lines];
}

/** Map of line number → "+" or "±", for the new text. */
export function changedLines(beforeText, afterText) {
  const marks = new Map();
  if (beforeText === null || beforeText === undefined) {
    afterText.split("\n").forEach((_, index) => marks.set(index + 1, "+"));
    return marks;
  }
  for (const { sign, line } of compare(beforeText, afterText)) if (line && sign !== " ") marks.set(line, sign);
  return marks;
}

/** The changed lines with `around` unchanged ones at each side; {skip: n} where lines are left out. */
export function hunks(lines, around = 2) {
  const keep = new Set();
  lines.forEach(({ sign }, index) => {
    if (sign === " ") return;
    for (let near = index - around; near <= index + around; near += 1) keep.add(near);
  });
  const shown = [];
  let skipped = 0;
  lines.forEach((line, index) => {
    if (!keep.has(index)) return void (skipped += 1);
    if (skipped) shown.push({ skip: skipped });
    skipped = 0;
    shown.push(line);
  });
  if (skipped && shown.length) shown.push({ skip: skipped });
  return shown;
}
