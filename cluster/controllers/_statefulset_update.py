"""One look at one StatefulSet: its revisions, which Pods are missing or too many, which are to be replaced.

Source: pkg/controller/statefulset/stateful_set_control.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cluster.engine import Sleep
from cluster.kinds import registry
from cluster.meta import labels
from cluster.meta.objects import draft, key_of

from . import _history as history
from . import _pods
from . import _statefulset_identity as identity
from . import _statefulset_status as statuses
from ._claims import controller_reference
from ._rollout import SyncError
from ._tasks import slow_start

STATUS_TRIES, STATUS_WAIT_MS = 5, 10  # retry.DefaultRetry
PARALLEL = "Parallel"


class Update:
    """`run` is a unit of work; it returns (status, error)."""

    def __init__(self, controller, stateful_set: dict, pods: list[dict]):
        self.controller, self.client, self.pod_control = controller, controller.client, controller.pod_control
        self.stateful_set, self.key, self.pods = stateful_set, key_of(stateful_set), pods
        self.wait_s = stateful_set["spec"].get("minReadySeconds") or 0
        self.now_unix_ms = controller.now_unix_ms
        self.in_order = stateful_set["spec"].get("podManagementPolicy") != PARALLEL
        self.replicas: list[dict] = []
        self.condemned: list[dict] = []

    def run(self) -> Iterator[Any]:
        """Source: UpdateStatefulSet, performUpdate."""
        revisions = history.ordered(self._revisions())
        live, status, error = [], None, ""
        try:
            current, update = yield from self._find_revisions(revisions)
            live = [current["metadata"]["name"], update["metadata"]["name"]]
            status, error = yield from self._update(current, update)
            status = statuses.completed(self.stateful_set, status)
            written = yield from self._write(status)
            yield from self._truncate(revisions, live)
            error = error or written
        except SyncError as refused:
            error = error or str(refused)
        return status, error

    # -- revisions --------------------------------------------------------------------------------------------------

    def _revisions(self) -> list[dict]:
        selector = labels.from_object(self.stateful_set["spec"]["selector"])
        known = history.owned_or_free(self.controller.revisions, self.stateful_set)
        return [one for one in known if selector.matches(one["metadata"].get("labels"))]

    def _find_revisions(self, revisions: list[dict]) -> Iterator[Any]:
        """(the revision that Pods have, the one that they are to have). Source: getStatefulSetRevisions."""
        old = self.stateful_set.get("status") or {}
        self.collisions = old.get("collisionCount") or 0
        reference = controller_reference(self.stateful_set, "apps/v1", "StatefulSet")
        wanted = history.new(self.stateful_set, reference, history.next_number(revisions))
        alike = [one for one in revisions if history.equal(one, wanted)]
        if revisions and (history.equal(revisions[-1], wanted) or (not alike and self._means(revisions[-1], wanted))):
            update = revisions[-1]
        elif alike:
            update = yield from self.controller.history.renumber(alike[-1], wanted["revision"])
        else:
            update, self.collisions = yield from self.controller.history.create(self.stateful_set, wanted, self.collisions)
        named = (one for one in revisions if one["metadata"]["name"] == old.get("currentRevision"))
        return next(named, update), update

    def _means(self, revision: dict, wanted: dict) -> bool:
        """Whether a revision says the same once defaults are filled in. Source: setMatchesLatestExistingRevision."""
        former = draft(history.restored(self.stateful_set, revision))
        registry().plural("statefulsets").default(former)
        return history.template_patch(former) == wanted["data"]

    def _truncate(self, revisions: list[dict], live: list[str]) -> Iterator[Any]:
        """Delete what the history keeps no more; what a Pod was made from is kept. Source: truncateHistory."""
        live = live + [identity.revision_of(pod) for pod in self.pods]
        old = [one for one in revisions if one["metadata"]["name"] not in live]
        limit = self.stateful_set["spec"].get("revisionHistoryLimit")
        for revision in old[: max(0, len(old) - limit)] if limit is not None and limit >= 0 else ():
            yield from self.controller.history.delete(revision)

    # -- status -----------------------------------------------------------------------------------------------------

    def _count(self, status: dict, pods: list[dict]) -> dict:
        return statuses.count(status, pods, self.wait_s, self.now_unix_ms)

    def _write(self, status: dict) -> Iterator[Any]:
        """PUT it if it has news; returns an error text. Source: updateStatefulSetStatus, UpdateStatefulSetStatus."""
        stateful_set = self.stateful_set
        if not statuses.has_news(stateful_set, status):
            return ""
        for attempt in range(STATUS_TRIES):
            if attempt:
                yield Sleep(STATUS_WAIT_MS)
            reply = yield self.client.update("statefulsets", {**stateful_set, "status": statuses.wire(status)}, subresource="status")
            if reply.ok:
                self.controller.state.writes.wrote(self.key, "statefulsets", reply.body)
                return ""
            if reply.code != 409:
                break
            stateful_set = self.controller.stateful_sets.get(self.key) or stateful_set
        return reply.message or "update failed"

    # -- the Pods ---------------------------------------------------------------------------------------------------

    def _update(self, current: dict, update: dict) -> Iterator[Any]:
        """(status, error). Source: updateStatefulSet."""
        status = {
            "observedGeneration": self.stateful_set["metadata"].get("generation", 0),
            "currentRevision": current["metadata"]["name"],
            "updateRevision": update["metadata"]["name"],
            "collisionCount": self.collisions,
        }
        self._sort(current, update)
        if "deletionTimestamp" in self.stateful_set["metadata"]:
            return self._count(status, self.pods), ""
        for pods, step in ((self.replicas, self._replica), (self.condemned, self._mend_claims), (self.condemned, self._condemned)):
            stop, error = yield from self._for_all(pods, step)
            if stop:
                return self._count(status, self.replicas + self.condemned), error
        status = self._count(status, self.replicas + self.condemned)
        if self.stateful_set["spec"]["updateStrategy"]["type"] == statuses.ON_DELETE:
            self._compared("nothing")
            return status, ""
        return (yield from self._roll(status))

    def _sort(self, current: dict, update: dict) -> None:
        """Put each Pod in its place, and into each empty place the Pod that is to be made."""
        places = identity.ordinals(self.stateful_set)
        taken = {identity.ordinal(pod): pod for pod in self.pods}
        former = self.stateful_set if current is update else history.restored(self.stateful_set, current)
        made = (former, current["metadata"]["name"]), (self.stateful_set, update["metadata"]["name"])
        keeps = places.start + self._kept_places()
        self.replicas = [taken.get(place) or _new_pod(made[place >= keeps], place) for place in places]
        condemned = [pod for pod in self.pods if identity.ordinal(pod) >= 0 and identity.ordinal(pod) not in places]
        self.condemned = sorted(condemned, key=identity.ordinal, reverse=True)
        by_age = [*self.replicas, *reversed(self.condemned)]
        self.first_unavailable = next((pod for pod in by_age if self._is_unavailable(pod)), None)

    def _kept_places(self) -> int:
        """How many of the first places get a Pod of the current revision. Source: newVersionedStatefulSetPod."""
        strategy = self.stateful_set["spec"]["updateStrategy"]
        rolling = strategy.get("rollingUpdate")
        if rolling is not None:
            return rolling.get("partition") or 0
        if strategy["type"] != statuses.ROLLING_UPDATE:
            return 0
        return (self.stateful_set.get("status") or {}).get("currentReplicas") or 0

    def _is_unavailable(self, pod: dict) -> bool:
        return identity.is_unavailable(pod, self.wait_s, self.now_unix_ms)

    def _for_all(self, pods: list[dict], step: Callable[[dict], Iterator[Any]]) -> Iterator[Any]:
        """(whether to stop here, error): one after another, or all at once from a slow start. Source: runForAll."""
        if not self.in_order:
            rest = iter(_as_started(pods))
            _, error = yield from slow_start(len(pods), lambda: _only_error(step(next(rest))))
            return error != "", error
        for pod in pods:
            stop, error = yield from step(pod)
            if stop or error:
                return True, error
        return False, ""

    def _replica(self, pod: dict) -> Iterator[Any]:
        """One Pod that should be there. Source: processReplica."""
        if _pods.phase(pod) in _pods.TERMINAL:
            if not identity.is_terminating(pod):
                return True, (yield from self._delete(pod))
            self._await(pod, "gone")
            return True, ""
        if not identity.is_created(pod):
            if self.pod_control.has_stale_claim(self.stateful_set, pod):
                return True, ""
            error = yield from self._create(pod)
            if error or self.in_order:
                return True, error
        if _pods.phase(pod) == "Pending":
            error = yield from self.pod_control.create_missing_claims(self.stateful_set, pod)
            if error:
                return True, error
        if self.in_order and (until := self._missing(pod)):
            self._await(pod, until)
            return True, ""
        return False, (yield from self._mend(pod))

    def _missing(self, pod: dict) -> str:
        """What the next Pod has to wait for; "" if for nothing."""
        if identity.is_terminating(pod):
            return "gone"
        if not identity.is_running_and_ready(pod):
            return "ready"
        return "" if _pods.is_available(pod, self.wait_s, self.now_unix_ms) else "available"

    def _mend(self, pod: dict) -> Iterator[Any]:
        """Enforce identity, storage and the claims' owners."""
        is_right = identity.identity_matches(self.stateful_set, pod) and identity.storage_matches(self.stateful_set, pod)
        if is_right and self.pod_control.retention_matches(self.stateful_set, pod):
            return ""
        return (yield from self.pod_control.update(self.stateful_set, pod))

    def _mend_claims(self, pod: dict) -> Iterator[Any]:
        """A Pod that is too many: its claims may have to go with it."""
        if self.pod_control.retention_matches(self.stateful_set, pod):
            return False, ""
        return False, (yield from self.pod_control.update_retention(self.stateful_set, pod))

    def _condemned(self, pod: dict) -> Iterator[Any]:
        """One Pod that is too many. Source: processCondemned."""
        if identity.is_terminating(pod):
            if self.in_order:
                self._await(pod, "gone")
            return self.in_order, ""
        until = self._missing(pod)
        if until and self.in_order and pod is not self.first_unavailable:
            self._await(self.first_unavailable or pod, until)
            return True, ""
        return True, (yield from self._delete(pod))

    def _roll(self, status: dict) -> Iterator[Any]:
        """Replace the last Pod of another revision, and wait for each that is not available; (status, error)."""
        rolling = self.stateful_set["spec"]["updateStrategy"].get("rollingUpdate")
        least = (rolling or {}).get("partition") or 0
        for pod in reversed(self.replicas[least:]):
            if identity.revision_of(pod) != status["updateRevision"] and not identity.is_terminating(pod):
                error = yield from self._delete(pod)
                return {**status, "currentReplicas": status["currentReplicas"] - (not error)}, error
            if self._is_unavailable(pod):
                self._await(pod, self._missing(pod))
                return status, ""
        self._compared("nothing")
        return status, ""

    # -- steps ------------------------------------------------------------------------------------------------------

    def _create(self, pod: dict) -> Iterator[Any]:
        self._compared(f"create {pod['metadata']['name']}")
        return (yield from self.pod_control.create(self.stateful_set, pod))

    def _delete(self, pod: dict) -> Iterator[Any]:
        self._compared(f"delete {pod['metadata']['name']}")
        return (yield from self.pod_control.delete(self.stateful_set, pod))

    def _await(self, pod: dict, until: str) -> None:
        """Nothing more can be done now; that is told once, however often it is looked at meanwhile."""
        awaited, what = self.controller.state.awaited, f"{key_of(pod)} {until}"
        if awaited.get(self.key) == what:
            self._compared("wait", idle=True)
            return
        self._compared("wait")
        awaited[self.key] = what
        self.controller.trace("PodAwaited", f"pods/{key_of(pod)}", owner=self.key, until=until)

    def _compared(self, so: str, **more) -> None:
        if so != "wait":
            self.controller.state.awaited.pop(self.key, None)
        wanted, subject = self.stateful_set["spec"]["replicas"], self.controller.subject(self.key)
        self.controller.trace("ReconcileCompared", subject, wanted=wanted, found=len(self.pods), so=so, **more)


def _new_pod(made: tuple[dict, str], place: int) -> dict:
    stateful_set, revision = made
    return identity.new_pod(stateful_set, place, revision)


def _as_started(pods: list[dict]) -> list[dict]:
    """The order in which Go starts the goroutines of each batch of a slow start: the last one first."""
    started, size = [], 1
    while len(started) < len(pods):
        batch = pods[len(started):len(started) + size]
        started += [*batch[-1:], *batch[:-1]]
        size *= 2
    return started


def _only_error(step: Iterator[Any]) -> Iterator[Any]:
    return (yield from step)[1]
