"""Owns grep, egrep and fgrep. Source: busybox 1.35 findutils/grep.c."""

from __future__ import annotations

import posixpath
import re

from .call import Call, Failed, Usage
from .regexes import compiled, guarded
from .texts import lines_of, number_of

LONGS = {"ignore-case": "i", "invert-match": "v", "count": "c", "quiet": "q", "silent": "q", "line-number": "n", "recursive": "r",
         "files-with-matches": "l", "extended-regexp": "E", "fixed-strings": "F", "only-matching": "o", "word-regexp": "w"}  # fmt: skip


def grep(call: Call) -> int:
    words = call.words
    call.words = [re.sub(r"^-([0-9]+)$", r"-C\1", word) for word in words]
    options = call.options("HhnlLoqvsrRiwxFEzcG", "eABCmf", longs=LONGS)
    call.words = words
    patterns, paths = list(options.values.get("e", [])), options.rest
    for path in options.values.get("f", []):
        text = call.text(path)
        if text is None:
            raise Failed(f"{path}: {call.world.why}", 2)
        patterns += lines_of(text)
    if "e" not in options and "f" not in options:
        if not paths:
            raise Usage
        patterns, paths = paths[0].split("\n"), paths[1:]
    search = Search(call, options, [expression(pattern, options, call.name) for pattern in patterns])
    recursive = "r" in options or "R" in options
    if recursive:
        paths = [found for path in paths or ["."] for found in files_below(call, path)]
    elif not paths:
        paths = ["-"]
    search.has_names = "h" not in options and ("H" in options or recursive or len(paths) > 1)
    return search.run(paths)


def expression(pattern: str, options, name: str) -> re.Pattern:
    """A pattern as it is looked for."""
    ignores = "i" in options
    if "F" in options or name == "fgrep":
        text = re.escape(pattern)
    else:
        text = compiled(pattern, extended="E" in options or name == "egrep", ignores_case=ignores).pattern
    if "w" in options:
        text = rf"(?<!\w)(?:{text})(?!\w)"
    if "x" in options:
        text = rf"^(?:{text})\Z"
    return re.compile(text, re.DOTALL | re.ASCII | (re.IGNORECASE if ignores else 0))


def files_below(call: Call, path: str) -> list[str]:
    full = call.path(path)
    if not call.world.is_folder(full):
        return [path]
    lead = full.rstrip("/") + "/"
    return [posixpath.join(path, each[len(lead) :]) for each in call.world.paths(lead) if not each.endswith("/")]


class Search:
    """One run of grep over its files."""

    def __init__(self, call: Call, options, expressions: list[re.Pattern]):
        self.call, self.options, self.expressions = call, options, expressions
        self.has_names, self.found_any = False, False
        context = options.get("C", "0")
        self.before = number_of(options.get("B", context))
        self.after = number_of(options.get("A", context))
        self.most = number_of(options.get("m", "-1"))

    def run(self, paths: list[str]) -> int:
        status = 1
        for path in paths:
            text = self.call.text(path)
            if text is None:
                if "s" not in self.options:
                    self.call.complain(f"{path}: {self.call.world.why}")
                self.call.memory["failed"] = True
                continue
            if self.file(path, lines_of(text)):
                status = 0
                if "q" in self.options:
                    return 0
        return 2 if self.call.failed and not (status == 0 and "q" in self.options) else status

    def selected(self, line: str) -> bool:
        return any(guarded(each, line).search(line) for each in self.expressions) != ("v" in self.options)

    def file(self, path: str, lines: list[str]) -> bool:
        """Look through one file; whether something was found."""
        shown = "(standard input)" if path == "-" else path
        hits = []
        for at, line in enumerate(lines):
            if len(hits) == self.most:
                break
            if self.selected(line):
                hits.append(at)
                if "q" in self.options or "l" in self.options or "L" in self.options:
                    break
        name = f"{shown}:" if self.has_names else ""
        if "q" in self.options:
            pass
        elif "l" in self.options or "L" in self.options:
            self.call.out(f"{shown}\n" if bool(hits) == ("l" in self.options) else "")
        elif "c" in self.options:
            self.call.out(f"{name}{len(hits)}\n")
        elif "o" in self.options:
            self.parts(lines, hits, name)
        else:
            self.lines(lines, hits, shown if self.has_names else "")
        return bool(hits) if "L" not in self.options else not hits

    def parts(self, lines: list[str], hits: list[int], name: str) -> None:
        if "v" in self.options:
            return
        for at in hits:
            number = f"{at + 1}:" if "n" in self.options else ""
            found = sorted({(each.start(), each[0]) for expression in self.expressions for each in expression.finditer(lines[at]) if each[0]})
            self.call.out("".join(f"{name}{number}{text}\n" for _, text in found))

    def lines(self, lines: list[str], hits: list[int], name: str) -> None:
        chosen = dict.fromkeys(hits, ":")
        for at in hits if self.before or self.after else ():
            for near in range(max(0, at - self.before), min(len(lines), at + self.after + 1)):
                chosen.setdefault(near, "-")
        last, output = None, []
        for at in sorted(chosen):
            if (self.before or self.after) and last is not None and at > last + 1:
                output.append("--\n")
            sign = chosen[at]
            output.append((f"{name}{sign}" if name else "") + (f"{at + 1}{sign}" if "n" in self.options else "") + lines[at] + "\n")
            last = at
        self.call.out("".join(output))


SEARCHING = {"grep": grep, "egrep": grep, "fgrep": grep}
