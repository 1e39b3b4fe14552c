"""resourcequota-controller: what a quota's status is counted to, and what makes it count.

Source: pkg/controller/resourcequota/resource_quota_controller_test.go.
"""

from __future__ import annotations

import pytest

from tests.controllers.rig import Rig

NOW = "2026-01-01T09:00:00Z"
HARD = {"cpu": "3", "memory": "100Gi", "pods": "5"}


def pod(name, phase="Running", cpu="100m", memory="1Gi", priority=""):
    resources = {"requests": {"cpu": cpu, "memory": memory}} if cpu else {}
    spec = {"containers": [{"name": "ctr", "image": "image", "resources": resources}], **({"priorityClassName": priority} if priority else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec, "status": {"phase": phase}}


PODS = [pod("a"), pod("b"), pod("c", "Failed")]
BARE = [pod("a", cpu=""), pod("b", cpu=""), pod("c", "Failed")]
CLASSES = [pod("a", cpu="500m", memory="50Gi", priority="high"), pod("b", priority="low"), pod("c", "Failed")]


def quota(hard=None, status=None, **spec):
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard or HARD, **spec}, "status": status or {}}


def by_class(operator, *values):
    return {"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": operator, "values": list(values)}]}}


def counted(*objects):
    rig = Rig({"controller": "resourcequota-controller", "now": NOW, "objects": list(objects)})
    rig.look({"key": "default/q"})
    return [each["body"]["status"] for each in rig.requests]


def amounts(cpu, memory, pods):
    return {"cpu": cpu, "memory": memory, "pods": pods}


@pytest.mark.parametrize(("pods", "scope", "used"), [
    (PODS, {"scopes": ["BestEffort"]}, amounts("0", "0", "0")), (BARE, {"scopes": ["BestEffort"]}, amounts("0", "0", "2")),
    (PODS, by_class("Exists"), amounts("0", "0", "0")), (CLASSES, by_class("Exists"), amounts("600m", "51Gi", "2")),
    (CLASSES, by_class("In", "high", "low"), amounts("600m", "51Gi", "2")), (CLASSES, by_class("In", "high"), amounts("500m", "50Gi", "1")),
    (CLASSES, by_class("In", "low"), amounts("100m", "1Gi", "1")), (CLASSES, by_class("NotIn", "high"), amounts("100m", "1Gi", "1")),
    (CLASSES, by_class("In", "random"), amounts("0", "0", "0")), (PODS, by_class("NotIn", "random"), amounts("200m", "2Gi", "2")),
    (PODS, by_class("DoesNotExist"), amounts("200m", "2Gi", "2")), (PODS, {}, amounts("200m", "2Gi", "2")),
])  # fmt: skip
def test_pods_within_a_quotas_scopes_are_counted_while_they_go_on(pods, scope, used):
    """Source: TestSyncResourceQuota."""
    assert counted(quota(**scope), *pods) == [{"hard": HARD, "used": used}]


FOUR, NONE = {"cpu": "4"}, {"cpu": "0"}


@pytest.mark.parametrize(("hard", "status", "told"), [
    (FOUR, {"hard": {"cpu": "3"}, "used": NONE}, {"hard": FOUR, "used": NONE}), (FOUR, {"hard": NONE}, {"hard": FOUR, "used": NONE}),
    (FOUR, {"hard": FOUR}, {"hard": FOUR, "used": NONE}), (FOUR, {"hard": FOUR, "used": NONE}, None),
    ({"cpu": "4000m"}, {"hard": FOUR, "used": {"cpu": "0m"}}, None),  # which is as much
    ({"foobars.example.com": "4"}, {"hard": {"foobars.example.com": "4"}, "used": {"foobars.example.com": "1"}}, None),
])  # fmt: skip
def test_a_status_is_written_where_limits_or_amounts_differ_or_are_missing(hard, status, told):
    """Source: TestSyncResourceQuota (quota-spec-hard-updated, quota-unchanged), syncResourceQuota."""
    assert counted(quota(hard, status)) == ([told] if told else [])


@pytest.mark.parametrize(("old", "new", "is_counted"), [
    (None, quota(FOUR), True), (quota(FOUR), quota({"cpu": "5"}), True),
    (quota(FOUR), quota(FOUR, {"hard": FOUR, "used": NONE}), False), (quota(FOUR, {"hard": FOUR, "used": NONE}), quota(FOUR), False),
])  # fmt: skip
def test_a_quota_that_is_new_or_limits_otherwise_is_counted(old, new, is_counted):
    """Source: NewController's handlers, TestAddQuota. What somebody writes into its status waits for the next count."""
    rig = Rig({"controller": "resourcequota-controller", "now": NOW, "objects": []})
    keys = []
    rig.controller.queue.add = keys.append
    for each in (old, new):
        if each:
            each["metadata"]["namespace"] = "default"
    rig.controller.on_quota("MODIFIED" if old else "ADDED", old, new)
    assert keys == (["default/q"] if is_counted else [])
