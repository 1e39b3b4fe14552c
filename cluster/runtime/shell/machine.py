"""Owns the running of a program and its children on the virtual clock: who goes on, what they wait for, and when enough is done for one moment.

A program is plain data (tasks.py) and is walked from outside: `start` makes it, `run` goes on with it until everything in it waits.
"""

from __future__ import annotations

import contextlib
import posixpath
from typing import Any, Protocol

from msgspec import Struct

from ..filesystem import ENTER, FILE
from ..images import behaviours
from . import programs
from .builtins import BUILTINS
from .call import BANNER, Blocked, BrokenPipe, Call, Ends, Failed, Usage
from .children import Children
from .expansion import NeedsOutput
from .instructions import Instructions
from .streams import PIPE_HOLDS, Streams
from .tasks import Frame, Front, Machine, Task
from .tools import TOOLS
from .usages import USAGES
from .variables import OutOfMemory, ShellError, Variables

STEPS_AT_ONCE = 2_000  # instructions of a program in one moment; then time goes on
SLICE = 200  # of one process, before the others have their turn
BUSY_MS = 10  # what so many steps take
MOST_BUSY = 50_000  # a process that does so much without ever waiting is left to spin until it is stopped
MOST_REFUSED = 200  # a program that is refused so many forks without ever waiting is a fork bomb, and is left to spin
OUT_OF_MEMORY = "out of memory"
UNNAMED = ("echo", "printf", "test", "[", "[[", "kill")  # applets that the shell runs in itself
FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")


class World(Protocol):
    """What a process sees of its container, beside its files (runtime/files.py)."""

    now_ms: int
    unix_s: int
    terminal: tuple[int, int]
    is_terminal: bool
    process: Any
    network: Any
    why: str

    def write(self, stream: str, text: str) -> None: ...
    def signal(self, pid: str, name: str) -> bool: ...
    def new_pid(self) -> int: ...
    def may_fork(self) -> bool: ...
    def bombed(self) -> None: ...
    def programs(self) -> list[tuple[list[str], Any, int]]: ...
    def input_line(self) -> str | None: ...
    def input_some(self) -> tuple[str, bool]: ...


class Step(Struct):
    """How far a program came. kind: "wait" (wait_ms, -1 until something happens), "input" (the same, and it reads), "prompt" (a shell at a
    terminal waits for its next line), "spin" (the same as wait, told once: it does nothing but work), "exit" (code)."""

    kind: str
    wait_ms: int = -1
    code: int = 0


def start(process: Any, argv: list[str], *, is_interactive: bool = False, pid: int = 1) -> None:
    """Make a program of a command line: a shell with its text, or one of the tools."""
    task = Task(pid, 0, list(argv), folder=getattr(process, "folder", "") or "/")
    task.is_interactive = is_interactive
    if is_interactive:
        task.name, task.wait = argv[0], ["prompt"]
    else:
        task.is_shell = False
        task.front = Front(list(argv), dict(task.descriptors), is_last=True)
    process.machine = Machine(tasks={str(pid): task}, last_pid=pid)


def feed(process: Any, text: str) -> None:
    """A line for a shell that waits at its prompt."""
    root = first(process)
    root.frames, root.wait = [Frame(text)], []


def first(process: Any) -> Task:
    return next(iter(process.machine.tasks.values()))


def run(process: Any, world: World) -> Step:
    """Walk on from where a program stands."""
    return Runner(process, world).run()


def interrupt(process: Any, world: World) -> None:
    """Ctrl-C: what is in front ends."""
    runner = Runner(process, world)
    jobs = {str(job[0]) for job in runner.root.jobs}
    for task in list(runner.machine.tasks.values()):
        if task is not runner.root and str(task.pid) not in jobs:
            runner.ended(task, 130)
    root = runner.root
    root.front, root.frames, root.status, root.wait, root.pending = None, [], 130, ["prompt"], []


def signal(process: Any, world: World, name: str, *, pid: int = 0) -> int:
    """A signal reaches a process of a program (its first one by default). Returns how long until the program is to be walked on; -1: it need not."""
    runner = Runner(process, world)
    task = runner.machine.tasks.get(str(pid)) if pid else runner.root
    if task is None or task.ended >= 0:
        return -1
    runner.send(task, name)
    if task.ended >= 0:
        return 0
    if not task.pending:
        return -1
    is_called = task.front is not None and task.front.words[0] == "wait"
    if task.wait == ["prompt"] or (is_called and task.wait[:1] == ["children"]):
        task.wait = []
        return 0
    if task.wait[:1] != ["nap"]:
        return -1
    _, since, length = task.wait
    task.wait = ["until", world.now_ms + length - (world.now_ms - since) % length]
    return next_ms(process, world.now_ms)


def next_ms(process: Any, now_ms: int) -> int:
    """How long until something in a program goes on by itself; -1: it does not."""
    dues = [task.wait[-1] for task in process.machine.tasks.values() if task.wait and task.wait[0] in ("until", "child")]
    return max(0, min(dues) - now_ms) if dues else -1


class Runner(Streams, Children, Instructions):
    """One program for the length of a turn."""

    def __init__(self, process: Any, world: World):
        self.process, self.world = process, world
        self.machine: Machine = process.machine
        self.base: dict[str, str] = process.env
        self.root = first(process)
        self.charged = 0  # steps that what was written counts as
        self.forks = 0  # the same of forks, but for how busy a process is

    def variables(self, task: Task) -> Variables:
        return Variables(task, self.base, task.shell or task.pid)

    # -- turns ---------------------------------------------------------------------------------------------------------

    def run(self) -> Step:
        was_prompt = self.root.wait == ["prompt"]
        if self.root.ended >= 0:
            return Step("exit", code=self.root.ended)
        for task in self.machine.tasks.values():
            if task.wait == ["input"]:
                task.wait = []
        left = STEPS_AT_ONCE
        while left > 0:
            ran = 0
            for task in list(self.machine.tasks.values()):
                if task.ended < 0 and self.is_ready(task):
                    ran += self.walk(task, min(SLICE, left))
                    if self.root.ended >= 0:
                        return Step("exit", code=self.root.ended)
            if not ran:
                break
            left -= ran
        return self.rest(left <= 0, was_prompt)

    def rest(self, is_busy: bool, was_prompt: bool) -> Step:
        """What a program does that has gone as far as it can."""
        wait_ms, kind = next_ms(self.process, self.world.now_ms), "wait"
        self.machine.refused = self.machine.refused if is_busy else 0
        if is_busy:
            is_bomb = self.machine.refused > MOST_REFUSED
            spun = [task for task in self.machine.tasks.values() if not task.wait and (is_bomb or task.busy > MOST_BUSY)]
            for task in spun:
                task.wait = ["spin"]
            if is_bomb and spun:
                self.world.bombed()
            if any(task.ended < 0 and self.is_ready(task) for task in self.machine.tasks.values()):
                wait_ms = BUSY_MS if self.machine.steps < 4 * MOST_BUSY else 10 * BUSY_MS
            if spun:
                kind = "spin"
        if any(task.wait == ["input"] for task in self.machine.tasks.values()):
            kind = "input"
        if self.root.wait == ["prompt"] and not was_prompt:
            kind = "prompt"
        return Step(kind, wait_ms)

    def is_ready(self, task: Task) -> bool:
        wait = task.wait
        if not wait:
            return True
        kind = wait[0]
        if kind == "until":
            ready = self.world.now_ms >= wait[1]
        elif kind == "heard":
            ready = self.world.process.notes.get(wait[1], ("", ""))[1] is not None
        elif kind == "children":
            is_called = bool(task.pending) and task.front is not None and task.front.words[0] == "wait"
            ready = is_called or all(pid not in self.machine.tasks for pid in wait[1:])
        elif kind == "child":
            ready = wait[1] not in self.machine.tasks or self.world.now_ms >= wait[2]
        elif kind in ("pipe", "line"):
            pipe = self.machine.pipes.get(wait[1])
            ready = pipe is None or len(pipe.text) > (wait[2] if kind == "line" else 0) or self.is_over(wait[1])
        elif kind == "room":
            pipe = self.machine.pipes.get(wait[1])
            ready = pipe is None or len(pipe.text) < PIPE_HOLDS or not self.holders(f"pipe {wait[1]} r")
        elif kind == "nap" and task.pending:
            _, since, length = wait
            task.wait = ["until", self.world.now_ms + length - (self.world.now_ms - since) % length]
            return False
        else:
            return False
        if ready:
            task.wait = []
        return ready

    def walk(self, task: Task, most: int) -> int:
        """Go on with one process; returns how many steps it made."""
        made, self.forks = 0, 0
        while made + self.forks < most and task.ended < 0 and not task.wait:
            made += 1
            try:
                self.advance(task)
            except Blocked as blocked:
                self.blocked(task, blocked.wait)
            except NeedsOutput as needed:
                self.capture(task, needed.text)
            except (OutOfMemory, MemoryError):
                self.fatal(task, f"{self.shell_name(task)}: {OUT_OF_MEMORY}\n", 2)
            except ShellError as wrong:
                self.fatal(task, f"{self.shell_name(task)}: {wrong}\n", wrong.status)
            except BrokenPipe:
                self.ended(task, 141)
            except RecursionError:
                self.fatal(task, f"{self.shell_name(task)}: nested too deep\n", 2)
            except Exception as unforeseen:  # a fault of ours ends this one process, and says so
                self.fatal(task, f"{self.shell_name(task)}: internal error: {type(unforeseen).__name__}: {unforeseen}\n", 134)
            made, self.charged = made + self.charged, 0
        task.busy += made
        self.machine.steps += made
        return made + self.forks

    def blocked(self, task: Task, wait: list) -> None:
        if wait and wait[0] in ("until", "input", "nap", "ever"):
            task.busy = 0
        task.wait = wait

    def shell_name(self, task: Task) -> str:
        return task.name if task.is_shell else task.argv[0]

    def fatal(self, task: Task, message: str, status: int) -> None:
        """A shell that cannot go on; one at a terminal asks for its next line."""
        self.complain(task.descriptors, message)
        if self.forgives(task):
            task.front, task.frames, task.status, task.results = None, [], status, []
        else:
            self.exit(task, status)

    def forgives(self, task: Task) -> bool:
        """Whether a shell goes on after a fault that ends others: one at a terminal does."""
        return task.is_interactive and self.world.is_terminal

    def complain(self, descriptors: dict[str, str], message: str) -> None:
        """Write to standard error, come what may."""
        with contextlib.suppress(BrokenPipe, Failed):
            self.write(descriptors.get("2", "null"), message)

    # -- one step --------------------------------------------------------------------------------------------------------

    def advance(self, task: Task) -> None:
        """Do the next thing of a process."""
        if task.front is not None:
            self.resume(task)
        elif task.pending:
            name = task.pending.pop(0)
            task.frames.append(Frame(task.traps.get(name, ""), kind="trap", status=task.status))
        elif not task.frames:
            if task.is_interactive:
                task.wait = ["prompt"]
            else:
                self.exit(task, task.status)
        else:
            self.instruct(task, task.frames[-1])

    def resume(self, task: Task) -> None:
        """Go on with the command in front of a process."""
        front = task.front
        call = Call(self, task, front)
        try:
            status = self.called(call)
        except Ends as ends:
            self.exit(task, ends.status)
            return
        except BrokenPipe:
            if self.is_builtin(front.words[0]) or front.is_last:
                self.ended(task, 141)
                return
            status = 141
        if self.world.process.is_out_of_memory:  # the kernel has killed the container: nobody in it goes on
            raise Blocked(["ever"])
        if task.front is not front:
            return
        task.front = None
        if front.is_last and status is not None:
            self.exit(task, status)
        elif status is not None:
            self.finished(task, status, front.is_tested)

    def called(self, call: Call) -> int | None:
        """Call a command; what it complains of by an exception is said in its name."""
        try:
            return self.tool(call)(call)
        except Usage as wrong:
            if self.is_builtin(call.name) and str(wrong).startswith("invalid option"):
                call.err(f"{self.prefix(call)}illegal option -{str(wrong)[-2]}\n")
                return 2
            words = f"{call.name}: {wrong}\n" if str(wrong) else ""
            usage = USAGES.get(call.name)
            call.err(words + (f"{BANNER}\n\nUsage: {call.name} {usage}\n" if usage is not None else ""))
            return 2 if self.is_builtin(call.name) else 1
        except Failed as wrong:
            call.err(f"{self.prefix(call)}{wrong}\n")
            return wrong.status
        except (OutOfMemory, ShellError, Blocked, BrokenPipe, Ends, NeedsOutput):
            raise
        except Exception as unforeseen:  # a fault of ours ends this one command, and says so
            call.err(f"{call.name}: internal error: {type(unforeseen).__name__}: {unforeseen}\n")
            return 134

    def prefix(self, call: Call) -> str:
        """What a command's complaints begin with: applets of the shell itself name the shell alone."""
        name, shell = call.name, self.shell_name(call.task)
        if name in UNNAMED:
            return f"{shell}: " if call.task.is_shell else f"{name}: "
        return f"{shell}: {name}: line 0: " if self.is_builtin(name) else f"{name}: "

    # -- programs --------------------------------------------------------------------------------------------------------

    def is_builtin(self, name: str) -> bool:
        return name in BUILTINS or name.startswith("\0")

    def is_known(self, name: str) -> bool:
        """Whether a name is a command here: a builtin, or a tool by its name or its path."""
        folder, _, base = name.rpartition("/")
        if base in self.own_tools() and (not name.startswith("/") or folder in ("", *FOLDERS)):
            return True
        if folder or name.startswith("/"):
            return folder in FOLDERS and base in TOOLS and not self.is_missing(base)
        return name in BUILTINS or (name in TOOLS and not self.is_missing(name))

    def tool_names(self) -> list[str]:
        """The tools of this container."""
        return [name for name in TOOLS if not self.is_missing(name)]

    def own_tools(self) -> dict[str, Any]:
        """Commands that this container's image brings along."""
        image = behaviours().get(self.world.process.behaviour)
        return image.tools if image is not None else {}

    def is_missing(self, name: str) -> bool:
        """Whether this container's image goes without a tool."""
        image = behaviours().get(getattr(self.world.process, "behaviour", ""))
        return image is not None and name in image.lacks

    def tool(self, call: Call):
        """The function behind a command's name."""
        name = call.words[0]
        if name in BUILTINS and "/" not in name:
            return BUILTINS[name]
        if not self.is_known(name):
            return programs.script
        if posixpath.basename(name) in self.own_tools():
            return programs.own
        return TOOLS[posixpath.basename(name)]

    def why_not(self, task: Task, name: str) -> tuple[str, int]:
        """(why a program cannot be run, the exit code); ("", 0) when it can."""
        if self.is_known(name):
            return "", 0
        found = self.executable(task, name)
        if found:
            return "", 0
        path = posixpath.join(task.folder, name)
        if "/" in name and self.world.look(path) is not None:
            return f"{name}: Permission denied", 126
        return f"{name}: not found", 127

    def executable(self, task: Task, name: str) -> str:
        """The path of a script that a name stands for; "" when it is none."""
        if "/" in name:
            paths = [posixpath.join(task.folder, name)]
        else:
            paths = [posixpath.join(each or task.folder, name) for each in (self.variables(task).get("PATH") or "").split(":")]
        for path in paths:
            node = self.world.look(path)
            if node is not None and node.kind == FILE and node.mode & 0o111 and self.world.may(node, ENTER):
                return path
        return ""
