"""Tables: what a kubelet answers over HTTP. Source: kubernetes pkg/kubelet/server/server.go."""

import json

import pytest

from tests.kubelet.world import World


@pytest.fixture(scope="module")
def world():
    found = World()
    found.create("web", ["sh", "-c", "echo hello; sleep 1000"])
    found.run(5_000)
    return found


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/healthz", 200, "ok"),
        ("/healthz/syncloop", 200, "ok"),
        ("/containerLogs/default/web/app", 200, "hello\n"),
        ("/containerLogs/default/web/none", 404, 'container "none" not found in pod "web"\n'),
        ("/containerLogs/default/none/app", 404, 'pod "none" does not exist\n'),
        ("/logs", 301, ""),
        ("/logs/", 200, '<pre>\n<a href="containers/">containers/</a>\n<a href="pods/">pods/</a>\n</pre>\n'),
        ("/logs/../../etc/hosts", 404, "404 page not found\n"),
        ("/metrics", 404, "404 page not found\n"),
    ],
)
def test_an_endpoint_of_a_kubelet(world, path, code, words):
    reply = world.node.answer(path, {})
    assert (reply.code, reply.body) == (code, words)


def test_a_kubelet_lists_its_pods_and_shows_their_logs_as_files(world):
    found = json.loads(world.node.answer("/pods", {}).body)
    assert found["kind"] == "PodList" and [pod["metadata"]["name"] for pod in found["items"]] == ["web"]
    uid = found["items"][0]["metadata"]["uid"]
    assert world.node.answer(f"/logs/pods/default_web_{uid}/app/0.log", {}).body.endswith("stdout F hello\n")


def test_a_kubelet_tells_what_is_used_as_it_measures_it_for_evictions(world):
    """Source: k8s.io/kubelet pkg/apis/stats/v1alpha1/types.go."""
    found = json.loads(world.node.answer("/stats/summary", {}).body)
    node, [pod] = found["node"], found["pods"]
    assert node["memory"]["availableBytes"] + node["memory"]["workingSetBytes"] == 8 << 30
    assert node["rlimit"]["maxpid"] == 65_536 and node["rlimit"]["curproc"] == 122  # 120 of the machine's own; pause, the shell that is sleep by now
    assert pod["podRef"]["name"] == "web" and pod["process_stats"] == {"process_count": 2}
    [app] = pod["containers"]
    line = len("2026-01-01T09:00:00.000000000Z stdout F hello\n")
    assert app["logs"]["usedBytes"] == pod["ephemeral-storage"]["usedBytes"] == line


def test_a_kubelet_tells_how_it_was_configured():
    world = World()
    head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
    usual = json.loads(world.node.answer("/configz", {}).body)["kubeletconfig"]
    assert usual["evictionHard"]["memory.available"] == "100Mi" and usual["imageMinimumGCAge"] == "2m0s" and usual["podPidsLimit"] == -1
    world.node.configure(head + "maxPods: 9\nevictionHard: {pid.available: 1k}\n")
    world.run(2_000)
    found = json.loads(world.node.answer("/configz", {}).body)["kubeletconfig"]
    assert (found["maxPods"], found["evictionHard"], found["registryBurst"]) == (9, {"pid.available": "1k"}, 10)


def test_a_kubelet_that_is_off_answers_nothing():
    found = World()
    found.engine.stop(found.node.kubelet)
    assert found.node.answer("/pods", {}) is None
