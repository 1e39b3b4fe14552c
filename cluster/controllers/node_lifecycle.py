"""node-lifecycle-controller: notices Nodes that fall silent, says so, and taints them.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.meta.objects import key_of

from . import _node_health, _pods, _taints
from ._node_health import Health, Look, Zone, look_at
from ._tasks import all_at_once

MONITOR_PERIOD_MS = 5_000  # --node-monitor-period
GRACE_MS = 50_000  # --node-monitor-grace-period
STARTUP_GRACE_MS = 60_000  # --node-startup-grace-period
TAINTING_PERIOD_MS = 100  # NodeEvictionPeriod
LANDED_TRIES, LANDED_WAIT_MS = 15, 5
HEALTH_RETRIES, RETRY_WAIT_MS = 5, 20
OS_LABELS = (("kubernetes.io/os", "beta.kubernetes.io/os"), ("kubernetes.io/arch", "beta.kubernetes.io/arch"))


@dataclass
class LifecycleState:
    known: dict[str, str] = field(default_factory=dict)  # Node -> uid
    health: dict[str, Health] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    retry: dict[str, bool] = field(default_factory=dict)  # Nodes whose Pods could not all be marked
    pass_planned: bool = False
    all_lost: bool = False


@dataclass
class Calm:
    """What is known since a look at which all Nodes were well. oldest_ms: none has been silent for longer. news: Nodes that were heard of."""

    oldest_ms: int
    news: dict[str, None] = field(default_factory=dict)


class NodeLifecycleController(Controller):
    """Its keys are Nodes whose NoSchedule taints or labels may be out of date; health is looked at each 5 s."""

    NAME = "node-lifecycle-controller"
    RESOURCE = "nodes"
    WORKERS = 8

    @property
    def account(self) -> str:
        return "node-controller"

    def setup(self) -> None:
        self.state = LifecycleState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component="node-controller"))
        self._looks: dict[str, Look] = {}  # derived from the Nodes' objects
        self._calm: Calm | None = None  # since the last look, if all was well then; derived

    def watch(self, informers) -> None:
        self.nodes = informers.watch("nodes")
        self.leases = informers.watch("leases")
        self.pods = informers.watch("pods", indexes={"node": _pods.node_names})
        self.nodes.on(self.on_node)
        self.leases.on(self.on_lease)
        self.pods.on(self.on_pod, report=None)

    def drop_memory(self) -> None:
        super().drop_memory()
        self._looks, self._calm = {}, None

    def restore(self, data: dict) -> None:
        super().restore(data)
        self._looks, self._calm = {}, None

    @property
    def now(self) -> str:
        return self.engine.clock.text(self.now_ms)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_synced(self) -> None:
        self.after(0, "monitor", background=True)

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        """Upstream looks at each change; here only at those that can matter."""
        if self._calm is not None:
            self._calm.news[new["metadata"]["name"]] = None
            if kind != "MODIFIED":
                self._calm = None
        if kind == "DELETED":
            self.state.retry.pop(new["metadata"]["name"], None)
        elif old is None or _matters(old) != _matters(new):
            self.queue.add(new["metadata"]["name"])

    def on_lease(self, kind: str, old: dict | None, new: dict) -> None:
        if self._calm is not None and new["metadata"]["namespace"] == _node_health.LEASES:
            self._calm.news[new["metadata"]["name"]] = None

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """A Pod that lands on a Node which is not ready is not ready either. Source: processPod."""
        node = new["spec"].get("nodeName")
        if kind == "DELETED" or not node or (old is not None and old["spec"].get("nodeName") == node):
            return
        health = self.state.health.get(node)
        if health and health.ready and health.ready["status"] != "True" and self.nodes.get(node):
            self.work(self._mark_landed(key_of(new), node))

    def _mark_landed(self, key: str, node: str) -> Iterator[Any]:
        """Until it is told, or the Node is well. Source: processPod, whose queue tries again with a back-off."""
        for attempt in range(LANDED_TRIES):
            if attempt:
                yield Sleep(LANDED_WAIT_MS << attempt - 1, background=True)
            pod, health = self.pods.get(key), self.state.health.get(node)
            if pod is None or health is None or health.ready is None or health.ready["status"] == "True":
                return
            if (yield from self._mark_pods([pod], node)):
                return

    # -- taints and labels of one Node ------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        node = self.nodes.get(key)
        if node is None:
            return None
        add, remove = _taints.no_schedule_difference(node)
        if add or remove:
            self._trace_taints(key, add, remove)
            yield from _taints.swap(self.client, node, add=add, remove=remove, now=self.now)
        labels = labels_to_update(node)
        if labels:
            yield self.client.patch("nodes", key, {"metadata": {"labels": labels}})
        return None

    def _trace_taints(self, name: str, add: list[dict], remove: list[dict]) -> None:
        for taint in add:
            self.trace("TaintAdded", f"nodes//{name}", key=taint["key"], effect=taint["effect"])
        for taint in remove:
            self.trace("TaintRemoved", f"nodes//{name}", key=taint["key"], effect=taint["effect"])

    # -- the look at all Nodes --------------------------------------------------------------------------------------

    def monitor(self) -> None:
        """Each 5 s. Source: monitorNodeHealth."""
        self.work(self._monitor(), lambda _: self.after(MONITOR_PERIOD_MS, "monitor", background=True))

    def _monitor(self) -> Iterator[Any]:
        if self._is_all_still_well():
            return
        nodes, self._calm = self.nodes.items(), None
        looks = [self._look(name, node) for name, node in self.nodes.pairs()]
        self._note_zones(looks)
        are_known = self._are_known(looks)
        if not are_known:
            yield from self._classify(nodes)
        ready = self._still_well(looks)
        others = [index for index, is_well in enumerate(ready) if not is_well]
        for index, found in zip(others, (yield from all_at_once(self._check(nodes[index]) for index in others)), strict=True):
            ready[index] = found
        yield from self._handle_disruption(_by_zone(looks, ready), nodes)
        if are_known and looks and not others and self._is_nothing_under_way():
            self._calm = Calm(min([self.state.health[look.name].probe_ms for look in looks]), self._forgetful(looks))

    def _is_nothing_under_way(self) -> bool:
        state = self.state
        return not (state.retry or state.all_lost or any(zone.state != "Normal" or zone.waiting or zone.done for zone in state.zones.values()))

    def _is_all_still_well(self) -> bool:
        """Whether all was well at the last look, and those Nodes of which there has been news since then are well too.

        So not every Node is looked at each time, only each that has renewed its Lease; and all once one might have been silent for too long.
        """
        calm = self._calm
        if calm is None or self.now_ms - calm.oldest_ms > GRACE_MS or not self._is_nothing_under_way():
            return False
        names, calm.news, same, changed = calm.news, {}, [], []
        for name, node in [(name, self.nodes.get(name)) for name in names]:
            if node is None:
                continue
            before = self._looks[name]
            if before.node is node:
                same.append(before)
                continue
            look = self._look(name, node)
            if not look.is_fine or (look.uid, look.zone, look.counts) != (before.uid, before.zone, before.counts):
                return False
            changed.append(look)
        if not self._go_on(same) or None in self._still_well(changed):
            return False
        calm.news |= self._forgetful(same) | self._forgetful(changed)
        return True

    def _go_on(self, looks: list[Look]) -> bool:
        """Take note of the Leases of Nodes that are as they were when all was well; whether all of these are still heard of."""
        health_of, leases, now_ms = self.state.health, self.leases.state.objects, self.now_ms
        for look in looks:
            health, lease = health_of[look.name], leases.get(look.lease)
            time = lease["spec"].get("renewTime") if lease is not None else None
            if time and time > health.renew_time:
                health_of[look.name] = Health(now_ms, health.ready, time)
            elif now_ms - health.probe_ms > GRACE_MS:
                return False
        return True

    def _forgetful(self, looks: list[Look]) -> dict[str, None]:
        """The Nodes whose Lease is news at the next look, as it is after a heartbeat, or of which none is known."""
        return {look.name: None for look in looks if not self.state.health[look.name].renew_time}

    def _look(self, name: str, node: dict) -> Look:
        """What a Node's object says; read once, since it stays the same from most looks to the next."""
        known = self._looks.get(name)
        if known is None or known.node is not node:
            known = self._looks[name] = look_at(node)
        return known

    def _note_zones(self, looks: list[Look]) -> None:
        """A zone of which no Node counted at the last look begins anew, its queue too. Source: classifyNodes, addPodEvictorForNewZone."""
        for name in dict.fromkeys([look.zone for look in looks]):
            zone = self.state.zones.get(name)
            if zone is None or zone.is_left:
                self.state.zones[name] = Zone()

    def _are_known(self, looks: list[Look]) -> bool:
        """Whether the Nodes are those of the last look, as they nearly always are."""
        known = self.state.known
        return len(known) == len(looks) and all([known.get(look.name) == look.uid for look in looks])

    def _classify(self, nodes: list[dict]) -> Iterator[Any]:
        """Greet Nodes that are new, and note those that are gone. Source: classifyNodes."""
        names = {node["metadata"]["name"]: node for node in nodes}
        for name, node in names.items():
            if name not in self.state.known:
                uid = self.state.known[name] = node["metadata"]["uid"]
                self._node_event(
                    name, uid, "RegisteredNode", f"Node {name} event: Registered Node {name} in Controller"
                )
                yield from self._mark_reachable(node)
            elif self.state.known[name] != node["metadata"]["uid"]:  # made anew between two looks: upstream would judge it by the old one
                self.state.known[name] = node["metadata"]["uid"]
                self.state.health.pop(name, None)
        for name in [name for name in self.state.known if name not in names]:
            uid = self.state.known.pop(name)
            self.state.health.pop(name, None)
            self._looks.pop(name, None)
            self._node_event(name, uid, "RemovingNode", f"Node {name} event: Removing Node {name} from Controller")

    def _node_event(self, name: str, uid: str, reason: str, message: str) -> None:
        reference = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}
        self.recorder.event(reference, "Normal", reason, message)

    def _still_well(self, looks: list[Look]) -> list[bool | None]:
        """True of each Node that is ready and about which nothing has to be done, as of nearly all at nearly every look; None of the others."""
        state, leases, now_ms = self.state, self.leases, self.now_ms
        calm = {name: not zone.waiting and not zone.done for name, zone in state.zones.items()}  # without zones of which no Node counts
        found: list[bool | None] = []
        for look in looks:
            health = state.health.get(look.name)
            if health is None or not look.is_fine or not calm.get(look.zone, True) or look.name in state.retry:
                found.append(None)
                continue
            if health.ready is look.ready:
                seen = _node_health.renewed(health, leases.get(look.lease), now_ms)
            else:
                seen = _node_health.observe(health, look.ready, leases.get(look.lease), now_ms=now_ms, created_ms=0)  # that counts no more
            if now_ms - seen.probe_ms > GRACE_MS:
                found.append(None)
                continue
            if seen is not health:
                state.health[look.name] = seen
            found.append(True)
        return found

    def _check(self, node: dict) -> Iterator[Any]:
        """One Node's health; returns whether it is ready, None if that could not be written."""
        name = node["metadata"]["name"]
        result = None
        for attempt in range(HEALTH_RETRIES):
            if attempt:
                fresh = yield self.client.get("nodes", name)
                if not fresh.ok:
                    return None
                node = fresh.body
            result = yield from self._update_health(node)
            if result is not None:
                break
        if result is None:
            return None
        node, was, current = result
        if current is None:
            return False
        yield from self._process_no_execute(node, current["status"])
        yield from self._tell_pods(node, was, current["status"])
        return current["status"] == "True"

    def _update_health(self, node: dict) -> Iterator[Any]:
        """(node, Ready's status before, Ready condition now); None if the write conflicted.

        Source: tryUpdateNodeHealth.
        """
        meta, before = node["metadata"], _node_health.ready_condition(node)
        created_ms = self.engine.clock.parse_ms(meta["creationTimestamp"])
        lease = self.leases.get(f"{_node_health.LEASES}/{meta['name']}")
        health = _node_health.observe(
            self.state.health.get(meta["name"]), before, lease, now_ms=self.now_ms, created_ms=created_ms
        )
        self.state.health[meta["name"]] = health
        was = before["status"] if before else "Unknown"
        silent_ms = self.now_ms - health.probe_ms
        if silent_ms <= (GRACE_MS if before else STARTUP_GRACE_MS):
            return node, was, before
        conditions = _node_health.given_up(node, self.now)
        if before in conditions:
            return node, was, before  # Ready is Unknown already; the others are not written for their own sake
        self.trace("NodeMarkedUnknown", f"nodes//{meta['name']}", silent_ms=silent_ms)
        changed = {**node, "status": {**(node.get("status") or {}), "conditions": conditions}}
        reply = yield self.client.update("nodes", changed, subresource="status")
        if not reply.ok:
            return None
        current = _node_health.ready_condition(reply.body)
        self.state.health[meta["name"]] = Health(probe_ms=health.probe_ms, ready=current, renew_time=health.renew_time)
        return reply.body, was, current

    def _tell_pods(self, node: dict, was: str, status: str) -> Iterator[Any]:
        """A Node that has just stopped being ready takes its Pods' readiness along."""
        meta, name = node["metadata"], node["metadata"]["name"]
        if status != "True" and was == "True":
            self._node_event(name, meta["uid"], "NodeNotReady", f"Node {name} status is now: NodeNotReady")
        elif not (name in self.state.retry and was != "True"):
            self.state.retry.pop(name, None)
            return
        if (yield from self._mark_pods(self.pods.by("node", name), name)):
            self.state.retry.pop(name, None)
        else:
            self.state.retry[name] = True

    def _mark_pods(self, pods: list[dict], node_name: str) -> Iterator[Any]:
        """Source: pkg/controller/util/node MarkPodsNotReady."""
        went_well = True
        for pod in pods:
            condition = _pods.ready_condition(pod)
            if pod["spec"].get("nodeName") != node_name or condition is None:
                continue
            status, changed = _pods.with_condition(pod["status"], {**condition, "status": "False"}, self.now)
            if not changed:
                continue
            self.trace("PodMarkedNotReady", f"pods/{key_of(pod)}", node=node_name)
            reply = yield self.client.update("pods", {**pod, "status": status}, subresource="status")
            if reply.code == 404:
                continue
            went_well = went_well and reply.ok
            self.recorder.event(pod, "Warning", "NodeNotReady", "Node is not ready")
        return went_well

    # -- NoExecute --------------------------------------------------------------------------------------------------

    def _process_no_execute(self, node: dict, status: str) -> Iterator[Any]:
        """Source: processTaintBaseEviction."""
        if status == "True":
            yield from self._mark_reachable(node)
            return
        wanted = _no_execute(_taints.NOT_READY if status == "False" else _taints.UNREACHABLE)
        other = _no_execute(_taints.UNREACHABLE if status == "False" else _taints.NOT_READY)
        if _taints.has(node, other):
            self._trace_taints(node["metadata"]["name"], [wanted], [other])
            yield from _taints.swap(self.client, node, add=[wanted], remove=[other], now=self.now)
            return
        zone = self.state.zones.setdefault(_node_health.zone_of(node), Zone())
        if not _taints.has(node, wanted):
            zone.remove(node["metadata"]["name"])
        if zone.add(node["metadata"]["name"]):
            self._plan_pass()

    def _mark_reachable(self, node: dict) -> Iterator[Any]:
        """Source: markNodeAsReachable."""
        name = node["metadata"]["name"]
        for key in (_taints.UNREACHABLE, _taints.NOT_READY):
            taint = _no_execute(key)
            if _taints.has(node, taint):
                self._trace_taints(name, [], [taint])
                yield from _taints.take_off(self.client, node, [taint])
        zone = self.state.zones.get(_node_health.zone_of(node))
        if zone is not None:
            zone.remove(name)

    def _plan_pass(self) -> None:
        """Upstream looks each 100 ms; here only while a Node waits, at those same moments."""
        if self.state.pass_planned:
            return
        self.state.pass_planned = True
        blocked = [zone.full_at_ms for zone in self.state.zones.values() if zone.waiting and zone.qps > 0]
        due_ms = max(self.now_ms + 1, min(blocked, default=self.now_ms))
        due_ms += -due_ms % TAINTING_PERIOD_MS
        self.after(due_ms - self.now_ms, "taint_pass")

    def taint_pass(self) -> None:
        """Source: doNoExecuteTaintingPass."""
        self.state.pass_planned = False
        self.work(self._taint_pass())

    def _taint_pass(self) -> Iterator[Any]:
        for zone in list(self.state.zones.values()):  # others may come and go while this waits
            while zone.waiting and zone.take_token(self.now_ms):
                name = zone.waiting[0]
                if not (yield from self._taint(name)):
                    zone.put_off(name)
                    break
                zone.finish(name)
        if any(zone.waiting and zone.qps > 0 for zone in self.state.zones.values()):
            self._plan_pass()

    def _taint(self, name: str) -> Iterator[Any]:
        node = self.nodes.get(name)
        condition = _node_health.ready_condition(node) if node else None
        if node is None or (condition is not None and condition["status"] == "True"):
            return True
        if condition is None:
            return False
        lost = condition["status"] == "Unknown"
        add = _no_execute(_taints.UNREACHABLE if lost else _taints.NOT_READY)
        remove = _no_execute(_taints.NOT_READY if lost else _taints.UNREACHABLE)
        self._trace_taints(name, [] if _taints.has(node, add) else [add], [remove] if _taints.has(node, remove) else [])
        return (yield from _taints.swap(self.client, node, add=[add], remove=[remove], now=self.now))

    def _handle_disruption(self, by_zone: dict[str, list[bool]], nodes: list[dict]) -> Iterator[Any]:
        """Fewer evictions, or none at all, where most of a zone is lost. Source: handleDisruption."""
        states = {name: _node_health.zone_state(ready) for name, ready in by_zone.items()}
        was_lost = all([self.state.zones[name].state == "FullDisruption" for name in states])  # a zone that is new or gone is not asked
        is_lost = all([state == "FullDisruption" for state in states.values()])
        self.state.all_lost = is_lost and bool(states)
        self._leave_zones([name for name in self.state.zones if name not in by_zone])
        if is_lost and not was_lost:
            self.trace("EvictionsStopped", nodes=len(nodes))
            for node in nodes:
                yield from self._mark_reachable(node)
        elif was_lost and not is_lost:
            self._give_everyone_time()
        if not (is_lost and was_lost):
            rates = {name: 0.0 if is_lost else _node_health.eviction_qps(state, len(by_zone[name])) for name, state in states.items()}
            self._set_rates(states, rates, is_for_all=is_lost or was_lost)
        if any(zone.waiting for zone in self.state.zones.values()):
            self._plan_pass()

    def _set_rates(self, states: dict[str, str], rates: dict[str, float], *, is_for_all: bool) -> None:
        """Zones whose state is another get the rate that goes with it, or all do."""
        for name, state in states.items():
            zone = self.state.zones[name]
            if is_for_all or zone.state != state:
                zone.set_qps(rates[name], self.now_ms)
                zone.state = state

    def _leave_zones(self, names: list[str]) -> None:
        """Zones of which no Node counts are nobody's; but who waits there for a taint waits on, as upstream, where queues outlive their zones."""
        for name in names:
            self.state.zones[name].is_left = True
            if not self.state.zones[name].waiting:
                del self.state.zones[name]

    def _give_everyone_time(self) -> None:
        """Some Node is back after all were lost: perhaps it was us who were cut off."""
        for name, health in self.state.health.items():
            self.state.health[name] = Health(probe_ms=self.now_ms, ready=health.ready, renew_time=health.renew_time)


def _by_zone(looks: list[Look], ready: list[bool | None]) -> dict[str, list[bool]]:
    """Which of each zone's Nodes are ready, of those that are known to be or not to be, and that count."""
    if ready.count(True) == len(ready):
        return {zone: [True] * count for zone, count in Counter([look.zone for look in looks if look.counts]).items()}
    found: dict[str, list[bool]] = {}
    for look, is_ready in zip(looks, ready, strict=True):
        if is_ready is not None and look.counts:
            found.setdefault(look.zone, []).append(is_ready)
    return found


def _no_execute(key: str) -> dict:
    return {"key": key, "effect": "NoExecute"}


def _matters(node: dict) -> tuple:
    statuses = [(c["type"], c["status"]) for c in (node.get("status") or {}).get("conditions") or ()]
    return node["spec"].get("unschedulable", False), _taints.of(node), statuses, node["metadata"].get("labels")


def labels_to_update(node: dict) -> dict[str, str]:
    """The beta os and arch labels follow the stable ones. Source: reconcileNodeLabels."""
    labels = node["metadata"].get("labels") or {}
    return {
        beta: labels[stable] for stable, beta in OS_LABELS if stable in labels and labels.get(beta) != labels[stable]
    }
