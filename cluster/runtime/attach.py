"""Owns who is attached to a container's first process (`kubectl attach`, `kubectl run -it`), and first processes that read an input.

An attachment hears what is written from its beginning on. Source: containerd internal/cri/server/container_attach.go,
internal/cri/io/container_io.go (Attach: with stdinOnce and no terminal, the input ends with the first who attached).
"""

from __future__ import annotations

from typing import Any

from .disk_use import is_over
from .execs import Execs
from .state import Attachment, Exec, Log, Process
from .world import append, append_pieces, flush


class Attachments(Execs):
    """Part of a Containerd: in `state.attachments`; a first process with an input is an Exec under its container's id."""

    def attach_asked(self, number: int, container_id: str, *, has_input: bool) -> None:
        """Somebody is on the way to a container."""
        self.state.attachments[str(number)] = Attachment(number, container_id, has_input)
        self.after(self.latency("request"), "_attach_begin", str(number))

    def _attach_begin(self, number: str) -> None:
        found = self.state.attachments.get(number)
        if found is None:
            return
        container = self.state.containers.get(found.container)
        if container is None or container.id not in self.state.processes:
            del self.state.attachments[number]
            state = f"CONTAINER_{container.state.upper()} state" if container else "not found"
            self._told(found, "error", f"error attaching to container: container is in {state}" if container else "container not found")
            return
        found.is_begun = True
        self.tell("ContainerAttached", container.uid, container.pod, container.name, stdin=found.has_input)
        if found.typed:
            self._typed(found, found.typed)
            found.typed = ""
        if found.is_closed:
            self._attached_input_ends(found)

    def attach_input(self, number: int, text: str) -> None:
        found = self.state.attachments.get(str(number))
        if found is None or not found.has_input:
            return
        if found.is_begun:
            self._typed(found, text)
        else:
            found.typed += text

    def _typed(self, found: Attachment, text: str) -> None:
        run = self._main(found)
        if run is None or not run.is_deaf:
            self._input(run, text)

    def attach_closed(self, number: int) -> None:
        """No more will be typed by this one."""
        found = self.state.attachments.get(str(number))
        if found is not None and not found.is_closed:
            found.is_closed = True
            if found.is_begun:
                self._attached_input_ends(found)

    def attach_gone(self, number: int) -> None:
        """The caller has hung up; the process goes on."""
        self.attach_closed(number)
        self.state.attachments.pop(str(number), None)

    def attach_resized(self, number: int, size: list[int]) -> None:
        found = self.state.attachments.get(str(number))
        run = self._main(found) if found is not None else None
        if run is not None:
            run.size = list(size)

    def _attached_input_ends(self, found: Attachment) -> None:
        run = self._main(found)
        if run is not None and found.has_input and run.closes and not run.tty:
            self._input_ends(run)

    def _main(self, found: Attachment) -> Exec | None:
        return self.state.execs.get(found.container)

    # -- the first process ----------------------------------------------------------------------------------------------

    def begin_main(self, process: Process, *, tty: bool, closes: bool, hears: bool) -> None:
        """Start a first process that reads what those who attach type. hears: not if nothing but a terminal was asked for."""
        run = Exec(0, process.container, None, tty=tty, has_input=True, is_open=True, closes=closes, is_deaf=not hears)
        self.state.execs[process.container] = run
        self._exec_run(run, process.argv)

    def wrote(self, container_id: str, stream: str, text: str, *, in_pieces: bool = False) -> None:
        """A first process has written: into its log, and to all who are attached. in_pieces: as a terminal gets it, key by key."""
        log = self.state.logs.setdefault(container_id, Log())
        is_piece = in_pieces or not text.endswith("\n") or stream in log.rest
        (append_pieces if is_piece else append)(log, self.now_ms, stream, text)
        if self.state.disk_limits and is_over(self.state, container_id):
            self.storage_over(self.state.containers[container_id].uid)
        for found in list(self.state.attachments.values()):
            if found.container == container_id and found.is_begun:
                self._told(found, stream, text)

    def end_attachments(self, container_id: str) -> None:
        """A first process has ended: so have those attached to it."""
        if container_id in self.state.logs:
            flush(self.state.logs[container_id], self.now_ms)
        for number, found in list(self.state.attachments.items()):
            if found.container == container_id:
                del self.state.attachments[number]
                self._told(found, "exit", 0)

    def _told(self, found: Attachment, channel: str, said: Any) -> None:
        if self.heard is not None:
            self.heard(found.number, channel, said)
