"""Owns in-place resize: what each container has been promised, what is in force, and what must wait for room on the node.

A resize that fits is allocated at once; the next pass brings it into force, in place or by a restart, as the container's resizePolicy says.
What was promised and is in force outlives the kubelet, as a checkpoint on its node, which here is written when it stops.
Source: kubernetes pkg/kubelet/allocation/{allocation_manager.go,state/state_checkpoint.go}, kuberuntime_manager.go
(computePodResizeAction, doPodResizeAction, validateMemoryResizeAction).
"""

from __future__ import annotations

from typing import Any

from cluster.kinds import pod as pods

from . import admission
from .pod_amounts import is_declared
from .resizing import FIELDS, WHOLE, memory_limit, resources_of, restarts, shrinks, summary, with_resources
from .state import Report, Resize

DEFERRED = "Deferred"
LEAST_BYTES = 256 * 1024  # a simplification: what any program holds, whose memory is not counted otherwise


class Resizes:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    @property
    def table(self) -> dict[str, Resize]:
        return self.kubelet.state.resizes

    def look(self, old: dict, new: dict) -> None:
        """A Pod has changed: if its resources have, they are allocated, or wait."""
        uid, wanted = new["metadata"]["uid"], resources_of(new)
        before = resources_of(old)
        if uid not in self.table:
            if wanted == before:
                return
            self.table[uid] = Resize(allocated=before, actuated=dict(before))
        if self._try(uid, new) and not self.table[uid].reason:
            self.retry()  # who now asks for less makes room

    def allocated(self, pod: dict) -> dict:
        """The Pod as the node has promised it."""
        return with_resources(pod, self.table[pod["metadata"]["uid"]].allocated)

    # -- beyond a restart ------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """The kubelet stops: write down what each Pod was promised, and what is in force."""
        kubelet, kept = self.kubelet, {}
        for uid, worker in kubelet.state.workers.items():
            pod = kubelet.pod(uid) if worker.phase == "sync" else None
            if pod is not None:
                resize = self.table.get(uid)
                kept[uid] = [resize.allocated, resize.actuated] if resize else [resources_of(pod)] * 2
        if kubelet.state.is_registered:
            kubelet.runtime.state.checkpoints = kept

    def found_again(self, pod: dict) -> dict:
        """A Pod as this node promised it before the kubelet stopped."""
        uid = pod["metadata"]["uid"]
        allocated, actuated = self.kubelet.runtime.state.checkpoints.pop(uid, None) or (None, None)
        if allocated is None or allocated == actuated == resources_of(pod):
            return pod
        self.table[uid] = Resize(allocated, actuated, progress=pod["metadata"].get("generation", 0) if allocated != actuated else 0)
        return self.allocated(pod)

    def go_on(self, uid: str, pod: dict) -> None:
        """What was asked for meanwhile is allocated now, or waits."""
        if uid in self.table:
            self._try(uid, pod)

    # -- what is promised -------------------------------------------------------------------------------------------

    def retry(self) -> None:
        """Something of the node has become free: those that wait may fit now, one after the other."""
        waiting = [(uid, self.kubelet.stored(uid)) for uid, each in self.table.items() if each.reason == DEFERRED]
        for uid, pod in sorted([each for each in waiting if each[1] is not None], key=lambda each: self._turn(*each)):
            if self._try(uid, pod):
                self.kubelet.workers.update(self.kubelet.pod_or_ended(uid), "sync")

    def _turn(self, uid: str, pod: dict) -> tuple[bool, int, bool, str]:
        """Whose turn it is: who asks for no more, else by priority, class, and since when it waits (sortPendingResizes)."""
        asked, promised = pods.requests(pod), pods.requests(self.allocated(pod))
        grows = any(asked.get(name, 0) > promised.get(name, 0) for name in ("cpu", "memory"))
        return grows, -(pod["spec"].get("priority") or 0), pods.qos_class(pod) != "Guaranteed", self.table[uid].noted

    def _try(self, uid: str, pod: dict) -> bool:
        """Allocate what the spec asks for, if there is room. Returns whether anything changed."""
        resize, kubelet, generation = self.table[uid], self.kubelet, pod["metadata"].get("generation", 0)
        wanted = resources_of(pod)
        if wanted == resize.allocated:
            was, resize.reason = resize.reason, ""
            return bool(was)
        refused = self._refusal(uid, pod)
        if refused is not None:
            return self._wait(resize, pod, *refused)
        resize.allocated, resize.reason, resize.progress = wanted, "", generation
        resize.noted = kubelet.moment.now_text
        kubelet.take(pod)
        kubelet.recorder.event(pod, "Normal", "ResizeStarted", f"Pod resize started: {summary(pod, generation)}")
        self._tell(uid, "PodResizeStarted")
        return True

    def _refusal(self, uid: str, pod: dict) -> tuple[str, str] | None:
        kubelet, node = self.kubelet, self.kubelet.node_object()
        if node is None:
            return None
        own = kubelet.state.admitted.get(uid) or {}
        used = {name: amount - own.get(name, 0) for name, amount in kubelet.state.used.items()}
        return admission.shortage(pod, node, used)

    def _wait(self, resize: Resize, pod: dict, reason: str, message: str) -> bool:
        generation = pod["metadata"].get("generation", 0)
        is_new = (resize.reason, resize.pending) != (DEFERRED, generation)
        resize.reason, resize.message, resize.pending = DEFERRED, message, generation
        resize.noted = self.kubelet.moment.now_text if is_new else resize.noted
        if is_new:
            words = f"Pod resize {reason}: {summary(pod, generation, message)}"
            self.kubelet.recorder.event(pod, "Warning", "ResizeDeferred", words)
            self._tell(pod["metadata"]["uid"], "PodResizeDeferred", message=message)
        return is_new

    def _tell(self, uid: str, kind: str, **data: Any) -> None:
        worker = self.kubelet.state.workers.get(uid)
        if worker is not None:
            self.kubelet.tell(kind, worker, **data)

    # -- in a pass ------------------------------------------------------------------------------------------------

    def note(self, pod: dict, report: Report) -> None:
        """At the beginning of a pass: a resize is over once all that runs has what was allocated."""
        uid = pod["metadata"]["uid"]
        resize = self.table[uid]
        if resize.progress and not self.changes(pod, report):
            words = f"Pod resize completed: {summary(pod, resize.progress)}"
            resize.progress, resize.error = 0, ""
            self.kubelet.recorder.event(pod, "Normal", "ResizeCompleted", words)
            self._tell(uid, "PodResizeCompleted")

    def changes(self, pod: dict, report: Report) -> list[tuple[str, bool]]:
        """(container, whether it must be restarted for it) of what runs with other resources than it was promised."""
        resize = self.table[pod["metadata"]["uid"]]
        found = [(WHOLE, False)] if resize.actuated.get(WHOLE) != resize.allocated.get(WHOLE) else []
        for field in FIELDS:
            for spec in pod["spec"].get(field) or ():
                name, latest = spec["name"], report.latest(spec["name"])
                now, then = resize.actuated.get(name) or {}, resize.allocated.get(name) or {}
                if latest is not None and latest.state == "running" and now != then:
                    found.append((name, restarts(spec, now, then)))
        return found

    def is_refused(self, pod: dict, changed: list[str]) -> bool:
        """Whether memory would become less than what is used; it is tried again then. changed: what is to be changed in place."""
        uid = pod["metadata"]["uid"]
        resize, problems = self.table[uid], self._too_small(pod, changed)
        words = "cannot decrease memory limits: " + (problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]") if problems else ""
        if words and words != resize.error:
            resize.noted = self.kubelet.moment.now_text
            told = f"Pod resize error: {summary(pod, resize.progress, words)}"
            self.kubelet.recorder.event(pod, "Warning", "ResizeError", told)
            self._tell(uid, "PodResizeFailed", message=words)
        resize.error = words or resize.error
        return bool(words)

    def _too_small(self, pod: dict, changed: list[str]) -> list[str]:
        """What is asked for less memory than it uses, in upstream's words; of a container they name the use of the whole Pod."""
        resize = self.table[pod["metadata"]["uid"]]
        runtime, uid = self.kubelet.runtime, pod["metadata"]["uid"]
        running = {each.name: runtime.state.processes[each.id] for each in runtime.containers(uid) if each.id in runtime.state.processes}
        used = {name: max(process.memory_bytes, LEAST_BYTES) for name, process in running.items()}
        before, total, problems = with_resources(pod, resize.actuated), sum(used.values()), []
        if is_declared(pod["spec"], "memory") and shrinks(memory_limit(before["spec"]), most := memory_limit(pod["spec"])) and total >= most:
            problems.append(f"attempting to set pod memory limit ({most}) below current usage ({total})")
        for name in changed:
            now, then = (memory_limit({"containers": [{"resources": each.get(name) or {}}]}) for each in (resize.actuated, resize.allocated))
            if name != WHOLE and shrinks(now, then) and used.get(name, 0) >= then:
                problems.append(f'attempting to set container "{name}" memory limit ({then}) below current usage ({total})')
        return problems

    def in_force(self, uid: str, name: str) -> None:
        """A container has what it was promised: it was started so, or its limits have been set."""
        resize = self.table.get(uid)
        if resize is not None and name in resize.allocated:
            resize.actuated = {**resize.actuated, name: resize.allocated[name]}
