"""Owns what an image is made of as a registry knows it: its size and its digests. Pure functions of the name and how often it was pushed.

A simplification: sizes are well-known ones or made from the name, and images share no layers.
"""

from __future__ import annotations

import hashlib
import re

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
    "perl": 331,
    "agnhost": 53,
    "git-sync": 35,
    "fluent-bit": 34,
    "stress": 4,
}

TAG_WORDS = (
    "latest", "stable", "mainline", "edge", "lts", "current", "alpine", "slim", "perl", "otel", "fpm", "cli", "apache", "management", "linux",
    "bookworm", "bullseye", "buster", "trixie", "stretch", "jessie", "sid", "unstable", "testing", "oldstable", "rolling", "devel", "noble",
    "jammy", "focal", "bionic", "xenial", "musl", "glibc", "uclibc", "jre", "jdk", "rc", "v", "temurin", "innovation", "iron", "jod", "hydrogen",
)  # fmt: skip
_VERSION = re.compile(r"([a-z]*)([0-9]{1,9}(?:\.[0-9]{1,9}){0,4})(?:[a-z][a-z0-9]{0,9})?")


def is_published(name: str) -> bool:
    """Whether a registry is taken to have an image: of well-known ones tags that look like a version or a usual word, all of others.

    So nginx:1.161 and nginx:nope are not found, as they are not in reality; nginx:1.27, nginx:stable-alpine and any/thing:nope are.
    """
    parsed = reference.parse(name)
    short = parsed.path.removeprefix(reference.OFFICIAL)
    if parsed.digest or parsed.domain != reference.DEFAULT_DOMAIN or parsed.path == short or short not in KNOWN_MIB:
        return True
    first = parsed.tag.partition("-")[0].lower()
    number = _VERSION.fullmatch(first)
    if number is None:
        return first in TAG_WORDS or first == short
    return (not number[1] or number[1] in (*TAG_WORDS, short)) and all(len(part) <= 2 for part in number[2].split("."))


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
