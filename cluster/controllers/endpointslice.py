"""endpointslice-controller: writes down, in slices of at most a hundred, the addresses behind each Service with a selector.

The API server is told of a change as soon as a Pod's address or readiness changes: --endpointslice-updates-batch-period is 0.
Source: pkg/controller/endpointslice/endpointslice_controller.go; the rules are in _endpoint_slices.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.kinds.node import is_ready
from cluster.meta.objects import key_of

from . import _endpoint_slices as rules
from . import _service_pods
from . import _topology_hints as topology
from ._endpoint_book import Book
from ._own_writes import CATCH_UP_MS
from ._slice_keeper import GONE, SliceKeeper
from ._trigger_times import annotated


class EndpointSliceController(SliceKeeper):
    """Its keys are Services."""

    NAME = "endpointslice-controller"
    RESOURCE = "services"
    RETRY_BASE_MS = 1_000
    MANAGER_NAME = rules.MANAGER

    def setup(self) -> None:
        super().setup()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component="endpoint-slice-controller"))
        self.books: dict[str, Book] = {}  # by Service; derived
        self.node_changes = 0

    def watch(self, informers) -> None:
        self.members = _service_pods.shared(self.process)
        self.members.listeners.append(self.queue.add)
        super().watch(informers)
        self.services.on(self.on_service)
        self.nodes = informers.watch("nodes")
        self.nodes.on(self.on_node)

    def on_service(self, kind: str, old: dict | None, new: dict) -> None:
        if new["spec"].get("selector"):
            self.queue.add(key_of(new))

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        """No reason to sync but where hints no longer fit the zones; endpoints are made of nodes too. Source: updateNode."""
        is_other = kind != "MODIFIED" or old["metadata"].get("labels") != new["metadata"].get("labels")
        self.node_changes += is_other
        if self.state.zones is not None and (is_other or is_ready(old) != is_ready(new)):
            self.state.zones = None
            self._check_zones()

    def _check_zones(self) -> None:
        """Source: checkNodeTopologyDistribution."""
        for key, by_family in self.state.hinted.items():
            if any(topology.is_overloaded(hinted, self._zones()) for hinted in by_family.values()):
                self.queue.add(key)

    def _zones(self) -> topology.Zones:
        if self.state.zones is None:
            self.state.zones = topology.zones_of(self.nodes.items())
        return self.state.zones

    def _hints(self, service: dict) -> rules.Hints:
        return rules.Hints(self._zones() if topology.is_asked_for(service) else {}, self.state.hinted)

    def sync(self, key: str) -> Any:
        service = self.services.get(key)
        if service is None:
            self._forget(key)
            return None
        if service["spec"]["type"] == "ExternalName" or not service["spec"].get("selector"):
            return None
        slices = self._slices(key)
        return self._again(key) if self._is_stale(key, slices) else self._reconcile(key, service, slices)

    def _forget(self, key: str) -> None:
        """How its endpoints were hinted is kept, as upstream's topology cache does: a Service made anew is told of its hints by what was before."""
        self.state.times.forget(key)
        self.state.generations.pop(key, None)
        self.books.pop(key, None)

    def _reconcile(self, key: str, service: dict, slices: list[dict]) -> Iterator[Any]:
        result = yield from self._make_right(key, service, slices)
        if self._is_stale(key, self._slices(key)):
            yield Sleep(CATCH_UP_MS)
        return result

    def _make_right(self, key: str, service: dict, slices: list[dict]) -> Iterator[Any]:
        book = self._book(key, service)
        changed = book.take(self.members.of(key, service), self.nodes)
        moment = self.state.times.compute(key, service, changed, book.pods)
        of_no_family = [each for each in slices if each["addressType"] not in book.desired]
        for family in [each["addressType"] for each in of_no_family]:
            rules.unhinted(self._hints(service), service, family)
        for family, desired in book.desired.items():
            of_family = [each for each in slices if each["addressType"] == family]
            changes = rules.reconcile(service, family, desired, of_family, book.known, self._hints(service))
            for written in (*changes.create, *changes.update):
                written["metadata"] = annotated(written["metadata"], moment)
            failure = yield from self._write(key, service, changes)
            for kind, reason, message in changes.events:
                self.recorder.event(service, kind, reason, message)
            if failure is not None:
                return self._failed(key, service, failure) if failure else None
        for slice_ in of_no_family:
            yield self.client.delete("endpointslices", slice_["metadata"]["name"], slice_["metadata"]["namespace"])
            self._expect(key, slice_, GONE)
        return self._failed(key, service, next(iter(book.lost.values()))) if book.lost else None

    def _book(self, key: str, service: dict) -> Book:
        """What was worked out for a Service at its last sync; begun anew when the Service or a node's labels have changed."""
        book = self.books.get(key)
        if book is None or book.service is not service or book.nodes != self.node_changes:
            known = book.known if book is not None else {}
            book = self.books[key] = Book(service, self.node_changes, known)
        return book

    def _failed(self, key: str, service: dict, words: str) -> str | None:
        meta = service["metadata"]
        self.recorder.event(service, "Warning", "FailedToUpdateEndpointSlices",
                            f"Error updating Endpoint Slices for Service {meta['namespace']}/{meta['name']}: {words}")  # fmt: skip
        return self._again(key)
