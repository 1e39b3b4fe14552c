"""Which kinds a sandbox serves: the built-in ones, and those of the definitions in its store that are established.

Everything here is worked out from the store, so it is right after a restore too; without definitions it costs one look-up.
"""
from __future__ import annotations

from cluster.kinds import Registry
from cluster.store.memory import Store

from .converting import Post
from .resource import kinds_of

FOLDER = "/registry/apiextensions.k8s.io/"
DEFINITIONS = f"{FOLDER}customresourcedefinitions/"


class ServedKinds:
    """One store's registry. post: how webhooks that convert are asked."""

    def __init__(self, store: Store, built_in: Registry, post: Post | None = None):
        self.store, self.built_in, self.post = store, built_in, post
        self.stamp = None
        self.found = built_in
        self.made: dict[str, tuple[str, list]] = {}     # key -> (what a definition said, its kinds)

    def registry(self) -> Registry:
        """The kinds that are served now."""
        stamp = self.store.touched.get(FOLDER)
        if stamp != self.stamp:
            self.stamp = stamp
            self._rebuild()
        return self.found

    def _rebuild(self) -> None:
        made = {}
        for key, stored in self.store.list(DEFINITIONS):
            crd = stored.value
            if not is_established(crd):
                continue
            old = self.made.get(key)
            same = old is not None and old[0]["spec"] == crd["spec"] and old[0]["status"] == crd["status"]
            made[key] = old if same else (crd, kinds_of(crd, self.post))
        unchanged = list(made) == list(self.made) and all(made[key] is self.made[key] for key in made)
        self.made = made
        if not unchanged:
            self.found = self.built_in.extended([kinds for _, kinds in made.values() if kinds]) if made else self.built_in


def is_established(crd: dict) -> bool:
    """Whether a definition's kinds are served."""
    return any(one["type"] == "Established" and one["status"] == "True" for one in (crd.get("status") or {}).get("conditions") or ())
