"""Owns the statuses of a kubelet's Pods and their way to the API server: one at a time, only what changed.

A simplification: the kubelet reads the Pod before each patch; here it takes the newer of its cache and the last answer.
Source: kubernetes pkg/kubelet/status/status_manager.go, pkg/util/pod/pod.go (PatchPodStatus).
"""

from __future__ import annotations

from cluster.client.client import Call
from cluster.engine import Sleep
from cluster.kinds import pod as pods
from cluster.meta.objects import split_key

from . import conditions, pod_status
from .container_status import Made
from .state import Known
from .status_patch import patch_of

SYNC_PERIOD_MS = 10_000
GONE = (404, 409)  # the Pod is no more, or another one has its name


class StatusManager:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet
        self.is_sending = False
        self.made: dict[str, dict[str, Made]] = {}  # uid -> container -> what its status was made from
        self.agreed: dict[str, tuple[dict, dict]] = {}  # uid -> the API's object after the last patch, the status sent, if the two say the same

    def held(self, pod: dict) -> dict:
        """The status held for a Pod, else the API's."""
        known = self.kubelet.state.statuses.get(pod["metadata"]["uid"])
        return known.status if known else pod.get("status") or {}

    def set(self, pod: dict, status: dict, *, finished: bool = False, promptly: bool = False, is_stamped: bool = False) -> None:
        """Hold a new status; it is sent if it differs, promptly or a moment later. is_stamped: its conditions have their times."""
        kubelet, uid = self.kubelet, pod["metadata"]["uid"]
        known = kubelet.state.statuses.get(uid)
        if not is_stamped:
            old = known.status if known else pod.get("status") or {}
            conditions.stamp(status.get("conditions") or [], old.get("conditions") or [], kubelet.engine.clock.text(kubelet.now_ms))
        if known is None:
            kubelet.state.statuses[uid] = known = Known(
                f"{pod['metadata']['namespace']}/{pod['metadata']['name']}", status
            )
        elif known.status == status and not finished:
            return
        else:
            known.status, known.version = status, known.version + 1
        known.finished = known.finished or finished
        self.mark(uid, promptly=promptly)
        if uid in kubelet.state.probes:
            kubelet.prober.wake(uid)

    def set_readiness(self, uid: str, name: str, container_id: str, is_ready: bool) -> None:
        """A probe has found a container ready, or no longer: its status and the conditions say so at once."""
        pod, status = self._with(uid, name, container_id, "ready", is_ready)
        if pod is not None:
            self.set(pod, pod_status.with_readiness(pod, status))

    def set_started(self, uid: str, name: str, container_id: str, is_started: bool) -> None:
        """A startup probe has found a container started."""
        pod, status = self._with(uid, name, container_id, "started", is_started)
        if pod is not None:
            self.set(pod, status)

    def _with(self, uid: str, name: str, container_id: str, field: str, value: bool) -> tuple[dict | None, dict]:
        """(the Pod, its status with a field of one container changed); None where there is nothing to change."""
        known, pod = self.kubelet.state.statuses.get(uid), self.kubelet.pod(uid)
        if known is None or pod is None or uid not in self.kubelet.state.pods:
            return None, {}
        for group in ("containerStatuses", "initContainerStatuses"):
            for place, each in enumerate(known.status.get(group) or ()):
                if each["name"] == name and each.get("containerID") == "containerd://" + container_id and each.get(field) != value:
                    changed = list(known.status[group])
                    changed[place] = {**each, field: value}
                    return pod, {**known.status, group: changed}
        return None, {}

    def mark(self, uid: str, *, promptly: bool = False) -> None:
        """Have a Pod's status sent."""
        self.kubelet.state.dirty[uid] = True
        if not self.is_sending:
            self.is_sending = True
            self.kubelet.work(self._send_all(promptly))

    def reconcile(self, pod: dict) -> None:
        """The API's status changed by somebody else's hand: at the next round the kubelet writes its own again."""
        kubelet, uid = self.kubelet, pod["metadata"]["uid"]
        known, sent = kubelet.state.statuses.get(uid), self.agreed.get(uid)
        if known is None:
            return
        if sent is not None and sent[0] is pod and sent[1] is known.status and known.status.get("phase") not in pod_status.TERMINAL:
            return  # it is what this kubelet's last patch made of it, and nothing has changed since: then nothing differs
        if known.sent >= known.version and uid not in kubelet.state.dirty and self._differs(pod, known):
            self._at_next_round(uid)

    def _at_next_round(self, uid: str) -> None:
        """The rounds come each ten seconds."""
        kubelet = self.kubelet
        offset_ms = (kubelet.now_ms - kubelet.state.started_ms) % SYNC_PERIOD_MS
        kubelet.after(SYNC_PERIOD_MS - offset_ms, "reconcile_status", uid, background=True)

    def reconcile_now(self, uid: str) -> None:
        pod, known = self.kubelet.pod(uid), self.kubelet.state.statuses.get(uid)
        if pod is not None and known is not None and (known.finished or self._differs(pod, known)):
            self.mark(uid)

    def _differs(self, pod: dict, known: Known) -> bool:
        stored = pod.get("status") or {}
        wanted = pod_status.merged(stored, known.status, may_run=self.kubelet.workers.may_run(pod["metadata"]["uid"]))
        return stored != wanted and bool(patch_of(stored, wanted))

    def _send_all(self, promptly: bool):
        kubelet = self.kubelet
        if not promptly:
            yield Sleep(kubelet.latency("status_sync"))
        state = kubelet.state
        while state.dirty:
            uid = next(iter(state.dirty))
            del state.dirty[uid]
            known, pod = state.statuses.get(uid), kubelet.pod(uid)
            if state.static and uid in state.static:
                pod = kubelet.static.mirror(uid)  # it is the mirror that tells; without one nothing is sent
            if known is None or pod is None or uid not in state.pods:
                continue
            current, wanted, call = self._patch(uid, pod, known)
            version = known.version
            if call is not None:
                reply = yield call
                if not reply.ok:
                    self._failed(uid, reply)
                    continue
                current = state.last_sent[uid] = reply.body
                if current.get("status") == wanted:
                    self.agreed[uid] = (current, wanted)
            known.sent = version
            if known.finished and pods.is_terminating(current) and pods.is_terminal(current) and uid == current["metadata"]["uid"]:
                yield from self._delete(uid, known)
        self.is_sending = False

    def _patch(self, uid: str, pod: dict, known: Known) -> tuple[dict, dict, Call | None]:
        """(the API's Pod as it was last heard of, the status that it is to have, the request to that end; None where it has it)."""
        kubelet, last, sent = self.kubelet, self.kubelet.state.last_sent.get(uid), self.agreed.get(uid)
        current = pod if last is None or last is pod else newer(pod, last)
        # Where the API has what was sent last, that is taken, as it shares most of its parts with the next one.
        stored = sent[1] if sent is not None and sent[0] is current else current.get("status") or {}
        may_run = known.status.get("phase") in pod_status.TERMINAL and kubelet.workers.may_run(uid)
        wanted = pod_status.merged(stored, known.status, may_run=may_run)
        changes, meta = patch_of(stored, wanted), pod["metadata"]
        if not changes:
            return current, wanted, None
        body = {"metadata": {"uid": meta["uid"]}, "status": changes}
        call = kubelet.client.patch("pods", meta["name"], body, namespace=meta["namespace"], subresource="status")
        call.request.outcome = [current["metadata"]["resourceVersion"], wanted]
        return current, wanted, call

    def _delete(self, uid: str, known: Known):
        """The last word on a deleted Pod: nothing of it runs any more."""
        namespace, name = split_key(known.key)
        reply = yield self.kubelet.client.delete("pods", name, namespace, grace_period_seconds=0, uid=uid)
        if reply.ok:
            self.kubelet.state.statuses.pop(uid, None)
        else:
            self._failed(uid, reply)

    def _failed(self, uid: str, reply) -> None:
        """What could not be written is tried again with the next round, unless there is nothing any more to write to."""
        if reply.code not in GONE:
            self._at_next_round(uid)

    def forget(self, uid: str) -> None:
        for table in (self.kubelet.state.statuses, self.kubelet.state.dirty, self.kubelet.state.last_sent, self.made, self.agreed):
            table.pop(uid, None)


def newer(first: dict, second: dict | None) -> dict:
    """Of two versions of an object the one with the higher revision."""
    if second is None or second is first or int(second["metadata"]["resourceVersion"]) < int(first["metadata"]["resourceVersion"]):
        return first
    return second
