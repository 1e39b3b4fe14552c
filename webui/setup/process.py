"""Child processes of set-up: run one, follow its lines, keep its output, end it with us."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from webui.setup.problems import Problem, of_os_error, of_output

END_WITHIN_S = 1.5
QUICK_S, PATIENT_S = 20, 220  # a second Node is installed where the first does not answer: it has to be slower than a very busy machine
HELD: list[int] = []  # locks that a child holds with us: should we be killed, the next set-up waits for the child


def run(
    command: list,
    *,
    tool: str,
    log: Path,
    cwd: Path | None = None,
    env: dict | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> None:
    """Run a command to its end; its output goes to `log` and line by line to `on_line`.

    env: what to add to this process's environment; None as a value takes a name out.
    Raises: Problem when it cannot start or ends with anything but 0.
    """
    output: list[str] = []
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=_environment(env or {}),
            stdin=subprocess.DEVNULL,
            pass_fds=HELD if os.name != "nt" else (),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise of_os_error(error, f"Starting {tool}") from error
    try:
        for line in child.stdout:
            output.append(line)
            on_line(line)
        code = child.wait()
    except BaseException:
        _end(child)
        raise
    finally:
        child.stdout.close()
        _keep(log, output)
    if code < 0:
        raise Problem(f"{tool} was ended by signal {-code}: run the same command again.")
    if code:
        raise of_output("".join(output), tool=tool, log=log)


def _environment(changes: dict) -> dict:
    return {name: value for name, value in {**os.environ, **changes}.items() if value is not None}


def _end(child: subprocess.Popen) -> None:
    child.terminate()
    try:
        child.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _keep(log: Path, output: list[str]) -> None:
    with contextlib.suppress(OSError):  # the sentence on the screen matters more than the log
        log.write_text("".join(output))


def answers(command: list) -> str:
    """What a quick question such as `node --version` is answered; empty when it fails. A busy machine is waited for, which is said."""
    words = [str(part) for part in command]
    try:
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as asked:
            try:
                said = _heard(asked, words[0])
            except BaseException:
                asked.kill()
                raise
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.strip() if asked.returncode == 0 else ""


def _heard(asked: subprocess.Popen, name: str) -> str:
    try:
        return asked.communicate(timeout=QUICK_S)[0]
    except subprocess.TimeoutExpired:
        print(f"{Path(name).name} has not answered for {QUICK_S} s: waiting for it up to {PATIENT_S} s more", file=sys.stderr, flush=True)
        return asked.communicate(timeout=PATIENT_S)[0]
