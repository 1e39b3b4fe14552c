"""Addresses that traffic may be sent to: of Endpoints, EndpointSlices, and a Service's externalIPs.

Source: pkg/apis/core/validation/validation.go (ValidateEndpointIP).
"""
from __future__ import annotations

import ipaddress
from functools import lru_cache

from cluster.kinds import _addresses
from cluster.kinds._rules import Errors
from cluster.meta import fields

PROTOCOLS = ("SCTP", "TCP", "UDP")
_LOCAL_MULTICAST = {4: ipaddress.ip_network("224.0.0.0/24"), 6: ipaddress.ip_network("ff02::/16")}


@lru_cache(maxsize=16_384)
def is_plain(value: str) -> bool:
    """Whether nobody complains about an address: most are asked for over and over."""
    errors: Errors = []
    _addresses.ip(errors, "", value)
    destination(errors, "", value)
    return not errors


def destination(errors: Errors, path: str, value: str) -> None:
    """An address that is no unspecified, loopback or link-local one."""
    address = _addresses.sloppy(value)
    if address is None:
        errors.append(fields.invalid(path, value, "must be a valid IP address"))
        return
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_unspecified:
        errors.append(fields.invalid(path, value, f"may not be unspecified ({value})"))
    if plain.is_loopback:
        errors.append(fields.invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)"))
    if plain.is_link_local:
        errors.append(fields.invalid(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"))
    if plain in _LOCAL_MULTICAST[plain.version]:
        errors.append(fields.invalid(path, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"))
