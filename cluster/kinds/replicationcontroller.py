"""ReplicationController: what kept a number of equal Pods alive before ReplicaSets did."""
from __future__ import annotations

from cluster.kinds import _pod_defaults, _pod_gates, _pod_validation, _pod_warnings, _rules, _workload
from cluster.kinds._columns import AGE, CONTAINERS, IMAGES, NAME, age, column, container_cells
from cluster.kinds._workload import count, replicas
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels, names

__all__ = ["KIND", "condition", "count", "replicas"]


def default(draft: dict) -> None:
    """Selector and labels come from the template. Source: pkg/apis/core/v1/defaults.go (SetDefaults_ReplicationController)."""
    spec = draft["spec"] = draft.get("spec") or {}
    template = spec.get("template")
    if template is not None:
        _pod_defaults.template(template)
        found = template["metadata"].get("labels")
        if found and not spec.get("selector"):
            spec["selector"] = dict(found)
        if found and not draft["metadata"].get("labels"):
            draft["metadata"]["labels"] = dict(found)
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    status = draft["status"] = draft.get("status") or {}
    if status.get("replicas") is None:
        status["replicas"] = 0


def prepare_create(draft: dict) -> None:
    """A new controller has counted nothing yet."""
    draft["status"] = {"replicas": 0}
    draft["metadata"]["generation"] = 1
    _drop_disabled(draft["spec"])


def _drop_disabled(spec: dict) -> None:
    if spec.get("template") is not None:
        _pod_gates.drop_disabled(spec["template"]["spec"])


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec raises the generation. Source: pkg/registry/core/replicationcontroller/strategy.go."""
    draft["status"] = old.get("status", {"replicas": 0})
    _drop_disabled(draft["spec"])
    _workload.raise_generation(draft, old)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]


def validate(controller: dict) -> list[FieldError]:
    """Source: pkg/apis/core/validation/validation.go (ValidateReplicationController)."""
    errors: list[FieldError] = []
    spec = controller["spec"]
    _rules.not_negative(errors, "spec.minReadySeconds", spec.get("minReadySeconds"))
    if not spec.get("selector"):
        errors.append(fields.required("spec.selector"))
    _rules.not_negative(errors, "spec.replicas", spec.get("replicas"))
    if spec.get("template") is None:
        errors.append(fields.required("spec.template"))
    else:
        _template(errors, spec["template"], labels.from_labels(spec.get("selector")))
    return errors


def _template(errors: list[FieldError], template: dict, selector: labels.Selector) -> None:
    found = (template.get("metadata") or {}).get("labels")
    if not selector.empty and not selector.matches(found):
        shown = found if found is None else dict(sorted(found.items()))
        errors.append(fields.invalid("spec.template.metadata.labels", shown, "`selector` does not match template `labels`"))
    _pod_validation.template(errors, template, "spec.template")
    spec = template["spec"]
    if spec.get("restartPolicy") != "Always":
        errors.append(fields.not_supported("spec.template.spec.restartPolicy", spec.get("restartPolicy", ""), ("Always",)))
    if spec.get("activeDeadlineSeconds") is not None:
        errors.append(fields.forbidden("spec.template.spec.activeDeadlineSeconds",
                                       "activeDeadlineSeconds in ReplicationController is not Supported"))


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """As for a create; the selector may change."""
    return validate(new)


_COUNTS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateReplicationControllerStatus."""
    errors: list[FieldError] = []
    _rules.kube_finalizers(errors, new["metadata"])
    _workload.counts(errors, new.get("status") or {}, _COUNTS,
                     within_replicas=("fullyLabeledReplicas", "readyReplicas", "availableReplicas"))
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Warnings about name and template; after a create only when the spec changed. Upstream looks at the old template then."""
    template = new["spec"].get("template")
    if old is None:
        return _workload.warn_name(new) + (_pod_warnings.template(template, None, "spec.template") if template else [])
    if new["metadata"].get("generation") == old["metadata"].get("generation") or not old["spec"].get("template"):
        return []
    return _pod_warnings.template(old["spec"]["template"], template, "spec.template")


def condition(controller: dict, kind: str) -> dict | None:
    """The condition of a type: ReplicaFailure."""
    return _workload.condition(controller, kind)


def cells(controller: dict, now_unix_ms: int) -> list:
    """As kubectl get rc -o wide shows it. Source: pkg/printers/internalversion/printers.go (printReplicationController)."""
    spec = controller["spec"]
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers")
    return [controller["metadata"]["name"], replicas(controller), count(controller, "replicas"), count(controller, "readyReplicas"),
            age(controller, now_unix_ms), *container_cells(containers), str(labels.from_labels(spec.get("selector"))) or "<none>"]


COLUMNS = (
    NAME, column("Desired", "core.v1.ReplicationControllerSpec#replicas", type="integer"),
    column("Current", "core.v1.ReplicationControllerStatus#replicas", type="integer"),
    column("Ready", "core.v1.ReplicationControllerStatus#readyReplicas", type="integer"), AGE, CONTAINERS, IMAGES,
    column("Selector", "core.v1.ReplicationControllerSpec#selector", priority=1),
)

KIND = Kind(
    name_check=names.is_long_name,
    metadata_on_update=("update",),
    kind="ReplicationController", plural="replicationcontrollers", singular="replicationcontroller", short_names=("rc",),
    categories=("all",), subresources=("scale", "status"), prefix="/registry/controllers", storage_version_hash="Jond2If31h0=",
    has_generation=True, columns=COLUMNS, cells=cells, default=default, prepare_create=prepare_create,
    prepare_update=prepare_update, prepare_status=prepare_status, validate=validate, validate_update=validate_update,
    validate_status=validate_status, warn=warn, selectable={"status.replicas": lambda obj: str(count(obj, "replicas"))},
    reset_fields={"": ("status",), "status": ("spec",)}, orphans_dependents=True, icon="copy",
    title={"en": "Keeps a number of equal Pods alive; ReplicaSets have taken its place.", "zh": "维持一定数量的相同 Pod；已被 ReplicaSet 取代。"},
)
