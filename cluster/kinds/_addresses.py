"""IP addresses and ranges: strict forms, and the words for the others.

Source: k8s.io/apimachinery pkg/util/validation/ip.go (IsValidIPForLegacyField and IsValidCIDRForLegacyField, strict).
"""
from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from cluster.kinds._rules import Errors
from cluster.meta import fields
from cluster.meta.remembering import remembered

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NO_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
is_plain = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}").fullmatch     # an IPv4 address as it should be written, as nearly all are


@remembered(1024)
def parse(text: str) -> Address | None:
    """The address that a text stands for, or None."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def sloppy(text: str) -> Address | None:
    """Like parse, with leading zeros let through."""
    head, colon, tail = text.rpartition(":")
    if "." in tail:
        tail = ".".join((part.lstrip("0") or "0") if part else "" for part in tail.split("."))
    return parse(head + colon + tail)


@remembered(4096)
def family(text: str) -> int:
    """4 or 6; 0 for what is no address."""
    if is_plain(text):
        return 4
    address = sloppy(text)
    if address is None:
        return 0
    return 4 if address.version == 4 or address.ipv4_mapped else 6


def _is_mapped(address: Address) -> bool:
    return address.version == 6 and address.ipv4_mapped is not None


def ip(errors: Errors, path: str, value: str, old: Iterable[str] = ()) -> None:
    """An address without leading zeros; what was stored before passes."""
    if value in old or is_plain(value):
        return
    address = parse(value)
    if address is None:
        leading = sloppy(value) is not None
        errors.append(fields.invalid(path, value, "must not have leading 0s" if leading else NO_IP))
    elif _is_mapped(address):
        errors.append(fields.invalid(path, value, "must not be an IPv4-mapped IPv6 address"))


def cidr(errors: Errors, path: str, value: str, old: Iterable[str] = ()) -> None:
    """A range whose bits beyond the prefix are 0; what was stored before passes."""
    complaint = "" if value in old else _cidr_complaint(value)
    if complaint:
        errors.append(fields.invalid(path, value, complaint))


@remembered(4096)
def _cidr_complaint(value: str) -> str:
    text, _, length = value.partition("/")
    address = sloppy(text)
    bits = prefix_length(length)
    if address is None or bits is None or bits > address.max_prefixlen:
        return NO_CIDR
    if parse(text) is None or (len(length) > 1 and length[0] == "0"):
        return "must not have leading 0s in IP or prefix length"
    if _is_mapped(address):
        return "must not have an IPv4-mapped IPv6 address"
    if int(address) & ((1 << (address.max_prefixlen - bits)) - 1):
        return "must not have bits set beyond the prefix length"
    return ""


def prefix_length(text: str) -> int | None:
    """How many bits a range fixes, leading zeros let through; None for what is no such number."""
    digits = text.lstrip("0") or text[:1]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else None


def is_range(value: str) -> bool:
    """It can be read as a range at all, in whatever form."""
    return _cidr_complaint(value) != NO_CIDR


def warnings_for_ip(path: str, value: str) -> list[str]:
    """An address that is taken, but not in the form in which it should be written."""
    address = sloppy(value)
    if address is None:
        return []
    if parse(value) is None or _is_mapped(address):
        plain = address.ipv4_mapped if _is_mapped(address) else address
        return [f'{path}: non-standard IP address "{value}" is invalid: use "{plain}"']
    if address.version == 6 and str(address) != value:
        return [f'{path}: IPv6 address "{value}" should be in RFC 5952 canonical format ("{address}")']
    return []


def warnings_for_cidr(path: str, value: str) -> list[str]:
    """A valid IPv6 range that is not written in the canonical form."""
    text, _, length = value.partition("/")
    address = parse(text)
    if address is None or address.version == 4 or f"{address}/{length}" == value:
        return []
    return [f'{path}: IPv6 CIDR value "{value}" should be in RFC 5952 canonical format ("{address}/{length}")']
