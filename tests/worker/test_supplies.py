"""What a learner may do to registry and repositories: each in a simulation, refused with a reason where it cannot be."""

import pytest

from cluster.engine import Engine
from cluster.narration import entries, render
from cluster.runtime import reference
from cluster.runtime.registry import BANDWIDTH_BYTES_S, MODES, registry_of
from cluster.runtime.repositories import SITE, repositories_of
from cluster.worker import faults, supplies
from cluster.worker.refusals import Refused


class Cluster:
    def __init__(self):
        self.engine, self.nodes = Engine(seed=1), {}


@pytest.mark.parametrize(
    "action, args, words",
    [
        ("registry-push", ["Bad//Name"], "names no image"), ("registry-push", ["a:1", "big"], "no number of MiB"),
        ("registry-push", ["a@sha256:" + "0" * 64], "name a tag"), ("registry-slow", ["0"], "no number of MiB"),
        ("registry-slow", ["nan"], "no number"),
        ("registry-break", ["hard"], "unknown mode 'hard'"), ("registry-slow", [], "usage: registry-slow MIB_PER_SECOND"),
        ("registry-mend", ["a", "b"], "usage: registry-mend [DOMAIN]"),
        ("git-push", [SITE, "m", "a"], "usage: git-push URL[#BRANCH] MESSAGE PATH TEXT …"), ("git-push", ["u#-", "m", "a", "b"], "no address"),
        ("git-push", [SITE, "m", "a", "b", "c"], "usage: git-push"), ("git-push", [SITE, "m", "../a", "b"], "no path of a file"),
        ("git-push", [SITE, "m", "a", "b" * 300_000], "at most 100 files, of 256 KiB"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_happens(action, args, words):
    with pytest.raises(Refused) as refusal:
        faults.check(Cluster(), action, args)
    assert words in str(refusal.value)
    texts = refusal.value.texts
    assert texts["zh"] != texts["en"], "said in Chinese too"


def do(cluster, action, *args):
    faults.check(cluster, action, list(args))
    faults.apply(cluster, {"action": action, "args": list(args)})


def test_the_modes_are_those_of_the_registry():
    assert tuple(MODES) == supplies.MODES


def test_each_action_changes_the_registry_and_mending_undoes_all_but_the_pushes():
    cluster = Cluster()
    state = registry_of(cluster.engine).state
    do(cluster, "registry-empty")
    do(cluster, "registry-push", "app:1", "5")
    do(cluster, "registry-push", "app:1")
    do(cluster, "registry-push", "own:1", "private")
    do(cluster, "registry-remove", "nginx:1")
    do(cluster, "registry-slow", "0.5")
    do(cluster, "registry-break", "dns", "quay.io")
    assert state.is_empty and state.bandwidth_bytes_s == 512 * 1024 and state.broken == {"quay.io": "dns"}
    rows = registry_of(cluster.engine).listing()
    assert [(row["name"].rpartition("/")[2], row["state"], row["pushes"]) for row in rows] == [
        ("app:1", "pushed", 2), ("nginx:1", "removed", 0), ("own:1", "private", 1)]  # fmt: skip
    assert rows[0]["size_bytes"] == 5 << 20
    do(cluster, "registry-mend", "quay.io")
    assert not state.broken and state.is_empty
    do(cluster, "registry-mend")
    assert not state.is_empty and state.bandwidth_bytes_s == BANDWIDTH_BYTES_S and len(registry_of(cluster.engine).listing()) == 2


def test_block_and_allow_take_a_name_or_everything():
    cluster = Cluster()
    registry = registry_of(cluster.engine)
    do(cluster, "registry-block", "redis:7")
    assert "not found" in registry.resolve("docker.io/library/redis:7", resolver="").refused
    do(cluster, "registry-allow", "redis:7")
    do(cluster, "registry-block", "*")
    assert "no such host" in registry.resolve("docker.io/library/redis:7", resolver="").refused
    do(cluster, "registry-allow", "*")
    assert not registry.resolve("docker.io/library/redis:7", resolver="").refused


def test_a_push_makes_a_commit_of_the_whole_tree():
    cluster = Cluster()
    repositories = repositories_of(cluster.engine)
    first = repositories.head(SITE)
    do(cluster, "git-push", SITE + ".git", "more", "about.html", "<p>us</p>")
    head = repositories.head(SITE + "/", "main")
    assert list(head.files) == ["index.html", "about.html"] and head.hash != first.hash and len(head.hash) == 40
    do(cluster, "git-push", SITE, "less", "index.html", "")
    assert list(repositories.head(SITE).files) == ["about.html"]
    assert repositories.head(SITE, first.hash[:8]) == first and repositories.head("https://elsewhere") is None


def test_a_push_that_became_too_much_says_so_in_both_languages():
    cluster = Cluster()
    supplies.apply(cluster.engine, "git-push", [SITE, "m", "a", "b" * 300_000])
    said = render.caption(entries()["CommitRefused"], cluster.engine.trace.events[-1])
    assert "at most 100 files, of 256 KiB in all" in said["en"] and "最多 100 个文件，共 256 KiB" in said["zh"]


@pytest.mark.parametrize(
    "image, is_there",
    [
        ("nginx", True), ("nginx:1.27.5-alpine", True), ("nginx:stable-perl", True), ("nginx:1.161", False), ("nginx:nope", False),
        ("nginx:v1", True), ("ubuntu:24.04", True), ("ubuntu:noble-20250805", True), ("tomcat:10.1-jdk21", True), ("tomcat:jdk21", True),
        ("mysql:8.4.6", True), ("mysql:8.400", False), ("python:3.13-slim", True), ("debian:bookworm-slim", True), ("redis:broken", False),
        ("nginx/nginx:nope", True), ("myapp:nope", True), ("quay.io/library/nginx:nope", True), ("alpine:3.22", True), ("busybox:1", True),
        ("alpine:alpine3", True), ("node:lts-alpine3.20", True), ("nginx@sha256:" + "0" * 64, True),
    ],
)  # fmt: skip
def test_a_registry_has_what_looks_like_a_tag_of_a_well_known_image_and_whatever_is_pushed(image, is_there):
    cluster = Cluster()
    registry, name = registry_of(cluster.engine), str(reference.parse(image))
    assert (registry.resolve(name, resolver="").refused == "") == is_there
    if not is_there:
        do(cluster, "registry-push", image)
        assert registry.resolve(name, resolver="").refused == ""
