"""Playbooks: pulls and their order, a registry that is slow, broken, emptied or pushed to, private images, images collected."""

import base64
import json
from itertools import pairwise

import pytest

from cluster.kubelet import images
from cluster.kubelet.image_collection import size_text
from tests.kubelet.world import World

MIB = 1024 * 1024


def registry(world):
    return world.node.runtime.registry


def waiting(world, name):
    return world.state(name)["state"].get("waiting", {})


@pytest.mark.parametrize(("name", "address"), [("localhost/nobody", "127.0.0.1:443"), ("localhost:5000/nobody", "127.0.0.1:5000")])
def test_a_node_has_no_registry_of_its_own_until_somebody_pushes_there(name, address):
    world = World()
    world.create("local", image=name)
    world.run(2_000)
    assert waiting(world, "local")["reason"] == "ErrImagePull"
    assert waiting(world, "local")["message"].endswith(f"dial tcp {address}: connect: connection refused")
    registry(world).push(f"{name}:latest")
    world.run(30_000)
    assert "running" in world.state("local")["state"]


def test_pulls_of_a_node_follow_one_another_and_say_how_long_they_waited():
    world = World()
    for name in ("first", "second"):
        world.create(name, image=f"{name}:1")
        world.run(500)
    world.run(60_000)
    begun, ended = world.facts("ImagePullStarted"), world.facts("ImagePulled")
    assert begun[1].at_ms == ended[0].at_ms
    message = world.events(begun[1].subject.rpartition("/")[2])[1][1]
    assert message.partition(" (")[0].endswith(f"in {(ended[1].at_ms - begun[1].at_ms) / 1000:g}s")
    assert f"({(ended[1].at_ms - begun[1].at_ms) / 1000:g}s including" not in message


@pytest.mark.parametrize("slots, at_once", [(0, 3), (2, 2)])
def test_parallel_pulls_share_the_line(slots, at_once):
    world = World()
    world.node.kubelet.images.puller.usual = slots
    for name in ("a", "b", "c"):
        world.create(name, image=f"same-size-{name}:1")
        registry(world).push(f"same-size-{name}:1", size_bytes=40 * MIB)
    world.run(60_000)
    begun, ended = world.facts("ImagePullStarted"), world.facts("ImagePulled")
    assert len([fact for fact in begun if fact.at_ms < ended[0].at_ms]) == at_once
    assert ended[0].at_ms - begun[0].at_ms >= 2_000 * at_once - 500


def test_progress_is_told_at_each_quarter_and_the_end_moves_when_the_registry_slows_down():
    world = World()
    registry(world).push("big:1", size_bytes=200 * MIB)
    world.create("pod", image="big:1")
    world.run(6_000)
    assert [fact.data["percent"] for fact in world.facts("ImagePullProgressed")] == [25, 50]
    registry(world).slow(2 * MIB)
    world.run(3_000)
    slowed = world.facts("ImagePullProgressed")[-1]
    assert slowed.data["due_ms"] - slowed.at_ms > 40_000
    registry(world).mend()
    world.run(6_000)
    assert world.pod("pod")["status"]["phase"] == "Running"


def test_more_than_ten_pulls_at_once_exceed_the_limit():
    world = World()
    world.node.kubelet.images.puller.usual = 0
    for number in range(12):
        world.create(f"pod-{number}", image=f"image-{number}:1")
    world.run(2_000)
    refused = [fact for fact in world.facts("ContainerStartRefused") if fact.data["message"] == "pull QPS exceeded"]
    assert len(refused) == 2 and {fact.data["reason"] for fact in refused} == {"ErrImagePull"}


@pytest.mark.parametrize(
    "mode, words",
    [
        ("dns", "dial tcp: lookup registry-1.docker.io on 10.200.0.1:53: no such host"),
        ("down", "dial tcp 203.0.113.10:443: connect: connection refused"),
        ("denied", "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope"),
        ("unavailable", "unexpected status from HEAD request to https://registry-1.docker.io/v2/library/redis/manifests/7: 503 Service Unavailable"),
        ("limited", "429 Too Many Requests - Server message: toomanyrequests"),
    ],
)
def test_a_broken_registry_is_told_in_the_runtimes_words(mode, words):
    world = World()
    registry(world).break_down(mode)
    world.create("cache", image="redis:7")
    world.run(2_000)
    assert waiting(world, "cache")["reason"] == "ErrImagePull" and words in waiting(world, "cache")["message"]
    registry(world).mend()
    world.run(25_000)
    assert world.pod("cache")["status"]["phase"] == "Running"


def test_only_one_domain_may_be_broken():
    world = World()
    registry(world).break_down("down", "quay.io")
    world.create("bad", image="quay.io/org/app:1")
    world.create("good", image="redis:7")
    world.run(8_000)
    assert waiting(world, "bad")["reason"] and world.pod("good")["status"]["phase"] == "Running"


def test_a_timeout_takes_half_a_minute_and_a_break_ends_the_pull_under_way():
    world = World()
    registry(world).break_down("timeout")
    world.create("slow", image="redis:7")
    world.run(20_000)
    assert waiting(world, "slow")["reason"] == "ContainerCreating"
    world.run(12_000)
    assert waiting(world, "slow")["message"].endswith("dial tcp 203.0.113.10:443: i/o timeout")
    registry(world).mend()
    registry(world).push("big:1", size_bytes=900 * MIB)
    world.create("cut", image="big:1")
    world.run(2_000)
    registry(world).break_down("down")
    world.run(1_000)
    assert "failed to copy: httpReadSeeker: failed open: failed to do request: Get" in waiting(world, "cut")["message"]


def test_back_off_doubles_to_five_minutes():
    world = World()
    registry(world).break_down("down")
    world.create("cache", image="redis:7")
    world.run(1_500_000)
    tries = [fact.at_ms for fact in world.facts("ImagePullFailed")]
    gaps = [(later - earlier) // 1000 for earlier, later in pairwise(tries)]
    assert all(gap >= least for gap, least in zip(gaps, [10, 20, 40, 80, 160, 300, 300], strict=False)) and len(gaps) <= 8


def test_a_deleted_pod_does_not_wait_for_its_pull():
    world = World()
    registry(world).slow(1000)
    world.create("pod", image="redis:7")
    world.run(2_000)
    world.delete("pod")
    world.run(3_000)
    assert world.pod("pod") is None and not world.node.runtime.state.pulls
    assert any("context canceled" in message for _, message, _ in world.events("pod"))


def test_a_deleted_pod_that_waits_for_its_turn_does_not_pull_at_all():
    world = World()
    registry(world).slow(MIB)
    for name in ("first", "second"):
        world.create(name, image=f"{name}:1")
        world.run(500)
    world.run(1_000)
    world.delete("second")
    registry(world).mend()
    world.run(60_000)
    assert world.pod("second") is None and [fact.data["image"] for fact in world.facts("ImagePullStarted")] == ["docker.io/library/first:1"]


def test_an_emptied_registry_has_only_what_is_pushed_and_nodes_keep_what_they_have():
    world = World()
    registry(world).empty()
    registry(world).push("mine:1")
    for name, image in (("mine", "mine:1"), ("gone", "redis:7"), ("here", "busybox:1")):
        world.create(name, image=image, command=["sleep", "1000"])
    world.run(15_000)
    assert [world.pod(name)["status"]["phase"] for name in ("mine", "gone", "here")] == ["Running", "Pending", "Running"]
    assert "redis:7: not found" in waiting(world, "gone")["message"]


def test_a_tag_that_moved_differs_between_nodes_and_always_pulls_the_new_one():
    world = World(nodes=2)
    world.create("old", image="web:1")
    world.run(20_000)
    before = registry(world).look("docker.io/library/web:1").manifest
    after = registry(world).push("web:1")
    world.create("same", image="web:1")
    world.create("elsewhere", image="web:1", nodeName="k8snode2")
    world.run(30_000)
    ids = {name: world.state(name)["imageID"].partition("@")[2] for name in ("old", "same", "elsewhere")}
    assert ids == {"old": before, "same": before, "elsewhere": after} and before != after
    world.create("fresh", image="web:1", container={"imagePullPolicy": "Always"})
    world.create("pinned", image=f"web@{before}", container={"imagePullPolicy": "Never"})
    world.run(30_000)
    assert world.state("fresh")["imageID"].endswith(after) and world.state("pinned")["imageID"].endswith(before)
    node = world.store.get("/registry/minions/k8snode1").value
    names = [image["names"] for image in node["status"]["images"]]
    assert [f"docker.io/library/web@{before}"] in names
    assert [f"docker.io/library/web@{after}", "docker.io/library/web:1"] in names


def test_an_image_by_digest_runs_and_is_named_by_it():
    world = World()
    wanted = "docker.io/library/web@sha256:" + "ab" * 32
    world.create("pod", image=wanted)
    world.run(20_000)
    assert world.state("pod")["imageID"] == wanted and world.pod("pod")["status"]["phase"] == "Running"


def secret(name, registries):
    auths = {"auths": {each: {"auth": "dTpw"} for each in registries}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(auths).encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"}, "data": data,
            "type": "kubernetes.io/dockerconfigjson"}  # fmt: skip


def test_a_private_image_needs_a_secret_for_its_registry_and_is_for_those_who_have_one():
    world = World()
    registry(world).push("mine:1", is_private=True)
    world.ask(world.hand.client.create("secrets", secret("hub", ["https://index.docker.io/v1/"])))
    world.ask(world.hand.client.create("secrets", secret("other", ["quay.io"])))
    world.run(100)
    world.create("none", image="mine:1")
    world.create("wrong", image="mine:1", imagePullSecrets=[{"name": "other"}])
    world.create("right", image="mine:1", imagePullSecrets=[{"name": "hub"}])
    world.run(20_000)
    assert "pull access denied" in waiting(world, "none")["message"] and "pull access denied" in waiting(world, "wrong")["message"]
    assert world.pod("right")["status"]["phase"] == "Running"
    world.create("never", image="mine:1", container={"imagePullPolicy": "Never"})
    world.run(2_000)
    assert waiting(world, "never")["reason"] == "ErrImageNeverPull"


def test_a_missing_pull_secret_is_told_and_the_image_is_tried_all_the_same():
    world = World()
    world.create("pod", image="redis:7", imagePullSecrets=[{"name": "lost"}, {"name": "gone"}])
    world.run(8_000)
    words = "Unable to retrieve some image pull secrets (lost, gone); attempting to pull the image may not succeed."
    assert ("FailedToRetrieveImagePullSecret", words) in [event[:2] for event in world.events("pod")]
    assert world.pod("pod")["status"]["phase"] == "Running"


def test_unused_images_go_when_the_disk_is_too_full_and_used_ones_stay():
    world = World()
    registry(world).push("old:1", size_bytes=8 << 30)
    registry(world).slow(4 << 30)
    world.create("old", image="old:1")
    world.create("kept", image="redis:7")
    world.run(20_000)
    world.delete("old", grace_s=0)
    world.node.fill_disk((76 << 30) + (1 << 28))  # enough for the collector, not yet for an eviction
    world.run(620_000)  # it must have been seen for two minutes, and is looked for each five
    assert world.pod("kept")["status"]["phase"] == "Running"
    held = [image.name for image in world.node.runtime.images()]
    assert "docker.io/library/old:1" not in held and "docker.io/library/redis:7" in held


def test_what_cannot_be_freed_is_told_of_the_node():
    world = World()
    world.node.fill_disk((84 << 30) + (1 << 29))  # enough for the collector, not yet for an eviction
    world.run(620_000)
    events = [stored.value for _, stored in world.store.list("/registry/events/default/")]
    told = [(event["reason"], event["message"]) for event in events if event["reason"] in ("FreeDiskSpaceFailed", "ImageGCFailed")]
    assert told[0][0] == "FreeDiskSpaceFailed" and "image filesystem (85% of 100.0 GiB used)" in told[0][1]
    assert "ImageGCFailed" in [reason for reason, _ in told]


@pytest.mark.parametrize(
    "refused, expected",
    [
        ("RegistryUnavailable: down for repair",
         ("RegistryUnavailable", "image pull failed for a:1 because the registry is unavailable: down for repair")),
        ("SignatureValidationFailed", ("SignatureValidationFailed", "image pull failed for a:1 because the signature validation failed")),
        ("boom", ("ErrImagePull", "boom")),
    ],
)  # fmt: skip
def test_what_a_runtime_says_decides_the_reason(refused, expected):
    assert images.reason_of("a:1", refused) == expected


@pytest.mark.parametrize("size, text", [(512, "512 B"), (2048, "2.0 KiB"), (107374182400, "100.0 GiB"), (2 << 50, "2048.0 TiB")])
def test_sizes_are_written_as_the_collector_writes_them(size, text):
    assert size_text(size) == text


def test_an_image_is_found_by_its_own_digest():
    """Source: containerd internal/cri/server/images (LocalResolve)."""
    world = World(profile="oracle")
    present = world.node.runtime.image("docker.io/library/busybox:1")
    world.create("web", ["sleep", "1000"], image=present.id, container={"imagePullPolicy": "IfNotPresent"})
    world.run(2_000)
    assert world.pod("web")["status"]["phase"] == "Running" and world.state("web")["image"] == "docker.io/library/busybox:1"
