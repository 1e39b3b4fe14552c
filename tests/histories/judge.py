"""Whether each workload is as its spec asks, or says in a condition or an Event why it is not; and whether nothing is left over.

Every judge is a function of an object and the Facts that returns complaints. Written from the documentation.
"""

from __future__ import annotations

from .facts import Facts, bare, condition, controller, has_crashed, is_active, is_ready, labels, name_of, number_of, seconds

LONG_S = 60
ROLLED_OUT = "NewReplicaSetAvailable"


def counts(obj: dict, **wanted: int) -> list[str]:
    """Complaints about figures of the status, and about a spec that was not looked at."""
    status, meta = obj.get("status") or {}, obj["metadata"]
    wrong = [f"status.{name} is {status.get(name, 0)}, not {value}" for name, value in wanted.items() if status.get(name, 0) != value]
    if status.get("observedGeneration", meta.get("generation")) != meta.get("generation"):
        wrong.append(f"generation {meta['generation']} was not looked at")
    return wrong


def available(obj: dict, pods: list[dict], facts: Facts) -> int:
    wait_s = obj["spec"].get("minReadySeconds", 0)
    return sum(is_ready(pod) and (not wait_s or facts.now_s >= seconds(condition(pod, "Ready")["lastTransitionTime"]) + wait_s) for pod in pods)


def replica_set(obj: dict, facts: Facts) -> list[str]:
    """As many Pods as wanted, each ready or with a reason; fewer only where a quota is in the way."""
    pods, wanted = facts.active(obj), obj["spec"]["replicas"]
    wrong = counts(obj, replicas=len(pods), readyReplicas=sum(map(is_ready, pods)), availableReplicas=available(obj, pods, facts))
    if len(pods) != wanted and not (len(pods) < wanted and facts.lacks_pods_for_quota(obj)):
        wrong.append(f"{len(pods)} Pods, not {wanted}")
    if len(pods) < wanted and condition(obj, "ReplicaFailure").get("reason") != "FailedCreate":
        wrong.append("no condition says that Pods could not be created")
    selector = obj["spec"].get("selector") or {}
    wrong += [f"Pod {name_of(pod)} is not selected, and kept" for pod in pods
              if not (selector.get("matchLabels", selector)).items() <= labels(pod).items()]
    return wrong + facts.unexplained(pods)


def deployment(obj: dict, facts: Facts) -> list[str]:
    """One ReplicaSet, the new one, has all Pods; or it is paused; or its Pods say what holds it up, and the deadline is told."""
    sets, spec = facts.owned(obj, "replicasets"), obj["spec"]
    pods = [pod for one in sets for pod in facts.active(one)]
    new = [one for one in sets if bare(one["spec"]["template"]) == bare(spec["template"])]
    updated = sum(len(facts.active(one)) for one in new)
    wrong = counts(obj, replicas=len(pods), readyReplicas=sum(map(is_ready, pods)), updatedReplicas=updated)
    progress = condition(obj, "Progressing")
    if len(new) > 1:
        wrong.append("two ReplicaSets have its template")
    if spec.get("paused"):
        return wrong if progress.get("reason") in ("DeploymentPaused", "ProgressDeadlineExceeded") else [*wrong, "does not say that it is paused"]
    if _is_taken_for_scaled(obj, sets):
        return wrong
    if not new:
        return [*wrong, "no ReplicaSet has its template"]
    is_stuck = any(not is_ready(pod) or has_crashed(pod, facts.now_s) for pod in pods) or facts.quota_is_full()
    has_rolled = new[0]["spec"]["replicas"] == spec["replicas"] and not any(one["spec"]["replicas"] for one in sets if one is not new[0])
    if not has_rolled and not is_stuck:
        wrong.append("the rollout stands still though every Pod is ready")
    if not has_rolled and progress.get("reason") != "ProgressDeadlineExceeded":
        wrong.append(f"the rollout stands still and Progressing says {progress.get('reason')}")
    if has_rolled and not is_stuck and progress.get("reason") != ROLLED_OUT:
        wrong.append(f"it is rolled out and Progressing says {progress.get('reason')}")
    return wrong + _bounds(obj, pods) + _history(obj, sets, new)


def _is_taken_for_scaled(obj: dict, sets: list[dict]) -> bool:
    """Whether upstream would scale it for ever and never roll it out: it took over ReplicaSets that were sized for another number.

    Source: pkg/controller/deployment/sync.go (isScalingEvent, scale), where nothing then brings their annotations up to date.
    """
    active, wanted = [one for one in sets if one["spec"]["replicas"]], obj["spec"]["replicas"]
    noted = [(one["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/desired-replicas", str(wanted)) for one in active]
    is_alone = len(active) == 1 and active[0]["spec"]["replicas"] == wanted
    return any(number != str(wanted) for number in noted) and (is_alone or obj["spec"]["strategy"]["type"] == "Recreate")


def _bounds(obj: dict, pods: list[dict]) -> list[str]:
    """Never more Pods than surge allows."""
    rolling, wanted = obj["spec"]["strategy"].get("rollingUpdate"), obj["spec"]["replicas"]
    surge = number_of(rolling["maxSurge"], wanted, up=True) if rolling else 0
    return [f"{len(pods)} Pods where {wanted + surge} are the most"] if len(pods) > wanted + surge else []


def _history(obj: dict, sets: list[dict], new: list[dict]) -> list[str]:
    idle = [one for one in sets if not one["spec"]["replicas"] and not one["status"].get("replicas") and one not in new]
    limit = obj["spec"]["revisionHistoryLimit"]
    is_done = condition(obj, "Progressing").get("reason") == ROLLED_OUT
    return [f"{len(idle)} old ReplicaSets, not {limit}"] if is_done and len(idle) > limit else []


def stateful_set(obj: dict, facts: Facts) -> list[str]:
    """The Pods of its ordinals, updated as the strategy says; what is missing or too many waits for a Pod that says what is wrong."""
    spec, pods = obj["spec"], [pod for pod in facts.owned(obj) if is_active(pod)]
    start = (spec.get("ordinals") or {}).get("start", 0)
    wanted = [f"{name_of(obj)}-{place}" for place in range(start, start + spec["replicas"])]
    have = {name_of(pod): pod for pod in pods}
    missing, extra = [name for name in wanted if name not in have], sorted(set(have) - set(wanted))
    wrong = counts(obj, replicas=len(pods), readyReplicas=sum(map(is_ready, pods))) + facts.unexplained(pods)
    is_stuck = any(not is_ready(pod) for pod in pods)
    taken = [pod for pod in facts.pods if name_of(pod) in missing]  # somebody else's Pod has the name; upstream says nothing of it
    may_lack = taken or facts.lacks_pods_for_quota(obj) or (is_stuck and spec["podManagementPolicy"] == "OrderedReady")
    if missing and not may_lack:
        wrong.append(f"{missing} are missing")
    if extra and not (is_stuck or missing):
        wrong.append(f"{extra} are too many")
    return wrong + _revisions(obj, have, is_stuck or bool(missing)) + _claims(obj, facts, pods)


def _revisions(obj: dict, have: dict[str, dict], is_stuck: bool) -> list[str]:
    if obj["spec"]["updateStrategy"]["type"] == "OnDelete" or is_stuck:
        return []
    partition = (obj["spec"]["updateStrategy"].get("rollingUpdate") or {}).get("partition", 0)
    partition += (obj["spec"].get("ordinals") or {}).get("start", 0)
    newest = obj["status"]["updateRevision"]
    return [f"{name} is of an old revision" for name, pod in have.items()
            if int(name.rpartition("-")[2]) >= partition and labels(pod).get("controller-revision-hash") != newest]


def _claims(obj: dict, facts: Facts, pods: list[dict]) -> list[str]:
    claims = {name_of(claim): claim for claim in facts.cluster.here("persistentvolumeclaims")}
    wrong = []
    for template in obj["spec"].get("volumeClaimTemplates") or []:
        for pod in pods:
            claim = claims.get(f"{name_of(template)}-{name_of(pod)}")
            if claim is None:
                wrong.append(f"Pod {name_of(pod)} has no claim")
            elif is_ready(pod) and claim["status"].get("phase") != "Bound":
                wrong.append(f"Pod {name_of(pod)} is ready and its claim is {claim['status'].get('phase')}")
        policy = (obj["spec"].get("persistentVolumeClaimRetentionPolicy") or {}).get("whenScaled")
        if policy == "Delete" and not any(not is_ready(pod) for pod in pods):
            places = range(start := (obj["spec"].get("ordinals") or {}).get("start", 0), start + obj["spec"]["replicas"])
            prefix = f"{name_of(template)}-{name_of(obj)}-"
            wrong += [f"claim {name} outlived its Pod" for name, claim in claims.items() if name.startswith(prefix)
                      and int(name.removeprefix(prefix)) not in places and claim["metadata"].get("ownerReferences")
                      and not facts.is_used(name) and not _went_first(facts, name.removeprefix(f"{name_of(template)}-"))]
    return wrong


def _went_first(facts: Facts, pod: str) -> bool:
    """Whether somebody may have deleted a Pod before the controller could give it its claim, which stays then, as upstream."""
    return pod in facts.cluster.taken


def daemon_set(obj: dict, facts: Facts) -> list[str]:
    """One Pod on each node that fits, none elsewhere."""
    eligible, pods = facts.eligible(obj), facts.active(obj)
    is_stuck, wrong = any(not is_ready(pod) for pod in pods), facts.unexplained(pods)
    for node, may_only_stay in eligible.items():
        here = [pod for pod in pods if _node_of(pod) == node]
        surging = is_stuck and (obj["spec"]["updateStrategy"].get("rollingUpdate") or {}).get("maxSurge")
        if not here and not may_only_stay and not facts.lacks_pods_for_quota(obj):
            wrong.append(f"no Pod on {node}")
        if len(here) > (2 if surging else 1):
            wrong.append(f"{len(here)} Pods on {node}")
    wrong += [f"Pod {name_of(pod)} is on {_node_of(pod)}, where it may not be" for pod in pods if _node_of(pod) not in eligible]
    wanted = sum(not may_only_stay for may_only_stay in eligible.values())
    wrong += counts(obj, desiredNumberScheduled=wanted)
    if obj["spec"]["updateStrategy"]["type"] == "RollingUpdate" and not is_stuck and not facts.quota_is_full():
        hashes = {labels(pod)["controller-revision-hash"] for pod in pods if not eligible.get(_node_of(pod))}
        wrong += [f"Pods of {len(hashes)} revisions"] if len(hashes) > 1 else []
    return wrong


def _node_of(pod: dict) -> str:
    """Where a daemon's Pod is, or is to be."""
    if pod["spec"].get("nodeName"):
        return pod["spec"]["nodeName"]
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return terms[0]["matchFields"][0]["values"][0]


def job(obj: dict, facts: Facts) -> list[str]:
    """It has ended and says how; or it is suspended; or it has the Pods that it may have, or says why not."""
    spec, status, active = obj["spec"], obj["status"], facts.active(obj)
    over = [kind for kind in ("Complete", "Failed") if condition(obj, kind).get("status") == "True"]
    tracked = [pod for pod in facts.owned(obj) if "batch.kubernetes.io/job-tracking" in (pod["metadata"].get("finalizers") or [])]
    wrong = counts(obj, active=len(active))
    if len(over) > 1:
        wrong.append("it is Complete and Failed")
    if over:
        wrong += ["it has ended and Pods still run"] * bool(active) + ["it has ended and holds on to Pods"] * bool(tracked)
        if over == ["Complete"] and status.get("succeeded", 0) != spec["completions"]:
            wrong.append(f"it is Complete with {status.get('succeeded', 0)} of {spec['completions']}")
        return wrong + [f"Failed without a reason: {one}" for one in status["conditions"] if one["type"] == "Failed" and not one.get("reason")]
    if spec.get("suspend"):
        return wrong + ["it is suspended and does not say so"] * (condition(obj, "Suspended").get("status") != "True") + \
            ["it is suspended and Pods run"] * bool(active)
    wanted = min(spec["parallelism"], spec["completions"] - status.get("succeeded", 0))
    if spec.get("backoffLimitPerIndex") is not None and len(active) < wanted:
        wanted = min(wanted, len(active) + bool(status.get("failed")))  # a failed index is not replaced; not counted out here
    if len(active) != wanted and not facts.lacks_pods_for_quota(obj):
        wrong.append(f"{len(active)} Pods run, not {wanted}")
    return wrong + facts.unexplained(active)


def cron_job(obj: dict, facts: Facts) -> list[str]:
    """It has started lately what it was to start; its history is as long as it may be; what it calls active is there."""
    jobs, spec, status = facts.owned(obj, "jobs"), obj["spec"], obj.get("status") or {}
    ended = {kind: [one for one in jobs if condition(one, kind).get("status") == "True"] for kind in ("Complete", "Failed")}
    wrong = [f"{len(found)} Jobs that are {kind}" for kind, found, limit in (
        ("Complete", ended["Complete"], spec["successfulJobsHistoryLimit"]), ("Failed", ended["Failed"], spec["failedJobsHistoryLimit"]))
        if len(found) > limit]
    uids = [one["metadata"]["uid"] for one in jobs]
    wrong += [f"active Job {one['name']} is not there" for one in status.get("active") or [] if one["uid"] not in uids]
    last_s = seconds(status["lastScheduleTime"]) if status.get("lastScheduleTime") else 0
    period_s = 60 * int(spec["schedule"].split()[0].partition("/")[2] or 1)
    is_held = spec["concurrencyPolicy"] == "Forbid" and status.get("active")
    if not spec["suspend"] and not is_held and facts.now_s - last_s > 2 * period_s + 10:
        wrong.append(f"nothing was started for {facts.now_s - last_s} s" if last_s else "nothing was ever started")
    return wrong


def autoscaler(obj: dict, facts: Facts) -> list[str]:
    """Its target is within the bounds, or it says why it cannot scale."""
    spec, target = obj["spec"], obj["spec"]["scaleTargetRef"]
    able, active = condition(obj, "AbleToScale"), condition(obj, "ScalingActive")
    found = next((one for one in facts.cluster.here(target["kind"].lower() + "s") if name_of(one) == target["name"]), None)
    if found is None:
        return [] if able.get("reason") == "FailedGetScale" else [f"there is no target and AbleToScale says {able.get('reason')}"]
    if found["spec"]["replicas"] == 0:
        return [] if active.get("reason") == "ScalingDisabled" else [f"the target is at 0 and ScalingActive says {active.get('reason')}"]
    if not spec["minReplicas"] <= found["spec"]["replicas"] <= spec["maxReplicas"]:
        return [f"the target has {found['spec']['replicas']} replicas"]
    return [] if able.get("status") and active.get("status") else ["it says nothing of itself"]


def budget(obj: dict, facts: Facts) -> list[str]:
    """Its figures are those of a count, or it says that it cannot count."""
    wanted, spec = obj["spec"]["selector"]["matchLabels"], obj["spec"]
    pods = [pod for pod in facts.pods if wanted.items() <= labels(pod).items() and pod["status"].get("phase") not in ("Succeeded", "Failed")]
    allowed = condition(obj, "DisruptionAllowed")
    if allowed.get("reason") == "SyncFailed":
        return [] if allowed.get("message") else ["it cannot count and does not say why"]
    healthy, status = sum(map(is_ready, pods)), obj["status"]
    free = max(0, healthy - status["desiredHealthy"]) if status["expectedPods"] else 0
    wrong = counts(obj, currentHealthy=healthy, disruptionsAllowed=free)
    if isinstance(spec.get("minAvailable"), int):
        wrong += counts(obj, desiredHealthy=spec["minAvailable"], expectedPods=len(pods))
    if (allowed.get("status") == "True") != (status["disruptionsAllowed"] > 0):
        wrong.append("its condition and its figure differ")
    return wrong


def quota(obj: dict, facts: Facts) -> list[str]:
    """A create that fails for its name was charged all the same, which stays so until all is counted anew, each five minutes.

    Source: pkg/controller/resourcequota (resync period), k8s.io/apiserver pkg/admission/plugin/resourcequota.
    """
    alive = sum(pod["status"].get("phase") not in ("Succeeded", "Failed") for pod in facts.pods)
    used = (obj.get("status") or {}).get("used", {}).get("pods")
    is_in_the_way = any(pod["metadata"]["name"].startswith("statefulset-") and not controller(pod) for pod in facts.pods)
    return [] if used == str(alive) or (is_in_the_way and int(used) > alive) else [f"status.used.pods is {used}, not {alive}"]


JUDGES = {"deployments": deployment, "replicasets": replica_set, "replicationcontrollers": replica_set, "statefulsets": stateful_set,
          "daemonsets": daemon_set, "jobs": job, "cronjobs": cron_job, "horizontalpodautoscalers": autoscaler, "poddisruptionbudgets": budget,
          "resourcequotas": quota}


def leftovers(cluster, facts: Facts) -> list[str]:
    """What should have gone: dependents of what is gone or was deleted, whatever is half deleted, Pods of no node."""
    everything, wrong = cluster.everything(), []
    uids = {obj["metadata"]["uid"] for obj in everything if obj["metadata"].get("uid")}
    nodes = {name_of(node) for node in facts.nodes}
    for obj in everything:
        meta, what = obj["metadata"], f"{obj['kind']} {name_of(obj)}"
        owners = meta.get("ownerReferences") or []
        if obj["kind"] == "PersistentVolumeClaim" and meta.get("deletionTimestamp") and facts.is_used(name_of(obj)):
            continue  # protected while a Pod uses it
        if owners and not any(owner["uid"] in uids for owner in owners):
            wrong.append(f"{what}: its owners are gone")
        if meta.get("uid") in cluster.doomed and owners:
            wrong.append(f"{what}: its owner was deleted")
        if meta.get("deletionTimestamp") and facts.now_s - seconds(meta["deletionTimestamp"]) > LONG_S:
            wrong.append(f"{what}: it is being deleted for ever, {meta.get('finalizers')}")
        if obj["kind"] == "Pod" and obj["spec"].get("nodeName", next(iter(nodes))) not in nodes:
            wrong.append(f"{what}: it is on a node that is not there")
    return wrong


def complaints(cluster) -> list[str]:
    """All that is wrong at this moment."""
    facts = Facts(cluster)
    wrong = leftovers(cluster, facts)
    for resource, judge in JUDGES.items():
        for obj in cluster.here(resource):
            if resource == "jobs" and controller(obj):
                continue  # a CronJob's Jobs come and go
            wrong += [f"{obj['kind']} {name_of(obj)}: {one}" for one in judge(obj, facts)]
    return wrong
