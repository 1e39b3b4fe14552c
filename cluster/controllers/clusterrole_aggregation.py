"""clusterrole-aggregation-controller: fills in the rules of ClusterRoles that gather those of others by their labels.

Source: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.meta import labels

API_VERSION = "rbac.authorization.k8s.io/v1"


class ClusterRoleAggregationController(Controller):
    """Its keys are the ClusterRoles that have an aggregationRule."""

    NAME = "clusterrole-aggregation-controller"
    RESOURCE = "clusterroles"
    MANAGER = "clusterrole-aggregation-controller"

    def watch(self, informers) -> None:
        self.roles = informers.watch("clusterroles")
        self.roles.on(self.on_role)

    def on_synced(self) -> None:
        for role in self.roles.items():
            self._add_if_stale(role)

    def on_role(self, event: str, old: dict | None, new: dict) -> None:
        """Any role may be part of another; only those whose rules would change are looked at."""
        if self.process.is_ready:
            for role in self.roles.items():
                self._add_if_stale(role)

    def _add_if_stale(self, role: dict) -> None:
        if role.get("aggregationRule") and self._gathered(role) != (role.get("rules") or []):
            self.queue.add(role["metadata"]["name"])

    def _gathered(self, role: dict) -> list[dict]:
        """The rules of all roles that a role selects, each once."""
        rules: list[dict] = []
        others = sorted(self.roles.items(), key=lambda other: other["metadata"]["name"])
        for selector in role["aggregationRule"].get("clusterRoleSelectors") or ():
            wanted = labels.from_object(selector)
            for other in others:
                if other["metadata"]["name"] != role["metadata"]["name"] and wanted.matches(other["metadata"].get("labels")):
                    for rule in other.get("rules") or ():
                        if rule not in rules:
                            rules.append(rule)
        return rules

    def sync(self, key: str) -> Iterator[Any]:
        role = self.roles.get(key)
        if role is None or not role.get("aggregationRule"):
            return None
        rules = self._gathered(role)
        if rules == (role.get("rules") or []):
            return None
        self.trace("RulesGathered", self.subject(key), rules=len(rules))
        body = {"apiVersion": API_VERSION, "kind": "ClusterRole", "metadata": {"name": key}, **({"rules": rules} if rules else {})}
        reply = yield self.client.patch("clusterroles", key, body, patch_type="apply", force=True)
        return None if reply.ok else "retry"
