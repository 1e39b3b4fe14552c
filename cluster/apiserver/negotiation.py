"""Content negotiation: what a client accepts and sends, against what the server can write and read.

Source: k8s.io/apiserver pkg/endpoints/handlers/negotiation/negotiate.go; github.com/emicklei/go-restful jsr311.go.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cluster.meta import status
from cluster.meta.requests import Request

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
MEDIA = (JSON, YAML, PROTOBUF)
STREAMS = (JSON + ";stream=watch", PROTOBUF + ";stream=watch")
PATCH_TYPES = ("application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
               "application/apply-patch+yaml")
TRANSFORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


@dataclass(frozen=True)
class Wanted:
    """What a client accepts best. kind: what to convert to ("Table", …), or ""; version: its version of meta.k8s.io."""

    media: str = JSON
    kind: str = ""
    version: str = ""


@lru_cache(maxsize=256)
def wanted(accept: str) -> Wanted:
    """The best that can be offered for an Accept header; raises NotAcceptable. Protobuf alone is answered with JSON."""
    if not accept:
        return Wanted()
    fallback = None
    for media, params in clauses(accept):
        found = _offer(media, params)
        if found is None:
            continue
        if found.media == PROTOBUF:
            fallback = fallback or Wanted(JSON, found.kind, found.version)
            continue
        return found
    if fallback is None:
        raise status.not_acceptable(MEDIA)
    return fallback


def check_plain(request: Request) -> None:
    """Refuse tables and metadata alone of what has neither: a review. Source: negotiate.go (AllowsMediaTypeTransform)."""
    if not wanted(request.accept).kind:
        return
    offers = [_offer(media, params) for media, params in clauses(request.accept)]
    if not any(offer is not None and not offer.kind for offer in offers):
        raise status.not_acceptable(MEDIA)


def _offer(media: str, params: dict[str, str]) -> Wanted | None:
    """What the server makes of one clause, or None."""
    kind_of, _, sub = media.partition("/")
    for offered in MEDIA:
        its_kind, _, its_sub = offered.partition("/")
        if kind_of in (its_kind, "*") and sub in (its_sub, "*"):
            kind = params.get("as", "")
            if not kind:
                return Wanted(offered)
            if kind in TRANSFORMS and params.get("g") == "meta.k8s.io" and params.get("v") in ("v1", "v1beta1"):
                return Wanted(offered, kind, params["v"])
            return None
    return None


def clauses(accept: str) -> list[tuple[str, dict[str, str]]]:
    """The parts of an Accept header: (media type, parameters), best first; q as goautoneg reads it."""
    found = []
    for part in accept.split(","):
        media, *rest = [piece.strip() for piece in part.split(";")]
        params = dict(piece.split("=", 1) for piece in rest if "=" in piece)
        if media:
            found.append((_quality(params.pop("q", "1")), media if media != "*" else "*/*", params))
    return [(media, params) for _, media, params in sorted(found, key=lambda row: -row[0])]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def check_stream(request: Request) -> None:
    """Refuse a watch that would be written as YAML: it has no frames."""
    if wanted(request.accept).media == YAML:
        raise status.not_acceptable(STREAMS)


def check_discovery(request: Request, produced: tuple[str, ...] = MEDIA, *, is_routed: bool = True) -> None:
    """Refuse what no list of versions, groups or resources can be written as. is_routed: the router looks first, and at methods too."""
    if is_routed and "method" in request.options:
        raise status.method_not_allowed()
    accepted = [part.partition(";")[0].strip() for part in request.accept.split(",")]
    if is_routed and request.accept and not any(media in produced or media in ("*/*", "*") for media in accepted):
        raise status.failure(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: " + ", ".join(produced), {})
    if produced == MEDIA:
        check_plain(request)
        wanted(request.accept)


def check_route(request: Request) -> None:
    """What the router refuses before any handler runs: types that a route neither writes nor reads."""
    if request.subresource == "proxy":   # what goes on to others is theirs to refuse
        return
    if request.verb == "patch" and request.content_type.partition(";")[0].strip() not in PATCH_TYPES:
        raise status.failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    produced = (*MEDIA, *STREAMS) if request.verb in ("list", "watch", "get") and not request.name else MEDIA
    accepted = [part.partition(";")[0].strip() for part in request.accept.split(",")]
    known = {media.partition(";")[0] for media in produced}
    if request.accept and not any(media in known or media in ("*/*", "*") for media in accepted):
        raise status.failure(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: " + ", ".join(produced), {})
