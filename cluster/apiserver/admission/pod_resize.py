"""PodResizeValidator: a Pod on a node may not be resized beyond what that node has.

Source: k8s.io/kubernetes plugin/pkg/admission/podresize/admission.go.
"""
from __future__ import annotations

from cluster.kinds import node as nodes
from cluster.kinds import pod as pods
from cluster.meta.status import StatusError

NAME = "PodResizeValidator"
VALIDATED, VALIDATED_AT = ("pods",), ("resize",)


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Refuse a resize that could never be."""
    if call.kind.plural != "pods" or call.subresource != "resize" or obj is None or live is None:
        return False
    name = obj["spec"].get("nodeName")
    if not name or obj["metadata"].get("generation") == live["metadata"].get("generation"):
        return False
    from . import refused
    stored = call.context.store.get(f"/registry/minions/{name}")
    if stored is None:
        raise refused(call, obj, f'node "{name}" not found')
    system = (stored.value["metadata"].get("labels") or {}).get("kubernetes.io/os", "linux")
    if system != "linux":
        raise _with_cause(refused(call, obj, f'pod resize is only supported on linux nodes, node "{name}" is "{system}"'), "UnsupportedPlatform")
    allocatable, requests = nodes.allocatable(stored.value), pods.requests(obj)
    wanted = [
        f"{each}, requested: {requests[each]}, allocatable: {allocatable.get(each, 0)}"
        for each in ("cpu", "memory")
        if requests.get(each, 0) > allocatable.get(each, 0)
    ]
    if wanted:
        raise _with_cause(refused(call, obj, "node didn't have enough allocatable resources: " + "; ".join(wanted)), "NodeCapacity")
    return True


def _with_cause(refusal: StatusError, cause: str) -> StatusError:
    """A refusal that programs may tell from others (resizeValidationError)."""
    details = refusal.status.get("details") or {}
    refusal.status["details"] = {**details, "causes": [*(details.get("causes") or ()), {"reason": cause}]}
    return refusal
