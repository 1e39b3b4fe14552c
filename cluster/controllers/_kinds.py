"""Which kinds the controllers that deal with all of them deal with."""

from __future__ import annotations

from cluster.kinds import Registry, registry
from cluster.kinds.base import Kind

WATCHED_VERBS = ("delete", "list", "watch")


def resource(kind: Kind) -> str:
    """The kind's resource as a client names it."""
    return f"{kind.plural}.{kind.group}" if kind.custom else kind.plural


def api_version(kind: Kind) -> str:
    """What the kind's objects carry as apiVersion."""
    return f"{kind.group}/{kind.version}" if kind.group else kind.version


def collected() -> list[Kind]:
    """Kinds whose objects can own and be owned: all that can be deleted and watched, but Events.

    Source: pkg/controller/garbagecollector GetDeletableResources, DefaultIgnoredResources.
    """
    return [
        kind for kind in registry().stored if kind.plural != "events" and all(v in kind.verbs for v in WATCHED_VERBS)
    ]


def in_namespaces(kinds: Registry | None = None) -> list[Kind]:
    """Namespaced kinds whose objects can be deleted: a namespace's content. kinds: with a sandbox's custom ones."""
    return [kind for kind in (kinds or registry()).stored if kind.namespaced and "delete" in kind.verbs]
