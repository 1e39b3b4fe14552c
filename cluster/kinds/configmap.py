"""ConfigMap: settings that Pods take as environment or files."""
from __future__ import annotations

from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

MAX_BYTES = 1024 * 1024
_FROZEN = "field is immutable when `immutable` is set"


def default(draft: dict) -> None:
    """Empty maps are not kept."""
    for field in ("data", "binaryData"):
        if field in draft and not draft[field]:
            del draft[field]


def validate(config_map: dict) -> list[FieldError]:
    """Keys, keys given twice, and the size of all values together.

    Source: pkg/apis/core/validation/validation.go (ValidateConfigMap).
    """
    data, binary = config_map.get("data") or {}, config_map.get("binaryData") or {}
    errors: list[FieldError] = []
    for key in data:
        errors += [fields.invalid(f"data[{key}]", key, why) for why in names.config_map_key(key)]
        if key in binary:
            errors.append(fields.invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in binary:
        errors += [fields.invalid(f"binaryData[{key}]", key, why) for why in names.config_map_key(key)]
    size = sum(len(value.encode()) for value in data.values()) + sum(_decoded(value) for value in binary.values())
    if size > MAX_BYTES:
        errors.append(fields.too_long("[]", MAX_BYTES))
    return errors


def _decoded(text: str) -> int:
    """Bytes behind a base64 text."""
    return len(text) * 3 // 4 - text[-2:].count("=")


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """An immutable ConfigMap keeps its data and stays immutable."""
    errors = []
    if old.get("immutable"):
        if not new.get("immutable"):
            errors.append(fields.forbidden("immutable", _FROZEN))
        errors += [fields.forbidden(field, _FROZEN) for field in ("data", "binaryData")
                   if (new.get(field) or {}) != (old.get(field) or {})]
    return errors + validate(new)


def cells(config_map: dict, now_unix_ms: int) -> list:
    """Name, number of keys, age."""
    count = len(config_map.get("data") or ()) + len(config_map.get("binaryData") or ())
    return [config_map["metadata"]["name"], count, age(config_map, now_unix_ms)]


KIND = Kind(
    kind="ConfigMap", plural="configmaps", singular="configmap", short_names=("cm",),
    storage_version_hash="qFsyl6wFWjQ=",
    columns=(NAME, column("Data", "core.v1.ConfigMap#data"), AGE), cells=cells,
    default=default, validate=validate, validate_update=validate_update, icon="sliders",
    title={"en": "Settings kept apart from the image, given to Pods as environment or files.",
           "zh": "与镜像分开保存的配置，以环境变量或文件的形式交给 Pod。"},
)
