"""Slim objects: what the stage needs of an API object, every word of it derived here and nowhere else."""
from __future__ import annotations

from cluster.engine.clock import Clock
from cluster.kinds import horizontalpodautoscaler as autoscalers
from cluster.kinds import job as jobs
from cluster.kinds import node as nodes
from cluster.kinds import pod as pods
from cluster.kinds import poddisruptionbudget as budgets
from cluster.kinds._pod_printing import ready_counts, restart_count, status_word
from cluster.kinds.pod import is_sidecar
from cluster.meta.objects import controller_of

from .drawings import LAST_RANK, ON_SHELF, RANKS, SHORT, drawing_of, slot_of, template_of

GLYPHS = {
    "Running": "running", "Completed": "completed", "Succeeded": "completed", "Terminating": "terminating", "Pending": "pending",
    "ContainerCreating": "creating", "PodInitializing": "creating", "Error": "failed", "Failed": "failed", "Evicted": "failed",
    "Unknown": "failed", "NodeLost": "failed",
}
TONES = {"running": "ok", "notready": "wait", "pending": "wait", "creating": "wait", "trouble": "bad", "failed": "bad",
         "completed": "none", "terminating": "gone"}
STANDING = {"running": "ready", "completed": "ended", "failed": "ended"}  # how a Pod stands in its slot; "made" else
STATE_WORDS = {
    "waiting": {"en": "waiting", "zh": "等待"}, "running": {"en": "running", "zh": "运行中"},
    "terminated": {"en": "ended", "zh": "已终止"}, "stopping": {"en": "stopping", "zh": "正在停止"},
    "creating": {"en": "creating", "zh": "正在创建"},
}
PROBES = ("startup", "liveness", "readiness")
STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
JOB_GLYPHS = {"Running": "running", "Complete": "completed", "SuccessCriteriaMet": "completed", "Failed": "failed", "FailureTarget": "failed",
              "Suspended": "pending", "Terminating": "terminating"}
# workload -> (what of its status counts as ready, what is wanted)
SCALABLE = ("deployments", "replicasets", "statefulsets", "replicationcontrollers")
WORKLOADS = {**dict.fromkeys(SCALABLE, ("readyReplicas", "replicas")), "daemonsets": ("numberReady", "desiredNumberScheduled")}
DELETABLE = ("pods", *WORKLOADS, "jobs", "cronjobs", "services", "configmaps", "secrets", "persistentvolumeclaims", "poddisruptionbudgets",
             "horizontalpodautoscalers", "networkpolicies")
OWNER_RESOURCES = {"ReplicaSet": "replicasets", "Deployment": "deployments", "Node": "nodes"}


def slim(subject: str, obj: dict, clock: Clock) -> dict:
    """The cell of one object. subject: `resource/namespace/name`."""
    resource = subject.partition("/")[0]
    meta = obj["metadata"]
    owner = controller_of(obj)
    cell = {
        "resource": resource, "kind": obj.get("kind", ""), "namespace": meta.get("namespace", ""), "name": meta["name"],
        "uid": meta.get("uid", ""), "revision": int(meta.get("resourceVersion", 0)), "labels": meta.get("labels") or {},
        "created_ms": clock.parse_ms(meta["creationTimestamp"]) if meta.get("creationTimestamp") else 0,
        "owner": owner_subject(owner, meta.get("namespace", "")) if owner else None, "badge": "", "status": None,
        "deletable": resource in DELETABLE, "scalable": resource in SCALABLE,
        "rank": RANKS.get(resource, LAST_RANK), "on_shelf": resource in ON_SHELF, "drawing": drawing_of(resource, obj, clock),
        "short": SHORT.get(resource, ""),
    }
    if resource == "pods":
        cell.update(slim_pod(obj, clock))
        if owner:
            cell.update(slot=slot_of(obj, owner["kind"]), template=template_of(obj), standing=STANDING.get(cell["status"]["glyph"], "made"))
    elif resource in WORKLOADS:
        cell.update(slim_workload(obj, *WORKLOADS[resource]))
    elif resource == "cronjobs":
        cell.update(slim_cron_job(obj))
    elif resource == "jobs":
        cell.update(slim_job(obj))
    elif resource == "poddisruptionbudgets":
        cell.update(slim_budget(obj))
    elif resource == "horizontalpodautoscalers":
        cell.update(slim_autoscaler(obj))
    elif resource == "persistentvolumeclaims":
        cell.update(slim_claim(obj))
    elif resource == "nodes":
        glyph = "running" if nodes.is_ready(obj) else "failed"
        cell["status"] = {"word": nodes.status_word(obj), "glyph": glyph, "tone": TONES[glyph]}
    if meta.get("deletionTimestamp") and resource != "pods":
        cell["status"] = {"word": "Terminating", "glyph": "terminating", "tone": "gone"}
    return cell


def owner_subject(owner: dict, namespace: str) -> str:
    return f"{OWNER_RESOURCES.get(owner['kind'], owner['kind'].lower() + 's')}/{namespace}/{owner['name']}"


def slim_pod(pod: dict, clock: Clock) -> dict:
    status, meta = pod.get("status") or {}, pod["metadata"]
    ready, total = ready_counts(pod)
    word = status_word(pod)
    glyph = glyph_of(word, is_all_ready=ready == total)
    return {"status": {"word": word, "glyph": glyph, "tone": TONES[glyph]}, "phase": status.get("phase", "Pending"),
            "is_over": pods.is_terminal(pod), "badge": f"{ready}/{total}",
            "ready": f"{ready}/{total}", "node": pods.node_name(pod) or None, "ip": status.get("podIP"), "grace": grace(meta, clock),
            "restarts": restart_count(pod), "containers": containers(pod), "init": init_pips(pod), "volumes": volumes(pod)}


def glyph_of(word: str, *, is_all_ready: bool) -> str:
    """The glyph of a STATUS as kubectl prints it."""
    if word == "Running" and not is_all_ready:
        return "notready"
    if word in GLYPHS:
        return GLYPHS[word]
    if word.startswith("Init:"):
        return "trouble" if any(part in word for part in ("Error", "BackOff", "Err")) else "creating"
    return "trouble" if word.endswith(("BackOff", "Error")) or word.startswith(("Err", "Crash", "Invalid", "ImagePull")) else "failed"


def grace(meta: dict, clock: Clock) -> dict | None:
    """When the grace period of a deletion began and when it ends, virtual ms."""
    if not meta.get("deletionTimestamp"):
        return None
    until_ms = clock.parse_ms(meta["deletionTimestamp"])
    seconds = meta.get("deletionGracePeriodSeconds") or 0
    return {"since_ms": until_ms - seconds * 1000, "until_ms": until_ms, "seconds": seconds}


def containers(pod: dict) -> list[dict]:
    """What the API knows of each container: the Pod's own, then sidecars, then ephemeral ones. Each is a box in the Pod."""
    spec, status = pod["spec"], pod.get("status") or {}
    known = {row["name"]: row for name in STATUSES for row in status.get(name) or ()}
    sorts = (("app", spec.get("containers")), ("sidecar", [each for each in spec.get("initContainers") or () if is_sidecar(each)]),
             ("ephemeral", spec.get("ephemeralContainers")))
    return [container_row(each, known.get(each["name"]) or {}, sort) for sort, rows in sorts for each in rows or ()]


def container_row(container: dict, row: dict, sort: str) -> dict:
    state = next(iter(row.get("state") or {"waiting": {}}))
    detail = (row.get("state") or {}).get(state) or {}
    return {"name": container["name"], "image": container.get("image", ""), "sort": sort, "state": state,
            "word": detail.get("reason") or STATE_WORDS[state]["en"], "words": STATE_WORDS[state],
            "exit_code": detail.get("exitCode"), "restarts": row.get("restartCount", 0), "ready": bool(row.get("ready")),
            "probes": probes_of(container)}


def init_pips(pod: dict) -> list[dict]:
    """The init containers in their order, each a pip: it waits, runs, is done or has failed."""
    known = {row["name"]: row for row in (pod.get("status") or {}).get("initContainerStatuses") or ()}
    pips = []
    for container in pod["spec"].get("initContainers") or ():
        row = known.get(container["name"]) or {}
        state = next(iter(row.get("state") or {"waiting": {}}))
        code = ((row.get("state") or {}).get(state) or {}).get("exitCode")
        is_started = is_sidecar(container) and bool(row.get("started"))
        pips.append({"name": container["name"], "is_sidecar": is_sidecar(container), "pip": "done" if is_started else pip_of(state, code)})
    return pips


def pip_of(state: str, exit_code: int | None) -> str:
    """The sign of an init container in a state."""
    if state == "terminated":
        return "failed" if exit_code else "done"
    return "runs" if state in ("running", "stopping") else "waits"


def probes_of(container: dict) -> dict:
    """The probes that a container asks for, none of which has answered yet."""
    return {kind: "pending" for kind in PROBES if container.get(kind + "Probe") is not None}


def volumes(pod: dict) -> list[dict]:
    """The volumes that a learner wrote, with who mounts them; not the token that each Pod is given."""
    spec = pod["spec"]
    every = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ()), *(spec.get("ephemeralContainers") or ())]
    rows = []
    for volume in spec.get("volumes") or ():
        if volume["name"].startswith("kube-api-access-"):
            continue
        kind = next((key for key in volume if key != "name"), "emptyDir")
        mounts = [each["name"] for each in every if any(mount["name"] == volume["name"] for mount in each.get("volumeMounts") or ())]
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
        rows.append({"name": volume["name"], "type": kind, "claim": claim, "mounts": mounts})
    return rows


def slim_workload(obj: dict, ready_field: str, wanted_field: str) -> dict:
    """wanted_field: of the spec, or of the status for a kind that has no replicas of its own choosing."""
    status, has_replicas = obj.get("status") or {}, wanted_field == "replicas"
    wanted = obj["spec"].get("replicas", 1) if has_replicas else status.get(wanted_field, 0)
    ready = status.get(ready_field, 0)
    glyph = "running" if ready == wanted else "notready"
    cell = {"badge": f"{ready}/{wanted}", "ready": f"{ready}/{wanted}", "status": {"word": f"{ready}/{wanted}", "glyph": glyph, "tone": TONES[glyph]}}
    return {**cell, "replicas": wanted} if has_replicas else cell


def slim_cron_job(cron_job: dict) -> dict:
    """Its schedule, and how many of its Jobs run; suspended ones wait."""
    active = len((cron_job.get("status") or {}).get("active") or ())
    glyph = "pending" if cron_job["spec"].get("suspend") else "running" if active else "completed"
    schedule = cron_job["spec"]["schedule"]
    return {"badge": schedule, "ready": "", "status": {"word": schedule, "glyph": glyph, "tone": TONES[glyph]}}


def slim_claim(claim: dict) -> dict:
    """Whether a claim has its volume."""
    phase = (claim.get("status") or {}).get("phase", "Pending")
    glyph = {"Bound": "running", "Lost": "failed"}.get(phase, "pending")
    return {"ready": "", "status": {"word": phase, "glyph": glyph, "tone": TONES[glyph]}}


def slim_budget(budget: dict) -> dict:
    """How many Pods may be evicted now, of how many healthy ones."""
    found = budgets.status_of(budget)
    allowed = found["disruptionsAllowed"]
    glyph = "running" if allowed else "notready"
    words = {"en": f"{allowed} may go", "zh": f"可中断 {allowed} 个"}
    return {"badge": words, "ready": f"{found['currentHealthy']}/{found['desiredHealthy']}",
            "status": {"word": words, "glyph": glyph, "tone": TONES[glyph]}}


def slim_autoscaler(autoscaler: dict) -> dict:
    """What it measures against its targets, and the Pods there are and shall be; TARGETS and REPLICAS as kubectl prints them."""
    found, targets = autoscaler.get("status") or {}, autoscalers.targets(autoscaler)
    current, desired = found.get("currentReplicas") or 0, found.get("desiredReplicas") or 0
    is_active = next((one["status"] for one in found.get("conditions") or () if one["type"] == "ScalingActive"), "Unknown") == "True"
    glyph = "running" if is_active else "notready"
    return {"badge": targets, "ready": targets, "status": {"word": f"{current} → {desired}", "glyph": glyph, "tone": TONES[glyph]}}


def slim_job(job: dict) -> dict:
    """COMPLETIONS and STATUS as kubectl prints them."""
    word, done = jobs.status_word(job), jobs.completions_cell(job)
    glyph = JOB_GLYPHS[word]
    return {"badge": done, "ready": done, "status": {"word": word, "glyph": glyph, "tone": TONES[glyph]}}
