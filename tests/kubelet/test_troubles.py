"""Playbooks: crashes, images that cannot be had, Pods that the node refuses, and faults."""

from itertools import pairwise

from tests.kubelet.world import POLITE, World, conditions

NO_HOST = (
    'failed to pull and unpack image "registry.invalid/nginx:nope": failed to resolve image: failed to do request: '
    'Head "https://registry.invalid/v2/nginx/manifests/nope": '
    "dial tcp: lookup registry.invalid on 10.200.0.1:53: no such host"
)


def crash_starts(world):
    return [fact.at_ms for fact in world.facts("ContainerStarted")]


def test_a_crash_is_restarted_at_once_and_then_after_10_and_20_seconds_times_a_jitter():
    world = World()
    world.create("crasher", ["sh", "-c", "echo boom; exit 1"])
    world.run(60_000)
    starts = crash_starts(world)
    waits = [later - earlier for earlier, later in pairwise(starts)]
    assert waits[0] < 2_000 and 10_000 < waits[1] <= 17_000 and 20_000 < waits[2] <= 32_000


def test_back_off_starts_anew_after_ten_minutes_without_trouble():
    world = World()
    world.create("crasher", ["sh", "-c", "sleep 700; exit 1"])
    world.run(2_900_000)
    starts = crash_starts(world)
    assert all(later - earlier < 703_000 for earlier, later in pairwise(starts)) and len(starts) == 5


def test_crash_loop_back_off_is_only_written_by_the_next_pass():
    world = World()
    world.create("crasher", ["sh", "-c", "exit 1"])
    world.run(10_000)
    assert world.state("crasher")["state"]["terminated"]["exitCode"] == 1
    world.run(8_000)
    waiting = [
        status["containerStatuses"][0]["state"].get("waiting")
        for status in world.history("crasher")
        if status.get("containerStatuses")
    ]
    found = [each for each in waiting if each and each["reason"] == "CrashLoopBackOff"]
    uid = world.pod("crasher")["metadata"]["uid"]
    assert found[0]["message"] == f"back-off 10s restarting failed container=app pod=crasher_default({uid})"
    assert world.state("crasher")["restartCount"] == 2


def test_the_last_state_tells_of_the_run_before():
    world = World()
    world.create("crasher", ["sh", "-c", "exit 3"])
    world.run(5_000)
    state = world.state("crasher")
    assert state["restartCount"] == 1
    assert state["state"]["terminated"]["exitCode"] == state["lastState"]["terminated"]["exitCode"] == 3
    assert state["state"]["terminated"]["containerID"] != state["lastState"]["terminated"]["containerID"]


def test_on_failure_restarts_a_failure_and_lets_success_be():
    world = World()
    world.create("good", ["sh", "-c", "exit 0"], restartPolicy="OnFailure")
    world.create("bad", ["sh", "-c", "exit 1"], restartPolicy="OnFailure")
    world.run(6_000)
    assert world.pod("good")["status"]["phase"] == "Succeeded"
    assert world.pod("bad")["status"]["phase"] == "Running" and world.state("bad")["restartCount"] == 1


def test_without_a_registry_a_missing_image_ends_in_image_pull_back_off_and_a_mended_name_heals_it():
    world = World(profile="oracle")
    world.create("badtag", image="registry.invalid/nginx:nope", command=["sleep", "1000"])
    world.run(1_500)
    assert world.state("badtag")["state"]["waiting"] == {"reason": "ErrImagePull", "message": NO_HOST}
    world.run(16_000)
    waiting = world.state("badtag")["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"] == f'Back-off pulling image "registry.invalid/nginx:nope": ErrImagePull: {NO_HOST}'
    assert world.pod("badtag")["status"]["phase"] == "Pending" and world.state("badtag")["restartCount"] == 0
    patch = {"spec": {"containers": [{"name": "app", "image": "busybox:1"}]}}
    world.ask(world.hand.client.patch("pods", "badtag", patch, "default"))
    world.run(3_000)
    assert world.pod("badtag")["status"]["phase"] == "Running"


def test_never_pull_and_a_bad_name_have_reasons_of_their_own():
    world = World()
    world.create("nevermind", image="not-here:1", container={"imagePullPolicy": "Never"})
    world.create("badname", image="Bad//Name")
    world.run(3_000)
    assert world.state("nevermind")["state"]["waiting"]["reason"] == "ErrImageNeverPull"
    assert world.state("badname")["state"]["waiting"] == {
        "reason": "InvalidImageName",
        "message": 'Failed to apply default image tag "Bad//Name": couldn\'t parse image name "Bad//Name": '
        "invalid reference format: repository name (/Name) must be lowercase",
    }
    world.delete("badname")
    world.run(3_000)
    last = world.history("badname")[-1]
    assert last["phase"] == "Failed"
    assert last["containerStatuses"][0]["state"]["terminated"]["reason"] == "ContainerStatusUnknown"


def test_an_unknown_image_is_pulled_in_a_time_that_follows_from_its_size():
    world = World()
    world.create("cache", image="redis:7")
    world.run(6_000)
    pull, pulled = world.facts("ImagePullStarted")[0], world.facts("ImagePulled")[0]
    assert pulled.at_ms == pull.data["due_ms"] and pull.data["bytes"] == 46 * 1024 * 1024
    reason, message, _ = world.events("cache")[1]
    took = f"{(pulled.at_ms - pull.at_ms) / 1000:g}s"
    assert reason == "Pulled"
    assert (
        message
        == f'Successfully pulled image "redis:7" in {took} ({took} including waiting). Image size: 48234496 bytes.'
    )
    assert world.state("cache")["imageID"].startswith("docker.io/library/redis@sha256:")


def test_a_blocked_name_is_not_found_until_it_is_allowed_again():
    world = World()
    world.node.runtime.registry.remove("redis:7")
    world.create("cache", image="redis:7")
    world.run(3_000)
    assert "not found" in world.state("cache")["state"]["waiting"]["message"]
    world.node.runtime.registry.put_back("redis:7")
    world.run(25_000)
    assert world.pod("cache")["status"]["phase"] == "Running"


def test_a_program_that_is_not_there_is_a_start_error():
    world = World()
    world.create("typo", ["nosuch"])
    world.run(2_500)
    status = world.pod("typo")["status"]
    state = status["containerStatuses"][0]
    assert status["phase"] == "Running" and state["state"]["waiting"]["reason"] == "RunContainerError"
    assert (
        state["lastState"]["terminated"]["exitCode"] == 128
        and state["lastState"]["terminated"]["reason"] == "StartError"
    )


def test_a_pod_that_does_not_fit_is_refused_for_good():
    world = World()
    world.create("big", container={"resources": {"requests": {"cpu": "5"}}})
    world.create("elsewhere", nodeSelector={"disk": "ssd"})
    world.run(1_000)
    status = world.pod("big")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "OutOfcpu")
    assert (
        status["message"]
        == "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000"
    )
    assert world.pod("elsewhere")["status"]["reason"] == "NodeAffinity"


def test_room_is_given_back_when_a_pod_has_ended():
    world = World()
    half = {"resources": {"requests": {"cpu": "3"}}}
    world.create("first", ["sh", "-c", "exit 0"], container=half, restartPolicy="Never")
    world.run(6_000)
    world.create("second", ["sleep", "1000"], container=half)
    world.run(2_000)
    assert world.pod("second")["status"]["phase"] == "Running"


def test_a_killed_container_is_restarted_and_keeps_pod_and_address():
    world = World()
    world.create("web", image="nginx/nginx:v1")
    world.run(5_000)
    before = world.pod("web")
    assert world.node.why_not("container-kill", "web", "app") is None and world.node.kill_container("web", "app")
    world.run(3_000)
    after = world.pod("web")
    assert (
        after["metadata"]["uid"] == before["metadata"]["uid"] and after["status"]["podIP"] == before["status"]["podIP"]
    )
    assert world.state("web")["restartCount"] == 1
    assert world.state("web")["lastState"]["terminated"]["exitCode"] == 137


def test_a_killed_sandbox_is_replaced_with_another_address():
    world = World()
    world.create("web", ["sleep", "1000"], terminationGracePeriodSeconds=1)
    world.run(5_000)
    world.node.kill_sandbox("web")
    world.run(6_000)
    reasons = [reason for reason, _, _ in world.events("web")]
    assert "SandboxChanged" in reasons and "Killing" in reasons
    status = world.pod("web")["status"]
    assert status["podIP"] == "10.244.0.3" and status["containerStatuses"][0]["restartCount"] == 1
    assert not any("terminated" in each["containerStatuses"][0]["state"] for each in world.history("web")[1:])


def test_a_restarted_kubelet_leaves_containers_alone_and_ends_those_whose_pod_is_gone():
    world = World()
    world.create("stays", POLITE)
    world.create("goes", ["sleep", "1000"])
    world.run(5_000)
    running = set(world.node.runtime.state.processes)
    world.node.stop()
    world.delete("goes", grace_s=0)
    world.run(5_000)
    assert set(world.node.runtime.state.processes) == running
    world.node.start()
    world.run(10_000)
    assert len(world.node.runtime.state.processes) == 1 and world.state("stays")["restartCount"] == 0
    assert ("Killing", "Stopping container app", 1) in world.events("goes")


def test_a_pod_deleted_while_its_kubelet_was_off_ends_when_it_returns():
    world = World()
    world.create("web", image="nginx/nginx:v1")
    world.run(5_000)
    world.node.stop()
    world.delete("web")
    world.run(60_000)
    assert world.pod("web") is not None
    world.node.start()
    world.run(4_000)
    assert world.pod("web") is None


def test_a_foreign_change_of_the_status_is_put_right_within_ten_seconds():
    world = World()
    world.create("web", image="nginx/nginx:v1")
    world.run(5_000)
    body = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    world.ask(world.hand.client.patch("pods", "web", body, "default", subresource="status"))
    world.run(100)
    assert conditions(world.pod("web")["status"])["Ready"] == "False"
    world.run(11_000)
    assert conditions(world.pod("web")["status"])["Ready"] == "True"


def test_containers_write_logs_that_can_be_read_and_the_one_before_too():
    world = World()
    world.create("talker", ["sh", "-c", "echo hello; echo oops >&2; sleep 2; exit 1"])
    world.run(3_000)
    assert world.node.logs("default", "talker", "app", {}) == "hello\noops\n"
    assert world.node.logs("default", "talker", "app", {"tailLines": "1", "timestamps": "true"}).endswith("Z oops\n")
    world.run(3_000)
    assert world.node.logs("default", "talker", "app", {"previous": "true"}) == "hello\noops\n"


def test_the_room_of_a_pod_that_goes_is_free_when_its_end_is_reported():
    """Whoever schedules upon that end is not refused: that is how a preempting Pod comes to its node."""
    world = World()
    world.create("old", image="nginx/nginx:v1", container={"resources": {"requests": {"cpu": "3"}}})
    world.run(3_000)
    world.delete("old")
    while (world.pod("old")["status"]["phase"]) != "Succeeded":
        world.run(1)
    world.create("new", image="nginx/nginx:v1", container={"resources": {"requests": {"cpu": "3"}}})
    world.run(2_000)
    assert world.pod("new")["status"]["phase"] == "Running"


def test_what_could_not_be_told_while_the_api_server_was_off_is_told_later():
    """Source: pkg/kubelet/status/status_manager.go (syncBatch)."""
    world = World()
    world.create("starts", ["sleep", "1000"])
    world.create("ends", POLITE)
    world.run(4_000)
    world.create("begins", ["sleep", "1000"])
    while len(world.node.kubelet.state.workers) < 3:
        world.run(1)
    world.delete("ends")
    world.run(20)
    world.engine.stop(world.server)
    world.run(30_000)
    assert world.pod("begins")["status"]["phase"] == "Pending" and world.pod("ends") is not None
    world.engine.start(world.server)
    world.run(60_000)
    assert world.pod("begins")["status"]["phase"] == "Running" and world.pod("ends") is None
