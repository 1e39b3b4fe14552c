"""What `manage.py up` does once everything is installed: claim the data folder, migrate, serve, end cleanly."""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import sqlite3
import sys
import threading
import webbrowser
from pathlib import Path

from webui.setup import paths, stamps
from webui.setup.problems import Problem, of_os_error
from webui.setup.progress import Progress

END_WITHIN_S = 1.7
ANY_ADDRESS = ("0.0.0.0", "::")


def up(bind: str, port: int, data: Path, opens_page: bool) -> int:
    """Serve from the data folder until Ctrl-C or SIGTERM; 0 when it ended as asked."""
    gc.disable()  # loading makes no garbage worth looking for
    os.environ["PODLIFE_DATA"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
    with claimed(data):
        _make_secret_key(data)
        _allow_hosts(bind)
        import django

        django.setup()
        migrate()
        return _serve(bind, port, data, opens_page)


@contextlib.contextmanager
def claimed(data: Path):
    """Hold the data folder: one server at a time, and a server that was killed holds nothing.

    Raises: Problem when another server has it, or it cannot be written.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = open(data / "server.lock", "a")  # noqa: SIM115 - closed below
    except OSError as error:
        raise of_os_error(error, f"Opening the data folder {data}") from error
    with lock:
        if not _lock(lock):
            raise Problem(f"Podlife already runs on {data}{_where(data)}: end it first, or choose another --data.")
        try:
            yield
        finally:
            (data / "server.json").unlink(missing_ok=True)


def _lock(file) -> bool:
    if os.name == "nt":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def running(data: Path) -> dict:
    """The running server's record, {"url", "pid"}; empty when none is known."""
    return stamps.read(data / "server.json")


def _where(data: Path) -> str:
    found = running(data)
    return f" at {found['url']}" if found.get("url") else ""


def _make_secret_key(data: Path) -> None:
    file = data / "secret_key"
    if file.exists() and file.stat().st_size:
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(secrets.token_urlsafe(50) + "\n")


def _allow_hosts(bind: str) -> None:
    from webui.server import names_of_machine

    hosts = names_of_machine() if bind in ANY_ADDRESS else [f"[{bind}]" if ":" in bind else bind]
    given = os.environ.get("PODLIFE_HOSTS", "")
    os.environ["PODLIFE_HOSTS"] = ",".join([*hosts, *filter(None, [given])])


def migrate() -> None:
    """Bring the database to this version, unless its own mark says that it is there already."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DatabaseError, connection

    mark = _migrations_mark()
    if connection.vendor == "sqlite" and _mark_of(settings.DATABASES["default"]["NAME"]) == mark:
        return
    progress = Progress("Preparing the database")
    try:
        call_command("migrate", interactive=False, verbosity=0)
        if connection.vendor == "sqlite":
            connection.cursor().execute(f"PRAGMA user_version = {mark}")
    except DatabaseError as error:
        progress.failed()
        raise _of_database_error(error, settings.DATABASES["default"]["NAME"]) from error
    finally:
        connection.close()
    progress.done()


def _migrations_mark() -> int:
    """A number that changes with the migrations here and with the locked packages, which bring their own."""
    return int(stamps.digest(paths.ROOT / "cluster" / "migrations", paths.ROOT / "requirements.lock")[:7], 16)


def _mark_of(database: Path) -> int | None:
    if not Path(database).exists():
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
            return opened.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        return None


def _of_database_error(error: Exception, database) -> Problem:
    text = str(error)
    if "full" in text:
        return Problem(f"The disk is full ({database}): free some space and run the same command again.")
    if "readonly" in text or "unable to open" in text:
        return Problem(f"{database} cannot be written: make it writable for you, or choose another --data.")
    if "not a database" in text or "malformed" in text:
        return Problem(f"{database} is damaged ({text}): put it aside, or choose another --data.")
    return Problem(f"The database could not be prepared: {text} ({database}).")


def _serve(bind: str, port: int, data: Path, opens_page: bool) -> int:
    from webui import server

    def on_ready(url: str) -> None:
        stamps.write(data / "server.json", {"url": url, "pid": os.getpid()})
        print(f"Podlife is ready at {url}", flush=True)
        gc.freeze()  # what is loaded stays; no collection need look at it again
        gc.enable()
        if opens_page:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    with asyncio.Runner(loop_factory=lambda: server.loop) as runner:
        stop = asyncio.Event()
        _end_on_signals(stop)
        runner.run(server.serve(bind, port, on_ready, stop))
    print("Podlife has stopped.", file=sys.stderr)
    return 0


def _end_on_signals(stop: asyncio.Event) -> None:
    """Ctrl-C and SIGTERM end the server; a thread sees to it that it really ends in time."""
    from webui import server

    def end() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        last_resort = threading.Timer(END_WITHIN_S, os._exit, (0,))
        last_resort.daemon = True
        last_resort.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        server.loop.add_signal_handler(number, end)
