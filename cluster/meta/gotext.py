"""How Go prints values: quoted strings, compact JSON with HTML escapes, plain numbers. Messages are compared by their letters."""
from __future__ import annotations

import json
import re
from typing import Any

_SPECIAL = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"', "\\": "\\\\"}
_HTML = re.compile("[<>&\u2028\u2029]")
_PLAIN = re.compile(r'[ !#-\[\]-~]*\Z')


def quote(text: str) -> str:
    """A string as strconv.Quote and %q print it."""
    if _PLAIN.match(text):
        return f'"{text}"'
    return '"' + "".join(_quoted_rune(char) for char in text) + '"'


def _quoted_rune(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    code = ord(char)
    if char.isprintable():
        return char
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def to_json(value: Any) -> str:
    """Compact JSON as json.Marshal writes it: keys in the order given, `<`, `>` and `&` escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _HTML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(value: Any) -> str:
    """A bool or number as %v prints it."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    return str(value)


def float_text(value: float) -> str:
    """A float as strconv.FormatFloat(v, 'g', -1, 64) prints it, exponents from 1e21 on."""
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    if mantissa.endswith(".0"):
        mantissa = mantissa[:-2]
    if not exponent:
        return mantissa
    sign = exponent[0] if exponent[0] in "+-" else "+"
    return f"{mantissa}e{sign}{exponent.lstrip('+-').zfill(2)}"


_WHOLE = re.compile(r"[-+]?0*[0-9]{1,19}", re.ASCII)


def atoi(text: str) -> int | None:
    """A whole number of 64 bits, as strconv.Atoi reads it; None for what is none."""
    found = int(text) if len(text) < 1000 and _WHOLE.fullmatch(text) else None
    return found if found is not None and -(1 << 63) <= found < 1 << 63 else None


def type_word(value: Any) -> str:
    """What encoding/json calls a value: string, number, bool, array, object, null."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, (int, float)):
        return "number"
    return "array" if isinstance(value, list) else "object"
