"""What the end of a history is judged by: plain questions to the stored objects, sharing nothing with the controllers."""

from __future__ import annotations

import calendar
import json
import time

from tests.scheduler import model

OVER = ("Succeeded", "Failed")
CRASH_S = 400  # longer than the longest back-off
DAEMON_TOLERATIONS = [{"key": f"node.kubernetes.io/{name}", "operator": "Exists"} for name in
                      ("not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")]


def seconds(text: str) -> int:
    """Unix seconds of an RFC 3339 time."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def name_of(obj: dict) -> str:
    return obj["metadata"]["name"]


def labels(obj: dict) -> dict:
    return obj["metadata"].get("labels") or {}


def condition(obj: dict, kind: str) -> dict:
    return next((one for one in (obj.get("status") or {}).get("conditions") or [] if one["type"] == kind), {})


def controller(obj: dict) -> str:
    """The uid of who controls an object, or ""."""
    return next((owner["uid"] for owner in obj["metadata"].get("ownerReferences") or [] if owner.get("controller")), "")


def is_active(pod: dict) -> bool:
    return pod["status"].get("phase") not in OVER and "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: dict) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def bare(template: dict) -> str:
    """A Pod template without what a Deployment adds to it."""
    meta = template.get("metadata") or {}
    kept = {key: value for key, value in (meta.get("labels") or {}).items() if key != "pod-template-hash"}
    return json.dumps([kept, meta.get("annotations"), template["spec"]], sort_keys=True)


def has_crashed(pod: dict, now_s: int) -> bool:
    """Whether a container has ended lately: such a Pod may be ready for a moment."""
    ended = [(one.get("lastState") or {}).get("terminated") for one in pod["status"].get("containerStatuses") or []]
    return any(one and now_s - seconds(one["finishedAt"]) < CRASH_S for one in ended)


def number_of(value: int | str, whole: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    parts = int(value[:-1]) * whole
    return -(-parts // 100) if up else parts // 100


class Facts:
    """The objects of one moment. now_s: Unix seconds."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.now_s = cluster.engine.clock.unix_ms(cluster.engine.now_ms) // 1000
        self.pods, self.nodes, self.quotas = cluster.here("pods"), cluster.objects("nodes"), cluster.here("resourcequotas")
        self.events: dict[str, list[dict]] = {}
        for event in cluster.here("events"):
            self.events.setdefault(event["involvedObject"].get("uid", ""), []).append(event)

    def owned(self, owner: dict, resource: str = "pods") -> list[dict]:
        found = self.pods if resource == "pods" else self.cluster.here(resource)
        return [obj for obj in found if controller(obj) == owner["metadata"]["uid"]]

    def active(self, owner: dict) -> list[dict]:
        return [pod for pod in self.owned(owner) if is_active(pod)]

    def warned(self, obj: dict, *reasons: str) -> bool:
        return any(event["reason"] in reasons for event in self.events.get(obj["metadata"]["uid"], ()))

    def is_used(self, claim: str) -> bool:
        """Whether a Pod that has not ended mounts a claim."""
        volumes = [volume for pod in self.pods if pod["status"].get("phase") not in OVER for volume in pod["spec"].get("volumes") or []]
        return any((volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in volumes)

    def quota_is_full(self) -> bool:
        """Whether a quota forbids one more Pod, by a count of our own."""
        alive = sum(pod["status"].get("phase") not in OVER for pod in self.pods)
        return any(alive >= int(quota["spec"]["hard"]["pods"]) for quota in self.quotas)

    def lacks_pods_for_quota(self, owner: dict) -> bool:
        """Whether its Pods may be too few, and it says so."""
        return self.quota_is_full() and self.warned(owner, "FailedCreate")

    # -- one Pod ----------------------------------------------------------------------------------------------------

    def unexplained(self, pods: list[dict]) -> list[str]:
        """The Pods that are not ready and do not say why."""
        return [f"Pod {name_of(pod)} is not ready and does not say why" for pod in pods if not is_ready(pod) and not self.says_why(pod)]

    def says_why(self, pod: dict) -> bool:
        placed = condition(pod, "PodScheduled")
        if placed.get("status") == "False":
            return bool(placed.get("message")) and not self.could_be_placed(pod)
        states = [one.get(when) or {} for one in pod["status"].get("containerStatuses") or [] for when in ("state", "lastState")]
        waiting = {state["waiting"].get("reason") for state in states if "waiting" in state} - {"ContainerCreating", "PodInitializing", None}
        ended = any("terminated" in state for state in states)
        return bool(waiting) or ended or self.warned(pod, "Unhealthy", "FailedMount", "FailedCreatePodSandBox")

    def could_be_placed(self, pod: dict) -> bool:
        """Whether a plain model of the scheduler finds a node for a Pod that has none. Claims and daemons are not in that model."""
        if any("persistentVolumeClaim" in volume for volume in pod["spec"].get("volumes") or []) or "affinity" in pod["spec"]:
            return False
        placed = [(one["spec"]["nodeName"], with_requests(one)) for one in self.cluster.objects("pods")
                  if one["spec"].get("nodeName") and one["status"].get("phase") not in OVER]
        return bool(model.feasible(self.nodes, [one for one in placed if any(name_of(node) == one[0] for node in self.nodes)], with_requests(pod)))

    def eligible(self, daemon_set: dict) -> dict[str, bool]:
        """{node: whether a Pod that runs there already may only stay} of the nodes on which a DaemonSet's Pod may be."""
        spec = daemon_set["spec"]["template"]["spec"]
        tolerations, found = [*(spec.get("tolerations") or []), *DAEMON_TOLERATIONS], {}
        for node in self.nodes:
            hard = [taint["effect"] for taint in node["spec"].get("taints") or [] if taint["effect"] in model.HARD
                    and not any(model.tolerates(one, taint) for one in tolerations)]
            if "NoExecute" not in hard and (spec.get("nodeSelector") or {}).items() <= labels(node).items():
                found[name_of(node)] = bool(hard)
        return found


def with_requests(pod: dict) -> dict:
    """As the model wants a Pod: every container says what it asks for."""
    containers = [{**one, "resources": {"requests": {key: value for key, value in ((one.get("resources") or {}).get("requests") or {}).items()
                                                     if key == "cpu"}}} for one in pod["spec"]["containers"]]
    return {**pod, "spec": {key: value for key, value in {**pod["spec"], "containers": containers}.items() if key != "affinity"}}
