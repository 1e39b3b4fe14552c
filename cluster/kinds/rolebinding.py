"""RoleBinding: who may do what a role allows, inside one namespace."""
from __future__ import annotations

from cluster.kinds import _rbac
from cluster.kinds._columns import AGE, NAME
from cluster.kinds.base import FieldError, Kind
from cluster.meta import names


def validate(found: dict) -> list[FieldError]:
    """Source: pkg/apis/rbac/validation/validation.go (ValidateRoleBinding)."""
    return _rbac.binding(found, ("Role", "ClusterRole"), namespaced=True)


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The role stays."""
    errors = validate(new)
    _rbac.reference_fixed(errors, new, old)
    return errors


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="RoleBinding", plural="rolebindings", singular="rolebinding", group=_rbac.GROUP, storage_version_hash="eGsCzGH6b1g=",
    columns=_rbac.binding_columns(NAME, AGE, "RoleBinding"), cells=_rbac.binding_cells, default=_rbac.default_binding,
    validate=validate, validate_update=validate_update, name_check=names.is_path_segment_name, create_on_update=True, icon="link",
    title={"en": "Who may do what a role allows, inside one namespace.", "zh": "谁在一个命名空间内拥有某个角色的权限。"},
)
