"""Owns the relist: once a second the kubelet compares the runtime's report with what it knew, and syncs what changed.

A worker's next pass needs a report newer than its last pass; so the end of a process shows up to a second late, and a
Pod deleted right after it started waits for the next relist. Relists that could find nothing are not played: their
moments are a grid in virtual time. Source: kubernetes pkg/kubelet/pleg/generic.go, pkg/kubelet/container/cache.go.
"""

from __future__ import annotations

from cluster.runtime.state import Container, Sandbox

from .state import Report

PERIOD_MS = 1_000


class Pleg:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    def last_relist_ms(self) -> int:
        """When the last relist of all Pods was."""
        started_ms, now_ms = self.kubelet.state.started_ms, self.kubelet.engine.now_ms
        return now_ms - (now_ms - started_ms) % PERIOD_MS

    def is_newer_than(self, uid: str, moment_ms: int) -> bool:
        """Whether the report of a Pod is newer than a moment."""
        state, now_ms = self.kubelet.state, self.kubelet.engine.now_ms
        return state.observed_ms.get(uid, -1) > moment_ms or now_ms - (now_ms - state.started_ms) % PERIOD_MS > moment_ms

    def want(self) -> None:
        """Somebody waits for the next relist."""
        kubelet = self.kubelet
        if not kubelet.state.relist_due:
            delay_ms = self.last_relist_ms() + PERIOD_MS - kubelet.now_ms
            kubelet.state.relist_due = kubelet.after(delay_ms, "relist")

    def relist(self) -> None:
        """Look at all that changed, then let those go on who waited."""
        kubelet = self.kubelet
        kubelet.state.relist_due = 0
        if kubelet.runtime.state.down_ms >= 0:
            return  # there is nobody to ask
        for uid in list(kubelet.runtime.state.changed):
            self.look_at(uid)
        waiting, kubelet.state.awaiting = list(kubelet.state.awaiting), {}
        for uid in waiting:
            kubelet.workers.resume(uid)

    def relist_pod(self, uid: str) -> None:
        """Look at one Pod out of turn, as is asked for after a pass that started something."""
        kubelet = self.kubelet
        kubelet.state.observed_ms[uid] = kubelet.engine.now_ms + 1  # newer than the pass that has just ended
        self.look_at(uid)
        if kubelet.state.awaiting.pop(uid, False):
            kubelet.workers.resume(uid)

    def look_at(self, uid: str) -> None:
        """Compare one Pod's old and new report; what started or ended makes its worker sync."""
        kubelet = self.kubelet
        state = kubelet.state
        kubelet.runtime.state.changed.pop(uid, None)
        old, new = state.reports.get(uid), self.report_of(uid)
        events = count_events(old, new) if old is not None else count_new(new)
        state.reports[uid] = new
        if events and uid in state.workers:
            is_twice = events > 1 and kubelet.engine.rng("pleg/" + kubelet.node).random() < 0.5
            kubelet.after(kubelet.latency("pleg_event"), "pleg_sync", uid, is_twice)

    def report_of(self, uid: str) -> Report:
        """What the runtime says of a Pod now. A Pod that has ended keeps the address that it had."""
        runtime = self.kubelet.runtime
        sandboxes = runtime.sandboxes(uid)
        if sandboxes and sandboxes[0].state == "ready":
            address = sandboxes[0].ip
        else:
            known = self.kubelet.state.reports.get(uid)
            address = known.ip if known else ""
        return Report(sandboxes, runtime.containers(uid), address)


SEEN = {"ready": "running", "running": "running", "notready": "exited", "exited": "exited"}  # as the relist sees a state; else unknown


def count_new(report: Report) -> int:
    """`count_events` of a Pod's first report."""
    return sum([1 for each in (*report.sandboxes, *report.containers) if each.state in SEEN])


def count_events(old: Report, new: Report) -> int:
    """How many sandboxes and containers have started or ended between two reports."""
    before: dict[str, Sandbox | Container] = {each.id: each for each in (*old.sandboxes, *old.containers)}
    changes = 0
    for each in (*new.sandboxes, *new.containers):
        known = before.pop(each.id, None)
        if known is each:
            continue
        state = SEEN.get(each.state)
        if state and (known is None or SEEN.get(known.state) != state):
            changes += 1
    return changes + sum([1 for each in before.values() if SEEN.get(each.state) == "running"]) if before else changes
