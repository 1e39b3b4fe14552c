"""An eviction at the API server: the store's gate tells which budget was asked, and the budget's own gate who asked."""

import types

import pytest

from cluster.engine import TraceEvent
from cluster.picture.control import ControlPictures
from cluster.picture.folds import FOLDS

BUDGET = "poddisruptionbudgets/default/web"


def folded(request: int, **data) -> dict:
    """The cells of one BudgetAsked while request 7 is under way."""
    control = ControlPictures()
    control.request = 7
    event = TraceEvent(5, 0, "kube-apiserver", "BudgetAsked", "pods/default/web-1", 0, {"request": request, "budget": "web", **data})
    return {(name, key): value for name, key, value in FOLDS["BudgetAsked"](types.SimpleNamespace(control=control), event)}


@pytest.mark.parametrize(("so", "allowed"), [("granted", 1), ("refused", 0), ("unhealthy", 0)])
def test_the_stores_gate_names_the_budget_that_was_asked(so, allowed):
    cells = folded(7, so=so, allowed=allowed)
    assert cells["gates", "store"] == {"state": "now", "note": {"en": f"budget web: {allowed} may go", "zh": f"预算 web：可中断 {allowed} 个"}}
    assert (cells["asked", BUDGET]["pod"], cells["asked", BUDGET]["is_open"]) == ("pods/default/web-1", so != "refused")


def test_another_requests_eviction_leaves_the_gates_alone():
    assert list(folded(8, so="granted", allowed=1)) == [("asked", BUDGET)]
