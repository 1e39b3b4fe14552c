"""The virtual environment `.venv` and the locked Python packages in it.

Imports that only the making needs stand where it is made: a warm start must not pay for them.
"""

import contextlib
import os
import re
import sys

from webui.setup import stamps
from webui.setup.paths import LOG, ROOT, STAMP, UNDER_WAY, VENV, is_made, venv_python
from webui.setup.problems import Problem, of_os_error
from webui.setup.progress import Progress

RUNTIME = "requirements.lock"
TEST = "requirements-test.lock"  # holds all of RUNTIME too, in the same versions
NODE = "requirements-node.lock"
NEEDED_BYTES = 600_000_000
STRAY = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH")  # would send pip's files elsewhere
PIP_ENV = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_USER": "0",
    "PYTHONUTF8": "1",
    **dict.fromkeys(STRAY),
}


def is_ready(lock: str = RUNTIME) -> bool:
    """Whether `.venv` holds just what the lock says, by its stamp."""
    return is_made() and stamps.read(STAMP).get(lock) == stamps.digest(ROOT / lock)


def ensure(lock: str = RUNTIME) -> None:
    """Make `.venv` where it is missing or half made, and install the lock's packages where they differ."""
    if is_ready(lock):
        return
    check_writable()
    with held():
        if is_ready(lock):  # another run made it while this one waited
            return
        if UNDER_WAY.exists() or not _works():
            _create()
        install(lock)


def check_writable() -> None:
    """Fail early and clearly where the project's folder cannot be written or the disk has no room."""
    import shutil

    probe = ROOT / f".writable-{os.getpid()}"
    try:
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise of_os_error(OSError(error.errno, error.strerror, str(ROOT)), "Set-up") from error
    free = shutil.disk_usage(ROOT).free
    if not VENV.exists() and free < NEEDED_BYTES:
        raise Problem(
            f"The disk has no room: set-up needs about {NEEDED_BYTES // 10**6} MB in {ROOT}, "
            f"and {free // 10**6} MB are free."
        )


@contextlib.contextmanager
def held():
    """Only one set-up at a time; a second one waits for the first and then finds its work done.

    Where `.venv` is a link, the folder that it lies in is held: two clones that share one never set it up together.
    """
    if os.name == "nt":
        yield
        return
    import fcntl

    from webui.setup import process

    beside = VENV.resolve().parent
    folder = os.open(beside if beside.is_dir() else ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Waiting for another set-up in this folder to end …", file=sys.stderr)
            fcntl.flock(folder, fcntl.LOCK_EX)
        process.HELD.append(folder)
        yield
    finally:
        process.HELD.clear()
        os.close(folder)


def _works() -> bool:
    from webui.setup import process

    return venv_python().exists() and bool(process.answers([venv_python(), "-c", "import pip; print(pip.__version__)"]))


def _create() -> None:
    import venv

    from webui.setup import process

    progress = Progress("Making the virtual environment .venv")
    UNDER_WAY.unlink(missing_ok=True)
    try:
        venv.EnvBuilder(clear=True, symlinks=os.name != "nt").create(VENV)
        process.run([venv_python(), "-m", "ensurepip", "--default-pip"], tool="ensurepip", log=LOG)
    except OSError as error:
        progress.failed()
        raise of_os_error(error, "Making .venv") from error
    except Problem as problem:
        progress.failed()
        if "No module named" in str(problem):
            raise Problem(
                "This Python comes without its venv module's parts (ensurepip): install them "
                f"(on Debian or Ubuntu: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv) "
                "and run the same command again."
            ) from problem
        raise
    progress.done()


def install(lock: str) -> None:
    """Install a lock's packages into `.venv`, checked against their hashes."""
    from webui.setup import process

    total = len(re.findall(r"^[a-zA-Z0-9]", (ROOT / lock).read_text(), re.MULTILINE))
    progress = Progress(f"Installing the Python packages of {lock}")
    seen = 0

    def on_line(line: str) -> None:
        nonlocal seen
        if found := re.match(r"\s*(?:Collecting|Requirement already satisfied:|Ignoring) (\S+)", line):
            seen += 1
            progress.at(min(seen, total), total, found[1])

    # --no-compile: most modules are never imported; those that are, are compiled then.
    command = [venv_python(), "-m", "pip", "install", "--no-deps", "--require-hashes", "--no-compile", "--retries", "2"]
    try:
        UNDER_WAY.write_text(lock)
        process.run([*command, "-r", ROOT / lock], tool="pip", log=LOG, env=PIP_ENV, on_line=on_line)
        _stamp(lock)
        UNDER_WAY.unlink()
    except OSError as error:
        progress.failed()
        raise of_os_error(error, "Installing packages") from error
    except Problem:
        progress.failed()
        raise
    progress.done()


def _stamp(lock: str) -> None:
    stamp = stamps.read(STAMP)
    stamp[lock] = stamps.digest(ROOT / lock)
    if lock == TEST:
        stamp[RUNTIME] = stamps.digest(ROOT / RUNTIME)
    stamps.write(STAMP, stamp)
