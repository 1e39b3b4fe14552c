"""Owns sort and uniq, with busybox's messages."""

from __future__ import annotations

import re

from .call import Call, Failed
from .texts import lines_of, number_of


def sort(call: Call) -> int:
    options = call.options("nrugMcszbdfihV", "okt")
    separator = options.get("t") or None
    if separator is not None and len(separator) != 1:
        raise Failed("bad -t parameter")
    lines = [line for _, text in call.texts(options.rest, words="{path}: {why}") for line in lines_of(text)]
    if call.failed:
        return 2
    keys = [key_of(text, separator, options) for text in options.values.get("k", [])] or [Key(1, 0, 0, 0, "".join(options.letters), separator)]
    found = lines
    if "s" not in options and "u" not in options:
        found = sorted(found, reverse=("r" in options and "r" in keys[0].letters) or ("r" in options and not options.values.get("k")))
    for key in reversed(keys):
        found = sorted(found, key=key.value, reverse="r" in key.letters)
    if "c" in options:
        at = next((at for at, line in enumerate(lines) if line != found[at]), None)
        if at is not None and "q" not in options:
            call.complain(f"{options.rest[0] if options.rest else '-'}:{at + 1}: disorder: {lines[at]}")
        return 1 if at is not None else 0
    if "u" in options:
        kept: dict = {}
        for line in found:
            kept.setdefault(tuple(key.value(line) for key in keys), line)
        found = list(kept.values())
    output = "".join(line + "\n" for line in found)
    if "o" in options:
        if not call.world.put_file(call.path(options["o"]), output):
            raise Failed(f"{options['o']}: {call.world.why}")
    else:
        call.out(output)
    return 0


class Key:
    """What lines are sorted by: from a field (and sign) to another, and how it is compared."""

    def __init__(self, first: int, first_sign: int, last: int, last_sign: int, letters: str, separator: str | None):
        self.first, self.first_sign, self.last, self.last_sign = first, first_sign, last, last_sign
        self.letters, self.separator = letters, separator

    def value(self, line: str):
        text = self.part(line)
        if "b" in self.letters:
            text = text.lstrip()
        if "n" in self.letters or "g" in self.letters or "h" in self.letters:
            found = re.match(r"\s*(-?[0-9]{0,300}\.?[0-9]{0,300})", text)
            try:
                number = float(found[1])
            except ValueError:
                number = 0.0
            if "h" in self.letters:
                number *= {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text.strip()[found.end() - (len(text) - len(text.lstrip())) :][:1].upper(), 1)
            return number
        if "M" in self.letters:
            months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
            name = text.strip()[:3].upper()
            return months.index(name) if name in months else -1
        if "V" in self.letters:
            return [(1, int(piece), "") if piece.isdigit() else (0, 0, piece) for piece in re.findall(r"[0-9]{1,18}|[^0-9]+", text)]
        if "d" in self.letters:
            text = re.sub(r"[^\w\s]", "", text)
        return text.upper() if "f" in self.letters else text

    def part(self, line: str) -> str:
        if self.first == 1 and not self.first_sign and not self.last:
            return line
        fields = line.split(self.separator) if self.separator else re.findall(r"\s*\S+", line)
        joiner = self.separator or ""
        chosen = fields[self.first - 1 : self.last or None]
        if not chosen:
            return ""
        if self.last and self.last_sign and len(fields) >= self.last:
            chosen[-1] = chosen[-1][: self.last_sign]
        chosen[0] = chosen[0][max(0, self.first_sign - 1) :]
        return joiner.join(chosen)


def key_of(text: str, separator: str | None, options) -> Key:
    found = re.fullmatch(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?([a-zA-Z]*)(?:,([0-9]{1,6})(?:\.([0-9]{1,6}))?([a-zA-Z]*))?", text)
    if not found or not int(found[1]):
        raise Failed("bad field specification")
    letters = (found[3] or "") + (found[6] or "")
    return Key(int(found[1]), int(found[2] or 0), int(found[4] or 0), int(found[5] or 0), letters or "".join(options.letters), separator)


def uniq(call: Call) -> int:
    options = call.options("cduiz", "fsw")
    [(_, text)] = call.texts(options.rest[:1], words="can't open '{path}': {why}") or [("", None)]
    if text is None:
        return 1
    skips = [number_of(options.get(letter, "0")) for letter in "fsw"]
    groups: list[list] = []
    for line in lines_of(text):
        key = compared(line, *skips)
        key = key.lower() if "i" in options else key
        if groups and groups[-1][0] == key:
            groups[-1][2] += 1
        else:
            groups.append([key, line, 1])
    wanted = [group for group in groups if not ("d" in options and group[2] < 2) and not ("u" in options and group[2] > 1)]
    output = "".join((f"{many:7} {line}\n" if "c" in options else f"{line}\n") for _, line, many in wanted)
    if len(options.rest) > 1:
        if not call.world.put_file(call.path(options.rest[1]), output):
            raise Failed(f"can't open '{options.rest[1]}': {call.world.why}")
    else:
        call.out(output)
    return 0


def compared(line: str, fields: int, signs: int, width: int) -> str:
    for _ in range(fields):
        line = re.sub(r"^\s*\S+", "", line)
    line = line[signs:]
    return line[:width] if width else line


SORTING = {"sort": sort, "uniq": uniq}
