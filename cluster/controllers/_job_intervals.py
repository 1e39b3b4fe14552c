"""Completion indexes as ordered intervals, the way a Job's status writes them: `0-2,5,7,8`.

Source: pkg/controller/job/indexed_job_utils.go (orderedIntervals).
"""

from __future__ import annotations

from collections.abc import Iterable

from cluster.meta.gotext import atoi

Intervals = list[tuple[int, int]]  # (first, last), ascending, disjoint


def parse(text: str, completions: int) -> Intervals:
    """The intervals of a text, cut off at `completions`; what is no number is passed over."""
    found: Intervals = []
    for part in text.split(",") if text else ():
        limits = part.split("-")
        first, last = atoi(limits[0]), atoi(limits[1]) if len(limits) > 1 else atoi(limits[0])
        if first is None:
            continue
        if first >= completions:
            break
        if last is None:
            continue
        last = min(last, completions - 1)
        if found and found[-1][1] == first - 1:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def merge(one: Intervals, other: Intervals) -> Intervals:
    """What either covers; neighbours become one interval."""
    merged: Intervals = []
    for first, last in sorted([*one, *other]):
        if not merged or first > merged[-1][1] + 1:
            merged.append((first, last))
        elif merged[-1][1] < last:
            merged[-1] = (merged[-1][0], last)
    return merged


def with_indexes(intervals: Intervals, indexes: Iterable[int]) -> Intervals:
    """The intervals and single indexes besides."""
    return merge(intervals, [(index, index) for index in indexes])


def total(intervals: Intervals) -> int:
    """How many indexes they cover."""
    return sum(last - first + 1 for first, last in intervals)


def has(intervals: Intervals, index: int) -> bool:
    """Whether they cover an index."""
    return any(first <= index <= last for first, last in intervals)


def text(intervals: Intervals) -> str:
    """As status.completedIndexes shows them: two in a row with a comma, more with a dash."""
    parts = []
    for first, last in intervals:
        between = "" if last == first else f"{',' if last == first + 1 else '-'}{last}"
        parts.append(f"{first}{between}")
    return ",".join(parts)


def overlap(one: Intervals, other: Intervals) -> int:
    """How many indexes both cover. Source: pkg/controller/job/success_policy.go matchSucceededIndexesRule."""
    count, i, j = 0, 0, 0
    while i < len(one) and j < len(other):
        count += max(0, min(one[i][1], other[j][1]) - max(one[i][0], other[j][0]) + 1)
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return count


def first_missing(covered: Intervals, count: int, completions: int) -> list[int]:
    """The lowest `count` indexes below `completions` that are not covered. Source: firstPendingIndexes."""
    found: list[int] = []
    candidate = 0
    for first, last in [*covered, (completions, completions)]:
        stop = min(first, completions, candidate + count - len(found))
        found += range(candidate, max(candidate, stop))
        if len(found) >= count:
            return found
        candidate = max(candidate, last + 1)
    return found
