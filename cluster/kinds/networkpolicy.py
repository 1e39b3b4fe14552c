"""NetworkPolicy: who may talk to some Pods, and to whom they may talk."""
from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from cluster.kinds import _addresses, _rules, _workload
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels, names

PROTOCOLS, TYPES = ("TCP", "UDP", "SCTP"), ("Ingress", "Egress")
SIDES = (("ingress", "from"), ("egress", "to"))


def default(draft: dict) -> None:
    """Source: pkg/apis/networking/v1/defaults.go."""
    spec = draft["spec"] = draft.get("spec") or {}
    if spec.get("podSelector") is None:
        spec["podSelector"] = {}
    for side, _ in SIDES:
        for rule in spec.get(side) or ():
            for port in rule.get("ports") or ():
                if port.get("protocol") is None:
                    port["protocol"] = "TCP"
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def prepare_create(draft: dict) -> None:
    """The first generation."""
    draft["metadata"]["generation"] = 1


def prepare_update(draft: dict, old: dict) -> None:
    """A changed spec raises the generation."""
    _workload.raise_generation(draft, old)


def _blocks(spec: dict) -> Iterator[tuple[str, dict]]:
    """(path, ipBlock) of every rule."""
    for side, field in SIDES:
        for index, rule in enumerate(spec.get(side) or ()):
            for position, peer in enumerate(rule.get(field) or ()):
                if peer.get("ipBlock") is not None:
                    yield f"spec.{side}[{index}].{field}[{position}].ipBlock", peer["ipBlock"]


def validate(policy: dict, old: dict | None = None) -> list[FieldError]:
    """A policy to be created, or with `old` to be updated.

    Source: pkg/apis/networking/validation/validation.go (ValidateNetworkPolicySpec, ValidateNetworkPolicyUpdate).
    """
    errors: Errors = []
    spec = policy["spec"]
    before = [] if old is None else [text for _, block in _blocks(old["spec"]) for text in (block.get("cidr"), *(block.get("except") or ()))]
    lenient = old is not None and bool(labels.validate_label_selector(old["spec"].get("podSelector"), ""))
    errors += labels.validate_label_selector(spec["podSelector"], "spec.podSelector", allow_invalid_values=lenient)
    for side, field in SIDES:
        for index, rule in enumerate(spec.get(side) or ()):
            path = f"spec.{side}[{index}]"
            for position, port in enumerate(rule.get("ports") or ()):
                _port(errors, port, f"{path}.ports[{position}]")
            for position, peer in enumerate(rule.get(field) or ()):
                _peer(errors, peer, f"{path}.{field}[{position}]", lenient, before)
    _types(errors, spec.get("policyTypes") or [], "spec.policyTypes")
    return errors


def _types(errors: Errors, found: list[str], path: str) -> None:
    if len(found) > len(TYPES):
        errors.append(fields.invalid(path, found, "may not specify more than two policyTypes"))
        return
    for index, kind in enumerate(found):
        _rules.one_of(errors, f"{path}[{index}]", kind, TYPES)


def _port(errors: Errors, found: dict, path: str) -> None:
    """Source: ValidateNetworkPolicyPort."""
    port, end = found.get("port"), found.get("endPort")
    if found.get("protocol") is not None:
        _rules.one_of(errors, f"{path}.protocol", found["protocol"], PROTOCOLS)
    if port is None:
        if end is not None:
            errors.append(fields.invalid(f"{path}.endPort", end, "may not be specified when `port` is not specified"))
    elif isinstance(port, str):
        if end is not None:
            errors.append(fields.invalid(f"{path}.endPort", end, "may not be specified when `port` is non-numeric"))
        _rules.all_of(errors, f"{path}.port", port, names.port_name(port))
    else:
        _rules.port(errors, f"{path}.port", port)
        if end is not None and end < port:
            errors.append(fields.invalid(f"{path}.endPort", port, "must be greater than or equal to `port`"))
        if end is not None:
            _rules.port(errors, f"{path}.endPort", end)


def _peer(errors: Errors, peer: dict, path: str, lenient: bool, before: list) -> None:
    """Source: ValidateNetworkPolicyPeer."""
    selectors = [name for name in ("podSelector", "namespaceSelector") if peer.get(name) is not None]
    for name in selectors:
        errors += labels.validate_label_selector(peer[name], f"{path}.{name}", allow_invalid_values=lenient)
    block = peer.get("ipBlock")
    if block is not None:
        _block(errors, block, f"{path}.ipBlock", before)
    if block is None and not selectors:
        errors.append(fields.required(path, "must specify a peer"))
    elif block is not None and selectors:
        errors.append(fields.forbidden(path, "may not specify both ipBlock and another peer"))


def _block(errors: Errors, block: dict, path: str, before: list) -> None:
    """Source: ValidateIPBlock."""
    if not block.get("cidr"):
        errors.append(fields.required(f"{path}.cidr"))
        return
    _addresses.cidr(errors, f"{path}.cidr", block["cidr"], before)
    whole = _network(block["cidr"])
    if whole is None:
        return
    for index, text in enumerate(block.get("except") or ()):
        here, part = f"{path}.except[{index}]", _network(text)
        _addresses.cidr(errors, here, text, before)
        if part is not None and not _is_strictly_in(part, whole):
            errors.append(fields.invalid(here, text, "must be a strict subset of `cidr`"))


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> Network | None:
    """A range, also in a form that is not wholly right; None for what is none."""
    if not _addresses.is_range(text):
        return None
    address, _, length = text.partition("/")
    plain = ".".join(part.lstrip("0") or "0" for part in address.split(".")) if ":" not in address else address
    try:
        return ipaddress.ip_network(f"{plain}/{_addresses.prefix_length(length)}", strict=False)
    except ValueError:
        return None


def _is_strictly_in(part: Network, whole: Network) -> bool:
    return part.version == whole.version and part.network_address in whole and whole.prefixlen < part.prefixlen


def warn(new: dict, old: dict | None) -> list[str]:
    """Ranges that are not written as they should be."""
    found = []
    for path, block in _blocks(new["spec"]):
        found += _addresses.warnings_for_cidr(f"{path}.cidr", block.get("cidr") or "")
        for index, text in enumerate(block.get("except") or ()):
            found += _addresses.warnings_for_cidr(f"{path}.except[{index}]", text)
    return found


def cells(policy: dict, now_unix_ms: int) -> list:
    """Name, selector, age.

    Source: pkg/printers/internalversion/printers.go (printNetworkPolicy).
    """
    return [policy["metadata"]["name"], labels.format_selector(policy["spec"].get("podSelector") or {}), age(policy, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("update",),
    kind="NetworkPolicy", plural="networkpolicies", singular="networkpolicy", group="networking.k8s.io", short_names=("netpol",),
    storage_version_hash="YpfwF18m1G8=", has_generation=True, cells=cells,
    columns=(NAME, column("Pod-Selector", "networking.v1.NetworkPolicySpec#podSelector"), AGE),
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, validate=validate, validate_update=validate,
    warn=warn, icon="brick-wall",
    title={"en": "Who may talk to some Pods, and to whom they may talk.", "zh": "谁可以访问某些 Pod，以及它们可以访问谁。"},
)
