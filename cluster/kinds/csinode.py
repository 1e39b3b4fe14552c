"""CSINode: the storage drivers that a node has."""
from __future__ import annotations

from cluster.kinds import _pod_volume_sources, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields

_ID_LENGTH = 256


def default(draft: dict) -> None:
    """What is always written."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec.setdefault("drivers", None)
    for driver in spec["drivers"] or ():
        driver.setdefault("topologyKeys", None)


def validate(csi_node: dict) -> list[FieldError]:
    """Source: pkg/apis/storage/validation/validation.go (ValidateCSINode)."""
    errors: list[FieldError] = []
    seen: list[str] = []
    for index, driver in enumerate(csi_node["spec"].get("drivers") or ()):
        _driver(errors, driver, f"spec.drivers[{index}]", seen)
    return errors


def _driver(errors: list[FieldError], driver: dict, path: str, seen: list[str]) -> None:
    name, node_id = driver.get("name") or "", driver.get("nodeID") or ""
    _pod_volume_sources.csi_driver(errors, f"{path}.name", name)
    if not node_id:
        errors.append(fields.required(f"{path}.nodeID"))
    if len(node_id.encode()) > _ID_LENGTH:
        errors.append(fields.invalid(f"{path}.nodeID", node_id, f"must be {_ID_LENGTH} characters or less"))
    _rules.not_negative(errors, f"{path}.allocatable.count", (driver.get("allocatable") or {}).get("count"))
    if name in seen:
        errors.append(fields.duplicate(f"{path}.name", name))
    seen.append(name)
    keys = driver.get("topologyKeys") or []
    for index, key in enumerate(keys):
        if not key:
            errors.append(fields.required(path))
        if key in keys[:index]:
            errors.append(fields.duplicate(path, key))
        _rules.qualified(errors, path, key)


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """A driver that was there stays as it was, but for how many volumes it can take. Source: ValidateCSINodeUpdate."""
    errors = validate(new)
    for before in old["spec"].get("drivers") or ():
        for driver in new["spec"].get("drivers") or ():
            if driver.get("name") == before.get("name") and not _alike(driver, before):
                errors.append(fields.invalid("spec.drivers", _shown(driver), _rules.IMMUTABLE))
    return errors


def _alike(driver: dict, before: dict) -> bool:
    """Whether a driver says the same; how many volumes it can take may change."""
    keys = [one.get("topologyKeys") or [] for one in (driver, before)]
    return driver.get("nodeID", "") == before.get("nodeID", "") and keys[0] == keys[1]


def _shown(driver: dict) -> dict:
    return {"Name": driver.get("name", ""), "NodeID": driver.get("nodeID", ""), "TopologyKeys": driver.get("topologyKeys"),
            "Allocatable": None}


def cells(csi_node: dict, now_unix_ms: int) -> list:
    """Name, number of drivers, age."""
    return [csi_node["metadata"]["name"], len(csi_node["spec"].get("drivers") or ()), age(csi_node, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("whole",),
    kind="CSINode", plural="csinodes", singular="csinode", group="storage.k8s.io", namespaced=False,
    storage_version_hash="Pe62DkZtjuo=", unconditional_update=False,
    columns=(NAME, column("Drivers", "Drivers indicates the number of CSI drivers registered on the node", type="integer"), AGE),
    cells=cells, default=default, validate=validate, validate_update=validate_update, icon="disc",
    title={"en": "The storage drivers that a node has.", "zh": "一个节点拥有的存储驱动。"},
)
