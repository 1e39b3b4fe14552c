"""How a parser that ANTLR makes complains and goes on: one token too many, one too few, or a jump to where the rules around go on.

A rule is a generator; it yields the rules within it with what may follow each in it, so that at each moment all that may follow is known.
The rules under way stand in a list, since Python's own stack holds too few of them.
Source: github.com/antlr4-go/antlr v4 error_strategy.go, atn.go (getExpectedTokens); github.com/google/cel-go parser/parser.go (recursionListener).
"""
from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from .lexer import EOF, ORDER, Token, tokens

EMPTY = ""        # in a set of tokens: the rule may end here
MOST_ERRORS, MOST_DEPTH = 100, 250
COUNTED = ("_expr", "_relation", "_calc")  # rules that may stand in themselves; no other stands deeper in itself than these
Tokens = frozenset[str]


class Mismatch(Exception):
    """What stands here fits nothing. made: what the rule had made of the text before, if that is something."""

    def __init__(self, message: str, at: int):
        super().__init__(message)
        self.message, self.at, self.made = message, at, None


@dataclass(slots=True)
class Under:
    """A rule under way. height: of what it has made so far."""

    going: Generator
    name: str
    height: int = 0


class Recovering:
    """The tokens, the place among them, and the rules around it."""

    def __init__(self, text: str):
        self.text = text
        self.tokens, unread = tokens(text)
        self.errors = [(at, message) for at, _, message in unread]
        self._skipped = [(at, end) for at, end, _ in unread]
        self.at = 0
        self._follows: list[Tokens] = []
        self._rules: list[Under] = []
        self.height = 0  # of what the last rule made: of operations in operations
        self._depths: dict[str, int] = dict.fromkeys(COUNTED, 0)
        self._is_recovering = False
        self._stuck: tuple[int, set[object]] = (-1, set())

    def look(self, ahead: int = 1) -> str:
        """The sort of the next token, or of one further on."""
        return self.tokens[min(self.at + ahead - 1, len(self.tokens) - 1)].sort

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def run(self, method: Callable[..., Generator], follow: Tokens) -> Any:
        """What a rule, and all within it, make of the text. Raises RecursionError."""
        self._enter(method, follow)
        made = None
        while self._rules:
            try:
                wanted = self._rules[-1].going.send(made)
            except StopIteration as end:
                made = end.value
            except Mismatch as mismatch:
                self._report(mismatch.at, mismatch.message)
                self._recover(self._rules[-1].name)
                made = mismatch.made
            else:
                self._enter(*wanted)
                made = None
                continue
            self._leave()
        return made

    def _enter(self, method: Callable[..., Generator], follow: Tokens, *arguments: Any) -> None:
        name = method.__name__
        self._follows.append(follow)
        self._rules.append(Under(method(*arguments), name))
        if name in self._depths:
            self._depths[name] += 1
            if self._depths[name] > MOST_DEPTH:
                raise RecursionError

    def _leave(self) -> None:
        left = self._rules.pop()
        self._follows.pop()
        if left.name in self._depths:
            self._depths[left.name] -= 1
        self.height = left.height
        if self._rules:
            self._rules[-1].height = max(self._rules[-1].height, left.height)

    def joined(self) -> None:
        """The rule under way has made an operation of all that it had made."""
        self._rules[-1].height += 1

    def rule(self, method: Callable[..., Any], follow: Tokens, *arguments: Any) -> Any:
        """What a rule without others in it makes of the text. Where that does not fit, it is reported and passed over; None if nothing came of it."""
        self._follows.append(follow)
        try:
            return method(*arguments)
        except Mismatch as mismatch:
            self._report(mismatch.at, mismatch.message)
            self._recover(method.__name__)
            return mismatch.made
        finally:
            self._follows.pop()

    def match(self, sort: str, after: Tokens) -> Token | None:
        """Take a token. after: what may follow it in this rule. None: it is missing, which has been reported."""
        if self.look() == sort:
            return self._take()
        if self.look(2) == sort:
            self._report(self.next.at, f"extraneous input {self.next.shown} expecting {shown(frozenset((sort,)))}")
            self._advance()
            return self._take()
        if self.look() in self.expected(after):
            self._report(self.next.at, f"missing {shown(frozenset((sort,)))} at {self.next.shown}")
            return None
        raise self.mismatch(frozenset((sort,)))

    def sync(self, wanted: Tokens) -> None:
        """Before a choice: drop one token that is too many, or give the rule up."""
        if self._is_recovering or EMPTY in wanted or self.look() in wanted:
            return
        if self.look(2) not in wanted:
            raise self.mismatch(wanted)
        self._unwanted(wanted)
        self._advance()
        self._is_recovering = False

    def sync_again(self, wanted: Tokens) -> None:
        """Before a loop's next round: pass over what fits no round and nothing after."""
        if self._is_recovering or self.look() in wanted:
            return
        self._unwanted(wanted)
        self._skip_to(wanted | self._around())

    def mismatch(self, wanted: Tokens) -> Mismatch:
        """The next token is none of these."""
        return Mismatch(f"mismatched input {self.next.shown} expecting {shown(self.expected(wanted))}", self.next.at)

    def no_way(self, ahead: int) -> Mismatch:
        """No alternative begins with what stands from here to a token further on."""
        last = self.tokens[min(self.at + ahead - 1, len(self.tokens) - 1)]
        text = self._read(self.next.at, last.at + len(last.text))
        if last.sort in ("true", "false", "null") and text[1:] == last.text:
            return Mismatch(f"mismatched input '{last.text}' expecting IDENTIFIER", last.at)
        return Mismatch(f"no viable alternative at input {Token('', text, 0).shown}", last.at)

    def _read(self, start: int, stop: int) -> str:
        """A stretch of the text without what is no token."""
        text = ""
        for at, end in self._skipped:
            if start <= at < stop:
                text, start = text + self.text[start:at], end
        return text + self.text[start:stop]

    def expected(self, wanted: Tokens) -> Tokens:
        """What may come where these may, with what the rules around allow where this one may end."""
        for follow in reversed(self._follows):
            if EMPTY not in wanted:
                return wanted
            wanted = (wanted - {EMPTY}) | follow
        return wanted - {EMPTY} | {EOF} if EMPTY in wanted else wanted

    def _around(self) -> Tokens:
        return frozenset().union(*self._follows) - {EMPTY}

    def _take(self) -> Token:
        self._is_recovering = False
        found = self.next
        self._advance()
        return found

    def _advance(self) -> None:
        if self.look() != EOF:
            self.at += 1

    def _unwanted(self, wanted: Tokens) -> None:
        self._report(self.next.at, f"extraneous input {self.next.shown} expecting {shown(self.expected(wanted))}")

    def _report(self, at: int, message: str) -> None:
        if not self._is_recovering and len(self.errors) < MOST_ERRORS:
            self.errors.append((at, f"Syntax error: {message}"))
        self._is_recovering = True

    def _recover(self, state: object) -> None:
        index, states = self._stuck
        if index == self.at and state in states:
            self._advance()                  # two rules that hand each other the same token
        self._stuck = (self.at, states | {state} if index == self.at else {state})
        self._skip_to(self._around())

    def _skip_to(self, wanted: Tokens) -> None:
        while self.look() != EOF and self.look() not in wanted:
            self._advance()


def shown(sorts: Tokens) -> str:
    """Sorts of tokens as messages list them."""
    names = [name if name.isupper() or name == EOF else f"'{name}'" for name in sorted(sorts, key=ORDER.__getitem__)]
    return names[0] if len(names) == 1 else "{" + ", ".join(names) + "}"
