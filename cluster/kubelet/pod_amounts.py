"""Owns what a status says of the resources of a Pod as a whole: what was promised, and what is in force in its cgroup.

Source: kubernetes pkg/kubelet/kubelet_pods.go (convertToAPIPodLevelResourcesStatus, getEffectiveAllocatedResources), pkg/kubelet/cm/
helpers_linux.go (ResourceConfigForPod), k8s.io/component-helpers resource/helpers.go (PodRequests, PodLimits).
"""

from __future__ import annotations

from cluster.kinds import _pod_resources
from cluster.kinds import pod as pods
from cluster.meta import quantity

from .container_status import in_binary

MADE_OF = ("containers", "initContainers")
SMALLEST = {"requests": 2, "limits": 10}  # thousandths of a CPU: less than that a cgroup does not say


def of_status(pod: dict, in_force: dict, old: dict) -> dict[str, dict]:
    """allocatedResources and resources of a status, of a Pod that says anything of them.

    in_force: the Pod with the resources that are in force; old: the status until now.
    """
    spec = pod["spec"]
    promised = _pod_resources.whole(spec, "requests")
    found = _actual(in_force, old) if (pod.get("status") or {}).get("phase") == "Running" else _effective(spec)
    kept = {kind: values for kind, values in found.items() if values}
    return {**({"allocatedResources": promised} if promised else {}), "resources": kept}


def _effective(spec: dict) -> dict[str, dict]:
    return {kind: _pod_resources.whole(spec, kind) for kind in ("limits", "requests")}


def _actual(pod: dict, old: dict) -> dict[str, dict]:
    """What the cgroup of a running Pod says; memory that is asked for stands in none, and stays as it was said first."""
    spec, own = pod["spec"], pod["spec"].get("resources") or {}
    asked = _pod_resources.whole(spec, "requests")
    limits, requests = dict(own.get("limits") or {}), dict(own.get("requests") or {})
    _take_cpu(requests, asked, "requests")
    if "memory" in asked:
        requests.setdefault("memory", asked["memory"])
    before = (old.get("resources") or {}) if old.get("phase") == "Running" else {}
    if "memory" in (before.get("requests") or {}):
        requests["memory"] = before["requests"]["memory"]
    most = _pod_resources.whole(spec, "limits")
    if is_declared(spec, "cpu") and pods.qos_class(pod) != "BestEffort":
        _take_cpu(limits, most, "limits")
    if is_declared(spec, "memory") and "memory" in most:
        limits["memory"] = in_binary(most["memory"])
    return {"limits": limits, "requests": requests}


def _take_cpu(taken: dict, values: dict, kind: str) -> None:
    if "cpu" in values and quantity.parse(str(values["cpu"])).millis > SMALLEST[kind]:
        taken["cpu"] = values["cpu"]


def is_declared(spec: dict, name: str) -> bool:
    """Whether a resource is limited for the Pod: as a whole, or in each of its containers."""
    if _is_set((spec.get("resources") or {}).get("limits"), name):
        return True
    return all(_is_set((each.get("resources") or {}).get("limits"), name) for kind in MADE_OF for each in spec.get(kind) or ())


def _is_set(limits: dict | None, name: str) -> bool:
    return bool(limits) and quantity.parse(str(limits.get(name, "0"))).nano != 0
