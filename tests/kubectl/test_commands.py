"""Each command of kubectl, with its exit code and its words, against a real server (KUBECTL=/path/to/another one)."""
from __future__ import annotations

import contextlib
import http.client
import json
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.kubectl import manifests
from tests.kubectl.commands import GROUPS, Row
from tests.kubectl.conftest import binary

pytestmark = pytest.mark.slow


@cache
def minor_version() -> int:
    """36 of kubectl 1.36."""
    said = subprocess.run([binary(), "version", "--client", "-o", "json"], capture_output=True, text=True, timeout=60, check=True).stdout
    return int(re.match(r"v1\.(\d+)", json.loads(said)["clientVersion"]["gitVersion"])[1])


class Shell:
    """Runs commands of a group in its namespace, made when the first of them comes."""

    def __init__(self, kubectl, folder: Path):
        self.config, self.folder, self.spaces, self.binary = kubectl.command[2], folder, {}, kubectl.command[0]
        self.environment = {**kubectl.environment, "KUBE_EDITOR": str(folder / "editor"), "KUBECONFIG": self.config}

    def run(self, group: str, words: str, **options) -> subprocess.CompletedProcess:
        if group not in self.spaces:
            self.spaces[group] = self.folder / f"config-{group}"
            self.spaces[group].write_text(Path(self.config).read_text())
            self._plain(group, "create", "namespace", group)
            self._plain(group, "config", "set-context", "--current", f"--namespace={group}")
        return self._plain(group, *shlex.split(words), **options)

    def _plain(self, group: str, *words: str, **options) -> subprocess.CompletedProcess:
        environment = {**self.environment, "KUBECONFIG": str(self.spaces[group])}
        return subprocess.run([self.binary, *words], capture_output=True, text=True, timeout=120, env=environment, cwd=self.folder, **options)


@pytest.fixture(scope="module")
def shell(kubectl, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    manifests.write(folder)
    return Shell(kubectl, folder)


@pytest.mark.parametrize(("group", "row"), [pytest.param(group, row, id=f"{group}: {row.words}") for group, rows in GROUPS.items() for row in rows])
def test_a_command_says_what_it_says_on_a_real_cluster(shell, group: str, row: Row):
    if row.since > minor_version():
        pytest.skip(f"kubectl 1.{minor_version()} says it differently")
    done = shell.run(group, row.words)
    assert done.returncode == row.code, done.stdout + done.stderr
    assert re.search(row.out, done.stdout, re.M), done.stdout + done.stderr
    assert re.search(row.err, done.stderr, re.M), done.stderr


@pytest.mark.parametrize("flags", [[], ["--append-server-path"]], ids=["at the root", "by the path"])
def test_proxy_passes_requests_on(shell, flags):
    shell.run("cluster", "version")
    with proxy(shell, *flags) as port:
        assert get(port, "/api/v1/namespaces/default")["metadata"]["name"] == "default"
        assert get(port, "/version")["minor"] == "36" and get(port, "/apis/apps/v1")["groupVersion"] == "apps/v1"
        assert get(port, "/apis/authentication.k8s.io/v1/selfsubjectreviews", b"{}")["status"]["userInfo"]["username"] == "kubernetes-admin"
        assert get(port, "/api/sandboxes")["code"] == 404  # the sandbox's answer: the control API is not reached this way


def test_what_needs_a_socket_works_through_a_proxy(shell):
    shell.run("cluster", "run talker --image=busybox:1 -- sh -c 'echo began; sleep 1000'")
    with proxy(shell, "--disable-filter") as port:
        address = f"--server=http://127.0.0.1:{port}"
        shell.run("cluster", f"wait {address} --for=condition=Ready pod/talker --timeout=60s")
        assert shell.run("cluster", f"exec {address} talker -- echo hello").stdout == "hello\n"
        assert "began" in shell.run("cluster", f"logs {address} talker").stdout


@contextlib.contextmanager
def proxy(shell, *flags: str):
    """A running `kubectl proxy`; its port."""
    words = [shell.binary, "proxy", "--port=0", *flags]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**shell.environment, "KUBECONFIG": str(shell.config)}) as running:
        try:
            yield int(re.search(r"Starting to serve on 127\.0\.0\.1:(\d+)", running.stdout.readline())[1])
        finally:
            running.terminate()


def get(port: int, path: str, body: bytes | None = None) -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST" if body else "GET", path, body, {"Content-Type": "application/json"})
        text = connection.getresponse().read()
        return json.loads(text) if text[:1] == b"{" else {"code": 404, "text": text}
    finally:
        connection.close()


def test_nothing_of_this_is_logged_as_an_error(kubectl):
    assert "Traceback" not in kubectl.server.output
