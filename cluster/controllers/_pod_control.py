"""Creating and deleting Pods for an owner, with the Events that go with it.

Source: pkg/controller/controller_utils.go RealPodControl.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cluster.meta import names

NAMESPACE_TERMINATING = "NamespaceTerminating"


@dataclass(frozen=True)
class PodControl:
    """Parts of a unit of work; each returns the Response."""

    client: Any
    recorder: Any

    def create(self, owner: dict, pod: dict) -> Iterator[Any]:
        """POST a Pod; an Event on its owner says how it went, unless the namespace is being deleted."""
        reply = yield self.client.create("pods", pod)
        if reply.ok:
            self.recorder.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {reply.body['metadata']['name']}")
        elif not is_terminating_namespace(reply):
            self.recorder.event(owner, "Warning", "FailedCreate", f"Error creating: {reply.message}")
        return reply

    def delete(self, owner: dict, pod: dict) -> Iterator[Any]:
        """DELETE a Pod; a Pod that is gone already makes no Event."""
        meta = pod["metadata"]
        reply = yield self.client.delete("pods", meta["name"], meta["namespace"])
        if reply.ok:
            self.recorder.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {meta['name']}")
        elif reply.code != 404:
            self.recorder.event(owner, "Warning", "FailedDelete", f"Error deleting: {reply.message}")
        return reply


def pod_from_template(owner: dict, reference: dict, template: dict) -> dict:
    """The Pod to create for an owner. Source: pkg/controller/controller_utils.go GetPodFromTemplate, getPodsPrefix."""
    given, meta = template.get("metadata") or {}, owner["metadata"]
    kept = {name: given[name] for name in ("labels", "annotations", "finalizers") if given.get(name)}
    prefix = f"{meta['name']}-"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **kept,
            "generateName": meta["name"] if names.is_subdomain_name(prefix, True) else prefix,
            "namespace": meta["namespace"],
            "ownerReferences": [reference],
        },
        "spec": template["spec"],
    }


def is_terminating_namespace(reply) -> bool:
    """Whether a create was refused because its namespace is being deleted."""
    details = reply.body.get("details") if isinstance(reply.body, dict) else None
    return any(cause.get("reason") == NAMESPACE_TERMINATING for cause in (details or {}).get("causes") or ())
