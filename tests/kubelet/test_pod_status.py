"""The status of a Pod that has nothing but app containers: the short way says what the long way says."""

import copy

import msgspec
import pytest

from cluster.kubelet import conditions, pod_status
from cluster.kubelet.pleg import count_events, count_new
from cluster.kubelet.pod_status import Moment, generate
from cluster.kubelet.state import Report
from cluster.kubelet.status_patch import patch_of
from cluster.runtime.state import Container, Sandbox

MOMENT = Moment("now", lambda ms: f"at {ms}", "10.0.0.9", [{"ip": "10.0.0.9"}])
SANDBOX = Sandbox("s", "u", "default/web", 0, "ready", 5, ip="10.1.2.3")
SCHEDULED = {"type": "PodScheduled", "status": "True", "observedGeneration": 1, "lastProbeTime": None, "lastTransitionTime": "then"}
BOUND = {"phase": "Pending", "conditions": [SCHEDULED], "qosClass": "BestEffort"}
GATE = {"type": "example.com/up", "status": "True"}


def pod(*, names=("app",), status=BOUND, meta=None, **spec) -> dict:
    containers = [{"name": name, "image": "nginx/nginx:v1", "volumeMounts": [{"name": "t", "mountPath": "/t"}]} for name in names]
    return {"metadata": {"name": "web", "uid": "u", "generation": 1, **(meta or {})}, "spec": {"containers": containers, **spec}, "status": status}


def report(*states: str, sandbox: Sandbox | None = SANDBOX, names=("app", "side")) -> Report:
    containers = [
        Container(f"id{place}", name, "u", "default/web", "s", 0, "docker.io/nginx/nginx:v1", "ref", state, 7, started_ms=8, exit_code=3)
        for place, (name, state) in enumerate(zip(names, states, strict=False))
    ]
    return Report([sandbox] if sandbox else [], containers, sandbox.ip if sandbox else "")


FOUR = ("app", "b", "c", "d")


def after(length: int) -> Report:
    """Four containers that run, of which the first has ended before with so long a message."""
    now = report(*["running"] * 4, names=FOUR)
    ended = msgspec.structs.replace(now.containers[0], id="before", state="exited", message="x" * length)
    return Report(now.sandboxes, [ended, *now.containers], now.ip)


BARE = report(sandbox=None)
BEGUN = generate(pod(), BARE, BOUND, is_terminal=False, reasons={}, moment=MOMENT)
UP = generate(pod(), report("running"), BEGUN, is_terminal=False, reasons={}, moment=Moment("soon", str, "10.0.0.9", [{"ip": "10.0.0.9"}]))
BACK_OFF = {"app": ["CrashLoopBackOff", "back-off 10s"]}

TABLE = [
    # Pod, report, held status, reasons, whether it goes the short way
    (pod(), BARE, BOUND, {}, True),
    (pod(), report(), BEGUN, {}, True),
    (pod(), report("created"), BEGUN, {}, True),
    (pod(), report("running"), BEGUN, {}, True),
    (pod(), report("running"), UP, {}, True),
    (pod(names=("side", "app")), report("running", "running"), BEGUN, {}, True),
    (pod(names=("side", "app")), report("running"), BEGUN, {}, False),
    (pod(), BARE, BOUND, {"app": ["ErrImagePull", "no"]}, True),
    (pod(), report("exited"), UP, {}, False),
    (pod(), report("exited"), UP, BACK_OFF, False),
    (pod(), report("running", sandbox=msgspec.structs.replace(SANDBOX, state="notready")), UP, {}, True),
    (pod(hostNetwork=True), report("running", sandbox=msgspec.structs.replace(SANDBOX, ip="", host_network=True)), BEGUN, {}, True),
    (pod(meta={"deletionTimestamp": "x"}), report("running"), UP, {}, True),
    (pod(meta={"generation": 2}), report("running"), UP, {}, True),
    (pod(status={**BOUND, "conditions": [SCHEDULED, GATE]}), report("running"), BEGUN, {}, False),
    (pod(status={**BOUND, "phase": "Failed"}), report("running"), BEGUN, {}, False),
    (pod(), report("running"), {**UP, "phase": "Failed"}, {}, False),
    (pod(), report("running"), {**UP, "reason": "NodeLost", "message": "gone"}, {}, False),
    (pod(readinessGates=[{"conditionType": "example.com/up"}]), report("running"), BEGUN, {}, False),
    (pod(initContainers=[{"name": "side", "image": "a", "restartPolicy": "Always"}]), report("running", "running"), BEGUN, {}, False),
    (pod(overhead={"cpu": "1"}), report("running"), BEGUN, {}, False),
    (pod(names=FOUR), after(4000), BEGUN, {}, False),
    (pod(names=FOUR), after(100), BEGUN, {}, True),
]


@pytest.mark.parametrize(("pod", "report", "held", "reasons", "is_short"), TABLE)
def test_both_ways_say_the_same(monkeypatch, pod, report, held, reasons, is_short):
    ways, found = [], pod_status._of_simple

    def short(*about):
        ways.append(found(*about))
        return ways[-1]

    monkeypatch.setattr(pod_status, "_of_simple", short)
    first = said(pod, report, held, reasons)
    assert any(ways) is is_short
    monkeypatch.setattr(pod_status, "_of_simple", lambda *about: None)
    assert first == said(pod, report, held, reasons)


def said(pod: dict, report: Report, held: dict, reasons: dict) -> bytes:
    """A status with its fields in their order."""
    return msgspec.json.encode(generate(pod, report, held, is_terminal=False, reasons=reasons, moment=MOMENT, made={}))


def test_a_status_that_stays_keeps_its_conditions_very_objects():
    again = generate(pod(), report("running"), UP, is_terminal=False, reasons={}, moment=MOMENT)
    assert [each is known for each, known in zip(again["conditions"], UP["conditions"], strict=True)] == [True] * 5
    later = generate(pod(), report("running"), BEGUN, is_terminal=False, reasons={}, moment=MOMENT)
    assert {each["type"]: each["lastTransitionTime"] for each in later["conditions"]} == {
        "PodReadyToStartContainers": "now", "Initialized": "now", "Ready": "now", "ContainersReady": "now", "PodScheduled": "then"}  # fmt: skip


@pytest.mark.parametrize(("held", "is_kept"), [([{"ip": "10.1.2.3"}], True), ([{"ip": "10.1.2.3"}, {"ip": "fd00::1"}], False), (None, False)])
def test_addresses_that_somebody_else_wrote_are_not_kept(held, is_kept):
    old = {**UP, "podIPs": held}
    for each in (pod(), pod(overhead={"cpu": "1"})):
        found = generate(each, report("running"), old, is_terminal=False, reasons={}, moment=MOMENT)
        assert found["podIPs"] == [{"ip": "10.1.2.3"}] and (found["podIPs"] is held) == is_kept


def test_a_first_report_counts_as_one_after_nothing():
    for states in ((), ("created",), ("running", "exited"), ("running", "running")):
        for sandbox in (None, SANDBOX, msgspec.structs.replace(SANDBOX, state="notready")):
            assert count_new(report(*states, sandbox=sandbox)) == count_events(Report(), report(*states, sandbox=sandbox))


def test_pods_of_which_the_same_is_true_share_their_conditions():
    begun, sandboxed = [generate(pod(), BARE, BOUND, is_terminal=False, reasons={}, moment=MOMENT) for _ in range(2)]
    assert begun["conditions"] is sandboxed["conditions"]
    ready = [pod_status.ready_to_start(each, pod(), "soon") for each in (begun, sandboxed)]
    assert ready[0]["conditions"] is ready[1]["conditions"]
    assert [each["status"] for each in ready[0]["conditions"]] == ["True", "True", "False", "False", "True"]
    assert [each["status"] for each in begun["conditions"]] == ["False", "True", "False", "False", "True"]
    assert ready[0]["conditions"][0]["lastTransitionTime"] == "soon"


def test_what_changes_between_shared_conditions_is_what_changes_between_their_copies():
    ready = pod_status.ready_to_start(BEGUN, pod(), "soon")
    for old, new in ((BOUND, BEGUN), (BEGUN, ready), (ready, UP), (UP, UP), (BEGUN, ready), (BOUND, BEGUN), (BOUND, UP)):
        assert patch_of(old, new) == patch_of(copy.deepcopy(old), copy.deepcopy(new))


def test_a_stamp_leaves_shared_conditions_as_they_are():
    before = copy.deepcopy(BEGUN["conditions"])
    listed = list(BEGUN["conditions"])
    conditions.stamp(listed, [], "much later")
    assert {each["lastTransitionTime"] for each in listed} == {"much later"}
    assert BEGUN["conditions"] == before
