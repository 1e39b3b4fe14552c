"""Owns the addresses of a node's Pods: the `host-local` rule of the CNI plugins, and names of network namespaces.

Next address after the last one given, round the range; network, gateway (.1) and broadcast are left out.
Source: github.com/containernetworking/plugins plugins/ipam/host-local/backend/allocator.
"""

from __future__ import annotations

from functools import lru_cache


def number_of(address: str) -> int:
    """An IPv4 address as a number."""
    first, second, third, fourth = address.split(".")
    return int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)


to_number = lru_cache(maxsize=4096)(number_of)  # for those that are asked about again and again


def to_text(number: int) -> str:
    return f"{number >> 24 & 255}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def next_address(cidr: str, *, last: str, taken: dict[str, str]) -> str:
    """The next free address of a range, or "" when all are taken."""
    low, high = _range_of(cidr)
    number = number_of(last) if last else low - 1
    for _ in range(high - low + 1):
        number = number + 1 if low <= number + 1 <= high else low
        text = to_text(number)
        if text not in taken:
            return text
    return ""


@lru_cache(maxsize=4096)
def _range_of(cidr: str) -> tuple[int, int]:
    """The first and the last address that Pods get."""
    base, _, bits = cidr.partition("/")
    network = number_of(base)
    return network + 2, network + (1 << (32 - int(bits))) - 2
