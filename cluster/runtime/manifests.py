"""Owns what an image is made of as a registry knows it: its size and its digests. Pure functions of the name and how often it was pushed.

A simplification: sizes are well-known ones or made from the name, and images share no layers.
"""

from __future__ import annotations

import hashlib

from cluster.runtime import reference
from cluster.runtime.images import behaviour_of, behaviours

MIB = 1024 * 1024
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
    "agnhost": 53,
    "git-sync": 35,
    "fluent-bit": 34,
    "stress": 4,
}


def size_bytes(name: str) -> int:
    """Bytes of an image, from its full reference."""
    behaviour = behaviours()[behaviour_of(name)]
    if behaviour.size_bytes and (name in behaviour.names or not behaviour.names):
        return behaviour.size_bytes
    short = reference.parse(name).path.rpartition("/")[2]
    if short in KNOWN_MIB:
        return int(KNOWN_MIB[short] * MIB)
    return (20 + _number(name) % 180) * MIB + _number(name) % 1000


def image_id(name: str, pushes: int = 0) -> str:
    """The image's own digest: the recorded one, else one made from the name. pushes: how often it was pushed anew."""
    behaviour = behaviours()[behaviour_of(name)]
    recorded = behaviour.id if name in behaviour.names and not pushes else ""
    return recorded or "sha256:" + _hex(name + _mark(pushes))


def digest(name: str, pushes: int = 0) -> str:
    """The digest of its manifest: the one that a reference names, else one made from the name."""
    return reference.parse(name).digest or "sha256:" + _hex("manifest " + name + _mark(pushes))


def pulled_ref(name: str, manifest: str) -> str:
    """What status.imageID shows of an image that came from a registry: repository and manifest digest."""
    return f"{reference.parse(name).repository}@{manifest}"


def _mark(pushes: int) -> str:
    return f" pushed {pushes}" if pushes else ""


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
