"""Owns processes that a shell starts: forks, programs, their ends, and signals between them. Source: busybox 1.35 shell/ash.c (forkshell, jobs)."""

from __future__ import annotations

from msgspec.structs import replace

from .call import Blocked, Failed
from .tasks import Frame, Front, Machine, Task
from .variables import ShellError

SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10, "SEGV": 11, "USR2": 12,
           "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23,
           "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29, "PWR": 30, "SYS": 31}  # fmt: skip
HARMLESS = ("CHLD", "CONT", "URG", "WINCH", "STOP", "TSTP", "TTIN", "TTOU")  # stopping a process is not simulated
MOST_TASKS = 64
FORK_STEPS = 8  # what a fork counts as, also one that is refused
MOST_REAPED = 64


def signal_name(text: str) -> str | None:
    """TERM of `15`, `TERM`, `SIGTERM`, `term`; EXIT of 0; None of what is no signal."""
    name = text.upper().removeprefix("SIG")
    if name in SIGNALS or name == "EXIT":
        return name
    if text == "0":
        return "EXIT"
    return next((known for known, number in SIGNALS.items() if str(number) == text), None)


class Children:
    """Part of a Runner."""

    machine: Machine
    forks: int

    def forked(self, task: Task, frames: list[Frame], *, descriptors: dict[str, str] | None = None, argv: list[str] | None = None) -> Task:
        """A copy of a shell that goes through some text of its own."""
        self.forks += FORK_STEPS
        if len(self.machine.tasks) >= MOST_TASKS or not self.world.may_fork():
            self.machine.refused += 1
            raise ShellError("can't fork: Resource temporarily unavailable")
        child = replace(
            task,
            pid=self.world.new_pid(),
            parent=task.pid,
            argv=list(argv or task.argv),
            frames=frames,
            front=None,
            variables=dict(task.variables),
            exported=list(task.exported),
            hidden=list(task.hidden),
            fixed=list(task.fixed),
            arguments=list(task.arguments),
            functions=dict(task.functions),
            traps={name: text for name, text in task.traps.items() if text == ""},
            pending=[],
            descriptors=dict(task.descriptors if descriptors is None else descriptors),
            jobs=list(task.jobs),
            results=[],
            wait=[],
            reaped={},
            serves=[],
            is_interactive=False,
        )
        self.machine.tasks[str(child.pid)] = child
        return child

    def spawn(
        self,
        task: Task,
        words: list[str],
        descriptors: dict[str, str],
        *,
        stdin: str | None = None,
        environment: dict[str, str] | None = None,
    ) -> int:
        """Start a program in a process of its own; returns its number. stdin: what it reads, None: what the caller reads."""
        reason, status = self.why_not(task, words[0])
        if reason:
            raise Failed(reason, status)
        child = self.forked(task, [], descriptors=descriptors, argv=words)
        child.descriptors = {number: reference for number, reference in child.descriptors.items() if number in "012"}
        if stdin is not None:
            child.descriptors["0"] = "null" if stdin == "" else self.opened(task, "<<", stdin, {})
        self.become(child, words, environment or {})
        return child.pid

    def become(self, task: Task, words: list[str], environment: dict[str, str]) -> None:
        """exec(2): a process turns into a program that is known (see why_not). Only what is exported stays."""
        task.argv, task.frames, task.is_shell = list(words), [], False
        task.variables, task.exported, task.fixed = dict(environment), list(environment), []
        task.hidden = [name for name in self.base if name not in environment]
        task.functions, task.options, task.jobs = {}, "", []
        task.traps = {name: text for name, text in task.traps.items() if text == ""}
        task.front = Front(list(words), dict(task.descriptors), is_last=True)

    def run_text(self, task: Task, text: str, name: str, arguments: list[str]) -> None:
        """A process becomes a shell that goes through a text."""
        task.is_shell, task.name, task.arguments, task.shell = True, name, arguments, task.pid
        task.front, task.frames = None, [Frame(text)]

    def wait_for(self, task: Task, pids: list[str]) -> None:
        """Wait until children are over."""
        if any(pid in self.machine.tasks for pid in pids):
            raise Blocked(["children", *pids])

    def ended(self, task: Task, status: int) -> None:
        """A process is over. What it had open is closed, and its parent may ask how it ended."""
        task.ended, task.wait, task.frames, task.front, task.descriptors = status, [], [], None, {}
        for port in task.serves:
            self.world.process.listens.pop(port, None)
        if task is self.root:
            return
        self.machine.tasks.pop(str(task.pid), None)
        parent = self.machine.tasks.get(str(task.parent))
        if parent is not None:
            parent.reaped[str(task.pid)] = status
            parent.busy = max(parent.busy, task.busy)
            while len(parent.reaped) > MOST_REAPED:
                parent.reaped.pop(next(iter(parent.reaped)))
        for other in self.machine.tasks.values():
            if other.parent == task.pid:
                other.parent = self.root.pid
        if self.machine.files or self.machine.pipes:
            self.swept()

    def exit(self, task: Task, status: int) -> None:
        """`exit`: the handler of EXIT first."""
        handler = task.traps.pop("EXIT", "")
        if handler and task.is_shell:
            task.front, task.wait, task.pending, task.status = None, [], [], status
            task.descriptors = task.frames[0].saved[0] if task.frames and task.frames[0].saved else task.descriptors
            task.frames = [Frame(handler, kind="exit", status=status)]
        else:
            self.ended(task, status)

    def send(self, task: Task, name: str) -> None:
        """A signal reaches a process."""
        if name == "KILL" or name not in task.traps:
            is_first = task is self.root and self.process is self.world.process and not self.process.space  # PID 1 ignores what it does not handle
            if not is_first and name not in HARMLESS and not (self.forgives(task) and name in ("TERM", "INT", "QUIT")):
                self.ended(task, 128 + SIGNALS[name])
            return
        if task.traps[name] and name not in task.pending:
            task.pending.append(name)
