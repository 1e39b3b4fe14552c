"""A process: an actor with a set of shared informers, that starts by listing and goes on by watching."""
from __future__ import annotations

from cluster.engine import Actor

from .client import Client
from .election import RESTART_MS, Election
from .informers import Informers


class Process(Actor):
    """Base of kube-controller-manager, kube-scheduler and the kubelets."""

    client: Client
    informers: Informers
    election: Election | None = None   # of those of which only one may work

    def on_start(self) -> None:
        self.informers.start()

    def watch_closed(self, watcher_id: int) -> None:
        """The API server that told of it is gone."""
        self.informers.closed(watcher_id)

    def list_again(self, resource: str, field_selector: str) -> None:
        self.informers.again(resource, field_selector)

    # -- of a process that must lead to work ----------------------------------------------------------------------

    def lead(self) -> None:
        """This process is the one that works."""

    def elect(self) -> None:
        assert self.election is not None
        self.election.attempt()

    def renew_lead(self) -> None:
        assert self.election is not None
        self.election.renew()

    def lost_lead(self) -> None:
        """A leader that is none any more ends, and is started again by whoever looks after it."""
        self.engine.stop(self)
        self.after(RESTART_MS, "start_again", background=True)

    def start_again(self) -> None:
        self.engine.start(self)

    def restore(self, data: dict) -> None:
        self.informers.recall(data["parts"])
        super().restore(data)

    def on_synced(self) -> None:
        """Called once all informers have listed."""
