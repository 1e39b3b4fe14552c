"""endpointslicemirroring-controller: copies Endpoints that somebody wrote for a Service without selector into EndpointSlices.

Source: pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go, reconciler.go, utils.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.meta.objects import key_of

from . import _endpoint_slices as rules
from ._own_writes import CATCH_UP_MS
from ._slice_keeper import SliceKeeper
from ._trigger_times import ANNOTATION

SKIP = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MANAGER = "endpointslicemirroring-controller.k8s.io"
MOST_ADDRESSES = 1_000  # --mirroring-max-endpoints-per-subset
TOO_MANY = "A max of {most} addresses can be mirrored to EndpointSlices per Endpoints subset. {skipped} addresses were skipped"


class EndpointSliceMirroringController(SliceKeeper):
    """Its keys are Endpoints, which are their Services' too."""

    NAME = "endpointslicemirroring-controller"
    RESOURCE = "endpoints"
    RETRY_BASE_MS = 1_000
    DELAY_MS = 0
    MANAGER_NAME, SOURCE_KIND = MANAGER, "Endpoints"

    def setup(self) -> None:
        super().setup()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component="endpoint-slice-mirroring-controller"))

    def watch(self, informers) -> None:
        super().watch(informers)
        self.services.on(self.on_service)
        self.endpoints = informers.watch("endpoints")
        self.endpoints.on(self.on_endpoints)

    def on_service(self, kind: str, old: dict | None, new: dict) -> None:
        """A Service that has no selector, or has one no more; one that has Endpoints or slices of them, that is: the rest is no work."""
        has, had = bool(new["spec"].get("selector")), bool(old and old["spec"].get("selector"))
        key = key_of(new)
        is_news = has != had if kind == "MODIFIED" else not has
        found = self.endpoints.get(key)
        if is_news and ((found is not None and is_mirrored(found)) or self._slices(key)):
            self.queue.add(key)

    def on_endpoints(self, kind: str, old: dict | None, new: dict) -> None:
        """Those that the endpoint-controller keeps are no news here, as long as nothing was mirrored before."""
        key = key_of(new)
        service = self.services.get(key)
        is_selected = service is not None and bool(service["spec"].get("selector"))
        if (is_mirrored(new) or (old is not None and is_mirrored(old))) and (not is_selected or self._slices(key)):
            self.queue.add(key)

    def sync(self, key: str) -> Any:
        endpoints, service, slices = self.endpoints.get(key), self.services.get(key), self._slices(key)
        if endpoints is None or service is None or not is_mirrored(endpoints) or service["spec"].get("selector"):
            self.state.generations.pop(key, None)
            return self._delete(key, slices) if slices else None
        if self._is_stale(key, slices):
            return self._again(key)
        return self._mirror(key, endpoints, slices)

    def _delete(self, key: str, slices: list[dict]) -> Iterator[Any]:
        calls = [self.client.delete("endpointslices", each["metadata"]["name"], each["metadata"]["namespace"]) for each in slices]
        replies = yield calls
        return None if all(reply.ok or reply.code == 404 for reply in replies) else self._again(key)

    def _mirror(self, key: str, endpoints: dict, slices: list[dict]) -> Iterator[Any]:
        desired, skipped = desired_of(endpoints)
        if skipped:
            words = TOO_MANY.format(most=MOST_ADDRESSES, skipped=skipped)
            self.recorder.event(endpoints, "Warning", "TooManyAddressesToMirror", words)
        failure = yield from self._write(key, endpoints, changes_of(endpoints, desired, slices))
        if self._is_stale(key, self._slices(key)):
            yield Sleep(CATCH_UP_MS)
        return self._again(key) if failure else None


def is_mirrored(endpoints: dict) -> bool:
    """Source: shouldMirror."""
    meta = endpoints["metadata"]
    return (meta.get("labels") or {}).get(SKIP) != "true" and LEADER not in (meta.get("annotations") or ())


Desired = dict[tuple[str, rules.Ports], list[dict]]


def desired_of(endpoints: dict) -> tuple[Desired, int]:
    """((family, ports) -> endpoints, how many addresses there was no room for)."""
    found: Desired = {}
    skipped = 0
    for subset in endpoints.get("subsets") or ():
        named = subset.get("ports") or ()
        ports = tuple((port.get("name", ""), port["port"], port.get("protocol", "TCP"), port.get("appProtocol")) for port in named)
        rows = [(each, True) for each in subset.get("addresses") or ()] + [(each, False) for each in subset.get("notReadyAddresses") or ()]
        skipped += max(0, len(rows) - MOST_ADDRESSES)
        for address, is_ready in rows[:MOST_ADDRESSES]:
            family = "IPv6" if ":" in address["ip"] else "IPv4"
            found.setdefault((family, ports), []).append(_endpoint(address, is_ready))
    return found, skipped


def _endpoint(address: dict, is_ready: bool) -> dict:
    """Source: addressToEndpoint."""
    found = {"addresses": [address["ip"]], "conditions": {"ready": is_ready}}
    parts = {"hostname": address.get("hostname"), "targetRef": address.get("targetRef"), "nodeName": address.get("nodeName")}
    return {**found, **{name: value for name, value in parts.items() if value}}


def changes_of(endpoints: dict, desired: Desired, slices: list[dict]) -> rules.Changes:
    """One slice for each family and set of ports. Source: reconcileByPortMapping, recycleSlices."""
    changes = rules.Changes()
    there: dict[tuple, list[dict]] = {}
    for slice_ in slices:
        there.setdefault((slice_["addressType"], rules.ports_key(slice_)), []).append(slice_)
    for (family, ports), rows in desired.items():
        first, *others = there.pop((family, tuple(sorted(ports, key=str))), [None])
        changes.delete += others
        wanted = _slice(endpoints, family, ports, rows)
        if first is None:
            changes.create.append(wanted)
        elif not _is_same(first, wanted):
            changes.update.append({**wanted, "metadata": _named(wanted, first)})
    changes.delete += [each for rest in there.values() for each in rest]
    _recycle(changes)
    return changes


def _slice(endpoints: dict, family: str, ports: rules.Ports, rows: list[dict]) -> dict:
    """Source: newEndpointSlice."""
    meta = endpoints["metadata"]
    owner = {"apiVersion": "v1", "kind": "Endpoints", "name": meta["name"], "uid": meta["uid"], "controller": True, "blockOwnerDeletion": True}
    labels = {**(meta.get("labels") or {}), rules.SERVICE_NAME: meta["name"], rules.MANAGED_BY: MANAGER}
    annotations = {key: value for key, value in (meta.get("annotations") or {}).items() if key not in (ANNOTATION, LAST_APPLIED)}
    made = {"generateName": meta["name"] + "-", "namespace": meta["namespace"], "labels": labels, "ownerReferences": [owner]}
    if annotations:
        made["annotations"] = annotations
    return {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": made, "addressType": family, "endpoints": rows,
            "ports": rules.shown_ports(ports) or None}  # fmt: skip


def _is_same(slice_: dict, wanted: dict) -> bool:
    meta, other = slice_["metadata"], wanted["metadata"]
    if slice_.get("endpoints") != wanted["endpoints"]:
        return False
    return all((meta.get(part) or {}) == (other.get(part) or {}) for part in ("labels", "annotations", "ownerReferences"))


def _named(wanted: dict, slice_: dict) -> dict:
    return {**{key: value for key, value in wanted["metadata"].items() if key != "generateName"}, "name": slice_["metadata"]["name"]}


def _recycle(changes: rules.Changes) -> None:
    """What would be deleted takes in what would be created."""
    for old in list(changes.delete):
        new = next((each for each in changes.create if each["addressType"] == old["addressType"]), None)
        if new is not None:
            changes.create.remove(new)
            changes.delete.remove(old)
            changes.update.append({**new, "metadata": _named(new, old)})
