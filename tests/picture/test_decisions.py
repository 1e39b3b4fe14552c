"""What the page is told of a scheduling decision: all of it for a few nodes, what matters of it for many, and of so many Pods at most."""

import msgspec
import pytest

from cluster.picture.control import MOST_DECISIONS, ControlPictures
from cluster.picture.decisions import MOST_NODES, SHOWN, Deciding

PLUGINS = ("NodeUnschedulable", "NodeAffinity", "NodeResourcesFit")


def deciding(nodes: int, *, rejected: int = 0) -> Deciding:
    """A decision among so many nodes, of which the last few are rejected; node n has n points."""
    found = Deciding("pods/default/web", 7)
    found.plugins = PLUGINS
    for number in range(nodes):
        name, passed = f"n{number}", number < nodes - rejected
        reason = "" if passed else "Insufficient cpu"
        found.filtered[name] = {"node": name, "passed": passed, "plugin": "" if passed else "NodeResourcesFit", "reason": reason}
        if passed:
            found.scored[name] = {"node": name, "total": number, "scores": {"ImageLocality": (number, number, 1, number)}}
    return found


def test_of_a_few_nodes_every_verdict_is_told_and_each_rejection_by_name():
    cell = deciding(MOST_NODES, rejected=2).cell()
    assert all(len(table["verdicts"]) == MOST_NODES for table in cell["filters"])
    assert [note["en"] for note in cell["notes"]] == [f"n{number}: Insufficient cpu" for number in (MOST_NODES - 2, MOST_NODES - 1)]
    assert cell["filters"][2]["verdicts"]["n11"] == "fail" and cell["filters"][0]["verdicts"]["n11"] == "pass"


def test_of_many_nodes_the_best_the_chosen_and_one_that_was_rejected_have_columns():
    found = deciding(1000, rejected=200)
    found.chosen = "n3"
    cell, stamps = found.cell(), found.stamps()
    shown = list(cell["filters"][0]["verdicts"])
    assert shown[:2] == ["n3", "n799"] and shown[-1] == "n800" and len(shown) == SHOWN == len(stamps["nodes"])
    assert list(cell["totals"]) == shown[:-1] and list(cell["scores"][0]["values"]) == shown[:-1]
    assert [note["en"] for note in cell["notes"]] == [
        "200 × Insufficient cpu", "1000 nodes were looked at, 800 passed every filter. 992 of them have no column here."]  # fmt: skip
    assert stamps["nodes"]["n3"]["best"] and not stamps["nodes"]["n800"]["ok"]
    assert len(msgspec.json.encode(cell)) < 3000


@pytest.mark.parametrize("nodes", [3, MOST_NODES, 1000])
def test_a_node_that_is_scored_has_passed_the_filters_told_or_not(nodes):
    """Of a decision that is told from its middle on."""
    whole, part = deciding(nodes), deciding(nodes)
    whole.chosen = part.chosen = "n2"
    part.filtered = {name: row for name, row in part.filtered.items() if name != f"n{nodes - 1}"}
    assert part.cell() == whole.cell() and part.stamps() == whole.stamps()
    part.filtered = {}
    assert part.stamps() == whole.stamps() and part.cell()["totals"] == whole.cell()["totals"]


def test_the_picture_keeps_the_latest_decisions_only():
    pictures, cells = ControlPictures(), {}
    for number in range(MOST_DECISIONS + 5):
        for collection, name, value in pictures.begin_decision(f"pods/default/web-{number}", number):
            if collection == "decisions":
                cells[name] = value
    assert [name for name, value in cells.items() if value is None] == [f"pods/default/web-{number}" for number in range(5)]
