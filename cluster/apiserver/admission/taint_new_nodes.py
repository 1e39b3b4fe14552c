"""TaintNodesByCondition: a new Node takes no Pods until it is known to be ready.

Source: k8s.io/kubernetes plugin/pkg/admission/nodetaint/admission.go.
"""
from __future__ import annotations

NAME, RESOURCE = "TaintNodesByCondition", "nodes"
KEY, EFFECT = "node.kubernetes.io/not-ready", "NoSchedule"


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Add the not-ready taint to a new Node."""
    if live is not None:
        return []
    spec = obj.setdefault("spec", {})
    taints = spec.get("taints") or []
    if any(taint.get("key") == KEY and taint.get("effect") == EFFECT for taint in taints):
        return []
    spec["taints"] = [*taints, {"key": KEY, "effect": EFFECT}]
    return [f"spec.taints[{len(taints)}]"]
