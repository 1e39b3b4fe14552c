"""Owns oom_score_adj: how ready the kernel should be to kill a container when memory runs out, as /proc/1/oom_score_adj has it.

It is told and does not act: what is killed here is what exceeds its limit, or what the machine has (runtime/programs.py).
Source: kubernetes pkg/kubelet/qos/{policy,helpers}.go.
"""

from __future__ import annotations

from cluster.kinds import _pod_resources
from cluster.kinds import pod as pods
from cluster.meta import quantity

from .evictions import is_critical

GUARANTEED, BEST_EFFORT = -997, 1000


def score(pod: dict, spec: dict, capacity_bytes: int) -> int:
    """The adjustment of one container of a Pod. capacity_bytes: the memory of the node."""
    is_node_critical = is_critical(pod) and pod["spec"].get("priorityClassName") == "system-node-critical"
    level = pods.qos_class(pod)
    if is_node_critical or level == "Guaranteed":
        return GUARANTEED
    if level == "BestEffort":
        return BEST_EFFORT
    asked, share = requested(spec), remaining(pod)
    if pods.is_sidecar(spec) and any(each["name"] == spec["name"] for each in pod["spec"].get("initContainers") or ()):
        asked = max(asked, min(requested(each) for each in pod["spec"]["containers"]))
    found = 1000 - 1000 * (asked + share) // capacity_bytes
    return min(max(found, 1000 + GUARANTEED), BEST_EFFORT - 1)


def requested(spec: dict) -> int:
    """Bytes of memory that a container asks for."""
    return quantity.parse(str(((spec.get("resources") or {}).get("requests") or {}).get("memory", "0"))).value


def remaining(pod: dict) -> int:
    """The share of a container in what its Pod asks for beyond what its containers do."""
    spec = pod["spec"]
    whole = ((spec.get("resources") or {}).get("requests") or {}).get("memory")
    if whole is None:
        return 0
    of_containers = _pod_resources.of_spec({name: value for name, value in spec.items() if name not in ("resources", "overhead")})
    left = quantity.parse(str(whole)).value - of_containers.get("memory", 0)
    return left // (len(spec["containers"]) + len(spec.get("initContainers") or ())) if left > 0 else 0
