"""clusterrole-aggregation-controller: which rules a role gathers.

Source: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller_test.go.
"""

from __future__ import annotations

import pytest

from tests.controllers.rig import Rig

HAMMER = [{"verbs": ["hammer"], "resources": ["nails"]}, {"verbs": ["hammer"], "resources": ["wedges"]}]
CHISEL = [{"verbs": ["chisel"], "resources": ["mortises"]}]
SAW = [{"verbs": ["saw"], "resources": ["boards"]}]


def role(name, rules, label="", selects=()):
    meta = {"name": name, "labels": {"foo": label}}
    found = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": meta, "rules": rules}
    return {**found, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"foo": value}} for value in selects]}} if selects else found


def combined(rules, *selects):
    return role("combined", rules, selects=selects)


BOTH = [role("hammer", HAMMER, "bar"), role("chisel", CHISEL, "bar")]


@pytest.mark.parametrize(("roles", "gathered"), [
    ([role("hammer", HAMMER, "bar"), combined(SAW, "bar")], HAMMER),
    ([role("hammer", HAMMER, "not-bar"), combined(HAMMER, "bar")], []),
    ([*BOTH, role("saw", SAW, "not-bar"), combined([], "bar")], CHISEL + HAMMER),
    ([*BOTH, role("saw", SAW, "not-bar"), combined([], "bar", "not-bar")], CHISEL + HAMMER + SAW),
    ([*BOTH, role("saw", SAW, "bar"), role("other-saw", SAW, "not-bar"), combined([], "bar", "not-bar")], CHISEL + HAMMER + SAW),
    ([role("hammer", HAMMER, "bar"), combined(HAMMER, "bar")], None),
    ([role("twice", SAW + SAW, "bar"), combined([], "bar")], SAW),
    ([role("saw", SAW, "bar")], None),
])  # fmt: skip
def test_a_role_gathers_the_rules_of_those_that_it_selects_each_once(roles, gathered):
    """Source: TestSyncClusterRole. Where there are none, `rules` is not sent, so that only what the controller gave is taken away."""
    rig = Rig({"controller": "clusterrole-aggregation-controller", "now": "2026-01-01T09:00:00Z", "objects": roles})
    assert rig.look({"key": "combined"}) is None
    assert [each["body"].get("rules", []) for each in rig.requests] == ([] if gathered is None else [gathered])
    assert all(("rules" in each["body"]) is bool(gathered) for each in rig.requests)
