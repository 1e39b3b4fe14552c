"""What a history may create: manifests drawn by chance, some of which can never come to anything."""

from __future__ import annotations

import random

KINDS = ("deployments", "replicasets", "replicationcontrollers", "statefulsets", "daemonsets", "jobs", "cronjobs",
         "horizontalpodautoscalers", "poddisruptionbudgets", "resourcequotas")
WEIGHTS = (6, 2, 2, 4, 3, 4, 2, 1, 2, 1)
SLEEP, CRASH = ["sh", "-c", "sleep 1000000"], ["sh", "-c", "sleep 3; exit 1"]
DISK = {"disk": "ssd"}
TOLERATION = {"key": "dedicated", "operator": "Exists"}


def manifest(kind: str, number: int, seed: int) -> dict:
    """An object of a kind, named by its number; what it says is drawn from a seed."""
    chance = random.Random(f"{kind}/{seed}")
    version, kind_name, make = MAKERS[kind]
    name = f"{kind_name.lower()}-{number}"
    made = make(name, chance)
    return {"apiVersion": version, "kind": kind_name, **made, "metadata": {"name": name, **made.get("metadata", {})}}


def template(app: str, chance: random.Random, *, command: list[str] | None = None, restart: str = "") -> dict:
    """A Pod template; one in five has something about it that keeps its Pods from being ready."""
    trouble = chance.choice([""] * 20 + ["absent image", "crash", "too large", "nowhere", "never ready"])
    container = {"name": "app", "image": "nginx:nope" if trouble == "absent image" else "busybox:1",
                 "command": CRASH if trouble == "crash" and not restart else command or SLEEP}
    cpu = "64" if trouble == "too large" else chance.choice(["", "", "250m", "1"])
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    if trouble == "never ready":
        container["readinessProbe"] = {"exec": {"command": ["false"]}, "periodSeconds": 5}
    spec = {"containers": [container], "terminationGracePeriodSeconds": chance.choice([0, 1, 3])}
    if trouble == "nowhere":
        spec["nodeSelector"] = {"disk": "none"}
    if chance.randrange(5) == 0:
        spec["tolerations"] = [TOLERATION]
    if restart:
        spec["restartPolicy"] = restart
    return {"metadata": {"labels": {"app": app}, "annotations": {"drawn": str(chance.randrange(1000))}}, "spec": spec}


def app_of(name: str, chance: random.Random) -> str:
    """The label by which a workload knows its Pods: its own name, or now and then one that others use too."""
    return chance.choice([name] * 7 + ["shared"])


def with_template(name: str, chance: random.Random, **spec) -> dict:
    app = app_of(name, chance)
    return {"spec": {"selector": {"matchLabels": {"app": app}}, "template": template(app, chance), **spec}}


def deployment(name: str, chance: random.Random) -> dict:
    rolling = {"maxSurge": chance.choice([1, 2, "25%", "100%", 0]), "maxUnavailable": chance.choice([1, "25%", "50%"])}
    strategy = chance.choice([{"type": "Recreate"}, {"type": "RollingUpdate", "rollingUpdate": rolling}, {}])
    return with_template(name, chance, replicas=chance.randrange(5), strategy=strategy, progressDeadlineSeconds=chance.choice([20, 60, 600]),
                         minReadySeconds=chance.choice([0, 0, 5]), revisionHistoryLimit=chance.choice([0, 1, 10]),
                         paused=chance.randrange(12) == 0)


def replica_set(name: str, chance: random.Random) -> dict:
    return with_template(name, chance, replicas=chance.randrange(4), minReadySeconds=chance.choice([0, 0, 5]))


def replication_controller(name: str, chance: random.Random) -> dict:
    made = with_template(name, chance, replicas=chance.randrange(4))
    made["spec"]["selector"] = made["spec"]["selector"]["matchLabels"]
    return made


def stateful_set(name: str, chance: random.Random) -> dict:
    policy = chance.choice(["Retain", "Delete"])
    made = with_template(
        name, chance, replicas=chance.randrange(4), serviceName="none", minReadySeconds=chance.choice([0, 0, 3]),
        podManagementPolicy=chance.choice(["OrderedReady", "Parallel"]), ordinals={"start": chance.choice([0, 0, 2])},
        updateStrategy=chance.choice([{"type": "OnDelete"}, {"type": "RollingUpdate", "rollingUpdate": {"partition": chance.choice([0, 0, 1])}}]),
        persistentVolumeClaimRetentionPolicy={"whenDeleted": policy, "whenScaled": chance.choice(["Retain", "Delete"])})
    if chance.randrange(2):
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        if chance.randrange(8) == 0:
            claim["storageClassName"] = "nobody"
        made["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": claim}]
        made["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    return made


def daemon_set(name: str, chance: random.Random) -> dict:
    rolling = chance.choice([{"maxUnavailable": 1, "maxSurge": 0}, {"maxUnavailable": 0, "maxSurge": 1}])
    made = with_template(name, chance, updateStrategy=chance.choice([{"type": "OnDelete"}, {"type": "RollingUpdate", "rollingUpdate": rolling}]))
    if chance.randrange(3) == 0:
        made["spec"]["template"]["spec"]["nodeSelector"] = DISK
    return made


def job(name: str, chance: random.Random) -> dict:
    ends = chance.choice(["exit 0", "exit 0", "exit 0", "exit 1", "[ $JOB_COMPLETION_INDEX = 0 ]", "sleep 100000"])
    command = ["sh", "-c", f"sleep {chance.randrange(1, 20)}; {ends}"]
    spec = {"parallelism": chance.randrange(1, 4), "completions": chance.randrange(1, 5), "backoffLimit": chance.randrange(3),
            "template": template(name, chance, command=command, restart=chance.choice(["Never", "OnFailure"])),
            "suspend": chance.randrange(8) == 0, "completionMode": chance.choice(["NonIndexed", "Indexed"])}
    if chance.randrange(4) == 0:
        spec["activeDeadlineSeconds"] = 30
    if chance.randrange(5) == 0:
        spec["ttlSecondsAfterFinished"] = 20
    if chance.randrange(4) == 0 and spec["completionMode"] == "Indexed":
        spec |= {"backoffLimitPerIndex": 1, "maxFailedIndexes": chance.randrange(3)}
        del spec["backoffLimit"]
        spec["template"]["spec"]["restartPolicy"] = "Never"
    if chance.randrange(4) == 0 and spec["template"]["spec"]["restartPolicy"] == "Never":
        rule = {"action": chance.choice(["Ignore", "Count", "FailJob"]), "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
        spec["podFailurePolicy"] = {"rules": [rule]}
    return {"spec": spec}


def cron_job(name: str, chance: random.Random) -> dict:
    made = job(name, chance)
    made["spec"]["ttlSecondsAfterFinished"] = None
    spec = {"schedule": chance.choice(["* * * * *", "*/2 * * * *"]), "concurrencyPolicy": chance.choice(["Allow", "Forbid", "Replace"]),
            "successfulJobsHistoryLimit": chance.randrange(3), "failedJobsHistoryLimit": chance.randrange(3), "suspend": chance.randrange(8) == 0,
            "jobTemplate": {"spec": {**made["spec"], "activeDeadlineSeconds": 45, "suspend": False}}}
    if chance.randrange(3) == 0:
        spec["startingDeadlineSeconds"] = 30
    return {"spec": spec}


def autoscaler(name: str, chance: random.Random) -> dict:
    load = {"annotations": {"podlife.dev/load": chance.choice(["cpu=100m", "cpu=600m", "cpu=5"])}} if chance.randrange(2) else {}
    target = chance.choice([("apps/v1", "Deployment", "deployment"), ("apps/v1", "StatefulSet", "statefulset")])
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    return {"metadata": load, "spec": {"minReplicas": chance.randrange(1, 3), "maxReplicas": chance.randrange(3, 5), "metrics": [metric],
            "scaleTargetRef": {"apiVersion": target[0], "kind": target[1], "name": f"{target[2]}-{chance.randrange(2)}"}}}


def budget(name: str, chance: random.Random) -> dict:
    app = chance.choice(["shared", "deployment-0", "deployment-1", "replicaset-0", "statefulset-0", "nobody"])
    limit = chance.choice([{"minAvailable": 1}, {"minAvailable": "50%"}, {"maxUnavailable": 1}, {"maxUnavailable": 0}, {"minAvailable": 100}])
    return {"spec": {"selector": {"matchLabels": {"app": app}}, **limit}}


def quota(name: str, chance: random.Random) -> dict:
    return {"spec": {"hard": {"pods": str(chance.choice([0, 3, 6, 9]))}}}


MAKERS = {
    "deployments": ("apps/v1", "Deployment", deployment), "replicasets": ("apps/v1", "ReplicaSet", replica_set),
    "replicationcontrollers": ("v1", "ReplicationController", replication_controller), "statefulsets": ("apps/v1", "StatefulSet", stateful_set),
    "daemonsets": ("apps/v1", "DaemonSet", daemon_set), "jobs": ("batch/v1", "Job", job), "cronjobs": ("batch/v1", "CronJob", cron_job),
    "horizontalpodautoscalers": ("autoscaling/v2", "HorizontalPodAutoscaler", autoscaler),
    "poddisruptionbudgets": ("policy/v1", "PodDisruptionBudget", budget), "resourcequotas": ("v1", "ResourceQuota", quota),
}
