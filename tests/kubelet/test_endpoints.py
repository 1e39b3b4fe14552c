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


def test_a_kubelet_that_is_off_answers_nothing():
    found = World()
    found.engine.stop(found.node.kubelet)
    assert found.node.answer("/pods", {}) is None
