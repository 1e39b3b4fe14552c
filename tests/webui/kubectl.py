"""The real kubectl on a server's sandbox, with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from pathlib import Path

from webui.terminal.process import program


class Kubectl:
    """kubectl(*words, text=standard input) → CompletedProcess."""

    def __init__(self, url: str, home: Path, sandbox: str = "main"):
        self.url, self.home, self.sandbox = url, home, sandbox
        with urllib.request.urlopen(f"{url}api/sandboxes/{sandbox}/kubeconfig", timeout=30) as answer:
            (home / "config").write_bytes(answer.read())
        self.environment = {"HOME": str(home), "KUBECONFIG": str(home / "config"), "PATH": os.environ["PATH"]}

    def __call__(self, *words: str, text: str = "", timeout_s: float = 90) -> subprocess.CompletedProcess:
        return subprocess.run(
            [program(), *words], input=text, env=self.environment, capture_output=True, text=True, timeout=timeout_s
        )

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [program(), *words], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def control(self, action: str, value=None) -> None:
        body = json.dumps({"action": action, "value": value}).encode()
        address = f"{self.url}api/sandboxes/{self.sandbox}/control"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=60).read()
