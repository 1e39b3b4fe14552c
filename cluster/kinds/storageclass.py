"""StorageClass: a sort of storage, and who provides it."""
from __future__ import annotations

from cluster.kinds import _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._pod_warnings import OLD_LABELS
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

RECLAIM, BINDING = ("Delete", "Retain"), ("Immediate", "WaitForFirstConsumer")
DEFAULT_MARKS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_MAX_BYTES, _MAX_PARAMETERS = 256 * 1024, 512
_FIXED = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")


def default(draft: dict) -> None:
    """Source: pkg/apis/storage/v1/defaults.go (SetDefaults_StorageClass)."""
    draft.setdefault("provisioner", "")
    if draft.get("reclaimPolicy") is None:
        draft["reclaimPolicy"] = "Delete"
    if draft.get("volumeBindingMode") is None:
        draft["volumeBindingMode"] = "Immediate"


def validate(storage_class: dict) -> list[FieldError]:
    """Source: pkg/apis/storage/validation/validation.go (ValidateStorageClass)."""
    errors: list[FieldError] = []
    provisioner = storage_class.get("provisioner") or ""
    if provisioner:
        _rules.qualified(errors, "provisioner", provisioner.lower())
    else:
        errors.append(fields.required("provisioner"))
    parameters(errors, storage_class.get("parameters") or {})
    if storage_class.get("reclaimPolicy"):
        _rules.one_of(errors, "reclaimPolicy", storage_class["reclaimPolicy"], RECLAIM)
    _rules.one_of(errors, "volumeBindingMode", storage_class.get("volumeBindingMode"), BINDING)
    _topologies(errors, storage_class.get("allowedTopologies") or [])
    return errors


def parameters(errors: list[FieldError], found: dict) -> None:
    """What a driver is told is bounded. Source: validateParameters."""
    if len(found) > _MAX_PARAMETERS:
        errors.append(fields.too_long("parameters", _MAX_PARAMETERS))
        return
    errors += [fields.invalid("parameters", key, "field can not be empty.") for key in found if not key]
    if sum(len(key.encode()) + len((value or "").encode()) for key, value in found.items()) > _MAX_BYTES:
        errors.append(fields.too_long("parameters", _MAX_BYTES))


def _topologies(errors: list[FieldError], topologies: list[dict]) -> None:
    seen: list[dict] = [{} for _ in topologies]
    for index, term in enumerate(topologies):
        path, found = f"allowedTopologies[{index}].matchLabelExpressions", {}
        for place, expression in enumerate(term.get("matchLabelExpressions") or ()):
            _expression(errors, expression, f"{path}[{place}]")
            key = expression.get("key", "")
            if key in found:
                errors.append(fields.duplicate(f"{path}[{place}].key", key))
            found[key] = sorted(dict.fromkeys(expression.get("values") or ()))
        errors += [fields.duplicate(path, "") for other in seen if other == found]
        seen.append(found)


def _expression(errors: list[FieldError], expression: dict, path: str) -> None:
    values, key = expression.get("values") or [], expression.get("key", "")
    if not values:
        errors.append(fields.required(f"{path}.values"))
    errors += [fields.duplicate(f"{path}.values[{index}]", value) for index, value in enumerate(values) if value in values[:index]]
    _rules.all_of(errors, f"{path}.key", key, names.qualified_name(key))


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """Who provides what stays. Source: ValidateStorageClassUpdate."""
    errors = validate(new)
    for field in _FIXED:
        if (new.get(field) or None) != (old.get(field) or None):
            value = new.get(field)
            shown = dict(sorted(value.items())) if isinstance(value, dict) else value
            errors.append(fields.invalid(field, shown, _rules.IMMUTABLE))
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Old labels in topologies. Source: pkg/api/storage/util.go."""
    return [f"allowedTopologies[{index}].matchLabelExpressions[{place}].key: {OLD_LABELS[expression['key']]}"
            for index, term in enumerate(new.get("allowedTopologies") or ())
            for place, expression in enumerate(term.get("matchLabelExpressions") or ()) if expression.get("key") in OLD_LABELS]


def is_default(storage_class: dict) -> bool:
    """Claims that name no class get this one."""
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(annotations.get(mark) == "true" for mark in DEFAULT_MARKS)


def default_of(classes: list[dict]) -> str:
    """The name of the default class: the newest of those that are marked, of two as new the first by name; "" without any.

    Source: pkg/volume/util/storageclass.go.
    """
    marked = sorted((found["metadata"] for found in classes if is_default(found)), key=lambda meta: meta["name"])
    marked.sort(key=lambda meta: meta.get("creationTimestamp", ""), reverse=True)
    return marked[0]["name"] if marked else ""


def cells(storage_class: dict, now_unix_ms: int) -> list:
    """As kubectl get sc shows it. Source: pkg/printers/internalversion/printers.go (printStorageClass)."""
    name = storage_class["metadata"]["name"]
    return [f"{name} (default)" if is_default(storage_class) else name, storage_class.get("provisioner", ""),
            storage_class.get("reclaimPolicy", "Delete"), storage_class.get("volumeBindingMode", "Immediate"),
            bool(storage_class.get("allowVolumeExpansion")), age(storage_class, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="StorageClass", plural="storageclasses", singular="storageclass", group="storage.k8s.io", namespaced=False,
    short_names=("sc",), storage_version_hash="K+m6uJwbjGY=",
    columns=(NAME, column("Provisioner", "storage.v1.StorageClass#provisioner"),
             column("ReclaimPolicy", "storage.v1.StorageClass#reclaimPolicy"),
             column("VolumeBindingMode", "storage.v1.StorageClass#volumeBindingMode"),
             column("AllowVolumeExpansion", "storage.v1.StorageClass#allowVolumeExpansion"), AGE),
    cells=cells, default=default, validate=validate, validate_update=validate_update, warn=warn, icon="layers",
    title={"en": "A sort of storage that claims may ask for, and who provides it.", "zh": "声明可申请的一类存储，以及由谁提供。"},
)
