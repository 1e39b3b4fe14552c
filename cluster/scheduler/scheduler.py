"""kube-scheduler as an actor: watches Pods and Nodes, places one Pod at a time, binds in the background.

Source: kubernetes pkg/scheduler/{scheduler,schedule_one}.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cluster.client.client import Client
from cluster.client.election import Election
from cluster.client.informers import Informers
from cluster.client.process import Process
from cluster.client.recorder import FINISH_MS, EventsV1Recorder
from cluster.kinds import registry

from . import verdicts
from .cache import Cache
from .cycle import Decision, decide
from .framework import Cycle, Listers
from .messages import NO_NODES, fit_error, note
from .news import STORAGE, News
from .plugins.volume_binding import Plan
from .pods import PodInfo
from .preempting import is_held_back, preempt
from .profiles import STANDARD as PROFILE
from .profiles import Profile, rejecting_plugins, rescue_of, standard
from .queue import ACTIVE, WAITING, Entry, SchedulingQueue
from .status import failure_patch
from .volumes import Volumes, Waiting

UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"
SPREADING = ("replicasets", "services", "statefulsets", "replicationcontrollers")  # whose Pods are spread by default
LOOKED_UP = (
    *SPREADING,
    *("namespaces", "poddisruptionbudgets"),  # for affinity, for preemption
    *("persistentvolumeclaims", "persistentvolumes", "storageclasses"),  # for volumes
    *("csinodes", "csidrivers", "csistoragecapacities", "volumeattachments"),
)
LEFTOVER_CHECK_MS = 30_000
START_MS = 200  # from its start to its first look at the Lease


@dataclass
class SchedulerState:
    """next_start: at which node the next search begins. assumed: Pod's key -> [uid, node] until the bound Pod is seen.

    nodes: names zone by zone, in the cache's order; of a snapshot alone. due: the id of the next cycle's event, 0 if none.
    nominated: Pod's key -> the node that is being freed for it. preempting: Pod's key -> the last victim's, "" until its turn comes.
    """

    next_start: int = 0
    due: int = 0
    assumed: dict[str, list[str]] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)
    nominated: dict[str, str] = field(default_factory=dict)
    preempting: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)  # Pod's key -> the claims that must be bound first; see volumes.py
    taken_volumes: dict[str, str] = field(default_factory=dict)
    claim_nodes: dict[str, str] = field(default_factory=dict)


class Scheduler(Process):
    """The one scheduler of a cluster. profiles: by schedulerName; without, upstream's default."""

    name = "kube-scheduler"

    def __init__(self, engine, *, elects: bool = False, profiles: dict[str, Profile] | None = None):
        super().__init__(engine)
        self.profiles = standard() if profiles is None else profiles
        self.state = SchedulerState()
        if elects:  # it works only as the leader, and gives its Lease up when it is told to end
            self.election = Election(self, component=PROFILE, gives_up=True, start_ms=START_MS)
        self.client = Client(
            self,
            user="system:kube-scheduler",
            groups=["system:authenticated"],
            manager="kube-scheduler",
            qps=50,
            burst=100,
        )
        self.queue = self.attach("queue", SchedulingQueue())
        event_client = Client(
            self, user="system:kube-scheduler", groups=["system:authenticated"], manager="kube-scheduler"
        )
        self.recorder = EventsV1Recorder(self, event_client, component=PROFILE, instance=PROFILE + "-vm")
        self.informers = Informers(self, self.client)
        self.pods = self.informers.watch("pods", field_selector=UNFINISHED)
        self.nodes = self.informers.watch("nodes")
        self.others = {name: self.informers.watch(name) for name in LOOKED_UP if registry().plural(name)}
        self.listers = Listers(self._look_up, self._list)
        self.news = News(self)
        self.pods.on(self.news.on_pod, report=None)
        self.nodes.on(self.news.on_node)
        for resource in SPREADING:
            self.others[resource].on(self.news.on_selecting)
        self.others["namespaces"].on(self.news.on_namespace)
        self.volumes = Volumes(self)
        for resource in STORAGE:
            self.others[resource].on(lambda kind, old, new, resource=resource: self.news.on_storage(resource, kind, old, new))
        self._cache: Cache | None = None
        self._ready = False

    # -- life --------------------------------------------------------------------------------------------------

    def on_start(self) -> None:
        self._cache, self._ready = self._new_cache(), False
        self.trace("ComponentStarted", component=self.name)
        super().on_start()
        if self.election is not None:
            self.election.begin()
        self.after(LEFTOVER_CHECK_MS, "flush_leftovers", background=True)
        self.after(FINISH_MS, "finish_event_series", background=True)

    def on_stop(self) -> None:
        self.trace("ComponentStopped", component=self.name)
        if self.election is not None:
            self.election.end()

    def on_synced(self) -> None:
        self._ready = self.election is None or self.election.state.is_leader
        self.make_due()

    def lead(self) -> None:
        self._ready = self.informers.synced
        self.make_due()

    def on_restore(self) -> None:
        self._cache, self._ready = self._rebuilt(), self.informers.synced and (self.election is None or self.election.state.is_leader)

    def snapshot(self) -> dict:
        """Zones keep their order, and nodes theirs within a zone, which depends on what they were labelled before."""
        self.state.nodes = self.cache.names() if self.is_on else []
        return super().snapshot()

    @property
    def cache(self) -> Cache:
        """Derived from informers and assumptions; made anew after a snapshot was put back."""
        if self._cache is None:
            self._cache = self._rebuilt()
        return self._cache

    def _new_cache(self) -> Cache:
        cache = Cache()
        cache.taken_volumes, cache.claim_nodes = self.state.taken_volumes, self.state.claim_nodes
        return cache

    def _rebuilt(self) -> Cache:
        cache = self._new_cache()
        for name in self.state.nodes:
            cache.set_node(self.nodes.get(name))
        for key, pod in self.pods.pairs():
            node = pod["spec"].get("nodeName") or (self.state.assumed.get(key) or ["", ""])[1]
            if node:
                cache.add_pod(PodInfo(pod), node)
        for key, node in self.state.nominated.items():
            cache.nominate(PodInfo(self.pods.get(key)), node)
        return cache

    def _look_up(self, resource: str, key: str) -> dict | None:
        informer = self.pods if resource == "pods" else self.others.get(resource)
        return informer.get(key) if informer else None

    def _list(self, resource: str, namespace: str) -> list[dict]:
        informer = self.others.get(resource)
        found = informer.items() if informer else []
        return [obj for obj in found if obj["metadata"].get("namespace") == namespace] if namespace else found

    # -- the queue ---------------------------------------------------------------------------------------------

    def activate(self, key: str) -> None:
        """Try a Pod at once that waits for victims which could not be deleted."""
        entry = self.queue.get(key)
        if entry is not None and entry.where == WAITING:
            entry.held = False
            self.queue.move(entry, ACTIVE)
            self.trace_queued(entry, ACTIVE)
            self.make_due()

    def requeue(self, entry: Entry) -> None:
        entry.held = bool(self.state.preempting) and is_held_back(self, entry.key)
        if entry.held:
            return
        self.queue.requeue(entry, now_ms=self.now_ms)
        self.trace_queued(entry, entry.where)
        self.make_due()

    def trace_queued(self, entry: Entry, queue: str) -> None:
        if not self.engine.trace.on:
            entry.cause = 0
            return
        before = self.engine.cause
        entry.cause = self.trace(
            "PodQueued",
            f"pods/{entry.key}",
            queue=queue,
            length=self.queue.lengths[entry.where],
            attempts=entry.attempts,
        )
        self.engine.cause = before

    def make_due(self) -> None:
        """Make the next scheduling cycle due, if there is something to do and none is due yet."""
        if self._ready and not self.state.due and self.queue.has_work:
            self.state.due = self.after(self.latency("schedule"), "schedule_one")

    def flush_leftovers(self) -> None:
        """Each 30 s: Pods that have waited for five minutes are tried again."""
        self.after(LEFTOVER_CHECK_MS, "flush_leftovers", background=True)
        for entry in self.queue.leftovers(now_ms=self.now_ms):
            self.requeue(entry)

    def flush_errors(self) -> None:
        """Pods that failed by a mishap and have waited long enough are tried again."""
        for entry in self.queue.over(now_ms=self.now_ms):
            self.requeue(entry)

    def finish_event_series(self) -> None:
        self.after(FINISH_MS, "finish_event_series", background=True)
        self.recorder.finish_series()

    def send_event(self, number: str) -> None:
        self.recorder.send(number)

    # -- one scheduling cycle ----------------------------------------------------------------------------------

    def schedule_one(self) -> None:
        """Take the next Pod and decide, in one step; its binding goes on beside the next Pod's cycle."""
        self.state.due = 0
        entry = self.queue.pop()
        if entry is not None:
            pod = self.pods.get(entry.key)
            if pod is None or pod["metadata"].get("uid") != entry.uid or pod["spec"].get("nodeName"):
                self.queue.forget(entry.key)
            elif "deletionTimestamp" in pod["metadata"]:
                self.queue.forget(entry.key)
                self.recorder.event(
                    pod, "Warning", "FailedScheduling", "Scheduling", f"skip schedule deleting pod: {entry.key}",
                    source=pod["spec"]["schedulerName"],
                )  # fmt: skip
            else:
                self._schedule(entry, PodInfo(pod))
        self.make_due()

    def _schedule(self, entry: Entry, info: PodInfo) -> None:
        self.trace(
            "SchedulingStarted",
            f"pods/{entry.key}",
            cause=entry.cause,
            attempt=entry.attempts,
            waiting=self.queue.lengths[ACTIVE],
        )
        cache = self.cache
        if not cache.nodes:
            self._failed(entry, info, NO_NODES, [], nominated="")
            return
        cycle = Cycle(info, cache, self.listers)
        profile = self.profiles[info.spec["schedulerName"]]
        decision = decide(
            cycle, profile.filtering, start=self.state.next_start, choose=self.engine.rng("scheduler").below,
            scoring=profile.scoring, percent=profile.percent, is_told=self.engine.trace.on,
        )  # fmt: skip
        self.state.next_start = decision.next_start
        verdicts.trace(self, f"pods/{entry.key}", decision, profile.filters)
        if decision.node:
            self._assume(entry, info, decision.node, self.volumes.plan_of(cycle.data, decision.node) if info.claims else None)
        else:
            self._fits_nowhere(entry, cycle, decision, profile)

    def _fits_nowhere(self, entry: Entry, cycle: Cycle, decision: Decision, profile: Profile) -> None:
        """Room may be made by Pods of lower priority."""
        rescue = rescue_of(cycle, decision, self.engine.rng("preemption").below, profile)
        if rescue.victims:
            victims = [victim.key for victim in rescue.victims]
            self.trace("PreemptionChosen", f"pods/{entry.key}", node=rescue.nominated, victims=victims, count=len(victims),
                       candidates=rescue.candidates)
            self.work(preempt(self, cycle.pod, rescue.nominated, rescue.victims))
        message = fit_error(decision, rescue.message, seeks_claims=profile.seeks_claims)
        rejecting = rejecting_plugins(decision)
        self._failed(entry, cycle.pod, message, rejecting, nominated=rescue.nominated)

    def _assume(self, entry: Entry, info: PodInfo, node: str, plan: Plan | None) -> None:
        """Count the Pod on its node before the API server has heard of it, so that the next Pod sees it there."""
        self.state.assumed[entry.key] = [info.uid, node]
        if entry.key in self.state.nominated:
            self.news.nominate(entry.key, "")
        self.cache.add_pod(info, node)
        self.trace("PodAssumed", f"pods/{entry.key}", node=node)
        if plan is None:
            self.work(self._bind(entry, info, node))
        else:
            self.volumes.reserve(plan, node)
            self.work(self.volumes.begin(info.pod, node, plan))

    def volumes_bound(self, key: str, node: str) -> None:
        """The claims of a placed Pod are bound."""
        entry, pod = self.queue.get(key), self.pods.get(key)
        if entry is not None and pod is not None:
            self.work(self._bind(entry, PodInfo(pod), node))

    def volumes_late(self, key: str) -> None:
        self.volumes.late(key)

    def _bind(self, entry: Entry, info: PodInfo, node: str) -> Iterator:
        binding = {
            "kind": "Binding",
            "apiVersion": "v1",
            "metadata": {"name": info.name, "namespace": info.namespace, "uid": info.uid},
            "target": {"kind": "Node", "name": node},
        }
        reply = yield self.client.create(
            "pods", binding, namespace=info.namespace, subresource="binding", name=info.name
        )
        if reply.ok:
            self.queue.forget(entry.key)
            self.trace("PodBound", f"pods/{entry.key}", node=node)
            self.recorder.event(
                info.pod, "Normal", "Scheduled", "Binding", f"Successfully assigned {entry.key} to {node}",
                source=info.spec["schedulerName"],
            )  # fmt: skip
        else:
            self.binding_failed(entry.key, f'running Bind plugin "DefaultBinder": {reply.message}')

    def binding_failed(self, key: str, message: str) -> None:
        """A placed Pod could not be bound, or its claims could not."""
        entry, pod = self.queue.get(key), self.pods.get(key)
        if key in self.state.assumed:
            self.news.forget_assumed(key)
        if entry is not None and pod is not None:
            self._failed(entry, PodInfo(pod), message, [], reason="SchedulerError", nominated="")

    def _failed(
        self, entry: Entry, info: PodInfo, message: str, rejecting: list[str], *, reason: str = "Unschedulable", nominated: str | None = None
    ) -> None:
        """The Pod goes back to the queue; its Event and its condition say why. nominated: its node to be, None: as before."""
        self.trace("SchedulingFailed", f"pods/{entry.key}", message=message, reason=reason, plugins=rejecting)
        known = self.pods.get(entry.key)
        if known is None or known["spec"].get("nodeName") or known["metadata"].get("uid") != entry.uid:
            self.queue.forget(entry.key)
        else:
            info = PodInfo(known)
            self._put_back(entry, rejecting)
            if nominated or entry.key in self.state.nominated:
                self.news.nominate(entry.key, info.nominated if nominated is None else nominated, known)
        source = info.spec["schedulerName"]  # every Pod has one by default
        self.recorder.event(info.pod, "Warning", "FailedScheduling", "Scheduling", note(message), source=source)
        patch = failure_patch(info.pod, reason, message, nominated, now=self.engine.clock.text(self.now_ms))
        if patch:
            self.client.send(
                self.client.patch("pods", info.name, patch, namespace=info.namespace, subresource="status")
            )

    def _put_back(self, entry: Entry, rejecting: list[str]) -> None:
        self.queue.reject(entry, rejecting, now_ms=self.now_ms)
        self.trace_queued(entry, entry.where)
        if entry.where != WAITING:
            # A Pod that keeps failing at the longest interval is no reason to call the cluster unsettled.
            delay_ms = entry.backoff_until_ms + 1_000 - self.now_ms
            self.after(delay_ms, "flush_errors", background=entry.errors > 4)
