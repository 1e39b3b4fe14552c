"""validatingadmissionpolicy-status-controller: checks a policy's expressions against the kinds that it names, and notes what does not fit.

Source: pkg/controller/validatingadmissionpolicystatus/controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.apiserver import typechecking
from cluster.client import Controller

RESOURCE = "validatingadmissionpolicies"


class ValidatingAdmissionPolicyStatusController(Controller):
    """Its keys are policies."""

    NAME = MANAGER = "validatingadmissionpolicy-status-controller"
    RESOURCE = RESOURCE

    def watch(self, informers) -> None:
        self.policies = informers.watch(RESOURCE)
        self.policies.on(self.on_policy)

    def on_policy(self, event: str, old: dict | None, new: dict) -> None:
        if event != "DELETED":
            self.queue.add(new["metadata"]["name"])

    def sync(self, key: str) -> Iterator[Any] | None:
        policy = self.policies.get(key)
        if policy is None or policy["metadata"].get("generation", 0) <= (policy.get("status") or {}).get("observedGeneration", 0):
            return None
        return self._check(policy)

    def _check(self, policy: dict) -> Iterator[Any]:
        found = typechecking.warnings(policy, self.client.kinds)
        status = {"observedGeneration": policy["metadata"]["generation"], "typeChecking": {"expressionWarnings": found} if found else {}}
        body = {"apiVersion": policy["apiVersion"], "kind": policy["kind"], "metadata": {"name": policy["metadata"]["name"]}, "status": status}
        reply = yield self.client.patch(RESOURCE, body["metadata"]["name"], body, patch_type="apply", subresource="status", force=True)
        return None if reply.ok or reply.code == 404 else "retry"
