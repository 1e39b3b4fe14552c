"""Where a real kube-scheduler placed Pods, what it said and whom it preempted, and what this one does on a simulated clock."""
import pytest

from tests.conformance import unmet_scheduling as unmet

pytestmark = [pytest.mark.conformance, pytest.mark.skipif(not unmet.CASES.exists(), reason="the recorded decisions are not here")]
RESULTS: dict[str, dict[str, list[str]]] = {}


def results(name: str) -> dict[str, list[str]]:
    if name not in RESULTS:
        RESULTS[name] = unmet.play(name)
    return RESULTS[name]


@pytest.mark.parametrize("name", unmet.names())
def test_every_unlisted_decision_is_met_and_no_listed_one(name):
    found, listed = results(name), set(unmet.listed())
    broken = {case: differences for case, differences in found.items() if differences and case not in listed}
    mended = [case for case, differences in found.items() if not differences and case in listed]
    assert broken == {}
    assert mended == [], "strike these from unmet_scheduling.txt: python -m tests.conformance.unmet_scheduling"


def test_the_list_holds_its_own_figure_and_nothing_unknown():
    every = [case["id"] for name in unmet.names() for case in unmet.cases(name)]
    listed = unmet.listed()
    assert unmet.LIST.read_text().splitlines()[0] == unmet.figure(len(listed), len(every))
    assert set(listed) <= set(every)
