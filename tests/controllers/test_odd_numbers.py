"""Numbers in texts that a person may write: what Go cannot read counts as none, and stops nobody."""
import pytest

from cluster.controllers import _deletion_rank, _deployment_math, _revisions
from cluster.kinds import _portions
from cluster.meta.gotext import atoi

LONG = "9" * 5_000


@pytest.mark.parametrize(("text", "number"), [
    ("0", 0), ("-12", -12), ("+7", 7), ("007", 7), ("9223372036854775807", 2**63 - 1), ("9223372036854775808", None), (LONG, None),
    ("\u00b2", None), ("\u0663", None), ("", None), ("1_000", None), (" 1", None), ("1.5", None), ("0" * 5_000, None),
])
def test_a_number_is_one_as_go_reads_it(text, number):
    assert atoi(text) == number


@pytest.mark.parametrize("text", [LONG, "\u00b2", "x", ""])
def test_annotations_that_are_no_numbers_count_as_none(text):
    obj = {"metadata": {"annotations": {_revisions.REVISION: text, _deletion_rank.DELETION_COST: text, _deployment_math.DESIRED: text}}}
    assert (_revisions.revision(obj), _deletion_rank.deletion_cost(obj), _deployment_math.annotated(obj, _deployment_math.DESIRED)) == (0, 0, None)
    assert _revisions.annotations_for({"metadata": {}}, {_revisions.REVISION: text or "x"}, 3, exists=True) == {_revisions.REVISION: text or "x"}


def test_percentages_beyond_measure_are_too_many_or_none():
    errors = []
    _portions.at_most_whole(errors, "at", LONG + "%")
    assert [error.detail for error in errors] == ["must not be greater than 100%"]
    assert _deployment_math.scaled_value(LONG + "%", 10, round_up=True) == 0
    assert _deployment_math.scaled_value("25%", 10, round_up=True) == 3
