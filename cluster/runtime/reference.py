"""Owns image names: reading them, giving them their domain and tag, and what is wrong with them.

Source: github.com/distribution/reference normalize.go and regexp.go; kubernetes pkg/util/parsers.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cluster.meta.remembering import remembered

DEFAULT_DOMAIN, OFFICIAL, LOCALHOST = "docker.io", "library/", "localhost"
_DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?)"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"({_DOMAIN}/)?({_PART}(?:/{_PART})*)(?::([\w][\w.-]{{0,127}}))?(?:@([A-Za-z0-9_+.-]+:[0-9a-fA-F]{{32,}}))?",
    re.ASCII,
)
_HEX64 = re.compile(r"[a-f0-9]{64}")


class Reference(NamedTuple):
    domain: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        return f"{self.domain}/{self.path}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{'@' + self.digest if self.digest else ''}"


class InvalidReference(ValueError):
    """A text that names no image; the message is upstream's."""


@remembered(4096)
def parse(image: str) -> Reference:
    """The full name of an image; the tag is `latest` where there is neither tag nor digest. Raises InvalidReference."""
    if _HEX64.fullmatch(image):
        raise InvalidReference(f"invalid repository name ({image}), cannot specify 64-byte hexadecimal strings")
    domain, rest = _split_domain(image)
    remote = rest.split("@")[0].split(":")[0]
    if remote.lower() != remote:
        raise InvalidReference(f"invalid reference format: repository name ({remote}) must be lowercase")
    found = _REFERENCE.fullmatch(f"{domain}/{rest}")
    if not found:
        raise InvalidReference("invalid reference format")
    tag, digest = found[3] or "", found[4] or ""
    return Reference(domain, rest.split("@")[0].split(":")[0], tag or ("" if digest else "latest"), digest)


@remembered(4096)
def full_name(image: str) -> str:
    """The same as text."""
    return str(parse(image))


def _split_domain(image: str) -> tuple[str, str]:
    first, slash, rest = image.partition("/")
    is_domain = slash and (any(sign in first for sign in ".:") or first == LOCALHOST or first.lower() != first)
    if not is_domain:
        domain, rest = DEFAULT_DOMAIN, image
    else:
        domain = DEFAULT_DOMAIN if first == "index.docker.io" else first
    if domain == DEFAULT_DOMAIN and "/" not in rest:
        rest = OFFICIAL + rest
    return domain, rest


def is_present_policy(policy: str, image: str) -> str:
    """The pull policy in force: as written, else Always for `latest` and IfNotPresent for the rest."""
    if policy:
        return policy
    try:
        return "Always" if parse(image).tag == "latest" else "IfNotPresent"
    except InvalidReference:
        return "IfNotPresent"
