"""The real kubectl against a real server."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Server
from tests.webui.conftest import Api


class Kubectl:
    """`kubectl(words, stdin=…)` runs one command in the sandbox; output that differs from run to run is made plain."""

    def __init__(self, binary: str, kubeconfig: Path, home: Path):
        self.command, self.environment = [binary, "--kubeconfig", str(kubeconfig)], {"HOME": str(home), "PATH": "/usr/bin:/bin"}

    def run(self, words: str, *, stdin: str = "", timeout_s: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run([*self.command, *words.split()], input=stdin, capture_output=True, text=True, timeout=timeout_s, env=self.environment)

    def __call__(self, words: str, *, stdin: str = "") -> str:
        """The plain output of a command that must succeed."""
        done = self.run(words, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return plain(done.stdout)

    def fails(self, words: str, *, stdin: str = "") -> str:
        done = self.run(words, stdin=stdin)
        assert done.returncode != 0, done.stdout
        return plain(done.stderr)


def plain(text: str) -> str:
    """Ages, generated names, addresses and column widths out of the way."""
    text = re.sub(r"\b(\w+)-[a-f0-9]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b", r"\1-HASH-ID", text)
    text = re.sub(r"\b(\w+)-[a-f0-9]{8,10}\b", r"\1-HASH", text)
    text = re.sub(r"\b10\.244\.\d+\.\d+\b", "IP", text)
    text = re.sub(r"(?<=\s)(\d+[smhd])+(?=\s)", "AGE", text)
    return re.sub(r" {2,}", "  ", text)


def binary() -> str | None:
    """The kubectl to try: the one that KUBECTL names, else the one beside this Python."""
    return os.environ.get("KUBECTL") or shutil.which("kubectl", path=str(Path(sys.executable).parent))


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    if binary() is None:
        pytest.skip("no kubectl beside this Python: python3 manage.py test installs it")
    folder = tmp_path_factory.mktemp("kubectl")
    with Server(folder / "data") as server:
        api = Api(server)
        name = api.sandbox("box")
        (folder / "config").write_text(api.ask("GET", f"/api/sandboxes/{name}/kubeconfig")[1])
        made = Kubectl(binary(), folder / "config", folder)
        made.api, made.server = api, server
        yield made
