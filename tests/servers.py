"""Starts `manage.py up` as a user would, for tests that need a real server."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from webui.setup import paths

READY_WITHIN_S = 60
END_WITHIN_S = 10


class Server:
    """A server process on a free port; `url` is there once it is ready."""

    def __init__(self, data: Path, *arguments: str, environment: dict | None = None):
        self.command = [sys.executable, paths.MANAGE, "up", "--port", "0", "--data", data, *arguments]
        self.environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self.lines: list[str] = []

    def __enter__(self) -> "Server":
        self.process = subprocess.Popen(
            [str(part) for part in self.command],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.url = self._url()
        threading.Thread(target=self._drain, daemon=True).start()
        return self

    def __exit__(self, *exception) -> None:
        if self.process.poll() is None:
            self.end()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        try:
            return self.process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def _url(self) -> str:
        watchdog = threading.Timer(READY_WITHIN_S, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line)
                if found := re.match(r"Podlife is ready at (\S+)", line):
                    return found[1]
        finally:
            watchdog.cancel()
        raise AssertionError(f"the server did not become ready:\n{self.output}")

    def _drain(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)
