"""endpoint-controller: the addresses behind each Service in one Endpoints object, for those who still read these.

Source: pkg/controller/endpoint/endpoints_controller.go; the subsets are made in _endpoint_subsets.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.meta.objects import key_of, split_key

from . import _endpoint_subsets as rules
from . import _service_pods
from ._endpoint_slices import HEADLESS
from ._own_writes import CATCH_UP_MS
from ._rollout import is_namespace_terminating
from ._trigger_times import TriggerTimes, annotated

MANAGED_BY, MANAGER = "endpoints.kubernetes.io/managed-by", "endpoint-controller"
LEADER = "control-plane.alpha.kubernetes.io/leader"  # of Endpoints that are no Service's, but say who leads
MOST_RETRIES = 15
LARGE, BATCH_MS = 100, 1_000  # a simplification: --endpoint-updates-batch-period is 0, whatever the number of addresses


@dataclass
class EndpointsState:
    """stale: Service -> the version that this controller has replaced: who still sees it must wait."""

    times: TriggerTimes = field(default_factory=TriggerTimes)
    stale: dict[str, str] = field(default_factory=dict)


@dataclass
class Known:
    """What was worked out for a Service at its last sync: its Pods, and what each stands for."""

    service: dict
    pods: dict[str, dict] = field(default_factory=dict)
    made: dict[str, rules.Made] = field(default_factory=dict)


class EndpointsController(Controller):
    """Its keys are Services."""

    NAME = "endpoint-controller"
    RESOURCE = "services"

    def setup(self) -> None:
        self.state = EndpointsState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component=self.NAME))
        self.known: dict[str, Known] = {}  # by Service; derived

    def watch(self, informers) -> None:
        self.members = _service_pods.shared(self.process)
        self.members.listeners.append(self.on_members)
        self.services = informers.watch("services")
        self.services.on(self.on_service)
        self.endpoints = informers.watch("endpoints")
        self.endpoints.on(self.on_endpoints)

    def on_members(self, key: str) -> None:
        """News of a Service's Pods; those of a large one are gathered."""
        is_large = len(self.state.times.pods.get(key, ())) > LARGE
        self.queue.add_after(key, BATCH_MS if is_large else 0)

    def on_service(self, kind: str, old: dict | None, new: dict) -> None:
        if new["spec"].get("selector") or kind == "DELETED":
            self.queue.add(key_of(new))

    def on_endpoints(self, kind: str, old: dict | None, new: dict) -> None:
        """Who loses its Endpoints gets new ones; a Service that goes takes them along, and news of that may come a moment later."""
        service = self.services.get(key_of(new))
        if kind == "DELETED" and service is not None and service["spec"].get("selector"):
            self.queue.add_after(key_of(new), CATCH_UP_MS)

    def on_synced(self) -> None:
        """What is left of Services that went while nobody watched. Source: checkLeftoverEndpoints."""
        for key, found in self.endpoints.pairs():
            if self.services.get(key) is None and LEADER not in (found["metadata"].get("annotations") or ()):
                self.queue.add(key)

    def sync(self, key: str) -> Any:
        service = self.services.get(key)
        if service is None:
            return self._delete(key)
        if service["spec"]["type"] == "ExternalName" or not service["spec"].get("selector"):
            return None
        current = self.endpoints.get(key)
        if self._is_stale(key, current):
            return self._again(key)
        return self._reconcile(key, service, current)

    def _is_stale(self, key: str, current: dict | None) -> bool:
        return current is not None and self.state.stale.get(key) == current["metadata"]["resourceVersion"]

    def _again(self, key: str) -> str | None:
        return "retry" if self.queue.requeues(key) < MOST_RETRIES else None

    def _delete(self, key: str) -> Iterator[Any]:
        """The Service is gone, and its Endpoints go with it."""
        namespace, name = split_key(key)
        reply = yield self.client.delete("endpoints", name, namespace)
        if not reply.ok and reply.code != 404:
            return self._again(key)
        self.state.times.forget(key)
        self.state.stale.pop(key, None)
        self.known.pop(key, None)
        return None

    def _reconcile(self, key: str, service: dict, current: dict | None) -> Iterator[Any]:
        made, changed = self._made(key, service)
        moment = self.state.times.compute(key, service, changed, self.known[key].pods)
        subsets, is_cut = rules.truncated(rules.subsets_of(made))
        meta = (current or {}).get("metadata") or {"name": service["metadata"]["name"], "namespace": service["metadata"]["namespace"]}
        is_marked = rules.OVER_CAPACITY in (meta.get("annotations") or ())
        is_well = current is not None and not is_cut and not is_marked and _has_labels_of(meta, service)
        if is_well and rules.are_same(current.get("subsets") or [], subsets):
            return None
        wanted = {"kind": "Endpoints", "apiVersion": "v1", "metadata": _metadata(meta, service, moment, is_cut)}
        wanted |= {"subsets": subsets} if subsets else {}
        if current is None:
            reply = yield self.client.create("endpoints", wanted)
        else:
            reply = yield self.client.update("endpoints", wanted)
        if not reply.ok:
            return self._failed(key, service, wanted, reply, is_new=current is None)
        if current is not None and reply.body["metadata"]["resourceVersion"] != meta["resourceVersion"]:
            self.state.stale[key] = meta["resourceVersion"]
        if self.endpoints.get(key) is current:
            yield Sleep(CATCH_UP_MS)
        return None

    def _made(self, key: str, service: dict) -> tuple[list[rules.Made], list[dict]]:
        """The addresses, and the Pods that have changed. Only what has been replaced is made anew."""
        known = self.known.get(key)
        if known is None or known.service is not service:
            known = self.known[key] = Known(service)
        now = self.members.of(key, service)
        changed, gone = _service_pods.changed_since(known.pods, now)
        for each in (*gone, *changed):
            known.made.pop(each, None)
        is_public = bool(service["spec"].get("publishNotReadyAddresses"))
        for each in changed:
            if _service_pods.belongs_in_endpoints(now[each], with_terminating=is_public):
                address = rules.address_of(now[each], service)
                if address is not None:
                    known.made[each] = address
        known.pods = now
        return list(known.made.values()), [now[each] for each in changed]

    def _failed(self, key: str, service: dict, wanted: dict, reply: Any, *, is_new: bool) -> str | None:
        meta = service["metadata"]
        if is_new and reply.code == 403 and is_namespace_terminating(reply):
            return None
        if is_new:
            words = f"Failed to create endpoint for service {meta['namespace']}/{meta['name']}: {reply.message}"
            self.recorder.event(wanted, "Warning", "FailedToCreateEndpoint", words)
        else:
            words = f"Failed to update endpoint {meta['namespace']}/{meta['name']}: {reply.message}"
            self.recorder.event(wanted, "Warning", "FailedToUpdateEndpoint", words)
        return self._again(key)


def _metadata(meta: dict, service: dict, moment: str, is_cut: bool) -> dict:
    """The Service's labels, and this controller's own marks."""
    labels = {key: value for key, value in (service["metadata"].get("labels") or {}).items() if key != HEADLESS}
    if service["spec"].get("clusterIP") in (None, "", "None"):
        labels[HEADLESS] = ""
    found = annotated({**meta, "labels": {**labels, MANAGED_BY: MANAGER}}, moment)
    annotations = {key: value for key, value in (found.get("annotations") or {}).items() if key != rules.OVER_CAPACITY}
    if is_cut:
        annotations[rules.OVER_CAPACITY] = "truncated"
    rest = {key: value for key, value in found.items() if key != "annotations"}
    return {**rest, "annotations": annotations} if annotations else rest


def _has_labels_of(meta: dict, service: dict) -> bool:
    """Source: labelsCorrectForEndpoints."""
    labels = meta.get("labels") or {}
    mine = {key: value for key, value in labels.items() if key not in (HEADLESS, MANAGED_BY)}
    return labels.get(MANAGED_BY) == MANAGER and mine == (service["metadata"].get("labels") or {})
