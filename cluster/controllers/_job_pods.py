"""What the Job controller asks about one Pod, and the Pods that it makes.

Source: pkg/controller/job/indexed_job_utils.go, tracking_utils.go, job_controller.go (isPodFailed, manageJob).
"""

from __future__ import annotations

from cluster.engine import clock
from cluster.meta.gotext import atoi
from cluster.meta.objects import draft

from . import _pods
from ._claims import controller_reference
from ._deletion_rank import PHASE_ORDER, max_restarts

FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
INDEX_FAILURES = "batch.kubernetes.io/job-index-failure-count"
INDEX_IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
LONGEST_PREFIX = 58  # names.MaxGeneratedNameLength
MAX_INT32 = 2**31 - 1


def uid(pod: dict) -> str:
    """metadata.uid."""
    return pod["metadata"]["uid"]


def is_tracked(pod: dict) -> bool:
    """Whether it still carries the tracking finalizer: its end is not counted for good yet."""
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def has_succeeded(pod: dict) -> bool:
    """Phase Succeeded."""
    return _pods.phase(pod) == "Succeeded"


def has_failed(pod: dict, *, only_phase: bool) -> bool:
    """Phase Failed, or being deleted without having succeeded unless only the phase counts. Source: isPodFailed."""
    if _pods.phase(pod) == "Failed":
        return True
    return not only_phase and "deletionTimestamp" in pod["metadata"] and not has_succeeded(pod)


def completion_index(pod: dict) -> int | None:
    """Its completion index, None where there is none or no valid one. Source: getCompletionIndex."""
    value = _annotation(pod, INDEX)
    index = None if value is None else atoi(value)
    return index if index is not None and index >= 0 else None


def indexes(pods: list[dict]) -> list[int]:
    """The completion indexes of some Pods, ascending, each once."""
    found = {completion_index(pod): True for pod in pods}
    return sorted(index for index in found if index is not None)


def _annotation(pod: dict, name: str) -> str | None:
    return (pod["metadata"].get("annotations") or {}).get(name)


def _count(pod: dict, name: str) -> int:
    """An annotation's number, 0 where it is none or none that fits. Source: parseInt32."""
    value = atoi(_annotation(pod, name) or "")
    return value if value is not None and 0 <= value <= MAX_INT32 else 0


def index_failures(pod: dict) -> int:
    """How many Pods of its index had failed before it."""
    return _count(pod, INDEX_FAILURES)


def all_index_failures(pod: dict) -> int:
    """The same with those that a policy ignored."""
    return _count(pod, INDEX_FAILURES) + _count(pod, INDEX_IGNORED)


# -- which Pods are given up ----------------------------------------------------------------------------------------


def _rank(pod: dict) -> tuple:
    """Unscheduled, pending, unready, restarted and young Pods first. Source: controller_utils.go ActivePods."""
    ready_ms, created = _pods.ready_since_ms(pod), pod["metadata"].get("creationTimestamp")
    ready_rank = -float("inf") if ready_ms is None else -ready_ms
    regular, sidecars = max_restarts(pod)
    return (
        bool(pod["spec"].get("nodeName")),
        PHASE_ORDER.get(_pods.phase(pod), 0),
        _pods.is_ready(pod),
        ready_rank,
        -regular,
        -sidecars,
        -clock.unix_ms(created) if created else -float("inf"),
    )


def for_removal(active: list[dict], at_least: int, completions: int | None) -> list[dict]:
    """The Pods to delete: repeated and impossible indexes (completions: of an Indexed Job), then the least valuable.

    Source: activePodsForRemoval, appendDuplicatedIndexPodsForRemoval.
    """
    removed, left = ([], list(active)) if completions is None else _without_repeats(active, completions)
    if len(removed) < at_least:
        removed += sorted(left, key=_rank)[: at_least - len(removed)]
    return removed


def _without_repeats(active: list[dict], completions: int) -> tuple[list[dict], list[dict]]:
    removed: list[dict] = []
    by_index: dict[int, list[dict]] = {}
    for pod in active:
        index = completion_index(pod)
        if index is None or index >= completions:
            removed.append(pod)
        else:
            by_index.setdefault(index, []).append(pod)
    left = []
    for index in sorted(by_index):
        *worse, best = sorted(by_index[index], key=_rank)
        removed += worse
        left.append(best)
    return removed, left


# -- the Pods that it makes -----------------------------------------------------------------------------------------


def from_template(job: dict) -> dict:
    """The Pod to create for a Job, with the tracking finalizer. Source: GetPodFromTemplate, manageJob."""
    template, meta = job["spec"]["template"], job["metadata"]
    given = template.get("metadata") or {}
    kept = {name: given[name] for name in ("labels", "annotations") if given.get(name)}
    finalizers = list(given.get("finalizers") or ())
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **kept,
            "finalizers": finalizers if FINALIZER in finalizers else [*finalizers, FINALIZER],
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "ownerReferences": [controller_reference(job, "batch/v1", "Job")],
        },
        "spec": template["spec"],
    }


def with_index(pod: dict, job: dict, index: int, failures: dict[str, str]) -> dict:
    """The Pod of one index: annotation, label, hostname, name and environment. failures: annotations that count them."""
    pod = draft(pod)
    meta, name = pod["metadata"], job["metadata"]["name"]
    meta["annotations"] = {**(meta.get("annotations") or {}), INDEX: str(index), **failures}
    meta["labels"] = {**(meta.get("labels") or {}), INDEX: str(index)}
    meta["generateName"] = _prefix(name, f"-{index}-")
    pod["spec"]["hostname"] = f"{name}-{index}"
    for field in ("initContainers", "containers"):
        for container in pod["spec"].get(field) or ():
            _add_variable(container)
    return pod


def _prefix(name: str, ending: str) -> str:
    """Source: podGenerateNameWithIndex."""
    return name + ending if len(name + ending) <= LONGEST_PREFIX else (name + ending)[: LONGEST_PREFIX - len(ending)] + ending


def _add_variable(container: dict) -> None:
    """Source: addCompletionIndexEnvVariable."""
    variables = container.get("env") or []
    if any(variable.get("name") == INDEX_VARIABLE for variable in variables):
        return
    source = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
    container["env"] = [*variables, {"name": INDEX_VARIABLE, "valueFrom": source}]
