"""PersistentVolumeClaim: a wish for storage."""
from __future__ import annotations

from cluster.kinds import _pod_claims, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._pod_update import spec_diff
from cluster.kinds._rules import amount, rounded
from cluster.kinds._volume_sources import CLASS_ANNOTATION, alike, class_of, modes_text
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels, names

PENDING, BOUND = "Pending", "Bound"
_ONLY = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
_SNAPSHOTS = "snapshot.storage.k8s.io"
_RESIZING = ("ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizePending", "NodeResizeInProgress", "NodeResizeInfeasible")


def default(draft: dict) -> None:
    """Source: pkg/apis/core/v1/defaults.go (SetDefaults_PersistentVolumeClaim)."""
    spec = draft["spec"] = draft.get("spec") or {}
    status = draft["status"] = draft.get("status") or {}
    resources = spec["resources"] = spec.get("resources") or {}
    for holder, field in ((resources, "requests"), (resources, "limits"), (status, "capacity"), (status, "allocatedResources")):
        if holder.get(field):
            holder[field] = {name: rounded(value) for name, value in holder[field].items()}
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    status["phase"] = status.get("phase") or PENDING


def prepare_create(draft: dict) -> None:
    """A new claim waits; data sources are brought into step."""
    draft["status"] = {"phase": PENDING}
    _data_sources(draft["spec"], {})


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status", {})
    _data_sources(draft["spec"], old["spec"])


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]


def _data_sources(spec: dict, before: dict) -> None:
    """Unknown sources are dropped, and both fields brought into step.

    Source: pkg/api/persistentvolumeclaim/util.go (EnforceDataSourceBackwardsCompatibility).
    """
    reference = spec.get("dataSourceRef")
    if reference is not None and reference.get("namespace") and before.get("dataSourceRef") is None:
        del spec["dataSourceRef"]
        reference = None
    source = spec.get("dataSource")
    is_kept = before.get("dataSource") is not None or before.get("dataSourceRef") is not None or reference is not None
    if not is_kept and source is not None and not _is_known(source):
        del spec["dataSource"]
    _in_step(spec)


def _in_step(spec: dict) -> None:
    """dataSource and dataSourceRef say the same. Source: NormalizeDataSources."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = {key: source[key] for key in ("apiGroup", "kind", "name") if key in source}
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {key: reference[key] for key in ("apiGroup", "kind", "name") if key in reference}


def _is_known(source: dict) -> bool:
    pair = (source.get("kind"), source.get("apiGroup") or "")
    return pair in (("PersistentVolumeClaim", ""), ("VolumeSnapshot", _SNAPSHOTS))


def validate(claim: dict, old: dict | None = None) -> list[FieldError]:
    """Source: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaim)."""
    errors: list[FieldError] = []
    before = (old or {}).get("spec") or {}
    any_group = any((before.get(field) or {}).get("apiGroup") is not None for field in ("dataSource", "dataSourceRef"))
    loose = bool(labels.validate_label_selector(before.get("selector"), ""))
    _pod_claims.spec(errors, claim["spec"], "spec", any_group=any_group, loose_selector=loose)
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """Only a bound claim may ask for more; a class that was open may be settled once.

    Source: ValidatePersistentVolumeClaimUpdate.
    """
    errors, spec, before = validate(new, old), new["spec"], old["spec"]
    changed, kept = dict(spec), dict(before)
    _in_step(kept)
    if not before.get("volumeName"):
        _put(kept, "volumeName", spec.get("volumeName"))
    _class(errors, new, old, changed)
    if (new.get("status") or {}).get("phase") == BOUND:
        resources = changed.get("resources") or {}
        if resources.get("requests"):
            requests = {**resources["requests"], "storage": _asked(before)}
            changed["resources"] = {**resources, "requests": requests}
        _put(changed, "volumeAttributesClassName", before.get("volumeAttributesClassName"))
    if not alike(changed, kept):
        errors.append(fields.forbidden("spec", f"{_ONLY}\n{spec_diff(kept, changed)}"))
    size, old_size = amount(_asked(spec)), amount(_asked(before))
    known = amount(((old.get("status") or {}).get("capacity") or {}).get("storage"))
    if size.nano < old_size.nano and size.nano <= known.nano:
        errors.append(fields.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity"))
    if spec.get("volumeMode") != before.get("volumeMode"):
        errors.append(fields.invalid("volumeMode", spec.get("volumeMode"), _rules.IMMUTABLE))
    _attributes(errors, spec, before, old)
    return errors


def _asked(spec: dict) -> str | None:
    return ((spec.get("resources") or {}).get("requests") or {}).get("storage")


def _put(holder: dict, key: str, value: object) -> None:
    holder.pop(key, None)
    if value is not None:
        holder[key] = value


def _class(errors: list[FieldError], new: dict, old: dict, changed: dict) -> None:
    """A class that only the old annotation named may go over into the field, and one that is missing may be set."""
    annotations, before = new["metadata"].get("annotations") or {}, old["metadata"].get("annotations") or {}
    name, old_name, noted = new["spec"].get("storageClassName"), old["spec"].get("storageClassName"), before.get(CLASS_ANNOTATION)
    is_moved = noted is not None and old_name is None and name == noted and annotations.get(CLASS_ANNOTATION, noted) == noted
    if is_moved:
        changed.pop("storageClassName", None)
        return
    if annotations.get(CLASS_ANNOTATION, "") != before.get(CLASS_ANNOTATION, ""):
        errors.append(fields.invalid(f"metadata.annotations.{CLASS_ANNOTATION}", annotations.get(CLASS_ANNOTATION, ""), _rules.IMMUTABLE))
    if name is not None and old_name is None and noted in (None, name):
        _put(changed, "storageClassName", old_name)


def _attributes(errors: list[FieldError], spec: dict, before: dict, old: dict) -> None:
    name, path = spec.get("volumeAttributesClassName"), "spec.volumeAttributesClassName"
    if name == before.get("volumeAttributesClassName") or (old.get("status") or {}).get("currentVolumeAttributesClassName") is None:
        return
    if not name:
        what = "nil" if name is None else "empty string"
        errors.append(fields.forbidden(path, f"update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"))


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidatePersistentVolumeClaimStatusUpdate."""
    errors: list[FieldError] = []
    status = new.get("status") or {}
    _rules.kube_finalizers(errors, new["metadata"])
    if not new["spec"].get("accessModes"):
        errors.append(fields.required("Spec.accessModes"))
    for name, value in (status.get("capacity") or {}).items():
        _basic(errors, f"status.capacity[{name}]", value)
    for name, state in (status.get("allocatedResourceStatuses") or {}).items():
        _resource(errors, "status.allocatedResourceStatuses", name)
        if state not in _RESIZING:
            errors.append(fields.not_supported("status.allocatedResourceStatuses", name, sorted(_RESIZING)))
    for name, value in (status.get("allocatedResources") or {}).items():
        path, count = f"status.allocatedResources[{name}]", len(errors)
        _resource(errors, "status.allocatedResources", name)
        if len(errors) == count:
            _basic(errors, path, value)
    return errors


def _basic(errors: list[FieldError], path: str, value: object) -> None:
    whole = amount(value).value
    if whole < 0:
        errors.append(fields.invalid(path, whole, "must be a valid resource quantity"))


def _resource(errors: list[FieldError], path: str, name: str) -> None:
    complaints = names.qualified_name(name)
    _rules.all_of(errors, path, name, complaints)
    if not complaints and _rules.is_native(name) and name != "storage":
        errors.append(fields.not_supported(path, name, ("storage",)))


def warn(new: dict, old: dict | None) -> list[str]:
    """Source: pkg/api/persistentvolumeclaim/util.go."""
    warnings, resources = [], new["spec"].get("resources") or {}
    if CLASS_ANNOTATION in (new["metadata"].get("annotations") or ()):
        warnings.append(f'metadata.annotations[{CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead')
    for field in ("requests", "limits"):
        value = amount((resources.get(field) or {}).get("storage"))
        if value.millis % 1000:
            warnings.append(f'spec.resources.{field}[storage]: fractional byte value "{value.text}" is invalid, must be an integer')
    return warnings


def cells(claim: dict, now_unix_ms: int) -> list:
    """As kubectl get pvc -o wide shows it. Source: pkg/printers/internalversion/printers.go (printPersistentVolumeClaim)."""
    spec, status, meta = claim["spec"], claim.get("status") or {}, claim["metadata"]
    capacity, modes = "", ""
    if spec.get("volumeName"):
        capacity, modes = amount((status.get("capacity") or {}).get("storage")).text, modes_text(status.get("accessModes"))
    return [meta["name"], "Terminating" if meta.get("deletionTimestamp") else status.get("phase", ""), spec.get("volumeName", ""),
            capacity, modes, class_of(claim), spec.get("volumeAttributesClassName", "<unset>"), age(claim, now_unix_ms),
            spec.get("volumeMode") or "<unset>"]


COLUMNS = (
    NAME, column("Status", "core.v1.PersistentVolumeClaimStatus#phase"), column("Volume", "core.v1.PersistentVolumeClaimSpec#volumeName"),
    column("Capacity", "core.v1.PersistentVolumeClaimStatus#capacity"),
    column("Access Modes", "core.v1.PersistentVolumeClaimStatus#accessModes"), column("StorageClass", "StorageClass of the pvc"),
    column("VolumeAttributesClass", "VolumeAttributesClass of the pvc"), AGE,
    column("VolumeMode", "core.v1.PersistentVolumeClaimSpec#volumeMode", priority=1),
)

KIND = Kind(
    kind="PersistentVolumeClaim", plural="persistentvolumeclaims", singular="persistentvolumeclaim", short_names=("pvc",),
    subresources=("status",), storage_version_hash="QWTyNDq0dC4=", columns=COLUMNS, cells=cells, default=default,
    prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status, validate=validate,
    validate_update=validate_update, validate_status=validate_status, warn=warn,
    reset_fields={"": ("status",), "status": ("spec",)}, icon="database",
    title={"en": "A wish for storage of some size and class, which a PersistentVolume fulfils.",
                       "zh": "对一定大小和类别存储的申请，由 PersistentVolume 来满足。"},
)
