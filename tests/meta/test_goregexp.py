"""Regular expressions as Go has them, in linear time."""
import pytest

from cluster.meta import goregexp


@pytest.mark.parametrize("pattern, text, found", [
    ("^[a-z]+$", "abc", True), ("^[a-z]+$", "A1", False), ("b", "abc", True), ("^a{2,3}$", "aaaa", False), ("^a{2,3}$", "aaa", True),
    ("foo|bar$", "xbar", True), ("^[^/]*$", "a/b", False), (r"^\d+\.\d+$", "1.2", True), (r"^\d$", "٣", False), ("(?i)^ABC$", "abc", True),
    ("^[[:alpha:]]+$", "ab1", False), (r"\bx\b", "a x b", True), ("^$", "", True), ("^a$", "a\n", False), ("a.c", "a\nc", False),
    (r"^(a|ab)(c|bcd)$", "abcd", True), (r"\S", " ", False), (r"^x*?y", "xxy", True), ("(?P<n>a)b", "ab", True), (r"\pL", "anything", True),
])
def test_a_pattern_is_searched_for(pattern, text, found):
    assert goregexp.matches(pattern, text) is found


def test_no_pattern_takes_for_ever():
    assert not goregexp.matches("^(a+)+$", "a" * 2_000 + "b")


@pytest.mark.parametrize("pattern, words", [
    ("(", "missing closing ): `(`"), ("[a", "missing closing ]: `[a`"), ("a)", "unexpected ): `a)`"),
    ("*a", "missing argument to repetition operator: `*a`"), ("a**", "invalid nested repetition operator: `*`"), ("^a$", ""),
])
def test_a_pattern_that_cannot_be_read_is_told_in_gos_words(pattern, words):
    assert goregexp.problem(pattern) == (f"error parsing regexp: {words}" if words else "")
