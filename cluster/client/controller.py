"""The base of every controller: a queue of keys and a `sync` that makes one of them right."""
from __future__ import annotations

from typing import Any

from cluster.engine import Actor

from .client import Client
from .workqueue import BASE_MS, MAX_MS, WorkQueue


class Controller(Actor):
    """One controller of kube-controller-manager. Subclasses set NAME, RESOURCE (of their keys), WORKERS and write watch() and sync()."""

    NAME = ""
    RESOURCE = ""
    WORKERS = 5
    QPS, BURST = 20, 30   # --kube-api-qps, --kube-api-burst: each controller's client has its own limiter
    RETRY_BASE_MS, RETRY_MAX_MS = BASE_MS, MAX_MS  # wait after a failed sync, doubling
    MANAGER = "kube-controller-manager"

    def __init__(self, process):
        self.process = process
        super().__init__(process.engine, self.NAME)
        self.informers = process.informers
        self.client = Client(self, user=f"system:serviceaccount:kube-system:{self.account}",
                             groups=["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
                             manager=self.MANAGER, qps=self.QPS, burst=self.BURST)
        self.queue = WorkQueue(self, self.WORKERS, base_ms=self.RETRY_BASE_MS, max_ms=self.RETRY_MAX_MS)
        self.setup()
        self.informers.registrant = self
        self.watch(self.informers)
        self.informers.registrant = None

    @property
    def account(self) -> str:
        """The service account's name; override where it differs from NAME."""
        return self.NAME

    def setup(self) -> None:
        """Make state, recorder and the like; before watch()."""

    def watch(self, informers) -> None:
        """Ask for informers and register handlers."""

    def sync(self, key: str) -> Any:
        """Compare what is wanted with what is there and act. A generator or plain; returns None, or "retry" to be queued again."""
        raise NotImplementedError

    def on_synced(self) -> None:
        """Called once the process's informers have listed: start periodic checks here."""

    def subject(self, key: str) -> str:
        namespace, _, name = key.rpartition("/")
        return f"{self.RESOURCE}/{namespace}/{name}"

    def add_from_timer(self, key: str) -> None:
        self.queue.state.later.pop(key, None)
        self.queue.add(key)

    def process_queue(self) -> None:
        """Give waiting keys to free workers."""
        if not self.process.is_ready:
            return
        while (key := self.queue.take()) is not None:
            self.trace("ReconcileStarted", self.subject(key), key=key, queue=self.NAME, length=len(self.queue))
            result = self.sync(key)
            if hasattr(result, "send"):
                self.work(result, lambda value, key=key: self._finish(key, value))
            else:
                self._finish(key, result)

    def _finish(self, key: str, result: Any) -> None:
        if result == "retry":
            self.queue.add_rate_limited(key)
        else:
            self.queue.forget(key)
        self.queue.done(key)
