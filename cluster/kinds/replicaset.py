"""ReplicaSet: keeps a number of equal Pods alive."""
from __future__ import annotations

from cluster.kinds import _pod_gates, _rules, _workload
from cluster.kinds._columns import AGE, CONTAINERS, IMAGES, NAME, age, column, container_cells
from cluster.kinds._workload import count, replicas
from cluster.kinds.base import FieldError, Kind
from cluster.meta import labels

__all__ = ["KIND", "condition", "count", "replicas"]


def default(draft: dict) -> None:
    """Source: pkg/apis/apps/v1/defaults.go (SetDefaults_ReplicaSet)."""
    _workload.default(draft)
    status = draft["status"] = draft.get("status") or {}
    if status.get("replicas") is None:
        status["replicas"] = 0


def prepare_create(draft: dict) -> None:
    """A new ReplicaSet has counted nothing yet."""
    draft["status"] = {"replicas": 0}
    draft["metadata"]["generation"] = 1
    _pod_gates.drop_disabled(draft["spec"]["template"]["spec"])


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec raises the generation.

    Source: pkg/registry/apps/replicaset/strategy.go.
    """
    draft["status"] = old.get("status", {"replicas": 0})
    _pod_gates.drop_disabled(draft["spec"]["template"]["spec"])
    _workload.raise_generation(draft, old)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept. Unlike a Deployment's, labels may come along."""
    draft["spec"] = old["spec"]


def validate(replica_set: dict, old: dict | None = None) -> list[FieldError]:
    """A ReplicaSet to be created, or with `old` to be updated.

    Source: pkg/apis/apps/validation/validation.go (ValidateReplicaSet).
    """
    errors: list[FieldError] = []
    spec = replica_set["spec"]
    _rules.not_negative(errors, "spec.replicas", spec.get("replicas"))
    _rules.not_negative(errors, "spec.minReadySeconds", spec.get("minReadySeconds"))
    _workload.selector_and_template(errors, spec, old and old["spec"])
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """As for a create, and the selector stays."""
    errors = validate(new, old)
    _workload.selector_fixed(errors, new, old)
    return errors


_COUNTS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration",
           "terminatingReplicas")


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateReplicaSetStatus."""
    errors: list[FieldError] = []
    _rules.kube_finalizers(errors, new["metadata"])
    _workload.counts(errors, new.get("status") or {}, _COUNTS,
                     within_replicas=("fullyLabeledReplicas", "readyReplicas", "availableReplicas"))
    return errors


def condition(replica_set: dict, kind: str) -> dict | None:
    """The condition of a type: ReplicaFailure."""
    return _workload.condition(replica_set, kind)


def cells(replica_set: dict, now_unix_ms: int) -> list:
    """As kubectl get replicasets -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printReplicaSet).
    """
    spec = replica_set["spec"]
    return [replica_set["metadata"]["name"], replicas(replica_set), count(replica_set, "replicas"),
            count(replica_set, "readyReplicas"), age(replica_set, now_unix_ms),
            *container_cells(spec["template"]["spec"].get("containers")), labels.format_selector(spec.get("selector"))]


COLUMNS = (
    NAME, column("Desired", "apps.v1.ReplicaSetSpec#replicas", type="integer"),
    column("Current", "apps.v1.ReplicaSetStatus#replicas", type="integer"),
    column("Ready", "apps.v1.ReplicaSetStatus#readyReplicas", type="integer"), AGE, CONTAINERS, IMAGES,
    column("Selector", "apps.v1.ReplicaSetSpec#selector", priority=1),
)

KIND = Kind(
    metadata_on_update=("update",),
    kind="ReplicaSet", plural="replicasets", singular="replicaset", group="apps", short_names=("rs",),
    categories=("all",), subresources=("scale", "status"), storage_version_hash="P1RzHs8/mWQ=", has_generation=True,
    columns=COLUMNS, cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update,
    prepare_status=prepare_status, validate=validate, validate_update=validate_update, validate_status=validate_status,
    warn=_workload.warn,
    reset_fields={"": ("status",), "status": ("spec",)}, icon="copies",
    title={"en": "Keeps a number of equal Pods alive: makes missing ones, deletes surplus ones.",
           "zh": "维持一定数量的相同 Pod：缺少时创建，多余时删除。"},
)
