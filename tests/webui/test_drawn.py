"""What the real kubectl and other clients ask is drawn: in order, in words, and without drowning who looks."""
from __future__ import annotations

import json
import time
import urllib.request

import pytest

from tests.webui.kubectl import Kubectl

pytestmark = pytest.mark.slow
SLEEPER = """\
apiVersion: v1
kind: Pod
metadata: {name: talker}
spec: {terminationGracePeriodSeconds: 1, containers: [{name: a, image: "busybox:1", command: [sh, -c, "echo hello; sleep 3600"]}]}
"""


class Watcher:
    """A sandbox that kubectl works on, and the steps that it has shown."""

    def __init__(self, url: str, kubectl: Kubectl):
        self.url, self.kubectl, self.seen = url, kubectl, 0

    def steps(self) -> list[str]:
        """The captions of the steps since the last call."""
        time.sleep(0.3)  # a picture of a clock that runs follows in its next turn
        address = f"{self.url}api/sandboxes/{self.kubectl.sandbox}/history?before=1000000000&limit=5000"
        with urllib.request.urlopen(address, timeout=30) as answer:
            rows = [row for row in json.load(answer)["rows"] if row["seq"] > self.seen]
        self.seen = max([self.seen, *(row["seq"] for row in rows)])
        return [row["caption"]["en"] for row in rows if row["step"] is not None and row["lane"] == "you"]


@pytest.fixture(scope="module")
def watcher(server, tmp_path_factory):
    kubectl = Kubectl(server.url, tmp_path_factory.mktemp("home"))
    for action, value in (("pacing", "clock"), ("speed", 16), ("run", None)):
        kubectl.control(action, value)
    assert kubectl("apply", "-f", "-", text=SLEEPER).returncode == 0
    assert kubectl("wait", "--for=condition=Ready", "pod/talker", "--timeout=60s").returncode == 0
    return Watcher(server.url, kubectl)


def test_apply_and_wait_are_told_from_discovery_to_the_watch(watcher):
    said = watcher.steps()
    assert [one for one in said if "what does this server have" in one] and "asks GET …/pods/talker as kubernetes-admin" in " ".join(said)
    assert any("sends POST …/pods" in one for one in said)
    assert any("opens a watch, GET …/pods" in one for one in said) or any("asks GET …/pods" in one for one in said[-2:])
    assert len(said) < 14, said


def test_a_get_is_one_step_and_its_discovery_another_at_most(watcher):
    watcher.steps()
    assert watcher.kubectl("get", "pods").returncode == 0
    said = watcher.steps()
    assert said[-1].startswith("**kubectl** asks GET …/pods as kubernetes-admin") and len(said) <= 2


def test_a_log_that_is_followed_and_a_command_in_a_container_are_drawn(watcher):
    watcher.steps()
    assert watcher.kubectl("logs", "talker").stdout == "hello\n"
    assert "asks for a log of Pod talker as kubernetes-admin" in watcher.steps()[-1]
    assert watcher.kubectl("exec", "talker", "--", "echo", "hi").stdout == "hi\n"
    assert any("asks for a stream to a container of Pod talker" in one for one in watcher.steps())
    following = watcher.kubectl.start("logs", "-f", "talker")
    try:
        assert following.stdout.readline() == "hello\n"
    finally:
        following.kill()
        following.communicate()
    said = watcher.steps()
    assert any("asks for a log" in one for one in said) and any("no longer listens to pods" in one for one in said)


def test_many_questions_are_folded(watcher):
    watcher.steps()
    for _ in range(12):
        assert watcher.kubectl("get", "nodes").returncode == 0
    said = watcher.steps()
    assert 1 <= len([one for one in said if "…" in one or "/nodes" in one]) <= 8 and any("reads on and on" in one for one in said), said


def test_another_client_is_named(watcher):
    with urllib.request.urlopen(f"{watcher.url}api/sandboxes/main/kubeconfig", timeout=30) as answer:
        base = next(line.split(": ")[1] for line in answer.read().decode().splitlines() if "server:" in line)
    watcher.steps()
    for _ in range(3):
        request = urllib.request.Request(f"{base}/api/v1/namespaces", headers={"User-Agent": "Helm/3.18.4"})
        urllib.request.urlopen(request, timeout=30).read()
    said = watcher.steps()
    assert len(said) == 1 and said[0].startswith("**Helm** asks GET")
