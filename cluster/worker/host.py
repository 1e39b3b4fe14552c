"""The simulation thread of a worker: it owns runners, takes commands one after another and ticks what is due."""
from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections

from . import commands
from .runner import Refused, Runner
from .sandboxes import find, main_sandbox

logger = logging.getLogger(__name__)
Respond = Callable[[dict], None]
IDLE_S = 1.0


class Host:
    """Sandboxes by name, each with a Runner while it is awake. `publish(name, message)` reaches everyone who looks."""

    def __init__(self, publish: Callable[[str, dict], None]):
        self.publish = publish
        self.inbox: queue.SimpleQueue = queue.SimpleQueue()
        self.runners: dict[str, Runner] = {}
        self.wakes: dict[str, float | None] = {}
        self.is_stopping = False
        self.thread = threading.Thread(target=self._run, name="simulation", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self, timeout_s: float = 1.5) -> None:
        """Commit everything and end the thread."""
        self.is_stopping = True
        self.inbox.put(None)
        self.thread.join(timeout_s)

    def submit(self, command: dict, respond: Respond) -> None:
        """Hand over a command; `respond(answer)` is called from the simulation thread, perhaps much later. Thread-safe."""
        self.inbox.put((command, respond))

    # -- the thread -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._wake_main()
        while not self.is_stopping:
            self._take_commands()
            self._tick_due()
        for runner in self.runners.values():
            try:
                runner.close()
            except Exception:
                logger.exception("closing sandbox %s", runner.sandbox.name)
        close_old_connections()

    def _wake_main(self) -> None:
        try:
            self.runner(main_sandbox().name)
        except Exception:
            logger.exception("waking the sandbox main")

    def _take_commands(self) -> None:
        """Wait for a command until the next tick is due, then take all that wait."""
        wakes = [wake_s for wake_s in self.wakes.values() if wake_s is not None]
        timeout_s = max(0.0, min(wakes) - time.monotonic()) if wakes else IDLE_S
        try:
            item = self.inbox.get(timeout=timeout_s) if timeout_s > 0 else self.inbox.get_nowait()
        except queue.Empty:
            return
        for _ in range(200):
            if item is not None:
                self._handle(*item)
            try:
                item = self.inbox.get_nowait()
            except queue.Empty:
                return

    def _handle(self, command: dict, respond: Respond) -> None:
        try:
            answer = commands.handle(self, command, respond)
        except Refused as refusal:
            answer = {"ok": False, "error": refusal.texts}
        except Exception as error:
            logger.exception("command %s", command.get("do"))
            answer = {"ok": False, "error": {"en": f"internal error: {error}", "zh": f"内部错误：{error}"}, "internal": True}
        if answer is not None:
            respond(answer)

    def _tick_due(self) -> None:
        now_s = time.monotonic()
        for name, wake_s in list(self.wakes.items()):
            if wake_s is not None and wake_s <= now_s and name in self.runners:
                self._tick(name)

    def _tick(self, name: str) -> None:
        try:
            self.wakes[name] = self.runners[name].tick()
        except Exception:
            logger.exception("sandbox %s", name)
            self.wakes[name] = None
            self.runners[name].finish_turn()

    # -- runners --------------------------------------------------------------------------------------------------------

    def runner(self, name: str) -> Runner:
        """The runner of a sandbox, awake; raises Refused when there is no such sandbox."""
        runner = self.runners.get(name)
        if runner is None:
            sandbox = find(name)
            if sandbox is None:
                raise Refused(f"sandbox {name!r} not found", f"找不到沙箱“{name}”")
            runner = Runner(sandbox, publish=lambda message: self.publish(name, message), deliver=self._deliver)
            self.runners[name] = runner
            self.wakes[name] = 0.0
        return runner

    def touched(self, name: str) -> None:
        """A command changed a sandbox: commit it and look at its clock at once."""
        self.wakes[name] = 0.0

    def drop(self, name: str) -> None:
        self.runners.pop(name, None)
        self.wakes.pop(name, None)

    @staticmethod
    def _deliver(kind: str, token: Any, *rest: Any) -> None:
        """Give a waiting caller its answer, or a watch its next event; `token` is what commands.py stored."""
        token(kind, *rest)
