"""What Kubernetes adds to the language of expressions: quantities, addresses, ranges of addresses, URLs.

Of a quantity only the value counts, as upstream's comparisons and sums do. What an address or a URL that cannot be read is told
names the text, not the place in it.
Source: k8s.io/apiserver pkg/cel/library/{quantity,ip,cidr,urls}.go.
"""
from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from cluster.meta import gotext, quantity

from .failures import NO_OVERLOAD, Failed

NANO, MOST = 10**9, 2**63 - 1
PREFIX = re.compile(r"([0-9a-fA-F.:]+)/(0|[1-9][0-9]{0,2})", re.ASCII)
NO_SLASH = "no '/'"
BROADCAST = ipaddress.IPv4Address("255.255.255.255")
NEAR = ipaddress.IPv4Network("224.0.0.0/24")
ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
SAFE_IN_PATHS = "/$&+,:;=@!'()*[]%"


@dataclass(frozen=True)
class Quantity:
    """nano: the value in billionths."""

    nano: int
    type_name = "kubernetes.Quantity"


@dataclass(frozen=True)
class Ip:
    """An address."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    type_name = "net.IP"

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True)
class Cidr:
    """A range of addresses; the address may be any in it."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    bits: int
    type_name = "net.CIDR"

    def __str__(self) -> str:
        return f"{self.address}/{self.bits}"

    @property
    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        return ipaddress.ip_network(str(self), strict=False)


@dataclass(frozen=True)
class Url:
    """A URL's parts."""

    parts: SplitResult
    type_name = "kubernetes.URL"


def _is(value: object, kind: type) -> object:
    """The value, of that type."""
    if not isinstance(value, kind):
        raise Failed(NO_OVERLOAD)
    return value


def _fits(read: Callable[[str], object]) -> Callable[[object], bool]:
    """Whether a text can be read as one."""
    def fits(text: object) -> bool:
        _is(text, str)
        try:
            read(text)
            return True
        except Failed:
            return False
    return fits


# -- quantities ---------------------------------------------------------------------------------------------------------------


def _quantity(text: object) -> Quantity:
    try:
        return Quantity(quantity.parse(_is(text, str)).nano)
    except quantity.QuantityError as error:
        raise Failed(str(error)) from None


def _nano(value: object, *, or_whole: bool = False) -> int:
    if or_whole and isinstance(value, int) and not isinstance(value, bool):
        return value * NANO
    return _is(value, Quantity).nano


def _compared(one: object, other: object) -> int:
    left, right = _nano(one), _nano(other)
    return (left > right) - (left < right)


def _is_integer(value: object) -> bool:
    whole, rest = divmod(_nano(value), NANO)
    return not rest and -MOST - 1 <= whole <= MOST


def _integer(value: object) -> int:
    if not _is_integer(value):
        raise Failed("cannot convert value to integer")
    return _nano(value) // NANO


def _float(value: object) -> float:
    nano = _nano(value)
    try:
        return nano / NANO
    except OverflowError:
        return float("inf") if nano > 0 else float("-inf")


# -- addresses ----------------------------------------------------------------------------------------------------------------


def _unmapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address, text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if address.version == 6 and address.ipv4_mapped is not None:
        raise Failed(f"IPv4-mapped IPv6 address {gotext.quote(text)} is not allowed")
    return address


def _ip(text: object) -> Ip:
    """Of a text, or of a range."""
    if isinstance(text, Cidr):
        return Ip(text.address)
    shown = gotext.quote(_is(text, str))
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Failed(f"IP Address {shown} parse error during conversion from string: ParseAddr({shown}): unable to parse IP") from None
    if "%" in text:
        raise Failed(f"IP address {shown} with zone value is not allowed")
    return Ip(_unmapped(address, text))


def _cidr(text: object) -> Cidr:
    found = PREFIX.fullmatch(_is(text, str))
    try:
        address = ipaddress.ip_address(found[1] if found else "")
        if not found or int(found[2]) > address.max_prefixlen:
            raise ValueError
    except ValueError:
        raise Failed("network address parse error during conversion from string: network address parse error during conversion "
                     f"from string: netip.ParsePrefix({gotext.quote(text)}): {'unable to parse' if '/' in text else NO_SLASH}") from None
    return Cidr(_unmapped(address, text), int(found[2]))


def _is_near_group(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Link-local multicast."""
    if address.version == 4:
        return address in NEAR
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02


def _is_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local or address == BROADCAST)


def _of_address(told: Callable) -> Callable[[object], object]:
    return lambda ip: told(_is(ip, Ip).address)


def _contains_ip(cidr: object, ip: object) -> bool:
    wanted = _ip(ip) if isinstance(ip, str) else _is(ip, Ip)
    return wanted.address in _is(cidr, Cidr).network


def _contains_cidr(cidr: object, inner: object) -> bool:
    wanted = _cidr(inner) if isinstance(inner, str) else _is(inner, Cidr)
    return _is(cidr, Cidr).bits <= wanted.bits and cidr.network.overlaps(wanted.network)


def _masked(cidr: object) -> Cidr:
    return Cidr(_is(cidr, Cidr).network.network_address, cidr.bits)


# -- URLs ---------------------------------------------------------------------------------------------------------------------


def _url(text: object) -> Url:
    """An absolute URL, or an absolute path."""
    try:
        parts = urlsplit(_is(text, str))
        if not (parts.scheme or text.startswith("/")) or not text.isprintable() or ESCAPE.search(text.partition("?")[0]):
            raise ValueError
        if " " in parts.netloc or not re.fullmatch(r"[0-9]*", _port(parts)):
            raise ValueError
    except ValueError:
        raise Failed(f"URL parse error during conversion from string: parse {gotext.quote(text)}: invalid URI for request") from None
    return Url(parts)


def _host(parts: SplitResult) -> str:
    """With its port, without the user."""
    return parts.netloc.rpartition("@")[2]


def _port(parts: SplitResult) -> str:
    return _host(parts).rpartition("]")[2].partition(":")[2]


def _hostname(parts: SplitResult) -> str:
    host = _host(parts)
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _path(parts: SplitResult) -> str:
    return quote(parts.path, safe=SAFE_IN_PATHS)


def _query(parts: SplitResult) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def _of_url(told: Callable[[SplitResult], object]) -> Callable[[object], object]:
    return lambda url: told(_is(url, Url).parts)


GLOBAL = ("quantity", "isQuantity", "ip", "isIP", "cidr", "isCIDR", "url", "isURL")
NAMESPACES = ("ip",)      # of functions whose name has a dot
FUNCTIONS: dict[str, Callable] = {
    "quantity": _quantity, "isQuantity": _fits(_quantity), "isInteger": _is_integer, "asInteger": _integer, "asApproximateFloat": _float,
    "sign": lambda value: (_nano(value) > 0) - (_nano(value) < 0), "compareTo": _compared,
    "add": lambda value, other: Quantity(_nano(value) + _nano(other, or_whole=True)),
    "sub": lambda value, other: Quantity(_nano(value) - _nano(other, or_whole=True)),
    "isGreaterThan": lambda value, other: _compared(value, other) > 0, "isLessThan": lambda value, other: _compared(value, other) < 0,
    "ip": _ip, "isIP": _fits(_ip), "family": _of_address(lambda address: address.version),
    "isCanonical": lambda owner, text: str(_ip(text)) == text,
    "isUnspecified": _of_address(lambda address: address.is_unspecified), "isLoopback": _of_address(lambda address: address.is_loopback),
    "isLinkLocalMulticast": _of_address(_is_near_group), "isLinkLocalUnicast": _of_address(lambda address: address.is_link_local),
    "isGlobalUnicast": _of_address(_is_global),
    "cidr": _cidr, "isCIDR": _fits(_cidr), "containsIP": _contains_ip, "containsCIDR": _contains_cidr, "masked": _masked,
    "prefixLength": lambda cidr: _is(cidr, Cidr).bits,
    "url": _url, "isURL": _fits(_url), "getScheme": _of_url(lambda parts: parts.scheme), "getHost": _of_url(_host),
    "getHostname": _of_url(_hostname), "getPort": _of_url(_port), "getEscapedPath": _of_url(_path), "getQuery": _of_url(_query),
}
