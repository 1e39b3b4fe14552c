"""Owns sed: what its commands do, in memory; sed_reading.py reads them. Source: busybox 1.35 editors/sed.c."""

from __future__ import annotations

import re

from .call import Call, Failed, Usage
from .regexes import guarded
from .sed_reading import Order, Script

MOST_STEPS = 50_000
MOST_TEXT = 256 * 1024


def replacement_of(parts: list, match: re.Match) -> str:
    found, case, once = "", "", ""
    for part in parts:
        if isinstance(part, tuple):
            if part[0] in "ul":
                once = part[0]
            else:
                case = "" if part[0] == "E" else part[0]
            continue
        try:
            text = (match[part] or "") if isinstance(part, int) else part
        except IndexError:
            raise Failed(f"invalid reference \\{part} on 's' command's RHS") from None
        text = text.upper() if case == "U" else text.lower() if case == "L" else text
        if once and text:
            text = (text[0].upper() if once == "u" else text[0].lower()) + text[1:]
            once = ""
        found += text
    return found


class Sed:
    """One run over a sequence of lines."""

    def __init__(self, call: Call, orders: list[Order], quiet: bool):
        self.call, self.orders, self.quiet = call, orders, quiet
        self.hold, self.steps = "", 0
        self.last: re.Pattern | None = None
        self.written: dict[str, str] = {}

    def run(self, lines: list[str], ends_whole: bool) -> tuple[str, int]:
        """(what comes out, the exit code)."""
        self.lines, self.at, self.output, self.status = lines, 0, [], 0
        self.is_over = False
        self.ends_whole = ends_whole
        for order in self.orders:
            order.active = 0
        restarts = False
        while self.at < len(self.lines) or restarts:
            if not restarts:
                self.space = self.lines[self.at]
                self.at += 1
            restarts = self.cycle()
            if self.is_over:
                break
        return "".join(self.output), self.status

    def say(self, text: str, *, newline: bool = True) -> None:
        is_last = self.at >= len(self.lines) and not self.ends_whole
        self.output.append(text + ("" if is_last or not newline else "\n"))

    def cycle(self) -> bool:
        """Go through the script once; whether it begins again with what is left (`D`)."""
        self.queue: list[str] = []
        self.replaced, at, deleted, restarts = False, 0, False, False
        while at < len(self.orders) and not deleted:
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise Failed("script runs without an end")
            order = self.orders[at]
            at += 1
            if not self.applies(order):
                at = order.to if order.name == "{" else at
                continue
            name = order.name
            if name in "btT":
                jumps = name == "b" or self.replaced == (name == "t")
                self.replaced = self.replaced if name == "b" else False
                at = order.to if jumps else at
            elif name in "dcqQD":
                deleted, restarts = self.leaving(order)
            elif name in "nN" and self.at >= len(self.lines):
                self.is_over = True
                at = len(self.orders)
            else:
                self.do(order)
        if not deleted and not self.quiet:
            self.say(self.space)
        for text in self.queue:
            if self.output and not self.output[-1].endswith("\n"):
                self.output.append("\n")
            self.output.append(text)
        return restarts

    def leaving(self, order: Order) -> tuple[bool, bool]:
        """Commands that end a cycle: (whether nothing is printed, whether it begins again)."""
        name = order.name
        if name == "D" and "\n" in self.space:
            self.space = self.space.partition("\n")[2]
            return True, True
        if name == "c" and (len(order.addresses) < 2 or order.active == 0 or order.inverted):
            self.output.append(order.text)
        if name in "qQ":
            self.is_over, self.status = True, order.number
            return name == "Q", False
        return True, False

    def do(self, order: Order) -> None:
        name = order.name
        if name == "s":
            self.substitute(order)
        elif name == "p":
            self.say(self.space)
        elif name == "P":
            self.say(self.space.partition("\n")[0])
        elif name == "=":
            self.output.append(f"{self.at}\n")
        elif name == "a":
            self.queue.append(order.text)
        elif name == "i":
            self.output.append(order.text)
        elif name == "y":
            self.space = self.space.translate(order.table)
        elif name == "h":
            self.hold = self.space
        elif name == "H":
            self.hold += "\n" + self.space
        elif name == "g":
            self.space = self.hold
        elif name == "G":
            self.space += "\n" + self.hold
        elif name == "x":
            self.space, self.hold = self.hold, self.space
        elif name == "l":
            self.output.append(self.space.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") + "$\n")
        elif name == "r":
            self.queue.append(self.call.world.read_file(self.call.path(order.text)) or "")
        elif name == "w":
            self.written[order.text] = self.written.get(order.text, "") + self.space + "\n"
        elif name in "nN":
            self.following(name)
        if len(self.space) + len(self.hold) > MOST_TEXT:
            raise Failed("out of memory")

    def following(self, name: str) -> None:
        line = self.lines[self.at]
        if name == "n":
            if not self.quiet:
                self.say(self.space)
            self.space = line
        else:
            self.space += "\n" + line
        self.at += 1

    def used(self, pattern: re.Pattern | None) -> re.Pattern:
        self.last = pattern if pattern is not None else self.last
        if self.last is None:
            raise Failed("no previous regexp")
        return guarded(self.last, self.space)

    def substitute(self, order: Order) -> None:
        pattern, count = self.used(order.pattern), 0

        def made(match: re.Match) -> str:
            nonlocal count
            count += 1
            if count < order.number:
                return match[0]
            if count > order.number and "g" not in order.flags:
                return match[0]
            return replacement_of(order.replacement, match)

        text = pattern.sub(made, self.space, count=0 if "g" in order.flags else order.number)
        if count >= order.number:
            self.space, self.replaced = text, True
            if "p" in order.flags:
                self.say(self.space)
            if order.text:
                self.written[order.text] = self.written.get(order.text, "") + self.space + "\n"

    def applies(self, order: Order) -> bool:
        if not order.addresses:
            return not order.inverted
        return self.selects(order) != order.inverted

    def selects(self, order: Order) -> bool:
        first, second = order.addresses[0], order.addresses[-1]
        if len(order.addresses) == 1:
            return self.matches(first)
        if order.active:
            ends = self.at >= order.active if order.active > 0 else self.matches(second)
            order.active = 0 if ends else order.active
            return True
        if not (self.matches(first) or (first == ("line", 0) and self.at == 1)):
            return False
        kind = second[0]
        if kind == "line":
            order.active = second[1] if second[1] > self.at else 0
        elif kind == "more":
            order.active = self.at + second[1] if second[1] else 0
        elif kind == "last":
            order.active = len(self.lines) if self.at < len(self.lines) else 0
        elif first == ("line", 0) and self.matches(second):
            order.active = 0
        else:
            order.active = -1
        return True

    def matches(self, address: tuple) -> bool:
        kind = address[0]
        if kind == "line":
            return self.at == address[1]
        if kind == "last":
            return self.at >= len(self.lines)
        if kind == "step":
            return self.at >= address[1] and (self.at - address[1]) % address[2] == 0 if address[2] else self.at == address[1]
        return kind == "match" and bool(self.used(address[1]).search(self.space))


def sed(call: Call) -> int:
    words = call.words
    suffix = next((word[2:] for word in words if word.startswith("-i") and len(word) > 2), "")
    call.words = ["-i" if word.startswith("-i") else word for word in words]
    options = call.options("nrEis", "ef", longs={"expression": "e", "quiet": "n", "silent": "n", "regexp-extended": "E", "in-place": "i"})
    call.words = words
    scripts, paths = list(options.values.get("e", [])), list(options.rest)
    for path in options.values.get("f", []):
        text = call.text(path)
        if text is None:
            raise Failed(f"{path}: {call.world.why}")
        scripts.append(text.removesuffix("\n"))
    if not scripts:
        if not paths:
            raise Usage
        scripts = [paths.pop(0)]
    orders = Script("\n".join(scripts), "r" in options or "E" in options).read()
    editor = Sed(call, orders, "n" in options)
    if "i" in options:
        return in_place(call, editor, paths, suffix)
    found = call.texts(paths, words="{path}: {why}")
    text = "".join(text if text.endswith("\n") or at == len(found) - 1 or not text else text + "\n" for at, (_, text) in enumerate(found))
    output, status = editor.run(text.split("\n")[: None if text and not text.endswith("\n") else -1], not text or text.endswith("\n"))
    call.out(output)
    return written(call, editor) or status or call.failed


def in_place(call: Call, editor: Sed, paths: list[str], suffix: str) -> int:
    if not paths:
        raise Usage
    for path in paths:
        text = call.world.read_file(call.path(path))
        if text is None:
            call.memory["failed"] = True
            call.complain(f"{path}: {call.world.why}")
            continue
        output, _ = editor.run(text.split("\n")[: None if text and not text.endswith("\n") else -1], not text or text.endswith("\n"))
        if suffix:
            call.world.put_file(call.path(path) + suffix, text)
        if not call.world.put_file(call.path(path), output):
            raise Failed(f"{path}: {call.world.why}", 4)
    return written(call, editor) or call.failed


def written(call: Call, editor: Sed) -> int:
    """Write the files of `w`."""
    for path, text in editor.written.items():
        if path in ("/dev/stdout", "/dev/stderr"):
            (call.out if path.endswith("out") else call.err)(text)
        elif not call.world.put_file(call.path(path), text):
            raise Failed(f"{path}: {call.world.why}", 4)
    return 0
