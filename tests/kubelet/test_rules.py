"""Tables: back-off, phase, conditions, patches, durations, environment."""

import pytest

from cluster.kubelet import backoff, conditions, environment
from cluster.kubelet.gotime import duration
from cluster.kubelet.phase import phase_of
from cluster.kubelet.state import Backoffs
from cluster.kubelet.status_patch import patch_of

RUNNING, WAITING = {"running": {}}, {"waiting": {}}


def ended(code):
    return {"terminated": {"exitCode": code}}


@pytest.mark.parametrize(
    ("failures", "delay_s"), [(0, 0), (1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (7, 300)]
)
def test_back_off_doubles_from_10_s_to_300_s(failures, delay_s):
    backoffs = Backoffs()
    for _ in range(failures):
        backoff.note(backoffs, "app", event_ms=0, now_ms=0)
    assert backoff.delay_ms(backoffs, "app") == delay_s * 1000


@pytest.mark.parametrize(("quiet_ms", "delay_s"), [(600_000, 20), (600_001, 10)])
def test_back_off_starts_anew_after_more_than_ten_minutes(quiet_ms, delay_s):
    backoffs = Backoffs()
    backoff.note(backoffs, "app", event_ms=0, now_ms=0)
    backoff.note(backoffs, "app", event_ms=quiet_ms, now_ms=quiet_ms)
    assert backoff.delay_ms(backoffs, "app") == delay_s * 1000


@pytest.mark.parametrize("most_ms, delays", [(1_000, [1_000, 1_000]), (15_000, [10_000, 15_000]), (300_000, [10_000, 20_000])])
def test_a_node_may_bound_the_back_off(most_ms, delays):
    """Source: pkg/kubelet/kubelet.go (newCrashLoopBackOff: operator-invoked configuration)."""
    backoffs, found = Backoffs(), []
    for _ in delays:
        backoff.note(backoffs, "app", event_ms=0, now_ms=0, most_ms=most_ms)
        found.append(backoff.delay_ms(backoffs, "app"))
    assert found == delays


@pytest.mark.parametrize(("now_ms", "waits"), [(0, True), (9_999, True), (10_000, False)])
def test_back_off_counts_from_the_end_of_the_last_run(now_ms, waits):
    backoffs = Backoffs()
    backoff.note(backoffs, "app", event_ms=0, now_ms=0)
    assert backoff.is_waiting(backoffs, "app", event_ms=0, now_ms=now_ms) is waits


@pytest.mark.parametrize(
    ("policy", "states", "terminal", "phase"),
    [
        ("Always", [WAITING], False, "Pending"),
        ("Always", [RUNNING], False, "Running"),
        ("Always", [RUNNING, WAITING], False, "Pending"),
        ("Always", [ended(1)], False, "Running"),
        ("Always", [ended(0)], False, "Running"),
        ("Always", [ended(0)], True, "Succeeded"),
        ("Always", [ended(143)], True, "Failed"),
        ("OnFailure", [ended(0)], False, "Succeeded"),
        ("OnFailure", [ended(1)], False, "Running"),
        ("Never", [ended(0), ended(1)], False, "Failed"),
        ("Never", [ended(0), RUNNING], False, "Running"),
    ],
)
def test_the_phase_follows_from_the_containers_and_the_restart_policy(policy, states, terminal, phase):
    names = [f"c{number}" for number in range(len(states))]
    pod = {"spec": {"restartPolicy": policy, "containers": [{"name": name} for name in names]}}
    statuses = {
        name: {"name": name, "state": state, "lastState": {}} for name, state in zip(names, states, strict=True)
    }
    assert phase_of(pod, statuses, {}, is_terminal=terminal, has_started=True) == phase


def test_a_crashed_container_that_waits_for_its_restart_leaves_the_pod_running():
    pod = {"spec": {"restartPolicy": "Always", "containers": [{"name": "app"}]}}
    statuses = {"app": {"name": "app", "state": WAITING, "lastState": ended(1)}}
    assert phase_of(pod, statuses, {}, is_terminal=False, has_started=True) == "Running"


def test_a_failed_init_container_that_may_not_restart_fails_the_pod():
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "app"}], "initContainers": [{"name": "init"}]}}
    init = {"init": {"name": "init", "state": ended(1), "lastState": {}}}
    app = {"app": {"name": "app", "state": WAITING, "lastState": {}}}
    assert phase_of(pod, app, init, is_terminal=False, has_started=False) == "Failed"


def test_readiness_gates_hold_ready_back():
    pod = {"spec": {"readinessGates": [{"conditionType": "example.com/up"}]}}
    holds, reason, message = conditions.ready(pod, (True, "", ""), [])
    assert (holds, reason) == (False, "ReadinessGatesNotReady")
    assert message == 'corresponding condition of pod readiness gate "example.com/up" does not exist.'
    up = [{"type": "example.com/up", "status": "True"}]
    assert conditions.ready(pod, (True, "", ""), up) == (True, "", "")


def test_a_transition_time_stays_while_the_status_stays():
    old = [
        {"type": "Ready", "status": "True", "lastTransitionTime": "then"},
        {"type": "Initialized", "status": "False", "lastTransitionTime": "then"},
    ]
    new = [conditions.make("Ready", 1, True), conditions.make("Initialized", 1, True)]
    conditions.stamp(new, old, "now")
    assert [each["lastTransitionTime"] for each in new] == ["then", "now"]


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"phase": "Pending"}, {"phase": "Pending"}, {}),
        ({"phase": "Pending"}, {"phase": "Running", "podIP": "1.2.3.4"}, {"phase": "Running", "podIP": "1.2.3.4"}),
        ({"reason": "Evicted"}, {}, {"reason": None}),
        ({"containerStatuses": [1]}, {"containerStatuses": [1, 2]}, {"containerStatuses": [1, 2]}),
    ],
)
def test_a_status_patch_holds_only_what_changed(old, new, patch):
    assert patch_of(old, new) == patch


def test_conditions_are_patched_by_their_type_and_kept_in_order():
    old = [{"type": "PodScheduled", "status": "True"}]
    new = [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True", "observedGeneration": 1}]
    assert patch_of({"conditions": old}, {"conditions": new}) == {
        "$setElementOrder/conditions": [{"type": "Ready"}, {"type": "PodScheduled"}],
        "conditions": [{"status": "False", "type": "Ready"}, {"observedGeneration": 1, "type": "PodScheduled"}],
    }
    assert patch_of({"conditions": new}, {"conditions": new}) == {}


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0s"), (345, "345ms"), (1_234, "1.234s"), (10_000, "10s"), (80_000, "1m20s"), (300_000, "5m0s")],
)
def test_durations_print_as_go_prints_them(ms, text):
    assert duration(ms) == text


def test_variables_may_name_earlier_ones_and_fields_of_the_pod():
    pod = {
        "metadata": {"name": "web", "namespace": "default", "uid": "u", "labels": {"app": "x"}},
        "spec": {"nodeName": "n"},
    }
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)-$(C)-$$(A)"},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
    ]
    facts = {"pod_ip": "10.244.0.2", "host_ip": "10.200.0.11"}
    found = environment.variables(
        pod, {"env": env}, services={}, look=lambda *_: None, find=lambda *_: None, facts=facts, allocatable=dict
    )
    assert found == {"A": "1", "B": "1-$(C)-$(A)", "NAME": "web", "IP": "10.244.0.2", "APP": "x"}
