"""In which order the ports of an Endpoints object or of an EndpointSlice stand: by a hash of Go's dump of each.

Source: pkg/api/v1/endpoints/util.go (portsByHash), k8s.io/endpointslice util/controller_utils.go (portsInOrder), k8s.io/utils dump.ForHash.
"""

from __future__ import annotations

from functools import lru_cache

Port = tuple[str, int, str, str | None]  # name, number, protocol, appProtocol
BASIS, PRIME = 0x6C62272E07BB014262B821756295C58D, 0x1000000000000000000013B
DUMPS = {
    "Endpoints": "(v1.EndpointPort){{Name:(string){} Port:(int32){} Protocol:(v1.Protocol){} AppProtocol:(*string){}}}",
    "EndpointSlice": "(v1.EndpointPort){{Name:(*string){0} Protocol:(*v1.Protocol){2} Port:(*int32){1} AppProtocol:(*string){3}}}",
}


def fnv128a(text: str) -> int:
    """FNV-1a of 128 bits."""
    value = BASIS
    for byte in text.encode():
        value = (value ^ byte) * PRIME & (1 << 128) - 1
    return value


@lru_cache(maxsize=1024)
def _place(port: Port, kind: str) -> int:
    name, number, protocol, app = port
    return fnv128a(DUMPS[kind].format(name, number, protocol, "<nil>" if app is None else app))


def in_order(ports, kind: str) -> list[Port]:
    """The ports as objects of a kind list them."""
    return sorted(ports, key=lambda port: _place(port, kind)) if len(ports) > 1 else list(ports)
