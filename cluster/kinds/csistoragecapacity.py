"""CSIStorageCapacity: how much storage of a class there is still, for some of the nodes."""
from __future__ import annotations

from cluster.kinds import _rbac, _rules
from cluster.kinds._columns import NAME
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels, names


def default(draft: dict) -> None:
    """A class's name is always written."""
    draft.setdefault("storageClassName", "")


def validate(capacity: dict) -> list[FieldError]:
    """Source: pkg/apis/storage/validation/validation.go (ValidateCSIStorageCapacity)."""
    errors: list[FieldError] = []
    errors += labels.validate_label_selector(capacity.get("nodeTopology"), "nodeTopology")
    name = capacity["storageClassName"]
    _rules.all_of(errors, "storageClassName", name, names.is_subdomain_name(name))
    if capacity.get("capacity") is not None:
        _rules.quantity_not_negative(errors, "capacity", capacity["capacity"])
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """What the driver was asked about stays. Source: ValidateCSIStorageCapacityUpdate."""
    return validate(new) + [fields.invalid(field, _lean(new.get(field)), _rules.IMMUTABLE) for field in ("nodeTopology", "storageClassName")
            if new.get(field) != old.get(field)]


def _lean(found: str | dict | None) -> str | dict | None:
    """A selector without what is empty, which Go leaves out when it writes one."""
    return {name: value for name, value in found.items() if value} if isinstance(found, dict) else found


KIND = Kind(
    metadata_on_update=("whole", "update"),
    unconditional_update=False,
    kind="CSIStorageCapacity", plural="csistoragecapacities", singular="csistoragecapacity", group="storage.k8s.io",
    list_kind="CSIStorageCapacityList", storage_version_hash="xeVl+2Ly1kE=",
    columns=(NAME, _rbac.CREATED_AT), cells=_rbac.plain_cells, default=default, validate=validate, validate_update=validate_update, icon="disc",
    title={"en": "How much storage of a class is left for some nodes.", "zh": "某类存储对部分节点还剩多少容量。"},
)
