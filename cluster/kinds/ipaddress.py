"""IPAddress: an address of the Services' range that is taken, and by whom."""
from __future__ import annotations

from cluster.kinds import _addresses, _goshape, _rules
from cluster.kinds._columns import NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names
from cluster.meta.fields import FieldError as Error

FAMILY, MANAGED_BY = "ipaddress.kubernetes.io/ip-family", "ipaddress.kubernetes.io/managed-by"
ALLOCATOR = "ipallocator.k8s.io"


def default(draft: dict) -> None:
    """An address always shows a spec."""
    if draft.get("spec") is None:
        draft["spec"] = {}


def of_service(address: str, service: dict) -> dict:
    """The object with which the API server takes an address for a Service. Source: ipallocator.go (createIPAddress)."""
    meta = service["metadata"]
    return {"kind": "IPAddress", "apiVersion": "networking.k8s.io/v1",
            "metadata": {"name": address, "labels": {FAMILY: f"IPv{_addresses.family(address)}", MANAGED_BY: ALLOCATOR}},
            "spec": {"parentRef": {"resource": "services", "namespace": meta.get("namespace", ""), "name": meta["name"]}}}


def name_check(name: str, prefix: bool) -> list[str]:
    """A name is an address in its canonical form. Source: ValidateIPAddressName (IsValidIP)."""
    errors: list[Error] = []
    _addresses.ip(errors, "", name)
    if errors:
        return [error.detail for error in errors]
    plain = str(_addresses.parse(name))
    return [] if plain == name else [f'must be in canonical form ("{plain}")']


def validate(address: dict) -> list[FieldError]:
    """Source: pkg/apis/networking/validation/validation.go (ValidateIPAddress)."""
    errors: list[FieldError] = []
    parent, path = address["spec"].get("parentRef"), "spec.parentRef"
    if parent is None:
        return [*errors, fields.required(path)]
    if parent.get("group"):
        _rules.all_of(errors, f"{path}.group", parent["group"], names.dns1123_subdomain(parent["group"]))
    for name in ("resource", "name"):
        _rules.required_name(errors, f"{path}.{name}", parent.get(name), names.path_segment)
    if parent.get("namespace"):
        _rules.all_of(errors, f"{path}.namespace", parent["namespace"], names.path_segment(parent["namespace"]))
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """An address stays with whom it was taken for."""
    errors = validate(new)
    if new["spec"].get("parentRef") != old["spec"].get("parentRef"):
        shown = _goshape.of_field("networking.v1.IPAddressSpec", "parentRef", new["spec"].get("parentRef"))
        errors.append(fields.invalid("spec.parentRef", shown, _rules.IMMUTABLE))
    return errors


def cells(address: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printIPAddress)."""
    parent, shown = address["spec"].get("parentRef"), "<none>"
    if parent:
        resource = ".".join(part for part in (parent.get("resource", ""), parent.get("group", "")) if part).lower()
        shown = "/".join(part for part in (resource, parent.get("namespace", ""), parent.get("name", "")) if part)
    return [address["metadata"]["name"], shown, age(address, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="IPAddress", plural="ipaddresses", singular="ipaddress", group="networking.k8s.io", namespaced=False, short_names=("ip",),
    storage_version_hash="3f/plJFChNE=", name_check=name_check,
    # upstream gives three cells and two columns
    columns=(NAME, column("ParentRef", "networking.v1.IPAddressSpec#parentRef")),
    cells=cells, default=default, validate=validate, validate_update=validate_update, icon="network",
    title={"en": "An address that is taken, and by which Service.", "zh": "一个已被占用的地址，以及占用它的 Service。"},
)
