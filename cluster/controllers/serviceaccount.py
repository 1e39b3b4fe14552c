"""serviceaccount-controller: every active namespace has a ServiceAccount `default`.

Source: pkg/controller/serviceaccount/serviceaccounts_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller

from ._rollout import is_namespace_terminating

DEFAULT = "default"


class ServiceAccountController(Controller):
    """Its keys are namespaces."""

    NAME = "serviceaccount-controller"
    RESOURCE = "namespaces"
    WORKERS = 1

    @property
    def account(self) -> str:
        return "service-account-controller"

    def watch(self, informers) -> None:
        self.accounts = informers.watch("serviceaccounts")
        self.namespaces = informers.watch("namespaces")
        self.accounts.on(self.on_account)
        self.namespaces.on(self.on_namespace)

    def on_account(self, kind: str, old: dict | None, new: dict) -> None:
        if kind == "DELETED":
            self.queue.add(new["metadata"]["namespace"])

    def on_namespace(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "DELETED":
            self.queue.add(new["metadata"]["name"])

    def sync(self, key: str) -> Iterator[Any]:
        namespace = self.namespaces.get(key)
        if namespace is None or (namespace.get("status") or {}).get("phase") != "Active":
            return None
        if self.accounts.get(f"{key}/{DEFAULT}") is not None:
            return None
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": DEFAULT, "namespace": key}}
        reply = yield self.client.create("serviceaccounts", account)
        refused = not reply.ok and reply.reason != "AlreadyExists" and not is_namespace_terminating(reply)
        return "retry" if refused else None
