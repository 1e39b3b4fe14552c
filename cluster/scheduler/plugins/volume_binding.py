"""VolumeBinding: bound volumes must be usable on the node, and for claims that waited for their consumer one must be found or made there.

Volumes that fit do not score, as by default (StorageCapacityScoring is off).
Source: kubernetes pkg/scheduler/framework/plugins/volumebinding/{volume_binding,binder}.go.
"""

from __future__ import annotations

from typing import NamedTuple

from cluster.kinds import _volume_binding as binding
from cluster.kinds._volume_sources import class_of
from cluster.meta import labels as selectors
from cluster.meta import quantity
from cluster.meta.objects import controller_of, key_of

from ..framework import SKIP, Cycle, Plugin, Rejection, always
from ..nodes import NodeInfo
from ..pods import PodInfo

UNBOUND = Rejection(("pod has unbound immediate PersistentVolumeClaims",))
NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
NO_SPACE = "node(s) did not have enough free storage"
MIGRATED_PLUGINS = "storage.alpha.kubernetes.io/migrated-plugins"
NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"


class Plan(NamedTuple):
    """What must be written before the Pod can be bound to a node. static: (volume, claim); made: claims to provision for."""

    static: tuple[tuple[dict, dict], ...] = ()
    made: tuple[dict, ...] = ()


class Claims:
    """A Pod's claims, sorted by what is to be done; the volumes that are nobody else's; and by node what its filter planned."""

    __slots__ = ("bound", "delayed", "plans", "volumes")

    def __init__(self, bound: list[dict], delayed: list[dict], volumes: list[dict]):
        self.bound, self.delayed, self.volumes = bound, delayed, volumes
        self.plans: dict[str, Plan] = {}


def problem_of(pod: PodInfo, claim: dict | None, name: str, is_ephemeral: bool) -> str:
    """Why a claim stops its Pod on every node; "" when it does not. Source: podHasPVCs."""
    if claim is None:
        if is_ephemeral:
            return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
        return f'persistentvolumeclaim "{name}" not found'
    if (claim.get("status") or {}).get("phase") == "Lost":
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{claim["spec"].get("volumeName", "")}"'
    if claim["metadata"].get("deletionTimestamp"):
        return f'persistentvolumeclaim "{name}" is being deleted'
    owner = controller_of(claim)
    if is_ephemeral and (owner is None or owner["uid"] != pod.uid):
        return f"PVC {pod.namespace}/{name} was not created for pod {pod.namespace}/{pod.name} (pod is not owner)"
    return ""


def after_claim_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    """A claim of the Pod's own came or changed."""
    return new["metadata"]["namespace"] == pod.namespace and any(name == new["metadata"]["name"] for name, _ in pod.claims)


def after_class_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    """Source: isSchedulableAfterStorageClassChange."""
    return old is None or (old.get("allowedTopologies") or []) != (new.get("allowedTopologies") or [])


def after_capacity_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    """There may be room for larger volumes. Source: isSchedulableAfterCSIStorageCapacityChange."""
    return old is None or largest(new) > largest(old)


def after_driver_change(pod: PodInfo, old: dict, new: dict) -> bool:
    """As upstream, only Pods that name the driver themselves are tried again. Source: isSchedulableAfterCSIDriverChange."""
    names = [(volume.get("csi") or {}).get("driver") for volume in pod.spec.get("volumes") or ()]
    was, now = ((one.get("spec") or {}).get("storageCapacity") for one in (old, new))
    return new["metadata"]["name"] in names and bool(was) and not now


def largest(capacity: dict) -> int:
    """The size of the largest volume that can be made, in bytes; -1: not known. Source: volumeLimit."""
    text = capacity.get("maximumVolumeSize") or capacity.get("capacity")
    return -1 if text is None else quantity.parse(str(text)).value


def after_csi_node_change(pod: PodInfo, old: dict, new: dict) -> bool:
    """Other disks of clouds have been taken over by drivers. Source: isSchedulableAfterCSINodeChange."""
    was, now = (binding.annotations_of(one).get(MIGRATED_PLUGINS) for one in (old, new))
    return was != now


class VolumeBinding(Plugin):
    name, order = "VolumeBinding", 66
    hints = {
        "claim/add": after_claim_change, "claim/update": after_claim_change, "volume/add": always, "volume/update": always,
        "class/add": after_class_change, "class/update": after_class_change, "node/add": always, "node/label": always,
        "csinode/add": always, "csinode/update": after_csi_node_change, "driver/update": after_driver_change,
        "capacity/add": after_capacity_change, "capacity/update": after_capacity_change,
    }  # fmt: skip

    def pre_filter(self, cycle: Cycle) -> str | Rejection | None:
        if not cycle.pod.claims:
            return SKIP
        bound, delayed, has_unbound = [], [], False
        for name, is_ephemeral in cycle.pod.claims:
            claim = cycle.listers.get("persistentvolumeclaims", f"{cycle.pod.namespace}/{name}")
            problem = problem_of(cycle.pod, claim, name, is_ephemeral)
            if problem:
                return Rejection((problem,))
            storage_class = cycle.listers.get("storageclasses", class_of(claim))
            if binding.is_bound(claim):
                bound.append(claim)
            elif binding.is_delayed(claim, storage_class) and not claim["spec"].get("volumeName"):
                delayed.append(claim)
            else:
                has_unbound = True
        if has_unbound:
            return UNBOUND
        volumes = cycle.listers.list("persistentvolumes", "") if delayed else []
        free = [one for one in volumes if one["spec"].get("claimRef") is None or any(binding.is_of(one, claim) for claim in delayed)]
        cycle.data[self.name] = Claims(bound, delayed, free)
        return None

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        claims: Claims = cycle.data[self.name]
        reasons = self._of_bound(cycle, claims, node)
        if claims.delayed:
            plan = self._plan(cycle, claims, node)
            if isinstance(plan, str):
                reasons.append(plan)
            else:
                claims.plans[node.name] = plan
        return Rejection(tuple(reasons)) if reasons else None

    def _of_bound(self, cycle: Cycle, claims: Claims, node: NodeInfo) -> list[str]:
        for claim in claims.bound:
            volume = cycle.listers.get("persistentvolumes", claim["spec"]["volumeName"])
            if volume is None:
                return [NO_VOLUME]
            if not binding.is_reachable(volume, node.node):
                return [NODE_CONFLICT]
        return []

    def _plan(self, cycle: Cycle, claims: Claims, node: NodeInfo) -> Plan | str:
        """What to write so that the delayed claims have volumes on a node; else why they cannot. Source: FindPodVolumes."""
        static, chosen, unmatched = [], [], []
        taken = {name for name, owner in cycle.cache.taken_volumes.items() if owner not in [key_of(claim) for claim in claims.delayed]}
        for claim in claims.delayed:
            place = binding.annotations_of(claim).get(binding.SELECTED_NODE) or cycle.cache.claim_nodes.get(key_of(claim))
            if place is not None and place != node.name:
                return BIND_CONFLICT
            (unmatched if place is None else chosen).append(claim)
        for claim in sorted(unmatched, key=binding.wanted):
            found = binding.best_match(claim, claims.volumes, is_delayed=True, node=node.node, taken=tuple(sorted(taken)))
            if found is None:
                chosen.append(claim)
                continue
            taken.add(found["metadata"]["name"])
            static.append((found, claim))
        problem = next((found for found in (self._obstacle(cycle, claim, node) for claim in chosen) if found), "")
        return problem or Plan(tuple(static), tuple(chosen))

    def _obstacle(self, cycle: Cycle, claim: dict, node: NodeInfo) -> str:
        """Why no volume can be made for a claim on a node, or "". Source: checkVolumeProvisions."""
        storage_class = cycle.listers.get("storageclasses", class_of(claim)) or {}
        terms = storage_class.get("allowedTopologies") or ()
        if storage_class.get("provisioner", "") in ("", binding.NO_PROVISIONER):
            return BIND_CONFLICT
        is_allowed = not terms or any(
            all(node.labels.get(one.get("key", "")) in (one.get("values") or ()) for one in term.get("matchLabelExpressions") or ()) for term in terms
        )
        if not is_allowed:
            return BIND_CONFLICT
        return "" if self._has_room(cycle, claim, storage_class, node) else NO_SPACE

    def _has_room(self, cycle: Cycle, claim: dict, storage_class: dict, node: NodeInfo) -> bool:
        """Whether the driver says so, where it tells its capacity at all. Source: hasEnoughCapacity."""
        driver = cycle.listers.get("csidrivers", storage_class["provisioner"])
        if driver is None or not (driver.get("spec") or {}).get("storageCapacity"):
            return True
        name, asked = storage_class["metadata"]["name"], binding.wanted(claim)
        return any(
            one.get("storageClassName") == name and largest(one) >= asked and _reaches(one, node)
            for one in cycle.listers.list("csistoragecapacities", "")
        )


def _reaches(capacity: dict, node: NodeInfo) -> bool:
    topology = capacity.get("nodeTopology")
    return topology is not None and selectors.from_object(topology).matches(node.labels)


PLUGIN = VolumeBinding()
