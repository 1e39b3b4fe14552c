"""NamespaceLifecycle: nothing is made in a namespace that is missing or ending, and some namespaces never end.

Source: k8s.io/apiserver pkg/admission/plugin/namespace/lifecycle/admission.go.
"""
from __future__ import annotations

from cluster.meta import status

NAME = "NamespaceLifecycle"
IMMORTAL = ("default", "kube-system", "kube-public")


def check(call, obj: dict | None, live: dict | None) -> None:
    """Refuse what must not happen to, or in, a namespace."""
    if call.kind.kind == "Namespace":
        if obj is None and call.name in IMMORTAL:
            raise call.forbidden("this namespace may not be deleted")
        return
    if not call.kind.namespaced or obj is None:
        return
    stored = call.context.store.get(f"/registry/namespaces/{call.namespace}")
    if stored is None:
        raise status.not_found("namespaces", call.namespace)
    is_new = live is None or call.subresource in ("binding", "eviction")
    if is_new and (stored.value.get("status") or {}).get("phase") == "Terminating":
        raise _ending(call, obj)


def _ending(call, obj: dict) -> status.StatusError:
    from . import refused
    refusal = refused(call, obj, f"unable to create new content in namespace {call.namespace} because it is being terminated")
    refusal.status["details"]["causes"] = [{
        "reason": "NamespaceTerminating", "message": f"namespace {call.namespace} is being terminated",
        "field": "metadata.namespace"}]
    return refusal
