"""Owns what ash says of a script that it cannot read, and which lines before the fault it has run by then.

The grammar of syntax.py only says that something is wrong; here a script is read once more as ash's parser reads it, for its words alone.
Source: busybox 1.35 shell/ash.c (list, pipeline, command, simplecmd, synexpect).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .heredocs import MARK, taken_out
from .words import Reader, ShellSyntaxError

OPERATORS = ("&&", "||", ";;", ";", "|", "&", "(", ")")
REDIRECT = re.compile(r"[0-9]*(?:<<<|<<-|<<|<>|<&|>>|>&|>\||&>|<|>)")
KEYWORDS = ("if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "case", "esac", "{", "}", "!", "in")
ENDERS = ("then", "elif", "else", "fi", "do", "done", "}", "esac", ")", ";;", "in")
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
MOST_NESTED = 150
UNKNOWN = "syntax error: this construct is not simulated"
SPECIAL = (":", "export", "readonly", "eval", "exec", ".", "set", "shift", "unset", "trap", "return", "exit", "break", "continue", "times")


class Token(NamedTuple):
    """kind: "word", "operator", "redirect", "newline", "end"."""

    kind: str
    text: str
    at: int


class Complaint(Exception):
    """The message, with which reading ends."""


def about(text: str, given: str) -> tuple[str, str]:
    """(the lines before the fault, the message). given: what is known already."""
    clean, heredocs = text, []
    try:
        clean, heredocs = taken_out(text)
    except ShellSyntaxError as wrong:
        return "", str(wrong)
    reading = Reading(clean)
    try:
        reading.script()
    except Complaint as complaint:
        message = str(complaint)
    except ShellSyntaxError as wrong:
        message = str(wrong)
    except RecursionError:
        message = "syntax error: nested too deep"
    else:
        return "", given or UNKNOWN
    from .heredocs import put_back

    return put_back(clean[: reading.began], heredocs), message


class Reading:
    """Tokens, looked at one by one."""

    def __init__(self, text: str):
        self.text, self.at, self.began, self.nested = text, 0, 0, 0
        self.kept: Token | None = None

    # -- tokens ------------------------------------------------------------------------------------------------------

    def peek(self) -> Token:
        if self.kept is None:
            self.kept = self.read()
        return self.kept

    def take(self) -> Token:
        token = self.peek()
        self.kept = None
        return token

    def read(self) -> Token:
        text = self.text
        while self.at < len(text) and (text[self.at] in " \t\r" or text.startswith("\\\n", self.at)):
            self.at += 2 if text[self.at] == "\\" else 1
        if text.startswith("#", self.at):
            stop = text.find("\n", self.at)
            self.at = len(text) if stop < 0 else stop
        start = self.at
        if start >= len(text):
            return Token("end", "", start)
        if text[start] == "\n":
            self.at += 1
            return Token("newline", "\n", start)
        if found := REDIRECT.match(text, start):
            self.at = found.end()
            return Token("redirect", found[0], start)
        operator = next((known for known in OPERATORS if text.startswith(known, start)), "")
        if operator:
            self.at += len(operator)
            return Token("operator", operator, start)
        reader = Reader(text, start)
        for part in reader.word():
            if part[0] == "command":
                self.inside(part[1], "`" if text.startswith("`", start) else ")")
        self.at = reader.at
        return Token("word", text[start : self.at], start)

    def inside(self, text: str, closing: str) -> None:
        """A command within a word, whose end is a parenthesis."""
        try:
            Reading(text).script()
        except Complaint as complaint:
            words = re.sub(r"unexpected end of file.*", 'unexpected ")"', str(complaint)) if closing == ")" else str(complaint)
            raise Complaint(words) from None

    def unexpected(self, token: Token, expecting: str = "") -> Complaint:
        shown = {"end": "end of file", "newline": "newline", "redirect": "redirection"}.get(token.kind)
        if shown is None:
            shown = f'"{token.text}"' if token.kind == "operator" or token.text in KEYWORDS else "word"
        return Complaint(f"syntax error: unexpected {shown}" + (f' (expecting "{expecting}")' if expecting else ""))

    def expect(self, word: str) -> None:
        token = self.take()
        if token.text != word or token.kind not in ("word", "operator"):
            raise self.unexpected(token, word)

    def newlines(self) -> None:
        while self.peek().kind == "newline":
            self.take()

    # -- grammar -------------------------------------------------------------------------------------------------------

    def script(self) -> None:
        """Whole lines, one after the other: ash runs each before it reads the next."""
        while True:
            self.began = self.at if self.kept is None else self.kept.at
            self.newlines()
            token = self.peek()
            if token.kind == "end":
                return
            self.began = token.at
            self.list(is_line=True)
            token = self.take()
            if token.kind not in ("newline", "end"):
                raise self.unexpected(token)

    def list(self, *, is_line: bool = False) -> None:
        """Commands up to a word that ends them, which is left."""
        if not is_line:
            self.newlines()
            if self.peek().kind == "end":
                return
        while True:
            self.and_or()
            token = self.peek()
            if token.kind == "operator" and token.text in (";", "&"):
                self.take()
            elif token.kind != "newline" or is_line:
                return
            if is_line and self.peek().kind in ("newline", "end"):
                return
            if not is_line:
                self.newlines()
            if self.is_end(self.peek()):
                return

    def is_end(self, token: Token) -> bool:
        return token.kind == "end" or (token.kind in ("word", "operator") and token.text in ENDERS)

    def and_or(self) -> None:
        self.pipeline()
        while self.peek().text in ("&&", "||") and self.peek().kind == "operator":
            self.take()
            self.newlines()
            self.pipeline()

    def pipeline(self) -> None:
        while self.peek().kind == "word" and self.peek().text == "!":
            self.take()
        self.command()
        while self.peek().kind == "operator" and self.peek().text == "|":
            self.take()
            self.newlines()
            self.command()

    def command(self) -> None:
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise Complaint("syntax error: nested too deep")
        token = self.peek()
        if token.kind == "redirect":
            self.simple()
        elif token.kind == "operator" and token.text == "(":
            self.take()
            self.list()
            self.expect(")")
            self.redirects()
        elif token.kind == "word" and token.text in ("if", "while", "until", "for", "case", "{"):
            self.take()
            {"if": self.branch, "while": self.loop, "until": self.loop, "for": self.count, "case": self.choose, "{": self.group}[token.text]()
            self.redirects()
        elif token.kind == "word" and token.text == "function":
            self.take()
            if self.take().kind != "word":
                raise Complaint("syntax error: unexpected end of file")
            if self.peek().text == "(":
                self.take()
                self.expect(")")
            self.newlines()
            self.command()
        elif token.kind != "word" or token.text in ENDERS:
            raise self.unexpected(token)
        else:
            self.simple()
        self.nested -= 1

    def branch(self) -> None:
        self.list()
        self.expect("then")
        self.list()
        token = self.take()
        if token.text == "elif":
            self.branch()
        elif token.text == "else":
            self.list()
            self.expect("fi")
        elif token.text != "fi":
            raise self.unexpected(token, "fi")

    def loop(self) -> None:
        self.list()
        self.expect("do")
        self.list()
        self.expect("done")

    def group(self) -> None:
        self.list()
        self.expect("}")

    def count(self) -> None:
        token = self.take()
        if token.kind != "word" or not NAME.fullmatch(token.text):
            raise Complaint("syntax error: bad for loop variable")
        self.newlines()
        if self.peek().text == "in":
            self.take()
            while self.peek().kind == "word":
                self.take()
            token = self.take()
            if token.kind != "newline" and token.text != ";":
                raise self.unexpected(token)
        elif self.peek().text == ";":
            self.take()
        self.newlines()
        self.expect("do")
        self.list()
        self.expect("done")

    def choose(self) -> None:
        token = self.take()
        if token.kind != "word":
            raise self.unexpected(token)
        self.newlines()
        self.expect("in")
        self.newlines()
        while self.peek().text != "esac":
            if self.peek().text == "(":
                self.take()
            while True:
                token = self.take()
                if token.kind != "word":
                    raise self.unexpected(token, ")") if token.kind == "end" else self.unexpected(token)
                if self.peek().text != "|":
                    break
                self.take()
            self.expect(")")
            self.newlines()
            if self.peek().text not in (";;", "esac"):
                self.list()
            token = self.peek()
            if token.text == ";;":
                self.take()
                self.newlines()
            elif token.text != "esac":
                raise self.unexpected(token, ";;")
        self.take()

    def simple(self) -> None:
        words, name, is_name = 0, "", False
        while True:
            token = self.peek()
            if token.kind == "redirect":
                self.redirect()
            elif token.kind == "word":
                self.take()
                words, name = words + 1, token.text
                is_name = name == ":" or bool(re.fullmatch(r"[\w.-]+", name))
            elif token.text == "(" and token.kind == "operator" and words == 1 and is_name:
                self.take()
                if self.peek().kind == "word":
                    raise Complaint('syntax error: unexpected word (expecting ")")')
                self.expect(")")
                if name in SPECIAL:
                    raise Complaint("syntax error: bad function name")
                self.newlines()
                self.command()
                return
            else:
                break
        token = self.peek()
        if token.kind == "operator" and token.text == "(":
            raise self.unexpected(token)

    def redirects(self) -> None:
        while self.peek().kind == "redirect":
            self.redirect()

    def redirect(self) -> None:
        token = self.take()
        if token.text.endswith("<<<"):
            raise Complaint("syntax error: unexpected redirection")
        target = self.take()
        if target.kind != "word" and not target.text.startswith(MARK):
            raise self.unexpected(target)
