"""namespaces/finalize: the namespace controller takes its finalizer off, and the namespace goes with the last one.

Source: k8s.io/kubernetes pkg/registry/core/namespace/strategy.go (namespaceFinalizeStrategy).
"""
from __future__ import annotations

from cluster.meta.requests import Response

from . import bodies, ownership, update
from .call import Call, Write


def finalize(call: Call) -> Response | Write:
    """Replace spec.finalizers, and nothing else."""
    sent = bodies.incoming(call)
    bodies.match_name(call, sent["metadata"])
    finalizers = (sent.get("spec") or {}).get("finalizers")

    def make(live: dict | None) -> dict:
        obj = dict(live)
        obj["metadata"] = {**live["metadata"], "resourceVersion": sent["metadata"].get("resourceVersion", "")}
        obj["spec"] = {**(live.get("spec") or {}), "finalizers": finalizers} if finalizers else {}
        return ownership.track(call, live, obj)

    return update.replace(call, make, uid=sent["metadata"].get("uid") or "")
