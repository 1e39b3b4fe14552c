"""Owns the lengths that `sleep` and its like take, and the loops that do nothing but sleep."""

from __future__ import annotations

NEVER_FALSE = (("true",), (":",))
LONGEST_MS = 10**12
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration_ms(text: str) -> int | None:
    """Milliseconds of sleep's argument (`2`, `0.5`, `3m`, `inf`), or None."""
    factor = UNITS.get(text[-1:], 0)
    number = text[:-1] if factor else text
    if number in ("inf", "infinity"):
        return LONGEST_MS
    try:
        value = float(number)
    except ValueError:
        return None
    return None if value < 0 or value != value else int(min(value * 1000 * (factor or 1), LONGEST_MS))


def plain_words(instruction: tuple) -> tuple | None:
    """The words of a plain command without expansion or redirect, else None."""
    if instruction[0] != "run" or instruction[1].assigns or instruction[1].redirects:
        return None
    words = instruction[1].words
    return words if all(isinstance(word, str) for word in words) else None


def nap_ms(condition: list[tuple], body: list[tuple]) -> int:
    """The nap of `while true; do sleep N; done`, a loop that changes nothing; 0 for any other loop."""
    if len(condition) != 1 or len(body) != 1 or plain_words(condition[0]) not in NEVER_FALSE:
        return 0
    words = plain_words(body[0])
    return duration_ms(words[1]) or 0 if words and len(words) == 2 and words[0] == "sleep" else 0
