"""node-lifecycle-controller: what looks at Nodes come to, with no cluster around it.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import _node_health, _taints, node_lifecycle
from cluster.controllers._node_health import EXCLUDED
from cluster.engine.clock import Clock, unix_ms
from tests.controllers.rig import Rig

START = "2026-01-01T12:00:00Z"
LONG_AGO = "2020-01-01T00:00:00Z"
CLOCK = Clock(unix_ms(START))
HOUR = 3_600
STATUS = {"T": "True", "F": "False", "?": "Unknown"}


def at(seconds):
    return CLOCK.text(seconds * 1000) if seconds is not None else LONG_AGO


class Nodes(Rig):
    """The controller over Nodes whose status a test writes; what it writes itself is known to it at once."""

    def __init__(self, *objects):
        super().__init__({"controller": "node-lifecycle-controller", "now": START, "objects": list(objects)})
        self.controller.work = lambda work, done=None: self.drive(work)
        self.refused = 0

    def grant(self, request):
        answer = super().grant(request)
        if request.verb in ("update", "patch") and request.resource in ("nodes", "pods"):
            if request.resource == "pods" and self.refused:
                self.refused -= 1
                answer.code = self.revisions.clear() or 500
            elif request.resource == "nodes":
                old = self.objects["nodes", request.name or request.body["metadata"]["name"]]
                body = answer.body
                self.say({**old, "spec": {**old["spec"], **(body.get("spec") or {})}, "status": body.get("status") or old["status"]})
        return answer

    def say(self, node):
        self.know(node, len(self.requests) + 100)
        self.revisions.pop(("nodes", node["metadata"]["name"]), None)
        return self

    def report(self, name, status, seconds):
        """A Node's new status, whether a kubelet's or not."""
        old = self.objects["nodes", name]
        return self.say({**old, "status": {"conditions": [ready(status, seconds)] if status else []}})

    def looked(self, seconds=0):
        self.engine.now_ms = seconds * 1000
        self.drive(self.controller._monitor())
        return self

    def taints(self, name):
        return [(taint["key"].rpartition("/")[2], taint["effect"]) for taint in _taints.of(self.objects["nodes", name])]

    def tainted(self):
        """Upstream's tests let a hundred thousand Nodes be tainted in a second."""
        for zone in self.controller.state.zones.values():
            zone.full_at_ms = 0
            zone.qps = zone.qps and 100_000.0
        self.drive(self.controller._taint_pass())
        return self

    @property
    def zones(self):
        return {name.rpartition(":")[2]: zone.state for name, zone in self.controller.state.zones.items() if not zone.is_left}

    def written(self, what):
        return [each["body"] for each in self.requests if each["request"].startswith(f"update {what}/status")]


def ready(status, seconds):
    return {"type": "Ready", "status": STATUS[status], "lastHeartbeatTime": at(seconds), "lastTransitionTime": at(seconds)}


def node(name, status="", seconds=0, *, zone="", created=0, taints=(), more=(), **labels):
    found = {"topology.kubernetes.io/region": "r", "topology.kubernetes.io/zone": zone} if zone else {}
    conditions = [*([ready(status, seconds)] if status else []), *more]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {**found, **labels}, "creationTimestamp": at(created)},
            "spec": {"taints": list(taints)}, "status": {"conditions": conditions}}  # fmt: skip


def pod(on="n0"):
    conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": START}]
    spec = {"containers": [], "nodeName": on}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec, "status": {"conditions": conditions}}


NORMAL, PARTIAL, FULL = "Normal", "PartialDisruption", "FullDisruption"


@pytest.mark.parametrize(("first", "then", "before", "after"), [
    ("T", "T", {"": NORMAL}, {"": NORMAL}),
    ("?a ?b", "? T", {"a": FULL, "b": FULL}, {"a": FULL, "b": NORMAL}),
    ("-a -a -a -a", "? ? ? T", {"a": FULL}, {"a": PARTIAL}),
    ("?a ?a Ta Ta Ta", "? ? ? T T", {"a": NORMAL}, {"a": PARTIAL}),
    ("?a ?a Ta", "? ? ?", {"a": NORMAL}, {"a": FULL}),
    ("?a Tb", "? T", {"a": FULL, "b": NORMAL}, {"a": FULL, "b": NORMAL}),
    ("?a ?b", "? ?", {"a": FULL, "b": FULL}, {"a": FULL, "b": FULL}),
    ("Ta", "-", {"a": NORMAL}, {"a": FULL}),
    ("?a Ta!", "? T", {"a": FULL}, {"a": FULL}),
])  # fmt: skip
def test_zones_are_as_their_nodes_are(first, then, before, after):
    """Source: TestMonitorNodeHealth. A Node: Ready's status (- for none), its zone, ! where it does not count."""
    given = [node(f"n{index}", text[0].strip("-"), zone=text[1:].strip("!"), **({EXCLUDED: ""} if text.endswith("!") else {}))
             for index, text in enumerate(first.split())]  # fmt: skip
    nodes = Nodes(*given)
    assert nodes.looked().zones == before
    for index, text in enumerate(then.split()):
        nodes.report(f"n{index}", text.strip("-"), HOUR if text == "T" else 0)
    assert nodes.looked(HOUR).zones == after


@pytest.mark.parametrize(("then", "rates"), [
    ("? ?", {"a": 0.0, "b": 0.0}), ("T T", {"a": 0.1, "b": 0.1}), ("? T", {"a": 0.1, "b": 0.1}), ("? gone", {"a": 0.0}),
])  # fmt: skip
def test_while_all_is_lost_nobody_is_tainted_and_as_before_once_any_node_is_heard_of(then, rates):
    """Source: handleDisruption: a zone that stays lost gets its rate back, too."""
    nodes = Nodes(node("n0", "?", zone="a"), node("n1", "?", zone="b")).looked()
    assert {zone.qps for zone in nodes.controller.state.zones.values()} == {0.0}
    for name, status in zip(("n0", "n1"), then.split(), strict=True):
        if status == "gone":
            nodes.informers.by_resource["nodes", ""].put("DELETED", nodes.objects["nodes", name])
        else:
            nodes.report(name, status, 5 if status == "T" else 0)
    nodes.looked(5)
    assert {name.rpartition(":")[2]: zone.qps for name, zone in nodes.controller.state.zones.items() if not zone.is_left} == rates


def test_a_zone_that_goes_does_not_make_those_that_were_lost_all_that_there_is():
    """Source: handleDisruption, which asks only zones that have Nodes how they were before."""
    nodes = Nodes(node("n0", "?", zone="a"), node("n1", "T", zone="b")).looked()
    nodes.informers.by_resource["nodes", ""].put("DELETED", nodes.objects["nodes", "n1"])
    nodes.looked(5).tainted()
    assert nodes.taints("n0") == UNREACHABLE and nodes.zones == {"a": FULL}


def test_a_rate_that_stays_keeps_the_wait():
    """Source: SwapLimiter."""
    zone = _node_health.Zone()
    assert zone.take_token(0)
    zone.set_qps(0.1, 5_000)
    assert not zone.take_token(9_999) and zone.take_token(10_000)


def lease(seconds):
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "n0", "namespace": "kube-node-lease"},
            "spec": {"renewTime": at(seconds)}}  # fmt: skip


NEVER = [(type_, "Unknown", "NodeStatusNeverUpdated", "Kubelet never posted node status.", LONG_AGO) for type_ in _node_health.CONDITIONS]
STOPPED = [("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", START), *NEVER[1:]]
DISK = {"type": "DiskPressure", "status": "False", "lastHeartbeatTime": START, "lastTransitionTime": START}
LATER = {**DISK, "lastHeartbeatTime": at(HOUR)}
BOTH = [STOPPED[0], ("DiskPressure", *STOPPED[0][1:]), NEVER[1], NEVER[3]]


@pytest.mark.parametrize(("given", "leases", "then", "written", "is_pod_told"), [
    (node("n0", created=None), (None, None), None, NEVER, False),
    (node("n0"), (None, None), None, None, False),
    (node("n0", "T", created=None), (None, None), node("n0", "T", created=None), STOPPED, True),
    (node("n0", "T", created=None), (None, None), None, None, False),
    (node("n0"), (0, None), None, None, False),
    (node("n0", created=None), (0, HOUR), node("n0", created=None), None, False),
    (node("n0", created=None), (0, 0), node("n0", created=None), NEVER, False),
    (node("n0", "T", created=None, more=[DISK]), (0, HOUR), node("n0", "T", created=None, more=[DISK]), None, False),
    (node("n0", "T", created=None, more=[DISK]), (0, 0), node("n0", "T", HOUR, created=None, more=[LATER]), None, False),
    (node("n0", "T", created=None, more=[DISK]), (0, 0), node("n0", "T", created=None, more=[DISK]), BOTH, True),
    (node("n0", "?", created=None), (None, None), node("n0", "?", created=None), None, False),
])  # fmt: skip
def test_who_is_silent_for_too_long_is_given_up_and_so_are_its_pods(given, leases, then, written, is_pod_told):
    """Source: TestMonitorNodeHealthUpdateStatus, TestMonitorNodeHealthUpdateNodeAndPodStatusWithLease, …MarkPodsNotReady; then: an hour later.

    The last: a Ready that is Unknown already is not written anew, and the other conditions are not for their own sake.
    """
    first, second = leases
    nodes = Nodes(given, pod(), *([] if first is None else [lease(first)])).looked()
    if then:
        nodes.say(then)
        if second is not None:
            nodes.know(lease(second), 90)
        nodes.looked(HOUR)
    found = nodes.written("nodes")
    told = [[(each["type"], each["status"], each["reason"], each["message"], each["lastHeartbeatTime"]) for each in body["status"]["conditions"]]
            for body in found]  # fmt: skip
    assert told == ([written] if written else []) and bool(nodes.written("pods")) == is_pod_told


@pytest.mark.parametrize(("refused", "updates"), [(0, 1), (1, 2)])
def test_pods_that_could_not_be_told_are_told_at_the_next_look(refused, updates):
    """Source: TestMonitorNodeHealthMarkPodsNotReadyRetry."""
    nodes = Nodes(node("n0", "T"), pod())
    nodes.refused = refused
    nodes.looked().looked(60).report("n0", "F", 2).looked(60)
    assert len(nodes.written("pods")) == updates
    assert nodes.controller.state.retry == {}


@pytest.mark.parametrize(("status", "is_looked_at", "is_told"), [("F", False, False), ("T", True, False), ("F", True, True)])
def test_a_pod_that_lands_on_a_node_that_is_not_ready_is_not_ready_either(status, is_looked_at, is_told):
    """Source: TestProcessPodMarkPodNotReady."""
    nodes = Nodes(node("n0", status))
    if is_looked_at:
        nodes.looked()
    nodes.know(pod(), 50)
    nodes.controller.on_pod("ADDED", None, nodes.objects["pods", "default/p"])
    assert bool(nodes.written("pods")) == is_told


def test_zones_may_come_and_go_while_a_taint_is_being_written():
    nodes = Nodes(node("n0", "?", zone="a"), node("n1", "T", zone="a"), node("n2", "T", zone="b")).looked()
    work = nodes.controller._taint_pass()
    nodes.answer(next(work))
    del nodes.controller.state.zones["r:\x00:b"]
    with pytest.raises(StopIteration):
        for _ in range(9):
            work.send(nodes.grant(nodes.controller.client.get("nodes", "n0").request))


def test_a_pod_that_lands_there_and_cannot_be_told_is_told_later():
    """Source: processPod."""
    nodes = Nodes(node("n0", "F")).looked()
    nodes.know(pod(), 50)
    nodes.refused = 2
    nodes.controller.on_pod("ADDED", None, nodes.objects["pods", "default/p"])
    assert len(nodes.written("pods")) == 3


UNREACHABLE, NOT_READY = [("unreachable", "NoExecute")], [("not-ready", "NoExecute")]


def test_who_is_not_ready_is_tainted_and_no_longer_when_it_is_well_again():
    """Source: TestApplyNoExecuteTaints."""
    nodes = Nodes(node("n0", "?", zone="a"), node("n1", "T", zone="a"), node("n2", "F", zone="a"), node("n3", "T", zone="a"))
    nodes.looked().tainted()
    assert [nodes.taints(name) for name in ("n0", "n1", "n2", "n3")] == [UNREACHABLE, [], NOT_READY, []]
    nodes.report("n2", "T", 1).looked(1).tainted()
    assert nodes.taints("n2") == []
    nodes.report("n3", "F", 2).looked(2).report("n3", "", 2).tainted()
    assert nodes.taints("n3") == [], "whose Ready condition is gone by then is not tainted"


def test_who_falls_silent_is_tainted_until_it_is_heard_of():
    """Source: TestApplyNoExecuteTaintsToUnreachableNode."""
    nodes = Nodes(node("n0", "T", zone="a"), node("n1", "T", zone="a")).looked().tainted().looked(50).tainted()
    assert nodes.taints("n0") == []
    nodes.report("n1", "T", 51).looked(51).tainted()
    assert (nodes.taints("n0"), nodes.taints("n1")) == (UNREACHABLE, [])
    nodes.report("n0", "T", 52).looked(52).tainted()
    assert nodes.taints("n0") == []


def test_who_waits_twice_is_tainted_all_the_same():
    """Source: TestApplyNoExecuteTaintsToNodesEnqueueTwice."""
    nodes = Nodes(node("n0", "?", zone="a"), node("n1", "T", zone="a"), node("n2", "F", zone="a")).looked()
    nodes.report("n0", "T", 1).report("n2", "T", 1)
    for each in (node("n3", "?", zone="a"), node("n4", "T", zone="a"), node("n5", "F", zone="a")):
        nodes.say(each)
    nodes.looked(1).tainted()
    assert [nodes.taints(f"n{number}") for number in range(6)] == [[], [], [], UNREACHABLE, [], NOT_READY]


def test_another_reason_to_be_tainted_replaces_the_one_before_at_once():
    """Source: TestSwapUnreachableNotReadyTaints."""
    nodes = Nodes(node("n0", "?", zone="a"), node("n1", "T", zone="a")).looked().tainted()
    assert nodes.taints("n0") == UNREACHABLE
    nodes.report("n0", "F", 1).report("n1", "T", 1).looked(1)
    assert nodes.taints("n0") == NOT_READY


@pytest.mark.parametrize(("given", "taints"), [
    (node("n0", "T", more=[{"type": "NetworkUnavailable", "status": "True"}]), [("network-unavailable", "NoSchedule")]),
    (node("n0", "F"), [("not-ready", "NoSchedule")]), (node("n0", "?"), [("unreachable", "NoSchedule")]), (node("n0", "T"), []),
])  # fmt: skip
def test_conditions_bring_taints_against_new_pods(given, taints):
    """Source: TestTaintsNodeByCondition."""
    nodes = Nodes(given)
    nodes.drive(nodes.controller.sync("n0"))
    assert nodes.taints("n0") == taints


def test_a_node_is_greeted_by_its_name_and_uid():
    """Source: TestNodeEventGeneration."""
    assert Nodes(node("n0", "?")).looked().events == ["Normal RegisteredNode Node n0 event: Registered Node n0 in Controller"]


BETA_OS, BETA_ARCH = "beta.kubernetes.io/os", "beta.kubernetes.io/arch"
STABLE = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}


@pytest.mark.parametrize(("labels", "changed"), [
    ({}, {}), ({"topology.kubernetes.io/region": "r"}, {}), (STABLE, {BETA_OS: "linux", BETA_ARCH: "amd64"}),
    ({BETA_OS: "windows", BETA_ARCH: "arm", **STABLE}, {BETA_OS: "linux", BETA_ARCH: "amd64"}),
])  # fmt: skip
def test_old_labels_follow_the_stable_ones(labels, changed):
    """Source: TestReconcileNodeLabels."""
    assert node_lifecycle.labels_to_update({"metadata": {"labels": labels}}) == changed


@pytest.mark.parametrize("name", ["status", "health"])
@pytest.mark.parametrize("status", ["T", "F", "?", ""])
def test_what_is_remembered_of_a_node_is_what_it_says(status, name):
    """Source: TestTryUpdateNodeHealth: in time, and after its grace period."""
    created = 0 if name == "status" else None
    nodes = Nodes(node("n0", status, created, created=created))
    nodes.controller.state.health["n0"] = _node_health.Health(0 if created == 0 else -HOUR * 1000, ready(status, created) if status else None)
    _, _, current = nodes.drive(nodes.controller._update_health(nodes.objects["nodes", "n0"]))
    remembered = nodes.controller.state.health["n0"].ready
    assert (current or {}).get("status") == (remembered or {}).get("status")
