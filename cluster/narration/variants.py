"""Which of a kind's entries tells a fact best: `RequestSent.binding` rather than plain `RequestSent`."""
from __future__ import annotations

from cluster.engine import TraceEvent

CLIENTS = ("kubectl", "client")
COMPONENTS = ("kube-apiserver", "etcd", "kubelet", "containerd", "cni", "kube-proxy", "coredns")  # what is said of each is its own
PROCESSES = ("kube-controller-manager", "kube-scheduler")
STREAMS = {"log": "log", "exec": "exec", "attach": "exec", "portforward": "forward"}


def variant(event: TraceEvent) -> str:
    """The name of the entry in the catalogue; the kind itself where it has no better one."""
    chooser = CHOOSERS.get(event.kind)
    name = chooser(event.data, event.subject.partition("/")[0]) if chooser else ""
    return f"{event.kind}.{name}" if name else event.kind


def _request(data: dict, resource: str) -> str:
    sender, verb, subresource = str(data.get("from", "")), data.get("verb"), data.get("subresource")
    if data.get("often"):
        return "often"
    if not resource:
        return "discovery"
    if subresource in STREAMS:
        return STREAMS[subresource]
    if verb == "watch":
        return "watching"
    if resource.endswith("reviews"):
        return "review"
    if verb in ("get", "list"):
        return "read"
    if subresource in ("binding", "token"):
        return subresource
    if sender.startswith("kubelet/"):
        return "removal" if verb == "delete" else {"pods": "report", "nodes": "node"}.get(resource, "")
    if subresource == "status" and sender not in CLIENTS:
        return "verdict" if sender == "kube-scheduler" else "finding" if resource in ("pods", "nodes") else "counts"
    if verb == "delete":
        return "deletion"
    return "creation" if verb == "create" else ""


def _written(data: dict, resource: str) -> str:
    changed = [str(path) for path in data.get("changed") or ()]
    if data.get("change") == "created":
        return "created"
    if any(path.startswith("metadata.deletion") for path in changed):
        return "marked" if "metadata.generation" in changed else "last"
    if any(path == "spec.nodeName" for path in changed):
        return "bound"
    return "changed" if changed else ""


def _delivered(data: dict, resource: str) -> str:
    to = str(data.get("to", ""))
    if to in CLIENTS:
        return "client"
    if to.startswith("kubelet/"):
        return "kubelet"
    return "scheduler" if to == "kube-scheduler" and data.get("type") == "ADDED" else "deleted" if data.get("type") == "DELETED" else ""


def _authenticated(data: dict, resource: str) -> str:
    return "impersonated" if data.get("impersonated_by") else "token" if data.get("token") else ""


def _authorized(data: dict, resource: str) -> str:
    if "system:masters" in str(data.get("rule")):
        return "masters"
    return "" if data.get("verbs") else "open"


def _refused(data: dict, resource: str) -> str:
    if data.get("code") == 500 and data.get("gate") == "store":
        return "etcd"
    return "plugin" if data.get("plugin") else "absent" if data.get("code") == 404 else ""


def _component(data: dict, resource: str) -> str:
    name = str(data.get("component")).partition("/")[0]
    return name if name in COMPONENTS else "" if name in PROCESSES else "controller"


def _awaited(data: dict, resource: str) -> str:
    return {"gone": "gone", "available": "available"}.get(str(data.get("until")), "")


def _verdict(data: dict, resource: str) -> str:
    return str(data.get("verdict")) if data.get("verdict") in ("ready", "unready", "started") else ""


def _unwanted(data: dict, resource: str) -> str:
    named = {"misplaced": "misplaced", "outdated": "outdated", "ended": "ended", "nowhere": "nowhere"}
    return named.get(str(data.get("why")), "")


def _budget(data: dict, resource: str) -> str:
    return str(data.get("so")) if data.get("so") in ("refused", "unhealthy") else ""


def _skipped(data: dict, resource: str) -> str:
    return "late" if data.get("why") == "late" else ""


def _short(data: dict, resource: str) -> str:
    return "processes" if data.get("condition") == "PIDPressure" else ""


def _endpoints(data: dict, resource: str) -> str:
    return "gone" if not data.get("addresses") else {0: "none", 1: "one"}.get(data.get("endpoints"), "")


def _route(data: dict, resource: str) -> str:
    return "one" if data.get("endpoints") == 1 else ""


def _forced(data: dict, resource: str) -> str:
    return "out-of-service" if data.get("why") == "out-of-service" else ""


def _pull(data: dict, resource: str) -> str:
    return "known" if data.get("bytes") == 0 else ""


def _preempted(data: dict, resource: str) -> str:
    return "waiting" if data.get("called_off") else ""


CHOOSERS = {
    "PodPreempted": _preempted,
    "ImagePullStarted": _pull,
    "VolumeDetachForced": _forced,
    "ServiceProgrammed": _endpoints,
    "ConnectionRouted": _route,
    "NodePressureFound": _short,
    "PodEvictedForRoom": _short,
    "RunSkipped": _skipped,
    "BudgetAsked": _budget,
    "DaemonPodUnwanted": _unwanted,
    "PodAwaited": _awaited,
    "ProbeVerdict": _verdict,
    "ComponentStarted": _component,
    "ComponentStopped": _component,
    "RequestAuthenticated": _authenticated,
    "RequestAuthorized": _authorized,
    "RequestRefused": _refused,
    "RequestSent": _request,
    "KeyWritten": _written,
    "WatchDelivered": _delivered,
}
