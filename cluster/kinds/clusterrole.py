"""ClusterRole: what may be done in the whole cluster, or, bound by a RoleBinding, inside one namespace."""
from __future__ import annotations

from cluster.kinds import _rbac
from cluster.kinds._columns import NAME
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels, names


def validate(role: dict, old: dict | None = None) -> list[FieldError]:
    """A ClusterRole to be created, or with `old` to be updated.

    Source: pkg/apis/rbac/validation/validation.go (ValidateClusterRole).
    """
    errors: list[FieldError] = []
    _rbac.rules(errors, role.get("rules"), namespaced=False)
    if role.get("aggregationRule") is not None:
        _aggregation(errors, role["aggregationRule"], _selectors(old))
    return errors


def _selectors(role: dict | None) -> list[dict]:
    return ((role or {}).get("aggregationRule") or {}).get("clusterRoleSelectors") or []


def _aggregation(errors: list[FieldError], rule: dict, before: list[dict]) -> None:
    path, found = "aggregationRule.clusterRoleSelectors", rule.get("clusterRoleSelectors") or ()
    lenient = any(labels.validate_label_selector(selector, "") for selector in before)
    if not found:
        errors.append(fields.required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil"))
    for index, selector in enumerate(found):
        errors += labels.validate_label_selector(selector, f"{path}[{index}]", allow_invalid_values=lenient)
        try:
            labels.from_object(selector)
        except labels.SelectorError:
            errors.append(fields.invalid(f"{path}[{index}]", None, "invalid label selector."))


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="ClusterRole", plural="clusterroles", singular="clusterrole", group=_rbac.GROUP, namespaced=False,
    storage_version_hash="bYE5ZWDrJ44=", columns=(NAME, _rbac.CREATED_AT), cells=_rbac.plain_cells, default=_rbac.default_rules,
    validate=validate, validate_update=validate, name_check=names.is_path_segment_name, create_on_update=True, icon="key-round",
    title={"en": "What may be done in the whole cluster, or in any namespace in which it is bound.",
           "zh": "在整个集群内，或在绑定它的命名空间内允许做什么。"},
)
