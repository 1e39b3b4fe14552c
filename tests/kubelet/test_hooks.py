"""Playbooks: postStart and preStop. Sources: kuberuntime_container.go, lifecycle/handlers.go, the recordings (lifecycle-hooks)."""

from __future__ import annotations

import json

import pytest

from tests.kubelet.world import POLITE, World

SLEEP = ["sleep", "1000"]
SERVE = ["sh", "-c", "mkdir -p /www; echo hi > /www/bye; httpd -f -p 8080 -h /www"]


def a_pod(command=SLEEP, *, seconds=5, hooks: dict, grace_s=1, container=None, **spec) -> World:
    world = World()
    world.create("web", command, container={"lifecycle": hooks, **(container or {})}, terminationGracePeriodSeconds=grace_s, **spec)
    world.run(seconds * 1000)
    return world


def shell(text: str) -> dict:
    return {"exec": {"command": ["sh", "-c", text]}}


def test_a_container_does_not_count_as_started_before_its_post_start_has_ended():
    world = a_pod(seconds=2, hooks={"postStart": shell("sleep 2; echo hello > /tmp/greeting")})
    assert world.state("web")["state"] == {"waiting": {"reason": "ContainerCreating"}} and world.facts("ContainerStarted")
    world.run(2_000)
    assert "running" in world.state("web")["state"] and world.state("web")["ready"]
    runtime = world.node.runtime
    assert runtime.world_of(runtime.running("default/web", "app")).read_file("/tmp/greeting") == "hello\n"


def test_while_a_post_start_runs_a_snapshot_can_be_taken():
    world = a_pod(seconds=2, hooks={"postStart": {"sleep": {"seconds": 30}}}, grace_s=60)
    assert not world.node.kubelet.works and world.node.kubelet.state.workers


@pytest.mark.parametrize("hook", ["postStart", "preStop"])
def test_a_hook_may_write_into_the_containers_log(hook):
    world = a_pod(POLITE, hooks={hook: shell("echo told >> /proc/1/fd/1; sleep 3")}, grace_s=9)
    if hook == "preStop":
        world.delete("web")
        world.run(1_000)
    assert "told" in world.node.logs("default", "web", "app", {})
    assert not [event for event in world.events("web") if event[0].startswith("Failed")]


def test_a_failed_post_start_kills_the_container():
    world = a_pod(seconds=8, hooks={"postStart": shell("echo one; echo two >&2; exit 4")}, restartPolicy="Never")
    events = world.events("web")
    assert ("FailedPostStartHook", "PostStartHook failed", 1) in events and ("Killing", "FailedPostStartHook", 1) in events
    last = world.pod("web")["status"]
    assert last["phase"] == "Failed" and last["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137
    refused = world.facts("ContainerStartRefused")[0].data
    uid = world.pod("web")["metadata"]["uid"]
    assert refused["reason"] == "PostStartHookError" and refused["message"] == (
        f'Exec lifecycle hook ([sh -c echo one; echo two >&2; exit 4]) for Container "app" in Pod "web_default({uid})" failed - error: '
        "command 'sh -c echo one; echo two >&2; exit 4' exited with 4: two\n, message: \"one\\ntwo\\n\""
    )


def test_a_container_whose_post_start_failed_is_started_again_by_its_policy():
    world = a_pod(seconds=25, hooks={"postStart": shell("exit 1")})
    assert world.state("web")["restartCount"] >= 1
    states = [status["containerStatuses"][0] for status in world.history("web") if status.get("containerStatuses")]
    reasons = [each["state"].get("waiting", {}).get("reason") for each in states]
    assert "PostStartHookError" in reasons or "CrashLoopBackOff" in reasons


def test_a_post_start_over_http_needs_a_listener_but_no_good_answer():
    world = a_pod(SERVE, hooks={"postStart": {"httpGet": {"path": "/nothing", "port": 8080}}})
    assert world.state("web")["ready"]
    refused = a_pod(SLEEP, hooks={"postStart": {"httpGet": {"path": "/", "port": 8080}}})
    assert "FailedPostStartHook" in [reason for reason, _, _ in refused.events("web")]


NETEXEC = {"image": "registry.k8s.io/e2e-test-images/agnhost:2.63.0", "command": None}


@pytest.mark.parametrize(("flags", "falls_back"), [(["--tls-cert-file=/localhost.crt", "--tls-private-key-file=/localhost.key"], False), ([], True)])
def test_a_hook_over_https_falls_back_to_http_only_where_the_server_speaks_that(flags, falls_back):
    action = {"path": "/echo?msg=hook", "port": 8080, "scheme": "HTTPS"}
    world = a_pod(hooks={"postStart": {"httpGet": action}}, command=None, container=NETEXEC | {"args": ["netexec", *flags]})
    assert "GET /echo?msg=hook" in world.node.logs("default", "web", "app", {})
    assert ("LifecycleHTTPFallback" in [event[0] for event in world.events("web")]) is falls_back


def test_the_next_container_waits_for_the_post_start_of_the_one_before():
    other = {"name": "other", "image": "busybox:1", "command": SLEEP}
    world = World()
    world.create("web", SLEEP, container={"lifecycle": {"postStart": {"sleep": {"seconds": 3}}}}, others=[other])
    world.run(6_000)
    at = [fact.at_ms for fact in world.facts("ContainerStarted")]
    assert at[1] - at[0] >= 3_000


def test_a_pre_stop_over_http_is_heard_before_sigterm():
    world = a_pod(SERVE, hooks={"preStop": {"httpGet": {"path": "/bye", "port": 8080}}}, grace_s=5)
    world.delete("web")
    world.run(1_000)
    assert world.facts("PreStopStarted") and world.facts("SignalSent") and not world.facts("HookFailed")


def test_a_pre_stop_longer_than_the_grace_period_is_cut_off_and_fails_when_the_container_ends():
    world = a_pod(POLITE, hooks={"preStop": {"exec": {"command": ["sleep", "60"]}}}, grace_s=4)
    world.delete("web")
    world.run(8_000)
    assert ("FailedPreStopHook", "PreStopHook failed", 1) in world.events("web")
    begun, sent = world.facts("PreStopStarted")[0].at_ms, world.facts("SignalSent")[0]
    assert sent.at_ms - begun == 4_000 and sent.data["grace_ms"] == 2_000
    assert world.pod("web") is None and world.history("web")[-1]["phase"] == "Succeeded"


def test_a_pre_stop_that_fails_is_told_and_sigterm_follows():
    world = a_pod(POLITE, hooks={"preStop": {"exec": {"command": ["false"]}}}, grace_s=4)
    world.delete("web")
    world.run(4_000)
    assert ("FailedPreStopHook", "PreStopHook failed", 1) in world.events("web") and world.pod("web") is None


@pytest.mark.slow
@pytest.mark.parametrize("cut_ms", [1_800, 4_300, 7_100, 9_050])
def test_a_snapshot_in_the_midst_of_probes_and_hooks_goes_on_as_the_run_that_was_never_interrupted(cut_ms):
    probe = {"exec": {"command": ["sh", "-c", "sleep 1; cat /tmp/up"]}, "periodSeconds": 2, "timeoutSeconds": 3}
    hooks = {"postStart": shell("sleep 4; touch /tmp/up"), "preStop": shell("sleep 2")}
    world, other = World(), World(start=False)
    world.create("web", POLITE, container={"lifecycle": hooks, "readinessProbe": probe, "livenessProbe": probe}, activeDeadlineSeconds=60)
    world.run(cut_ms)
    while not world.engine.is_at_rest:
        world.engine.step()
    other.store.restore(world.store.snapshot())
    other.engine.restore(json.loads(json.dumps(world.engine.snapshot())))
    for each in (world, other):
        each.until(20_000)
        each.delete("web")
        each.run(10_000)
    assert world.store.snapshot() == other.store.snapshot() and world.pod("web") is None
    assert world.node.kubelet.state == other.node.kubelet.state


@pytest.mark.parametrize("hook", [shell("sleep 10000"), {"sleep": {"seconds": 60}}])
def test_a_post_start_that_never_returns_is_cancelled_by_the_end_of_its_pod(hook):
    world = a_pod(POLITE, hooks={"postStart": hook}, grace_s=60)
    assert world.state("web")["state"] == {"waiting": {"reason": "ContainerCreating"}}
    world.delete("web")
    world.run(8_000)
    assert world.pod("web") is None and not world.node.runtime.state.commands
    said = [(reason, message) for reason, message, _ in world.events("web")]
    assert ("FailedPostStartHook", "PostStartHook failed") in said
    assert ("Killing", "FailedPostStartHook") in said and ("Killing", "Stopping container app") in said
