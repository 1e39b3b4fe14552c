"""What a quota counts: each kind's usage, scopes, and a status counted anew. Source: pkg/quota/v1/evaluator/core/*_test.go."""

from __future__ import annotations

import pytest

from cluster.kinds import _quota

NOW = "2026-01-01T09:00:00Z"


def pod(*containers, phase="Running", meta=None, **spec):
    return {"metadata": meta or {}, "status": {"phase": phase},
            "spec": {"containers": [{"name": "c", "resources": each} for each in containers] or [{"name": "c"}], **spec}}


def used(resource, obj, group=""):
    return {name: amount.text for name, amount in _quota.usage(resource, group, obj, NOW).items()}


@pytest.mark.parametrize(("resource", "group", "name"), [
    ("configmaps", "", "count/configmaps"), ("deployments", "apps", "count/deployments.apps"), ("jobs", "batch", "count/jobs.batch"),
])
def test_every_kind_can_be_counted_by_its_name(resource, group, name):
    assert used(resource, {"metadata": {}}, group)[name] == "1"


@pytest.mark.parametrize(("what", "wanted"), [
    (pod(), {"pods": "1"}),
    (pod({"requests": {"cpu": "1", "memory": "50M"}, "limits": {"cpu": "2", "memory": "100M"}}),
     {"pods": "1", "cpu": "1", "requests.cpu": "1", "limits.cpu": "2", "memory": "50M", "requests.memory": "50M", "limits.memory": "100M"}),
    (pod({"requests": {"cpu": "250m"}}, {"requests": {"cpu": "500m"}}), {"pods": "1", "cpu": "750m", "requests.cpu": "750m"}),
    (pod({"requests": {"ephemeral-storage": "32Mi"}}), {"pods": "1", "ephemeral-storage": "32Mi", "requests.ephemeral-storage": "32Mi"}),
    (pod({"requests": {"hugepages-2Mi": "100Mi"}}), {"pods": "1", "hugepages-2Mi": "100Mi", "requests.hugepages-2Mi": "100Mi"}),
    (pod({"requests": {"example.com/dongle": "3"}}), {"pods": "1", "requests.example.com/dongle": "3"}),
    (pod({"requests": {"cpu": "1"}}, initContainers=[{"name": "i", "resources": {"requests": {"cpu": "3"}}}]),
     {"pods": "1", "cpu": "3", "requests.cpu": "3"}),
    (pod({"requests": {"cpu": "1"}}, overhead={"cpu": "100m"}), {"pods": "1", "cpu": "1100m", "requests.cpu": "1100m"}),
    (pod({"requests": {"cpu": "1"}}, phase="Succeeded"), {}),
    (pod({"requests": {"cpu": "1"}}, phase="Failed"), {}),
    (pod({"requests": {"cpu": "1"}}, meta={"deletionTimestamp": "2026-01-01T08:59:00Z", "deletionGracePeriodSeconds": 30}), {}),
    (pod(meta={"deletionTimestamp": "2026-01-01T08:59:59Z", "deletionGracePeriodSeconds": 30}), {"pods": "1"}),
])
def test_a_pod_is_charged_for_what_it_asks_until_it_has_ended_or_should_have(what, wanted):
    """Source: pkg/quota/v1/evaluator/core/pods.go (PodUsageFunc, QuotaV1Pod)."""
    assert used("pods", what) == {"count/pods": "1", **wanted}


def resized(asked, in_force, allotted=None, *, reason=""):
    """A Pod of one container, whose status says what is in force, what is allotted, and why a resize waits."""
    status = {"phase": "Running", "containerStatuses": [{"name": "c", "resources": in_force, "allocatedResources": allotted or {}}],
              "conditions": [{"type": "PodResizePending", "status": "True", "reason": reason}] if reason else []}
    return {"metadata": {"generation": 2}, "spec": {"containers": [{"name": "c", "resources": asked}]}, "status": status}


def cpu(amount):
    return {"requests": {"cpu": amount}}


@pytest.mark.parametrize(("what", "wanted"), [
    (resized(cpu("1"), cpu("1"), {"cpu": "1"}), {"cpu": "1", "requests.cpu": "1"}),
    (resized(cpu("2"), cpu("1"), {"cpu": "1"}), {"cpu": "2", "requests.cpu": "2"}),
    (resized(cpu("500m"), cpu("1"), {"cpu": "1"}), {"cpu": "1", "requests.cpu": "1"}),
    (resized(cpu("500m"), cpu("1"), {"cpu": "1500m"}), {"cpu": "1500m", "requests.cpu": "1500m"}),
    (resized(cpu("64"), cpu("1"), {"cpu": "1"}, reason="Infeasible"), {"cpu": "1", "requests.cpu": "1"}),
    (resized(cpu("4"), cpu("1"), {"cpu": "1"}, reason="Deferred"), {"cpu": "4", "requests.cpu": "4"}),
    (resized({"limits": {"cpu": "1"}}, {"limits": {"cpu": "2"}}), {"limits.cpu": "2"}),
    (resized({"limits": {"cpu": "9"}}, {"limits": {"cpu": "2"}}, reason="Infeasible"), {"limits.cpu": "2"}),
    (resized({"requests": {"cpu": "1000m"}}, cpu("1"), {"cpu": "1"}), {"cpu": "1", "requests.cpu": "1"}),
])
def test_a_pod_that_is_resized_is_charged_for_the_most_of_what_it_asks_was_promised_and_has(what, wanted):
    """Source: component-helpers resource/helpers.go (determineEffectiveRequests, determineEffectiveLimits)."""
    assert used("pods", what) == {"count/pods": "1", "pods": "1", **wanted}


def test_init_containers_count_by_their_spec_and_sidecars_by_their_status():
    init = [{"name": "i", "resources": cpu("1")}, {"name": "s", "restartPolicy": "Always", "resources": cpu("1")}]
    statuses = [{"name": name, "resources": cpu("5")} for name in ("i", "s")]
    what = {"metadata": {}, "spec": {"containers": [], "initContainers": init}, "status": {"initContainerStatuses": statuses}}
    assert used("pods", what)["cpu"] == "5"


@pytest.mark.parametrize(("old", "new", "frees"), [
    (pod(), pod(), False), (pod(), pod(phase="Succeeded"), True), (pod(phase="Failed"), pod(phase="Failed"), False),
    (pod(), pod(activeDeadlineSeconds=5), True), (pod(activeDeadlineSeconds=5), pod(activeDeadlineSeconds=4), False),
    (resized(cpu("1"), cpu("2")), resized(cpu("1"), cpu("1")), True), (resized(cpu("2"), cpu("2")), resized(cpu("1"), cpu("2")), False),
])
def test_a_changed_pod_may_leave_room_or_not(old, new, frees):
    """Source: pkg/quota/v1/install/update_filter.go."""
    assert _quota.frees(old, new) is frees


@pytest.mark.parametrize(("spec", "ports", "balancers"), [
    ({"type": "ClusterIP", "ports": [{"port": 1}]}, "0", "0"),
    ({"type": "NodePort", "ports": [{"port": 1}, {"port": 2}]}, "2", "0"),
    ({"type": "LoadBalancer", "ports": [{"port": 1}]}, "1", "1"),
    ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False, "ports": [{"port": 1}]}, "0", "1"),
    ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False, "ports": [{"port": 1, "nodePort": 30000}, {"port": 2}]}, "1", "1"),
])
def test_a_service_uses_node_ports_and_load_balancers(spec, ports, balancers):
    """Source: pkg/quota/v1/evaluator/core/services.go."""
    assert used("services", {"spec": spec}) == {"count/services": "1", "services": "1", "services.nodeports": ports,
                                                "services.loadbalancers": balancers}


def test_a_claim_counts_for_its_class_too():
    """Source: pkg/quota/v1/evaluator/core/persistent_volume_claims.go."""
    claim = {"metadata": {}, "spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "10Gi"}}}}
    of_class = "gold.storageclass.storage.k8s.io"
    found = used("persistentvolumeclaims", claim)
    assert found["requests.storage"] == found[f"{of_class}/requests.storage"] == "10Gi"
    assert found["persistentvolumeclaims"] == found[f"{of_class}/persistentvolumeclaims"] == "1"


OUTWARD = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "k", "namespaces": ["other"]}]}}


@pytest.mark.parametrize(("scope", "what", "is_in"), [
    ("Terminating", pod(activeDeadlineSeconds=5), True), ("Terminating", pod(), False),
    ("NotTerminating", pod(), True), ("NotTerminating", pod(activeDeadlineSeconds=5), False),
    ("BestEffort", pod(), True), ("BestEffort", pod({"requests": {"cpu": "1"}}), False),
    ("NotBestEffort", pod({"requests": {"cpu": "1"}}), True), ("NotBestEffort", pod(), False),
    ("PriorityClass", pod(priorityClassName="high"), True), ("PriorityClass", pod(), False),
    ("CrossNamespacePodAffinity", pod(affinity=OUTWARD), True), ("CrossNamespacePodAffinity", pod(), False),
])
def test_scopes_take_in_some_pods(scope, what, is_in):
    """Source: pkg/quota/v1/evaluator/core/pods.go (podMatchesScopeFunc)."""
    assert _quota.in_scopes({"scopes": [scope]}, "pods", what) is is_in
    assert not _quota.in_scopes({"scopes": [scope]}, "configmaps", {"metadata": {}})


@pytest.mark.parametrize(("operator", "values", "name", "is_in"), [
    ("In", ["high"], "high", True), ("In", ["low"], "high", False), ("NotIn", ["low"], "high", True), ("Exists", None, "high", True),
    ("DoesNotExist", None, "high", False), ("DoesNotExist", None, None, True), ("NotIn", ["low"], None, True), ("In", ["high"], None, False),
])
def test_priority_classes_are_selected_by_name(operator, values, name, is_in):
    """Source: pkg/quota/v1/evaluator/core/pods.go (podMatchesSelector)."""
    selector = {"scopeName": "PriorityClass", "operator": operator, **({"values": values} if values else {})}
    what = pod(**({"priorityClassName": name} if name else {}))
    assert _quota.in_scopes({"scopeSelector": {"matchExpressions": [selector]}}, "pods", what) is is_in


def test_a_status_counts_what_is_tracked_and_within_the_scopes():
    quota = {"spec": {"hard": {"pods": "9", "requests.cpu": "4"}, "scopes": ["NotBestEffort"]}}
    objects = [("pods", "", pod({"requests": {"cpu": "1500m"}})), ("pods", "", pod({"requests": {"memory": "1Gi"}})), ("pods", "", pod()),
               ("configmaps", "", {"metadata": {}})]
    assert _quota.recounted(quota, objects, NOW) == {"hard": quota["spec"]["hard"], "used": {"pods": "2", "requests.cpu": "1500m"}}
