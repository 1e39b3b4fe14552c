"""Owns the registry that nodes pull from: how large an image is, how long that takes, and what cannot be pulled.

A simplification: sizes are well-known ones or made from the name; every node has the same bandwidth to the registry.
"""

from __future__ import annotations

import hashlib

from cluster.runtime import reference
from cluster.runtime.images import behaviour_of, behaviours

MIB = 1024 * 1024
BANDWIDTH_BYTES_S = 20 * MIB
RESOLVE_MS = 300  # asking for the manifest
KNOWN_MIB = {
    "alpine": 3.6,
    "busybox": 2.1,
    "nginx": 72,
    "httpd": 57,
    "redis": 46,
    "mysql": 223,
    "postgres": 154,
    "mariadb": 118,
    "mongo": 277,
    "python": 363,
    "node": 392,
    "golang": 297,
    "ubuntu": 29,
    "debian": 48,
    "tomcat": 178,
    "memcached": 31,
    "hello-world": 0.01,
    "traefik": 53,
    "wordpress": 244,
    "rabbitmq": 96,
    "pause": 0.3,
}
OFFLINE, EVERYTHING = "offline", "*"  # an entry of `unpullable` that stands for all names


def size_bytes(name: str) -> int:
    """Bytes of an image, from its full reference."""
    behaviour = behaviours()[behaviour_of(name)]
    if behaviour.size_bytes and name in behaviour.names:
        return behaviour.size_bytes
    short = reference.parse(name).path.rpartition("/")[2]
    if short in KNOWN_MIB:
        return int(KNOWN_MIB[short] * MIB)
    return (20 + _number(name) % 180) * MIB + _number(name) % 1000


def image_id(name: str) -> str:
    """The image's own digest: the recorded one, else one made from the name."""
    behaviour = behaviours()[behaviour_of(name)]
    return (name in behaviour.names and behaviour.id) or "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def pulled_ref(name: str) -> str:
    """What status.imageID shows of an image that came from a registry: repository and manifest digest."""
    digest = hashlib.sha256(b"manifest " + name.encode()).hexdigest()
    return f"{reference.parse(name).repository}@sha256:{digest}"


def pull_ms(name: str) -> int:
    """How long a pull takes: asking, then size ÷ bandwidth."""
    return RESOLVE_MS + size_bytes(name) * 1000 // BANDWIDTH_BYTES_S


def refusal(name: str, unpullable: list[str], resolver: str) -> str:
    """containerd's words when a pull cannot succeed, else "". name: the full reference."""
    if EVERYTHING in unpullable:
        return _no_such_host(name, resolver)
    if name in unpullable:
        return f'failed to pull and unpack image "{name}": failed to resolve image: {name}: not found'
    return ""


def _no_such_host(name: str, resolver: str) -> str:
    parsed = reference.parse(name)
    host = "registry-1.docker.io" if parsed.domain == reference.DEFAULT_DOMAIN else parsed.domain
    manifest = f"https://{host}/v2/{parsed.path}/manifests/{parsed.digest or parsed.tag}"
    lookup = host.partition(":")[0]
    return (
        f'failed to pull and unpack image "{name}": failed to resolve image: failed to do request: '
        f'Head "{manifest}": dial tcp: lookup {lookup} on {resolver}:53: no such host'
    )


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
