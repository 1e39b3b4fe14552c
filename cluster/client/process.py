"""A process: an actor with a set of shared informers, that starts by listing and goes on by watching."""
from __future__ import annotations

from cluster.engine import Actor

from .client import Client
from .informers import Informers


class Process(Actor):
    """Base of kube-controller-manager, kube-scheduler and the kubelets."""

    client: Client
    informers: Informers

    def on_start(self) -> None:
        self.informers.start()

    def deliver(self, watcher_id: int, batch: list) -> None:
        self.informers.deliver(watcher_id, batch)

    def watch_closed(self, watcher_id: int) -> None:
        """The API server that told of it is gone."""
        self.informers.closed(watcher_id)

    def list_again(self, resource: str, field_selector: str) -> None:
        self.informers.again(resource, field_selector)

    def restore(self, data: dict) -> None:
        self.informers.recall(data["parts"])
        super().restore(data)

    def on_synced(self) -> None:
        """Called once all informers have listed."""
