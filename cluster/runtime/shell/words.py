"""Owns what is inside a word: quotes, `$name`, `${…}`, `$(…)`, `$((…))`, and here-documents, which are words too.

A word is a tuple of parts: ("text", text, quoted), ("tilde", user), ("param", name, operator, argument, quoted),
("arithmetic", parts, quoted), ("command", text, quoted). quoted None marks text that may be split, as the default in `${x:-a b}`.
A word without anything to expand is a plain str. Source: busybox 1.35 shell/ash.c (readtoken1, parsesub).
"""

from __future__ import annotations

import re

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
PARAMETER = re.compile(r"[A-Za-z_]\w*|[0-9]+|[?$#@*!-]", re.ASCII)
SPECIAL = "?$#@*!-0123456789"
BREAKS = " \t\n;|&()<>"
GLOB = re.compile(r"[*?\[\\]")
MOST_NESTED = 60
DEFAULTS = (":-", ":=", ":?", ":+", "-", "=", "?", "+")
TRIMS = ("##", "#", "%%", "%")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v", "\\": "\\", "'": "'", '"': '"'}


class ShellSyntaxError(ValueError):
    """A script that the shell cannot read; the message is ash's."""


class Reader:
    """Reads the parts of words out of a text, from `at` on."""

    def __init__(self, text: str, at: int = 0, depth: int = 0):
        self.text, self.at, self.depth = text, at, depth
        if depth > MOST_NESTED:
            raise ShellSyntaxError("syntax error: nested too deep")

    def word(self, *, stops: str = BREAKS, plain: bool | None = False) -> tuple:
        """Parts up to a sign of `stops` that is not quoted. plain: what unquoted text is marked with."""
        parts, text = [], self.text
        if text.startswith("~", self.at) and plain is False:
            self._tilde(parts, stops)
        while self.at < len(text) and text[self.at] not in stops:
            sign = text[self.at]
            if sign == "\\":
                if not text.startswith("\\\n", self.at):
                    add(parts, text[self.at + 1 : self.at + 2] or "\\", True)
                self.at += 2
            elif sign == "'":
                add(parts, self._until("'"), True)
            elif sign == '"':
                self.at += 1
                self.quoted(parts)
            elif sign in "$`":
                self._dollar(parts, quoted=False)
            else:
                add(parts, sign, plain)
                self.at += 1
        return tuple(parts)

    def part(self) -> None:
        """Go past one part that is quoted or expanded."""
        sign = self.text[self.at]
        if sign == "'":
            self._until("'")
        elif sign == '"':
            self.at += 1
            self.quoted([])
        else:
            self._dollar([], quoted=False)

    def quoted(self, parts: list) -> None:
        """What stands in double quotes, whose opening one is behind us."""
        before, text = len(parts), self.text
        while True:
            if self.at >= len(text):
                raise ShellSyntaxError("syntax error: unterminated quoted string")
            if text[self.at] == '"':
                break
            self._inside(parts, '"')
        self.at += 1
        if len(parts) == before:
            parts.append(("text", "", True))

    def body(self, end: str = "") -> tuple:
        """All of a text as in double quotes, where a double quote is nothing special: a here-document, an arithmetic."""
        parts: list = []
        while self.at < len(self.text) and not (end and self.text[self.at] in end):
            self._inside(parts, "")
        return tuple(parts)

    def _inside(self, parts: list, quote: str) -> None:
        text, sign = self.text, self.text[self.at]
        if sign == "\\" and self.at + 1 < len(text) and text[self.at + 1] in "$`\\\n" + quote:
            if text[self.at + 1] != "\n":
                add(parts, text[self.at + 1], True)
            self.at += 2
        elif sign in "$`":
            self._dollar(parts, quoted=True)
        else:
            add(parts, sign, True)
            self.at += 1

    def _tilde(self, parts: list, stops: str) -> None:
        found = re.compile(r"~([A-Za-z0-9_-]*)").match(self.text, self.at)
        if found.end() >= len(self.text) or self.text[found.end()] in stops + "/:":
            parts.append(("tilde", found[1]))
            self.at = found.end()

    def _until(self, sign: str) -> str:
        stop = self.text.find(sign, self.at + 1)
        if stop < 0:
            raise ShellSyntaxError("syntax error: unterminated quoted string")
        found, self.at = self.text[self.at + 1 : stop], stop + 1
        return found

    def _dollar(self, parts: list, *, quoted: bool) -> None:
        text, at = self.text, self.at
        if text[at] == "`":
            parts.append(("command", self._backquoted(quoted), quoted))
        elif text.startswith("$((", at) and (stop := arithmetic_end(text, at + 3)) >= 0:
            parts.append(("arithmetic", Reader(text[at + 3 : stop], depth=self.depth + 1).body(), quoted))
            self.at = stop + 2
        elif text.startswith("$(", at):
            stop = closing(text, at + 2)
            parts.append(("command", text[at + 2 : stop], quoted))
            self.at = stop + 1
        elif text.startswith("${", at):
            self.at += 2
            parts.append(self._braced(quoted))
        elif text.startswith("$'", at) and not quoted:
            add(parts, self._ansi(), True)
        elif (found := NAME.match(text, at + 1)) or text[at + 1 : at + 2] in tuple(SPECIAL):
            name = found[0] if found else text[at + 1]
            parts.append(("param", name, "", (), quoted))
            self.at = at + 1 + len(name)
        else:
            add(parts, "$", quoted)
            self.at += 1

    def _backquoted(self, quoted: bool) -> str:
        text, at, found = self.text, self.at + 1, []
        while at < len(text) and text[at] != "`":
            if text[at] == "\\" and text[at + 1 : at + 2] in ("`", "\\", "$", '"' if quoted else "`"):
                at += 1
            found.append(text[at : at + 1])
            at += 1
        if at >= len(text):
            raise ShellSyntaxError("syntax error: EOF in backquote substitution")
        self.at = at + 1
        return "".join(found)

    def _ansi(self) -> str:
        """`$'…'` with C's escapes."""
        found = re.compile(r"\$'((?:[^'\\]|\\.)*+)'", re.DOTALL).match(self.text, self.at)
        if not found:
            raise ShellSyntaxError("syntax error: unterminated quoted string")
        self.at = found.end()
        return unescaped(found[1])

    def _braced(self, quoted: bool) -> tuple:
        text = self.text
        if text.startswith("#", self.at) and (found := PARAMETER.match(text, self.at + 1)) and text.startswith("}", found.end()):
            self.at = found.end() + 1
            return ("param", found[0], "length", (), quoted)
        found = PARAMETER.match(text, self.at)
        if not found:
            raise ShellSyntaxError("syntax error: bad substitution" if "}" in text[self.at :] else "syntax error: missing '}'")
        self.at = found.end()
        operator = self._operator()
        inner = Reader(text, self.at, self.depth + 1)
        argument = inner.argument(operator, quoted)
        self.at = inner.at
        if not text.startswith("}", self.at):
            raise ShellSyntaxError("syntax error: missing '}'")
        self.at += 1
        return ("param", found[0], operator, argument, quoted)

    def _operator(self) -> str:
        rest = self.text[self.at : self.at + 2]
        if rest.startswith("}"):
            return ""
        operator = next((known for known in (*DEFAULTS, *TRIMS, "//", "/", ":") if rest.startswith(known)), None)
        if operator is None:
            raise ShellSyntaxError("syntax error: bad substitution" if rest else "syntax error: missing '}'")
        self.at += len(operator)
        return operator

    def argument(self, operator: str, quoted: bool) -> tuple:
        """What follows an operator, up to the brace; of a replacement (pattern, text)."""
        if operator in ("/", "//"):
            pattern = self.word(stops="/}", plain=None)
            if not self.text.startswith("/", self.at):
                return (pattern, ())
            self.at += 1
            return (pattern, self.word(stops="}", plain=None))
        if quoted and operator in DEFAULTS:
            return self._default()
        return self.word(stops="}", plain=None)

    def _default(self) -> tuple:
        """A default within double quotes: single quotes are nothing special, double ones come in pairs."""
        parts: list = []
        while self.at < len(self.text) and self.text[self.at] != "}":
            if self.text[self.at] == '"':
                self.at += 1
                self.quoted(parts)
            elif self.text.startswith("\\}", self.at):
                add(parts, "}", True)
                self.at += 2
            else:
                self._inside(parts, '"')
        return tuple(parts)


def add(parts: list, text: str, quoted: bool | None) -> None:
    """Put text behind parts, joined with text of the same sort."""
    if parts and parts[-1][0] == "text" and parts[-1][2] is quoted:
        parts[-1] = ("text", parts[-1][1] + text, quoted)
    else:
        parts.append(("text", text, quoted))


def simplified(parts: tuple) -> tuple | str:
    """A word of nothing but text as a plain str, unless it may stand for the names of files."""
    if all(part[0] == "text" and (part[2] or not GLOB.search(part[1])) for part in parts):
        return "".join(part[1] for part in parts)
    return parts


def words_of(text: str) -> list[tuple]:
    """The words of a text, divided at blanks."""
    reader, found = Reader(text), []
    while True:
        while reader.at < len(text) and (text[reader.at] in BREAKS or text.startswith("\\\n", reader.at)):
            reader.at += 2 if text[reader.at] == "\\" else 1
        if reader.at >= len(text):
            return found
        found.append(reader.word())


def literal(word: tuple | str) -> str:
    """A word's text when nothing in it is quoted or expanded, as keywords are, else ""."""
    return word if isinstance(word, str) else ""


def unquoted(text: str) -> str:
    """A text without its quotes, as the delimiter of a here-document is read."""
    return "".join(part[1] for part in Reader(text).word() if part[0] == "text")


def arithmetic_end(text: str, at: int) -> int:
    """Where the `))` of an arithmetic stands; -1 when `$((` begins a command in parentheses."""
    depth = 0
    while at < len(text):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            if depth == 0:
                return at if text.startswith("))", at) else -1
            depth -= 1
        at += 1
    raise ShellSyntaxError("syntax error: missing '))'")


def closing(text: str, at: int) -> int:
    """Where the parenthesis closes whose opening one stands before `at`."""
    depth, start = 1, at
    while at < len(text):
        sign = text[at]
        if sign in "'\"\\`":
            at = skipped(text, at)
            continue
        if sign == "#" and text[at - 1] in " \t\n;(":
            at = stop if (stop := text.find("\n", at)) >= 0 else len(text)
            continue
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth > MOST_NESTED:
            raise ShellSyntaxError("syntax error: nested too deep")
        if depth == 0:
            if not is_inside_case(text[start:at]):
                return at
            depth = 1
        at += 1
    raise ShellSyntaxError('syntax error: unexpected end of file (expecting ")")')


def is_inside_case(text: str) -> bool:
    """Whether a parenthesis behind this text is that of a pattern of `case`."""
    return "case" in text and len(re.findall(r"\bcase\b(?=\s)", text)) > len(re.findall(r"\besac\b", text))


def skipped(text: str, at: int) -> int:
    """The place behind what is quoted here."""
    sign = text[at]
    if sign == "\\":
        return at + 2
    at += 1
    while at < len(text) and text[at] != sign:
        if sign == '"' and text.startswith("$(", at):
            at = closing(text, at + 2)
        elif text[at] == "\\" and sign != "'":
            at += 1
        at += 1
    if at >= len(text):
        raise ShellSyntaxError("syntax error: unterminated quoted string")
    return at + 1


def unescaped(text: str) -> str:
    """C's escapes as `$'…'`, `echo -e` and `printf` know them."""
    if "\\" not in text:
        return text
    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|0?[0-7]{1,3}|.)", _escape, text, flags=re.DOTALL)


def _escape(found: re.Match) -> str:
    what = found[1]
    if what[0] == "x" and len(what) > 1:
        return chr(int(what[1:], 16))
    if what[0] in "01234567":
        return chr(int(what, 8) & 255)
    return ESCAPES.get(what, "\\" + what)
