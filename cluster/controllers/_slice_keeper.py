"""What the two controllers that write EndpointSlices share: which slices are theirs, and what they wrote themselves.

Source: k8s.io/endpointslice util/endpointslice_tracker.go, reconciler.go (finalize).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller

from . import _endpoint_slices as rules
from ._rollout import is_namespace_terminating
from ._trigger_times import TriggerTimes

CHANGE_DELAY_MS = 1_000  # endpointSliceChangeMinSyncDelay
MOST_RETRIES = 15
GONE = -1  # a deletion is expected
OF_SERVICE = "service"


@dataclass
class SliceState:
    """generations: Service -> slice's uid -> the generation that this controller wrote last.

    zones: CPU of each zone when it was last looked at, None if that is to be done; hinted: rules.Hints.
    """

    times: TriggerTimes = field(default_factory=TriggerTimes)
    generations: dict[str, dict[str, int]] = field(default_factory=dict)
    zones: dict[str, int] | None = None
    hinted: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)


def service_key(slice_: dict) -> str:
    meta = slice_["metadata"]
    return f"{meta['namespace']}/{(meta.get('labels') or {}).get(rules.SERVICE_NAME, '')}"


def of_manager(manager: str):
    """An index of slices: `namespace/name` of the Service that a slice belongs to, if this controller manages it."""

    def index(slice_: dict) -> list[str]:
        return [service_key(slice_)] if (slice_["metadata"].get("labels") or {}).get(rules.MANAGED_BY) == manager else []

    return index


class SliceKeeper(Controller):
    """Base of both. MANAGER_NAME: what its slices say. SOURCE_KIND: what they are made of, in complaints."""

    MANAGER_NAME, SOURCE_KIND = "", "Service"
    DELAY_MS = CHANGE_DELAY_MS

    def setup(self) -> None:
        self.state = SliceState()
        self.index = of_manager(self.MANAGER_NAME)

    def watch(self, informers) -> None:
        self.services = informers.watch("services")
        self.slices = informers.watch("endpointslices", indexes={OF_SERVICE + self.MANAGER_NAME: self.index})
        self.slices.on(self.on_slice)

    def on_slice(self, kind: str, old: dict | None, new: dict) -> None:
        """Only what others did to a slice of ours is news. Source: util/endpointslice_tracker.go."""
        key, was_ours = service_key(new), old is not None and bool(self.index(old))
        if old is not None and kind != "DELETED" and service_key(old) != key:
            self.queue.add_after(key, self.DELAY_MS)
            self.queue.add_after(service_key(old), self.DELAY_MS)
            return
        if not self.index(new):
            if was_ours and kind != "DELETED":
                self.queue.add_after(key, self.DELAY_MS)
            return
        known, uid = self.state.generations.get(key, {}), new["metadata"]["uid"]
        if kind == "DELETED":
            if known.pop(uid, GONE) != GONE:
                self.queue.add_after(key, self.DELAY_MS)
        elif (kind == "MODIFIED" and not was_ours) or new["metadata"].get("generation", 0) > known.get(uid, GONE):
            self.queue.add_after(key, self.DELAY_MS)

    def _is_stale(self, key: str, slices: list[dict]) -> bool:
        """Whether what this process knows is older than what it wrote. Source: EndpointSliceTracker.StaleSlices."""
        known = self.state.generations.get(key)
        if not known:
            return False
        there = {each["metadata"]["uid"]: each["metadata"].get("generation", 0) for each in slices}
        if any(uid in known and (known[uid] == GONE or known[uid] > generation) for uid, generation in there.items()):
            return True
        return any(uid not in there for uid, generation in known.items() if generation != GONE)

    def _again(self, key: str) -> str | None:
        return "retry" if self.queue.requeues(key) < MOST_RETRIES else None

    def _slices(self, key: str) -> list[dict]:
        return [each for each in self.slices.by(OF_SERVICE + self.MANAGER_NAME, key) if "deletionTimestamp" not in each["metadata"]]

    def _write(self, key: str, service: dict, changes: rules.Changes) -> Iterator[Any]:
        """Returns None, or why it failed; "" where the namespace is going and nothing can be done."""
        meta = service["metadata"]
        for slice_ in changes.create if "deletionTimestamp" not in meta else ():
            reply = yield self.client.create("endpointslices", slice_)
            if not reply.ok:
                words = f"failed to create EndpointSlice for {self.SOURCE_KIND} {meta['namespace']}/{meta['name']}: {reply.message}"
                return "" if is_namespace_terminating(reply) else words
            self._expect(key, reply.body, reply.body["metadata"]["generation"])
        for slice_ in changes.update:
            reply = yield self.client.update("endpointslices", slice_)
            if not reply.ok:
                name = slice_["metadata"]["name"]
                return f"failed to update {name} EndpointSlice for {self.SOURCE_KIND} {meta['namespace']}/{meta['name']}: {reply.message}"
            self._expect(key, reply.body, reply.body["metadata"]["generation"])
        for slice_ in changes.delete:
            name = slice_["metadata"]["name"]
            reply = yield self.client.delete("endpointslices", name, meta["namespace"])
            if not reply.ok:
                return f"failed to delete {name} EndpointSlice for {self.SOURCE_KIND} {meta['namespace']}/{meta['name']}: {reply.message}"
            self._expect(key, slice_, GONE)
        return None

    def _expect(self, key: str, slice_: dict, generation: int) -> None:
        self.state.generations.setdefault(key, {})[slice_["metadata"]["uid"]] = generation
