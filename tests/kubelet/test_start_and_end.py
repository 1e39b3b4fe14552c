"""Playbooks: a Pod from its binding to Running, and from its deletion to its end, as the recordings have it."""

import pytest

from tests.kubelet.world import POLITE, STARTED_MS, World, conditions


def test_a_pod_goes_from_bound_to_running_in_three_statuses():
    world = World()
    world.create("web", image="nginx/nginx:v1")
    world.run(1_000)
    created, sandbox, running = world.history("web")[1:]
    assert conditions(created) == {
        "PodReadyToStartContainers": "False",
        "Initialized": "True",
        "Ready": "False/ContainersNotReady",
        "ContainersReady": "False/ContainersNotReady",
        "PodScheduled": "True",
    }
    assert created["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert conditions(sandbox)["PodReadyToStartContainers"] == "True" and "podIP" not in sandbox
    assert running["phase"] == "Running" and conditions(running)["Ready"] == "True"
    assert running["podIP"] == "10.244.0.2" and running["hostIP"] == "10.200.0.11"
    status = running["containerStatuses"][0]
    assert status["image"] == "docker.io/nginx/nginx:v1" and status["imageID"].startswith("sha256:a21a9b")
    assert status["volumeMounts"][0]["recursiveReadOnly"] == "Disabled"


def test_the_events_of_a_start_have_the_texts_of_1_36():
    world = World()
    world.create("web", image="nginx/nginx:v1")
    world.run(1_000)
    assert world.events("web") == [
        ("Pulled", 'Container image "nginx/nginx:v1" already present on machine and can be accessed by the pod', 1),
        ("Created", "Container created", 1),
        ("Started", "Container started", 1),
    ]


def test_the_sandbox_takes_about_400_ms_and_the_container_about_100():
    world = World()
    world.create("web", image="nginx/nginx:v1")
    world.run(1_000)
    at = {fact.kind: fact.at_ms for fact in world.facts("PodAdmitted", "SandboxStarted", "ContainerStarted")}
    assert 350 <= at["SandboxStarted"] - at["PodAdmitted"] <= 520
    assert 60 <= at["ContainerStarted"] - at["SandboxStarted"] <= 150


def test_a_deleted_nginx_succeeds_and_its_object_goes_within_two_seconds():
    world = World()
    world.create("web", image="nginx/nginx:v1")
    world.run(5_000)
    world.delete("web")
    world.run(2_500)
    last = world.history("web")[-1]
    assert last["phase"] == "Succeeded" and conditions(last)["Ready"] == "False/PodCompleted"
    assert last["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    assert world.pod("web") is None
    assert ("Killing", "Stopping container app", 1) in world.events("web")


def test_a_deleted_tomcat_fails_with_143():
    world = World()
    world.create("cat", image="tomcat/tomcat-8.5-jre8:v1")
    world.run(5_000)
    world.delete("cat")
    world.run(2_500)
    last = world.history("cat")[-1]
    assert last["phase"] == "Failed" and last["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 143


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace_period_and_one_second_is_really_two():
    world = World()
    world.create("stubborn", ["sleep", "1000"], terminationGracePeriodSeconds=1)
    world.run(5_000)
    world.delete("stubborn")
    world.run(6_000)
    sent = {fact.data["signal"]: fact.at_ms for fact in world.facts("SignalSent")}
    assert sent["SIGKILL"] - sent["SIGTERM"] == 2_000
    last = world.history("stubborn")[-1]
    assert last["phase"] == "Failed" and last["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137
    assert world.pod("stubborn") is None


def test_a_shell_with_a_trap_ends_when_its_sleep_has_ended():
    world = World()
    world.create("polite", POLITE)
    world.run(5_000)
    world.delete("polite")
    world.run(4_000)
    terminated = world.history("polite")[-1]["containerStatuses"][0]["state"]["terminated"]
    assert (terminated["exitCode"], terminated["reason"]) == (0, "Completed")


def test_a_forced_delete_removes_the_object_first_and_the_container_after():
    world = World()
    world.create("forced", ["sh", "-c", "trap '' TERM; while true; do sleep 1; done"])
    world.run(5_000)
    world.delete("forced", grace_s=0)
    world.run(20)
    assert world.pod("forced") is None
    assert world.node.runtime.state.processes
    world.run(5_000)
    assert not world.node.runtime.state.processes and not world.node.runtime.state.addresses
    assert not world.node.kubelet.state.workers


def test_sigterm_waits_for_the_pre_stop_hook():
    world = World()
    hook = {"lifecycle": {"preStop": {"exec": {"command": ["sleep", "3"]}}}}
    world.create("hooked", POLITE, container=hook)
    world.run(5_000)
    world.delete("hooked")
    world.run(8_000)
    started, sent = world.facts("PreStopStarted")[0], world.facts("SignalSent")[0]
    assert sent.at_ms - started.at_ms == 3_000 and sent.data["grace_ms"] == 27_000


def test_a_delete_right_after_the_start_waits_for_the_next_relist():
    waits = []
    for seed in range(1, 7):
        world = World(seed=seed)
        world.create("web", image="nginx/nginx:v1")
        world.run(700)
        world.delete("web")
        deleted_ms = world.engine.now_ms
        world.run(3_000)
        waits.append(world.facts("SignalSent")[0].at_ms - deleted_ms)
    assert max(waits) > 500 and all(0 < wait <= 2_000 for wait in waits)


def test_a_finished_pod_succeeds_a_second_after_its_process():
    world = World()
    world.create("job", ["sh", "-c", "exit 0"], restartPolicy="Never")
    world.run(4_000)
    phases = [status["phase"] for status in world.history("job")]
    assert phases == ["Pending", "Pending", "Pending", "Running", "Running", "Succeeded"]
    held, final = world.history("job")[-2:]
    assert conditions(held)["Ready"] == "False/PodCompleted" and conditions(held)["PodReadyToStartContainers"] == "True"
    assert conditions(final)["PodReadyToStartContainers"] == "False"
    assert world.node.runtime.containers(world.pod("job")["metadata"]["uid"]), "its log is still to be read"


def test_init_containers_run_one_after_the_other():
    world = World()
    init = [
        {"name": "one", "image": "busybox:1", "command": ["sh", "-c", "sleep 2"]},
        {"name": "two", "image": "busybox:1", "command": ["true"]},
    ]
    world.create("web", image="nginx/nginx:v1", initContainers=init)
    world.run(10_000)
    started = [fact.data["container"] for fact in world.facts("ContainerStarted")]
    assert started == ["one", "two", "app"]
    assert world.pod("web")["status"]["phase"] == "Running"
    assert world.pod("web")["status"]["initContainerStatuses"][0]["ready"] is True


def test_a_running_cluster_is_at_rest_and_settled():
    world = World()
    world.create("polite", POLITE)
    world.create("sleeper", ["sleep", "1000"])
    world.run(5_000)
    assert world.engine.is_settled and world.engine.is_at_rest


@pytest.mark.slow
def test_a_snapshot_goes_on_as_the_run_that_was_never_interrupted():
    world, other = World(), World(start=False)
    world.create("crasher", ["sh", "-c", "sleep 2; exit 1"])
    world.create("polite", POLITE)
    world.run(6_000)
    other.store.restore(world.store.snapshot())
    other.engine.restore(world.engine.snapshot())
    for each in (world, other):
        each.run(40_000)
        each.delete("polite")
        each.run(10_000)
    assert world.store.snapshot() == other.store.snapshot()
    assert world.node.runtime.state == other.node.runtime.state


def test_two_runs_of_one_seed_are_alike():
    def play():
        world = World(seed=7)
        world.create("crasher", ["sh", "-c", "exit 1"])
        world.create("web", image="redis:7")
        world.run(40_000)
        world.delete("web")
        world.run(5_000)
        return [(fact.at_ms, fact.actor, fact.kind, fact.data) for fact in world.engine.trace.events]

    assert play() == play()


def test_a_pod_starts_only_after_the_kubelet_has_started():
    world = World()
    assert world.engine.now_ms == STARTED_MS
    world.node.stop()
    world.create("web", image="nginx/nginx:v1")
    world.run(5_000)
    assert [status["phase"] for status in world.history("web")] == ["Pending"]
    world.node.start()
    world.run(2_000)
    assert world.pod("web")["status"]["phase"] == "Running"


def test_a_host_knows_its_full_name_from_its_hosts_file():
    world = World()
    world.create("web", ["sh", "-c", "echo $(hostname) $(hostname -f) $(hostname -d) $(hostname -s); sleep 1000"], subdomain="db")
    world.run(5_000)
    assert world.node.logs("default", "web", "app", {}) == "web web.db.default.svc.cluster.local db.default.svc.cluster.local web\n"
