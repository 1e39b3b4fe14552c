"""Streams into containers with the real kubectl: `cp`, `run -i` and `-it`, `attach`, `debug`; in a terminal where they want one."""

from __future__ import annotations

import os
import re
import select
import time

import pytest

from tests.servers import Server
from tests.webui.kubectl import Kubectl
from webui.terminal.process import program

pty = pytest.importorskip("pty")
fcntl = pytest.importorskip("fcntl")
pytestmark = pytest.mark.slow
POD = """
apiVersion: v1
kind: Pod
metadata: {name: talk}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: app, image: "busybox:1", command: [sleep, "9999"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: reads}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: app, image: "busybox:1", stdin: true, command: [sh, -c, "while read line; do echo heard $line; done"]}]
"""
WITHIN_S = 60


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as server:
        found = Kubectl(server.url, tmp_path_factory.mktemp("home"))
        found.control("run")
        found("apply", "-f", "-", text=POD)
        assert found("wait", "--for=condition=Ready", "pod/talk", "pod/reads", "--timeout=60s").returncode == 0
        yield found


class Terminal:
    """kubectl at a pseudo-terminal."""

    def __init__(self, kubectl: Kubectl, *words: str, size: tuple[int, int] = (30, 100)):
        self.shown = b""
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.execve(program(), ["kubectl", *words], {**kubectl.environment, "TERM": "xterm"})
        self.resize(*size)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception) -> None:
        os.close(self.master)

    def resize(self, rows: int, columns: int) -> None:
        import struct
        import termios

        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, text: str) -> str:
        """Read on until a text has come; returns what came up to it."""
        before, self.seen = len(self.shown), b""
        end_s = time.monotonic() + WITHIN_S
        while text.encode() not in self.shown[before:]:
            assert time.monotonic() < end_s, f"{text!r} did not come: {self.shown!r}"
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self.master, 65536)
                except OSError:
                    break
        return self.shown[before:].decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        """The exit code of kubectl, once it has ended."""
        self.until("\0never")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_files_are_copied_both_ways_byte_for_byte(kubectl, tmp_path):
    data = bytes(range(256)) * 1024
    (tmp_path / "bin").write_bytes(data)
    assert kubectl("cp", str(tmp_path / "bin"), "talk:/tmp/bin").returncode == 0
    assert kubectl("exec", "talk", "--", "ls", "/tmp").stdout == "bin\n"
    assert kubectl("cp", "talk:/tmp/bin", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == data
    assert kubectl("cp", "--retries=2", "talk:/tmp/bin", str(tmp_path / "again")).returncode == 0
    assert (tmp_path / "again").read_bytes() == data


def test_folders_are_copied_with_all_that_is_in_them(kubectl, tmp_path):
    (tmp_path / "site" / "inner").mkdir(parents=True)
    (tmp_path / "site" / "inner" / "你好.txt").write_text("hello\n")
    (tmp_path / "site" / "index.html").write_text("index\n")
    assert kubectl("cp", str(tmp_path / "site"), "talk:/opt").returncode == 0
    assert kubectl("exec", "talk", "--", "cat", "/opt/site/inner/你好.txt").stdout == "hello\n"
    assert kubectl("cp", "talk:/opt/site", str(tmp_path / "back")).returncode == 0
    assert sorted(path.relative_to(tmp_path / "back").as_posix() for path in (tmp_path / "back").rglob("*")) == [
        "index.html", "inner", "inner/你好.txt"]  # fmt: skip


def test_what_cannot_be_copied_is_said_as_busybox_says_it(kubectl, tmp_path):
    (tmp_path / "x").write_text("x")
    done = kubectl("cp", str(tmp_path / "x"), "talk:/no/such/folder/x")
    words = "tar: can't change directory to '/no/such/folder': No such file or directory\ncommand terminated with exit code 1\n"
    assert (done.returncode, done.stderr) == (1, words)
    assert "tar: removing leading '/' from member names" in kubectl("cp", "talk:/etc/hostname", str(tmp_path / "y")).stdout
    assert (tmp_path / "y").read_text() == "talk\n"


@pytest.mark.parametrize(
    ("command", "text", "stdout", "code"),
    [(["cat"], "a\nb\n", "a\nb\n", 0), (["sh"], "echo one; exit 4\n", "one\n", 4), (["wc", "-l"], "1\n2\n", "2\n", 0)],
)
def test_a_pod_that_is_run_reads_what_is_piped_in(kubectl, command, text, stdout, code):
    done = kubectl("run", "-i", "--rm", "--quiet", "--restart=Never", "--image=busybox", "piped", "--", *command, text=text)
    assert (done.returncode, done.stdout) == (code, stdout)
    assert "NotFound" in kubectl("get", "pod", "piped").stderr


def test_a_shell_is_run_at_a_terminal_and_its_pod_removed(kubectl):
    with Terminal(kubectl, "run", "-it", "--rm", "--restart=Never", "--image=busybox", "shell") as terminal:
        terminal.until("try pressing enter.")
        terminal.type("\r")
        terminal.until("/ # ")
        terminal.type("stty size\r")
        assert "30 100\r\n" in terminal.until("/ # ")
        terminal.resize(40, 120)
        deadline = time.monotonic() + WITHIN_S
        size = ""
        while "40 120" not in size and time.monotonic() < deadline:
            terminal.type("stty size\r")
            size = terminal.until("/ # ")
        assert "40 120\r\n" in size
        terminal.type("exit 3\r")
        assert terminal.end() == 3
    assert "NotFound" in kubectl("get", "pod", "shell").stderr


def test_ctrl_d_ends_a_program_and_then_the_shell_of_exec(kubectl):
    with Terminal(kubectl, "exec", "-it", "talk", "--", "sh") as terminal:
        terminal.until("/ # ")
        terminal.type("cat\r")
        terminal.until("cat\r\n")
        terminal.type("abc\r")
        terminal.until("abc\r\nabc\r\n")
        terminal.type("\x04")
        terminal.until("/ # ")
        terminal.type("\x04")
        assert terminal.end() == 0


def test_who_attaches_speaks_to_the_first_process_which_goes_on_afterwards(kubectl):
    for word in ("one", "two"):
        process = kubectl.start("attach", "-i", "reads")
        process.stdin.write(f"{word}\n")
        process.stdin.flush()
        assert process.stdout.readline() == f"heard {word}\n"
        process.kill()
        process.communicate()
    assert kubectl("logs", "reads").stdout == "heard one\nheard two\n"
    assert kubectl("get", "pod", "reads", "-o", "jsonpath={.status.containerStatuses[0].restartCount}").stdout == "0"


def test_a_debug_container_joins_a_running_pod(kubectl):
    with Terminal(kubectl, "debug", "-it", "talk", "--image=busybox", "-c", "doctor") as terminal:
        terminal.until("try pressing enter.")
        terminal.type("hostname\r")
        assert "talk\r\n" in terminal.until("/ # ")
        terminal.type("exit\r")
        assert "the ephemeral container will not be restarted" in terminal.until("if it is still running")
        assert terminal.end() == 0
    done = kubectl("wait", "pod/talk", "--for=jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.reason}=Completed", "--timeout=60s")
    assert done.returncode == 0
    removal = '[{"op":"remove","path":"/spec/ephemeralContainers"}]'
    done = kubectl("patch", "pod", "talk", "--subresource=ephemeralcontainers", "--type=json", "-p", removal)
    words = 'The Pod "talk" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "doctor" may not be removed\n\n'
    assert (done.returncode, done.stderr) == (1, words)


def test_a_copy_of_a_pod_is_made_to_look_into(kubectl):
    with Terminal(kubectl, "debug", "-it", "talk", "--copy-to=copy", "--container=app", "--", "sh") as terminal:
        terminal.until("try pressing enter.")
        terminal.type("hostname\r")
        assert "copy\r\n" in terminal.until("/ # ")
        terminal.type("exit\r")
        assert terminal.end() == 0
    assert kubectl("delete", "pod", "copy").returncode == 0


def test_a_node_is_looked_into_from_a_pod_in_its_namespaces(kubectl):
    with Terminal(kubectl, "debug", "-it", "node/k8snode1", "--image=busybox") as terminal:
        name = re.search(r"debugging pod (\S+) with", terminal.until("try pressing enter."))[1]
        terminal.type("hostname\r")
        assert "k8snode1\r\n" in terminal.until("/ # ")
        terminal.type("exit\r")
        assert terminal.end() == 0
    assert kubectl("get", "pod", name, "-o", "jsonpath={.spec.nodeName} {.spec.hostPID}").stdout == "k8snode1 true"
