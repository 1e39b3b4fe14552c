"""Owns what `kubectl logs` gets from a node: the text, cut as asked, or a refusal.

Source: kubernetes pkg/kubelet/kubelet_pods.go (GetKubeletContainerLogs, validateContainerLogStatus), kuberuntime/logs.
"""

from __future__ import annotations

from typing import Any

from cluster.meta import status
from cluster.runtime.state import Container, Log

from .static_pods import mirrored


def read(kubelet, namespace: str, pod: str, container: str, options: dict[str, str]) -> str:
    """A container's log. Raises StatusError.

    options: previous, tailLines, limitBytes, timestamps, sinceSeconds, sinceTime.
    """
    found = kubelet.pods.get(f"{namespace}/{pod}")
    if found is None:
        raise status.bad_request(f'pod "{pod}" not found')
    try:
        run = run_of(kubelet, found, container, options)
    except status.StatusError:
        lost = lost_run(found, container) if options.get("previous") not in ("true", "1") else ""
        if not lost:
            raise
        return f"unable to retrieve container logs for {lost}"  # the answer has begun already, so this is no error any more
    log = kubelet.runtime.state.logs.get(run.id) or Log()
    return text_of(log, options, kubelet.engine.clock, kubelet.now_ms)


def lost_run(pod: dict, name: str) -> str:
    """The id of a container that has ended and that the runtime has no more; "" when its status names none."""
    reported = pod.get("status") or {}
    statuses = [*(reported.get("containerStatuses") or ()), *(reported.get("initContainerStatuses") or ())]
    return next((((each.get("state") or {}).get("terminated") or {}).get("containerID", "") for each in statuses if each["name"] == name), "")


def run_of(kubelet, pod: dict, container: str, options: dict[str, str]) -> Container:
    """The run of a container whose log is meant. Raises StatusError."""
    is_previous = options.get("previous") in ("true", "1")
    return choose(pod, kubelet.runtime.containers(mirrored(pod) or pod["metadata"]["uid"]), container, is_previous)


def shown(line: list, clock: Any, *, with_time: bool) -> str:
    """A line as it is read, its moment before it if that is wanted."""
    return (clock.nano_text(line[0]) + " " if with_time else "") + line[2] + "\n"


def choose(pod: dict, containers: list[Container], name: str, is_previous: bool) -> Container:
    """The run whose log is meant: the present one, or the one before. Raises BadRequest as the kubelet does."""
    pod_name = pod["metadata"]["name"]
    runs = [each for each in containers if each.name == name and each.state != "created"]
    if is_previous:
        ended = [
            each for each in (runs[:-1] if runs and runs[-1].state == "running" else runs) if each.state == "exited"
        ]
        if not ended:
            raise status.bad_request(f'previous terminated container "{name}" in pod "{pod_name}" not found')
        return ended[-1]
    if not runs:
        raise status.bad_request(
            f'container "{name}" in pod "{pod_name}" is waiting to start: {waiting_reason(pod, name)}'
        )
    return runs[-1]


def waiting_reason(pod: dict, name: str) -> str:
    """Why a container that never ran waits: the message of its status, else the reason."""
    pod_status = pod.get("status") or {}
    for each in [*(pod_status.get("containerStatuses") or ()), *(pod_status.get("initContainerStatuses") or ())]:
        waiting = each["state"].get("waiting") if each["name"] == name else None
        if waiting:
            known = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}
            return known.get(waiting.get("reason", ""), waiting.get("reason", ""))
    return "ContainerCreating"


def text_of(log: Log, options: dict[str, str], clock: Any, now_ms: int) -> str:
    """The lines that are asked for."""
    lines = log.lines
    since_ms = None
    if options.get("sinceSeconds"):
        since_ms = now_ms - int(options["sinceSeconds"]) * 1000
    elif options.get("sinceTime"):
        since_ms = clock.parse_ms(options["sinceTime"])
    if since_ms is not None:
        lines = [line for line in lines if line[0] >= since_ms]
    tail = options.get("tailLines", "")
    if tail.isdigit():
        lines = lines[-int(tail) :] if int(tail) else []
    with_time = options.get("timestamps") in ("true", "1")
    text = "".join(shown(line, clock, with_time=with_time) for line in lines)
    if log.is_open and lines:
        text = text[:-1]
    limit = options.get("limitBytes", "")
    return text.encode()[: int(limit)].decode(errors="ignore") if limit.isdigit() else text
