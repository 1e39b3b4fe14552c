"""Playbooks: termination messages and exit codes. Sources: kuberuntime_container.go (getTerminationMessage); signal(7)."""

from __future__ import annotations

import pytest

from cluster.kubelet.container_status import with_short_messages
from tests.kubelet.world import World

LOGS = {"terminationMessagePolicy": "FallbackToLogsOnError"}
CASES = {
    "the file": ("echo bye > /dev/termination-log; exit 1", {}, "bye\n"),
    "a file of its own": ("echo bye > /tmp/why", {"terminationMessagePath": "/tmp/why"}, "bye\n"),
    "no file and no fallback": ("echo log; exit 1", {}, None),
    "the log of a failure": ("echo one; echo two; exit 1", LOGS, "one\ntwo\n"),
    "a log without an end of line": ("echo one; echo -n two; exit 1", LOGS, "one\ntwo"),
    "no log of a success": ("echo one", LOGS, None),
    "the file before the log": ("echo one; echo bye > /dev/termination-log; exit 1", LOGS, "bye\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_container_leaves_its_last_words(case):
    text, fields, message = CASES[case]
    world = World()
    world.create("web", ["sh", "-c", text], container=fields, restartPolicy="Never")
    world.run(4_000)
    assert world.state("web")["state"]["terminated"].get("message") == message


def test_of_a_long_log_the_last_two_kilobytes_are_kept_and_at_most_eighty_lines():
    world = World()
    world.create("web", ["sh", "-c", f"for x in $(seq 300); do echo {'y' * 50} $x; done; exit 1"], container=LOGS, restartPolicy="Never")
    world.run(4_000)
    message = world.state("web")["state"]["terminated"]["message"]
    assert len(message) == 2048 and message.endswith("y 300\n")


ENDS = [(["sh", "-c", "exit 3"], 3), (["sh", "-c", "nope"], 127), (["false"], 1)]


@pytest.mark.parametrize(("command", "code"), ENDS)
def test_an_exit_code_is_the_programs_own(command, code):
    world = World()
    world.create("web", command, restartPolicy="Never")
    world.run(4_000)
    assert world.state("web")["state"]["terminated"]["exitCode"] == code


def test_the_last_words_of_many_containers_share_12_kib():
    pod = {"spec": {"containers": [{}] * 4, "initContainers": [{}]}}
    long, short = {"terminated": {"message": "x" * 4096, "exitCode": 1}}, {"terminated": {"message": "y", "exitCode": 1}}
    first, second = with_short_messages(pod, [{"name": "a", "state": long, "lastState": short}, {"name": "b", "state": {"running": {}}}])
    assert (len(first["state"]["terminated"]["message"]), first["lastState"], second["state"]) == (2457, short, {"running": {}})
