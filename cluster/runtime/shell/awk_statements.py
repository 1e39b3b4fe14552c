"""Owns what awk's statements do. Part of Awk (awk.py), which works out values."""

from __future__ import annotations

import re
from typing import Any

from .awk_values import Left, Next, Seen, int_of, number_text, numeric
from .call import Failed
from .writers import Printer

MOST_STEPS = 200_000


class Statements:
    """Part of Awk."""

    steps: int
    value: Any
    text: Any

    def do(self, node: tuple | None) -> None:
        if node is not None:
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise Failed("program runs without an end")
            getattr(self, "do_" + node[0])(*node[1:])

    def do_block(self, statements: list) -> None:
        for statement in statements:
            self.do(statement)

    def do_expression(self, inner: tuple) -> None:
        self.value(inner)

    def do_if(self, condition: tuple, first: tuple, second: tuple | None) -> None:
        self.do(first if self.truth(self.value(condition)) else second)

    def looped(self, body: tuple) -> bool:
        """Do a loop's body once; whether the loop goes on."""
        try:
            self.do(body)
        except Left as left:
            if left.kind == "break":
                return False
            if left.kind != "continue":
                raise
        return True

    def do_while(self, condition: tuple, body: tuple) -> None:
        while self.truth(self.value(condition)) and self.looped(body):
            pass

    def do_do(self, condition: tuple, body: tuple) -> None:
        while self.looped(body) and self.truth(self.value(condition)):
            pass

    def do_for(self, start: tuple | None, condition: tuple | None, step: tuple | None, body: tuple) -> None:
        self.do(start)
        while (condition is None or self.truth(self.value(condition))) and self.looped(body):
            self.do(step)

    def do_forin(self, target: tuple, array: str, body: tuple) -> None:
        for key in list(self.array(array)):
            self.assign(target, Seen(key))
            if not self.looped(body):
                return

    def do_next(self) -> None:
        raise Next

    def do_break(self) -> None:
        raise Left("break")

    def do_continue(self) -> None:
        raise Left("continue")

    def do_exit(self, value: tuple | None) -> None:
        raise Left("exit", None if value is None else int_of(self.number(self.value(value))))

    def do_return(self, value: tuple | None) -> None:
        raise Left("return", None if value is None else self.value(value))

    def do_delete(self, name: str, parts: list | None) -> None:
        if parts is None:
            self.array(name).clear()
        else:
            self.array(name).pop(self.key(parts), None)

    def do_print(self, arguments: list, sign: str, target: tuple | None) -> None:
        values = [self.value(argument) for argument in arguments] if arguments else [self.field(0)]
        shown = [
            number_text(self.globals["OFMT"], value) if isinstance(value, float) and value != int_of(value) else self.text(value) for value in values
        ]
        self.write(self.text(self.globals["OFS"]).join(shown) + self.text(self.globals["ORS"]), sign, target)

    def do_printf(self, arguments: list, sign: str, target: tuple | None) -> None:
        self.write(self.formatted([self.value(argument) for argument in arguments]), sign, target)

    def formatted(self, values: list) -> str:
        printer = Printer([self.text(value) for value in values[1:]])
        form = self.text(values[0]) if values else ""
        kinds = [kind for kind in re.findall(r"%[-+ #0]*[0-9*]*(?:\.[0-9*]*)?([a-zA-Z%])", form) if kind != "%"]
        for at, value in enumerate(values[1:]):
            kind = kinds[at] if at < len(kinds) else ""
            if kind in "diouxX" and kind:
                printer.arguments[at] = str(int_of(self.number(value)))
            elif kind in "eEfFgG" and kind:
                printer.arguments[at] = repr(self.number(value))
            elif kind == "c" and numeric(value) and isinstance(value, float):
                printer.arguments[at] = chr(int_of(value) & 255)
        printer.once(form)
        return "".join(printer.found)

    def write(self, text: str, sign: str = "", target: tuple | None = None) -> None:
        self.grown(len(text))
        if not sign:
            self.output.append(text)
            return
        name = self.text(self.value(target))
        if name in ("/dev/stdout", "-"):
            self.output.append(text)
        elif name == "/dev/stderr":
            self.call.err(text)
        elif sign == "|":
            self.pipes[name] = self.pipes.get(name, "") + text
        else:
            key = (">" if sign == ">" else ">>") + name
            self.files[key] = self.files.get(key, "") + text
