"""StatefulSet: Pods that keep their names and their storage, made one after another."""
from __future__ import annotations

from cluster.kinds import (
    _pod_annotations,
    _pod_claims,
    _pod_defaults,
    _pod_gates,
    _pod_validation,
    _pod_warnings,
    _portions,
    _rules,
    _workload,
)
from cluster.kinds._columns import AGE, CONTAINERS, IMAGES, NAME, age, column, container_cells
from cluster.kinds._rules import Errors
from cluster.kinds._workload import count, replicas
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels, names, objectmeta

__all__ = ["KIND", "count", "replicas"]

ORDERED, PARALLEL = "OrderedReady", "Parallel"
ROLLING_UPDATE, ON_DELETE = "RollingUpdate", "OnDelete"
RETENTION = ("Retain", "Delete")
_EMPTY_STATUS = {"replicas": 0, "availableReplicas": 0}
_MUTABLE = ("replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy")
_FORBIDDEN = ("updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
              "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")
_NEGATIVE_HISTORY = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"


def default(draft: dict) -> None:
    """Source: pkg/apis/apps/v1/defaults.go (SetDefaults_StatefulSet), zz_generated.defaults.go."""
    _workload.default(draft)
    spec = draft["spec"]
    spec.setdefault("serviceName", "")
    if not spec.get("podManagementPolicy"):
        spec["podManagementPolicy"] = ORDERED
    _update_strategy(spec)
    policy = spec["persistentVolumeClaimRetentionPolicy"] = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for moment in ("whenDeleted", "whenScaled"):
        if not policy.get(moment):
            policy[moment] = "Retain"
    if spec.get("revisionHistoryLimit") is None:
        spec["revisionHistoryLimit"] = 10
    for claim in spec.get("volumeClaimTemplates") or ():
        _claim_default(claim)
    draft["status"] = {**_EMPTY_STATUS, **(draft.get("status") or {})}


def _update_strategy(spec: dict) -> None:
    strategy = spec["updateStrategy"] = spec.get("updateStrategy") or {}
    if not strategy.get("type"):
        strategy["type"] = ROLLING_UPDATE
        if strategy.get("rollingUpdate") is None:
            strategy["rollingUpdate"] = {}
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == ROLLING_UPDATE and rolling is not None and rolling.get("partition") is None:
        rolling["partition"] = 0


def _claim_default(claim: dict) -> None:
    """A claim template is a whole PersistentVolumeClaim, which says so."""
    claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
    _pod_defaults.claim_template(claim)
    status = claim["status"] = claim.get("status") or {}
    if not status.get("phase"):
        status["phase"] = "Pending"


def _drop_disabled(spec: dict) -> None:
    """MaxUnavailableStatefulSet is off."""
    rolling = spec["updateStrategy"].get("rollingUpdate")
    if rolling is not None:
        rolling.pop("maxUnavailable", None)
    _pod_gates.drop_disabled(spec["template"]["spec"])


def prepare_create(draft: dict) -> None:
    """A new StatefulSet has no status."""
    draft["status"] = dict(_EMPTY_STATUS)
    draft["metadata"]["generation"] = 1
    _drop_disabled(draft["spec"])


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec raises the generation.

    Source: pkg/registry/apps/statefulset/strategy.go.
    """
    draft["status"] = old.get("status", _EMPTY_STATUS)
    if draft["spec"] is not old["spec"]:
        _drop_disabled(draft["spec"])
    _workload.raise_generation(draft, old)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept; counts are always written, also by a component that leaves a 0 out."""
    draft["spec"] = old["spec"]
    draft["status"] = {**_EMPTY_STATUS, **(draft.get("status") or {})}


def validate(stateful_set: dict) -> list[FieldError]:
    """A StatefulSet to be created.

    Source: pkg/apis/apps/validation/validation.go (ValidateStatefulSet).
    """
    errors: Errors = []
    return errors + _spec(stateful_set["spec"])


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """A template that is stored and no longer valid does not stand in the way of an update.

    Source: ValidateStatefulSetUpdate.
    """
    errors: Errors = []
    spec, before = new["spec"], old["spec"]
    found = _spec(spec, is_update=True)
    if found and _spec(before, is_update=True):
        found = _spec(spec, is_update=True, check_template=False)
    errors += found
    fixed = [{key: value for key, value in some.items() if key not in _MUTABLE and value} for some in (spec, before)]
    if fixed[0] != fixed[1]:
        errors.append(fields.forbidden("spec", _FORBIDDEN))
    return errors


def _spec(spec: dict, *, is_update: bool = False, check_template: bool = True) -> Errors:
    """Source: ValidateStatefulSetSpec."""
    errors: Errors = []
    policy = spec.get("podManagementPolicy")
    if policy not in (ORDERED, PARALLEL):
        errors.append(fields.invalid("spec.podManagementPolicy", policy, f"must be '{ORDERED}' or '{PARALLEL}'"))
    _strategy(errors, spec["updateStrategy"], "spec.updateStrategy")
    for moment in ("whenDeleted", "whenScaled"):
        found = (spec.get("persistentVolumeClaimRetentionPolicy") or {}).get(moment)
        _rules.one_of(errors, f"spec.persistentVolumeClaimRetentionPolicy.{moment}", found, RETENTION)
    if not is_update:
        for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            _pod_claims.spec(errors, claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}].spec")
    _rules.not_negative(errors, "spec.replicas", spec.get("replicas"))
    _rules.not_negative(errors, "spec.minReadySeconds", spec.get("minReadySeconds"))
    _rules.not_negative(errors, "spec.ordinals.start", (spec.get("ordinals") or {}).get("start"))
    if not is_update and spec.get("serviceName"):
        _rules.label(errors, "spec.serviceName", spec["serviceName"])
    _selector(errors, spec, check_template)
    return errors


def _strategy(errors: Errors, strategy: dict, path: str) -> None:
    kind, rolling = strategy["type"], strategy.get("rollingUpdate")
    if kind == ON_DELETE:
        if rolling is not None:
            errors.append(fields.invalid(f"{path}.rollingUpdate", _shown(rolling),
                                         f"only allowed for updateStrategy '{ROLLING_UPDATE}'"))
    elif kind == ROLLING_UPDATE:
        _rules.not_negative(errors, f"{path}.rollingUpdate.partition", (rolling or {}).get("partition"))
    else:
        shown = {"Type": kind, "RollingUpdate": _shown(rolling)}
        errors.append(fields.invalid(path, shown, f"must be '{ROLLING_UPDATE}' or '{ON_DELETE}'"))


def _shown(rolling: dict | None) -> dict | None:
    if rolling is None:
        return None
    return {"Partition": rolling.get("partition") or 0, "MaxUnavailable": rolling.get("maxUnavailable")}


def _selector(errors: Errors, spec: dict, check_template: bool) -> None:
    selector = spec.get("selector")
    if selector is None:
        errors.append(fields.required("spec.selector"))
    else:
        errors += labels.validate_label_selector(selector, "spec.selector")
        if not (selector.get("matchLabels") or selector.get("matchExpressions")):
            errors.append(fields.invalid("spec.selector", _workload.shown_selector(selector),
                                         "empty selector is invalid for statefulset"))
    try:
        compiled = labels.from_object(selector)
    except labels.SelectorError:
        errors.append(fields.invalid("spec.selector", _workload.shown_selector(selector)))
    else:
        _template(errors, spec, compiled, check_template)
    _workload.restarts_always(errors, spec["template"]["spec"], "StatefulSet")


def _template(errors: Errors, spec: dict, selector: labels.Selector, check_template: bool) -> None:
    """Labels and annotations are looked at twice, the second time under paths of their own."""
    template, path = spec["template"], "spec.template"
    meta = template.get("metadata") or {}
    if not selector.empty:
        _workload.labels_selected(errors, template, selector)
    if check_template:
        _pod_validation.template(errors, _as_made(spec), path)
    errors += objectmeta.validate_labels(meta.get("labels"), f"{path}.labels")
    if meta.get("annotations"):
        errors += objectmeta.validate_annotations(meta["annotations"], f"{path}.annotations")
        _pod_annotations.check(errors, meta["annotations"], template["spec"], f"{path}.annotations")


def _as_made(spec: dict) -> dict:
    """The template as the controller completes it: without the names that it sets itself, with a volume for each claim."""
    template, claims = spec["template"], spec.get("volumeClaimTemplates") or ()
    pod_spec = {key: value for key, value in template["spec"].items() if key not in ("subdomain", "hostname")}
    if claims:
        own = list(dict.fromkeys((claim.get("metadata") or {}).get("name") or "" for claim in claims))
        volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in own]
        pod_spec["volumes"] = volumes + [volume for volume in pod_spec.get("volumes") or () if volume.get("name") not in own]
    return {**template, "spec": pod_spec}


_COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas", "observedGeneration",
           "collisionCount")


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateStatefulSetStatusUpdate."""
    errors: Errors = []
    status = new.get("status") or {}
    for field in _COUNTS:
        _rules.not_negative(errors, f"status.{field}", status.get(field))
    for field in ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"):
        value = status.get(field) or 0
        if value > (status.get("replicas") or 0):
            errors.append(fields.invalid(f"status.{field}", value, "cannot be greater than status.replicas"))
    available = status.get("availableReplicas") or 0
    if available > (status.get("readyReplicas") or 0):
        errors.append(fields.invalid("status.availableReplicas", available, "cannot be greater than status.readyReplicas"))
    _rules.kube_finalizers(errors, new["metadata"])
    _portions.not_decremented(errors, "status.collisionCount", status.get("collisionCount"),
                              (old.get("status") or {}).get("collisionCount"))
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Warnings about the template when the spec changed, and about the number of revisions kept."""
    spec, warnings = new["spec"], []
    if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
        warnings += _pod_warnings.template(spec["template"], old and old["spec"]["template"], "spec.template")
    for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        warnings += _claim_warnings(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}]" + (".Spec" if old else ""))
    if (spec.get("revisionHistoryLimit") or 0) < 0:
        warnings.append(_NEGATIVE_HISTORY)
    return warnings


def _claim_warnings(claim: dict, path: str) -> list[str]:
    """Source: pkg/api/persistentvolumeclaim/util.go (GetWarningsForPersistentVolumeClaimSpec)."""
    resources, warnings = claim.get("resources") or {}, []
    for side, amounts in (("requests", resources.get("requests")), ("limits", resources.get("limits"))):
        value = (amounts or {}).get("storage")
        if value is not None and _rules.amount(value).millis % 1000:
            warnings.append(f'{path}.resources.{side}[storage]: fractional byte value "{value}" is invalid, must be an integer')
    return warnings


def cells(stateful_set: dict, now_unix_ms: int) -> list:
    """As kubectl get statefulsets -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printStatefulSet).
    """
    return [stateful_set["metadata"]["name"], f"{count(stateful_set, 'readyReplicas')}/{replicas(stateful_set)}",
            age(stateful_set, now_unix_ms), *container_cells(stateful_set["spec"]["template"]["spec"].get("containers"))]


KIND = Kind(
    metadata_on_update=("update",),
    kind="StatefulSet", plural="statefulsets", singular="statefulset", group="apps", short_names=("sts",), categories=("all",),
    subresources=("scale", "status"), storage_version_hash="H+vl74LkKdo=", has_generation=True, name_check=names.is_label_name,
    columns=(NAME, column("Ready", "Number of the pod with ready state"), AGE, CONTAINERS, IMAGES), cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=validate_update, validate_status=validate_status, warn=warn,
    reset_fields={"": ("status",), "status": ("spec",)}, icon="list-ordered",
    title={"en": "Pods with names and storage that stay theirs, made one after another.", "zh": "名称与存储保持不变、依次创建的 Pod。"},
)
