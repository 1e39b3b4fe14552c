"""endpointslice-controller: writes down, in slices of at most a hundred, the addresses behind each Service with a selector.

The API server is told of a change as soon as a Pod's address or readiness changes: --endpointslice-updates-batch-period is 0.
Source: pkg/controller/endpointslice/endpointslice_controller.go; the rules are in _endpoint_slices.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.meta.objects import key_of

from . import _endpoint_slices as rules
from . import _service_pods
from ._endpoint_book import Book
from ._rollout import is_namespace_terminating
from ._trigger_times import TriggerTimes, annotated

CHANGE_DELAY_MS = 1_000  # endpointSliceChangeMinSyncDelay
MOST_RETRIES = 15
CATCH_UP_MS = 6
GONE = -1  # a deletion is expected
OF_SERVICE = "service"


@dataclass
class EndpointSliceState:
    """generations: Service -> slice's uid -> the generation that this controller wrote last."""

    times: TriggerTimes = field(default_factory=TriggerTimes)
    generations: dict[str, dict[str, int]] = field(default_factory=dict)


def service_index(slice_: dict) -> list[str]:
    """`namespace/name` of the Service that a slice belongs to, if this controller manages it."""
    labels = slice_["metadata"].get("labels") or {}
    return [service_key(slice_)] if labels.get(rules.MANAGED_BY) == rules.MANAGER else []


def service_key(slice_: dict) -> str:
    meta = slice_["metadata"]
    return f"{meta['namespace']}/{(meta.get('labels') or {}).get(rules.SERVICE_NAME, '')}"


class EndpointSliceController(Controller):
    """Its keys are Services."""

    NAME = "endpointslice-controller"
    RESOURCE = "services"
    RETRY_BASE_MS = 1_000

    def setup(self) -> None:
        self.state = EndpointSliceState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component="endpoint-slice-controller"))
        self.books: dict[str, Book] = {}  # by Service; derived
        self.node_changes = 0

    def watch(self, informers) -> None:
        self.members = _service_pods.shared(self.process)
        self.members.listeners.append(self.queue.add)
        self.services = informers.watch("services")
        self.services.on(self.on_service)
        self.nodes = informers.watch("nodes")
        self.nodes.on(self.on_node)
        self.slices = informers.watch("endpointslices", indexes={OF_SERVICE: service_index})
        self.slices.on(self.on_slice)

    def on_service(self, kind: str, old: dict | None, new: dict) -> None:
        if new["spec"].get("selector"):
            self.queue.add(key_of(new))

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        """No reason to sync, but endpoints are made of nodes too."""
        if kind != "MODIFIED" or old["metadata"].get("labels") != new["metadata"].get("labels"):
            self.node_changes += 1

    def on_slice(self, kind: str, old: dict | None, new: dict) -> None:
        """Only what others did to a slice of ours is news. Source: util/endpointslice_tracker.go."""
        key, was_ours = service_key(new), old is not None and bool(service_index(old))
        if old is not None and kind != "DELETED" and service_key(old) != key:
            self.queue.add_after(key, CHANGE_DELAY_MS)
            self.queue.add_after(service_key(old), CHANGE_DELAY_MS)
            return
        if not service_index(new):
            if was_ours and kind != "DELETED":
                self.queue.add_after(key, CHANGE_DELAY_MS)
            return
        known, uid = self.state.generations.get(key, {}), new["metadata"]["uid"]
        if kind == "DELETED":
            if known.pop(uid, GONE) != GONE:
                self.queue.add_after(key, CHANGE_DELAY_MS)
        elif (kind == "MODIFIED" and not was_ours) or new["metadata"].get("generation", 0) > known.get(uid, GONE):
            self.queue.add_after(key, CHANGE_DELAY_MS)

    def _is_stale(self, key: str, slices: list[dict]) -> bool:
        """Whether what this process knows is older than what it wrote. Source: EndpointSliceTracker.StaleSlices."""
        known = self.state.generations.get(key)
        if not known:
            return False
        there = {each["metadata"]["uid"]: each["metadata"].get("generation", 0) for each in slices}
        if any(uid in known and (known[uid] == GONE or known[uid] > generation) for uid, generation in there.items()):
            return True
        return any(uid not in there for uid, generation in known.items() if generation != GONE)

    def sync(self, key: str) -> Any:
        service = self.services.get(key)
        if service is None:
            self._forget(key)
            return None
        if service["spec"]["type"] == "ExternalName" or not service["spec"].get("selector"):
            return None
        slices = self._slices(key)
        return self._again(key) if self._is_stale(key, slices) else self._reconcile(key, service, slices)

    def _again(self, key: str) -> str | None:
        return "retry" if self.queue.requeues(key) < MOST_RETRIES else None

    def _forget(self, key: str) -> None:
        self.state.times.forget(key)
        self.state.generations.pop(key, None)
        self.books.pop(key, None)

    def _slices(self, key: str) -> list[dict]:
        return [each for each in self.slices.by(OF_SERVICE, key) if "deletionTimestamp" not in each["metadata"]]

    def _reconcile(self, key: str, service: dict, slices: list[dict]) -> Iterator[Any]:
        result = yield from self._make_right(key, service, slices)
        if self._is_stale(key, self._slices(key)):
            yield Sleep(CATCH_UP_MS)  # here an answer overtakes the watch more often than there
        return result

    def _make_right(self, key: str, service: dict, slices: list[dict]) -> Iterator[Any]:
        book = self._book(key, service)
        changed, gone = book.take(self.members.of(key, service), self.nodes)
        moment = self.state.times.compute(key, service, changed, gone)
        for family, desired in book.desired.items():
            of_family = [each for each in slices if each["addressType"] == family]
            failure = yield from self._write(key, service, rules.reconcile(service, family, desired, of_family, book.known), moment)
            if failure is not None:
                return self._failed(key, service, failure) if failure else None
        for slice_ in [each for each in slices if each["addressType"] not in book.desired]:
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

    def _write(self, key: str, service: dict, changes: rules.Changes, moment: str) -> Iterator[Any]:
        """Returns None, or why it failed; "" where the namespace is going and nothing can be done."""
        meta = service["metadata"]
        for slice_ in changes.create if "deletionTimestamp" not in meta else ():
            reply = yield self.client.create("endpointslices", {**slice_, "metadata": annotated(slice_["metadata"], moment)})
            if not reply.ok:
                words = f"failed to create EndpointSlice for Service {meta['namespace']}/{meta['name']}: {reply.message}"
                return "" if is_namespace_terminating(reply) else words
            self._expect(key, reply.body, reply.body["metadata"]["generation"])
        for slice_ in changes.update:
            reply = yield self.client.update("endpointslices", {**slice_, "metadata": annotated(slice_["metadata"], moment)})
            if not reply.ok:
                name = slice_["metadata"]["name"]
                return f"failed to update {name} EndpointSlice for Service {meta['namespace']}/{meta['name']}: {reply.message}"
            self._expect(key, reply.body, reply.body["metadata"]["generation"])
        for slice_ in changes.delete:
            name = slice_["metadata"]["name"]
            reply = yield self.client.delete("endpointslices", name, meta["namespace"])
            if not reply.ok:
                return f"failed to delete {name} EndpointSlice for Service {meta['namespace']}/{meta['name']}: {reply.message}"
            self._expect(key, slice_, GONE)
        return None

    def _expect(self, key: str, slice_: dict, generation: int) -> None:
        self.state.generations.setdefault(key, {})[slice_["metadata"]["uid"]] = generation

    def _failed(self, key: str, service: dict, words: str) -> str | None:
        meta = service["metadata"]
        self.recorder.event(service, "Warning", "FailedToUpdateEndpointSlices",
                            f"Error updating Endpoint Slices for Service {meta['namespace']}/{meta['name']}: {words}")  # fmt: skip
        return self._again(key)
