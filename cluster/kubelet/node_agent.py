"""Owns a kubelet's dealings with its own Node: registration, heartbeats by Lease and status, Events about it.

Source: kubernetes pkg/kubelet/kubelet_node_status.go (registerWithAPIServer, syncNodeStatus, tryUpdateNodeStatus),
k8s.io/component-helpers apimachinery/lease/controller.go.
"""

from __future__ import annotations

from cluster.client.client import LEASES
from cluster.engine import Sleep

from . import csi_node, node_status
from .status_patch import patch_of

BEAT_MS, JITTER_MS = 10_000, 400  # nodeStatusUpdateFrequency, and a quarter of the Lease; both up to 4 % longer
REPORT_MS = 300_000  # nodeStatusReportFrequency: when nothing has changed
LEASE_S = 40
LEASE_NAMESPACE = "kube-node-lease"
RETRY_MS = 1_000
NEW_NODE_NOTES = 3  # a kubelet describes a node that is not there three times before it is registered


class NodeAgent:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet
        self.is_checking = self.is_renewing = False
        self.quiet: dict | None = None  # the Node, as it was at a look that found nothing to report and nothing out of the ordinary
        self.chance = "lease/" + kubelet.node
        self.reference = {"kind": "Node", "name": kubelet.node, "uid": kubelet.node}  # in Events, where a kubelet puts its name in the uid's place

    def event(self, reason: str, message: str) -> None:
        self.kubelet.recorder.event(self.reference, "Normal", reason, message)

    def note(self, reason: str) -> None:
        self.event(reason, f"Node {self.kubelet.node} status is now: {reason}")

    def register(self):
        """Make the Node, or find it; then report until Ready and start the heartbeats."""
        kubelet = self.kubelet
        yield Sleep(kubelet.latency("kubelet_register"))
        for _ in range(1 if kubelet.node_object() else NEW_NODE_NOTES):
            for _, _, _, reason in node_status.PRESSURES:
                self.note(reason)
        wanted = node_status.initial(
            kubelet.node,
            kubelet.machine,
            address=kubelet.node_ip,
            ids=kubelet.machine_ids(),
            images=kubelet.runtime.images(),
            now_text=kubelet.moment.now_text,
        )
        while True:
            reply = yield kubelet.client.create("nodes", wanted)
            is_new = reply.ok
            if not is_new and reply.reason == "AlreadyExists":
                reply = yield kubelet.client.get("nodes", kubelet.node)
            if reply.ok:
                break
            yield Sleep(RETRY_MS, background=True)
        node = reply.body
        kubelet.state.is_registered, kubelet.state.node_uid = True, node["metadata"]["uid"]
        kubelet.static.show_all()
        kubelet.trace(
            "NodeRegistered",
            f"nodes//{kubelet.node}",
            node=kubelet.node,
            new=is_new,
            cpu=kubelet.machine.cpu,
            memory=kubelet.machine.memory,
        )
        kubelet.state.is_unschedulable = bool((node.get("spec") or {}).get("unschedulable"))
        if is_new:
            kubelet.work(csi_node.publish(kubelet))
            yield Sleep(kubelet.latency("node_ready"))
        yield from self.report(kubelet.node_object() or node)
        kubelet.after(0, "beat", background=True)

    def report(self, node: dict, *, is_news: bool = True):
        """Send the node's status, with what changed and the time. is_news: it is not just time for it."""
        kubelet, old = self.kubelet, node.get("status") or {}
        trouble = kubelet.health.trouble()
        wanted = node_status.status(
            kubelet.node,
            kubelet.machine,
            address=kubelet.node_ip,
            ids=kubelet.machine_ids(),
            images=kubelet.runtime.images(),
            old=old,
            trouble=trouble,
            now_text=kubelet.moment.now_text,
            pressures=tuple(kubelet.pressure.present()),
            in_use=kubelet.volumes.in_use(),
        )
        self._note_boot((old.get("nodeInfo") or {}).get("bootID", ""), wanted["nodeInfo"]["bootID"])
        self._note_changes(node)
        changes = patch_of({name: old.get(name) for name in wanted if name in old}, wanted)
        reply = yield kubelet.client.patch("nodes", kubelet.node, {"status": changes}, subresource="status")
        if reply.ok:
            kubelet.state.reported_ms, kubelet.state.reported_images = kubelet.now_ms, kubelet.runtime.state.image_changes
            kubelet.state.report_later_ms = self._spread_ms() if is_news else 0
            kubelet.trace("NodeStatusReported", f"nodes//{kubelet.node}", node=kubelet.node, ready=not trouble)

    def _spread_ms(self) -> int:
        """So that nodes that changed together do not report together for ever. Source: calculateDelay."""
        return self.kubelet.engine.rng(f"node-status/{self.kubelet.node}").below(REPORT_MS) - REPORT_MS // 2

    def _note_boot(self, before: str, now: str) -> None:
        """Source: pkg/kubelet/nodestatus/setters.go (MachineInfo)."""
        if before and before != now:
            kubelet = self.kubelet
            words = f"Node {kubelet.node} has been rebooted, boot id: {now}"
            kubelet.recorder.event(self.reference, "Warning", "Rebooted", words)

    def _note_changes(self, node: dict) -> None:
        pressures = self.kubelet.state.pressures
        for kind, _, _, reason in node_status.PRESSURES:
            before = node_status.condition_status(node, kind)
            if kind in pressures and before != "True":
                self.note(node_status.UNDER_PRESSURE[kind][2])
            elif kind not in pressures and before not in ("False", ""):
                self.note(reason)
        word, trouble = node_status.condition_status(node, "Ready"), self.kubelet.health.trouble()
        if word != "True" and not trouble:
            self.note("NodeReady")
        elif trouble and word != "False":
            self.note("NodeNotReady")

    # -- heartbeats: background, for ever ------------------------------------------------------------------------

    def beat(self) -> None:
        """Each ten seconds or a little more. Upstream's two loops, of the status and of the Lease, which wait as long, are one here."""
        kubelet = self.kubelet
        kubelet.engine.schedule(kubelet, BEAT_MS + kubelet.engine.rng(self.chance).below(JITTER_MS), "beat", background=True)
        if kubelet.state.reported_ms < kubelet.engine.now_ms:
            self.check()
        self.renew()

    def check(self) -> None:
        """Is there anything to report?"""
        kubelet = self.kubelet
        node = kubelet.node_object()
        if node is None or self.is_checking:
            return
        is_quiet = node is self.quiet and self._is_ordinary()
        is_changed = not is_quiet and self._is_changed(node)
        if is_changed or kubelet.now_ms - kubelet.state.reported_ms >= REPORT_MS + kubelet.state.report_later_ms:
            self.is_checking = True
            kubelet.work(self.report(node, is_news=is_changed), self._checked)

    def _is_ordinary(self) -> bool:
        """Whether all is as on most nodes at most times: what is told of then follows from the Node alone."""
        kubelet, runtime = self.kubelet, self.kubelet.runtime.state
        return (
            runtime.image_changes == kubelet.state.reported_images
            and runtime.down_ms < 0
            and not (runtime.is_netless or kubelet.shutdown.is_under_way or kubelet.state.volumes or kubelet.state.pressures)
        )

    def _is_changed(self, node: dict) -> bool:
        """Whether there is anything to report. Where there is not, the same Node need not be looked at again while all is ordinary."""
        kubelet = self.kubelet
        self._note_cordon(node)
        is_changed = (
            kubelet.runtime.state.image_changes != kubelet.state.reported_images
            or not node_status.says(node, kubelet.health.trouble())
            or (node.get("status") or {}).get("volumesInUse", []) != kubelet.volumes.in_use()
            or any((node_status.condition_status(node, kind) == "True") != (kind in kubelet.state.pressures) for kind in node_status.UNDER_PRESSURE)
        )
        self.quiet = node if not is_changed and self._is_ordinary() else None
        return is_changed

    def _checked(self, _result) -> None:
        self.is_checking = False

    def _note_cordon(self, node: dict) -> None:
        is_unschedulable = bool((node.get("spec") or {}).get("unschedulable"))
        if is_unschedulable != self.kubelet.state.is_unschedulable:
            self.kubelet.state.is_unschedulable = is_unschedulable
            self.note("NodeNotSchedulable" if is_unschedulable else "NodeSchedulable")

    def renew(self) -> None:
        """The Lease says that the node is alive.

        Simplified: to renew one that is held takes no time, so that a heartbeat is one event; nobody waits for its answer.
        """
        kubelet = self.kubelet
        if self.is_renewing:
            return
        lease = kubelet.state.lease
        if lease:
            self._hold(kubelet.client.renew(lease, kubelet.engine.clock.micro_text(kubelet.engine.now_ms)))
        else:
            self.is_renewing = True
            kubelet.work(self._find_or_make_lease(), self._hold)

    def _find_or_make_lease(self):
        """At the start, or after a renewal that failed; where there is no Node none is made. Source: pkg/kubelet/util/nodelease.go."""
        kubelet = self.kubelet
        reply = yield kubelet.client.get(LEASES, kubelet.node, LEASE_NAMESPACE)
        now_text = kubelet.engine.clock.micro_text(kubelet.engine.now_ms)
        if reply.ok:
            reply = yield kubelet.client.update(LEASES, {**reply.body, "spec": {**reply.body["spec"], "renewTime": now_text}})
        elif reply.code == 404 and (node := kubelet.node_object()) is not None:
            reply = yield kubelet.client.create(LEASES, self._new_lease(node["metadata"]["uid"], now_text))
        return reply.body if reply.ok else {}

    def _hold(self, lease: dict) -> None:
        """Keep a Lease as it is now; none: it was not renewed, and is looked for the next time."""
        kubelet = self.kubelet
        kubelet.state.lease, self.is_renewing = lease, False
        if lease and kubelet.engine.trace.on:
            kubelet.trace("LeaseRenewed", f"leases/{LEASE_NAMESPACE}/{kubelet.node}", node=kubelet.node, quiet=True)

    def _new_lease(self, uid: str, now_text: str) -> dict:
        node = self.kubelet.node
        owner = {"apiVersion": "v1", "kind": "Node", "name": node, "uid": uid}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": node, "namespace": LEASE_NAMESPACE, "ownerReferences": [owner]},
            "spec": {"holderIdentity": node, "leaseDurationSeconds": LEASE_S, "renewTime": now_text},
        }
