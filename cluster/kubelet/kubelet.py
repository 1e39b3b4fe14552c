"""The kubelet of one node as an actor: it watches the Pods bound to its node and makes the node agree with them.

It owns the parts (workers, relist, statuses, node) and the moments; the rules are functions in the modules beside it.
Source: kubernetes pkg/kubelet/kubelet.go (syncLoopIteration, HandlePod*), pkg/kubelet/config/config.go.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cluster.client.client import Client
from cluster.client.informers import Informers
from cluster.client.process import Process
from cluster.client.recorder import Recorder
from cluster.kinds import pod as pods
from cluster.runtime.containerd import Containerd

from . import admission, admission_rules, backoff, conditions, pod_status, user_spaces
from .configuration import Configured
from .deadlines import IN_TIME, Deadlines
from .evictions import is_critical
from .health import Health
from .hooks import Hooks
from .image_collection import ImageCollection
from .images import Images
from .local_storage import LocalStorage
from .node_agent import NodeAgent
from .node_status import Machine
from .objects import Objects
from .pleg import Pleg
from .preemption import Preemption
from .pressure import Pressure
from .prober import Prober
from .resizes import Resizes
from .services import Services
from .shapes import shape_of
from .shutdown import REFUSED, Shutdown
from .state import KubeletState, Report, Worker
from .static_pods import MIRROR, StaticPods
from .status_manager import StatusManager
from .sync import Sync
from .termination import Termination
from .volumes import Volumes
from .wakings import Wakings
from .workers import Workers

HOUSEKEEPING_MS = 2_000


class Kubelet(Configured, Wakings, Process):
    """One node's kubelet. `runtime` is its containerd; node_ip its address; machine what the node has."""

    def __init__(self, engine, node: str, runtime: Containerd, *, node_ip: str, machine: Machine | None = None, parallel_pulls: int = 1):
        super().__init__(engine, f"kubelet/{node}")
        self.node, self.runtime, self.node_ip, self.hardware = node, runtime, node_ip, machine or Machine()
        self.parallel_pulls = parallel_pulls
        self.state = KubeletState()
        self._second, self._moment = -1, pod_status.Moment("", engine.clock.text, node_ip, [{"ip": node_ip}])  # the last one, see moment
        self._ids: tuple[int, list[str]] | None = None  # as of which boot
        runtime.listener = self
        self.client = Client(
            self,
            user=f"system:node:{node}",
            groups=["system:nodes", "system:authenticated"],
            manager="kubelet",
            qps=50,
            burst=100,
        )
        self.recorder = Recorder(self, self.client, component="kubelet", host=node)
        self.informers = Informers(self, self.client)
        self.pods = self.informers.watch("pods", field_selector=f"spec.nodeName={node}")
        self.pods.on(self.on_pod, report=self.on_report)
        self.nodes = self.informers.watch("nodes", field_selector=f"metadata.name={node}")
        self.nodes.on(self.on_node)
        self.service_informer = self.informers.watch("services")
        self.service_informer.on(self.on_service)
        self._make_parts()

    def _make_parts(self) -> None:
        self.workers, self.pleg, self.statuses = Workers(self), Pleg(self), StatusManager(self)
        self.sync, self.termination, self.images, self.agent = (
            Sync(self),
            Termination(self),
            Images(self, self.parallel_pulls),
            NodeAgent(self),
        )
        self.static = StaticPods(self)
        self.collection, self.pressure, self.preemption = ImageCollection(self), Pressure(self), Preemption(self)
        self.volumes, self.objects, self.services = Volumes(self), Objects(self), Services(self)
        self.local_storage, self.health, self.shutdown = LocalStorage(self), Health(self), Shutdown(self)
        self.prober, self.hooks, self.deadlines, self.resizes = Prober(self), Hooks(self), Deadlines(self), Resizes(self)

    # -- start and stop ----------------------------------------------------------------------------------------

    def on_start(self) -> None:
        if self.generation:  # it was off: nothing of what its parts remembered is left
            self._make_parts()
        if not self.configure():
            self.engine.stop(self)
            return
        self.state.started_ms = self.now_ms - self.engine.rng("phase/" + self.node).below(
            1000
        )  # nodes do not tick together
        self.agent.event("Starting", "Starting kubelet.")
        self.agent.event("NodeAllocatableEnforced", "Updated Node Allocatable limit across pods")
        self.trace("ComponentStarted", f"nodes//{self.node}", component=self.name, node=self.node)
        for uid in self.runtime.uids():
            self.state.reports[uid] = self.pleg.report_of(uid)
        self.runtime.state.changed.clear()
        super().on_start()

    def on_stop(self) -> None:
        self.trace("ComponentStopped", f"nodes//{self.node}", component=self.name, node=self.node)
        self.resizes.keep()
        self.shutdown.let_go()
        self.runtime.abort_pulls()
        self.runtime.forget_commands()

    def on_synced(self) -> None:
        """Pods and node are known: register, and look for what no Pod explains."""
        self.static.look()
        self.work(self.agent.register())
        self.after(HOUSEKEEPING_MS, "clean_orphans")
        self.pressure.usage_changed()
        if self.machine.image_gc_percent < 100:
            self.collection.run()

    def machine_ids(self) -> list[str]:
        """machineID, systemUUID, bootID: the same at each start, the last one until the machine is restarted."""
        boots = self.runtime.state.boots
        if self._ids is None or self._ids[0] != boots:
            draw = type(self.engine.rng)(self.engine.seed)
            stream = draw("machine/" + self.node)
            ids = [stream.hex(32), stream.uuid(), stream.uuid()]
            self._ids = boots, [*ids[:2], draw(f"boot/{self.node}/{boots}").uuid()] if boots else ids
        return self._ids[1]

    # -- what the parts ask for ----------------------------------------------------------------------------------

    @property
    def moment(self) -> pod_status.Moment:
        """Now: many statuses are made within a second."""
        engine = self.engine
        second = (engine.clock.epoch_ms + engine.now_ms) // 1000
        if second != self._second:
            self._second, self._moment = second, replace(self._moment, now_text=engine.clock.text(engine.now_ms))
        return self._moment

    def tell(self, kind: str, worker: Worker, container: str = "", **data: Any) -> None:
        """Trace a fact about one of the Pods."""
        if not self.engine.trace.on:
            return
        if container:
            data["container"] = container
        self.trace(kind, f"pods/{worker.key}", node=self.node, pod=worker.key, uid=worker.uid, **data)

    def pod(self, uid: str) -> dict | None:
        """A Pod of this node as the node has promised it; one that is gone is None, unless its end is still under way."""
        state = self.state
        key = state.pods.get(uid)
        found = self.pods.state.objects.get(key) if key else None
        if found is None or state.static or state.resizes or found["metadata"]["uid"] != uid:
            found = self.stored(uid)  # it is over, or there are other Pods than the API's
            return self.resizes.allocated(found) if found is not None and uid in state.resizes else found
        return found

    def stored(self, uid: str) -> dict | None:
        """A Pod of this node as the API last had it."""
        if self.state.static and uid in self.state.static:
            return self.static.pod(uid)
        key = self.state.pods.get(uid)
        found = self.pods.get(key) if key else None
        return found if found is not None and found["metadata"]["uid"] == uid else self.state.ended.get(uid)

    def pod_or_ended(self, uid: str) -> dict:
        """As `pod`, for one whose worker is there."""
        found = self.pod(uid)
        assert found is not None, f"no Pod {uid} on {self.node}"
        return found

    def node_object(self) -> dict | None:
        return self.nodes.get(self.node)

    def status_of(self, pod: dict, report: Report, *, is_terminal: bool) -> dict:
        """The status of a Pod as of now."""
        uid, state = pod["metadata"]["uid"], self.state
        made = self.statuses.made.get(uid)
        if made is None:
            made = self.statuses.made[uid] = {}
        known = state.statuses.get(uid)
        return pod_status.generate(
            pod,
            report,
            known.status if known is not None else pod.get("status") or {},
            is_terminal=is_terminal,
            resize=state.resizes.get(uid) if state.resizes else None,
            probed=self.prober if uid in state.probes else None,
            evicted=self._evicted(pod) if state.evictions or "activeDeadlineSeconds" in pod["spec"] else IN_TIME,
            made=made,
            reasons=state.reasons.get(uid) or {},
            moment=self.moment,
        )

    def _evicted(self, pod: dict) -> tuple[str, str]:
        """(reason, message) of a Pod that this kubelet ends by itself."""
        if self.state.evictions and pod["metadata"]["uid"] in self.state.evictions:
            return tuple(self.state.evictions[pod["metadata"]["uid"]])
        return self.deadlines.evicted(pod) if "activeDeadlineSeconds" in pod["spec"] else IN_TIME

    # -- news from the API server -------------------------------------------------------------------------------

    def on_node(self, _kind: str, _old: dict | None, node: dict | None) -> None:
        cidr = ((node or {}).get("spec") or {}).get("podCIDR")
        if cidr:
            self.runtime.state.pod_cidr = cidr

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        if "annotations" in new["metadata"] and MIRROR in new["metadata"]["annotations"]:
            self.static.heard(kind, new)
        elif kind == "DELETED":
            self.removed(old or new, new)
        elif old is not None and old["metadata"]["uid"] != new["metadata"]["uid"]:
            self.removed(old, old)
            self.added(new)
        elif old is None:
            self.added(new)
        elif is_changed(old, new):
            if old["spec"] is not new["spec"]:
                self.resizes.look(old, new)
            self.workers.update(new, "update")
        else:
            self.statuses.reconcile(new)
            if "readinessGates" in new["spec"] and conditions.must_reconcile(new) and not self.workers.is_ending(new["metadata"]["uid"]):
                self.workers.update(new, "sync")

    def on_report(self, kind: str, old: dict, new: dict) -> None:
        """A Pod goes on, and only its status is another: see Informer.on. Annotations are not looked at there."""
        if "annotations" in new["metadata"] or "annotations" in old["metadata"] or "readinessGates" in new["spec"]:
            self.on_pod(kind, old, new)
        else:
            self.statuses.reconcile(new)

    def added(self, pod: dict) -> None:
        """A Pod is new on this node."""
        meta = pod["metadata"]
        uid, key = meta["uid"], f"{meta['namespace']}/{meta['name']}"
        self.state.pods[uid] = key
        is_over = pods.is_terminal(pod)
        if is_over and not any(each.state == "running" for each in self.runtime.containers(uid)):
            self.state.workers[uid] = Worker(uid, key, phase="finished", seen_ms=self.now_ms)
            self._finished_before(pod)
            return
        promised = self.resizes.found_again(pod) if self.runtime.state.checkpoints else pod
        if not is_over and not (uid in self.state.workers and self.workers.is_ending(uid)) and not self._admit(promised):
            return
        self.workers.update(pod, "create")
        if promised is not pod:
            self.resizes.go_on(uid, pod)

    def _finished_before(self, pod: dict) -> None:
        """A Pod that ended before this kubelet started: only a deletion may still have to be confirmed."""
        if pods.is_terminating(pod):
            self.statuses.set(pod, pod.get("status") or {}, finished=True)

    def _admit(self, pod: dict) -> bool:
        """Whether the node takes the Pod; one that is refused fails at once."""
        uid, node, state, refused = pod["metadata"]["uid"], self.node_object(), self.state, None
        has_run = bool(self.runtime.state.by_pod.get(uid))
        is_usual = not state.pressures and state.shutdown_ms < 0
        if node is not None and not has_run and not (is_usual and admission.is_welcome(pod, node, state.used)):
            taken = [tuple(port) for ports in state.ports.values() for port in ports] if state.ports else []
            refused = (self.pressure.refusal(pod) if self.state.pressures else None) or admission_rules.refusal(pod)
            refused = refused or (REFUSED if self.shutdown.is_under_way else None)
            refused = refused or admission.refusal(pod, node, self.state.used, taken)
            if refused is not None and refused[0].startswith(admission.SHORT) and is_critical(pod):
                refused = admission.unmovable(pod, node, taken) or self.preemption.make_room(pod, node)
                if refused is None:
                    return False
            refused = refused or admission_rules.app_armor(pod)
        if refused is None:
            self.take(pod)
            if self.engine.trace.on:
                self.tell("PodFoundRunning" if has_run else "PodAdmitted", Worker(uid, self.state.pods[uid]))
            return True
        worker, (reason, message) = Worker(uid, self.state.pods[uid]), refused
        self.recorder.event(pod, "Warning", reason, message)
        self.tell("PodNotAdmitted", worker, reason=reason, message=message)
        worker.phase = "finished"
        self.state.workers[uid] = worker
        self.statuses.set(pod, pod_status.rejected(pod, reason, message, self.moment), finished=True)
        return False

    def take(self, pod: dict) -> None:
        uid, shape, state = pod["metadata"]["uid"], shape_of(pod["spec"]), self.state
        wanted = pods.requests(pod) if shape.has_amounts else admission.A_PLACE
        if uid in state.admitted or state.preempting:
            self.release(uid)
        state.admitted[uid] = dict(wanted)
        for name, amount in wanted.items():
            state.used[name] = state.used.get(name, 0) + amount
        if shape.has_host_ports:
            self.state.ports[uid] = [list(port) for port in admission.host_ports(pod)]

    def release(self, uid: str) -> None:
        """Give back what an ended Pod had requested."""
        for name, amount in (self.state.admitted.pop(uid, None) or {}).items():
            self.state.used[name] -= amount
        self.state.ports.pop(uid, None)
        if self.state.preempting:
            self.preemption.freed(uid)

    def admit_again(self, uid: str) -> None:
        """A critical Pod for which room was made."""
        pod = self.stored(uid)
        if pod is not None and uid in self.state.pods and uid not in self.state.workers:
            self.added(pod)

    def removed(self, old: dict, last: dict) -> None:
        """A Pod is no more; last: its last version."""
        uid = old["metadata"]["uid"]
        self.state.pods.pop(uid, None)
        self.release(uid)
        if self.state.resizes:
            self.after(self.latency("kubelet_sync"), "retry_resizes")
        worker = self.state.workers.get(uid)
        if worker is None:
            return
        worker.removed = True
        if worker.phase == "finished":
            self.forget(uid)
            return
        self.state.ended[uid] = last
        self.workers.update(last, "update")

    def forget(self, uid: str) -> None:
        """Nothing is left of a Pod, neither in the API nor on the node."""
        worker = self.state.workers.pop(uid, None)
        self.release(uid)
        self.statuses.forget(uid)
        self.prober.stop(uid)
        self.sync.settled.pop(uid, None)
        self.state.resizes.pop(uid, None)
        self.volumes.forget(uid)
        self.local_storage.forget(uid)
        user_spaces.release(self, uid)
        self.cancel(self.state.deadlines.pop(uid, 0))
        for table in (
            self.state.reports,
            self.state.observed_ms,
            self.state.awaiting,
            self.state.ended,
            self.state.reasons,
        ):
            table.pop(uid, None)
        for entries in (self.state.crash, self.state.pull):
            backoff.forget(entries, uid + "_")
        for key in [key for key in self.state.pull_errors if key.startswith(uid)]:
            del self.state.pull_errors[key]
        if worker is not None:
            self.cancel(worker.retry)
            self.tell("PodRemoved", worker)
            self.runtime.remove_pod(uid)
            if self.state.has_static:
                self.static.ended(worker.key)

    def watch_closed(self, watcher_id: int) -> None:
        self.objects.closed(watcher_id)
        super().watch_closed(watcher_id)

    def clean_orphans(self) -> None:
        """Stop what runs for Pods that the API no longer has.

        Source: pkg/kubelet/kubelet_pods.go (HandlePodCleanups).
        """
        for uid in self.runtime.uids():
            if uid in self.state.pods or uid in self.state.workers:
                continue
            containers = self.runtime.containers(uid)
            key = self.runtime.sandboxes(uid)[0].pod
            namespace, _, name = key.partition("/")
            specs = [{"name": each} for each in dict.fromkeys(container.name for container in containers)]
            self.state.ended[uid] = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": namespace, "uid": uid},
                "spec": {"containers": specs},
            }
            worker = Worker(uid, key, phase="terminating", pending="orphan", grace_s=1, removed=True)
            self.state.workers[uid] = worker
            self.workers.begin(uid)


def is_changed(old: dict, new: dict) -> bool:
    """Whether more than the status changed: what makes the sync loop hear an UPDATE rather than a RECONCILE."""
    before, after = old["metadata"], new["metadata"]
    return (
        before.get("generation") != after.get("generation")
        or ("deletionTimestamp" in after and before.get("deletionTimestamp") != after["deletionTimestamp"])
        or ("deletionGracePeriodSeconds" in after and before.get("deletionGracePeriodSeconds") != after["deletionGracePeriodSeconds"])
        or (("labels" in before or "labels" in after) and before.get("labels") != after.get("labels"))
        or (("annotations" in before or "annotations" in after) and before.get("annotations") != after.get("annotations"))
    )
