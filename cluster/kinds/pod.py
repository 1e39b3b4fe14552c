"""Pod: one or more containers that live on one node, share its network address and volumes, and die together.

What a Pod's fields mean is asked here: readiness, phase, status word, requests.
"""
from __future__ import annotations

from cluster.kinds import _pod_defaults, _pod_gates, _pod_resources, _pod_update, _pod_validation, _pod_warnings
from cluster.kinds._columns import AGE, NAME, column
from cluster.kinds._pod_printing import cells, ready_counts, restart_count, status_word
from cluster.kinds._pod_resources import Amounts, is_sidecar
from cluster.kinds.base import Kind

__all__ = ["KIND", "cells", "is_sidecar", "ready_counts", "restart_count", "status_word"]

GATED = {"type": "PodScheduled", "status": "False", "lastProbeTime": None, "reason": "SchedulingGated",
         "message": "Scheduling is blocked due to non-empty scheduling gates"}
GOING_ON = ("Pending", "Running")


def default(draft: dict) -> None:
    """Fill in the spec, and the fields that a status always shows.

    Source: pkg/apis/core/v1/defaults.go (SetDefaults_Pod, SetDefaults_PodSpec), conversion.go (PodStatus).
    """
    _pod_defaults.pod(draft)
    status = draft.get("status")
    if status:
        _pod_defaults.pod_status(status)
    elif status is None:
        draft["status"] = {}


def prepare_create(draft: dict) -> None:
    """A new Pod is Pending, whatever its client says.

    Source: pkg/registry/core/pod/strategy.go (PrepareForCreate).
    """
    meta, spec = draft["metadata"], draft["spec"]
    meta["generation"] = 1
    _pod_gates.drop_disabled(spec)
    if meta.get("annotations"):
        _pod_gates.app_armor_fields(meta["annotations"], spec)
    draft["status"] = {"phase": "Pending", "qosClass": _pod_resources.qos_class(spec)}
    if spec.get("schedulingGates"):
        draft["status"]["conditions"] = [{**GATED, "lastTransitionTime": meta.get("creationTimestamp")}]
    _label_keys(meta.get("labels") or {}, spec)


def _label_keys(labels: dict, spec: dict) -> None:
    """matchLabelKeys become part of the selectors, with the Pod's own values."""
    for constraint in spec.get("topologySpreadConstraints") or ():
        _merge_keys(constraint, "matchLabelKeys", "In", labels)
    affinity = spec.get("affinity") or {}
    for name in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(name) or {}
        weighted = terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        required = terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for term in [*(entry.get("podAffinityTerm") or {} for entry in weighted), *required]:
            _merge_keys(term, "matchLabelKeys", "In", labels)
            _merge_keys(term, "mismatchLabelKeys", "NotIn", labels)


def _merge_keys(holder: dict, field: str, operator: str, labels: dict) -> None:
    keys, selector = holder.get(field), holder.get("labelSelector")
    if not keys or selector is None:
        return
    added = [{"key": key, "operator": operator, "values": [labels[key]]} for key in keys if key in labels]
    if added:
        selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), *added]


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec raises the generation."""
    draft["status"] = old.get("status", {})
    if draft["spec"] is not old["spec"]:
        _pod_gates.drop_disabled(draft["spec"])
    _raise_generation(draft, old)


def _raise_generation(draft: dict, old: dict) -> None:
    generation = old["metadata"].get("generation", 0)
    changed = draft["spec"] is not old["spec"] and draft["spec"] != old["spec"]
    if generation or changed:
        draft["metadata"]["generation"] = generation + 1 if changed else generation


def prepare_status(draft: dict, old: dict) -> None:
    """Spec, owners and deletion stay; the QoS class and observed generations are not lost.

    Source: podStatusStrategy.PrepareForUpdate.
    """
    draft["spec"] = old["spec"]
    keep_owners(draft["metadata"], old["metadata"])
    status, old_status = draft.setdefault("status", {}), old.get("status") or {}
    for field in ("qosClass", "observedGeneration"):
        if not status.get(field) and old_status.get(field):
            status[field] = old_status[field]
    _keep_observed(status, old_status)


def keep_owners(meta: dict, old_meta: dict) -> None:
    """Of the metadata that a status comes with, its owners and the time of its deletion are those that are stored."""
    for field in ("deletionTimestamp", "ownerReferences"):
        meta.pop(field, None)
        if old_meta.get(field):
            meta[field] = old_meta[field]


def _keep_observed(status: dict, old_status: dict) -> None:
    conditions = status.get("conditions") or ()
    if all([found.get("observedGeneration") for found in conditions]):
        return
    observed: dict[str, list[int]] = {}
    for found in old_status.get("conditions") or ():
        observed.setdefault(found["type"], []).append(found.get("observedGeneration", 0))
    for found in conditions:
        earlier = observed.get(found.get("type"))
        generation = earlier.pop(0) if earlier else 0
        if generation and not found.get("observedGeneration"):
            found["observedGeneration"] = generation


def _keep_meta(draft: dict, old: dict) -> None:
    """Of the metadata a subresource of the spec changes but managedFields. Source: pkg/registry/core/pod/strategy.go (dropNonPodFields)."""
    mine = {name: draft["metadata"][name] for name in ("managedFields", "resourceVersion") if name in draft["metadata"]}
    draft["metadata"] = {**old["metadata"], **mine}


def prepare_ephemeral(draft: dict, old: dict) -> None:
    """/ephemeralcontainers changes the ephemeral containers alone."""
    _keep_meta(draft, old)
    containers = draft["spec"].get("ephemeralContainers")
    draft["spec"] = {**old["spec"], "ephemeralContainers": containers} if containers else {
        key: value for key, value in old["spec"].items() if key != "ephemeralContainers"}
    draft["status"] = old.get("status", {})
    _raise_generation(draft, old)


_RESIZABLE = ("resources", "resizePolicy")


def prepare_resize(draft: dict, old: dict) -> None:
    """/resize changes resources and resize policies alone; a changed set of containers is left for validation.

    Source: pkg/registry/core/pod/strategy.go (dropNonResizeUpdates).
    """
    _keep_meta(draft, old)
    new, kept = draft["spec"], dict(old["spec"])
    lengths = [(len(new.get(name) or ()), len(kept.get(name) or ())) for name in ("containers", "initContainers")]
    if all(count == wanted for count, wanted in lengths):
        for name in ("containers", "initContainers"):
            if kept.get(name):
                kept[name] = _resized(new[name], kept[name])
        kept.pop("resources", None)
        if new.get("resources") is not None:
            kept["resources"] = new["resources"]
        draft["spec"] = kept
        draft["status"] = old.get("status", {})
    _raise_generation(draft, old)


def _resized(new: list[dict], old: list[dict]) -> list[dict]:
    if [container.get("name") for container in new] != [container.get("name") for container in old]:
        return new
    changed = []
    for container, kept in zip(new, old, strict=True):
        rest = {key: value for key, value in kept.items() if key not in _RESIZABLE}
        changed.append({**rest, **{key: container[key] for key in _RESIZABLE if key in container}})
    return changed


def graceful(pod: dict, asked: int | None) -> int:
    """The seconds that a deleted Pod gets: what was asked, else its own; none if it is nowhere or has ended.

    Source: pkg/registry/core/pod/strategy.go (CheckGracefulDelete).
    """
    spec = pod["spec"]
    period = asked if asked is not None else spec.get("terminationGracePeriodSeconds") or 0
    if not spec.get("nodeName") or is_terminal(pod):
        period = 0
    return 1 if period < 0 else period


def phase(pod: dict) -> str:
    """Pending, Running, Succeeded, Failed or Unknown."""
    status = pod.get("status")
    return status["phase"] if status and "phase" in status else ""


def is_terminal(pod: dict) -> bool:
    """It has ended for good."""
    return phase(pod) in ("Succeeded", "Failed")


def is_terminating(pod: dict) -> bool:
    """Somebody has deleted it."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_active(pod: dict) -> bool:
    """It counts as a replica: not ended, not being deleted."""
    return not is_terminating(pod) and not is_terminal(pod)


def only_reports(old: dict, new: dict) -> bool:
    """Whether a change of a Pod only tells how it does, which most changes do: it has a node, goes on, and is asked for the same.

    Spec, labels and owners are the very same objects then; annotations and finalizers are not looked at. Where that is not plain to
    see, the answer is no: a Pod whose spec was changed since it was made may be in the middle of a resize.
    """
    try:
        before, after = old["metadata"], new["metadata"]
        return (
            new["spec"] is old["spec"] and after["labels"] is before["labels"] and after["ownerReferences"] is before["ownerReferences"]
            and "deletionTimestamp" not in after and after["uid"] == before["uid"] and after.get("generation", 1) == 1
            and new["status"]["phase"] in GOING_ON and old["status"]["phase"] in GOING_ON and new["spec"]["nodeName"] != ""
        )  # fmt: skip
    except KeyError:
        return False


def condition(pod: dict, kind: str) -> dict | None:
    """The condition of a type, e.g. condition(pod, "Ready")."""
    for found in (pod.get("status") or {}).get("conditions") or ():
        if found.get("type") == kind:
            return found
    return None


def is_condition_true(pod: dict, kind: str) -> bool:
    """A condition is there and True."""
    found = condition(pod, kind)
    return found is not None and found.get("status") == "True"


def is_ready(pod: dict) -> bool:
    """Its Ready condition is True."""
    return is_condition_true(pod, "Ready")


def node_name(pod: dict) -> str:
    """The node to which it is bound, or ""."""
    return pod["spec"].get("nodeName") or ""


def qos_class(pod: dict) -> str:
    """Guaranteed, Burstable or BestEffort."""
    return (pod.get("status") or {}).get("qosClass") or _pod_resources.qos_class(pod["spec"])


_REQUESTS: dict[int, tuple[dict, Amounts]] = {}
_REQUESTS_KEPT = 8192


def requests(pod: dict) -> Amounts:
    """What the scheduler counts: cpu in thousandths, memory and all else in whole units, pods 1.

    The answer is kept by the identity of the spec and must not be changed.
    """
    spec = pod["spec"]
    known = _REQUESTS.get(id(spec))
    if known is not None and known[0] is spec:
        return known[1]
    if len(_REQUESTS) >= _REQUESTS_KEPT:
        _REQUESTS.clear()
    found = {**_pod_resources.of_spec(spec), "pods": 1}
    _REQUESTS[id(spec)] = (spec, found)
    return found


def limits(pod: dict) -> Amounts:
    """As requests, for limits."""
    return _pod_resources.of_spec(pod["spec"], "limits")


def _in_spec(field: str):
    return lambda pod: pod["spec"].get(field) or ""


def _pod_ip(pod: dict) -> str:
    addresses = (pod.get("status") or {}).get("podIPs")
    return addresses[0].get("ip", "") if addresses else ""


SELECTABLE = {
    **{f"spec.{field}": _in_spec(field) for field in ("nodeName", "restartPolicy", "schedulerName", "serviceAccountName")},
    "spec.host": _in_spec("nodeName"),          # its old name
    "spec.hostNetwork": lambda pod: "true" if pod["spec"].get("hostNetwork") else "false",
    "status.phase": phase, "status.podIP": _pod_ip, "status.podIPs": lambda pod: "",
    "status.nominatedNodeName": lambda pod: (pod.get("status") or {}).get("nominatedNodeName", ""),
}

COLUMNS = (
    NAME, column("Ready", "The aggregate readiness state of this pod for accepting traffic."),
    column("Status", "The aggregate status of the containers in this pod."),
    column("Restarts", "The number of times the containers in this pod have been restarted "
                       "and when the last container in this pod has restarted."),
    AGE, column("IP", "core.v1.PodStatus#podIP", priority=1), column("Node", "core.v1.PodSpec#nodeName", priority=1),
    column("Nominated Node", "core.v1.PodStatus#nominatedNodeName", priority=1),
    column("Readiness Gates", "core.v1.PodSpec#readinessGates", priority=1),
)

KIND = Kind(
    kind="Pod", plural="pods", singular="pod", short_names=("po",), categories=("all",), has_generation=True,
    subresources=("attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy",
                  "resize", "status"),
    storage_version_hash="xPOwRZ+Yhw8=", columns=COLUMNS, cells=cells, default=default, fill_status=_pod_defaults.pod_status,
    prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=_pod_validation.validate, validate_update=_pod_update.validate_update,
    validate_status=_pod_update.validate_status, warn=_pod_warnings.warn, selectable=SELECTABLE, graceful=graceful,
    reset_fields={"": ("status",), "status": ("spec", "metadata.deletionTimestamp", "metadata.ownerReferences")},
    prepare_for={"ephemeralcontainers": prepare_ephemeral, "resize": prepare_resize},
    validate_for={"ephemeralcontainers": _pod_update.validate_ephemeral, "resize": _pod_update.validate_resize},
    icon="box",
    title={"en": "One or more containers that run on one node, share an address and volumes, and die together.",
           "zh": "在同一节点上运行的一个或多个容器：共用地址与卷，同生共死。"},
)
