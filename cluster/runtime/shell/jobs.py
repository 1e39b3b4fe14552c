"""Owns what a shell does with its children and with signals: trap, wait, jobs, kill, fg. Source: busybox 1.35 shell/ash.c."""

from __future__ import annotations

import re

from .call import Call, Failed
from .children import SIGNALS, signal_name

NUMBER = re.compile(r"[0-9]{1,9}")


def always_quoted(value: str) -> str:
    return "'" + value.replace("'", "'\"'\"'") + "'"


def trap(call: Call) -> int:
    task, words = call.task, [word for word in call.arguments if word != "--"]
    if not words:
        call.out("".join(f"trap -- {always_quoted(text)} {name}\n" for name, text in task.traps.items()))
        return 0
    program, signals = (words[0], words[1:]) if len(words) > 1 else ("-", words)
    if words[0].isdigit() and len(words) > 1:
        program, signals = "-", words
    status = 0
    for each in signals:
        name = signal_name(each)
        if name is None:
            call.err(f"{call.runner.shell_name(task)}: trap: line 0: {each}: invalid signal specification\n")
            status = 1
        elif program == "-":
            task.traps.pop(name, None)
        else:
            task.traps[name] = program
    return status


def wait(call: Call) -> int | None:
    task, runner = call.task, call.runner
    pids = [job_pid(call, word) for word in call.arguments] if call.arguments else [str(job[0]) for job in task.jobs if is_child(call, str(job[0]))]
    if task.pending:
        return 128 + SIGNALS[task.pending[0]]
    runner.wait_for(task, [pid for pid in pids if is_child(call, pid)])
    if not call.arguments:
        task.jobs = []
        return 0
    known = {str(job[0]) for job in task.jobs}
    task.jobs = [job for job in task.jobs if str(job[0]) not in pids]
    return task.reaped.get(pids[-1], 127) if pids[-1] in known or pids[-1] in task.reaped else 127


def is_child(call: Call, pid: str) -> bool:
    """Whether a process is one of this shell's own; a subshell knows its parent's jobs, but may not wait for them."""
    found = call.runner.machine.tasks.get(pid)
    return found is None or found.parent == call.task.pid


def job_pid(call: Call, word: str) -> str:
    """A process's number, also of `%1` and `%%`."""
    if not word.startswith("%"):
        if not NUMBER.fullmatch(word):
            raise Failed(f"Illegal number: {word}", 2)
        return word
    jobs = call.task.jobs
    at = int(word[1:4]) - 1 if word[1:].isdigit() else len(jobs) - 1
    if not 0 <= at < len(jobs):
        raise Failed(f"{word}: no such job" if len(word) > 1 else "No current job", 2)
    return str(jobs[at][0])


def list_jobs(call: Call) -> int:
    """`jobs [-p]`: newest first; without job control their commands are not shown."""
    task, rows = call.task, []
    for number, (pid, _) in enumerate(task.jobs, 1):
        mark = "+" if number == len(task.jobs) else "-" if number == len(task.jobs) - 1 else " "
        state = "Running" if str(pid) in call.runner.machine.tasks else done_words(task.reaped.get(str(pid), 0))
        rows.append(f"{pid}\n" if "-p" in call.arguments else f"[{number}]{mark}  {state:<27}\n")
    call.out("".join(rows[::-1]))
    task.jobs = [job for job in task.jobs if str(job[0]) in call.runner.machine.tasks]
    return 0


def done_words(status: int) -> str:
    return "Done" if not status else f"Done({status})" if status <= 128 else "Killed" if status == 137 else "Terminated"


def kill(call: Call) -> int:
    """`kill [-SIGNAL] PID…`, `kill -l`."""
    words, name = list(call.arguments), "TERM"
    if words[:1] == ["-l"]:
        return list_signals(call, words[1:])
    if words and words[0].startswith("-") and words[0] != "--":
        text = words.pop(0)[1:]
        text = words.pop(0) if text == "s" and words else text
        name = signal_name(text) or ""
        if not name:
            raise Failed(f"bad signal name '{text}'")
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        raise Failed("you need to specify whom to kill")
    status = 0
    for word in words:
        status = signalled(call, word, name) or status
    return status


def signalled(call: Call, word: str, name: str) -> int:
    pid = job_pid(call, word) if word.startswith("%") else word
    if not re.fullmatch(r"-?[0-9]{1,9}", pid):
        raise Failed(f"invalid number '{word}'")
    is_others = pid == "1" and bool(call.world.process.target)  # of the namespace that this container joined
    found = None if is_others else call.runner.machine.tasks.get(pid)
    if found is None and not call.world.signal(pid, name):
        call.err(f"{call.runner.shell_name(call.task)}: can't kill pid {pid}: No such process\n")
        return 1
    if found is not None and name != "EXIT":
        call.runner.send(found, name)
    return 0


def list_signals(call: Call, words: list[str]) -> int:
    if not words:
        call.out("".join(f"{number:2}) {name}\n" for name, number in SIGNALS.items()))
        return 0
    for word in words:
        number = int(word[:9]) & 127 if word.isdigit() else -1
        name = signal_name(str(number) if number >= 0 else word)
        call.out((name if word.isdigit() else str(SIGNALS.get(name or "", 0))) + "\n" if name else f"{word}\n")
    return 0


def front_job(call: Call) -> int:
    """`fg`: without job control there is none."""
    raise Failed("job control not enabled" if call.task.jobs else "No current job", 2)
