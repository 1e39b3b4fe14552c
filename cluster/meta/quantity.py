"""Resource quantities: `500m`, `1.5Gi`, `2e3`: reading, comparing, computing and the one canonical way to print them.

A quantity is an exact whole number of billionths (`nano`) and the format it was written in.
Source: k8s.io/apimachinery pkg/api/resource/{quantity,suffix,amount}.go.
"""
from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from .gotext import atoi

WRONG_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
WRONG_NUMBER = "unable to parse numeric part of quantity"
WRONG_SUFFIX = "unable to parse quantity's suffix"

BINARY, DECIMAL, EXPONENT = "BinarySI", "DecimalSI", "DecimalExponent"
_DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_SUFFIXES = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_NAMES = {exponent: suffix for suffix, exponent in _DECIMAL_SUFFIXES.items()}
_BINARY_NAMES = {exponent // 10: suffix for suffix, exponent in _BINARY_SUFFIXES.items()}
_SPLIT = re.compile(r"([+-]?+)(\d*+)(\.?+)(\d*+)([eEinumkKMGTP]*+[-+]?+\d*+)", re.ASCII)  # never looks back, as upstream's scanner
_NANO = 10**9
_MAX_INT64 = 2**63 - 1
_MAX_EXPONENT = 400  # beyond it a number is only ever "too large"; keeps hostile input cheap
_MAX_DIGITS = 3_800  # upstream knows no bound; Python refuses to print numbers of more than 4,300 digits


class QuantityError(ValueError):
    """A text that is no quantity; the message is upstream's."""


class Quantity(NamedTuple):
    """nano: the value in billionths. format: BinarySI, DecimalSI or DecimalExponent. text: as it is printed."""

    nano: int
    format: str
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def value(self) -> int:
        """Whole units, rounded away from zero."""
        return _scaled(self.nano, _NANO)

    @property
    def millis(self) -> int:
        """Thousandths, rounded away from zero."""
        return _scaled(self.nano, 10**6)

    def plus(self, other: Quantity) -> Quantity:
        """The sum, in this one's format (the other's when this is zero)."""
        return of(self.nano + other.nano, self.format if self.nano else other.format)

    def minus(self, other: Quantity) -> Quantity:
        return of(self.nano - other.nano, self.format if self.nano else other.format)


def _scaled(nano: int, divisor: int) -> int:
    return -(-nano // divisor) if nano >= 0 else nano // divisor


@lru_cache(maxsize=8192)
def parse(text: str) -> Quantity:
    """The quantity that a text (or the text of a JSON number) stands for. Raises QuantityError."""
    text = text.strip()
    found = _SPLIT.fullmatch(text)
    if not text or (found is None and not _is_all_sign(text)):
        raise QuantityError(WRONG_FORMAT)
    if text == "0":
        return Quantity(0, DECIMAL, "0")
    sign, whole, dot, fraction, suffix = found.groups()
    if not whole and not dot and not suffix:  # a sign alone reads as zero
        return Quantity(0, DECIMAL, "0")
    base, exponent, format_name = _interpret(suffix)
    whole = whole.lstrip("0") or "0"
    if len(whole) + len(fraction) > _MAX_DIGITS:
        raise QuantityError(WRONG_NUMBER)
    if kept := _kept_text(text, whole, fraction, base, exponent):
        nano = _nano(int(whole + fraction), len(fraction), base, exponent)
        return Quantity(-nano if sign == "-" else nano, format_name, kept)
    if not (found[2] or fraction) and not _is_fast(whole, fraction, base, exponent):
        raise QuantityError(WRONG_NUMBER)
    nano = _nano(int(whole + fraction), len(fraction), base, exponent)
    if format_name == BINARY:
        nano = min(nano, _MAX_INT64 * _NANO)
        format_name = DECIMAL if 0 < nano < _NANO else BINARY
    return of(-nano if sign == "-" else nano, format_name)


def _is_all_sign(text: str) -> bool:
    return text in ("+", "-")


def _interpret(suffix: str) -> tuple[int, int, str]:
    """(base, exponent, format) of a suffix."""
    if suffix in _DECIMAL_SUFFIXES:
        return 10, _DECIMAL_SUFFIXES[suffix], DECIMAL
    if suffix in _BINARY_SUFFIXES:
        return 2, _BINARY_SUFFIXES[suffix], BINARY
    if len(suffix) > 1 and suffix[0] in "eE":
        exponent = atoi(suffix[1:])
        if exponent is not None:
            exponent = (exponent + 2**31) % 2**32 - 2**31  # upstream keeps the lower 32 bits
            return 10, max(-_MAX_EXPONENT, min(exponent, _MAX_EXPONENT)), EXPONENT
    raise QuantityError(WRONG_SUFFIX)


def _nano(digits: int, places: int, base: int, exponent: int) -> int:
    """digits × 10^-places × base^exponent in billionths, rounded up."""
    if base == 2:
        return -(-digits * 2**exponent * _NANO // 10**places)
    scale = 9 + exponent - places
    return digits * 10**scale if scale >= 0 else -(-digits // 10**-scale)


def _kept_text(text: str, whole: str, fraction: str, base: int, exponent: int) -> str:
    """The text itself where upstream keeps it instead of printing anew, else ""."""
    digits = whole + fraction
    if not _is_fast(whole, fraction, base, exponent):
        return ""
    if base == 2:
        return text if int(digits) & 7 else ""
    is_canonical = (exponent - len(fraction)) % 3 == 0 and not digits.endswith("000") and digits[0] != "0"
    return text if is_canonical else ""


def _is_fast(whole: str, fraction: str, base: int, exponent: int) -> bool:
    """Whether upstream computes in whole numbers, where a missing number counts as zero."""
    if base == 2:
        return not fraction and 15 - len(whole) - exponent * 3 // 10 - 1 >= 0
    return len(whole) + len(fraction) <= 18 and exponent - len(fraction) >= -9


def of(nano: int, format_name: str = DECIMAL) -> Quantity:
    """A quantity from its value; printed canonically."""
    return Quantity(nano, format_name, _print(nano, format_name))


def from_value(value: int, format_name: str = BINARY) -> Quantity:
    return of(value * _NANO, format_name)


def _print(nano: int, format_name: str) -> str:
    if nano == 0:
        return "0"
    if format_name == BINARY and (abs(nano) < 1024 * _NANO or nano % _NANO):
        format_name = DECIMAL
    if format_name == BINARY:
        number, power = _without_factor(nano // _NANO, 1024)
        return f"{number}{_BINARY_NAMES.get(power, '')}"
    number, power = _without_factor(nano, 1000)
    exponent = power * 3 - 9
    if format_name == EXPONENT:
        return f"{number}e{exponent}" if exponent else str(number)
    return f"{number}{_DECIMAL_NAMES.get(exponent, '')}"


def _without_factor(value: int, factor: int) -> tuple[int, int]:
    power = 0
    while value % factor == 0:
        value //= factor
        power += 1
    return value, power


def canonical(value: str | int | float) -> str:
    """The canonical text of a quantity as it stands in an object. Raises QuantityError."""
    return parse(value if type(value) is str else _number_text(value)).text


def _number_text(value: object) -> str:
    if isinstance(value, bool):
        raise QuantityError(WRONG_FORMAT)
    return str(value)


@lru_cache(maxsize=8192)
def millis(text: str) -> int:
    """Thousandths: of cpu `500m` 500, of `2` 2000. Raises QuantityError."""
    return parse(text).millis


@lru_cache(maxsize=8192)
def value(text: str) -> int:
    """Whole units, rounded up: of memory the bytes. Raises QuantityError."""
    return parse(text).value


def compare(one: str, other: str) -> int:
    """-1, 0 or 1."""
    left, right = parse(one).nano, parse(other).nano
    return (left > right) - (left < right)


def equal(one: str, other: str) -> bool:
    return one == other or parse(one).nano == parse(other).nano
