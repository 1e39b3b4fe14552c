"""Owns the running of awk programs, in memory and bounded. Source: POSIX awk as busybox 1.35 editors/awk.c has it."""

from __future__ import annotations

import contextlib
import math
import re

from .awk_reading import AwkParser, AwkProgram, unescaped
from .awk_statements import MOST_STEPS, Statements
from .awk_values import NUMBER, Left, Next, Seen, int_of, is_number, number_text, numeric, split_at, whole
from .call import Call, Failed, Usage
from .regexes import compiled, guarded

MOST_TEXT, MOST_CALLS = 4 * 1024 * 1024, 60


class Awk(Statements):
    """One run of a program."""

    def __init__(self, call: Call, program: AwkProgram, variables: dict):
        self.call, self.program = call, program
        self.globals: dict = {"FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "NR": 0.0, "FNR": 0.0, "NF": 0.0, "SUBSEP": "\x1c", "CONVFMT": "%.6g",
                              "OFMT": "%.6g", "RSTART": 0.0, "RLENGTH": -1.0, "FILENAME": "",
                              "ENVIRON": {name: Seen(value) for name, value in call.environment.items()}, **variables}  # fmt: skip
        self.scopes: list[dict] = []
        self.fields: list[str] = [""]
        self.is_split = True
        self.steps = self.size = 0
        self.output: list[str] = []
        self.files: dict[str, str] = {}
        self.pipes: dict[str, str] = {}
        self.reading: dict[str, list[str]] = {}
        self.ranges: dict[int, bool] = {}
        self.records: list[tuple] = []
        self.at = 0

    # -- records -----------------------------------------------------------------------------------------------------

    def run(self, records) -> int:
        """Go through it all. records: a function that gives (file, record) pairs, asked when they are wanted."""
        status = 0
        try:
            for body in self.program.begins:
                self.do(body)
            if self.program.rules or self.program.ends:
                self.records = records()
                while self.read_record():
                    with contextlib.suppress(Next):
                        self.rules()
        except Left as left:
            if left.kind != "exit":
                raise
            status = left.value
        try:
            for body in self.program.ends:
                self.do(body)
        except Left as left:
            status = left.value if left.kind == "exit" and left.value is not None else status
        return int(status or 0) & 255

    def read_record(self) -> bool:
        if self.at >= len(self.records):
            return False
        name, record = self.records[self.at]
        self.at += 1
        if isinstance(name, tuple):
            self.globals["FILENAME"], self.globals["FNR"] = name[0], 0.0
        self.globals["NR"] += 1
        self.globals["FNR"] += 1
        self.set_record(record)
        return True

    def rules(self) -> None:
        for number, (pattern, end, body) in enumerate(self.program.rules):
            if pattern is None or self.selects(number, pattern, end):
                if body is None:
                    self.write(self.text(self.field(0)) + self.text(self.globals["ORS"]))
                else:
                    self.do(body)

    def selects(self, number: int, pattern: tuple, end: tuple | None) -> bool:
        if end is None:
            return self.truth(self.value(pattern))
        if not self.ranges.get(number) and not self.truth(self.value(pattern)):
            return False
        self.ranges[number] = not self.truth(self.value(end))
        return True

    def set_record(self, text: str) -> None:
        self.fields, self.is_split = [Seen(text)], False

    def split_record(self) -> None:
        if not self.is_split:
            self.is_split = True
            self.fields[1:] = [Seen(part) for part in self.divided(self.fields[0], self.text(self.globals["FS"]))]
            self.globals["NF"] = float(len(self.fields) - 1)

    def divided(self, text: str, separator: str) -> list[str]:
        if separator == " ":
            return text.split()
        if text == "":
            return []
        if separator == "":
            return list(text)
        if len(separator) == 1 and separator != "\\":
            return text.split(separator) if self.globals["RS"] != "" else re.split(re.escape(separator) + "|\n", text)
        return split_at(guarded(compiled(separator, extended=True), text), text)

    def field(self, number: int):
        if number:
            self.split_record()
        if number < 0 or number > 10_000:
            raise Failed("Access to negative field" if number < 0 else "too many fields")
        return self.fields[number] if number < len(self.fields) else Seen("")

    def set_field(self, number: int, value) -> None:
        self.split_record()
        if number == 0:
            self.set_record(self.text(value))
            return
        if not 0 < number <= 10_000:
            raise Failed("Access to negative field")
        while len(self.fields) <= number:
            self.fields.append(Seen(""))
        self.fields[number] = value if isinstance(value, Seen) else Seen(self.text(value)) if isinstance(value, float) else value
        self.globals["NF"] = float(len(self.fields) - 1)
        self.rebuild()

    def rebuild(self) -> None:
        self.fields[0] = Seen(self.text(self.globals["OFS"]).join(self.text(part) for part in self.fields[1:]))

    # -- values --------------------------------------------------------------------------------------------------------

    def text(self, value) -> str:
        if isinstance(value, float):
            return whole(value) if value == int_of(value) else number_text(self.globals["CONVFMT"], value)
        return value if value is not None else ""

    def number(self, value) -> float:
        if isinstance(value, float):
            return value
        found = NUMBER.match(value or "")
        return float(found[0]) if found else 0.0

    def truth(self, value) -> bool:
        if isinstance(value, float):
            return value != 0
        if isinstance(value, Seen) and is_number(value):
            return self.number(value) != 0
        return bool(value)

    def variable(self, name: str):
        if self.scopes and name in self.scopes[-1]:
            return self.scopes[-1][name]
        if name == "NF":
            self.split_record()
        return self.globals.get(name)

    def array(self, name: str) -> dict:
        scope = self.scopes[-1] if self.scopes and name in self.scopes[-1] else self.globals
        found = scope.get(name)
        if found is None:
            found = scope[name] = {}
        if not isinstance(found, dict):
            raise Failed("not an array")
        return found

    def key(self, parts: list) -> str:
        return self.text(self.globals["SUBSEP"]).join(self.text(self.value(part)) for part in parts)

    def assign(self, target: tuple, value):
        if isinstance(value, str) and len(value) > 1000:
            self.grown(len(value))
        if target[0] == "field":
            self.set_field(int_of(self.number(self.value(target[1]))), value)
        elif target[0] == "element":
            array = self.array(target[1])
            if len(array) > 100_000:
                raise Failed("out of memory")
            array[self.key(target[2])] = value
        elif self.scopes and target[1] in self.scopes[-1]:
            self.scopes[-1][target[1]] = value
        else:
            self.globals[target[1]] = value
            if target[1] == "NF":
                self.split_record()
                count = max(0, min(int_of(self.number(value)), 10_000))
                self.fields[1:] = (self.fields[1:] + [Seen("")] * count)[:count]
                self.rebuild()
        return value

    def grown(self, size: int) -> None:
        self.size += size
        if size > MOST_TEXT or self.size > 16 * MOST_TEXT:
            raise Failed("out of memory")

    def value(self, node: tuple):
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Failed("program runs without an end")
        return getattr(self, "value_" + node[0])(*node[1:])

    def value_number(self, value: float):
        return value

    def value_text(self, value: str):
        return value

    def value_regex(self, pattern: str):
        return float(bool(guarded(compiled(pattern, extended=True), self.field(0)).search(self.field(0))))

    def value_group(self, inner: list):
        return self.value(inner[0]) if len(inner) == 1 else self.key(inner)

    def value_variable(self, name: str):
        return self.variable(name)

    def value_element(self, name: str, parts: list):
        array, key = self.array(name), self.key(parts)
        if key not in array:
            array[key] = None
        return array[key]

    def value_field(self, inner: tuple):
        return self.field(int_of(self.number(self.value(inner))))

    def value_assign(self, operator: str, target: tuple, right: tuple):
        value = self.value(right)
        if operator:
            value = self.reckoned(operator, self.number(self.value(target)), self.number(value))
        return self.assign(target, value)

    def value_choice(self, condition: tuple, first: tuple, second: tuple):
        return self.value(first if self.truth(self.value(condition)) else second)

    def value_or(self, left: tuple, right: tuple):
        return float(self.truth(self.value(left)) or self.truth(self.value(right)))

    def value_and(self, left: tuple, right: tuple):
        return float(self.truth(self.value(left)) and self.truth(self.value(right)))

    def value_in(self, parts, name: str):
        return float(self.key(list(parts)) in self.array(name))

    def value_match(self, inverted: bool, left: tuple, right: tuple):
        text = self.text(self.value(left))
        return float(bool(guarded(self.expression(right), text).search(text)) != inverted)

    def expression(self, node: tuple) -> re.Pattern:
        return compiled(node[1] if node[0] == "regex" else self.text(self.value(node)), extended=True)

    def value_compare(self, operator: str, left: tuple, right: tuple):
        first, second = self.value(left), self.value(right)
        if numeric(first) and numeric(second):
            first, second = self.number(first), self.number(second)
        else:
            first, second = self.text(first), self.text(second)
        return float({"<": first < second, "<=": first <= second, "==": first == second, "!=": first != second, ">": first > second,
                      ">=": first >= second}[operator])  # fmt: skip

    def value_join(self, left: tuple, right: tuple):
        found = self.text(self.value(left)) + self.text(self.value(right))
        if len(found) > 1000:
            self.grown(len(found))
        return found

    def value_arithmetic(self, operator: str, left: tuple, right: tuple):
        return self.reckoned(operator, self.number(self.value(left)), self.number(self.value(right)))

    def reckoned(self, operator: str, left: float, right: float) -> float:
        if operator in "/%" and right == 0:
            raise Failed("cmd. line:1: Division by zero")
        try:
            return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "/": lambda: left / right,
                    "%": lambda: math.fmod(left, right), "^": lambda: float(left**right)}[operator]()  # fmt: skip
        except (OverflowError, ZeroDivisionError, TypeError, ValueError):
            return math.inf

    def value_not(self, inner: tuple):
        return float(not self.truth(self.value(inner)))

    def value_sign(self, sign: str, inner: tuple):
        number = self.number(self.value(inner))
        return -number if sign == "-" else number

    def value_step(self, sign: str, is_before: bool, target: tuple):
        before = self.number(self.value(target))
        after = before + (1 if sign == "++" else -1)
        self.assign(target, after)
        return after if is_before else before

    def value_getline(self, sign: str, target: tuple | None, source: tuple | None):
        if not sign:
            if target is None:
                return float(self.read_record())
            if self.at >= len(self.records):
                return 0.0
            self.at += 1
            self.globals["NR"] += 1
            self.globals["FNR"] += 1
            self.assign(target, Seen(self.records[self.at - 1][1]))
            return 1.0
        name = self.text(self.value(source))
        if name not in self.reading:
            text = self.output_of(name) if sign == "|" else self.call.text(name)
            if text is None:
                return -1.0
            self.reading[name] = text.split("\n")[: -1 if text.endswith("\n") or not text else None]
        if not self.reading[name]:
            return 0.0
        line = Seen(self.reading[name].pop(0))
        if target is None:
            self.set_record(line)
        else:
            self.assign(target, line)
        return 1.0

    def output_of(self, command: str) -> str:
        raise Failed(f"'{command}' | getline is not simulated")

    def value_call(self, name: str, arguments: list):
        from .awk_functions import FUNCTIONS

        if name in self.program.functions:
            return self.user(name, arguments)
        if name not in FUNCTIONS:
            raise Failed("cmd. line:1: Call to undefined function")
        return FUNCTIONS[name](self, arguments)

    def user(self, name: str, arguments: list):
        parameters, body = self.program.functions[name]
        if len(self.scopes) >= MOST_CALLS:
            raise Failed("functions are nested too deep")
        scope: dict = {}
        for at, parameter in enumerate(parameters):
            given = arguments[at] if at < len(arguments) else None
            if given is not None and given[0] == "variable" and (isinstance(self.variable(given[1]), dict)):
                scope[parameter] = self.array(given[1])
            else:
                scope[parameter] = self.value(given) if given is not None else None
        self.scopes.append(scope)
        try:
            self.do(body)
        except Left as left:
            if left.kind != "return":
                raise
            return left.value
        finally:
            self.scopes.pop()
        return None


def awk(call: Call) -> int:
    options = call.options("", "Fvf", stops=True)
    paths = list(options.rest)
    text = "\n".join(call.text(path) or "" for path in options.values.get("f", []))
    if "f" not in options:
        if not paths:
            raise Usage
        text = paths.pop(0)
    variables: dict = {"ARGC": float(len(paths) + 1), "ARGV": {str(at): Seen(word) for at, word in enumerate([call.name, *paths])}}
    if "F" in options:
        separator = options["F"]
        variables["FS"] = "\t" if separator == "t" else unescaped(separator)
    for each in options.values.get("v", []):
        name, _, value = each.partition("=")
        variables[name] = Seen(unescaped(value))
    parser = AwkParser(text)
    machine = Awk(call, parser.program(), variables)
    needs = bool(machine.program.rules or machine.program.ends)
    assigned = [path for path in paths if re.fullmatch(r"[A-Za-z_]\w*=.*", path, re.DOTALL)]
    files = [path for path in paths if path not in assigned]
    texts = call.texts(files, words="{path}: {why}") if needs else []
    for each in assigned:
        name, _, value = each.partition("=")
        machine.globals[name] = Seen(unescaped(value))
    status = machine.run(lambda: all_records(machine, texts))
    return finish(call, machine) or status or (2 if call.failed else 0)


def all_records(machine: Awk, texts: list[tuple[str, str]]) -> list[tuple]:
    """(what begins here, record): of the first record of a file its name in a tuple, else ""."""
    found: list[tuple] = []
    for path, text in texts:
        records = records_of(machine, text)
        found += [(("" if path == "-" else path,) if not at else "", record) for at, record in enumerate(records)]
    return found


def records_of(machine: Awk, text: str) -> list[str]:
    separator = machine.text(machine.globals["RS"])
    if separator == "\n":
        records = text.split("\n")
    elif separator == "":
        return [part for part in re.split(r"\n{2,}", text.strip("\n")) if part]
    else:
        records = text.split(separator) if len(separator) == 1 else split_at(guarded(compiled(separator, extended=True), text), text)
        if records and records[-1] == "\n":
            records.pop()
    if records and records[-1] == "":
        records.pop()
    return records


def finish(call: Call, machine: Awk) -> int:
    """What was printed leaves: to files, through commands, to the output."""
    if not call.memory.get("written"):
        call.memory["written"] = True
        call.out("".join(machine.output))
        for key, text in machine.files.items():
            name, is_more = key.lstrip(">"), key.startswith(">>")
            if not (call.world.write_file(call.path(name), text, append=True) if is_more else call.world.put_file(call.path(name), text)):
                raise Failed(f"{name}: {call.world.why}", 2)
    for at, (command, text) in enumerate(machine.pipes.items()):
        call.run(["sh", "-c", command], key=f"pipe{at}", stdin=text)
    return 0


AWK = {"awk": awk}
