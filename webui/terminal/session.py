"""Owns one terminal: its folder, its prompt, the command under way, and the bounds of all that."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from webui.kubeconfig import kubeconfig_text

from . import builtins, confinement
from .filters import FILTERS, lines_of
from .process import Process, environment
from .words import Refusal, commands_of

MOST_SESSIONS = 32
MOST_PROCESSES = 24  # of all sessions
MOST_PROCESSES_EACH = 3
MOST_OUTPUT = 8 * 1024 * 1024  # characters of one command
IDLE_S = 600.0
MOST_FILES, MOST_FILE_BYTES = 40, 3 * 1024 * 1024
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")
INTERRUPTED = 130

SESSIONS: dict[str, Session] = {}
Tell = Callable[[dict], Awaitable[None]]


class Session:
    """A terminal of one page. tell(message) reaches the page; server: the sandbox's API address without the session's mark."""

    def __init__(self, sandbox: str, server: str, tell: Tell):
        if len(SESSIONS) >= MOST_SESSIONS:
            raise Refusal("terminal.too_many_sessions")
        self.id = secrets.token_hex(6)
        self.sandbox, self.tell = sandbox, tell
        self.copied: list[str] = []  # names of files that `kubectl cp` may have brought
        self.base = Path(tempfile.mkdtemp(prefix="podlife-terminal-"))
        self.folder, self.home, self.temporary = (self.base / name for name in ("files", "home", "tmp"))
        for each in (self.folder, self.home, self.temporary):
            each.mkdir(mode=0o700)
        # The mark tells the endpoint whose request it is, so that a write that waits for a step can be told of here.
        (self.home / "config").write_text(kubeconfig_text(sandbox, f"{server}~{self.id}"))
        self.node = ""
        self.nodes: list[str] = []
        self.rows, self.columns = 24, 80
        self.processes: set[Process] = set()
        self.task: asyncio.Task | None = None
        self.written, self.status = 0, 0
        self.is_closed = False
        SESSIONS[self.id] = self

    @property
    def prompt(self) -> str:
        return f"[root@{self.node} ~]# " if self.node else "$ "

    # -- the files ----------------------------------------------------------------------------------------------------

    def take_files(self, files: object) -> None:
        """Make the folder hold the editor's files, those that were copied out of containers, and nothing else."""
        wanted = dict(named for each in (files if isinstance(files, list) else [])[:MOST_FILES] if (named := file_of(each)))
        if sum(len(text) for text in wanted.values()) > MOST_FILE_BYTES:
            raise Refusal("terminal.files_too_large")
        for path in self.folder.iterdir():
            if path.is_symlink() or not path.is_file() or path.name not in (*wanted, *self.copied):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for name, text in wanted.items():
            (self.folder / name).write_bytes(text.encode())

    def file(self, name: str) -> str | None:
        """The text of a file of the folder; None for what is none of it."""
        path = self.folder / name.removeprefix("./")
        if not FILE_NAME.fullmatch(path.name) or path.parent != self.folder or path.is_symlink() or not path.is_file():
            return None
        return path.read_text(errors="replace")

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_file() and not path.is_symlink())

    # -- telling ------------------------------------------------------------------------------------------------------

    async def print(self, text: str, stream: str = "stdout") -> None:
        """Output, bounded: what is more than a command may print ends it."""
        room = MOST_OUTPUT - self.written
        self.written += len(text)
        if room > 0:
            await self.tell({"type": "output", "stream": stream, "text": text[:room]})
        if room < len(text):
            raise Refusal("terminal.output_cut", most=MOST_OUTPUT // (1024 * 1024))

    async def note(self, key: str, tone: str = "dim", **values: object) -> None:
        await self.tell(
            {"type": "note", "tone": tone, "key": key.removeprefix("terminal."), "values": {name: str(value) for name, value in values.items()}}
        )

    async def waits(self, verb: str) -> None:
        """A write of this terminal was sent while time is held."""
        await self.note("terminal.held", verb=verb)

    # -- running ------------------------------------------------------------------------------------------------------

    def start(self, line: str) -> None:
        """Begin a command; a second one while one runs is not taken."""
        if not self.is_running and not self.is_closed:
            self.task = asyncio.ensure_future(self._run(line))

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()

    async def _run(self, line: str) -> None:
        self.written, self.status = 0, 0
        try:
            await self.run(line)
        except Refusal as refusal:
            self.status = self.status or 1
            await self.note(refusal.key, "error", **refusal.values)
        except asyncio.CancelledError:
            self.status = INTERRUPTED
        except Exception as error:  # a fault of ours must not take the terminal with it
            self.status = 1
            await self.note("terminal.broken", "error", text=f"{type(error).__name__}: {error}")
        finally:
            await asyncio.shield(self._end_processes())
        if not self.is_closed:
            await self.tell({"type": "done", "status": self.status, "prompt": self.prompt})

    async def run(self, line: str) -> None:
        """Run a line to its end. Raises Refusal."""
        commands = commands_of(line)
        if not commands:
            return
        for words in commands[1:]:
            if words[0] not in FILTERS and words[0] not in ("kubectl", "k"):
                raise Refusal("terminal.no_filter", command=words[0])
        await self.show(self.stream(commands))

    def stream(self, commands: list[list[str]]) -> AsyncIterator[str]:
        """The output of a pipe, piece by piece."""
        flow = self.source(commands[0])
        for words in commands[1:]:
            rule = FILTERS.get(words[0])
            flow = ended(rule(words, lines_of(flow))) if rule else self.kubectl(words[1:], flow)
        return flow

    async def show(self, flow: AsyncIterator[str]) -> None:
        try:
            async for text in flow:
                await self.print(text)
        finally:
            await flow.aclose()

    def source(self, words: list[str]) -> AsyncIterator[str]:
        if words[0] in ("kubectl", "k"):
            return self.kubectl(words[1:])
        builtin = builtins.BUILTINS.get(words[0])
        if builtin is None:
            raise Refusal("terminal.not_found", command=words[0])
        return builtin(self, words)

    async def kubectl(self, arguments: list[str], flow: AsyncIterator[str] | None = None) -> AsyncIterator[str]:
        """kubectl's output; what it complains of is told beside it."""
        confinement.check(arguments, has_input=flow is not None)
        is_interactive = flow is None and wants_terminal(arguments)
        process = self.process(arguments, has_terminal=is_interactive)
        await process.start(has_input=flow is not None)
        if is_interactive:
            await self.tell({"type": "raw", "on": True})
        feeding = asyncio.ensure_future(feed(process, flow)) if flow is not None else None
        pieces = process.output()
        try:
            while (piece := await next_of(pieces)) is not None:
                stream, text = piece
                if stream == "stderr":
                    await self.print(text, "stderr")
                else:
                    yield text
            self.status = await process.wait()
            if "cp" in arguments[:3]:
                self.copied = [name for name in self.names() if FILE_NAME.fullmatch(name)][:MOST_FILES]
        finally:
            if feeding is not None:
                feeding.cancel()
            await pieces.aclose()
            await process.end()
            self.processes.discard(process)
            if is_interactive:
                await self.tell({"type": "raw", "on": False})

    def process(self, arguments: list[str], *, has_terminal: bool = False) -> Process:
        """A process, counted. Raises Refusal when there are too many."""
        total = sum(len(session.processes) for session in SESSIONS.values())
        if len(self.processes) >= MOST_PROCESSES_EACH or total >= MOST_PROCESSES:
            raise Refusal("terminal.too_many_processes")
        variables = environment(self.home, self.temporary, self.columns)
        process = Process(arguments, folder=self.folder, variables=variables, has_terminal=has_terminal, size=(self.rows, self.columns))
        self.processes.add(process)
        return process

    # -- keys ---------------------------------------------------------------------------------------------------------

    def interrupt(self) -> None:
        """Ctrl-C."""
        if self.is_running:
            self.task.cancel()

    def typed(self, text: str) -> None:
        for process in self.processes:
            process.write(text)

    def resize(self, rows: int, columns: int) -> None:
        self.rows, self.columns = max(2, min(rows, 500)), max(10, min(columns, 1000))
        for process in self.processes:
            process.resize(self.rows, self.columns)

    # -- the end ------------------------------------------------------------------------------------------------------

    async def _end_processes(self) -> None:
        for process in list(self.processes):
            await process.end()
            self.processes.discard(process)

    async def close(self) -> None:
        """The tab is gone: end what runs and remove the folder."""
        self.is_closed = True
        if self.is_running:
            self.task.cancel()
            await asyncio.wait([self.task], timeout=3)
        self.kill()
        await self._end_processes()

    def kill(self) -> None:
        """The same at once, for when nothing can be waited for."""
        self.is_closed = True
        SESSIONS.pop(self.id, None)
        for process in self.processes:
            process.kill()
        shutil.rmtree(self.base, ignore_errors=True)


def file_of(value: object) -> tuple[str, str] | None:
    """(name, text) of a file that the page sent; None for what is none."""
    if not isinstance(value, dict):
        return None
    name, text = value.get("name"), value.get("text")
    if not isinstance(name, str) or not isinstance(text, str) or not FILE_NAME.fullmatch(name):
        return None
    return name, text


def wants_terminal(arguments: list[str]) -> bool:
    """Whether kubectl asks for a terminal: `-it` of exec, attach, run, debug."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if not any(word in ("exec", "attach", "run", "debug") for word in before[:3]):
        return False
    return any(word in ("--tty", "--stdin") or re.fullmatch(r"-[iqt]*[it][iqt]*", word) for word in before)


async def next_of(pieces: AsyncIterator) -> tuple[str, str] | None:
    """The next piece, None at the end. Raises Refusal when nothing has come for too long."""
    try:
        return await asyncio.wait_for(anext(pieces), IDLE_S)
    except StopAsyncIteration:
        return None
    except TimeoutError:
        raise Refusal("terminal.idle", minutes=int(IDLE_S // 60)) from None


async def feed(process: Process, flow: AsyncIterator[str]) -> None:
    """Give a process what a pipe brings."""
    stdin = process.process.stdin
    try:
        async for text in flow:
            stdin.write(text.encode())
            await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        stdin.close()


async def ended(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """Lines with their ends."""
    try:
        async for line in lines:
            yield line + "\n"
    finally:
        await lines.aclose()
