"""`kubectl logs` of the real kubectl: what was written, what is being written, and when a stream ends."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.servers import Server
from tests.webui.kubectl import Kubectl

TALKER = """
apiVersion: v1
kind: Pod
metadata: {name: talker, labels: {app: talker}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: one, image: "busybox:1", command: [sh, -c, "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo line $i; sleep 1; done"]}
  - {name: two, image: "busybox:1", command: [sh, -c, "echo other; sleep 3600"]}
---
apiVersion: v1
kind: Pod
metadata: {name: crasher}
spec: {containers: [{name: app, image: "busybox:1", command: [sh, -c, "echo boom; exit 1"]}]}
"""


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as server:
        found = Kubectl(server.url, tmp_path_factory.mktemp("home"))
        found.control("run")
        found("apply", "-f", "-", text=TALKER)
        found("wait", "--for=condition=Ready", "pod/talker", "--timeout=60s")
        yield found


def test_a_follow_streams_until_the_container_ends(kubectl):
    kubectl.control("speed", 16)
    process = kubectl.start("logs", "-f", "talker", "-c", "one")
    lines = process.communicate(timeout=60)[0].splitlines()
    assert lines == [f"line {number}" for number in range(1, 41)]
    assert process.returncode == 0


def test_a_follow_of_all_containers_is_ended_by_its_caller(kubectl):
    process = kubectl.start("logs", "-f", "-l", "app=talker", "--all-containers", "--prefix")
    assert process.stdout.readline().startswith("[pod/talker/")
    process.terminate()
    assert process.wait(10) != 0


def test_tail_timestamps_previous_and_since(kubectl):
    assert kubectl("logs", "talker", "-c", "two", "--tail=1").stdout == "other\n"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z other\n", kubectl("logs", "talker", "-c", "two", "--timestamps").stdout)
    assert kubectl("logs", "talker", "-c", "two", "--since=1h", "--limit-bytes=3").stdout == "oth"
    refused = kubectl("logs", "talker", "-c", "two", "--previous")
    assert refused.returncode == 1 and 'previous terminated container "two" in pod "talker" not found' in refused.stderr
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].lastState.terminated.reason}=Error", "pod/crasher", "--timeout=60s")
    assert kubectl("logs", "crasher", "-p").stdout == "boom\n"


def test_a_follow_ends_with_its_pod(kubectl):
    process = kubectl.start("logs", "-f", "talker", "-c", "two")
    assert process.stdout.readline() == "other\n"
    kubectl("delete", "pod", "talker", "--wait=false")
    try:
        assert process.wait(30) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        raise
