"""One look at one Deployment: which ReplicaSets it has, how large each should be, what its status is.

Source: pkg/controller/deployment/sync.go, rolling.go, recreate.go, progress.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.meta.objects import key_of

from . import _deployment_math as math
from . import _deployment_status as statuses
from . import _pods
from . import _revisions as revisions
from ._claims import controller_reference


class SyncError(Exception):
    """A request was refused: the Deployment is looked at again later. terminating: its namespace is going."""

    def __init__(self, message: str, *, terminating: bool = False):
        super().__init__(message)
        self.terminating = terminating


def is_namespace_terminating(reply) -> bool:
    """Whether the refusal's cause is a namespace that is being deleted."""
    details = reply.body.get("details") if isinstance(reply.body, dict) else None
    return any(cause.get("reason") == "NamespaceTerminating" for cause in (details or {}).get("causes") or ())


def checked(reply):
    """The object of an answer; raises SyncError on a refusal."""
    if reply.ok:
        return reply.body
    raise SyncError(reply.message, terminating=is_namespace_terminating(reply))


class Rollout:
    """`deployment` is this look's own copy: what is noted on it stays noted, even where writing it failed."""

    def __init__(self, controller, deployment: dict, replica_sets: list[dict]):
        self.controller, self.deployment, self.replica_sets = controller, deployment, replica_sets
        self.client, self.engine = controller.client, controller.engine

    @property
    def now(self) -> str:
        return self.engine.clock.text(self.engine.now_ms)

    @property
    def now_unix_ms(self) -> int:
        return self.engine.clock.unix_ms(self.engine.now_ms)

    @property
    def status(self) -> dict:
        return self.deployment.get("status") or {}

    def compared(self, so: str) -> None:
        """Leave the comparison in the trace: Pods wanted, Pods that the ReplicaSets are told to have."""
        self.controller.trace(
            "ReconcileCompared",
            self.controller.subject(key_of(self.deployment)),
            wanted=math.replicas(self.deployment),
            found=math.total(self.replica_sets),
            so=so,
        )

    def event(self, type_: str, reason: str, message: str) -> None:
        self.controller.recorder.event(self.deployment, type_, reason, message)

    # -- writing the Deployment -------------------------------------------------------------------------------------

    def _note(self, *, condition: dict | None = None, revision: str | None = None) -> bool:
        """Note a condition or the revision on our copy; returns whether the revision changed or a condition came."""
        if condition is not None:
            self.deployment = {**self.deployment, "status": statuses.with_condition(self.status, condition)}
            return True
        annotations = self.deployment["metadata"].get("annotations") or {}
        if annotations.get(revisions.REVISION) == revision:
            return False
        self.deployment = revisions.with_annotations(self.deployment, {**annotations, revisions.REVISION: revision})
        return True

    def put_status(self) -> Iterator[Any]:
        """PUT our copy's status. It keeps its resourceVersion, so a second PUT in one look conflicts, as upstream."""
        checked((yield self.client.update("deployments", self.deployment, subresource="status")))

    def sync_status(self, new: dict | None, old: list[dict]) -> Iterator[Any]:
        """Source: syncDeploymentStatus."""
        status = statuses.calculate(self.deployment, self._all(new, old), new, self.now)
        if status != self.status:
            self.deployment = {**self.deployment, "status": status}
            yield from self.put_status()

    def sync_rollout_status(self, new: dict | None, old: list[dict]) -> Iterator[Any]:
        """Source: syncRolloutStatus."""
        status = statuses.rollout_status(
            self.deployment, self._all(new, old), new, now=self.now, now_unix_ms=self.now_unix_ms
        )
        if status == self.status:
            self._plan_progress_check(status)
            return
        self.deployment = {**self.deployment, "status": status}
        yield from self.put_status()

    def _plan_progress_check(self, status: dict) -> None:
        after_ms = statuses.progress_check_ms(self.deployment, status, self.now_unix_ms)
        if after_ms is None:
            return
        key = key_of(self.deployment)
        if after_ms < 1000:
            self.controller.queue.add_rate_limited(key)
        else:
            self.controller.queue.add_after(key, after_ms + 1000, background=True)

    @staticmethod
    def _all(new: dict | None, old: list[dict]) -> list[dict]:
        return [*old, new] if new else list(old)

    def check_paused(self) -> Iterator[Any]:
        """Note pausing and resuming, so that a long pause does not count as lack of progress."""
        condition = statuses.condition_of(self.status, statuses.PROGRESSING)
        reason = (condition or {}).get("reason")
        if not statuses.has_deadline(self.deployment) or reason == "ProgressDeadlineExceeded":
            return
        paused = self.deployment["spec"].get("paused", False)
        if paused == (reason == "DeploymentPaused"):
            return
        word = "paused" if paused else "resumed"
        self._note(
            condition=statuses.make_condition(
                statuses.PROGRESSING, "Unknown", f"Deployment{word.capitalize()}", f"Deployment is {word}", self.now
            )
        )
        yield from self.put_status()

    # -- the new ReplicaSet -----------------------------------------------------------------------------------------

    def find(self, *, create: bool) -> Iterator[Any]:
        """(new, old) with the new one's revision brought up to date; it is created if asked for and missing.

        Source: getAllReplicaSetsAndSyncRevision.
        """
        new, old = revisions.split(self.deployment, self.replica_sets)
        revision = revisions.next_revision(old)
        if new is not None:
            new = yield from self._keep_up(new, revision)
        elif create:
            new = yield from self._create(old, revision)
        return new, old

    def _keep_up(self, new: dict, revision: int) -> Iterator[Any]:
        """Annotations and minReadySeconds of the new ReplicaSet that exists; then the Deployment's revision."""
        before = new["metadata"].get("annotations") or {}
        annotations = revisions.annotations_for(self.deployment, before, revision, exists=True)
        wait_s = self.deployment["spec"].get("minReadySeconds", 0)
        if annotations != before or new["spec"].get("minReadySeconds", 0) != wait_s:
            changed = revisions.with_annotations(new, annotations)
            spec = {name: value for name, value in new["spec"].items() if name != "minReadySeconds"}
            spec |= {"minReadySeconds": wait_s} if wait_s else {}  # as Go, which leaves out a nought
            return checked((yield self.client.update("replicasets", {**changed, "spec": spec})))
        needs_update = self._note(revision=before.get(revisions.REVISION, ""))
        if statuses.has_deadline(self.deployment) and statuses.condition_of(self.status, statuses.PROGRESSING) is None:
            message = f'Found new replica set "{new["metadata"]["name"]}"'
            needs_update = self._note(condition=self._progressing("FoundNewReplicaSet", message))
        if needs_update:
            yield from self.put_status()
        return new

    def _progressing(self, reason: str, message: str, status: str = "True") -> dict:
        return statuses.make_condition(statuses.PROGRESSING, status, reason, message, self.now)

    def _create(self, old: list[dict], revision: int) -> Iterator[Any]:
        wanted = revisions.new_replica_set(
            self.deployment, revision, controller_reference(self.deployment, "apps/v1", "Deployment")
        )
        size = math.new_replicas(self.deployment, [*old, wanted], 0)
        wanted["spec"]["replicas"] = size
        self.compared("create ReplicaSet")
        reply = yield self.client.create("replicasets", wanted)
        exists = reply.reason == "AlreadyExists"
        if exists:
            created = yield from self._resolve_collision(wanted, reply)
        elif reply.ok:
            created = reply.body
        else:
            created = yield from self._report_failure(wanted, reply)
        name = created["metadata"]["name"]
        if not exists and size > 0:
            self.event("Normal", "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}")
        needs_update = self._note(revision=str(revision))
        if not exists and statuses.has_deadline(self.deployment):
            needs_update = self._note(
                condition=self._progressing("NewReplicaSetCreated", f'Created new replica set "{name}"')
            )
        if needs_update:
            yield from self.put_status()
        return created

    def _resolve_collision(self, wanted: dict, reply) -> Iterator[Any]:
        """A ReplicaSet of that name exists: it is ours and the cache was slow, or two templates have one hash."""
        found = self.controller.replica_sets.get(key_of(wanted))
        if found is None:
            raise SyncError(reply.message)
        same = revisions.same_template(self.deployment["spec"]["template"], found["spec"]["template"])
        if revisions.is_owned_by(found, self.deployment) and same:
            return found
        count = self.status.get("collisionCount", 0) + 1
        self.deployment = {**self.deployment, "status": {**self.status, "collisionCount": count}}
        yield from self.put_status()
        raise SyncError(reply.message)

    def _report_failure(self, wanted: dict, reply) -> Iterator[Any]:
        if is_namespace_terminating(reply):
            raise SyncError(reply.message, terminating=True)
        message = f'Failed to create new replica set "{wanted["metadata"]["name"]}": {reply.message}'
        if statuses.has_deadline(self.deployment):
            self._note(condition=self._progressing("ReplicaSetCreateError", message, "False"))
            yield self.client.update("deployments", self.deployment, subresource="status")
        self.event("Warning", "ReplicaSetCreateError", message)
        raise SyncError(reply.message)

    # -- scaling ----------------------------------------------------------------------------------------------------

    def resize(self, replica_set: dict, size: int, *, force: bool = False) -> Iterator[Any]:
        """(whether its size changed, the ReplicaSet as it is now). force: also for annotations alone.

        Source: scaleReplicaSet.
        """
        before = math.replicas(replica_set)
        annotations = replica_set["metadata"].get("annotations") or {}
        noted = {**annotations, **revisions.size_annotations(self.deployment)}
        if before == size and not (force and noted != annotations):
            return False, replica_set
        if before != size:
            self.compared(f"scale {replica_set['metadata']['name']} to {size}")
        changed = revisions.with_annotations(replica_set, noted)
        updated = checked(
            (yield self.client.update("replicasets", {**changed, "spec": {**replica_set["spec"], "replicas": size}}))
        )
        if before == size:
            return False, updated
        direction = "up" if before < size else "down"
        name = replica_set["metadata"]["name"]
        self.event("Normal", "ScalingReplicaSet", f"Scaled {direction} replica set {name} from {before} to {size}")
        return True, updated

    def is_scaling(self) -> Iterator[Any]:
        """Whether spec.replicas differs from what the active ReplicaSets were sized for. Source: isScalingEvent."""
        new, old = yield from self.find(create=False)
        noted = [math.annotated(item, math.DESIRED) for item in math.active(self._all(new, old))]
        return any(number is not None and number != math.replicas(self.deployment) for number in noted)

    def sync_paused_or_scaled(self) -> Iterator[Any]:
        """Source: sync.go sync."""
        new, old = yield from self.find(create=False)
        yield from self._scale(new, old)
        if self.deployment["spec"].get("paused"):
            yield from self.clean_up(old)
        yield from self.sync_status(new, old)

    def _scale(self, new: dict | None, old: list[dict]) -> Iterator[Any]:
        """Source: sync.go scale."""
        only = math.active_or_latest(new, old)
        if only is not None:
            yield from self.resize(only, math.replicas(self.deployment))
        elif math.is_saturated(self.deployment, new):
            for replica_set in math.active(math.newest_first(old)):
                yield from self.resize(replica_set, 0)
        elif math.is_rolling(self.deployment):
            living = math.active(self._all(new, math.newest_first(old)))
            for replica_set, size in math.proportional_sizes(self.deployment, living):
                yield from self.resize(replica_set, size, force=True)

    def sync_deleted(self) -> Iterator[Any]:
        """Being deleted: only the status is kept. Source: syncStatusOnly."""
        new, old = yield from self.find(create=False)
        yield from self.sync_status(new, old)

    # -- rolling update ---------------------------------------------------------------------------------------------

    def roll(self) -> Iterator[Any]:
        """Source: rolloutRolling."""
        new, old = yield from self.find(create=True)
        scaled = yield from self._grow_new(new, old)
        if not scaled:
            scaled = yield from self._shrink_old(new, old)
        if not scaled:
            self.compared("nothing")
            if statuses.is_complete(self.deployment, self.status):
                yield from self.clean_up(old)
        yield from self.sync_rollout_status(new, old)

    def _grow_new(self, new: dict, old: list[dict]) -> Iterator[Any]:
        """Source: reconcileNewReplicaSet."""
        size, desired = math.replicas(new), math.replicas(self.deployment)
        if size == desired:
            return False
        target = desired if size > desired else math.new_replicas(self.deployment, self._all(new, old), size)
        return (yield from self.resize(new, target))[0]

    def _shrink_old(self, new: dict, old: list[dict]) -> Iterator[Any]:
        """Source: reconcileOldReplicaSets. An error here only means that nothing was scaled."""
        living = math.active(old)
        if not living:
            return False
        least = math.replicas(self.deployment) - math.max_unavailable(self.deployment)
        missing = math.replicas(new) - math.available(new)
        room = math.total(self._all(new, old)) - least - missing
        if room <= 0:
            return False
        try:
            living, removed = yield from self._remove_unhealthy(math.oldest_first(living), room)
            removed += yield from self._scale_down(living, new, least)
        except SyncError:
            return False
        return removed > 0

    def _remove_unhealthy(self, old: list[dict], room: int) -> Iterator[Any]:
        """Pods that are not available go first: they cost nothing. Source: cleanupUnhealthyReplicas.

        Where a status still counts what is to go already, nothing is done until it has come after.
        """
        result, removed = list(old), 0
        for index, replica_set in enumerate(old):
            size, unhealthy = math.replicas(replica_set), math.replicas(replica_set) - math.available(replica_set)
            if removed >= room:
                break
            if size == 0 or unhealthy == 0:
                continue
            if unhealthy < 0:
                raise SyncError(f"when cleaning up unhealthy replicas, got invalid request to scale down {key_of(replica_set)} "
                                f"{size} -> {size - unhealthy}")
            part = min(room - removed, unhealthy)
            _, result[index] = yield from self.resize(replica_set, size - part)
            removed += part
        return result, removed

    def _scale_down(self, old: list[dict], new: dict, least: int) -> Iterator[Any]:
        """As far as availability allows. Source: scaleDownOldReplicaSetsForRollingUpdate."""
        spare, removed = math.sum_status([*old, new], "availableReplicas") - least, 0
        for replica_set in math.oldest_first(old):
            if removed >= spare:
                break
            size = math.replicas(replica_set)
            if size == 0:
                continue
            part = min(size, spare - removed)
            yield from self.resize(replica_set, size - part)
            removed += part
        return removed

    # -- recreate ---------------------------------------------------------------------------------------------------

    def recreate(self) -> Iterator[Any]:
        """Source: rolloutRecreate."""
        new, old = yield from self.find(create=False)
        scaled = False
        for replica_set in math.active(old):
            changed, _ = yield from self.resize(replica_set, 0)
            scaled = scaled or changed
        if scaled or self._old_pods_run(new, old):
            if not scaled:
                self.compared("wait")
            yield from self.sync_rollout_status(new, old)
            return
        if new is None:
            new, old = yield from self.find(create=True)
        grown, _ = yield from self.resize(new, math.replicas(self.deployment))
        if not grown:
            self.compared("nothing")
        if statuses.is_complete(self.deployment, self.status):
            yield from self.clean_up(old)
        yield from self.sync_rollout_status(new, old)

    def _old_pods_run(self, new: dict | None, old: list[dict]) -> bool:
        """Source: oldPodsRunning."""
        if math.sum_status(old, "replicas") > 0:
            return True
        pods = (pod for item in old for pod in self.controller.pods.by("controller", item["metadata"]["uid"]))
        return any(_pods.phase(pod) not in _pods.TERMINAL for pod in pods)

    # -- history ----------------------------------------------------------------------------------------------------

    def clean_up(self, old: list[dict]) -> Iterator[Any]:
        """Delete the oldest empty ReplicaSets beyond revisionHistoryLimit. Source: cleanupDeployment."""
        if not statuses.has_history_limit(self.deployment):
            return
        alive = [item for item in old if "deletionTimestamp" not in item["metadata"]]
        surplus = len(alive) - self.deployment["spec"]["revisionHistoryLimit"]
        by_revision = sorted(math.oldest_first(alive), key=revisions.revision)
        for replica_set in by_revision[: max(0, surplus)]:
            if not is_empty(replica_set):
                continue
            meta = replica_set["metadata"]
            self.controller.trace(
                "RevisionForgotten", f"replicasets/{key_of(replica_set)}", revision=revisions.revision(replica_set)
            )
            reply = yield self.client.delete("replicasets", meta["name"], meta["namespace"])
            if reply.code != 404:
                checked(reply)


def is_empty(replica_set: dict) -> bool:
    """Whether a ReplicaSet wants no Pods, has none, and says so."""
    status = replica_set.get("status") or {}
    seen = status.get("observedGeneration", 0) >= replica_set["metadata"].get("generation", 0)
    return math.replicas(replica_set) == 0 and status.get("replicas", 0) == 0 and seen
