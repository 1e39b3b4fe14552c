"""What is drawn of a workload: squares, ordinals, a dial, a meter, a gate. Each number and word is worked out here; the page only draws.

A drawing has a sort and `words`, one sentence that says the same (for who does not see it). Sorts:
rollout and squares (runs of [state, count]), ordinals and completions (slots, which Pods of that slot stand in), dial, meter, gate.
"""

from __future__ import annotations

from typing import Any

from cluster.controllers import _deployment_math as rollout_math
from cluster.controllers import _job_intervals as intervals
from cluster.controllers import _job_pods as job_pods
from cluster.controllers import _statefulset_identity as identity
from cluster.engine.clock import Clock
from cluster.kinds import horizontalpodautoscaler as autoscalers
from cluster.kinds import poddisruptionbudget as budgets
from cluster.kinds.job import is_indexed
from cluster.meta import quantity
from cluster.meta.gotext import atoi

Drawing = dict[str, Any]
MOST_SLOTS, LARGEST_SLOT = 40, 2**31
NO_TARGET = {"kind": "", "name": ""}
REVISION = "deployment.kubernetes.io/revision"
TEMPLATE_LABELS = ("controller-revision-hash", "pod-template-hash")
# The order of kinds, on each node, on the shelf and in the table: workloads first, Pods of nobody after them, then what acts on workloads.
ORDER = (
    "deployments", "jobs", "statefulsets", "daemonsets", "cronjobs", "replicasets", "replicationcontrollers", "pods",
    "horizontalpodautoscalers", "poddisruptionbudgets", "persistentvolumeclaims", "services",
)  # fmt: skip
RANKS = {resource: rank for rank, resource in enumerate(ORDER)}
LAST_RANK = 99
# kubectl's short names, for where there is little room.
SHORT = {"deployments": "deploy", "statefulsets": "sts", "daemonsets": "ds", "cronjobs": "cj", "replicasets": "rs", "replicationcontrollers": "rc",
         "horizontalpodautoscalers": "hpa", "poddisruptionbudgets": "pdb"}  # fmt: skip
ON_SHELF = {*ORDER[:7], "horizontalpodautoscalers", "poddisruptionbudgets"}


def drawing_of(resource: str, obj: dict, clock: Clock) -> Drawing | None:
    """The drawing of an object; None for kinds that have none."""
    maker = MAKERS.get(resource)
    return maker(obj, clock) if maker else None


def both(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


# -- Deployments and what keeps a number of Pods -------------------------------------------------------------------------


def rollout(deployment: dict, clock: Clock) -> Drawing:
    """Between which numbers a rolling update stays: at least so many available, at most so many at all.

    Source: pkg/controller/deployment/util/deployment_util.go (MaxSurge, MaxUnavailable).
    """
    status, wanted = deployment.get("status") or {}, rollout_math.replicas(deployment)
    is_rolling = rollout_math.is_rolling(deployment)
    most = wanted + rollout_math.max_surge(deployment)
    least = wanted - rollout_math.max_unavailable(deployment) if is_rolling else 0
    found = {name: status.get(name + "Replicas", 0) for name in ("updated", "ready", "available")}
    note = _rollout_note(deployment)
    return {"sort": "rollout", "wanted": wanted, "least": least, "most": most, "total": status.get("replicas", 0), **found,
            "revision": _revision(deployment), "note": note, "words": _rollout_words(wanted, least, most, status, note)}  # fmt: skip


def _rollout_words(wanted: int, least: int, most: int, status: dict, note: dict | None) -> dict:
    total, available, updated = (status.get(name, 0) for name in ("replicas", "availableReplicas", "updatedReplicas"))
    more = both("", "") if note is None else both(f" · {note['en']}", f" · {note['zh']}")
    return both(f"{total} Pods (at most {most}), {available} available (at least {least}), {updated} of {wanted} of the newest template{more['en']}",
                f"{total} 个 Pod（最多 {most}），可用 {available} 个（最少 {least}），最新模板 {updated}/{wanted} 个{more['zh']}")  # fmt: skip


def _rollout_note(deployment: dict) -> dict | None:
    """What is special about it: paused, stuck, or replaced all at once."""
    if deployment["spec"].get("paused"):
        return both("paused", "已暂停")
    conditions = (deployment.get("status") or {}).get("conditions") or ()
    if any(one["type"] == "Progressing" and one["status"] == "False" for one in conditions):
        return both("ProgressDeadlineExceeded", "ProgressDeadlineExceeded")
    return None if rollout_math.is_rolling(deployment) else both("Recreate", "Recreate")


def _revision(obj: dict) -> str:
    return (obj["metadata"].get("annotations") or {}).get(REVISION, "")


def squares(obj: dict, clock: Clock) -> Drawing:
    """The Pods of a ReplicaSet or ReplicationController."""
    status = obj.get("status") or {}
    found, ready, available = (status.get(name, 0) for name in ("replicas", "readyReplicas", "availableReplicas"))
    return {**_squares(rollout_math.replicas(obj), found, ready, available), "revision": _revision(obj)}


def daemons(daemon_set: dict, clock: Clock) -> Drawing:
    """A square for each node that is to have its Pod."""
    status = daemon_set.get("status") or {}
    wanted, found, ready, available = (
        status.get(name, 0) for name in ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
    )
    drawing = _squares(wanted, found, ready, available)
    misplaced = status.get("numberMisscheduled", 0)
    if misplaced:
        en, zh = drawing["words"]["en"], drawing["words"]["zh"]
        drawing["words"] = both(f"{en}, {misplaced} where none is wanted", f"{zh}，{misplaced} 个在不该有的节点上")
    return drawing


def _squares(wanted: int, found: int, ready: int, available: int) -> Drawing:
    available, ready = min(available, ready, found), min(ready, found)
    runs = [["available", available], ["ready", ready - available], ["made", found - ready], ["missing", max(0, wanted - found)]]
    words = both(f"wanted {wanted}, found {found}, ready {ready}, available {available}",
                 f"期望 {wanted}，实际 {found}，就绪 {ready}，可用 {available}")  # fmt: skip
    return {"sort": "squares", "runs": _present(runs), "wanted": wanted, "found": found, "words": words}


def _present(runs: list[list]) -> list[list]:
    return [run for run in runs if run[1] > 0]


# -- StatefulSets and Jobs ---------------------------------------------------------------------------------------------------


def ordinals(stateful_set: dict, clock: Clock) -> Drawing:
    """A place for each ordinal, with its claims; which revision is the newest, and from which ordinal on it is rolled out."""
    spec, status = stateful_set["spec"], stateful_set.get("status") or {}
    places, ready = identity.ordinals(stateful_set), status.get("readyReplicas", 0)
    slots = [{"slot": place, "claims": _claims(stateful_set, place)} for place in places[:MOST_SLOTS]]
    order = both("all at once", "同时进行") if spec.get("podManagementPolicy") == "Parallel" else both("one after another", "逐个进行")
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition") or 0
    cut = both(f", new revision from ordinal {partition} on", f"，新修订版本自序号 {partition} 起") if partition else both("", "")
    words = both(f"{ready} of {len(places)} ready, {order['en']}{cut['en']}", f"就绪 {ready}/{len(places)}，{order['zh']}{cut['zh']}")
    return {"sort": "ordinals", "slots": slots, "more": max(0, len(places) - MOST_SLOTS), "newest": status.get("updateRevision", ""),
            "partition": partition, "order": order, "words": words}  # fmt: skip


def _claims(stateful_set: dict, place: int) -> list[str]:
    namespace = stateful_set["metadata"].get("namespace", "")
    return [f"persistentvolumeclaims/{namespace}/{name}" for name in identity.claim_names(stateful_set, place).values()]


def completions(job: dict, clock: Clock) -> Drawing:
    """Each completion of a Job: by its index, or just counted."""
    spec, status = job["spec"], job.get("status") or {}
    done, failed, active = (status.get(name) or 0 for name in ("succeeded", "failed", "active"))
    wanted = spec.get("completions")
    total = max(done + active, 1) if wanted is None else wanted
    drawing = {"sort": "completions", "slots": [], "runs": _present([["done", done], ["active", active], ["missing", max(0, total - done - active)]]),
               "failed": failed, "parallelism": spec.get("parallelism", 1), "words": _job_words(job, total, done, failed, active)}  # fmt: skip
    if is_indexed(spec) and total <= MOST_SLOTS:
        drawing |= {"runs": [], "slots": _index_slots(status, total)}
    return drawing


def _index_slots(status: dict, total: int) -> list[dict]:
    done, failed = (intervals.parse(status.get(name) or "", total) for name in ("completedIndexes", "failedIndexes"))
    state = {**dict.fromkeys(_each(failed), "failed"), **dict.fromkeys(_each(done), "done")}
    return [{"slot": index, "state": state.get(index, "")} for index in range(total)]


def _each(found: intervals.Intervals) -> list[int]:
    return [index for first, last in found for index in range(first, last + 1)]


def _job_words(job: dict, total: int, done: int, failed: int, active: int) -> dict:
    at_once = job["spec"].get("parallelism", 1)
    return both(f"{done} of {total} done, {active} at work (at most {at_once} at once), {failed} failed",
                f"完成 {done}/{total}，进行中 {active}（最多同时 {at_once} 个），失败 {failed}")  # fmt: skip


def slot_of(pod: dict, owner_kind: str) -> int | None:
    """The place of a Pod among its owner's: its ordinal, or its completion index; None where it has none."""
    if owner_kind == "StatefulSet":
        place = identity.ordinal(pod)
        return None if place == identity.NO_ORDINAL else place
    if owner_kind != "Job":
        return None
    place = atoi((pod["metadata"].get("annotations") or {}).get(job_pods.INDEX, ""))
    return place if place is not None and 0 <= place < LARGEST_SLOT else None


def template_of(pod: dict) -> str:
    """What tells of which revision of its owner's template a Pod is."""
    labels = pod["metadata"].get("labels") or {}
    return next((labels[name] for name in TEMPLATE_LABELS if name in labels), "")


# -- CronJobs, autoscalers, budgets ------------------------------------------------------------------------------------------


def dial(cron_job: dict, clock: Clock) -> Drawing:
    """When a CronJob ran last; when it is due next is a plan of its controller's, and comes beside it."""
    spec, status = cron_job["spec"], cron_job.get("status") or {}
    last, is_suspended = status.get("lastScheduleTime"), bool(spec.get("suspend"))
    policy, active = spec.get("concurrencyPolicy", "Allow"), len(status.get("active") or ())
    words = both(f"{spec['schedule']}, {active} running, concurrencyPolicy {policy}",
                 f"{spec['schedule']}，运行中 {active} 个，concurrencyPolicy {policy}")  # fmt: skip
    if is_suspended:
        words = both(f"{words['en']}, suspended", f"{words['zh']}，已挂起")
    return {"sort": "dial", "schedule": spec["schedule"], "zone": spec.get("timeZone") or "UTC", "is_suspended": is_suspended, "policy": policy,
            "active": active, "last_ms": clock.parse_ms(last) if last else None, "words": words}  # fmt: skip


def plan(at: str, *, now_ms: int, clock: Clock) -> dict[str, Any]:
    """When a CronJob is due next, as its controller has worked it out. at: RFC 3339, in the CronJob's zone."""
    clock_time = at.partition("T")[2][:5]
    return {"since_ms": now_ms, "next_ms": clock.parse_ms(at), "words": both(f"next {clock_time}", f"下次 {clock_time}")}


def meter(autoscaler: dict, clock: Clock) -> Drawing:
    """What is measured as a share of its target, and the Pods there are and shall be between the least and the most."""
    spec, status, meta = autoscaler["spec"], autoscaler.get("status") or {}, autoscaler["metadata"]
    current, share = status.get("currentReplicas") or 0, _share(autoscaler)
    desired = status.get("desiredReplicas") or (current if share is None else 0)  # 0 also says that nothing could be measured
    least, most, target = spec.get("minReplicas", 1), spec.get("maxReplicas", 0), spec.get("scaleTargetRef") or NO_TARGET
    measured = autoscalers.targets(autoscaler)
    words = both(f"{measured}; {current} Pods, {desired} asked for, from {least} to {most}",
                 f"{measured}；现有 {current} 个 Pod，需要 {desired} 个，范围 {least} 至 {most}")  # fmt: skip
    aims_at = f"{target['kind'].lower()}s/{meta.get('namespace', '')}/{target['name']}"
    return {"sort": "meter", "least": least, "most": most, "current": current, "desired": desired, "measured": measured,
            "share": share, "aims_at": aims_at, "words": words}  # fmt: skip


def _share(autoscaler: dict) -> float | None:
    """The measured part of the target, of the metric that is furthest above it; None where nothing is measured."""
    spec, status = autoscaler["spec"], autoscaler.get("status") or {}
    shares = []
    for metric, current in zip(spec.get("metrics") or (), status.get("currentMetrics") or (), strict=False):
        field = autoscalers.SOURCES.get(metric.get("type", ""), "")
        target, found = (metric.get(field) or {}).get("target") or {}, (current.get(field) or {}).get("current") or {}
        shares += [_ratio(found[name], target[name]) for name in ("averageUtilization", "averageValue", "value") if name in target and name in found]
    return max((share for share in shares if share is not None), default=None)


def _ratio(found: int | str, target: int | str) -> float | None:
    one, other = (quantity.millis(str(each)) for each in (found, target))
    return round(one / other, 2) if other else None


def gate(budget: dict, clock: Clock) -> Drawing:
    """How many healthy Pods a budget has and needs: what is above may be evicted."""
    found = budgets.status_of(budget)
    allowed, healthy, needed, expected = (found[name] for name in ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"))
    words = both(f"{healthy} of {expected} healthy, {needed} needed, {allowed} may go",
                 f"健康 {healthy}/{expected}，需要 {needed}，可中断 {allowed} 个")  # fmt: skip
    runs = [["needed", min(healthy, needed)], ["spare", max(0, healthy - needed)], ["missing", max(0, expected - healthy)]]
    return {"sort": "gate", "runs": _present(runs), "allowed": allowed, "is_open": allowed > 0, "words": words}


ASKED_WORDS = {
    "granted": both("let through", "放行"), "refused": both("held back: 429", "拦下：429"),
    "unhealthy": both("not ready: let through", "未就绪：放行"),
}  # fmt: skip


def asked(pod: str, data: dict, seq: int) -> dict[str, Any]:
    """An eviction at a budget's gate. data: of the fact BudgetAsked."""
    so = data["so"]
    return {"pod": pod, "name": pod.rpartition("/")[2], "so": so, "words": ASKED_WORDS[so], "seq": seq, "is_open": so != "refused"}


MAKERS = {
    "deployments": rollout, "replicasets": squares, "replicationcontrollers": squares, "daemonsets": daemons, "statefulsets": ordinals,
    "jobs": completions, "cronjobs": dial, "horizontalpodautoscalers": meter, "poddisruptionbudgets": gate,
}  # fmt: skip
