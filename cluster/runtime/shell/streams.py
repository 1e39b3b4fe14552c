"""Owns descriptors: where what a command writes goes, where it reads from, and what redirects make of them."""

from __future__ import annotations

import hashlib
import posixpath
import re

from ..octets import text_of
from .call import Blocked, BrokenPipe, Failed, WriteFailed
from .tasks import Machine, OpenFile, Pipe, Task

PIPE_HOLDS = 64 * 1024  # characters, as the kernel's pipes hold bytes
MOST_HELD = 4 * 1024 * 1024  # of one pipe or of what a command gathers of its input
MOST_CAPTURED = 256 * 1024  # of `$(…)`: twice what a command's words may be
MOST_OPEN = 256
MOST_AT_ONCE, PIECE_STEPS = 200, 10  # steps that a command may make of an input without end in one go, and what a piece counts as
DEVICES = {"/dev/null": "null", "/dev/stdin": "0", "/dev/stdout": "1", "/dev/stderr": "2", "/proc/self/fd/0": "0", "/proc/self/fd/1": "1",
           "/proc/self/fd/2": "2"}  # fmt: skip
OUTPUTS = {"1": "stdout", "2": "stderr"}
FIRST_OUTPUT = re.compile(r"/proc/([1-9][0-9]{0,6})/fd/([12])")
ZEROS = ("/dev/zero", "/dev/urandom", "/dev/random")


class Streams:
    """Part of a Runner."""

    machine: Machine

    # -- pipes -------------------------------------------------------------------------------------------------------

    def new_pipe(self, *, is_capture: bool = False) -> str:
        self.machine.last_number += 1
        number = str(self.machine.last_number)
        self.machine.pipes[number] = Pipe(is_capture=is_capture)
        return number

    def holders(self, reference: str) -> bool:
        """Whether any process has this open."""
        for task in self.machine.tasks.values():
            if reference in task.descriptors.values() or (task.front is not None and reference in task.front.descriptors.values()):
                return True
            if any(reference in saved.values() for frame in task.frames for saved in frame.saved):
                return True
        return False

    def is_over(self, number: str) -> bool:
        """Whether nobody can write into a pipe any more."""
        return not self.holders(f"pipe {number} w")

    def swept(self) -> None:
        """Forget pipes and open files that nobody holds."""
        held = self.held()
        for number in [number for number in self.machine.files if f"file {number}" not in held]:
            del self.machine.files[number]
        for number, pipe in list(self.machine.pipes.items()):
            if not pipe.is_capture and f"pipe {number} r" not in held and f"pipe {number} w" not in held:
                del self.machine.pipes[number]

    def held(self) -> frozenset[str]:
        """All that any process has open."""
        found: list[str] = []
        for task in self.machine.tasks.values():
            found += task.descriptors.values()
            if task.front is not None:
                found += task.front.descriptors.values()
            for frame in task.frames:
                for saved in frame.saved:
                    found += saved.values()
        return frozenset(found)

    # -- writing -----------------------------------------------------------------------------------------------------

    def write(self, reference: str | None, text: str) -> None:
        """Write to what a descriptor names. Raises BrokenPipe, WriteFailed."""
        self.charged += len(text) >> 8
        if reference == "out" or reference == "in":
            self.world.write("stdout", text)
        elif reference == "err":
            self.world.write("stderr", text)
        elif reference == "null":
            return
        elif reference is None:
            raise WriteFailed("Bad file descriptor")
        elif reference.startswith("pipe"):
            self._write_pipe(reference.split(" ")[1], text)
        elif reference.startswith("log"):
            _, container, stream = reference.split(" ")
            self.world.write_elsewhere(container, stream, text)
        elif reference == "full":
            raise WriteFailed("No space left on device")
        else:
            self._write_file(self.machine.files[reference.split(" ")[1]], text)

    def _write_pipe(self, number: str, text: str) -> None:
        pipe = self.machine.pipes.get(number)
        if pipe is None or not (pipe.is_capture or self.holders(f"pipe {number} r")):
            raise BrokenPipe
        if len(pipe.text) + len(text) > (MOST_CAPTURED if pipe.is_capture else MOST_HELD):
            raise WriteFailed("Cannot allocate memory")
        pipe.text += text

    def _write_file(self, file: OpenFile, text: str) -> None:
        if not file.writes:
            raise WriteFailed("Bad file descriptor")
        node = self.world.look(file.path)
        length = len(node.text) if node is not None else 0
        if file.appends or file.at >= length:
            done = self.world.write_file(file.path, text, append=True)
        else:
            before = node.text if node is not None else ""
            done = self.world.put_file(file.path, before[: file.at] + text + before[file.at + len(text) :])
        if not done:
            raise WriteFailed(self.world.why)
        file.at += len(text)

    def filled(self, source: str | None, target: str | None, size: int) -> bool:
        """Copy so many bytes of a device without end to a file, where they are counted and not kept; False where it is not that."""
        if not source or not source.startswith("file") or not target or not target.startswith("file"):
            return False
        device, file = self.machine.files[source.split(" ")[1]], self.machine.files[target.split(" ")[1]]
        if device.path not in ZEROS or not file.writes:
            return False
        node = self.world.look(file.path)
        text, zeros = (node.text, node.zeros) if node is not None else ("", 0)
        if not self.world.put_file(file.path, text, zeros=zeros + size):
            raise WriteFailed(self.world.why)
        return True

    def is_full(self, reference: str | None) -> bool:
        """Whether a writer has to wait until somebody reads."""
        if reference is None or not reference.startswith("pipe"):
            return False
        number = reference.split(" ")[1]
        pipe = self.machine.pipes.get(number)
        return pipe is not None and not pipe.is_capture and len(pipe.text) >= PIPE_HOLDS and self.holders(f"pipe {number} r")

    # -- reading -----------------------------------------------------------------------------------------------------

    def read_some(self, reference: str | None) -> tuple[str, bool]:
        """What can be read now, and whether that was the end. Raises Blocked when there is nothing yet."""
        if reference in ("in",):
            text, is_end = self.world.input_some()
            if not text and not is_end:
                raise Blocked(["input"])
            return text, is_end
        if reference is None:
            raise Failed("read error: Bad file descriptor")
        if reference.startswith("pipe"):
            return self._read_pipe(reference.split(" ")[1])
        if reference.startswith("file"):
            file = self.machine.files[reference.split(" ")[1]]
            if file.path in ZEROS:
                if self.charged > MOST_AT_ONCE:  # there is always more: others have their turn
                    raise Blocked([])
                file.at, self.charged = file.at + 1, self.charged + PIECE_STEPS
                return self.endless({"at": file.at}, file.path), False
            text = self._text_of(file)[file.at :]
            file.at += len(text)
            return text, True
        return "", True

    def endless(self, memory: dict, path: str) -> str:
        """A piece of /dev/zero, or of what looks like chance and is the same in every replay."""
        memory["at"] = memory.get("at", 0) + 1
        if path == "/dev/zero":
            return "\0" * 4096
        return text_of(noise(1024, f"{self.world.now_ms} {self.world.process.last_pid} {memory['at']}"))

    def _read_pipe(self, number: str) -> tuple[str, bool]:
        pipe = self.machine.pipes.get(number)
        if pipe is None:
            return "", True
        text, pipe.text = pipe.text, ""
        is_end = self.is_over(number)
        if not text and not is_end:
            raise Blocked(["pipe", number])
        return text, is_end

    def _text_of(self, file: OpenFile) -> str:
        return file.text if file.text is not None else self.world.read_file(file.path) or ""

    def read_line(self, reference: str | None) -> str:
        """A line with its end, or what is there at the end of all. Raises Blocked."""
        if reference == "in":
            line = self.world.input_line()
            if line is None:
                raise Blocked(["input"])
            return line
        if reference is not None and reference.startswith("pipe"):
            return self._line_of_pipe(reference.split(" ")[1])
        if reference is not None and reference.startswith("file"):
            file = self.machine.files[reference.split(" ")[1]]
            text = self._text_of(file)
            stop = text.find("\n", file.at) + 1 or len(text)
            line, file.at = text[file.at : stop], stop
            return line
        return ""

    def lines_there(self, reference: str | None, most: int) -> str:
        """Whole lines that a pipe holds now, up to so many; "" where there are none: then `read_line` knows why."""
        pipe = self.machine.pipes.get(reference.split(" ")[1]) if reference is not None and reference.startswith("pipe") else None
        if pipe is None:
            return ""
        end = pipe.text.rfind("\n") + 1
        if pipe.text.count("\n") > most:
            end = len(pipe.text) - len(pipe.text.split("\n", most)[most])
        text, pipe.text = pipe.text[:end], pipe.text[end:]
        return text

    def _line_of_pipe(self, number: str) -> str:
        pipe = self.machine.pipes.get(number)
        if pipe is None:
            return ""
        line, newline, rest = pipe.text.partition("\n")
        if not newline and not self.is_over(number):
            raise Blocked(["line", number, len(pipe.text)])
        pipe.text = rest
        return line + newline

    # -- redirects ---------------------------------------------------------------------------------------------------

    def redirected(self, task: Task, redirects: list[tuple[str, str, str]], descriptors: dict[str, str]) -> dict[str, str]:
        """Descriptors with redirects done to them, in order. Raises Failed in ash's words."""
        made = dict(descriptors)
        for descriptor, operator, target in redirects:
            if operator in (">&", "<&"):
                if target == "-":
                    made.pop(descriptor, None)
                    continue
                if target.isdigit():
                    if target not in made:
                        raise Failed(f"{target}: Bad file descriptor", 2 if task.frames else 1)
                    made[descriptor] = made[target]
                    continue
                operator = "&>"
            if operator in ("&>", "&>>"):
                made["1"] = self.opened(task, ">" if operator == "&>" else ">>", target, made)
                made["2"] = made["1"]
            else:
                made[descriptor] = self.opened(task, operator, target, made)
        return made

    def opened(self, task: Task, operator: str, target: str, made: dict[str, str], words: str = "can't open {path}: {why}") -> str:
        if operator == "<<":
            return self._file(OpenFile(text=target))
        path = posixpath.join(task.folder, target)
        log = self._log_of(path) if path.startswith("/proc/") else ""
        if log:
            return log
        if path in DEVICES or path.startswith("/dev/fd/"):
            device = DEVICES.get(path, path.rpartition("/")[2])
            return "null" if device == "null" else made.get(device, "null")
        if path == "/dev/full":
            return "full"
        return self._open_file(task, operator, target, path, words)

    def _log_of(self, path: str) -> str:
        """The output of a container's first program, as /proc shows it to others; "" for any other path."""
        found = FIRST_OUTPUT.fullmatch(path)
        container = self.world.container_of(found[1]) if found is not None else ""
        if not container:
            return ""
        if container == self.world.container and self.process is self.world.process:
            return "out" if found[2] == "1" else "err"
        return f"log {container} {OUTPUTS[found[2]]}"

    def _open_file(self, task: Task, operator: str, target: str, path: str, words: str) -> str:
        world = self.world
        node = world.look(path)
        if operator == "<":
            if path in ZEROS:
                return self._file(OpenFile(path=path))
            if node is None:
                why = "no such file" if words.startswith("can't") else "No such file or directory"
                raise Failed(words.format(path=target, why=why))
            if node.kind == "folder" or world.read_file(path) is not None:
                return self._file(OpenFile(path=path))
            raise Failed(words.format(path=target, why=world.why))
        if target == "":
            raise Failed("can't create : nonexistent directory")
        if node is not None and node.kind == "folder":
            raise Failed(f"can't create {target}: Is a directory")
        keeps = operator in (">>", "<>")
        if not world.write_file(path, "", append=keeps):
            why = "nonexistent directory" if world.why == "No such file or directory" else world.why
            raise Failed(f"can't create {target}: {why}")
        if node is None and task.mask != 0o022:
            world.change(path, mode=0o666 & ~task.mask)
        return self._file(OpenFile(path=path, appends=operator == ">>", writes=True))

    def _file(self, file: OpenFile) -> str:
        if len(self.machine.files) >= MOST_OPEN:
            self.swept()
            if len(self.machine.files) >= MOST_OPEN:
                raise Failed("too many open files")
        self.machine.last_number += 1
        number = str(self.machine.last_number)
        self.machine.files[number] = file
        return f"file {number}"


def noise(size: int, seed: str) -> bytes:
    """Bytes that look like chance, the same in every replay."""
    return hashlib.shake_256(seed.encode()).digest(size)
