"""Role: what may be done inside one namespace."""
from __future__ import annotations

from cluster.kinds import _rbac
from cluster.kinds._columns import NAME
from cluster.kinds.base import FieldError, Kind
from cluster.meta import names


def validate(role: dict) -> list[FieldError]:
    """Source: pkg/apis/rbac/validation/validation.go (ValidateRole)."""
    errors: list[FieldError] = []
    _rbac.rules(errors, role.get("rules"), namespaced=True)
    return errors


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="Role", plural="roles", singular="role", group=_rbac.GROUP, storage_version_hash="7FuwZcIIItM=",
    columns=(NAME, _rbac.CREATED_AT), cells=_rbac.plain_cells, default=_rbac.default_rules, validate=validate,
    validate_update=lambda new, old: validate(new), name_check=names.is_path_segment_name, create_on_update=True, icon="key-round",
    title={"en": "What may be done inside one namespace.", "zh": "在一个命名空间内允许做什么。"},
)
