"""The formats of strings that upstream's validator knows; a format that it does not know says nothing.

Source: k8s.io/apiextensions-apiserver pkg/apiserver/validation/formats.go; k8s.io/kube-openapi pkg/validation/strfmt.
"""
from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from cluster.meta import quantity

HOST = r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?"
PATTERNS = {
    "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    "date-time": r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?",
    "duration": r"[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*|0",
    "email": r"[^@\s]+@[^@\s]+", "hostname": HOST, "uri": r"\S+", "mac": r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}",
    "uuid": r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}",
    "byte": r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", "hexcolor": r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})",
    "k8s-short-name": r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "k8s-long-name": r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?",
}


def _address(kind: Callable) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            kind(text)
            return True
        except ValueError:
            return False
    return fits


def _quantity(text: str) -> bool:
    try:
        quantity.parse(text)
        return True
    except ValueError:
        return False


CHECKS: dict[str, Callable[[str], bool]] = {
    "ipv4": _address(ipaddress.IPv4Address), "ipv6": _address(ipaddress.IPv6Address), "quantity": _quantity,
    "cidr": _address(lambda text: ipaddress.ip_network(text, strict=False)),
    **{name: re.compile(pattern).fullmatch for name, pattern in PATTERNS.items()},
}


def fits(name: str, text: str) -> bool:
    """Whether a text is of a format."""
    check = CHECKS.get(name)
    return check is None or bool(check(text))
