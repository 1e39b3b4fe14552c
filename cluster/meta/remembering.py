"""Owns how long texts that people send are remembered: an answer for each of the last ones, but none for a text that is long.

A plain cache is bounded by its number of entries alone: a few thousand texts of a megabyte would fill the memory.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

LONGEST = 1024


def remembered(most: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a pure function of texts: its last `most` answers are kept. A long text is judged anew each time."""
    def decorate(rule: Callable[..., Any]) -> Callable[..., Any]:
        known = lru_cache(maxsize=most)(rule)

        @wraps(rule)
        def answer(*texts: Any) -> Any:
            for text in texts:
                if type(text) is str and len(text) > LONGEST:
                    return rule(*texts)
            return known(*texts)

        return answer

    return decorate
