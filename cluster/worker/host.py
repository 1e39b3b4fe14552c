"""The simulation thread of a worker: it owns runners, takes commands one after another and ticks what is due."""
from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections

from cluster.models import Sandbox
from cluster.store import log

from . import commands
from .checkpoints import Checkpoints
from .collecting import Collector
from .recovery import SimulationFailed
from .refusals import Refused
from .runner import Runner
from .sandboxes import find, find_by_token, main_sandbox

logger = logging.getLogger(__name__)
Respond = Callable[[dict], None]
IDLE_S = 1.0
SHORT_REST_S = 0.05
RETRY_S = 2.0          # after a sandbox could not be committed or loaded
SLEEP_AFTER_S = 600.0  # a sandbox that nobody looks at, watches or asks leaves memory after that


class Host:
    """Sandboxes by name, each with a Runner while it is awake. `publish(name, message)` reaches everyone who looks."""

    def __init__(self, publish: Callable[[str, dict], None], *, wall: Callable[[], float] = time.monotonic):
        self.publish, self.wall = publish, wall
        self.inbox: queue.SimpleQueue = queue.SimpleQueue()
        self.runners: dict[str, Runner] = {}
        self.viewers: dict[str, set[str]] = {}
        self.wakes: dict[str, float | None] = {}
        self.used_s: dict[str, float] = {}     # when somebody last wanted something of it
        self.names: dict[str, str] = {}        # of sandboxes, by the tokens that were asked with
        self.collector, self.checkpoints = Collector(wall), Checkpoints()
        self.is_stopping = False
        self.thread = threading.Thread(target=self._run, name="simulation", daemon=True)

    def start(self) -> None:
        self.checkpoints.start()
        self.thread.start()

    def stop(self, timeout_s: float = 1.5) -> None:
        """Commit everything and end the thread."""
        self.is_stopping = True
        self.checkpoints.stop()
        self.inbox.put(None)
        self.thread.join(timeout_s)

    def submit(self, command: dict, respond: Respond) -> None:
        """Hand over a command; `respond(answer)` is called from the simulation thread, perhaps much later. Thread-safe."""
        self.inbox.put((command, respond))

    def is_wanted(self) -> bool:
        """Whether a command waits."""
        return not self.inbox.empty()

    # -- the thread -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self.collector.begin()
        self._expect_main()
        while not self.is_stopping:
            try:
                self._take_commands()
                if self.tick_due():
                    self.checkpoints.committed()
                self.put_to_sleep()
            except Exception:  # whatever it was, the other sandboxes go on
                logger.exception("the simulation thread")
        for name in list(self.runners):
            self._close(name)
        close_old_connections()

    def _close(self, name: str) -> None:
        """Commit a sandbox and let it go."""
        try:
            self.runners[name].close()
        except Exception:
            logger.exception("closing sandbox %s", name)
        self.drop(name)

    def _expect_main(self) -> None:
        """See to it that there is a sandbox `main`, and load it as soon as no command waits."""
        try:
            self.wakes[main_sandbox().name] = 0.0
        except Exception:
            logger.exception("making the sandbox main")

    def _take_commands(self) -> None:
        """Wait for a command until the next tick is due, then take all that wait."""
        wakes = [wake_s for wake_s in self.wakes.values() if wake_s is not None]
        timeout_s = min(IDLE_S, max(0.0, min(wakes) - self.wall())) if wakes else IDLE_S
        try:
            item = self.inbox.get(timeout=timeout_s) if timeout_s > 0 else self.inbox.get_nowait()
        except queue.Empty:
            if timeout_s > SHORT_REST_S:
                self.collector.rest()
            return
        self.collector.heard()
        for _ in range(200):
            if item is not None:
                self.handle(*item)
            try:
                item = self.inbox.get_nowait()
            except queue.Empty:
                return

    def handle(self, command: dict, respond: Respond) -> None:
        """Do one command; whatever happens, its caller is answered."""
        try:
            answer = commands.handle(self, command, respond)
        except Refused as refusal:
            answer = {"ok": False, "error": refusal.texts, "code": refusal.code}
        except SimulationFailed as failure:
            logger.exception("command %s", command.get("do"))
            answer = {"ok": False, "error": {"en": f"the simulation stopped: {failure}", "zh": f"模拟已停止：{failure}"}, "code": 500}
        except Exception as error:
            logger.exception("command %s", command.get("do"))
            answer = {"ok": False, "error": {"en": f"internal error: {error}", "zh": f"内部错误：{error}"}, "code": 500}
            self._drop_broken()
        if answer is not None:
            respond(answer)

    def tick_due(self) -> bool:
        """Let every sandbox go on whose moment has come; whether there was one."""
        now_s, was_due = self.wall(), False
        for name, wake_s in list(self.wakes.items()):
            if wake_s is not None and wake_s <= now_s:
                self._tick(name)
                was_due = True
        return was_due

    def _tick(self, name: str) -> None:
        try:
            self.wakes[name] = self.runner(name).tick()
        except SimulationFailed:
            logger.exception("sandbox %s", name)
            self.wakes[name] = 0.0  # its end is to be committed
        except Refused:
            self.wakes[name] = None  # it cannot be loaded, which was logged then
        except Exception:
            logger.exception("sandbox %s", name)
            self._drop_broken()
            self.wakes[name] = self.wall() + RETRY_S

    def _drop_broken(self) -> None:
        """Forget runners that are ahead of what is kept: the database knows the truth, from which they are loaded again."""
        for name in [name for name, runner in self.runners.items() if runner.is_broken]:
            self.runners.pop(name).abandon()
            self.wakes[name] = self.wall() + RETRY_S

    def put_to_sleep(self) -> None:
        """Stop the clock of sandboxes that nobody has wanted for long; the next command wakes them."""
        now_s = self.wall()
        for name, runner in list(self.runners.items()):
            if runner.viewers or runner.watches or runner.streams or runner.waiting or runner.steps_left or runner.sandbox.mode == "settling":
                self.used_s[name] = now_s
            elif now_s - self.used_s.setdefault(name, now_s) >= SLEEP_AFTER_S:
                self._close(name)

    # -- runners --------------------------------------------------------------------------------------------------------

    def runner(self, name: str) -> Runner:
        """The runner of a sandbox, awake; raises Refused when there is no such sandbox."""
        runner = self.runners.get(name)
        if runner is None:
            sandbox = find(name)
            if sandbox is None:
                raise Refused(f"sandbox {name!r} not found", f"找不到沙箱“{name}”", code=404)
            runner = self.runners[name] = self._load(sandbox)
            runner.viewers = self.viewers.setdefault(name, set())
            self.touched(name)
        return runner

    def name_by_token(self, token: str) -> str:
        """The sandbox that a token opens, "" if none. Of one that is awake the database is not asked again."""
        name = self.names.get(token, "")
        if name in self.runners and self.runners[name].sandbox.token == token:
            return name
        sandbox = find_by_token(token)
        if sandbox is None:
            return ""
        self.names[token] = sandbox.name
        return sandbox.name

    def _load(self, sandbox: Sandbox) -> Runner:
        """A runner; raises Refused when even that fails, so that a reset remains possible."""
        name = sandbox.name
        try:
            return Runner(sandbox, publish=lambda message: self.publish(name, message), deliver=self._deliver, wall=self.wall,
                          is_wanted=self.is_wanted)
        except Exception as error:
            logger.exception("loading sandbox %s", name)
            raise Refused(f"sandbox {name!r} cannot be restored ({type(error).__name__}: {error}): reset it",
                          f"沙箱“{name}”无法恢复（{type(error).__name__}: {error}）：请重置", code=500) from error

    def reset(self, name: str) -> Runner:
        """A fresh cluster, also where the old one cannot be loaded any more."""
        try:
            runner = self.runner(name)
        except Refused as refusal:
            sandbox = find(name)
            if sandbox is None or refusal.code == 404:
                raise
            log.erase(sandbox)
            runner = self.runner(name)
            runner.publish(runner.snapshot_message(None))
        else:
            runner.reset()
            self.collector.forgot()
        self.touched(name)
        return runner

    def touched(self, name: str) -> None:
        """A command changed a sandbox: commit it and look at its clock at once."""
        self.wakes[name] = 0.0
        self.used_s[name] = self.wall()

    def drop(self, name: str) -> None:
        """Let a sandbox leave memory; who waits for it is told."""
        runner = self.runners.pop(name, None)
        if runner is not None:
            runner.abandon()
            self.collector.forgot()
        self.wakes.pop(name, None)
        self.used_s.pop(name, None)
        self.names = {token: known for token, known in self.names.items() if known != name}

    @staticmethod
    def _deliver(kind: str, token: Any, *rest: Any) -> None:
        """Give a waiting caller its answer, or a watch its next event; `token` is what commands.py stored."""
        token(kind, *rest)
