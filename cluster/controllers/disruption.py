"""disruption-controller: counts for each PodDisruptionBudget how many of its Pods may be taken away just now.

The eviction API reads and lowers that number; this controller finds it anew with each change of a Pod.
Source: pkg/controller/disruption/disruption.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import clock
from cluster.kinds import poddisruptionbudget as budgets
from cluster.meta import labels
from cluster.meta.objects import controller_of, key_of

from . import _pods
from ._deployment_math import scaled_value
from ._selector_text import shown

DELETION_TIMEOUT_MS = 120_000  # an evicted Pod that is not deleted by then stays
STALE_CONDITION_MS = 120_000
BY_KUBELET = "TerminationByKubelet"
OWNERS = (("ReplicationController", ("",), "replicationcontrollers"), ("ReplicaSet", ("apps", "extensions"), "replicasets"),
          ("StatefulSet", ("apps",), "statefulsets"))
UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB cannot "
    'be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" '
    "field of the PDB to an integer value."
)


@dataclass
class DisruptionState:
    stale: dict[str, int] = field(default_factory=dict)  # Pod's key -> the event that looks at its old DisruptionTarget


class DisruptionController(Controller):
    """Its keys are PodDisruptionBudgets."""

    NAME = "disruption-controller"
    RESOURCE = "poddisruptionbudgets"
    WORKERS = 1

    def setup(self) -> None:
        self.state = DisruptionState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component="controllermanager"))

    def watch(self, informers) -> None:
        by_namespace = {"namespace": lambda obj: [obj["metadata"].get("namespace", "")]}
        self.budgets = informers.watch("poddisruptionbudgets", indexes=by_namespace)
        self.owners = {plural: informers.watch(plural) for _, _, plural in OWNERS}
        self.deployments = informers.watch("deployments")
        self.pods = informers.watch("pods")
        self.budgets.on(self.on_budget)
        self.pods.on(self.on_pod)

    @property
    def now_unix_ms(self) -> int:
        return self.engine.clock.unix_ms(self.now_ms)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_budget(self, kind: str, old: dict | None, new: dict) -> None:
        self.queue.add(key_of(new))

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """A Pod's change concerns the budget that selects it."""
        if self.budgets.state.objects:
            self._enqueue_budget(new)
        if kind != "DELETED":
            for condition in (new.get("status") or {}).get("conditions") or ():
                if condition["type"] == "DisruptionTarget":
                    self._watch_stale(new)

    def _enqueue_budget(self, pod: dict) -> None:
        namespace = pod["metadata"].get("namespace", "")
        found = [one for one in self.budgets.by("namespace", namespace) if budgets.selects(one, pod)]
        if len(found) > 1:
            name = found[0]["metadata"]["name"]
            message = f'Pod "{namespace}"/"{pod["metadata"]["name"]}" matches multiple PodDisruptionBudgets.  Chose "{name}" arbitrarily.'
            self.recorder.event(pod, "Warning", "MultiplePodDisruptionBudgets", message)
        if found:
            self.queue.add(key_of(found[0]))

    # -- a budget's counts --------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        budget = self.budgets.get(key)
        if budget is None:
            return None
        pods, failure = self._pods_of(budget)
        expected = 0
        if failure is None:
            expected, desired, failure = yield from self._expected(budget, pods)
        if failure is not None:
            return (yield from self._fail_safe(budget, failure))
        disrupted, recheck_ms = self._disrupted(budget, pods)
        healthy = self._healthy(pods, disrupted)
        self.trace("ReconcileCompared", self.subject(key), wanted=desired, found=healthy,
                   so=f"{max(healthy - desired, 0) if expected > 0 else 0} may be disrupted")
        reply = yield from self._write(budget, healthy, desired, expected, disrupted)
        if not reply:
            return "retry"
        if recheck_ms is not None:
            self.queue.add_after(key, recheck_ms, background=True)
        return None

    def _pods_of(self, budget: dict) -> tuple[list[dict], str | None]:
        namespace = budget["metadata"]["namespace"]
        try:
            selector = labels.from_object(budget["spec"].get("selector"))
        except labels.SelectorError as error:
            self.recorder.event(budget, "Warning", "NoPods", f"Failed to get pods: {error}")
            return [], str(error)
        found = [pod for pod in self.pods.items()
                 if pod["metadata"].get("namespace") == namespace and selector.matches(pod["metadata"].get("labels"))]
        if not found:
            self.recorder.event(budget, "Normal", "NoPods", "No matching pods found")
        return found, None

    def _expected(self, budget: dict, pods: list[dict]) -> Iterator[Any]:
        """(Pods there should be, of them healthy, why it cannot be told). Source: getExpectedPodCount."""
        spec = budget["spec"]
        most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
        if most is None and not isinstance(least, str):
            return (len(pods), least, None) if least is not None else (0, 0, None)
        expected, unmanaged, failure = yield from self._scale_of_owners(pods)
        if failure is not None:
            self.recorder.event(budget, "Warning", "CalculateExpectedPodCountFailed",
                                f"Failed to calculate the number of expected pods: {failure}")
            return 0, 0, failure
        if unmanaged:
            self.recorder.event(budget, "Warning", "UnmanagedPods", UNMANAGED.format(shown(spec.get("selector"))))
        if most is not None:
            return expected, max(expected - scaled_value(most, expected, round_up=True), 0), None
        return expected, scaled_value(least, expected, round_up=True), None

    def _scale_of_owners(self, pods: list[dict]) -> Iterator[Any]:
        """(how many Pods all their controllers want, Pods without one, why it cannot be told). Source: getExpectedScale."""
        scales: dict[str, int] = {}
        unmanaged = []
        for pod in pods:
            owner = controller_of(pod)
            if owner is None:
                unmanaged.append(pod["metadata"]["name"])
            elif owner["uid"] not in scales:
                found, failure = yield from self._scale_of(owner, pod["metadata"]["namespace"])
                if failure is None and found is None:
                    failure = f'found no controllers for pod "{pod["metadata"]["name"]}"'
                if failure is not None:
                    return 0, [], failure
                scales[found[0]] = found[1]
        return sum(scales.values()), unmanaged, None

    def _scale_of(self, owner: dict, namespace: str) -> Iterator[Any]:
        """((uid, replicas) of who decides on the size, why it cannot be told)."""
        group = owner["apiVersion"].rpartition("/")[0]
        for kind, groups, plural in OWNERS:
            if owner["kind"] == kind and group in groups:
                found = self.owners[plural].get(f"{namespace}/{owner['name']}")
                if found is not None and found["metadata"]["uid"] == owner["uid"]:
                    found = self._deployment_of(found) or found
                    return (found["metadata"]["uid"], found["spec"].get("replicas", 1)), None
        return (yield from self._scale_subresource(owner, group, namespace))

    def _deployment_of(self, replica_set: dict) -> dict | None:
        owner, namespace = controller_of(replica_set), replica_set["metadata"]["namespace"]
        if owner is None or owner["kind"] != "Deployment":
            return None
        found = self.deployments.get(f"{namespace}/{owner['name']}")
        return found if found is not None and found["metadata"]["uid"] == owner["uid"] else None

    def _scale_subresource(self, owner: dict, group: str, namespace: str) -> Iterator[Any]:
        """Source: getScaleController."""
        kind = self.client.kinds.kind(owner["apiVersion"], owner["kind"])
        if kind is None:
            return None, f'no matches for kind "{owner["kind"]}" in version "{owner["apiVersion"]}"'
        resource = f"{kind.plural}.{group}" if group else kind.plural
        if "scale" not in kind.subresources:
            return None, f"{resource} does not implement the scale subresource"
        reply = yield self.client.call("get", resource, name=owner["name"], namespace=namespace, subresource="scale")
        if reply.code == 404:
            return None, None
        if not reply.ok:
            return None, reply.message
        is_it = reply.body["metadata"].get("uid") == owner["uid"]
        return ((owner["uid"], reply.body["spec"].get("replicas", 0)), None) if is_it else (None, None)

    def _disrupted(self, budget: dict, pods: list[dict]) -> tuple[dict[str, str], int | None]:
        """(evicted Pods that are still to be deleted, ms until the first is given up). Source: buildDisruptedPodMap."""
        known, found, waits = (budget.get("status") or {}).get("disruptedPods") or {}, {}, []
        for pod in pods:
            name = pod["metadata"]["name"]
            if "deletionTimestamp" in pod["metadata"] or name not in known:
                continue
            left_ms = clock.unix_ms(known[name]) + DELETION_TIMEOUT_MS - self.now_unix_ms
            if left_ms < 0:
                where = budget["metadata"]["namespace"]  # upstream names the namespace twice
                self.recorder.event(pod, "Warning", "NotDeleted", f"Pod was expected by PDB {where}/{where} to be deleted but it wasn't")
            else:
                found[name] = known[name]
                waits.append(left_ms + 1)
        return found, min(waits, default=None)

    def _healthy(self, pods: list[dict], disrupted: dict[str, str]) -> int:
        """Source: countHealthyPods."""
        return sum("deletionTimestamp" not in pod["metadata"] and pod["metadata"]["name"] not in disrupted and _pods.is_ready(pod)
                   for pod in pods)

    # -- writing ------------------------------------------------------------------------------------------------------

    def _write(self, budget: dict, healthy: int, desired: int, expected: int, disrupted: dict[str, str]) -> Iterator[Any]:
        """Whether the status is as it should be now. Source: updatePdbStatus."""
        now = self.engine.clock.text(self.now_ms)
        status = budgets.counted(budget, healthy=healthy, desired=desired, expected=expected, disrupted=disrupted, now=now)
        return True if status is None else (yield from self._update(budget, status))

    def _fail_safe(self, budget: dict, failure: str) -> Iterator[Any]:
        """Nothing may be evicted while it is not known what may. Source: failSafe."""
        self.trace("SyncFailed", self.subject(key_of(budget)), message=failure)
        status = {**budgets.status_of(budget), "disruptionsAllowed": 0}
        status = budgets.with_condition(status, self.engine.clock.text(self.now_ms), failure)
        if status == budget.get("status"):
            return None
        return None if (yield from self._update(budget, status)) else "retry"

    def _update(self, budget: dict, status: dict) -> Iterator[Any]:
        reply = yield self.client.update("poddisruptionbudgets", {**budget, "status": status}, subresource="status")
        return reply.ok or reply.code == 404

    # -- Pods that were to go and did not -----------------------------------------------------------------------------

    def _watch_stale(self, pod: dict) -> None:
        wait_ms, key = self._stale_in_ms(pod), key_of(pod)
        if wait_ms is not None and key not in self.state.stale:
            self.state.stale[key] = self.after(wait_ms, "clear_stale", key, background=True)

    def _stale_in_ms(self, pod: dict) -> int | None:
        """Ms until a Pod's DisruptionTarget is old news; None if it has none or is really going.

        Source: nonTerminatingPodHasStaleDisruptionCondition.
        """
        if "deletionTimestamp" in pod["metadata"] or _pods.phase(pod) in _pods.TERMINAL:
            return None
        for condition in pod["status"].get("conditions") or ():
            if condition["type"] == "DisruptionTarget" and condition["status"] == "True" and condition.get("reason") != BY_KUBELET:
                since = condition.get("lastTransitionTime")
                since_ms = clock.unix_ms(since) if since else 0
                return max(STALE_CONDITION_MS - (self.now_unix_ms - since_ms), 0)
        return None

    def clear_stale(self, key: str) -> None:
        """Two minutes after a Pod was to go it is still there: it is not going."""
        self.state.stale.pop(key, None)
        pod = self.pods.get(key)
        wait_ms = self._stale_in_ms(pod) if pod is not None else None
        if wait_ms is None:
            return
        if wait_ms > 0:
            self._watch_stale(pod)
            return
        condition = {"type": "DisruptionTarget", "status": "False"}
        status, changed = _pods.with_condition(pod["status"], condition, self.engine.clock.text(self.now_ms))
        if changed:
            self.client.send(self.client.update("pods", {**pod, "status": status}, subresource="status"))
