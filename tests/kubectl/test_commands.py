"""Each command of kubectl, with its exit code and its words, against a real server (KUBECTL=/path/to/another one)."""
from __future__ import annotations

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


def test_proxy_passes_requests_on(shell):
    shell.run("cluster", "version")
    words = [shell.binary, "proxy", "--port=0", "--append-server-path"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**shell.environment, "KUBECONFIG": str(shell.config)}) as proxy:
        try:
            port = int(re.search(r"Starting to serve on 127\.0\.0\.1:(\d+)", proxy.stdout.readline())[1])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/api/v1/namespaces/default")
            reply = connection.getresponse()
            assert reply.status == 200 and json.loads(reply.read())["metadata"]["name"] == "default"
            connection.close()
        finally:
            proxy.terminate()


def test_nothing_of_this_is_logged_as_an_error(kubectl):
    assert "Traceback" not in kubectl.server.output
