"""horizontal-pod-autoscaler-controller: every 15 s, as many Pods as the load asks for.

Where the load comes from here is said in `_hpa_load.py`. Source: pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.meta import labels
from cluster.meta.objects import key_of

from . import _hpa_limits, _hpa_metrics
from ._hpa_limits import History
from ._hpa_load import Load
from ._hpa_metrics import Proposal, Question, Refusal

SYNC_MS = 15_000  # --horizontal-pod-autoscaler-sync-period
UPDATE_TRIES = 5  # retry.DefaultRetry
ABLE, ACTIVE, BOUNDED = "AbleToScale", "ScalingActive", "ScalingLimited"
TO_ZERO = "ScaledToZero"  # of a feature that is off: whoever wrote it, it goes
NO_SCALE = "the HPA controller was unable to get the target's current scale: {}"
GOT_SCALE = "the HPA controller was able to get the target's current scale"
NOT_COMPUTED = "the HPA was unable to compute the replica count: {}"
COMPUTED = "the HPA was able to successfully calculate a replica count from {}"
ABOVE_MOST, BELOW_LEAST = "Current number of replicas above Spec.MaxReplicas", "Current number of replicas below Spec.MinReplicas"


@dataclass
class AutoscalerState:
    histories: dict[str, History] = field(default_factory=dict)
    selectors: dict[str, str] = field(default_factory=dict)  # autoscaler's key -> its Pods' selector, once it is known


class Look:
    """One look at one autoscaler: the conditions as they come to be, and what is written in the end."""

    def __init__(self, autoscaler: dict, now: str):
        self.autoscaler, self.now = autoscaler, now
        self.before = autoscaler.get("status") or {}
        self.conditions = list(self.before.get("conditions") or ())

    def say(self, kind: str, is_true: bool, reason: str, message: str) -> None:
        """Source: setConditionInList."""
        old = next((one for one in self.conditions if one["type"] == kind), {})
        status = "True" if is_true else "False"
        since = old.get("lastTransitionTime") if old.get("status") == status else self.now
        new = {"type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message}
        self.conditions = [new if one is old else one for one in self.conditions] if old else [*self.conditions, new]

    def forget(self, kind: str) -> None:
        """Source: removeCondition."""
        self.conditions = [one for one in self.conditions if one["type"] != kind]

    def status(self, current: int, desired: int, metrics: list[dict] | None, *, scaled: bool) -> dict:
        """Source: setStatus."""
        found = {"currentReplicas": current, "desiredReplicas": desired, "currentMetrics": metrics, "conditions": self.conditions}
        last = self.now if scaled else self.before.get("lastScaleTime")
        return {name: value for name, value in {"lastScaleTime": last, **found}.items() if value or name in ("desiredReplicas", "currentMetrics")}


class HorizontalPodAutoscalerController(Controller):
    """Its keys are HorizontalPodAutoscalers; each waits out the period in the queue, whatever happens."""

    NAME = "horizontal-pod-autoscaler-controller"
    RESOURCE = "horizontalpodautoscalers"

    @property
    def account(self) -> str:
        return "horizontal-pod-autoscaler"

    def setup(self) -> None:
        self.state = AutoscalerState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component="horizontal-pod-autoscaler"))

    def watch(self, informers) -> None:
        self.autoscalers = informers.watch("horizontalpodautoscalers")
        self.pods = informers.watch("pods")
        self.autoscalers.on(self.on_autoscaler)

    def on_autoscaler(self, kind: str, old: dict | None, new: dict) -> None:
        key = key_of(new)
        if kind == "DELETED":
            self.state.histories.pop(key, None)
            self.state.selectors.pop(key, None)
        else:
            self.queue.add_after(key, SYNC_MS, background=old is not None)

    def sync(self, key: str) -> Iterator[Any]:
        autoscaler = self.autoscalers.get(key)
        if autoscaler is None:
            return
        look = Look(autoscaler, self.engine.clock.text(self.now_ms))
        status = yield from self._reconcile(key, look)
        if status != autoscaler.get("status"):
            reply = yield self.client.update("horizontalpodautoscalers", {**autoscaler, "status": status}, subresource="status")
            if not reply.ok and reply.code != 404:
                self._warn(look, "FailedUpdateStatus", reply.message)
        self.queue.add_after(key, SYNC_MS, background=True)

    def _warn(self, look: Look, reason: str, message: str) -> None:
        self.recorder.event(look.autoscaler, "Warning", reason, message)

    # -- one look -----------------------------------------------------------------------------------------------------

    def _reconcile(self, key: str, look: Look) -> Iterator[Any]:
        """The status after this look. Source: reconcileAutoscaler."""
        spec = look.autoscaler["spec"]
        resource, scale, failure = yield from self._scale(look.autoscaler)
        if failure is not None:
            self._warn(look, "FailedGetScale", failure)
            look.say(ABLE, False, "FailedGetScale", NO_SCALE.format(failure))
            return {**look.before, "conditions": look.conditions}
        look.say(ABLE, True, "SucceededGetScale", GOT_SCALE)
        current, least = scale["spec"].get("replicas", 0), spec.get("minReplicas", 1)
        history = self._history(key, current)
        metrics: list[dict] | None = None
        if current == 0:
            look.say(ACTIVE, False, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
            look.forget(TO_ZERO)
            return look.status(0, 0, None, scaled=False)
        if current > spec["maxReplicas"]:
            desired, why = spec["maxReplicas"], ABOVE_MOST
        elif current < least:
            desired, why = least, BELOW_LEAST
        else:
            best, metrics = self._weigh(key, look, scale)
            if best is None:
                return look.status(current, look.before.get("desiredReplicas", 0), metrics, scaled=False)
            desired, why = self._limit(history, look, current, best, least)
        return (yield from self._apply(look, resource, scale, history, current, desired, why, metrics))

    def _history(self, key: str, current: int) -> History:
        """Source: recordInitialRecommendation."""
        history = self.state.histories.get(key)
        if history is None:
            history = self.state.histories[key] = History()
            history.recommend(current, self.now_ms, 0)
        return history

    def _limit(self, history: History, look: Look, current: int, best: Proposal, least: int) -> tuple[int, str]:
        """(size, why) for the highest proposal."""
        wanted = best.replicas
        why = f"{best.name} above target" if wanted > current else "All metrics below target" if wanted < current else ""
        found = _hpa_limits.limited(history, look.autoscaler["spec"], current=current, wanted=wanted, least=least, now_ms=self.now_ms)
        look.say(ABLE, True, *found.able)
        look.say(BOUNDED, found.is_limited, *found.limit)
        self.trace("LoadWeighed", self.subject(key_of(look.autoscaler)), metric=best.name, current=current, wanted=wanted,
                   desired=found.replicas, limit=found.limit[0], able=found.able[0])
        return found.replicas, why

    def _apply(self, look: Look, resource: str, scale: dict, history: History, current: int, desired: int, why: str,
               metrics: list[dict] | None) -> Iterator[Any]:
        """Rescale where the size is another. Source: reconcileAutoscaler."""
        if desired == current:
            return look.status(current, current, metrics, scaled=False)
        failure = yield from self._rescale(resource, scale, desired)
        if failure is not None:
            self._warn(look, "FailedRescale", f"New size: {desired}; reason: {why}; error: {failure}")
            look.say(ABLE, False, "FailedUpdateScale", f"the HPA controller was unable to update the target scale: {failure}")
            return look.status(current, look.before.get("desiredReplicas", 0), metrics, scaled=False)
        look.say(ABLE, True, "SucceededRescale", f"the HPA controller was able to update the target scale to {desired}")
        self.recorder.event(look.autoscaler, "Normal", "SuccessfulRescale", f"New size: {desired}; reason: {why}")
        history.scaled(look.autoscaler["spec"].get("behavior"), current, desired, self.now_ms)
        look.forget(TO_ZERO)
        return look.status(current, desired, metrics, scaled=True)

    # -- the target ---------------------------------------------------------------------------------------------------

    def _scale(self, autoscaler: dict) -> Iterator[Any]:
        """(resource, its Scale, why there is none). Source: scaleForResourceMappings."""
        target, namespace = autoscaler["spec"]["scaleTargetRef"], autoscaler["metadata"]["namespace"]
        group = (target.get("apiVersion") or "").rpartition("/")[0]
        kinds = [kind for kind in self.client.kinds.stored if kind.group == group and kind.kind == target["kind"]]
        if not kinds:
            return "", {}, f'no matches for kind "{target["kind"]}" in group "{group}"'
        resource = f"{kinds[0].plural}.{group}" if kinds[0].custom else kinds[0].plural
        if "scale" not in kinds[0].subresources:
            return "", {}, "the server could not find the requested resource"
        reply = yield self.client.call("get", resource, name=target["name"], namespace=namespace, subresource="scale")
        return (resource, reply.body, None) if reply.ok else ("", {}, reply.message)

    def _rescale(self, resource: str, scale: dict, desired: int) -> Iterator[Any]:
        """Write the size; after a conflict, on what is there then. Why it could not be, or None."""
        meta = scale["metadata"]
        for _ in range(UPDATE_TRIES):
            reply = yield self.client.update(resource, {**scale, "spec": {"replicas": desired}}, subresource="scale")
            if reply.ok:
                return None
            if reply.code != 409:
                break
            latest = yield self.client.call("get", resource, name=meta["name"], namespace=meta["namespace"], subresource="scale")
            scale = latest.body if latest.ok else scale
        return reply.message

    # -- the metrics --------------------------------------------------------------------------------------------------

    def _weigh(self, key: str, look: Look, scale: dict) -> tuple[Proposal | None, list[dict] | None]:
        """(the highest proposal, all metrics' statuses). None where the size may not be touched. Source: computeReplicasForMetrics."""
        pods, failure = self._pods_of(key, look, (scale.get("status") or {}).get("selector", ""))
        if failure is not None:
            self._warn(look, "FailedComputeMetricsReplicas", failure)
            return None, None
        wanted = scale["spec"].get("replicas", 0)
        load = Load(look.autoscaler, pods, self.engine.clock.unix_ms(self.now_ms))
        asked = Question(load, wanted, (scale.get("status") or {}).get("replicas", 0), _hpa_metrics.tolerances_of(look.autoscaler),
                         look.autoscaler["metadata"]["namespace"])
        found = [_hpa_metrics.propose(metric, asked) for metric in look.autoscaler["spec"].get("metrics") or ()]
        for one in found:
            if isinstance(one, Refusal):
                self._warn(look, one.reason, one.why)
        return self._highest(look, found, wanted), [one.status if isinstance(one, Proposal) else {"type": ""} for one in found]

    def _highest(self, look: Look, found: list[Proposal | Refusal], wanted: int) -> Proposal | None:
        refusals = [one for one in found if isinstance(one, Refusal)]
        best = max((one for one in found if isinstance(one, Proposal)), key=lambda one: one.replicas, default=None)
        if best is None or (refusals and best.replicas < wanted):
            first = refusals[0]
            look.say(ACTIVE, False, first.reason, NOT_COMPUTED.format(first.why))
            self._warn(look, "FailedComputeMetricsReplicas",
                       f"invalid metrics ({len(refusals)} invalid out of {len(found)}), first error is: {first.message}")
            return None
        look.say(ACTIVE, True, "ValidMetricFound", COMPUTED.format(best.name))
        return best

    def _pods_of(self, key: str, look: Look, selector: str) -> tuple[list[dict], str | None]:
        """Source: validateAndParseSelector."""
        if not selector:
            self._warn(look, "SelectorRequired", "selector is required")
            look.say(ACTIVE, False, "InvalidSelector", "the HPA target's scale is missing a selector")
            return [], "selector is required"
        try:
            parsed = labels.parse(selector)
        except labels.SelectorError as error:
            message = f"couldn't convert selector into a corresponding internal selector object: {error}"
            self._warn(look, "InvalidSelector", message)
            look.say(ACTIVE, False, "InvalidSelector", message)
            return [], message
        namespace, self.state.selectors[key] = look.autoscaler["metadata"]["namespace"], selector
        pods = [pod for pod in self.pods.items()
                if pod["metadata"].get("namespace") == namespace and parsed.matches(pod["metadata"].get("labels"))]
        rivals = [other for other in self.state.selectors if other == key or self._shares(other, namespace, pods)]
        if len(rivals) < 2:
            return pods, None
        names = " ".join(sorted(rivals))
        message = f"pods by selector {selector} are controlled by multiple HPAs: [{names}]"
        self._warn(look, "AmbiguousSelector", message)
        look.say(ACTIVE, False, "AmbiguousSelector", message)
        return [], message

    def _shares(self, other: str, namespace: str, pods: list[dict]) -> bool:
        """Whether another autoscaler has one of these Pods too."""
        if other.partition("/")[0] != namespace:
            return False
        chosen = labels.parse(self.state.selectors[other])
        return any(chosen.matches(pod["metadata"].get("labels")) for pod in pods)
