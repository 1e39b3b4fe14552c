"""manage.py as it is called: what it says, what it refuses, how it ends."""

import ast
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.servers import Server
from webui.setup.paths import MANAGE, ROOT


def manage(*arguments: str, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, MANAGE, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def visitor(server: Server) -> socket.socket:
    """A connection that is open and asks nothing."""
    return socket.create_connection(("127.0.0.1", int(server.url.rstrip("/").rsplit(":")[-1])))


def test_help_names_every_command_and_what_it_is_for():
    asked = manage("--help")
    assert asked.returncode == 0
    for command in ("up", "test", "kubeconfig", "sandbox", "control", "fault", "simulate"):
        assert f"manage.py {command} " in asked.stdout


def test_an_old_python_can_read_manage_py_and_is_told_what_it_needs():
    source = MANAGE.read_text()
    ast.parse(source, feature_version=(3, 4))
    old = source.replace(
        "import sys\n", "import sys\nsys = type('', (), {'version_info': (3, 9, 2), 'exit': sys.exit})\n"
    )
    asked = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True, cwd=ROOT)
    assert asked.returncode == 1
    assert asked.stderr.startswith("Podlife needs Python 3.11 or newer, and this is Python 3.9:")


def test_a_taken_port_is_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        asked = manage("up", "--port", str(port))
    assert asked.returncode == 1
    assert asked.stderr.startswith(f"podlife: Port {port} at 127.0.0.1 is taken by another program")
    assert asked.stderr.count("\n") == 1


def test_an_address_of_another_machine_is_one_sentence():
    asked = manage("up", "--bind", "192.0.2.1", "--port", "0")
    assert asked.returncode == 1
    assert "--bind 192.0.2.1 is no address of this machine" in asked.stderr


def test_a_port_that_is_none_is_refused():
    asked = manage("up", "--port", "99999")
    assert asked.returncode == 2
    assert "99999 is not a port" in asked.stderr


def test_a_data_folder_that_cannot_be_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    asked = manage("up", "--port", "0", "--data", str(tmp_path / "file" / "data"))
    assert asked.returncode == 1
    assert asked.stderr.startswith("podlife: ")
    assert asked.stderr.count("\n") == 1


@pytest.mark.slow
def test_it_says_when_it_is_ready_and_ends_at_once_on_ctrl_c(tmp_path):
    with Server(tmp_path) as server, visitor(server):
        began = time.monotonic()
        assert server.end(signal.SIGINT) in (0, 130)
        assert time.monotonic() - began < 2
    assert "Traceback" not in server.output


@pytest.mark.slow
def test_two_servers_never_share_a_data_folder_and_a_killed_one_holds_nothing(tmp_path):
    with Server(tmp_path) as first:
        second = manage("up", "--port", "0", "--data", str(tmp_path))
        assert second.returncode == 1
        assert f"already runs on {tmp_path} at {first.url}" in second.stderr
        first.end(signal.SIGKILL)
    with Server(tmp_path) as third:
        assert third.end(signal.SIGTERM) in (0, 130)
