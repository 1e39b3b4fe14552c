"""Endpoints: the older list of a Service's addresses, in one object."""
from __future__ import annotations

from cluster.kinds import _addresses, _endpoint_addresses, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._endpoint_addresses import PROTOCOLS
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

DEPRECATION = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
SHOWN = 3
_MANAGED_BY = ("endpoints.kubernetes.io/managed-by", "endpoint-controller")


def default(draft: dict) -> None:
    """Ports are TCP. Source: pkg/apis/core/v1/defaults.go (SetDefaults_Endpoints)."""
    for subset in draft.get("subsets") or ():
        for port in subset.get("ports") or ():
            if not port.get("protocol"):
                port["protocol"] = "TCP"


def validate(endpoints: dict, old: dict | None = None) -> list[FieldError]:
    """Endpoints to be created, or with `old` to be updated: subsets that have not changed are taken as they are.

    Source: pkg/apis/core/validation/validation.go (ValidateEndpoints).
    """
    errors: list[FieldError] = []
    if old is not None and (endpoints.get("subsets") or []) == (old.get("subsets") or []):
        return errors
    for index, subset in enumerate(endpoints.get("subsets") or ()):
        _subset(errors, subset, f"subsets[{index}]")
    return errors


def _subset(errors: list[FieldError], subset: dict, path: str) -> None:
    if not subset.get("addresses") and not subset.get("notReadyAddresses"):
        errors.append(fields.required(path, "must specify `addresses` or `notReadyAddresses`"))
    for field in ("addresses", "notReadyAddresses"):
        for index, address in enumerate(subset.get(field) or ()):
            _address(errors, address, f"{path}.{field}[{index}]")
    ports = subset.get("ports") or ()
    for index, port in enumerate(ports):
        _port(errors, port, f"{path}.ports[{index}]", must_have_name=len(ports) > 1)


def _address(errors: list[FieldError], address: dict, path: str) -> None:
    value = address.get("ip", "")
    is_plain = _endpoint_addresses.is_plain(value)
    if not is_plain:
        _addresses.ip(errors, f"{path}.ip", value)
    if address.get("hostname"):
        _rules.label(errors, f"{path}.hostname", address["hostname"])
    if address.get("nodeName") is not None:
        _rules.subdomain(errors, f"{path}.nodeName", address["nodeName"])
    if not is_plain:
        _endpoint_addresses.destination(errors, f"{path}.ip", value)


def _port(errors: list[FieldError], port: dict, path: str, *, must_have_name: bool) -> None:
    name = port.get("name")
    if name:
        _rules.label(errors, f"{path}.name", name)
    elif must_have_name:
        errors.append(fields.required(f"{path}.name"))
    _rules.port(errors, f"{path}.port", port.get("port", 0))
    _rules.one_of_or_required(errors, f"{path}.protocol", port.get("protocol"), PROTOCOLS)
    if port.get("appProtocol") is not None:
        _rules.qualified(errors, f"{path}.appProtocol", port["appProtocol"])


def warn(new: dict, old: dict | None) -> list[str]:
    """Addresses that are not written as they should be."""
    if (new["metadata"].get("labels") or {}).get(_MANAGED_BY[0]) == _MANAGED_BY[1]:
        return []
    return [warning for index, subset in enumerate(new.get("subsets") or ())
            for field in ("addresses", "notReadyAddresses") for place, address in enumerate(subset.get(field) or ())
            for warning in _addresses.warnings_for_ip(f"subsets[{index}].{field}[{place}].ip", address.get("ip", ""))]


def cells(endpoints: dict, now_unix_ms: int) -> list:
    """As kubectl get endpoints shows it. Source: pkg/printers/internalversion/printers.go (formatEndpoints)."""
    return [endpoints["metadata"]["name"], addresses_text(endpoints), age(endpoints, now_unix_ms)]


def addresses_text(endpoints: dict) -> str:
    """The first three addresses with their ports, and how many more there are."""
    subsets = endpoints.get("subsets") or ()
    if not subsets:
        return "<none>"
    found = [_joined(address.get("ip", ""), port) for subset in subsets for port in subset.get("ports") or (None,)
             for address in subset.get("addresses") or ()]
    text = ",".join(found[:SHOWN])
    return f"{text} + {len(found) - SHOWN} more..." if len(found) > SHOWN else text


def _joined(address: str, port: dict | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port.get('port', 0)}" if ":" in address else f"{address}:{port.get('port', 0)}"


KIND = Kind(
    kind="Endpoints", plural="endpoints", singular="endpoints", list_kind="EndpointsList", short_names=("ep",),
    prefix="/registry/services/endpoints", storage_version_hash="fWeeMqaN/OA=",
    columns=(NAME, column("Endpoints", "core.v1.Endpoints#subsets"), AGE), cells=cells, default=default,
    validate=validate, validate_update=validate, warn=warn, name_check=names.is_subdomain_name, create_on_update=True,
    deprecation=DEPRECATION, icon="route",
    title={"en": "The addresses behind a Service in one object; EndpointSlices have taken its place.",
                       "zh": "以单个对象列出 Service 背后的地址；已被 EndpointSlice 取代。"},
)
