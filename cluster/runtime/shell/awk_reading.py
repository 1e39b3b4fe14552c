"""Owns the reading of awk programs: a program becomes nested tuples. Source: POSIX awk's grammar."""

from __future__ import annotations

import re
from typing import NamedTuple

from .call import Failed

TOKEN = re.compile(
    r"[ \t\r]*(?:\\\n)?[ \t\r]*(?:(#[^\n]*)|(\n)|([0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|([A-Za-z_]\w*)(\(?)|"
    r'("(?:[^"\\\n]|\\.)*+")|(\+\+|--|\*\*=|\*\*|\+=|-=|\*=|/=|%=|\^=|==|<=|>=|!=|!~|&&|\|\||>>|[-+*/%^<>!~?:=,;(){}$|\[\]]))',
    re.ASCII | re.DOTALL,
)
KEYWORDS = ("BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "break", "continue", "next", "exit", "return", "delete", "in",
            "getline", "print", "printf")  # fmt: skip
BUILTINS = ("length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "int", "sqrt", "sin", "cos", "atan2",
            "exp",
            "log", "rand", "srand", "system", "close", "fflush", "systime", "strftime", "and", "or", "xor", "lshift", "rshift", "compl")  # fmt: skip
ASSIGNS = ("=", "+=", "-=", "*=", "/=", "%=", "^=", "**=")
COMPARES = ("<", "<=", "==", "!=", ">", ">=")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "/": "/", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
MOST_NESTED = 80


class Token(NamedTuple):
    """kind: "newline", "number", "name", "call" (a name before a parenthesis), "text", "regex", "sign", "end"."""

    kind: str
    value: str


class AwkProgram(NamedTuple):
    begins: list
    rules: list  # (pattern or None, end of a range or None, body or None)
    ends: list
    functions: dict  # name -> (parameters, body)


class AwkParser:
    """Recursive descent over the text; regular expressions are told from division by what stands before."""

    def __init__(self, text: str):
        self.text, self.at = text, 0
        self.token = Token("newline", "\n")
        self.nested = 0
        self.in_print = self.no_in = False
        self.step()

    def step(self) -> Token:
        """The token under the eye; the eye moves on."""
        before = self.token
        found = TOKEN.match(self.text, self.at)
        if self.text[self.at :].strip(" \t\r\n\\") == "" and not found:
            self.token = Token("end", "")
            return before
        if not found:
            raise Failed("cmd. line:1: Unexpected token")
        comment, newline, number, name, paren, text, sign = found.groups()
        self.at = found.end() - (1 if paren else 0)
        if comment is not None:
            return self._again(before)
        if newline is not None:
            self.token = Token("newline", "\n")
        elif number is not None:
            self.token = Token("number", number)
        elif name is not None:
            self.token = Token("keyword" if name in KEYWORDS else "call" if paren or name in BUILTINS else "name", name)
        elif text is not None:
            self.token = Token("text", unescaped(text[1:-1]))
        else:
            self.token = Token("sign", sign)
        return before

    def _again(self, before: Token) -> Token:
        self.token = before
        self.step()
        return before

    def take(self, *signs: str) -> str:
        if self.token.kind in ("sign", "keyword") and self.token.value in signs:
            return self.step().value
        return ""

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise Failed("cmd. line:1: Unexpected end of string" if self.token.kind == "end" else "cmd. line:1: Unexpected token")

    def newlines(self) -> None:
        while self.token.kind == "newline" or self.token == Token("sign", ";"):
            self.step()

    def soft(self) -> None:
        """Newlines after a sign that a statement cannot end with."""
        while self.token.kind == "newline":
            self.step()

    # -- program ------------------------------------------------------------------------------------------------------

    def program(self) -> AwkProgram:
        found = AwkProgram([], [], [], {})
        self.newlines()
        while self.token.kind != "end":
            if self.take("BEGIN"):
                self.soft()
                found.begins.append(self.block())
            elif self.take("END"):
                self.soft()
                found.ends.append(self.block())
            elif self.take("function", "func"):
                self.function(found)
            else:
                pattern = end = body = None
                if self.token != Token("sign", "{"):
                    pattern = self.expression()
                    if self.take(","):
                        self.soft()
                        end = self.expression()
                if self.token == Token("sign", "{"):
                    body = self.block()
                found.rules.append((pattern, end, body))
            self.newlines()
        return found

    def function(self, found: AwkProgram) -> None:
        name = self.step().value
        self.expect("(")
        parameters = []
        while not self.take(")"):
            parameters.append(self.step().value)
            self.take(",")
            self.soft()
        self.soft()
        found.functions[name] = (parameters, self.block())

    def block(self) -> tuple:
        self.expect("{")
        self.newlines()
        found = []
        while not self.take("}"):
            if self.token.kind == "end":
                raise Failed("cmd. line:1: Unexpected end of string")
            found.append(self.statement())
            self.newlines()
        return ("block", found)

    def body(self) -> tuple:
        self.soft()
        if self.take(";"):
            return ("block", [])
        return self.statement()

    def statement(self) -> tuple:
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise Failed("program is nested too deep")
        found = self._statement()
        self.nested -= 1
        return found

    def _statement(self) -> tuple:
        if self.token == Token("sign", "{"):
            return self.block()
        if self.take("if"):
            return self._if()
        if self.take("while"):
            self.expect("(")
            condition = self.expression()
            self.expect(")")
            return ("while", condition, self.body())
        if self.take("do"):
            body = self.body()
            self.newlines()
            self.expect("while")
            self.expect("(")
            condition = self.expression()
            self.expect(")")
            return ("do", condition, body)
        if self.take("for"):
            return self._for()
        return self.simple()

    def _if(self) -> tuple:
        self.expect("(")
        condition = self.expression()
        self.expect(")")
        first, second = self.body(), None
        at, token = self.at, self.token
        self.newlines()
        if self.take("else"):
            second = self.body()
        else:
            self.at, self.token = at, token
        return ("if", condition, first, second)

    def _for(self) -> tuple:
        self.expect("(")
        start = None
        if self.token != Token("sign", ";"):
            start = self.simple()
            if start[0] == "expression" and start[1][0] == "in" and self.take(")"):
                _, (name,), array = start[1]
                return ("forin", name, array, self.body())
        self.expect(";")
        self.soft()
        condition = None if self.token == Token("sign", ";") else self.expression()
        self.expect(";")
        self.soft()
        step = None if self.token == Token("sign", ")") else self.simple()
        self.expect(")")
        return ("for", start, condition, step, self.body())

    def simple(self) -> tuple:
        word = self.take("print", "printf", "next", "exit", "return", "break", "continue", "delete")
        if word in ("print", "printf"):
            return self._print(word)
        if word in ("next", "break", "continue"):
            return (word,)
        if word in ("exit", "return"):
            return (word, None if self.is_over() else self.expression())
        if word == "delete":
            name = self.step().value
            if self.take("["):
                return ("delete", name, self.list("]"))
            return ("delete", name, None)
        return ("expression", self.expression())

    def is_over(self) -> bool:
        return self.token.kind in ("newline", "end") or (self.token.kind == "sign" and self.token.value in ";})")

    def _print(self, word: str) -> tuple:
        before, self.in_print = self.in_print, True
        arguments = []
        if not self.is_over() and not (self.token.kind == "sign" and self.token.value in (">", ">>", "|")):
            arguments = [self.expression()]
            if arguments[0][0] == "group":
                arguments = list(arguments[0][1])
            while self.take(","):
                self.soft()
                arguments.append(self.expression())
        sign = self.take(">", ">>", "|")
        target = self.level(4) if sign else None
        self.in_print = before
        return (word, arguments, sign, target)

    def list(self, closing: str) -> list:
        found = []
        before, self.in_print = self.in_print, False
        self.soft()
        while not self.take(closing):
            found.append(self.expression())
            self.soft()
            if not self.take(",") and self.token != Token("sign", closing):
                raise Failed("cmd. line:1: Unexpected token")
            self.soft()
        self.in_print = before
        return found

    # -- expressions ---------------------------------------------------------------------------------------------------

    def expression(self) -> tuple:
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise Failed("program is nested too deep")
        left = self.choice()
        if left[0] in ("variable", "element", "field") and self.token.kind == "sign" and self.token.value in ASSIGNS:
            operator = self.step().value
            self.soft()
            left = ("assign", operator.replace("**", "^")[:-1], left, self.expression())
        self.nested -= 1
        return left

    def choice(self) -> tuple:
        condition = self.level(0)
        if not self.take("?"):
            return condition
        self.soft()
        first = self.expression()
        self.soft()
        self.expect(":")
        self.soft()
        return ("choice", condition, first, self.expression())

    def level(self, number: int) -> tuple:
        """or, and, in, match, compare, joining, sum, product, sign."""
        if number == 8:
            return self.unary()
        left = self.level(number + 1)
        while True:
            made = self.joined(left, number)
            if made is None:
                return left
            left = made

    def joined(self, left: tuple, number: int) -> tuple | None:
        if number == 0 and self.take("||"):
            self.soft()
            return ("or", left, self.level(1))
        if number == 1 and self.take("&&"):
            self.soft()
            return ("and", left, self.level(2))
        if number == 2 and self.take("in"):
            return ("in", left[1] if left[0] == "group" else (left,), self.step().value)
        if number == 3 and (sign := self.take("~", "!~")):
            return ("match", sign == "!~", left, self.level(4))
        if number == 4:
            if self.token.kind == "sign" and self.token.value in COMPARES and not (self.in_print and self.token.value == ">"):
                return ("compare", self.step().value, left, self.level(5))
            if self.token == Token("sign", "|") and not self.in_print:
                return self._pipe(left)
            return None
        if number == 5:
            return ("join", left, self.level(6)) if self.begins_value() else None
        if number == 6 and (sign := self.take("+", "-")):
            return ("arithmetic", sign, left, self.level(7))
        if number == 7 and (sign := self.take("*", "/", "%")):
            return ("arithmetic", sign, left, self.level(8))
        return None

    def _pipe(self, left: tuple) -> tuple | None:
        at, token = self.at, self.token
        self.step()
        if self.take("getline"):
            target = self.primary() if self.token.kind == "name" or self.token == Token("sign", "$") else None
            return ("getline", "|", target, left)
        self.at, self.token = at, token
        return None

    def begins_value(self) -> bool:
        kind, value = self.token
        return kind in ("number", "name", "call", "text") or (kind == "sign" and value in ("$", "(", "++", "--"))

    def unary(self) -> tuple:
        if self.take("!"):
            return ("not", self.unary())
        if sign := self.take("-", "+"):
            return ("sign", sign, self.unary())
        return self.power()

    def power(self) -> tuple:
        base = self.postfix()
        if self.take("^", "**"):
            exponent = self.unary() if self.token.kind == "sign" and self.token.value in "-+!" else self.power()
            return ("arithmetic", "^", base, exponent)
        return base

    def postfix(self) -> tuple:
        if sign := self.take("++", "--"):
            return ("step", sign, True, self.primary())
        value = self.primary()
        if value[0] in ("variable", "element", "field") and self.token.kind == "sign" and self.token.value in ("++", "--"):
            return ("step", self.step().value, False, value)
        return value

    def primary(self) -> tuple:
        kind, value = self.token
        if kind == "number":
            self.step()
            return ("number", float(int(value, 8)) if re.fullmatch("0[0-7]+", value) else float(value))
        if kind == "text":
            self.step()
            return ("text", value)
        if kind == "sign" and value in ("/", "/="):
            return self.regex(value)
        if self.take("$"):
            if sign := self.take("++", "--"):
                return ("field", ("step", sign, True, self.primary()))
            return ("field", ("sign", "-", self.primary()) if self.take("-") else self.primary())
        if self.take("("):
            inner = self.list(")")
            return ("group", inner)
        if kind == "call":
            return self._call()
        if kind == "name":
            self.step()
            if self.take("["):
                return ("element", value, self.list("]"))
            return ("variable", value)
        if self.take("getline"):
            target = self.primary() if self.token.kind == "name" or self.token == Token("sign", "$") else None
            source = self.primary() if self.take("<") else None
            return ("getline", "<" if source else "", target, source)
        raise Failed("cmd. line:1: Unexpected end of string" if kind == "end" else "cmd. line:1: Unexpected token")

    def _call(self) -> tuple:
        name = self.step().value
        if self.take("("):
            return ("call", name, self.list(")"))
        return ("call", name, [])

    def regex(self, sign: str) -> tuple:
        start = at = self.at - (1 if sign == "/=" else 0)
        inside = False
        while at < len(self.text) and (self.text[at] != "/" or inside) and self.text[at] != "\n":
            if self.text[at] == "\\":
                at += 1
            elif self.text[at] == "[" and not inside:
                inside = True
            elif self.text[at] == "]" and inside and self.text[at - 1] not in "[^":
                inside = False
            at += 1
        if self.text[at : at + 1] != "/":
            raise Failed("cmd. line:1: Unexpected token")
        text = self.text[start:at].replace("\\/", "/")
        self.at = at + 1
        self.step()
        return ("regex", text)


def unescaped(text: str) -> str:
    """A text between double quotes; a backslash before what it means nothing to stays."""

    def sign(found: re.Match) -> str:
        what = found[1]
        if what[0] in "01234567":
            return chr(int(what, 8) & 255)
        return ESCAPES.get(what, "\\" + what)

    return re.sub(r"\\([0-7]{1,3}|.)", sign, text, flags=re.DOTALL)
