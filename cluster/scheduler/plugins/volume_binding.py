"""VolumeBinding: bound volumes must be usable on the node, and for claims that waited for their consumer one must be found or made there.

Simplified: CSIStorageCapacity is not asked, so storage is never short; volumes that fit do not score.
Source: kubernetes pkg/scheduler/framework/plugins/volumebinding/{volume_binding,binder}.go.
"""

from __future__ import annotations

from typing import NamedTuple

from cluster.kinds import _volume_binding as binding
from cluster.kinds._volume_sources import class_of
from cluster.meta.objects import controller_of, key_of

from ..framework import SKIP, Cycle, Plugin, Rejection
from ..nodes import NodeInfo
from ..pods import PodInfo

UNBOUND = Rejection(("pod has unbound immediate PersistentVolumeClaims",))
NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
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


def after_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    return True


def after_node_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    return True


class VolumeBinding(Plugin):
    name, order = "VolumeBinding", 66
    hints = {
        "claim/add": after_claim_change, "claim/update": after_claim_change, "volume/add": after_change, "volume/update": after_change,
        "class/add": after_change, "node/add": after_node_change, "node/label": after_node_change,
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
            if plan is None:
                reasons.append(BIND_CONFLICT)
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

    def _plan(self, cycle: Cycle, claims: Claims, node: NodeInfo) -> Plan | None:
        """What to write so that the delayed claims have volumes on a node; None where they cannot. Source: FindPodVolumes."""
        volumes, static, made = claims.volumes, [], []
        taken = {name for name, owner in cycle.cache.taken_volumes.items() if owner not in [key_of(claim) for claim in claims.delayed]}
        for claim in sorted(claims.delayed, key=binding.wanted):
            chosen = binding.annotations_of(claim).get(binding.SELECTED_NODE) or cycle.cache.claim_nodes.get(key_of(claim))
            if chosen is not None and chosen != node.name:
                return None
            found = None if chosen else binding.best_match(claim, volumes, is_delayed=True, node=node.node, taken=tuple(sorted(taken)))
            if found is not None:
                taken.add(found["metadata"]["name"])
                static.append((found, claim))
            elif self._can_be_made(cycle, claim, node):
                made.append(claim)
            else:
                return None
        return Plan(tuple(static), tuple(made))

    def _can_be_made(self, cycle: Cycle, claim: dict, node: NodeInfo) -> bool:
        """Source: checkVolumeProvisions."""
        storage_class = cycle.listers.get("storageclasses", class_of(claim)) or {}
        terms = storage_class.get("allowedTopologies") or ()
        if storage_class.get("provisioner", "") in ("", binding.NO_PROVISIONER):
            return False
        return not terms or any(
            all(node.labels.get(one.get("key", "")) in (one.get("values") or ()) for one in term.get("matchLabelExpressions") or ()) for term in terms
        )


PLUGIN = VolumeBinding()
