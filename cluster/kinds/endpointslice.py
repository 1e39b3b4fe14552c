"""EndpointSlice: some of the addresses behind a Service."""
from __future__ import annotations

from cluster.kinds import _addresses, _endpoint_addresses, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._endpoint_addresses import PROTOCOLS
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names, objectmeta

TYPES = ("FQDN", "IPv4", "IPv6")
SHOWN = 3
_HOSTNAME = "kubernetes.io/hostname"
_MOST = {"endpoints": 1000, "addresses": 100, "ports": 20_000, "hints": 8}
_OURS = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")


def default(draft: dict) -> None:
    """Ports have a name, if an empty one, and are TCP. Source: pkg/apis/discovery/v1/defaults.go."""
    draft.setdefault("addressType", "")
    draft.setdefault("endpoints", None)
    draft.setdefault("ports", None)
    for endpoint in draft["endpoints"] or ():
        endpoint["conditions"] = endpoint.get("conditions") or {}
        endpoint.setdefault("addresses", None)
    for port in draft["ports"] or ():
        if port.get("name") is None:
            port["name"] = ""
        if port.get("protocol") is None:
            port["protocol"] = "TCP"


def prepare_create(draft: dict) -> None:
    """The topology of before is dropped."""
    draft["metadata"]["generation"] = 1
    _without_topology(draft)


def _without_topology(draft: dict, known: tuple[str, ...] = ()) -> None:
    """known: nodes that the stored slice named in its topology, which become nodeNames."""
    for endpoint in draft.get("endpoints") or ():
        node = (endpoint.pop("deprecatedTopology", None) or {}).get(_HOSTNAME)
        if endpoint.get("nodeName") is None and node in known and not names.is_subdomain_name(node):
            endpoint["nodeName"] = node


def prepare_update(draft: dict, old: dict) -> None:
    """Whatever changes but metadata, and labels too, raise the generation. Source: pkg/registry/discovery/endpointslice/strategy.go."""
    meta, before = draft["metadata"], old["metadata"]
    changed = any((draft.get(field) or None) != (old.get(field) or None) for field in ("addressType", "endpoints", "ports"))
    changed = changed or (meta.get("labels") or {}) != (before.get("labels") or {})
    meta["generation"] = before.get("generation", 0) + changed
    if (draft.get("endpoints") or []) != (old.get("endpoints") or []):
        _without_topology(draft, tuple((endpoint.get("deprecatedTopology") or {}).get(_HOSTNAME, "") for endpoint in old.get("endpoints") or ()))


def validate(slice_: dict, old: dict | None = None) -> list[FieldError]:
    """A slice to be created, or with `old` to be updated: endpoints that have not changed are taken as they are.

    Source: pkg/apis/discovery/validation/validation.go.
    """
    errors: list[FieldError] = []
    kind, endpoints = slice_.get("addressType", ""), slice_.get("endpoints") or []
    _rules.one_of_or_required(errors, "addressType", kind, TYPES)
    _ports(errors, slice_.get("ports") or ())
    if old is None or endpoints != (old.get("endpoints") or []):
        _endpoints(errors, endpoints, kind)
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The address type stays."""
    errors = validate(new, old)
    if new.get("addressType") != old.get("addressType"):
        errors.append(fields.invalid("addressType", new.get("addressType", ""), _rules.IMMUTABLE))
    return errors


def _ports(errors: list[FieldError], ports: list[dict] | tuple) -> None:
    if len(ports) > _MOST["ports"]:
        errors.append(fields.too_many("ports", len(ports), _MOST["ports"]))
        return
    seen: dict[str, None] = {}
    for index, port in enumerate(ports):
        path, name = f"ports[{index}]", port.get("name") or ""
        if name:
            _rules.label(errors, f"{path}.name", name)
        if name in seen:
            errors.append(fields.duplicate(f"{path}.name", name))
        seen[name] = None
        _rules.one_of(errors, f"{path}.protocol", port.get("protocol"), PROTOCOLS)
        if port.get("appProtocol") is not None:
            _rules.qualified(errors, f"{path}.appProtocol", port["appProtocol"])


def _endpoints(errors: list[FieldError], endpoints: list[dict], kind: str) -> None:
    if len(endpoints) > _MOST["endpoints"]:
        errors.append(fields.too_many("endpoints", len(endpoints), _MOST["endpoints"]))
        return
    for index, endpoint in enumerate(endpoints):
        _endpoint(errors, endpoint, kind, f"endpoints[{index}]")


def _endpoint(errors: list[FieldError], endpoint: dict, kind: str, path: str) -> None:
    addresses = endpoint.get("addresses") or ()
    if not addresses:
        errors.append(fields.required(f"{path}.addresses", "must contain at least 1 address"))
    elif len(addresses) > _MOST["addresses"]:
        errors.append(fields.too_many(f"{path}.addresses", len(addresses), _MOST["addresses"]))
    for index, address in enumerate(addresses):
        _address(errors, address, kind, f"{path}.addresses", index)
    if endpoint.get("nodeName") is not None:
        _rules.subdomain(errors, f"{path}.nodeName", endpoint["nodeName"])
    errors += objectmeta.validate_labels(endpoint.get("deprecatedTopology"), f"{path}.deprecatedTopology")
    if endpoint.get("hostname") is not None:
        _rules.label(errors, f"{path}.hostname", endpoint["hostname"])
    if endpoint.get("hints") is not None:
        _hints(errors, endpoint["hints"], f"{path}.hints")


def _address(errors: list[FieldError], address: str, kind: str, path: str, index: int) -> None:
    if kind == "IPv4" and _endpoint_addresses.is_plain(address) and "." in address and ":" not in address:
        return
    here, count = f"{path}[{index}]", len(errors)
    if kind == "FQDN":
        _domain(errors, here, address)
    if kind not in ("IPv4", "IPv6"):
        return
    _addresses.ip(errors, here, address)
    if len(errors) > count:
        return
    if kind == "IPv6" and address != str(_addresses.parse(address)):
        errors.append(fields.invalid(here, address, f'must be in canonical form ("{_addresses.parse(address)}")'))
        return
    if _addresses.family(address) != int(kind[-1]):
        errors.append(fields.invalid(path, address, f"must be an {kind} address"))
    _endpoint_addresses.destination(errors, here, address)


def _domain(errors: list[FieldError], path: str, name: str) -> None:
    """A fully qualified domain name. Source: k8s.io/apimachinery pkg/util/validation/validation.go (IsFullyQualifiedDomainName)."""
    if not name:
        errors.append(fields.required(path))
        return
    name = name.removesuffix(".")
    complaints = names.dns1123_subdomain(name)
    if complaints:
        errors.append(fields.invalid(path, name, ",".join(complaints)))
    elif "." not in name:
        errors.append(fields.invalid(path, name, "should be a domain with at least two segments separated by dots"))
    else:
        bad = next((label for label in name.split(".") if names.dns1123_label(label)), None)
        if bad is not None:
            errors.append(fields.invalid(path, bad, ",".join(names.dns1123_label(bad))))


def _hints(errors: list[FieldError], hints: dict, path: str) -> None:
    for field, check in (("forZones", names.label_value), ("forNodes", names.is_subdomain_name)):
        found = [hint.get("name", "") for hint in hints.get(field) or ()]
        if len(found) > _MOST["hints"]:
            errors.append(fields.too_many(f"{path}.{field}", len(found), _MOST["hints"]))
            return
        for index, name in enumerate(found):
            here = f"{path}.{field}[{index}].name"
            if name in found[:index]:
                errors.append(fields.duplicate(here, name))
            _rules.all_of(errors, here, name, check(name))


def warn(new: dict, old: dict | None) -> list[str]:
    """A deprecated address type, and addresses that are not written as they should be."""
    warnings = ["spec.addressType: FQDN endpoints are deprecated"] if old is None and new.get("addressType") == "FQDN" else []
    if (new["metadata"].get("labels") or {}).get("endpointslice.kubernetes.io/managed-by") in _OURS:
        return warnings
    return warnings + [warning for index, endpoint in enumerate(new.get("endpoints") or ())
                       for place, address in enumerate(endpoint.get("addresses") or ())
                       for warning in _addresses.warnings_for_ip(f"endpoints[{index}].addresses[{place}]", address)]


def cells(slice_: dict, now_unix_ms: int) -> list:
    """As kubectl get endpointslices shows it. Source: pkg/printers/internalversion/printers.go (printEndpointSlice)."""
    ports = [str(port["port"]) if port.get("port") is not None else port.get("name", "*") for port in slice_.get("ports") or ()]
    addresses = [address for endpoint in slice_.get("endpoints") or () for address in endpoint.get("addresses") or ()]
    return [slice_["metadata"]["name"], slice_.get("addressType", ""), _first(ports), _first(addresses), age(slice_, now_unix_ms)]


def _first(values: list[str]) -> str:
    text = ",".join(values[:SHOWN])
    return f"{text} + {len(values) - SHOWN} more..." if len(values) > SHOWN else text or "<unset>"


KIND = Kind(
    metadata_on_update=("whole",),
    kind="EndpointSlice", plural="endpointslices", singular="endpointslice", group="discovery.k8s.io",
    storage_version_hash="qgS0xkrxYAI=", has_generation=True,
    columns=(NAME, column("AddressType", "discovery.v1.EndpointSlice#addressType"), column("Ports", "discovery.v1.EndpointSlice#ports"),
             column("Endpoints", "discovery.v1.EndpointSlice#endpoints"), AGE),
    cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update, validate=validate,
    validate_update=validate_update, warn=warn, icon="network",
    title={"en": "Some of the addresses behind a Service, and whether each is ready for traffic.",
                       "zh": "Service 背后的一部分地址，以及每个地址是否可接收流量。"},
)
