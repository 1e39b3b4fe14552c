"""The tokens of an expression, and what is none, in the words of ANTLR's lexer.

Source: github.com/google/cel-go parser/gen/CEL.g4; github.com/antlr4-go/antlr v4 lexer_atn_simulator.go (the longest token wins; where
none ends, all that was looked at is reported and passed over).
"""
from __future__ import annotations

import re
from typing import NamedTuple

SYMBOLS = ("==", "!=", "in", "<", "<=", ">=", ">", "&&", "||", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "+", "*", "/", "%",
           "true", "false", "null")
ORDER = {name: at for at, name in enumerate(
    ("<EOF>", *SYMBOLS, "NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES", "IDENTIFIER", "ESC_IDENTIFIER"))}
WORDS = frozenset(("in", "true", "false", "null"))
EOF = "<EOF>"

_ESCAPED = r"\\(?:[abfnrtv\"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"
_STRING = rf"""(?:"(?:{_ESCAPED}|[^\\"\n\r])*+"|'(?:{_ESCAPED}|[^\\'\n\r])*+')"""
_LONG = rf'''(?:"""(?:{_ESCAPED}|[^\\])*?"""|\'\'\'(?:{_ESCAPED}|[^\\])*?\'\'\')'''
_RAW = r'''[rR](?:"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"[^"\n\r]*+"|'[^'\n\r]*+')'''
_TOKEN = re.compile(rf"""
    (?P<hidden>[\t\ \r\n\f]+|//[^\n]*) |
    (?P<BYTES>[bB](?:{_RAW}|{_LONG}|{_STRING})) |
    (?P<STRING>{_RAW}|{_LONG}|{_STRING}) |
    (?P<NUM_FLOAT>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?) |
    (?P<NUM_UINT>0x[0-9a-fA-F]+[uU]|[0-9]+[uU]) |
    (?P<NUM_INT>0x[0-9a-fA-F]+|[0-9]+) |
    (?P<IDENTIFIER>[A-Za-z_][A-Za-z0-9_]*) |
    (?P<ESC_IDENTIFIER>`[A-Za-z0-9_.\-/\ ]+`) |
    (?P<symbol>==|!=|<=|>=|&&|\|\||[<>\[\]{{}}().,\-!?:+*/%])
""", re.VERBOSE)
_CUT = r"\\(?:[xX][0-9a-fA-F]{0,2}|u[0-9a-fA-F]{0,4}|U[0-9a-fA-F]{0,8}|[0-3][0-7]{0,2}|)"
_BEGUN = re.compile(rf"""(?:"(?:{_ESCAPED}|[^\\"\n\r])*+|'(?:{_ESCAPED}|[^\\'\n\r])*+)(?:{_CUT}|)|`[A-Za-z0-9_.\-/\ ]*+|[=&|]|""")


class Token(NamedTuple):
    """sort: as the grammar names it, a symbol itself. at: its offset."""

    sort: str
    text: str
    at: int

    @property
    def shown(self) -> str:
        """As messages quote it."""
        text = EOF if self.sort == EOF else self.text
        return "'" + text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "'"


def tokens(text: str) -> tuple[list[Token], list[tuple[int, int, str]]]:
    """(tokens, the last of which is the end; (offset, end, complaint) of what is none)."""
    found, unread, at = [], [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            stop = max(_BEGUN.match(text, at).end(), at)
            unread.append((at, stop + 1, f"Syntax error: token recognition error at: '{text[at:stop + 1]}'"))
            at = stop + 1
            continue
        if match.lastgroup != "hidden":
            found.append(_token(match, at))
        at = match.end()
    found.append(Token(EOF, "", len(text)))
    return found, unread


def _token(match: re.Match, at: int) -> Token:
    text = match[0]
    is_symbol = match.lastgroup == "symbol" or text in WORDS
    return Token(text if is_symbol else match.lastgroup, text, at)
