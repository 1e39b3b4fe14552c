"""Owns the addresses of a node's Pods: the `host-local` rule of the CNI plugins, and names of network namespaces.

Next address after the last one given, round the range; network, gateway (.1) and broadcast are left out.
Source: github.com/containernetworking/plugins plugins/ipam/host-local/backend/allocator.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def to_number(address: str) -> int:
    """An IPv4 address as a number."""
    first, second, third, fourth = (int(part) for part in address.split("."))
    return first << 24 | second << 16 | third << 8 | fourth


def to_text(number: int) -> str:
    return f"{number >> 24 & 255}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def next_address(cidr: str, *, last: str, taken: dict[str, str]) -> str:
    """The next free address of a range, or "" when all are taken."""
    base, _, bits = cidr.partition("/")
    network, size = to_number(base), 1 << (32 - int(bits))
    low, high = network + 2, network + size - 2
    number = to_number(last) if last else low - 1
    for _ in range(high - low + 1):
        number = number + 1 if low <= number + 1 <= high else low
        text = to_text(number)
        if text not in taken:
            return text
    return ""
