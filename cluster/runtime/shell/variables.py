"""Owns a process's variables: its own above those of its environment, special parameters, and what they may not grow to."""

from __future__ import annotations

from .tasks import Task

LONGEST = 128 * 1024  # characters of one variable, and of all the words of one command; the kernel's limit (MAX_ARG_STRLEN)
MOST_VARIABLES = 500
DEFAULTS = {"IFS": " \t\n", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PS4": "+ ", "PS1": "# ", "HOME": "/root",
            "OPTIND": "1", "PPID": "0"}  # fmt: skip
NOT_SET_AT_FIRST = ("HOME",)
ENVIRONMENT = ("PATH", "HOME")  # what the runtime gives a container's program by itself


class OutOfMemory(Exception):
    """A script has made more text than a small machine holds: it ends, as the shell does that cannot allocate."""


class ShellError(Exception):
    """A fault that ends a shell that is not at a terminal; the message is ash's."""

    def __init__(self, message: str, status: int = 2):
        super().__init__(message)
        self.status = status


class Variables:
    """Those of one process. base: its program's environment. overlay: what the present command assigns."""

    def __init__(self, task: Task, base: dict[str, str], shell_pid: int):
        self.task, self.base, self.shell_pid = task, base, shell_pid
        self.overlay: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """A variable or parameter; None when it is not set."""
        task = self.task
        if name in self.overlay:
            return self.overlay[name]
        found = task.variables.get(name)
        if found is not None:
            return found
        if not (name[0].isalpha() or name[0] == "_"):
            return self.special(name)
        if name in task.hidden:
            return None
        if name == "RANDOM":
            return self.random()
        if name == "PWD":
            return task.folder
        return self.base.get(name, DEFAULTS.get(name))

    def random(self) -> str:
        """`$RANDOM`: a generator of the process's own, as ash has it; the same in every replay."""
        seed = int(self.task.variables.get("\0random", str(self.task.pid * 7919)))
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        self.task.variables["\0random"] = str(seed)
        return str(seed >> 16 & 0x7FFF)

    def special(self, name: str) -> str | None:
        task = self.task
        if name.isdigit():
            number = int(name[:9])
            return task.name if number == 0 else task.arguments[number - 1] if number <= len(task.arguments) else None
        if name in "@*":
            return " ".join(task.arguments) if task.arguments else None
        if name == "!":
            return str(task.background) if task.background else ""
        return {
            "?": str(task.status),
            "$": str(self.shell_pid),
            "#": str(len(task.arguments)),
            "-": "".join(letter for letter in "VubaCvxcsnmiIfe" if letter in task.options),
        }.get(name, "")

    def set(self, name: str, value: str) -> None:
        """Raises ShellError for what is read-only, OutOfMemory for what is too much."""
        task = self.task
        if name in task.fixed:
            raise ShellError(f"{name}: is read only")
        if len(value) > LONGEST or (name not in task.variables and len(task.variables) >= MOST_VARIABLES):
            raise OutOfMemory
        task.variables[name] = value
        if name in task.hidden:
            task.hidden.remove(name)
        if "a" in task.options and name not in task.exported:
            task.exported.append(name)

    def unset(self, name: str) -> None:
        if name in self.task.fixed:
            raise ShellError(f"{name}: is read only")
        self.task.variables.pop(name, None)
        if name in self.task.exported:
            self.task.exported.remove(name)
        if name not in self.task.hidden:
            self.task.hidden.append(name)

    def environment(self, assigned: dict[str, str]) -> dict[str, str]:
        """What a program started now finds in its environment."""
        task = self.task
        found = {name: value for name, value in self.base.items() if name not in task.hidden}
        if found:
            found |= {name: value for name, value in task.variables.items() if name in found}
        found |= {name: task.variables[name] for name in task.exported if name in task.variables}
        return found | assigned

    def shown(self) -> dict[str, str]:
        """All of them, as `set` lists them."""
        base = {**DEFAULTS, "PWD": self.task.folder, **self.base}
        return {name: value for name, value in base.items() if name not in self.task.hidden} | self.task.variables
