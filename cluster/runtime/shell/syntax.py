"""Owns the way from a script to its instructions: the grammar is tree-sitter's for bash, read as busybox's ash reads it.

A Program is a list of units: the script, and what runs in a process or a call of its own: functions, subshells, parts of a pipe.
A unit is a flat list that a program counter walks:
("run", Command, is_tested), ("pipe", units, is_tested), ("subshell", unit, redirects, is_tested), ("background", unit, text),
("function", name, unit), ("jump", to), ("jump_failed", to), ("jump_ok", to), ("status", n), ("invert",), ("for", slot, words),
("next", to, slot, name), ("loop",), ("idle", ms), ("leave", kind, word, loops), ("case", word, arms, to), ("push", to, redirects),
("pop",), ("fail", message). is_tested: its failure is asked for, so `set -e` leaves it alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from . import complaints
from .durations import nap_ms
from .heredocs import MARK, Heredoc, put_back, taken_out
from .rewriting import BOTH_WAYS, BRACKETS, NEGATED, NEGATION, NOTHING, PLACE, TESTS, repaired, with_holes, with_whole_lines
from .words import Reader, ShellSyntaxError, simplified, words_of

PARSER = Parser(Language(tree_sitter_bash.language()))
MOST_DEPTH = 150  # constructs in each other
LONGEST_SCRIPT = 256 * 1024
SHORT = 4_096
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=", re.ASCII)
RESERVED = ("then", "else", "elif", "fi", "do", "done", "}", "esac", "!", "{", "if", "while", "until", "for", "case", "in")
REDIRECTS = ("file_redirect", "herestring_redirect", "heredoc_redirect")
NOT_OURS = ("c_style_for_statement", "array", "herestring_redirect", "subscript", "heredoc_redirect", "process_substitution")


class Command(NamedTuple):
    """A simple command: `name=value` before it, its words, its redirects (descriptor, operator, word)."""

    assigns: tuple
    words: tuple
    redirects: tuple


class Program(NamedTuple):
    units: tuple


class Refused(ShellSyntaxError):
    """The grammar has it, ash does not."""


def compile_script(text: str) -> Program:
    """The instructions of a script. What ash would not read ends in a ("fail", message), behind the lines before it."""
    return _kept(text) if len(text) < SHORT else _kept_long(text)


def compiled_or_refused(text: str) -> Program:
    """The same, worked out."""
    try:
        return compiled(text)
    except ShellSyntaxError as wrong:
        good, message = complaints.about(text, str(wrong))
    try:
        units = compiled(good).units if good.strip() else ((),)
    except ShellSyntaxError:
        units = ((),)
    return Program(((*units[0], ("fail", message)), *units[1:]))


UNFINISHED = re.compile(r"unexpected end of file|unterminated quoted string|missing '\)\)'|missing '\}'|EOF in backquote")


_kept = lru_cache(maxsize=2048)(compiled_or_refused)  # long ones are few, so that what is kept stays small
_kept_long = lru_cache(maxsize=48)(compiled_or_refused)


def fails(text: str) -> bool:
    """Whether something in a script cannot be read."""
    return any(instruction[0] == "fail" for instruction in compile_script(text).units[0][-1:])


def is_unfinished(text: str) -> bool:
    """Whether a shell at its prompt waits for another line of this."""
    fails = [instruction[1] for instruction in compile_script(text).units[0] if instruction[0] == "fail"]
    if fails:
        return bool(UNFINISHED.search(fails[-1]))
    return text.endswith("\\\n") or any(not heredoc.is_closed for heredoc in taken_out(text)[1])


def compiled(text: str) -> Program:
    """The instructions of a script that is whole. Raises ShellSyntaxError."""
    if len(text) > LONGEST_SCRIPT:
        raise ShellSyntaxError("syntax error: script is too long")
    clean, heredocs = taken_out(text)
    clean = TESTS.sub(lambda found: BRACKETS[found[0]], with_whole_lines(clean))
    try:
        return program_of(clean, heredocs)
    except Refused:
        other, holes = with_holes(repaired(clean))
        return program_of(other, heredocs, holes)


def program_of(text: str, heredocs: list[Heredoc], holes: list[str] | None = None) -> Program:
    """The instructions of a script without bodies of here-documents. Raises Refused when the grammar does not have it, or ash."""
    root, source = parsed(text)
    if root.has_error:
        raise Refused("")
    compiler = Compiler(source, heredocs, holes or [])
    compiler.unit(root.children)
    return Program(tuple(tuple(code) for code in compiler.units))


def parsed(text: str) -> tuple[Node, bytes]:
    source = text.encode("utf-8", "surrogatepass")
    return PARSER.parse(source).root_node, source


class Compiler:
    """Walks the tree and writes instructions."""

    def __init__(self, source: bytes, heredocs: list[Heredoc], holes: list[str]):
        self.source, self.heredocs, self.holes = source, heredocs, holes
        self.units: list[list] = []
        self.code: list = []
        self.slots = self.depth = self.tested = self.redirected = 0
        self.loops: list[list] = []  # [where break goes, where continue goes, redirects around it]

    # -- helpers ------------------------------------------------------------------------------------------------

    def text(self, start: int, end: int) -> str:
        text = self.source[start:end].decode("utf-8", "surrogatepass")
        if text.isascii():
            return text
        text = PLACE.sub(lambda found: self.holes[int(found[1])], text)
        return text.replace(BRACKETS["["], "[").replace(BRACKETS["[["], "[[").replace(NOTHING, "").replace(NEGATION, "!")

    def emit(self, *instruction) -> int:
        self.code.append(instruction)
        return len(self.code) - 1

    def patch(self, where: int) -> None:
        self.code[where] = (self.code[where][0], len(self.code), *self.code[where][2:])

    def unit(self, nodes: list[Node]) -> int:
        """Compile statements into a unit of their own; returns its number."""
        number = len(self.units)
        self.units.append([])
        outer = self.code, self.loops, self.slots, self.redirected
        self.code, self.loops, self.slots, self.redirected = self.units[number], [], 0, 0
        self.sequence(nodes)
        self.code, self.loops, self.slots, self.redirected = outer
        return number

    def word(self, start: int, end: int) -> list:
        """The words of a stretch of the source; one, but where the grammar takes several for one."""
        return [self.finished(parts) for parts in words_of(self.text(start, end))]

    def finished(self, parts: tuple):
        parts = tuple(self._restored(part) for part in parts) if self.heredocs else parts
        if any(part[0] == "command" and fails(part[1]) for part in parts):
            raise Refused("")
        return simplified(parts)

    def _restored(self, part):
        if not isinstance(part, tuple) or not part:
            return part
        if part[0] == "command":
            return ("command", put_back(part[1], self.heredocs), part[2])
        return tuple(self._restored(inner) for inner in part)

    # -- statements ----------------------------------------------------------------------------------------------

    def sequence(self, nodes: list[Node]) -> None:
        for at, node in enumerate(nodes):
            if node.type in (";;", ";&", ";;&"):
                raise Refused("")
            if not node.is_named or node.type == "comment":
                continue
            if at + 1 < len(nodes) and nodes[at + 1].type == "&":
                self.emit("background", self.part(node, ()), self.text(node.start_byte, node.end_byte)[:200])
            else:
                self.statement(node)

    def statement(self, node: Node, redirects: tuple = ()) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise ShellSyntaxError("syntax error: nested too deep")
        write = getattr(self, "_" + node.type, None)
        if write is None or node.type in NOT_OURS:
            raise Refused("")
        if redirects and node.type not in ("redirected_statement", "list", "pipeline", "negated_command", "subshell", *SIMPLE):
            push = self.emit("push", 0, redirects)
            self.redirected += 1
            write(node, ())
            self.redirected -= 1
            self.emit("pop")
            self.patch(push)
        else:
            write(node, redirects)
        self.depth -= 1

    def _redirected_statement(self, node: Node, redirects: tuple) -> None:
        body = node.child_by_field_name("body")
        rest = [child for child in node.children if body is None or child.id != body.id]
        if body is None or body.type in SIMPLE:
            self.simple([*(body.children if body is not None else ()), *rest], redirects, body)
            return
        found, others = self.redirects(rest)
        if any(others):
            raise Refused("")
        self.statement(body, (*found, *redirects))

    def _list(self, node: Node, redirects: tuple) -> None:
        left, operator, right = node.children
        self.tested += 1
        self.statement(left)
        self.tested -= 1
        skip = self.emit("jump_failed" if operator.type == "&&" else "jump_ok", 0)
        self.statement(right, redirects)
        self.patch(skip)

    def _negated_command(self, node: Node, redirects: tuple) -> None:
        self._negated(node.children[1], redirects)

    def _negated(self, node: Node, redirects: tuple) -> None:
        self.tested += 1
        self.statement(node, redirects)
        self.tested -= 1
        self.emit("invert")

    def _pipeline(self, node: Node, redirects: tuple) -> None:
        parts = [child for child in node.children if child.is_named and child.type != "comment"]
        signs = [child.type for child in node.children if child.type in ("|", "|&")]
        inverted = parts[0].type == "negated_command"
        if inverted:
            parts[0] = parts[0].children[1]
        elif self.text(parts[0].start_byte, parts[0].end_byte) == NEGATED:
            inverted, parts, signs = True, parts[1:], signs[1:]
            if len(parts) == 1:
                self._negated(parts[0], redirects)
                return
        units = []
        for at, part in enumerate(parts):
            both = (("2", ">&", "1"),) if at < len(signs) and signs[at] == "|&" else ()
            units.append(self.part(part, both or (redirects if at == len(parts) - 1 else ())))
        self.emit("pipe", tuple(units), bool(self.tested) or inverted)
        if inverted:
            self.emit("invert")

    def body(self, nodes: list[Node]) -> None:
        """Statements of which ash wants one at least."""
        if not any(node.is_named and node.type != "comment" for node in nodes):
            raise Refused("")
        self.sequence(nodes)

    def part(self, node: Node, redirects: tuple) -> int:
        """A unit of what runs in a process of its own; a subshell needs no second one."""
        if node.type == "subshell" and not redirects:
            return self.unit(node.children[1:-1])
        number = len(self.units)
        self.units.append([])
        outer = self.code, self.loops, self.slots, self.redirected
        self.code, self.loops, self.slots, self.redirected = self.units[number], [], 0, 0
        self.statement(node, redirects)
        self.code, self.loops, self.slots, self.redirected = outer
        return number

    def _subshell(self, node: Node, redirects: tuple) -> None:
        self.emit("subshell", self.unit(node.children[1:-1]), redirects, bool(self.tested))

    def _compound_statement(self, node: Node, redirects: tuple) -> None:
        if node.children[0].type != "{":
            raise Refused("")
        self.body(node.children[1:-1])

    def _function_definition(self, node: Node, redirects: tuple) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if self.text(name.start_byte, name.end_byte) in complaints.SPECIAL:
            raise ShellSyntaxError("syntax error: bad function name")
        extra = [child for child in node.children if child.type in REDIRECTS]
        number = len(self.units)
        self.units.append([])
        outer = self.code, self.loops, self.slots, self.redirected, self.tested
        self.code, self.loops, self.slots, self.redirected, self.tested = self.units[number], [], 0, 0, 0
        self.statement(body, self.redirects(extra)[0])
        self.code, self.loops, self.slots, self.redirected, self.tested = outer
        self.emit("function", self.text(name.start_byte, name.end_byte), number)

    def _if_statement(self, node: Node, redirects: tuple) -> None:
        ends: list[int] = []
        self._branch(node.children, ends)
        for end in ends:
            self.patch(end)

    def _branch(self, nodes: list[Node], ends: list[int]) -> None:
        """`if` or `elif`: the condition, `then`, the body, and what follows."""
        then = next(at for at, child in enumerate(nodes) if child.type == "then")
        rest = next((at for at, child in enumerate(nodes) if child.type in ("elif_clause", "else_clause", "fi")), len(nodes))
        self.tested += 1
        self.sequence(nodes[1:then])
        self.tested -= 1
        skip = self.emit("jump_failed", 0)
        self.body(nodes[then + 1 : rest])
        ends.append(self.emit("jump", 0))
        self.patch(skip)
        clauses = [child for child in nodes[rest:] if child.type in ("elif_clause", "else_clause")]
        for clause in clauses:
            if clause.type == "else_clause":
                self.body(clause.children[1:])
                return
            self._branch(clause.children, ends)
        if nodes[0].type == "if" and not (clauses and clauses[-1].type == "else_clause"):
            self.emit("status", 0)

    def _while_statement(self, node: Node, redirects: tuple) -> None:
        word, body = node.children[0].type, node.children[-1]
        start = len(self.code)
        loop = [0, start, self.redirected]
        self.loops.append(loop)
        self.tested += 1
        self.body(node.children[1:-1])
        self.tested -= 1
        condition = self.code[start:]
        leave = self.emit("jump_failed" if word == "while" else "jump_ok", 0)
        inside = len(self.code)
        self.body(body.children[1:-1])
        self.loops.pop()
        nap = nap_ms(condition, self.code[inside:]) if word == "while" else 0
        if nap:
            del self.code[start:]
            self.emit("idle", nap)
            return
        self.emit("loop")
        self.emit("jump", start)
        self.patch(leave)
        self.emit("status", 0)
        loop[0] = len(self.code)

    def _for_statement(self, node: Node, redirects: tuple) -> None:
        if node.children[0].type != "for":
            raise Refused("")
        name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        if not re.fullmatch(r"[A-Za-z_]\w*", self.text(name.start_byte, name.end_byte), re.ASCII):
            raise Refused("")
        kinds = [child.type for child in node.children]
        words: list | None = None
        if "in" in kinds:
            values = node.children[kinds.index("in") + 1 : kinds.index("do_group")]
            words = [word for start, end in self.spans([each for each in values if each.type not in (";", "\n", "comment")])
                     for word in self.word(start, end)]  # fmt: skip
        slot, self.slots = self.slots, self.slots + 1
        self.emit("for", slot, tuple(words) if words is not None else ((("param", "@", "", (), True),),))
        start = self.emit("next", 0, slot, self.text(name.start_byte, name.end_byte))
        loop = [0, start, self.redirected]
        self.loops.append(loop)
        self.body(body.children[1:-1])
        self.loops.pop()
        self.emit("jump", start)
        self.patch(start)
        loop[0] = len(self.code)

    def _case_statement(self, node: Node, redirects: tuple) -> None:
        value = node.child_by_field_name("value")
        [word] = self.word(value.start_byte, value.end_byte) or [""]
        where = self.emit("case", word, (), 0)
        arms, ends = [], []
        for item in [child for child in node.children if child.type == "case_item"]:
            kinds = [child.type for child in item.children]
            closes = kinds.index(")")
            patterns = [child for child in item.children[:closes] if child.type not in ("(", "|")]
            words = [word for start, end in self.spans(patterns) for word in self.word(start, end)]
            arms.append((tuple(words), len(self.code)))
            self.sequence([child for child in item.children[closes + 1 :] if child.type != ";;"])
            ends.append(self.emit("jump", 0))
        self.code[where] = ("case", word, tuple(arms), len(self.code))
        for end in ends:
            self.patch(end)

    # -- simple commands -----------------------------------------------------------------------------------------

    def _command(self, node: Node, redirects: tuple) -> None:
        self.simple(node.children, redirects, node)

    def spans(self, nodes: list[Node]) -> list[tuple[int, int]]:
        """The stretches of words; what touches is one word."""
        found: list[tuple[int, int]] = []
        for node in nodes:
            if found and found[-1][1] == node.start_byte:
                found[-1] = (found[-1][0], node.end_byte)
            else:
                found.append((node.start_byte, node.end_byte))
        return found

    def simple(self, nodes: list[Node], redirects: tuple, node: Node | None) -> None:
        """A command of words, assignments and redirects."""
        if node is not None and node.type in ("test_command", "variable_assignment"):
            rest = [child for child in nodes if child.type in REDIRECTS]
            nodes = [node, *rest]
        found, words = self.redirects(nodes)
        stretches: list = []
        for part in words:
            stretches += part
        assigns, plain = [], []
        for parts in stretches:
            assigned = None if plain else assignment(parts)
            if assigned:
                assigns.append((assigned[0], self.finished(assigned[1]), assigned[2]))
            else:
                plain.append(self.finished(parts))
        self.check(nodes, plain)
        self.command(Command(tuple(assigns), tuple(plain), (*found, *redirects)))

    def check(self, nodes: list[Node], plain: list) -> None:
        first = next((node for node in nodes if node.type == "command_name"), None)
        if first is not None and self.text(first.start_byte, first.end_byte) in RESERVED:
            raise Refused("")
        if any(node.type in NOT_OURS for node in nodes) or any(child.type in NOT_OURS for node in nodes for child in node.children):
            raise Refused("")

    def command(self, command: Command) -> None:
        name = command.words[0] if command.words else ""
        if name in ("break", "continue") and not command.assigns and not command.redirects:
            self.emit("leave", name, command.words[1] if len(command.words) > 1 else "1", tuple(self.loops))
        else:
            self.emit("run", command, bool(self.tested))

    def redirects(self, nodes: list[Node]) -> tuple[tuple, list]:
        """(redirects, the words between them: a list of lists of parts)."""
        found, words, last = [], [], (-1, -1)
        for node in nodes:
            if node.type in REDIRECTS:
                redirect, more = self.redirect(node)
                found.append(redirect)
                words += more
                last = (-1, -1)
            elif node.type != "comment":
                if last[1] == node.start_byte and words:
                    last = (last[0], node.end_byte)
                    words[-1] = words_of(self.text(*last))
                else:
                    last = (node.start_byte, node.end_byte)
                    words.append(words_of(self.text(*last)))
        return tuple(found), words

    def redirect(self, node: Node) -> tuple[tuple, list]:
        if node.type != "file_redirect":
            raise Refused("")
        descriptor, operator, targets = "", "", []
        for child in node.children:
            if child.type == "file_descriptor":
                descriptor = self.text(child.start_byte, child.end_byte)
            elif not operator:
                operator = child.type
            else:
                targets.append(child)
        spans = self.spans(targets)
        if operator.endswith("&-"):
            return (descriptor or ("0" if operator[0] == "<" else "1"), operator[:-1], "-"), []
        if not spans:
            raise Refused("")
        target = words_of(self.text(*spans[0]))
        extra = [words_of(self.text(*span)) for span in spans[1:]]
        word = self.finished(target[0])
        descriptor = descriptor or ("0" if operator[0] == "<" else "1")
        if isinstance(word, str) and word.startswith(BOTH_WAYS):
            return (descriptor if descriptor != "1" else "0", "<>", word[1:]), [target[1:], *extra]
        if isinstance(word, str) and word.startswith(MARK):
            return (descriptor, "<<", self.heredocs[int(word.strip(MARK))].parts), [target[1:], *extra]
        return (descriptor, operator, word), [target[1:], *extra]


SIMPLE = ("command", "test_command", "declaration_command", "unset_command", "variable_assignment", "variable_assignments")
for _kind in SIMPLE:
    setattr(Compiler, "_" + _kind, Compiler._command)


def assignment(parts: tuple) -> tuple[str, tuple, bool] | None:
    """(name, value's parts, whether it is `+=`) of a word `name=value`."""
    _, text, quoted = parts[0] if parts and parts[0][0] == "text" else ("", "", True)
    found = ASSIGNMENT.match(text) if quoted is False else None
    if not found:
        return None
    rest = Reader(text[found.end() :]).word(stops="") if text[found.end() :].startswith("~") else (("text", text[found.end() :], False),)
    return found[1], (*(part for part in rest if part[1] or part[0] == "tilde"), *parts[1:]), found[2] == "+"
