"""service-cidr-controller: a range of Services' addresses is ready once it is protected, and goes when nobody holds an address of it.

Source: pkg/controller/servicecidrs/servicecidrs_controller.go.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.kinds import servicecidr
from cluster.kinds.ipaddress import ALLOCATOR, MANAGED_BY
from cluster.kinds.servicecidr import FINALIZER

API_VERSION = "networking.k8s.io/v1"
READY = "Kubernetes Service CIDR is ready"
IN_USE = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR"
GRACE_MS = 10_000  # until those who give addresses out know that the range goes


class ServiceCidrController(Controller):
    """Its keys are ServiceCIDRs."""

    NAME = "service-cidr-controller"
    RESOURCE = "servicecidrs"

    @property
    def account(self) -> str:
        return "service-cidrs-controller"

    def watch(self, informers) -> None:
        self.ranges = informers.watch("servicecidrs")
        self.addresses = informers.watch("ipaddresses")
        self.ranges.on(self.on_range)
        self.addresses.on(self.on_address)

    def on_range(self, kind: str, old: dict | None, new: dict) -> None:
        """A range, and those that overlap it: one that goes may be freed by another."""
        for name in self._touching(new["spec"].get("cidrs") or []):
            if self._needs_care(self.ranges.get(name)):
                self.queue.add(name)

    def on_address(self, kind: str, old: dict | None, new: dict) -> None:
        """An address that is gone may have been the last of a range that goes."""
        if kind == "DELETED":
            for cidr in self.ranges.items():
                if cidr["metadata"].get("deletionTimestamp"):
                    self.queue.add(cidr["metadata"]["name"])

    def _touching(self, cidrs: list[str]) -> list[str]:
        wanted = [ipaddress.ip_network(each) for each in cidrs]
        return [
            cidr["metadata"]["name"]
            for cidr in self.ranges.items()
            if any(one.version == other.version and one.overlaps(other) for one in wanted for other in networks(cidr))
        ]

    @staticmethod
    def _needs_care(cidr: dict | None) -> bool:
        if cidr is None:
            return False
        is_kept = FINALIZER in (cidr["metadata"].get("finalizers") or ())
        return bool(cidr["metadata"].get("deletionTimestamp")) or not is_kept or not servicecidr.is_ready(cidr)

    def sync(self, key: str) -> Iterator[Any]:
        cidr = self.ranges.get(key)
        if cidr is None:
            return None
        if cidr["metadata"].get("deletionTimestamp"):
            return (yield from self._let_go(key, cidr))
        if FINALIZER not in (cidr["metadata"].get("finalizers") or ()):
            reply = yield self.client.patch("servicecidrs", key, {"metadata": {"finalizers": [FINALIZER]}})
            if not reply.ok:
                return None if reply.code == 404 else "retry"
        return (yield from self._tell(key, cidr, "True", "", READY))

    def _let_go(self, key: str, cidr: dict) -> Iterator[Any]:
        if FINALIZER not in (cidr["metadata"].get("finalizers") or ()):
            return None
        if self.is_needed(cidr):
            return (yield from self._tell(key, cidr, "False", "Terminating", IN_USE))
        wait_ms = self.engine.clock.parse_ms(cidr["metadata"]["deletionTimestamp"]) + GRACE_MS - self.now_ms
        if wait_ms > 0:
            self.queue.add_after(key, wait_ms)
            return None
        reply = yield self.client.patch("servicecidrs", key, {"metadata": {"$deleteFromPrimitiveList/finalizers": [FINALIZER]}})
        return None if reply.ok or reply.code == 404 else "retry"

    def is_needed(self, cidr: dict) -> bool:
        """Whether an address would be in no range any more. Source: canDeleteCIDR."""
        others = [each for other in self.ranges.items() if other["metadata"]["name"] != cidr["metadata"]["name"] for each in networks(other)]
        mine = networks(cidr)
        if all(any(one.version == other.version and one.subnet_of(other) for other in others) for one in mine):
            return False
        held = [obj["metadata"] for obj in self.addresses.items() if (obj["metadata"].get("labels") or {}).get(MANAGED_BY) == ALLOCATOR]
        return any(_is_in(meta["name"], mine) and not _is_in(meta["name"], others) for meta in held)

    def _tell(self, key: str, cidr: dict, status: str, reason: str, message: str) -> Iterator[Any]:
        before = next((one for one in (cidr.get("status") or {}).get("conditions") or () if one.get("type") == "Ready"), {})
        if (before.get("status"), before.get("reason", ""), before.get("message")) == (status, reason, message):
            return None
        now = self.engine.clock.text(self.now_ms)
        condition = {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": now}
        body = {"apiVersion": API_VERSION, "kind": "ServiceCIDR", "metadata": {"name": key}, "status": {"conditions": [condition]}}
        call = self.client.patch("servicecidrs", key, body, patch_type="apply", subresource="status", force=True)
        call.request.options = {**call.request.options, "fieldManager": self.NAME}
        reply = yield call
        return None if reply.ok or reply.code == 404 else "retry"


def networks(cidr: dict) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """A ServiceCIDR's ranges."""
    return [ipaddress.ip_network(each) for each in cidr["spec"].get("cidrs") or ()]


def _is_in(name: str, ranges: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    address = ipaddress.ip_address(name)
    return any(address in each for each in ranges if each.version == address.version)
