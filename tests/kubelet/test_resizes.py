"""Playbooks: resources of a running Pod are resized in place. Sources: allocation_manager.go, the recordings (debug-and-resize)."""

from __future__ import annotations

import pytest

from cluster.kubelet import pod_amounts
from tests.kubelet.world import World, conditions

SIZES = {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
POLICY = [{"resourceName": "cpu", "restartPolicy": "NotRequired"}, {"resourceName": "memory", "restartPolicy": "RestartContainer"}]


def a_pod(**more) -> World:
    world = World()
    world.create("web", ["sleep", "1000"], container={"resources": SIZES, "resizePolicy": POLICY}, terminationGracePeriodSeconds=0, **more)
    world.run(4_000)
    return world


def resize(world: World, seconds: int = 1, *, pod: str = "web", **resources) -> None:
    body = {"spec": {"containers": [{"name": "app", "resources": resources}]}}
    world.ask(world.hand.client.patch("pods", pod, body, namespace="default", subresource="resize"))
    world.run(seconds * 1000)


def resize_events(world: World) -> list[str]:
    return [message for reason, message, _ in world.events("web") if reason.startswith("Resize")]


def test_cpu_is_resized_without_a_restart():
    world = a_pod()
    resize(world, requests={"cpu": "80m"}, limits={"cpu": "160m"})
    sizes = '{"limits":{"cpu":"160m","memory":"64Mi"},"requests":{"cpu":"80m","memory":"32Mi"}}'
    what = f'{{"containers":[{{"name":"app","resources":{sizes}}}],"generation":2}}'
    assert resize_events(world) == ["Pod resize started: " + what, "Pod resize completed: " + what]
    state = world.state("web")
    assert state["resources"]["limits"]["cpu"] == "160m" and state["allocatedResources"]["cpu"] == "80m" and state["restartCount"] == 0
    assert "PodResizeInProgress" not in conditions(world.pod("web")["status"])
    during = [status for status in world.history("web") if "PodResizeInProgress" in conditions({"conditions": status.get("conditions") or []})]
    shown = during[0]["containerStatuses"][0]
    assert shown["allocatedResources"]["cpu"] == "80m" and shown["resources"]["limits"]["cpu"] == "100m"


def test_memory_is_resized_by_a_restart_where_the_policy_says_so():
    world = a_pod()
    resize(world, 5, limits={"memory": "96Mi"})
    assert ("Killing", "Container app resize requires restart", 1) in world.events("web")
    state = world.state("web")
    assert state["restartCount"] == 1 and state["resources"]["limits"]["memory"] == "96Mi" and len(resize_events(world)) == 2


def test_a_resize_without_room_waits_until_another_pod_goes():
    world = a_pod()
    other = {"resources": {"requests": {"cpu": "3500m"}}}
    world.create("patient", ["sleep", "1000"], container=other, terminationGracePeriodSeconds=0)
    world.run(3_000)
    resize(world, requests={"cpu": "1"}, limits={"cpu": "1"})
    pending = next(each for each in world.pod("web")["status"]["conditions"] if each["type"] == "PodResizePending")
    assert (pending["status"], pending["reason"]) == ("True", "Deferred") and world.state("web")["resources"]["requests"]["cpu"] == "50m"
    assert pending["message"] == "Node didn't have enough resource: cpu, requested: 1000, used: 3500, capacity: 4000"
    assert resize_events(world)[0].startswith("Pod resize OutOfcpu: ") and resize_events(world)[0].endswith(f'"error":"{pending["message"]}"}}')
    world.delete("patient")
    world.run(2_000)
    assert world.state("web")["resources"]["requests"]["cpu"] == "1"
    assert "PodResizePending" not in conditions(world.pod("web")["status"])


def test_no_program_lives_with_next_to_no_memory():
    world = World()
    world.create("web", ["sleep", "1000"], container={"resources": SIZES})
    world.run(4_000)
    resize(world, 100, requests={"memory": "10Ki"}, limits={"memory": "10Ki"})
    found = next(each for each in world.pod("web")["status"]["conditions"] if each["type"] == "PodResizeInProgress")
    assert found["reason"] == "Error" and "memory limit (10240) below current usage (262144)" in found["message"]


def test_a_resize_that_waits_fits_once_another_pod_asks_for_less():
    world = a_pod()
    world.create("big", ["sleep", "1000"], container={"resources": {"requests": {"cpu": "3500m"}}})
    world.run(3_000)
    resize(world, requests={"cpu": "1"}, limits={"cpu": "1"})
    assert "PodResizePending" in conditions(world.pod("web")["status"])
    resize(world, 3, pod="big", requests={"cpu": "1"})
    assert world.state("web")["resources"]["requests"]["cpu"] == "1" and "PodResizePending" not in conditions(world.pod("web")["status"])


def test_resizes_that_wait_have_their_turn_by_priority_then_class_then_time():
    world, little = World(), {"cpu": "100m", "memory": "32Mi"}
    spec = {"terminationGracePeriodSeconds": 0}
    world.create("big", ["sleep", "1000"], container={"resources": {"requests": {"cpu": "3"}}}, **spec)
    world.create("first", ["sleep", "1000"], container={"resources": {"requests": little}}, **spec)
    world.create("guaranteed", ["sleep", "1000"], container={"resources": {"requests": little, "limits": little}}, **spec)
    world.create("urgent", ["sleep", "1000"], container={"resources": {"requests": little}}, priorityClassName="system-cluster-critical", **spec)
    world.run(5_000)
    for name, more in (("first", {}), ("guaranteed", {"limits": {"cpu": "3", "memory": "32Mi"}}), ("urgent", {})):
        resize(world, pod=name, requests={"cpu": "3", "memory": "32Mi"}, **more)
    gone = []
    for name in ("big", "urgent", "guaranteed"):
        world.delete(name)
        world.run(3_000)
        left = [each for each in ("first", "guaranteed", "urgent") if world.pod(each)]
        gone.append([each for each in left if world.state(each)["resources"]["requests"]["cpu"] == "3"])
    assert gone == [["urgent"], ["guaranteed"], ["first"]]


def test_a_resize_beyond_the_node_is_refused():
    world = a_pod()
    resize(world, requests={"cpu": "400"}, limits={"cpu": "400"})
    answer = world.hand.answers[-1]
    words = "node didn't have enough allocatable resources: cpu, requested: 400000, allocatable: 4000"
    assert (answer.code, answer.body["message"]) == (403, f'pods "web" is forbidden: {words}')
    assert answer.body["details"]["causes"] == [{"reason": "NodeCapacity"}]


def test_a_pod_that_was_never_resized_has_no_entry_and_one_that_is_gone_leaves_none():
    world = a_pod()
    assert world.node.kubelet.state.resizes == {}
    resize(world, requests={"cpu": "60m"})
    assert world.node.kubelet.state.resizes
    world.delete("web")
    world.run(5_000)
    assert world.node.kubelet.state.resizes == {} and not any(world.node.kubelet.state.used.values())


def test_memory_does_not_become_less_than_what_is_used():
    world = World()
    sizes = {"requests": {"memory": "64Mi"}, "limits": {"memory": "256Mi"}}
    world.create("web", ["stress", "--vm", "1", "--vm-bytes", "200M"], image="polinux/stress", container={"resources": sizes})
    world.run(4_000)
    resize(world, 20, limits={"memory": "128Mi"})
    told = [message for reason, message, _ in world.events("web") if reason == "ResizeError"]
    pod_words = "attempting to set pod memory limit (134217728) below current usage (209715200)"
    app_words = 'attempting to set container "app" memory limit (134217728) below current usage (209715200)'
    words = f"cannot decrease memory limits: [{pod_words}, {app_words}]"
    assert len(told) == 1 and told[0].startswith("Pod resize error: ") and told[0].endswith('"}') and pod_words in told[0]
    under_way = next(each for each in world.pod("web")["status"]["conditions"] if each["type"] == "PodResizeInProgress")
    assert (under_way["status"], under_way["reason"], under_way["message"]) == ("True", "Error", words)
    assert world.state("web")["resources"]["limits"]["memory"] == "256Mi" and world.state("web")["restartCount"] == 0
    resize(world, 16, limits={"memory": "512Mi"})
    assert "PodResizeInProgress" not in conditions(world.pod("web")["status"]) and resize_events(world)[-1].startswith("Pod resize completed: ")
    [process] = world.node.runtime.state.processes.values()
    assert process.memory_limit == 512 << 20


def test_resources_at_pod_level_are_resized_and_shown():
    world = World()
    world.create("web", ["sleep", "1000"], resources={"requests": {"cpu": "1", "memory": "64Mi"}, "limits": {"memory": "128Mi"}})
    world.run(3_000)
    [process] = world.node.runtime.state.processes.values()
    assert process.memory_limit == 128 << 20  # a container that says nothing may have as much as the Pod
    world.ask(world.hand.client.patch("pods", "web", {"spec": {"resources": {"requests": {"cpu": "2"}}}}, namespace="default", subresource="resize"))
    world.run(2_000)
    status = world.pod("web")["status"]
    assert status["allocatedResources"] == {"cpu": "2", "memory": "64Mi"}
    assert status["resources"] == {"limits": {"memory": "128Mi"}, "requests": {"cpu": "2", "memory": "64Mi"}}
    assert [message.partition(":")[0] for message in resize_events(world)] == ["Pod resize started", "Pod resize completed"]


FULL = {"resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}}}
HALF = {"resources": {"requests": {"cpu": "1m"}, "limits": {"memory": "32Mi"}}}


@pytest.mark.parametrize(
    ("spec", "phase", "shown"),
    [
        ({"containers": [{}]}, "Running", {"resources": {}}),
        (
            {"containers": [FULL, HALF]},  # a limit that one container lacks is none of the Pod's cgroup
            "Running",
            {
                "allocatedResources": {"cpu": "101m", "memory": "64Mi"},
                "resources": {"limits": {"memory": "96Mi"}, "requests": {"cpu": "101m", "memory": "64Mi"}},
            },
        ),
        (
            {"containers": [FULL, HALF]},
            "Pending",
            {
                "allocatedResources": {"cpu": "101m", "memory": "64Mi"},
                "resources": {"limits": {"cpu": "200m", "memory": "96Mi"}, "requests": {"cpu": "101m", "memory": "64Mi"}},
            },
        ),
        ({"containers": [HALF]}, "Running", {"allocatedResources": {"cpu": "1m"}, "resources": {"limits": {"memory": "32Mi"}}}),
        (
            {"containers": [FULL], "overhead": {"cpu": "50m", "memory": "16Mi"}},
            "Running",
            {
                "allocatedResources": {"cpu": "150m", "memory": "80Mi"},
                "resources": {"limits": {"cpu": "250m", "memory": "80Mi"}, "requests": {"cpu": "150m", "memory": "80Mi"}},
            },
        ),
    ],
)
def test_a_status_says_what_is_promised_and_what_the_cgroup_holds(spec, phase, shown):
    pod = {"spec": spec, "status": {"phase": phase}}
    assert pod_amounts.of_status(pod, pod, {}) == shown


def test_what_runs_shows_its_memory_as_the_cgroup_has_it():
    """Source: kubernetes pkg/kubelet/kubelet_pods.go (convertContainerStatusResources), kuberuntime_container.go (toKubeContainerStatus)."""
    world = World()
    sizes = {"requests": {"memory": "64M"}, "limits": {"memory": "128M"}}
    world.create("web", ["sleep", "1000"], container={"resources": sizes})
    world.run(3_000)
    assert world.state("web")["resources"] == {"requests": {"memory": "64M"}, "limits": {"memory": "125000Ki"}}
    resize(world, 3, requests={"memory": "100M"}, limits={"memory": "200M"})
    state = world.state("web")
    assert state["allocatedResources"] == {"memory": "100M"}
    assert state["resources"] == {"requests": {"memory": "100M"}, "limits": {"memory": "200000000"}}  # what was put in force last
    assert world.pod("web")["status"]["resources"]["requests"] == {"memory": "64M"}  # of the Pod as a whole it shows as before
    assert "PodResizeInProgress" not in conditions(world.pod("web")["status"]) and len(resize_events(world)) == 2


def test_what_is_asked_for_while_the_kubelet_is_off_is_a_resize_when_it_is_back():
    """Source: pkg/kubelet/allocation/state/state_checkpoint.go."""
    world = a_pod()
    world.node.stop()
    resize(world, requests={"cpu": "80m"}, limits={"cpu": "160m"})
    assert not resize_events(world)
    world.node.start()
    world.run(4_000)
    assert [message.partition(":")[0] for message in resize_events(world)] == ["Pod resize started", "Pod resize completed"]
    assert world.state("web")["allocatedResources"]["cpu"] == "80m" and world.state("web")["restartCount"] == 0
    assert next(iter(world.node.runtime.state.processes.values())).cpu_limit == 160


def test_a_resize_that_waits_still_waits_after_a_restart_of_the_kubelet():
    world = a_pod()
    world.create("other", ["sleep", "1000"], container={"resources": {"requests": {"cpu": "1"}}})
    world.run(2_000)
    resize(world, requests={"cpu": "3900m"}, limits={"cpu": "3900m"})
    world.node.stop()
    world.run(2_000)
    world.node.start()
    world.run(4_000)
    assert world.state("web")["allocatedResources"]["cpu"] == "50m"
    assert conditions(world.pod("web")["status"])["PodResizePending"] == "True/Deferred"
    assert world.node.kubelet.state.used["cpu"] == 1_050
    world.delete("other", grace_s=0)
    world.run(40_000)
    assert world.state("web")["allocatedResources"]["cpu"] == "3900m"
