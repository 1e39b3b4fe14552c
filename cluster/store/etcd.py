"""etcd as a component that can be switched off: the data stay, nobody gets at them.

Source: go.etcd.io/etcd/client/v3 (a member that cannot be dialled), k8s.io/apiserver pkg/endpoints/handlers/responsewriters/status.go
(an error that is no Status becomes a 500 with its text).
"""
from __future__ import annotations

from cluster.engine import Actor

REFUSED = (
    "rpc error: code = Unavailable desc = connection error: "
    'desc = "transport: Error while dialing: dial tcp 127.0.0.1:2379: connect: connection refused"'
)


class Etcd(Actor):
    """One member. Whoever reads or writes the store for a request asks `is_on` first."""

    name = "etcd"

    def on_start(self) -> None:
        self.trace("ComponentStarted", component=self.name)

    def on_stop(self) -> None:
        self.trace("ComponentStopped", component=self.name)
