"""ClusterRoleBinding: who may do what a ClusterRole allows, everywhere."""
from __future__ import annotations

from cluster.kinds import _rbac
from cluster.kinds._columns import AGE, NAME
from cluster.kinds.base import FieldError, Kind
from cluster.meta import names


def validate(found: dict) -> list[FieldError]:
    """Source: pkg/apis/rbac/validation/validation.go (ValidateClusterRoleBinding)."""
    return _rbac.binding(found, ("ClusterRole",), namespaced=False)


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The role stays."""
    errors = validate(new)
    _rbac.reference_fixed(errors, new, old)
    return errors


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="ClusterRoleBinding", plural="clusterrolebindings", singular="clusterrolebinding", group=_rbac.GROUP, namespaced=False,
    storage_version_hash="48tpQ8gZHFc=", columns=_rbac.binding_columns(NAME, AGE, "ClusterRoleBinding"),
    cells=_rbac.binding_cells, default=_rbac.default_binding, validate=validate, validate_update=validate_update,
    name_check=names.is_path_segment_name, create_on_update=True, icon="link",
    title={"en": "Who may do what a ClusterRole allows, in the whole cluster.", "zh": "谁在整个集群内拥有某个 ClusterRole 的权限。"},
)
