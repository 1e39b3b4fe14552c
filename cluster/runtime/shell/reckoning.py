"""Owns `expr` and `dd`. Source: busybox 1.35 coreutils/expr.c, dd.c."""

from __future__ import annotations

import re

from ..octets import bytes_of, text_of
from .call import Call, Failed, Usage
from .streams import noise
from .texts import MOST_KEPT, number_of


def expression(call: Call) -> int:
    """`expr`."""
    if not call.arguments:
        raise Failed("too few arguments", 2)
    reading = Expression(call.arguments)
    value = reading.level(0)
    if reading.at < len(reading.words):
        raise Failed("syntax error", 2)
    call.out(f"{value}\n")
    return 0 if value not in ("", "0", 0) else 1


class Expression:
    """Words of `expr`, from left to right. Source: busybox 1.35 coreutils/expr.c."""

    LEVELS = (("|",), ("&",), ("=", "==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"), (":",))

    def __init__(self, words: list[str]):
        self.words, self.at, self.nested = words, 0, 0

    def level(self, number: int):
        if number == len(self.LEVELS):
            return self.primary()
        value = self.level(number + 1)
        while self.at < len(self.words) and self.words[self.at] in self.LEVELS[number]:
            operator = self.words[self.at]
            self.at += 1
            value = self.work(operator, value, self.level(number + 1))
        return value

    def primary(self):
        if self.at >= len(self.words):
            raise Failed("syntax error", 2)
        word = self.words[self.at]
        self.at += 1
        if word == "(":
            self.nested += 1
            if self.nested > 50:
                raise Failed("syntax error", 2)
            value = self.level(0)
            if self.at >= len(self.words) or self.words[self.at] != ")":
                raise Failed("syntax error", 2)
            self.at += 1
            return value
        if word == "length":
            return len(str(self.primary()))
        if word == "match":
            return self.work(":", self.primary(), self.primary())
        if word == "index":
            text, signs = str(self.primary()), str(self.primary())
            return next((at for at, sign in enumerate(text, 1) if sign in signs), 0)
        if word == "substr":
            text, start, many = str(self.primary()), number_in(self.primary()), number_in(self.primary())
            return text[start - 1 : start - 1 + many] if start > 0 and many > 0 else ""
        return self.words[self.advance() - 1] if word == "quote" and self.at < len(self.words) else word

    def advance(self) -> int:
        self.at += 1
        return self.at

    def work(self, operator: str, left, right):
        if operator == "|":
            return left if left not in ("", "0", 0) else right
        if operator == "&":
            return left if left not in ("", "0", 0) and right not in ("", "0", 0) else 0
        if operator == ":":
            return self.match(str(left), str(right))
        if operator in self.LEVELS[2]:
            both = is_number(left) and is_number(right)
            first, second = (int(left), int(right)) if both else (str(left), str(right))
            return int({"=": first == second, "==": first == second, "!=": first != second, "<": first < second, "<=": first <= second,
                        ">": first > second, ">=": first >= second}[operator])  # fmt: skip
        first, second = number_in(left), number_in(right)
        if operator in "/%" and not second:
            raise Failed("division by zero", 2)
        quotient = abs(first) // abs(second) * (1 if (first < 0) == (second < 0) else -1) if operator in "/%" else 0
        return {"+": first + second, "-": first - second, "*": first * second, "/": quotient, "%": first - second * quotient}[operator]

    def match(self, text: str, pattern: str):
        from .regexes import compiled, guarded

        found = guarded(compiled(pattern), text).match(text)
        if compiled(pattern).groups:
            return (found[1] or "") if found else ""
        return found.end() if found else 0


def is_number(value) -> bool:
    return isinstance(value, int) or bool(re.fullmatch(r"-?[0-9]{1,18}", value))


def number_in(value) -> int:
    if not is_number(value):
        raise Failed("non-numeric argument", 2)
    return int(value)


def copy_blocks(call: Call) -> int:
    """`dd if= of= bs= count= skip= seek=`: zeros are counted, not kept."""
    values = {
        "bs": "512",
        "count": "",
        "skip": "0",
        "seek": "0",
        "if": "",
        "of": "",
        "conv": "",
        "status": "",
        "ibs": "",
        "obs": "",
        "iflag": "",
        "oflag": "",
    }
    for word in call.arguments:
        name, equals, value = word.partition("=")
        if not equals or name not in values:
            raise Usage
        values[name] = value
    size = number_of(values["ibs"] or values["bs"])
    if size < 1:
        raise Failed(f"number {size} is not in 1..2147483647 range")
    call.holds(size)  # a block is read as a whole
    count = number_of(values["count"]) if values["count"] else None
    endless = values["if"] in ("/dev/zero", "/dev/urandom", "/dev/random")
    if endless:
        data, zeros = b"", size * (count if count is not None else 10**9)
        if values["if"] != "/dev/zero" and zeros <= MOST_KEPT:
            data, zeros = noise(zeros, f"{call.world.now_ms} {call.task.pid}"), 0
    else:
        text = call.read_all() if not values["if"] else call.world.read_file(call.path(values["if"]))
        if text is None:
            raise Failed(f"can't open '{values['if']}': {call.world.why}")
        data = bytes_of(text)[size * number_of(values["skip"]) :]
        data, zeros = (data if count is None else data[: size * count]), 0
    total = len(data) + zeros
    if values["of"] and values["of"] != "/dev/null":
        path = call.path(values["of"])
        node = call.world.look(path)
        kept = bytes_of(node.text) if node is not None else b""
        place = number_of(values["seek"]) * number_of(values["obs"] or values["bs"])
        gap = max(0, place - len(kept))
        head, zeros = (kept[:place] + bytes(gap), zeros) if gap <= MOST_KEPT else (kept, zeros + gap)
        rest = kept[place + total :] if "notrunc" in values["conv"] else b""
        if not call.world.put_file(path, text_of(head + data + rest), zeros=zeros):
            call.complain(f"error writing '{values['of']}': {call.world.why}" if node is not None or call.world.why == "No space left on device" else
                          f"can't open '{values['of']}': {call.world.why}")  # fmt: skip
            return 1
    elif not values["of"]:
        call.out(text_of(data + bytes(min(zeros, MOST_KEPT))))
    if values["status"] != "none":
        whole, part = divmod(total, size)
        call.err(f"{whole}+{int(bool(part))} records in\n{whole}+{int(bool(part))} records out\n")
    return 0


RECKONING = {"expr": expression, "dd": copy_blocks}
