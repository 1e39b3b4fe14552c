"""Owns the pure rules of in-place resize: whose resources differ, whether a restart is needed, and how it is told.

Source: kubernetes pkg/kubelet/events/resize.go, kuberuntime/kuberuntime_manager.go (computePodResizeAction), status/status_manager.go.
"""

from __future__ import annotations

import json

from cluster.kinds import _pod_resources
from cluster.meta import quantity

from . import conditions
from .state import Resize

PENDING, IN_PROGRESS = "PodResizePending", "PodResizeInProgress"
FIELDS = ("containers", "initContainers")
WHOLE = ""  # in the place of a container's name: the Pod as a whole
ERROR = "Error"


def resources_of(pod: dict) -> dict[str, dict]:
    """container -> its resources, as a Pod's spec has them; WHOLE -> those at Pod level."""
    whole = {WHOLE: pod["spec"]["resources"]} if "resources" in pod["spec"] else {}
    return whole | {each["name"]: each.get("resources") or {} for field in FIELDS for each in pod["spec"].get(field) or ()}


def with_resources(pod: dict, wanted: dict[str, dict]) -> dict:
    """The same Pod with other resources."""
    spec = dict(pod["spec"])
    if WHOLE in wanted:
        spec["resources"] = wanted[WHOLE]
    for field in FIELDS:
        if spec.get(field):
            spec[field] = [{**each, "resources": wanted.get(each["name"], each.get("resources") or {})} for each in spec[field]]
    return {**pod, "spec": spec}


def resize_conditions(resize: Resize) -> list[dict]:
    """The conditions that tell of a resize that waits or is under way."""
    found = []
    if resize.reason:
        found.append(conditions.make(PENDING, resize.pending, True, resize.reason, resize.message))
    if resize.progress:
        found.append(conditions.make(IN_PROGRESS, resize.progress, True, ERROR if resize.error else "", resize.error))
    return [{**each, "lastProbeTime": resize.noted} for each in found]


def memory_limit(spec: dict) -> int:
    """Bytes that a Pod may hold, 0 for any number."""
    return quantity.parse(_pod_resources.whole(spec, "limits").get("memory", "0")).value


def shrinks(now: int, then: int) -> bool:
    """Whether a limit comes to be, or becomes less."""
    return bool(then) and (not now or then < now)


def restarts(spec: dict, now: dict, then: dict) -> bool:
    """Whether a change of resources needs a restart, by the container's policy for each resource that changes."""
    policies = {each["resourceName"]: each["restartPolicy"] for each in spec.get("resizePolicy") or ()}
    return any(
        policies.get(name) == "RestartContainer" and (now.get(kind) or {}).get(name) != (then.get(kind) or {}).get(name)
        for name in ("cpu", "memory")
        for kind in ("requests", "limits")
    )


def summary(pod: dict, generation: int, error: str = "") -> str:
    """The resources of a Pod as Events tell them, in Go's JSON."""
    found: dict = {}
    for field in ("initContainers", "containers"):
        rows = [{"name": each["name"], "resources": _sorted(each.get("resources") or {})} for each in pod["spec"].get(field) or ()]
        if rows:
            found[field] = rows
    found["generation"] = generation
    if error:
        found["error"] = error
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def _sorted(resources: dict) -> dict:
    return {kind: dict(sorted(resources[kind].items())) for kind in ("limits", "requests") if resources.get(kind)}
