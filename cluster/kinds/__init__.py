"""The kinds that are served: each file of this folder that has a `KIND` is one; this module finds them by any of their names."""
from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from cluster.kinds.base import Kind

# One stored kind that is shown in a second group too: (group, plural) -> (group, version).
ALSO_SERVED_AS = {("", "events"): ("events.k8s.io", "v1")}


def api_version(kind: Kind) -> str:
    """`v1`, `apps/v1`: what the kind's objects carry as apiVersion."""
    return kind.api_version


def qualified(kind: Kind) -> str:
    """The resource as error messages name it: `pods`, `deployments.apps`."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


def list_kind(kind: Kind) -> str:
    """`PodList`."""
    return kind.list_kind or kind.kind + "List"


def prefix(kind: Kind) -> str:
    """The folder in etcd that holds the kind's objects, without a slash at its end."""
    return kind.root


class Registry:
    """All served kinds, with an index for each way to name one. Immutable once made.

    A kind that is served in several versions or groups is there once for each; `stored` has it once, as it is stored.
    """

    def __init__(self, kinds: Iterable[Kind], more: Iterable[Kind] = (), base: Registry | None = None):
        stored = sorted(kinds, key=lambda kind: (kind.group, kind.plural))
        self.base = base or self               # without what one sandbox has beside it
        self.stored = tuple(stored)
        self.kinds = tuple(sorted((*stored, *_second_faces(stored), *more), key=lambda kind: (kind.group, kind.plural, kind.version)))
        self.by_version = {(kind.group, kind.version, kind.plural): kind for kind in self.kinds}
        self.virtual = frozenset((kind.group, kind.plural) for kind in self.kinds if kind.virtual)
        self._by_resource = {(kind.group, kind.plural): kind for kind in (*self.kinds, *stored)}
        self._by_kind = {(api_version(kind), kind.kind): kind for kind in self.kinds}
        self._by_plural = {kind.plural: kind for kind in reversed(self.stored)}
        self._by_name = {name.lower(): kind for kind in reversed(self.kinds) for name in _names(kind)}
        self._by_name.update({name.lower(): kind for kind in reversed(self.stored) for name in _names(kind)})

    def extended(self, custom: Iterable[list[Kind]]) -> Registry:
        """These kinds and more: what one sandbox serves beside the built-in kinds; of each its versions, the main one first."""
        versions = list(custom)
        return Registry((*self.stored, *(kinds[0] for kinds in versions)),
                        [kind for kinds in versions for kind in kinds[1:]], base=self)

    def resource(self, group: str, plural: str) -> Kind | None:
        """The kind behind a resource of a group, in the version that is stored."""
        return self._by_resource.get((group, plural))

    def version(self, group: str, version: str, plural: str) -> Kind | None:
        """The kind behind a resource of a group's version."""
        return self.by_version.get((group, version, plural))

    def named(self, group: str, version: str, plural: str) -> Kind | None:
        """The kind that a request names: in that version, else as it is stored, else by its plural alone."""
        named = group, version, plural
        return self.by_version[named] if named in self.by_version else self._by_resource.get((group, plural)) or self.plural(plural)

    def plural(self, plural: str) -> Kind | None:
        """The kind behind a bare plural, or behind `events.events.k8s.io`."""
        found = self._by_plural.get(plural)
        if found is None and "." in plural:
            name, _, group = plural.partition(".")
            found = self._by_resource.get((group, name))
        return found

    def kind(self, api_version: str, kind: str) -> Kind | None:
        """The kind of an object's apiVersion and kind."""
        return self._by_kind.get((api_version, kind))

    def find(self, name: str) -> Kind | None:
        """The kind that a person may call `po`, `pod`, `pods`, `Pod`, `deployments.apps` or `deployments.v1.apps`."""
        return self._by_name.get(name.lower())

    def groups(self) -> list[str]:
        """The groups that have a kind, the core group ("") first."""
        return sorted({kind.group: None for kind in self.kinds})


def _names(kind: Kind) -> list[str]:
    names = [kind.plural, kind.singular, kind.kind, *kind.short_names]
    if kind.group:
        names += [f"{name}.{end}" for name in (kind.plural, kind.singular, *kind.short_names)
                  for end in (kind.group, f"{kind.version}.{kind.group}")]
    return names


def _second_faces(kinds: list[Kind]) -> list[Kind]:
    found = []
    for kind in kinds:
        also = ALSO_SERVED_AS.get((kind.group, kind.plural))
        if also:
            found.append(replace(kind, group=also[0], version=also[1], prefix=prefix(kind), **kind.second_face))
        found += [replace(kind, faces=(), prefix=prefix(kind), stored_as=api_version(kind), **face) for face in kind.faces]
    return found


@cache
def registry() -> Registry:
    """The registry of all kinds in this folder."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    loaded = [importlib.import_module(f"{__name__}.{name}") for name in modules]
    return Registry(module.KIND for module in loaded if hasattr(module, "KIND"))


@cache
def locate(resource: str) -> tuple[str, str, str]:
    """(plural, group, version) of a resource named by its plural, with its group where needed. Raises KeyError if it is not served."""
    kind = registry().plural(resource)
    if kind is None:
        raise KeyError(resource)
    return kind.plural, kind.group, kind.version


def prefix_of(plural: str, group: str = "") -> str:
    """The folder in etcd of a resource, with its slash."""
    kind = registry().resource(group, plural) or registry().plural(plural)
    return prefix(kind) + "/"
