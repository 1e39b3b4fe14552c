"""Owns the status of a Pod's containers, made from the runtime's report, the last status and the reasons of failures.

Source: kubernetes pkg/kubelet/kubelet_pods.go (convertToAPIContainerStatuses), prober/prober_manager.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from cluster.kinds.pod import is_sidecar
from cluster.meta import quantity
from cluster.runtime.octets import bytes_of, text_of
from cluster.runtime.state import NEVER_MS, Container

from .restart import is_due
from .state import Report
from .surroundings import Refused, identity, image_user

UNKNOWN = "ContainerStatusUnknown"
RESETTING, REMOVED = "RestartingAllContainers", "The container is removed because RestartAllContainers in place"
LOCATED = "The container could not be located when the pod was deleted.  The container used to be Running"
MOST_MESSAGES, LONG_MESSAGE = 12 * 1024, 200
NEVER = "1970-01-01T00:00:00Z"  # the runtime's zero: a container that could not be started
USER = {"linux": {"uid": 0, "gid": 0, "supplementalGroups": [0]}}


class Probed(Protocol):
    """What probes have found; see prober.py."""

    def is_started(self, uid: str, name: str, container_id: str, was_started: bool) -> bool: ...
    def is_ready(self, pod: dict, name: str, container_id: str) -> bool: ...


class Made(Struct, frozen=True):
    """What a container's status was last made from. As long as all of it is the same, so is the status, but for what probes find.

    came_from: its spec, its latest run, how many runs there are, why it could not be started, whether its Pod is being deleted.
    """

    status: dict
    came_from: tuple[dict, Container | None, int, list[str] | None, bool]


class Context(Struct, frozen=True):
    """What the statuses of a Pod's containers are made with. is_resetting: all are removed.

    reasons: why a container could not be started. made: from one time to the next, what they were made from; None: they are made anew.
    probed_names: whose status shows what probes find.
    """

    reasons: dict[str, list[str]]
    time_text: Callable[[int], str]
    probed: Probed | None = None
    is_resetting: bool = False
    made: dict[str, Made] | None = None
    probed_names: tuple[str, ...] = ()


def statuses_of(pod: dict, specs: list[dict], report: Report, old: Sequence[dict], context: Context, *, is_init: bool) -> list[dict]:
    """The statuses of containers, in the order of names (init containers in their own order). old: those until now."""
    reasons, time_text, probed, is_resetting = context.reasons, context.time_text, context.probed, context.is_resetting
    has_init, is_ending = bool(pod["spec"].get("initContainers")), "deletionTimestamp" in pod["metadata"]
    before = {status["name"]: status for status in old} if old else {}
    latest_of = {container.name: container for container in report.containers} if report.containers else {}
    made, statuses = {} if context.made is None or is_resetting else context.made, []
    has_repeats = len(latest_of) < len(report.containers)
    for spec in specs:
        name = spec["name"]
        earlier, latest, known, reason = before.get(name), latest_of.get(name), made.get(name), reasons.get(name) if reasons else None
        runs = [each for each in report.containers if each.name == name] if has_repeats else (latest,) if latest is not None else ()
        came_from = (spec, latest, len(runs), reason, is_ending)
        if known is not None and known.status is earlier and known.came_from == came_from:
            made_now = earlier
            if name not in context.probed_names:
                statuses.append(earlier)
                continue
        else:
            made_now = _status(pod, spec, runs, earlier, has_init, time_text, is_resetting)
            if name in reasons:
                _apply_reason(pod, spec, latest, made_now, is_init, reasons)
        status = _marked_ready(pod, spec, made_now, is_init, earlier, probed)
        if status is not earlier:
            made[name] = Made(status, came_from)
        statuses.append(status)
    return statuses if is_init or len(statuses) < 2 else sorted(statuses, key=lambda status: status["name"])


def first_statuses(pod: dict, report: Report, old: Sequence[dict], made: dict[str, Made], time_text: Callable[[int], str]) -> list[dict] | None:
    """What `statuses_of` says of app containers without probes of which there is nothing yet, or all of which run for the first time.

    None where it is otherwise. A test holds both against each other.
    """
    specs, containers = pod["spec"]["containers"], report.containers
    if not containers and not old:
        statuses = [_without_container(pod, spec, None, False) for spec in specs]
    elif len(specs) == len(containers) == len(old):
        statuses = _first_run(pod, specs, containers, old, made, time_text)
    else:
        return None
    return statuses if statuses is None or len(statuses) < 2 else sorted(statuses, key=lambda status: status["name"])


def _first_run(
    pod: dict, specs: list[dict], containers: list[Container], old: Sequence[dict], made: dict[str, Made], time_text: Callable[[int], str]
) -> list[dict] | None:
    before, statuses, is_ending = {status["name"]: status for status in old}, [], "deletionTimestamp" in pod["metadata"]
    for spec, container in zip(specs, containers, strict=True):
        name = spec["name"]
        earlier = before.get(name)
        if container.name != name or container.state != "running" or earlier is None or not _has_not_run(earlier):
            return None
        status = _from_container(spec, container, earlier, time_text)
        status["user"], status["started"], status["ready"] = user_status(pod, spec, container.image), True, True
        made[name] = Made(status, (spec, container, 1, None, is_ending))
        statuses.append(status)
    return statuses


def _has_not_run(status: dict) -> bool:
    """Whether a container waits for its first start."""
    return "waiting" in status["state"] and not status["lastState"] and not status["restartCount"]


def ephemeral_statuses(pod: dict, report: Report, old: Sequence[dict], context: Context) -> list[dict]:
    """The statuses of ephemeral containers: never ready, never started, as no probe looks at them."""
    specs = pod["spec"].get("ephemeralContainers") or []
    made = statuses_of(pod, specs, report, old, context, is_init=False)
    return [{key: value for key, value in {**status, "ready": False}.items() if key != "started"} for status in made]


def _status(pod: dict, spec: dict, runs: Sequence[Container], old: dict | None, has_init: bool, time_text, is_resetting: bool) -> dict:
    if not runs:
        status = _without_container(pod, spec, old, has_init)
        return _removed(spec, status, old) if is_resetting and old and "waiting" not in old["state"] else status
    status = _from_container(spec, runs[-1], old, time_text)
    status["user"] = user_status(pod, spec, runs[-1].image)
    if len(runs) > 1:
        status["lastState"] = _state(runs[-2], time_text)
    elif old and "terminated" in old["state"] and old.get("containerID") != status["containerID"]:
        status["lastState"] = old["state"]
    elif old and old.get("lastState"):
        status["lastState"] = old["lastState"]
    if old and old["restartCount"] > status["restartCount"]:
        status["restartCount"] = old["restartCount"]
    return status


def user_status(pod: dict, spec: dict, image: str) -> dict:
    """status.user: who the first process is, as the runtime says it (SupplementalGroupsPolicy)."""
    if not pod["spec"].get("securityContext") and not spec.get("securityContext") and not image_user(image):
        return USER
    try:
        user, group, groups = identity(pod, spec, image)
    except Refused:
        return USER
    return {"linux": {"uid": user, "gid": group, "supplementalGroups": sorted(dict.fromkeys([group, *groups]))}}


def _removed(spec: dict, status: dict, old: dict) -> dict:
    """One that was removed so that all of its Pod start anew."""
    ended = {"exitCode": 137, "reason": RESETTING, "message": REMOVED, "startedAt": None, "finishedAt": None}
    status = {**status, "state": {"waiting": {"reason": RESETTING, "message": REMOVED}}, "lastState": {"terminated": ended}}
    return {**status, "restartCount": old["restartCount"] + 1}


def _without_container(pod: dict, spec: dict, old: dict | None, has_init: bool) -> dict:
    """The runtime knows none: it waits, or it was there and is lost."""
    if old and "terminated" in old["state"]:
        return dict(old)
    status = {
        "name": spec["name"],
        "state": {"waiting": {"reason": "PodInitializing" if has_init else "ContainerCreating"}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": spec["image"],
        "imageID": "",
        "started": False,
    }
    mounts = mount_statuses(spec, old)
    if mounts:
        status["volumeMounts"] = mounts
    if old:
        status["restartCount"], status["lastState"] = old["restartCount"], old.get("lastState") or {}
        if "running" in old["state"] and not status["lastState"]:
            status["lastState"] = {
                "terminated": {
                    "exitCode": 137,
                    "reason": UNKNOWN,
                    "message": LOCATED,
                    "startedAt": None,
                    "finishedAt": None,
                }
            }
            status["restartCount"] += not pod["metadata"].get("deletionTimestamp")
    return status


def _from_container(spec: dict, container: Container, old: dict | None, time_text) -> dict:
    status = {
        "name": container.name,
        "state": _state(container, time_text),
        "lastState": {},
        "ready": False,
        "restartCount": container.attempt,
        "image": container.image,
        "imageID": container.image_ref,
        "containerID": f"containerd://{container.id}",
        "started": False,
    }
    resources = spec.get("resources") or {}
    if resources.get("requests"):
        status["allocatedResources"] = resources["requests"]
    status["resources"] = measured(resources) if resources and container.state == "running" else resources
    mounts = mount_statuses(spec, old)
    if mounts:
        status["volumeMounts"] = mounts
    return status


def _state(container: Container, time_text) -> dict:
    if container.state == "running":
        return {"running": {"startedAt": time_text(container.started_ms)}}
    if container.state == "created":
        return {"waiting": {}}
    ended = {"exitCode": container.exit_code, "reason": container.reason}
    if container.message:
        ended["message"] = container.message
    ended["startedAt"] = NEVER if container.started_ms == NEVER_MS else time_text(container.started_ms)
    ended["finishedAt"] = time_text(container.finished_ms)
    ended["containerID"] = f"containerd://{container.id}"
    return {"terminated": ended}


def measured(resources: dict) -> dict:
    """The resources of a running container as its cgroup tells them: a memory limit is read back in powers of two.

    Source: kuberuntime_container_linux.go (toKubeContainerResources).
    """
    limits = resources.get("limits")
    if not limits or "memory" not in limits or limits["memory"].endswith("i"):
        return resources
    return {**resources, "limits": {**limits, "memory": in_binary(limits["memory"])}}


def in_binary(text: str) -> str:
    """An amount of memory as Go writes it from a number of bytes."""
    return quantity.from_value(quantity.parse(text).value, quantity.BINARY).text


def mount_statuses(spec: dict, old: dict | None = None) -> list[dict]:
    """status.volumeMounts: what is mounted where; recursiveReadOnly tells how far read-only goes. old: an earlier status, which has them."""
    if old is not None and "volumeMounts" in old:
        return old["volumeMounts"]
    mounts = []
    for mount in spec.get("volumeMounts") or ():
        status = {"name": mount["name"], "mountPath": mount["mountPath"]}
        if mount.get("readOnly"):
            asked = mount.get("recursiveReadOnly", "Disabled")
            status.update(
                readOnly=True, recursiveReadOnly="Enabled" if asked in ("Enabled", "IfPossible") else "Disabled"
            )
        mounts.append(status)
    return mounts


def _apply_reason(
    pod: dict, spec: dict, latest: Container | None, status: dict, is_init: bool, reasons: dict[str, list[str]]
) -> None:
    """A container that should start and could not is waiting, with the reason of the last try."""
    if is_init and latest is not None and latest.state == "exited" and latest.exit_code == 0:
        return
    if not is_due(pod, spec, latest):
        return
    if "terminated" in status["state"]:
        status["lastState"] = status["state"]
    reason, message = reasons[spec["name"]]
    status["state"] = {"waiting": {"reason": reason, "message": message} if message else {"reason": reason}}


def _marked_ready(pod: dict, spec: dict, status: dict, is_init: bool, old: dict | None, probed: Probed | None) -> dict:
    """A status with started and ready: what runs is both, unless its probes say otherwise. One that is as it was is the old one."""
    is_running = is_ready = "running" in status["state"]
    is_plain_init = is_init and not is_sidecar(spec)
    if is_running and probed is not None:
        container_id = status["containerID"].removeprefix("containerd://")
        is_running = probed.is_started(pod["metadata"]["uid"], spec["name"], container_id, bool(old and old.get("started")))
        is_ready = is_running and not is_plain_init and probed.is_ready(pod, spec["name"], container_id)
    if is_plain_init:
        is_ready = status["state"].get("terminated", {}).get("exitCode") == 0
    if status is not old:
        status["started"], status["ready"] = is_running, is_ready
        return status
    if status["started"] == is_running and status["ready"] == is_ready:
        return status
    return {**status, "started": is_running, "ready": is_ready}


def has_long_messages(report: Report) -> bool:
    """Whether a container of a Pod said so much that it may have to be cut."""
    return any([len(each.message) > LONG_MESSAGE for each in report.containers if each.message])


def with_short_messages(pod: dict, statuses: list[dict]) -> list[dict]:
    """The same statuses: the last words of all containers of a Pod share 12 KiB.

    Source: status_manager.go (normalizeStatus), pkg/kubelet/container/container_gc.go (MaxPodTerminationMessageLogLength).
    """
    most = MOST_MESSAGES // sum(len(pod["spec"].get(kind) or ()) for kind in ("containers", "initContainers", "ephemeralContainers"))
    return [{**each, **{kind: _shortened(each[kind], most) for kind in ("state", "lastState") if kind in each}} for each in statuses]


def _shortened(state: dict, most: int) -> dict:
    ended = state.get("terminated")
    if not ended or len(ended.get("message", "")) * 4 <= most:
        return state
    return {"terminated": {**ended, "message": text_of(bytes_of(ended["message"])[:most])}}


def lost(status: dict) -> dict:
    """The status of a container that was never found when its Pod ended."""
    if "terminated" in status["state"]:
        return status
    return {
        **status,
        "state": {
            "terminated": {
                "exitCode": 137,
                "reason": UNKNOWN,
                "message": "The container could not be located when the pod was terminated",
                "startedAt": None,
                "finishedAt": None,
            }
        },
    }
