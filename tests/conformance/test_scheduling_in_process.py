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


def test_the_recorded_cluster_evicted_nobody_for_a_taint():
    """Why the taint-eviction controller is left out here: whoever does not tolerate NoExecute was still there."""
    stayed = {}
    for case in [case for name in unmet.names() for case in unmet.cases(name)]:
        banned = {node["metadata"]["name"] for node in case["nodes"] for taint in (node.get("spec") or {}).get("taints") or []
                  if taint["effect"] == "NoExecute"}
        untolerant = [pod for pod in case.get("bound") or [] if pod["spec"]["nodeName"] in banned and not pod["spec"].get("tolerations")]
        if untolerant:
            stayed[case["id"]] = case["expect"]["victims"]
    assert stayed == {f"random-{number}": [] for number in ("008", "022", "035", "053", "073")}
