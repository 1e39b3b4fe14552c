"""DefaultTolerationSeconds: a Pod stays 300 s on a node that is lost, unless it says otherwise.

Source: k8s.io/kubernetes plugin/pkg/admission/defaulttolerationseconds/admission.go.
"""
from __future__ import annotations

NAME, RESOURCE = "DefaultTolerationSeconds", "pods"
SECONDS = 300
TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Add the two tolerations where none like them is there."""
    tolerations = obj["spec"].get("tolerations") or []
    missing = [key for key in TAINTS if not any(_covers(toleration, key) for toleration in tolerations)]
    if not missing:
        return []
    added = [{"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS} for key in missing]
    obj["spec"]["tolerations"] = [*tolerations, *added]
    return [f"spec.tolerations[{len(tolerations) + index}]" for index in range(len(added))]


def _covers(toleration: dict, key: str) -> bool:
    return toleration.get("key", "") in ("", key) and toleration.get("effect", "") in ("", "NoExecute")
