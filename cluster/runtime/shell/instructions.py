"""Owns what each instruction of a script does to the process that goes through it (see syntax.py for the instructions)."""

from __future__ import annotations

import re

from . import patterns
from .call import Failed
from .complaints import SPECIAL
from .expansion import Expansion
from .syntax import Command, compile_script
from .tasks import Frame, Front, Task
from .variables import OutOfMemory, ShellError

MOST_FRAMES = 200
PLAIN = re.compile(r"[A-Za-z0-9_./:=,@%+-]+", re.ASCII)
JOIN, CAPTURE = "\0join", "\0capture"


class Instructions:
    """Part of a Runner."""

    def instruct(self, task: Task, frame: Frame) -> None:
        """Do a frame's next instruction."""
        code = compile_script(frame.text).units[frame.unit]
        if frame.at >= len(code):
            self.leave_frame(task)
            return
        instruction = code[frame.at]
        frame.at += 1
        getattr(self, "do_" + instruction[0])(task, frame, *instruction[1:])

    def leave_frame(self, task: Task) -> None:
        """The end of a text: what was only for its length is over."""
        frame = task.frames.pop()
        if frame.saved:
            task.descriptors = frame.saved[0]
        if frame.arguments is not None:
            task.arguments = frame.arguments
        for name, value in frame.restores.items():
            if value is None:
                task.variables.pop(name, None)
            else:
                task.variables[name] = value
        if frame.kind == "trap":
            task.status = frame.status
        elif frame.kind == "exit":
            self.ended(task, frame.status)

    def enter(self, task: Task, frame: Frame) -> None:
        """Go through another text first."""
        if len(task.frames) >= MOST_FRAMES:
            raise OutOfMemory
        if task.frames:
            frame.is_tested = frame.is_tested or task.frames[-1].is_tested
        task.frames.append(frame)

    def expansion(self, task: Task) -> Expansion:
        return Expansion(task, self.variables(task), self.world)

    def finished(self, task: Task, status: int, is_tested: bool) -> None:
        """A command has ended; with `set -e` a failure that nobody asks for ends the shell."""
        task.status = status
        if status and "e" in task.options and not is_tested and not (task.frames and task.frames[-1].is_tested) and not self.forgives(task):
            self.exit(task, status)

    # -- simple commands -----------------------------------------------------------------------------------------------

    def do_run(self, task: Task, frame: Frame, command: Command, is_tested: bool) -> None:
        expansion = self.expansion(task)
        words = expansion.words(command.words)
        overlay = expansion.variables.overlay
        for name, value, is_more in command.assigns:
            text = expansion.text(value)
            overlay[name] = (expansion.variables.get(name) or "") + text if is_more else text
        redirects = [(descriptor, operator, expansion.text(word)) for descriptor, operator, word in command.redirects]
        task.results = []
        expansion.variables.overlay = {}
        if "x" in task.options:
            self.traced(task, overlay, words)
        last, task.last_status = task.last_status, 0
        try:
            descriptors = self.redirected(task, redirects, task.descriptors) if redirects else task.descriptors
        except Failed as wrong:
            self.complain(task.descriptors, f"{self.shell_name(task)}: {wrong}\n")
            if words and words[0] in SPECIAL and not self.forgives(task):
                self.exit(task, wrong.status)
            else:
                self.finished(task, wrong.status, is_tested)
            return
        if not words:
            for name, value in overlay.items():
                expansion.variables.set(name, value)
            self.finished(task, last, is_tested)
            return
        self.run_words(task, words, dict(descriptors), overlay, is_tested)

    def run_words(self, task: Task, words: list[str], descriptors: dict[str, str], assigned: dict[str, str], is_tested: bool) -> None:
        """Run a command whose words are known: a function, a tool or a script."""
        name = words[0]
        for each in assigned:
            if each in task.fixed:
                raise ShellError(f"{each}: is read only")
        if (name in SPECIAL and name != "exec") or (name == "exec" and len(words) == 1):
            variables = self.variables(task)
            for each, value in assigned.items():
                variables.set(each, value)
            assigned = {}
        if name in task.functions and name not in SPECIAL:
            self.call_function(task, words, descriptors, assigned, is_tested)
            return
        if not self.is_known(name):
            reason, status = self.why_not(task, name)
            if reason:
                self.complain(descriptors, f"{self.shell_name(task)}: {reason}\n")
                self.finished(task, status, is_tested)
                return
        task.front = Front(words, descriptors, assigned, is_tested=is_tested)
        self.resume(task)

    def call_function(self, task: Task, words: list[str], descriptors: dict[str, str], assigned: dict[str, str], is_tested: bool) -> None:
        text, unit = task.functions[words[0]]
        frame = Frame(text, unit, kind="function", is_tested=is_tested, arguments=task.arguments)
        self.enter(task, frame)
        task.arguments = words[1:]
        if descriptors != task.descriptors:
            frame.saved.append(task.descriptors)
            task.descriptors = descriptors
        variables = self.variables(task)
        for name, value in assigned.items():
            frame.restores[name] = task.variables.get(name)
            variables.set(name, value)

    def traced(self, task: Task, assigned: dict[str, str], words: list[str]) -> None:
        """`set -x`."""
        shown = [f"{name}={quoted(value)}" for name, value in assigned.items()] + [quoted(word) for word in words]
        if shown:
            self.complain(task.descriptors, (self.variables(task).get("PS4") or "") + " ".join(shown) + "\n")

    # -- commands in commands ------------------------------------------------------------------------------------------

    def capture(self, task: Task, text: str) -> None:
        """Run a command for its output; then the instruction is done anew with it."""
        frame = task.frames[-1] if task.frames else None
        if frame is not None:
            frame.at -= 1
        number = self.new_pipe(is_capture=True)
        child = self.forked(task, [Frame(text, is_tested=frame is not None and frame.is_tested)])
        child.descriptors["1"] = f"pipe {number} w"
        task.front = Front([CAPTURE], dict(task.descriptors), memory={"pid": child.pid, "pipe": number})
        task.wait = ["children", str(child.pid)]

    def do_pipe(self, task: Task, frame: Frame, units: tuple, is_tested: bool) -> None:
        pids, reads = [], task.descriptors.get("0", "null")
        for at, unit in enumerate(units):
            child = self.forked(task, [Frame(frame.text, unit, is_tested=is_tested or frame.is_tested)])
            child.descriptors["0"] = reads
            if at < len(units) - 1:
                number = self.new_pipe()
                child.descriptors["1"] = f"pipe {number} w"
                reads = f"pipe {number} r"
            pids.append(str(child.pid))
        self.join(task, pids, is_tested)

    def join(self, task: Task, pids: list[str], is_tested: bool) -> None:
        """Wait for children; the last one's exit code is ours."""
        task.front = Front([JOIN], {}, memory={"pids": pids}, is_tested=is_tested)
        task.wait = ["children", *pids]

    def do_subshell(self, task: Task, frame: Frame, unit: int, redirects: tuple, is_tested: bool) -> None:
        descriptors = self.with_redirects(task, redirects, is_tested)
        if descriptors is not None:
            child = self.forked(task, [Frame(frame.text, unit, is_tested=is_tested or frame.is_tested)], descriptors=descriptors)
            self.join(task, [str(child.pid)], is_tested)

    def do_background(self, task: Task, frame: Frame, unit: int, text: str) -> None:
        code = compile_script(frame.text).units[unit]
        argv = None
        if len(code) == 1 and code[0][0] == "run" and all(isinstance(word, str) for word in code[0][1].words) and code[0][1].words:
            argv = list(code[0][1].words)
        child = self.forked(task, [Frame(frame.text, unit)], argv=argv)
        child.descriptors["0"] = "null"
        task.background, task.status = child.pid, 0
        task.jobs = [job for job in task.jobs if str(job[0]) in self.machine.tasks][-50:]
        task.jobs.append([child.pid, text])

    def with_redirects(self, task: Task, redirects: tuple, is_tested: bool) -> dict[str, str] | None:
        """The descriptors of a compound command; None when a redirect fails, which is said."""
        if not redirects:
            return task.descriptors
        expansion = self.expansion(task)
        wanted = [(descriptor, operator, expansion.text(word)) for descriptor, operator, word in redirects]
        task.results = []
        try:
            return self.redirected(task, wanted, task.descriptors)
        except Failed as wrong:
            self.complain(task.descriptors, f"{self.shell_name(task)}: {wrong}\n")
            self.finished(task, wrong.status, is_tested)
            return None

    def do_push(self, task: Task, frame: Frame, end: int, redirects: tuple) -> None:
        descriptors = self.with_redirects(task, redirects, False)
        if task.ended >= 0 or not task.frames or task.frames[-1] is not frame:
            return
        if descriptors is None:
            frame.at = end
        else:
            frame.saved.append(task.descriptors)
            task.descriptors = descriptors

    def do_pop(self, task: Task, frame: Frame) -> None:
        task.descriptors = frame.saved.pop()
        if self.machine.files or self.machine.pipes:
            self.swept()

    # -- control -------------------------------------------------------------------------------------------------------

    def do_jump(self, task: Task, frame: Frame, to: int) -> None:
        frame.at = to

    def do_jump_failed(self, task: Task, frame: Frame, to: int) -> None:
        if task.status:
            frame.at = to

    def do_jump_ok(self, task: Task, frame: Frame, to: int) -> None:
        if not task.status:
            frame.at = to

    def do_status(self, task: Task, frame: Frame, status: int) -> None:
        task.status = status

    def do_invert(self, task: Task, frame: Frame) -> None:
        task.status = 0 if task.status else 1

    def do_function(self, task: Task, frame: Frame, name: str, unit: int) -> None:
        task.functions[name] = [frame.text, unit]
        task.status = 0

    def do_for(self, task: Task, frame: Frame, slot: int, words: tuple) -> None:
        items = self.expansion(task).words(words)
        task.results, task.status = [], 0
        frame.loops[str(slot)] = [items, 0]

    def do_next(self, task: Task, frame: Frame, end: int, slot: int, name: str) -> None:
        items, at = frame.loops[str(slot)]
        if at < len(items):
            self.variables(task).set(name, items[at])
            frame.loops[str(slot)][1] = at + 1
        else:
            del frame.loops[str(slot)]
            frame.at = end

    def do_loop(self, task: Task, frame: Frame) -> None:
        self.process.looped = True

    def do_idle(self, task: Task, frame: Frame, length_ms: int) -> None:
        self.process.looped = True
        frame.at -= 1
        self.blocked(task, ["nap", self.world.now_ms, length_ms])

    def do_case(self, task: Task, frame: Frame, word, arms: tuple, end: int) -> None:
        expansion = self.expansion(task)
        text, to = expansion.text(word), end
        for words, target in arms:
            if any(patterns.matches(expansion.pattern(pattern), text) for pattern in words):
                to = target
                break
        task.results, task.status, frame.at = [], 0, to

    def do_leave(self, task: Task, frame: Frame, kind: str, word, loops: tuple) -> None:
        """`break` and `continue`."""
        text = self.expansion(task).text(word)
        task.results, task.status = [], 0
        if not text.isdigit() or int(text[:9]) == 0:
            raise ShellError(f"{kind}: Illegal number: {text}")
        if not loops:
            self.leave_outside(task, kind)
            return
        to_end, to_next, depth = loops[-min(int(text[:9]), len(loops))]
        while len(frame.saved) > depth:
            task.descriptors = frame.saved.pop()
        frame.at = to_end if kind == "break" else to_next

    def leave_outside(self, task: Task, kind: str) -> None:
        """Out of any loop of this text it does nothing."""

    def do_fail(self, task: Task, frame: Frame, message: str) -> None:
        prefix = "eval: line 0: " if frame.kind == "eval" else ""
        raise ShellError(prefix + message)


def quoted(word: str) -> str:
    """A word so that a shell reads it as it is."""
    return word if PLAIN.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"


def joined(call) -> int:
    """Wait for the children of a pipe or a subshell."""
    call.runner.wait_for(call.task, call.memory["pids"])
    statuses = [call.task.reaped.pop(pid, 127) for pid in call.memory["pids"]]
    if "P" in call.task.options:
        return next((status for status in reversed(statuses) if status), 0)
    return statuses[-1]


def captured(call) -> None:
    """Wait for the command of a `$(…)`."""
    runner, task, number = call.runner, call.task, call.memory["pipe"]
    runner.wait_for(task, [str(call.memory["pid"])])
    task.last_status = task.reaped.pop(str(call.memory["pid"]), 0)
    text = runner.machine.pipes.pop(number).text.replace("\0", "")
    if len(text) > 1024 * 1024:
        raise OutOfMemory
    task.results.append(text.rstrip("\n"))
    task.front = None
