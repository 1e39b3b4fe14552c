"""What a CronJob's controller asks of its Jobs and writes into them: names, references, ends, ages.

Source: pkg/controller/cronjob/utils.go.
"""

from __future__ import annotations

from cluster.engine import clock
from cluster.meta.objects import controller_of

from ._claims import controller_reference

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def owner_name_index(job: dict) -> list[str]:
    """An informer's index: `namespace/name` of the controller, of whatever kind and uid. Source: getJobsToBeReconciled."""
    reference = controller_of(job)
    return [f"{job['metadata']['namespace']}/{reference['name']}"] if reference else []


def end_of(job: dict) -> str:
    """"Complete" or "Failed"; "" while it goes on. Source: FinishedCondition."""
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
            return condition["type"]
    return ""


def name_for(cron_job: dict, due_ms: int) -> str:
    """The Job of a due time has one name, so that none is made twice. Source: getJobName."""
    return f"{cron_job['metadata']['name']}-{due_ms // 60_000}"


def new_job(cron_job: dict, due_ms: int) -> dict:
    """Source: getJobFromTemplate2."""
    template, meta = cron_job["spec"]["jobTemplate"], cron_job["metadata"]
    given = template.get("metadata") or {}
    annotations = {**(given.get("annotations") or {}), SCHEDULED: clock.rfc3339(due_ms // 1000, cron_job["spec"].get("timeZone") or "")}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name_for(cron_job, due_ms),
            "namespace": meta["namespace"],
            **({"labels": dict(given["labels"])} if given.get("labels") else {}),
            "annotations": annotations,
            "ownerReferences": [controller_reference(cron_job, "batch/v1", "CronJob")],
        },
        "spec": template["spec"],
    }


def reference_to(job: dict) -> dict:
    """How status.active names a Job. Source: k8s.io/client-go tools/reference/ref.go."""
    meta = job["metadata"]
    return {"kind": "Job", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"], "apiVersion": "batch/v1",
            "resourceVersion": meta["resourceVersion"]}


def oldest_first(jobs: list[dict]) -> list[dict]:
    """By start, those that never started last. Source: byJobStartTime."""
    def age(job: dict) -> tuple:
        started = (job.get("status") or {}).get("startTime")
        return started is None, started or "", job["metadata"]["name"]

    return sorted(jobs, key=age)
