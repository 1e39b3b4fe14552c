"""Owns what comes between a Pod's placement and its binding when it has claims that waited: they are written to, and waited for.

What waits is state, not a unit of work, so that a snapshot can be taken meanwhile.
Source: kubernetes pkg/scheduler/framework/plugins/volumebinding/binder.go (AssumePodVolumes, BindPodVolumes, checkBindings).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cluster.kinds import _volume_binding as binding
from cluster.meta.objects import key_of

from .plugins.volume_binding import Claims, Plan, VolumeBinding
from .status import nomination_patch

TIMEOUT_MS = 600_000  # bindTimeoutSeconds
CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
FAILED = 'running PreBind plugin "VolumeBinding": '


@dataclass
class Waiting:
    """A Pod that is placed and waits for its claims to be bound. timer: an event's id. is_off: its binding was called off."""

    node: str
    claims: list[str] = field(default_factory=list)
    timer: int = 0
    is_off: bool = False


class Volumes:
    """Part of the scheduler."""

    def __init__(self, scheduler):
        self.scheduler = scheduler

    @staticmethod
    def plan_of(data: dict, node: str) -> Plan | None:
        """What a cycle has planned for a node; None for a Pod that needs nothing."""
        claims: Claims | None = data.get(VolumeBinding.name)
        plan = claims.plans.get(node) if claims is not None else None
        return plan if plan is not None and (plan.static or plan.made) else None

    def reserve(self, plan: Plan, node: str) -> None:
        """Keep what was chosen from the Pods that come next."""
        state = self.scheduler.state
        for volume, claim in plan.static:
            state.taken_volumes[volume["metadata"]["name"]] = key_of(claim)
        for claim in plan.made:
            state.claim_nodes[key_of(claim)] = node

    def begin(self, pod: dict, node: str, plan: Plan) -> Iterator:
        """Say where the Pod is going to be, reserve volumes and say where claims are to be provisioned; then wait."""
        scheduler, key = self.scheduler, key_of(pod)
        claims = [claim for _, claim in plan.static] + list(plan.made)
        waiting = scheduler.state.waiting[key] = Waiting(node, [key_of(claim) for claim in claims])
        patch = nomination_patch(pod, node)
        if patch:  # should that fail, it goes on all the same
            yield scheduler.client.patch("pods", pod["metadata"]["name"], patch, namespace=pod["metadata"]["namespace"], subresource="status")
        writes = [(VOLUMES, changed) for volume, claim in plan.static if (changed := binding.reserved(volume, claim)) is not None]
        writes += [(CLAIMS, binding.annotated(claim, **{binding.SELECTED_NODE: node})) for claim in plan.made]
        for resource, changed in writes:
            if waiting.is_off:
                return
            reply = yield scheduler.client.update(resource, changed)
            if not reply.ok:
                if not waiting.is_off:
                    self.fail(key, f"binding volumes: {reply.message}")
                return
        if scheduler.state.waiting.get(key) is waiting:
            scheduler.trace("VolumesAwaited", f"pods/{key}", node=node, claims=waiting.claims)
            waiting.timer = scheduler.after(TIMEOUT_MS, "volumes_late", key, background=True)
            self.look(key)

    def on_claim(self, new: dict) -> None:
        """A claim changed: who waits for it looks again."""
        name = key_of(new)
        for key in [key for key, waiting in self.scheduler.state.waiting.items() if waiting.timer and name in waiting.claims]:
            self.look(key)

    def look(self, key: str) -> None:
        """Bind the Pod once all its claims are bound. Source: checkBindings."""
        scheduler = self.scheduler
        waiting = scheduler.state.waiting[key]
        claims = [scheduler.others[CLAIMS].get(name) for name in waiting.claims]
        for name, claim in zip(waiting.claims, claims, strict=True):
            if claim is None:
                self.fail(key, f'binding volumes: pvc "{name}" not found')
                return
        if all(binding.is_bound(claim) for claim in claims):
            self.forget(key)
            scheduler.volumes_bound(key, waiting.node)

    def late(self, key: str) -> None:
        """Ten minutes are over."""
        if key in self.scheduler.state.waiting:
            self.fail(key, "binding volumes: context deadline exceeded")

    def call_off(self, key: str) -> bool:
        """Whether a Pod waited for its claims; it does so no longer. Source: podInPreBind.CancelPod."""
        waiting = self.scheduler.state.waiting.get(key)
        if waiting is None:
            return False
        waiting.is_off = True
        self.forget(key)
        return True

    def fail(self, key: str, why: str) -> None:
        """A placed Pod is not bound after all."""
        self.forget(key)
        self.scheduler.binding_failed(key, FAILED + why)

    def forget(self, key: str) -> None:
        """Nobody waits any more; what was reserved is written by now, or free again."""
        state = self.scheduler.state
        waiting = state.waiting.pop(key, None)
        if waiting is None:
            return
        self.scheduler.cancel(waiting.timer)
        for table in (state.taken_volumes, state.claim_nodes):
            for name in [name for name, value in table.items() if value in waiting.claims or name in waiting.claims]:
                del table[name]
