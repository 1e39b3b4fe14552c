"""`kubectl exec` and `attach` of the real kubectl: output, exit codes, input, a terminal, refusals in upstream's words."""

from __future__ import annotations

import re

import pytest

from tests.servers import Server
from tests.webui.kubectl import Kubectl

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: app
    image: busybox:1
    command: [sh, -c, "echo first > /tmp/log; while true; do echo tick; sleep 1; done"]
    env: [{name: COLOUR, value: red}]
---
apiVersion: v1
kind: Pod
metadata: {name: waits}
spec: {nodeSelector: {no: where}, containers: [{name: app, image: "busybox:1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: done}
spec: {restartPolicy: Never, containers: [{name: app, image: "busybox:1", command: ["true"]}]}
"""


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as server:
        found = Kubectl(server.url, tmp_path_factory.mktemp("home"))
        found.control("run")
        found("apply", "-f", "-", text=PODS)
        found("wait", "--for=condition=Ready", "pod/web", "--timeout=60s")
        yield found


@pytest.mark.parametrize(
    ("command", "code", "stdout", "stderr"),
    [
        (["hostname"], 0, "web\n", ""),
        (["cat", "/tmp/log"], 0, "first\n", ""),
        (["sh", "-c", "echo $COLOUR; echo to stderr >&2"], 0, "red\n", "to stderr\n"),
        (["sh", "-c", "exit 3"], 3, "", "command terminated with exit code 3\n"),
        (["false"], 1, "", "command terminated with exit code 1\n"),
        (["sh", "-c", "nope"], 127, "", "sh: nope: not found\ncommand terminated with exit code 127\n"),
        (["sh", "-c", "sleep 1; echo later"], 0, "later\n", ""),
    ],
)
def test_a_command_answers_as_in_a_container(kubectl, command, code, stdout, stderr):
    done = kubectl("exec", "web", "--", *command)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)


def test_a_file_that_a_command_writes_is_there_for_the_next(kubectl):
    kubectl("exec", "web", "--", "sh", "-c", "echo kept > /tmp/kept")
    assert kubectl("exec", "web", "--", "cat", "/tmp/kept").stdout == "kept\n"


def test_a_missing_program_is_refused_in_the_runtimes_words(kubectl):
    done = kubectl("exec", "web", "--", "no-such-program")
    words = re.sub(r'"[0-9a-f]{64}"', '"ID"', done.stderr)
    assert done.returncode == 1
    assert words == (
        "error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: "
        'failed to start exec "ID": OCI runtime exec failed: exec failed: unable to start container process: '
        'exec: "no-such-program": executable file not found in $PATH\n'
    )


@pytest.mark.parametrize(
    ("words", "stderr"),
    [
        (["waits", "--", "true"], "error: unable to upgrade connection: pod waits does not have a host assigned\n"),
        (["web", "-c", "nope", "--", "true"], "error: container nope is not valid for pod web out of: app\n"),
        (["nobody", "--", "true"], 'Error from server (NotFound): pods "nobody" not found\n'),
        (["done", "--", "true"], "error: cannot exec into a container in a completed pod; current phase is Succeeded\n"),
    ],
)
def test_where_nothing_can_run_it_is_said_as_upstream_says_it(kubectl, words, stderr):
    done = kubectl("exec", *words)
    assert (done.returncode, done.stderr) == (1, stderr)


def test_what_is_piped_in_is_read(kubectl):
    assert kubectl("exec", "-i", "web", "--", "cat", text="piped\n").stdout == "piped\n"
    assert kubectl("exec", "-i", "web", "--", "sh", text="echo a\nexit 4\n").returncode == 4


def test_attach_shows_what_the_first_process_writes(kubectl):
    process = kubectl.start("attach", "web")
    assert "tick" in process.stdout.readline() + process.stdout.readline()
    process.kill()
    process.wait(10)


def test_ps_and_kill_reach_the_first_process(kubectl):
    assert re.search(r"^ +1 root +0:00 sh -c", kubectl("exec", "web", "--", "ps").stdout, re.MULTILINE)
    assert kubectl("exec", "web", "--", "head", "-n", "1", "/tmp/log").stdout == "first\n"
    assert kubectl("exec", "web", "--", "sh", "-c", "kill 99").stderr.startswith("sh: can't kill pid 99: No such process")
    assert kubectl("exec", "web", "--", "kill", "-9", "1").returncode == 0
    assert kubectl("get", "pod", "web", "-o", "jsonpath={.status.containerStatuses[0].restartCount}").stdout == "0"


def test_a_signal_to_nginx_restarts_its_container(kubectl):
    kubectl("run", "nginx", "--image=nginx/nginx:v1")
    kubectl("wait", "--for=condition=Ready", "pod/nginx", "--timeout=60s")
    kubectl("exec", "nginx", "--", "kill", "1")
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/nginx", "--timeout=60s")
    assert "Completed" in kubectl("describe", "pod", "nginx").stdout
