"""One request as the verbs see it: its kind found, its options read, its warnings collected, its trace a method away."""
from __future__ import annotations

from typing import Any

import msgspec

from cluster.engine.plain import carried
from cluster.kinds.base import Kind
from cluster.meta import status
from cluster.meta.requests import Request

from . import authn, empties, options
from .context import Context
from .conversion import stored_group
from .identity import Identity

LONGEST_GENERATED = 63
SUFFIX = 5


@carried
class Write(msgspec.Struct, kw_only=True):
    """What a request wants done to one key, worked out but not yet done.

    expected: the mod_revision it was worked out from, 0 for a key that must not exist. value: what to put, if anything.
    delete: whether the key goes (after the put, if there is one). answer: the reply's body; None: what was put or deleted.
    pinned: the caller named a resourceVersion or a uid, so a lost race is a Conflict and nothing is worked out again.
    """

    request: Request
    key: str
    expected: int
    code: int = 200
    value: dict | None = None
    delete: bool = False
    answer: dict | None = None
    warnings: list[str] = []
    pinned: bool = False
    generated: bool = False        # the name is chance: another may be tried
    is_own: bool = False           # it is a put and nothing else, and nobody else holds the value's top or its metadata
    parts: list[Any] = []          # of a deletecollection: one Write for each object; what goes along with a deleted one
    charges: list[Any] = []        # quotas' new usage: written first
    first: list[Any] = []          # Writes that come before it, all or none; where a key has moved on, all is worked out again


class Call:
    """A request under way. Everything here lasts for one request."""

    __slots__ = ("request", "context", "kind", "name", "namespace", "subresource", "key", "warnings", "dry_run", "charges", "told", "empties")

    def __init__(self, request: Request, context: Context, kind: Kind):
        self.request, self.context, self.kind = request, context, kind
        self.name, self.namespace, self.subresource = request.name, request.namespace, request.subresource
        self.key = f"{kind.root}/{self.namespace}/{self.name}" if kind.namespaced else f"{kind.root}/{self.name}"
        self.warnings: list[str] = [kind.deprecation] if kind.deprecation and request.path else []
        self.dry_run = "dryRun" in request.options and options.is_dry_run(request)
        self.charges: list[Any] = []
        self.empties: list[empties.Place] = []     # where the body had lists and maps without anything in them
        self.told: list[tuple[str, bool, dict]] = []      # the facts about it: kind, whether it had its name by then, data

    @property
    def shown_key(self) -> str:
        """The key as the storage's words tell it: in a dry run without etcd's prefix."""
        return self.key.removeprefix("/registry") if self.dry_run else self.key

    @property
    def api_version(self) -> str:
        return self.kind.api_version

    @property
    def identity(self) -> Identity:
        """Who asks, after impersonation."""
        return authn.authenticate(self.request, self.context)

    @property
    def who(self) -> dict:
        """The same as objects carry it: username, uid, groups, extra."""
        identity = self.identity
        return {"username": identity.user, "uid": identity.uid, "groups": list(identity.groups),
                "extra": {name: list(values) for name, values in identity.extra}}

    @property
    def subject(self) -> str:
        return f"{self.kind.plural}/{self.namespace}/{self.name}"

    def trace(self, kind: str, **data: Any) -> None:
        if self.context.is_explained:
            self.told.append((kind, bool(self.name), data))
            self.context.trace(kind, self.subject, **data)

    def rename(self, name: str) -> None:
        """Give the request the name that its object turned out to have."""
        if name != self.name:
            self.name, kind = name, self.kind
            self.key = f"{kind.root}/{self.namespace}/{name}" if kind.namespaced else f"{kind.root}/{name}"

    # -- refusals about this request's resource -----------------------------------------------------------------------

    def not_found(self) -> status.StatusError:
        return status.not_found(self.kind.plural, self.name, self.kind.group)

    def conflict(self, why: str = status.MODIFIED) -> status.StatusError:
        return status.conflict(self.kind.plural, self.name, why, self.kind.group)

    def forbidden(self, why: str, name: str = "") -> status.StatusError:
        return status.forbidden(self.kind.plural, name or self.name, why, self.kind.group)

    def invalid(self, errors: list) -> status.StatusError:
        return status.invalid(self.kind.kind, self.name, errors, stored_group(self.kind))


def generated(call: Call, prefix: str) -> str:
    """A name from its generateName: at most 63 characters, five of them chance.

    Source: k8s.io/apiserver pkg/storage/names/generate.go.
    """
    return prefix[:LONGEST_GENERATED - SUFFIX] + call.context.rng("names").suffix(SUFFIX)


def key_for(kind: Kind, namespace: str, name: str) -> str:
    """etcd's key of an object."""
    return f"{kind.root}/{namespace}/{name}" if kind.namespaced else f"{kind.root}/{name}"


def folder_for(kind: Kind, namespace: str) -> str:
    """The folder of keys that a list of a namespace (or of all, "") reads; it ends in a slash."""
    return f"{kind.root}/{namespace}/" if kind.namespaced and namespace else f"{kind.root}/"


def find_kind(request: Request, context: Context) -> Kind:
    """The kind of a request that has passed the router."""
    return context.registry.named(request.group, request.version, request.resource)
