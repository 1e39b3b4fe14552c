"""Ephemeral containers (`kubectl debug`): started once, beside the others, never restarted, never ready.

Source: the recording debug-and-resize; kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions).
"""

from tests.kubelet.world import World

DOCTOR = {"name": "doctor", "image": "busybox:1", "command": ["sh", "-c", "echo looking; sleep 1"]}


def with_doctor(**pod) -> World:
    world = World()
    world.create("patient", ["sleep", "1000"], **pod)
    world.run(1_500)
    body = {"spec": {"ephemeralContainers": [DOCTOR]}}
    world.ask(world.hand.client.patch("pods", "patient", body, "default", subresource="ephemeralcontainers"))
    return world


def doctors(world: World) -> list[dict]:
    return [status["ephemeralContainerStatuses"][0] for status in world.history("patient") if "ephemeralContainerStatuses" in status]


def test_it_is_created_runs_and_ends_without_being_started_again():
    world = with_doctor()
    world.run(30_000)
    states = [next(iter(status["state"])) for status in doctors(world)]
    assert list(dict.fromkeys(states)) == ["waiting", "running", "terminated"]
    waiting, ended = doctors(world)[0], doctors(world)[-1]
    assert waiting == {
        "name": "doctor", "state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": {}, "ready": False, "restartCount": 0,
        "image": "busybox:1", "imageID": ""}  # fmt: skip
    assert (ended["state"]["terminated"]["reason"], ended["restartCount"], ended["ready"], ended["resources"]) == ("Completed", 0, False, {})
    assert "started" not in ended and len(world.facts("ContainerStarted")) == 2
    assert [event[0] for event in world.events("patient")] == ["Pulled", "Created", "Started"] * 2


def test_the_pod_stays_what_it_was():
    world = with_doctor()
    world.run(30_000)
    status = world.pod("patient")["status"]
    assert status["phase"] == "Running" and status["containerStatuses"][0]["restartCount"] == 0
    assert world.pod("patient")["metadata"]["generation"] == 2


def test_it_starts_beside_an_init_container_that_hangs():
    world = with_doctor(initContainers=[{"name": "hangs", "image": "busybox:1", "command": ["sleep", "9999"]}])
    world.run(10_000)
    assert "terminated" in doctors(world)[-1]["state"] and doctors(world)[0]["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert "waiting" in world.state("patient")["state"]


def test_it_ends_with_its_pod():
    world = with_doctor()
    world.run(500)
    world.delete("patient", grace_s=0)
    world.run(5_000)
    assert world.pod("patient") is None and not world.node.runtime.state.processes


def test_with_a_target_it_sees_and_signals_that_containers_first_process():
    world = World()
    world.create("patient", ["sh", "-c", "trap 'exit 3' TERM; while true; do sleep 1; done"])
    world.run(1_500)
    doctor = {**DOCTOR, "command": ["sh", "-c", "ps; sleep 9999"], "targetContainerName": "app"}
    body = {"spec": {"ephemeralContainers": [doctor]}}
    world.ask(world.hand.client.patch("pods", "patient", body, "default", subresource="ephemeralcontainers"))
    world.run(2_000)
    runtime = world.node.runtime
    log = [line[2] for line in runtime.state.logs[runtime.running("default/patient", "doctor")].lines]
    assert "trap" in log[1] and log[1].startswith("    1 root") and "ps; sleep" in log[2]
    runtime.exec_asked(1, runtime.running("default/patient", "doctor"), ["kill", "1"], has_input=False, has_terminal=False)
    world.run(4_000)
    assert world.state("patient")["restartCount"] == 1 and world.state("patient")["lastState"]["terminated"]["exitCode"] == 3
