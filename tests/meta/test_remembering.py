"""What people send is remembered, unless it is long."""
from __future__ import annotations

from cluster.meta.remembering import LONGEST, remembered


def test_an_answer_is_given_once_for_a_short_text_and_anew_for_a_long_one():
    asked = []

    @remembered(2)
    def size(text, unit=""):
        """How long a text is."""
        asked.append(text[:1])
        return len(text)

    assert [size("a"), size("a"), size("a", "cm")] == [1, 1, 1] and asked == ["a", "a"]
    assert [size("b" * LONGEST), size("b" * LONGEST)] == [LONGEST] * 2 and asked[2:] == ["b"]
    assert [size("c" * (LONGEST + 1)) for _ in range(2)] == [LONGEST + 1] * 2 and asked[3:] == ["c", "c"]
    size("d", "e" * (LONGEST + 1))
    size("a", "cm")
    assert asked[5:] == ["d"] and size.__doc__ == "How long a text is."
