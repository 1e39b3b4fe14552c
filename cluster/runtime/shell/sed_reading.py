"""Owns how a script of sed is read: its commands, their addresses and arguments. Source: busybox 1.35 editors/sed.c (parse_cmd_args)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .call import Failed
from .regexes import compiled


@dataclass
class Order:
    """One command of a sed script."""

    name: str
    addresses: list = field(default_factory=list)
    inverted: bool = False
    text: str = ""  # of a, i, c; a label; a file's name
    pattern: re.Pattern | None = None
    replacement: list = field(default_factory=list)  # texts, groups as numbers, "\\U" and its like as tuples
    flags: str = ""
    number: int = 1
    to: int = 0  # of `{`: behind its `}`; of a branch
    table: dict = field(default_factory=dict)
    active: int = 0  # of a range: the line at which it ends (-1: a pattern is looked for)


class Script:
    """Reads a sed script."""

    def __init__(self, text: str, extended: bool):
        self.text, self.at, self.extended = text, 0, extended
        self.orders: list[Order] = []
        self.last: re.Pattern | None = None

    def read(self) -> list[Order]:
        open_blocks: list[int] = []
        while self.skip(" \t\n;"):
            if self.text[self.at] == "#":
                self.line()
                continue
            order = Order("", self.addresses())
            self.skip(" \t")
            while self.peek() == "!":
                order.inverted, self.at = True, self.at + 1
                self.skip(" \t")
            order.name = self.peek()
            self.at += 1
            if not order.name:
                raise Failed("missing command")
            if order.name == "{":
                open_blocks.append(len(self.orders))
            elif order.name == "}":
                if not open_blocks:
                    raise Failed("unexpected '}'")
                self.orders[open_blocks.pop()].to = len(self.orders) + 1
            else:
                self.arguments(order)
            self.orders.append(order)
        if open_blocks:
            raise Failed("unmatched '{'")
        labels = {order.text: at for at, order in enumerate(self.orders) if order.name == ":"}
        for order in self.orders:
            if order.name in "btT" and order.text:
                if order.text not in labels:
                    raise Failed(f"can't find label for jump to '{order.text}'")
                order.to = labels[order.text]
            elif order.name in "btT":
                order.to = len(self.orders)
        return self.orders

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self, signs: str) -> bool:
        while self.peek() and self.peek() in signs:
            self.at += 1
        return self.at < len(self.text)

    def line(self) -> str:
        stop = self.text.find("\n", self.at)
        stop = len(self.text) if stop < 0 else stop
        found, self.at = self.text[self.at : stop], stop
        return found

    def addresses(self) -> list:
        found = []
        while len(found) < 2:
            address = self.address(is_second=bool(found))
            if address is None:
                if found:
                    raise Failed("no address after comma")
                break
            found.append(address)
            self.skip(" \t")
            if self.peek() != ",":
                break
            self.at += 1
            self.skip(" \t")
        return found

    def address(self, *, is_second: bool):
        number = re.compile(r"([0-9]{1,9})(?:~([0-9]{1,9}))?").match(self.text, self.at)
        if number:
            self.at = number.end()
            return ("step", int(number[1]), int(number[2])) if number[2] else ("line", int(number[1]))
        if self.peek() == "$":
            self.at += 1
            return ("last",)
        if is_second and (more := re.compile(r"\+([0-9]{1,9})").match(self.text, self.at)):
            self.at = more.end()
            return ("more", int(more[1]))
        if self.peek() in ("/", "\\") and self.peek():
            self.at += self.peek() == "\\"
            delimiter = self.peek()
            self.at += 1
            text = self.until(delimiter)
            ignores = self.peek() == "I"
            self.at += ignores
            return ("match", self.expression(text, ignores))
        return None

    def expression(self, text: str, ignores: bool) -> re.Pattern | None:
        if text == "":
            return None  # the last one that was used
        return compiled(text, extended=self.extended, ignores_case=ignores)

    def until(self, delimiter: str, *, is_text: bool = False) -> str:
        """Up to a delimiter, which is taken away."""
        found, inside = "", False
        while self.at < len(self.text):
            sign = self.text[self.at]
            self.at += 1
            if sign == "\\" and self.at < len(self.text):
                following = self.text[self.at]
                self.at += 1
                found += following if following == delimiter and delimiter not in "\\&" and not (delimiter in ".*[]^$+?(){}|" and not is_text) \
                    else "\n" if following == "n" and not is_text and not inside else "\\" + following  # fmt: skip
                continue
            if not is_text and sign == "[" and not inside and self.text.find("]", self.at + 1) > 0:
                inside = True
            elif inside and sign == "]" and not found.endswith(("[", "[^")):
                inside = False
            elif sign == delimiter and not inside:
                return found
            found += sign
        raise Failed("unterminated address regex" if not is_text else "unmatched '" + delimiter + "'")

    def arguments(self, order: Order) -> None:
        name = order.name
        if name == "s":
            self.substitution(order)
        elif name == "y":
            delimiter, self.at = self.peek(), self.at + 1
            first, second = (self.until(delimiter, is_text=True).replace("\\n", "\n").replace("\\\\", "\\") for _ in range(2))
            if len(first) != len(second):
                raise Failed("strings for 'y' command are different lengths")
            order.table = str.maketrans(first, second)
        elif name in "aic":
            order.text = self.appended()
        elif name in ":btT":
            self.skip(" \t")
            found = re.compile(r"[^\n;}]*" if name != ":" else r"[^\n;]*").match(self.text, self.at)
            order.text, self.at = found[0].strip(), found.end()
        elif name in "rw":
            self.skip(" \t")
            order.text = self.line()
        elif name in "qQ":
            self.skip(" \t")
            found = re.compile("[0-9]{0,3}").match(self.text, self.at)
            order.number, self.at = int(found[0] or 0), found.end()
        elif name not in "dDgGhHlnNpPx=":
            raise Failed(f"unsupported command {name}")

    def appended(self) -> str:
        self.skip(" \t")
        if self.text.startswith("\\", self.at):
            self.at += 1
            self.skip(" \t")
            self.at += self.peek() == "\n"
        found = ""
        while self.at < len(self.text):
            line = self.line()
            self.at += 1
            if not line.endswith("\\"):
                return found + re.sub(r"\\(.)", r"\1", line) + "\n"
            found += re.sub(r"\\(.)", r"\1", line[:-1]) + "\n"
        if not found:
            raise Failed("expected \\ after 'a', 'c' or 'i'")
        return found

    def substitution(self, order: Order) -> None:
        delimiter, self.at = self.peek(), self.at + 1
        if delimiter in ("", "\n", "\\"):
            raise Failed("bad delimiter")
        pattern, replacement = self.until(delimiter), self.until(delimiter, is_text=True)
        flags = re.compile(r"[gpIiemM0-9]*").match(self.text, self.at)
        order.flags, self.at = re.sub("[0-9]", "", flags[0]), flags.end()
        order.number = int(re.sub("[^0-9]", "", flags[0])[:6] or 1)
        if self.peek() == "w":
            self.at += 1
            self.skip(" \t")
            order.text = self.line()
        self.skip(" \t")
        if self.peek() not in ("", "\n", ";", "}", "#"):
            raise Failed("bad option in substitution expression")
        order.pattern = self.expression(pattern, "i" in order.flags.lower())
        order.replacement = pieces(replacement)


def pieces(text: str) -> list:
    """A replacement: texts, numbers of groups, changes of case."""
    found: list = [""]
    at = 0
    while at < len(text):
        sign = text[at]
        at += 1
        if sign == "&":
            found += [0, ""]
        elif sign == "\\" and at < len(text):
            following = text[at]
            at += 1
            if following.isdigit():
                found += [int(following), ""]
            elif following in "ULEul":
                found += [(following,), ""]
            else:
                found[-1] += {"n": "\n", "t": "\t", "r": "\r"}.get(following, following)
        else:
            found[-1] += sign
    return [piece for piece in found if piece != ""]
