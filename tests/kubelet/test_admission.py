"""What a kubelet refuses by itself, and how it makes room for critical Pods.

Sources: kubernetes pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/sysctl/allowlist.go, pkg/kubelet/preemption/preemption.go.
"""

import pytest

from cluster.kinds import pod as pods
from cluster.kubelet import admission, admission_rules, preemption
from tests.kubelet.world import POLITE, World, conditions

LABEL, FIELD = admission_rules.LABEL, admission_rules.FIELD


@pytest.mark.parametrize(
    ("labels", "spec", "refused"),
    [
        ({}, {}, None),
        ({"kubernetes.io/os": "linux"}, {"os": {"name": "linux"}}, None),
        ({"kubernetes.io/os": "windows"}, {}, LABEL),
        ({}, {"os": {"name": "windows"}}, FIELD),
        ({}, {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]}}, None),
        (
            {},
            {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
            ("SysctlForbidden", 'forbidden sysctl: "kernel.msgmax" not allowlisted'),
        ),
        (
            {},
            {"securityContext": {"sysctls": [{"name": "kernel/sem", "value": "1"}]}, "os": {"name": "windows"}},
            ("SysctlForbidden", 'forbidden sysctl: "kernel.sem" not allowlisted'),
        ),
        (
            {},
            {"hostNetwork": True, "securityContext": {"sysctls": [{"name": "net/ipv4/tcp_syncookies", "value": "1"}]}},
            ("SysctlForbidden", 'forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host Net enabled'),
        ),
    ],
)
def test_a_pod_may_be_refused_whatever_room_there_is(labels, spec, refused):
    assert admission_rules.refusal({"metadata": {"labels": labels}, "spec": spec}) == refused


def test_a_pod_of_another_system_fails_at_once_and_says_so():
    world = World()
    world.create("pane", ["sleep", "1000"], os={"name": "windows"})
    world.run(500)
    status = world.pod("pane")["status"]
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", FIELD[0], "Pod was rejected: " + FIELD[1])
    assert world.events("pane") == [(*FIELD, 1)]


def pod(name, cpu="0", *, limits=False, priority=0):
    asked = {"cpu": cpu, "memory": "1Gi"} if cpu != "0" else {}
    resources = {"requests": asked, **({"limits": asked} if limits else {})}
    return {"metadata": {"name": name}, "spec": {"priority": priority, "containers": [{"name": "app", "resources": resources}]}}


@pytest.mark.parametrize(
    ("missing", "names"),
    [
        (500, ["small"]),  # one that is just enough, and of the two that are, the smaller one
        (1500, ["large"]),
        (2500, ["small", "large"]),
        (3500, ["large", "small", "guaranteed"]),
    ],
)
def test_as_few_pods_as_will_do_make_room_those_of_the_lower_class_first(missing, names):
    others = [pod("none"), pod("small", "1"), pod("large", "2"), pod("guaranteed", "1", limits=True), pod("equal", "4", priority=2_000_000_000)]
    chosen = preemption.victims_for(pod("critical", "4", priority=2_000_000_000), others, {"cpu": missing})
    assert sorted(each["metadata"]["name"] for each in chosen) == sorted(names)


def test_without_enough_to_take_nobody_is_ended():
    with pytest.raises(preemption.NoRoom, match=r"no set of running pods found to reclaim resources: \[\(res: cpu, q: 1000\), \]"):
        preemption.victims_for(pod("critical", "4", priority=2_000_000_000), [pod("small", "1")], {"cpu": 2000})


def test_a_critical_pod_waits_until_who_makes_room_for_it_has_ended():
    world = World()
    room = {"resources": {"requests": {"cpu": "3"}}}
    world.create("plain", POLITE, container=room, terminationGracePeriodSeconds=20)
    world.run(3_000)
    world.create("vital", ["sleep", "1000"], container=room, priorityClassName="system-node-critical")
    world.run(1_500)
    assert world.pod("vital")["status"] == {"phase": "Pending", "qosClass": "Burstable"}
    world.run(4_000)
    status = world.pod("plain")["status"]
    assert (status["phase"], status.get("reason")) == ("Succeeded", None)  # its containers ended well, and that is the last word
    assert conditions(status)["DisruptionTarget"] == "True/TerminationByKubelet"
    assert ("Preempting", "Preempted in order to admit critical pod", 1) in world.events("plain")
    assert world.pod("vital")["status"]["phase"] == "Running"


def test_a_pod_that_does_not_end_well_when_it_makes_room_has_failed_and_says_why():
    world = World()
    room = {"resources": {"requests": {"cpu": "3"}}}
    world.create("plain", ["sleep", "1000"], container=room, terminationGracePeriodSeconds=2)
    world.run(3_000)
    world.create("vital", ["sleep", "1000"], container=room, priorityClassName="system-node-critical")
    world.run(6_000)
    status = world.pod("plain")["status"]
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "Preempting", "Preempted in order to admit critical pod")


def test_a_critical_pod_for_which_nothing_can_go_is_refused():
    world = World()
    world.create("vital", ["sleep", "1000"], container={"resources": {"requests": {"cpu": "9"}}}, priorityClassName="system-node-critical")
    world.run(500)
    status = world.pod("vital")["status"]
    assert status["reason"] == "UnexpectedAdmissionError" and status["message"].endswith("[(res: cpu, q: 5000), ]")


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"initContainers": [{"name": "i", "resources": {}}]},
        {"containers": [{"name": "a", "resources": {"requests": {}}}]},
        {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}]},
        {"overhead": {"cpu": "1"}},
        {"resources": {"requests": {"memory": "1Gi"}}},
    ],
)
def test_what_a_pod_takes_is_what_it_requests_however_it_is_found(spec):
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "app"}], **spec}}
    assert admission.requests_of(pod) == pods.requests(pod)


def test_a_node_that_says_other_amounts_is_read_anew():
    node = {"status": {"allocatable": {"cpu": "2", "pods": "10"}}}
    assert admission.allocatable_of(node) == {"cpu": 2000, "pods": 10} and admission.allocatable_of(node) is admission.allocatable_of({**node})
    assert admission.allocatable_of({"status": {"allocatable": {"cpu": "1"}}}) == {"cpu": 1000} and admission.allocatable_of({}) == {}


@pytest.mark.parametrize(
    ("meta", "spec", "used", "is_welcome"),
    [
        ({}, {}, 9, True),
        ({}, {}, 10, False),
        ({"annotations": {"container.apparmor.security.beta.kubernetes.io/app": "x"}}, {}, 0, False),
        ({"labels": {"kubernetes.io/os": "windows"}}, {}, 0, False),
        ({}, {"os": {"name": "windows"}}, 0, False),
        ({}, {"nodeSelector": {"a": "b"}}, 0, False),
        ({}, {"affinity": {"nodeAffinity": {}}}, 0, False),
        ({}, {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, 0, False),
        ({}, {"containers": [{"name": "app", "securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}}]}, 0, False),
        ({}, {"containers": [{"name": "app", "ports": [{"containerPort": 80, "hostPort": 80}]}]}, 0, False),
        ({}, {"overhead": {"cpu": "9"}}, 0, False),
    ],
)
def test_a_pod_that_wants_a_place_alone_is_taken_without_more_ado(meta, spec, used, is_welcome):
    """Whom the short way takes the long way takes."""
    pod = {"metadata": {"name": "web", **meta}, "spec": {"containers": [{"name": "app"}], **spec}}
    node = {"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "2", "pods": "10"}}}
    taken = [("", "TCP", 80)]
    long = admission_rules.refusal(pod) or admission.refusal(pod, node, {"pods": used}, taken) or admission_rules.app_armor(pod)
    assert admission.is_welcome(pod, node, {"pods": used}) is is_welcome
    assert not is_welcome or long is None
