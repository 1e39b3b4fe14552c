"""Deployment: a number of equal Pods, and how to change from one version of them to the next."""
from __future__ import annotations

from cluster.kinds import _pod_gates, _portions, _rules, _workload
from cluster.kinds._columns import AGE, CONTAINERS, IMAGES, NAME, age, column, container_cells
from cluster.kinds._workload import count, replicas
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels

__all__ = ["KIND", "condition", "count", "is_paused", "replicas"]

RECREATE, ROLLING_UPDATE = "Recreate", "RollingUpdate"


def default(draft: dict) -> None:
    """Source: pkg/apis/apps/v1/defaults.go (SetDefaults_Deployment)."""
    _workload.default(draft)
    spec = draft["spec"]
    strategy = spec["strategy"] = spec.get("strategy") or {}
    if not strategy.get("type"):
        strategy["type"] = ROLLING_UPDATE
    if strategy["type"] == ROLLING_UPDATE:
        rolling = strategy["rollingUpdate"] = strategy.get("rollingUpdate") or {}
        for field in ("maxUnavailable", "maxSurge"):
            if rolling.get(field) is None:
                rolling[field] = "25%"
    for field, value in (("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
        if spec.get(field) is None:
            spec[field] = value
    if draft.get("status") is None:
        draft["status"] = {}


def prepare_create(draft: dict) -> None:
    """A new Deployment has no status."""
    draft["status"] = {}
    draft["metadata"]["generation"] = 1
    _pod_gates.drop_disabled(draft["spec"]["template"]["spec"])


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec, or changed annotations, raise the generation.

    Source: pkg/registry/apps/deployment/strategy.go.
    """
    draft["status"] = old.get("status", {})
    _pod_gates.drop_disabled(draft["spec"]["template"]["spec"])
    _workload.raise_generation(draft, old, with_annotations=True)


def prepare_status(draft: dict, old: dict) -> None:
    """Spec and labels are kept."""
    _workload.keep_spec_and_labels(draft, old)


def validate(deployment: dict, old: dict | None = None) -> list[FieldError]:
    """A Deployment to be created, or with `old` to be updated.

    Source: pkg/apis/apps/validation/validation.go (ValidateDeployment).
    """
    errors: list[FieldError] = []
    spec = deployment["spec"]
    _rules.not_negative(errors, "spec.replicas", spec.get("replicas"))
    _workload.selector_and_template(errors, spec, old and old["spec"])
    _strategy(errors, spec["strategy"])
    _rules.not_negative(errors, "spec.minReadySeconds", spec.get("minReadySeconds"))
    _rules.not_negative(errors, "spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    deadline = spec.get("progressDeadlineSeconds")
    _rules.not_negative(errors, "spec.progressDeadlineSeconds", deadline)
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        errors.append(fields.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return errors


def _strategy(errors: list[FieldError], strategy: dict) -> None:
    kind, rolling, path = strategy.get("type"), strategy.get("rollingUpdate"), "spec.strategy.rollingUpdate"
    if kind == RECREATE:
        if rolling is not None:
            errors.append(fields.forbidden(path, "may not be specified when strategy `type` is 'Recreate'"))
    elif kind == ROLLING_UPDATE:
        _rolling(errors, rolling or {}, path)
    else:
        shown = {"Type": kind, "RollingUpdate": None if rolling is None else {
            "MaxUnavailable": rolling.get("maxUnavailable", 0), "MaxSurge": rolling.get("maxSurge", 0)}}
        errors.append(fields.not_supported("spec.strategy", shown, (RECREATE, ROLLING_UPDATE)))


def _rolling(errors: list[FieldError], rolling: dict, path: str) -> None:
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    for field, value in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        _portions.portion(errors, f"{path}.{field}", value)
    if _portions.number_of(unavailable) == 0 and _portions.number_of(surge) == 0:
        errors.append(fields.invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    _portions.at_most_whole(errors, f"{path}.maxUnavailable", unavailable)


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """As for a create, and the selector stays."""
    errors = validate(new, old)
    _workload.selector_fixed(errors, new, old)
    return errors


_COUNTS = ("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas",
           "terminatingReplicas", "collisionCount")


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateDeploymentStatusUpdate."""
    errors: list[FieldError] = []
    status = new.get("status") or {}
    _rules.kube_finalizers(errors, new["metadata"])
    _workload.counts(errors, status, _COUNTS, within_replicas=("updatedReplicas", "readyReplicas", "availableReplicas"))
    before = (old.get("status") or {}).get("collisionCount")
    now = status.get("collisionCount")
    if before is not None and (now is None or now < before):
        errors.append(fields.invalid("status.collisionCount", now or 0, "cannot be decremented"))
    return errors


def condition(deployment: dict, kind: str) -> dict | None:
    """The condition of a type: Available, Progressing or ReplicaFailure."""
    return _workload.condition(deployment, kind)


def is_paused(deployment: dict) -> bool:
    """Its rollout is held."""
    return bool(deployment["spec"].get("paused"))


def cells(deployment: dict, now_unix_ms: int) -> list:
    """As kubectl get deployments -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printDeployment).
    """
    spec = deployment["spec"]
    try:
        selector = str(labels.from_object(spec.get("selector")))
    except labels.SelectorError:
        selector = "<invalid>"
    return [deployment["metadata"]["name"], f"{count(deployment, 'readyReplicas')}/{replicas(deployment)}",
            count(deployment, "updatedReplicas"), count(deployment, "availableReplicas"), age(deployment, now_unix_ms),
            *container_cells(spec["template"]["spec"].get("containers")), selector]


COLUMNS = (
    NAME, column("Ready", "Number of the pod with ready state"),
    column("Up-to-date", "apps.v1.DeploymentStatus#updatedReplicas"),
    column("Available", "apps.v1.DeploymentStatus#availableReplicas"), AGE, CONTAINERS, IMAGES,
    column("Selector", "apps.v1.DeploymentSpec#selector", priority=1),
)

KIND = Kind(
    metadata_on_update=("update",),
    kind="Deployment", plural="deployments", singular="deployment", group="apps", short_names=("deploy",),
    categories=("all",), subresources=("scale", "status"), storage_version_hash="8aSe+NMegvE=", has_generation=True,
    columns=COLUMNS, cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update,
    prepare_status=prepare_status, validate=validate, validate_update=validate_update, validate_status=validate_status,
    warn=_workload.warn, reset_fields={"": ("status",), "status": ("spec", "metadata.labels")}, icon="rocket",
    title={"en": "A wanted number of equal Pods, and the way from one version of them to the next.",
           "zh": "期望数量的相同 Pod，以及从一个版本更新到下一个版本的方式。"},
)
