"""Owns what a pass over a Pod must do: which sandbox, which containers to start or to stop.

Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions), kuberuntime_container.go
(computeInitContainerActions).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.kinds.pod import is_sidecar
from cluster.runtime.state import Container

from .pod_status import needs_sandbox
from .restart import is_due
from .state import Report


@dataclass
class Actions:
    kill_pod: bool = False
    create_sandbox: bool = False
    attempt: int = 0
    start_ephemeral: list[str] = field(default_factory=list)
    start_init: list[str] = field(default_factory=list)
    start: list[str] = field(default_factory=list)
    stop: list[tuple[str, str]] = field(default_factory=list)  # (container id, message)


def definition_of(spec: dict) -> str:
    """What makes a running container another one: its name and image (the fields that an update may change)."""
    return f"{spec['name']} {spec['image']}"


def actions_for(pod: dict, report: Report) -> Actions:
    """The difference between the wanted Pod and the reported one."""
    if needs_sandbox(pod, report):
        return _with_new_sandbox(pod, report)
    actions = Actions(attempt=report.sandboxes[0].attempt)
    ephemeral = pod["spec"].get("ephemeralContainers") or ()  # they are started once, whatever the others do
    actions.start_ephemeral = [spec["name"] for spec in ephemeral if report.latest(spec["name"]) is None]
    if not _init_is_done(pod, report, actions):
        return actions
    kept = 0
    for spec in pod["spec"]["containers"]:
        latest = report.latest(spec["name"])
        if latest is None or latest.state != "running":
            if is_due(pod, spec, latest):
                actions.start.append(spec["name"])
        elif latest.definition != definition_of(spec):
            actions.start.append(spec["name"])
            actions.stop.append((latest.id, f"Container {spec['name']} definition changed, will be restarted"))
        else:
            kept += 1
    if not kept and not actions.start and not any(is_sidecar(spec) for spec in pod["spec"].get("initContainers") or ()):
        actions.kill_pod = True
        actions.start_init = []
    return actions


def _with_new_sandbox(pod: dict, report: Report) -> Actions:
    attempt = report.sandboxes[0].attempt + 1 if report.sandboxes else 0
    actions = Actions(kill_pod=True, create_sandbox=True, attempt=attempt)
    policy = pod["spec"].get("restartPolicy", "Always")
    if policy == "Never" and attempt and report.containers:
        actions.create_sandbox = False
        return actions
    wanted = [
        spec["name"]
        for spec in pod["spec"]["containers"]
        if not (policy == "OnFailure" and _has_succeeded(report.latest(spec["name"])))
    ]
    if not wanted and report.containers:
        actions.create_sandbox = False
    elif pod["spec"].get("initContainers"):
        actions.start_init = [pod["spec"]["initContainers"][0]["name"]]
    else:
        actions.start = wanted
    return actions


def _has_succeeded(container: Container | None) -> bool:
    return container is not None and container.state == "exited" and container.exit_code == 0


def _init_is_done(pod: dict, report: Report, actions: Actions) -> bool:
    """Whether the app containers may start; fills in init containers to start or, after a final failure, kill_pod."""
    specs = pod["spec"].get("initContainers") or []
    app_has_run = any(report.latest(spec["name"]) is not None for spec in pod["spec"]["containers"])
    for spec in specs:
        latest = report.latest(spec["name"])
        if is_sidecar(spec):
            if latest is None or latest.state != "running":
                actions.start_init.append(spec["name"])
                if not app_has_run and latest is None:
                    continue  # its successor may start in the same pass: it counts as started at once
            continue
        if app_has_run or _has_succeeded(latest):
            continue
        if latest is not None and latest.state == "running":
            return False
        if latest is not None and latest.state == "exited" and not is_due(pod, spec, latest):
            actions.kill_pod, actions.start_init = True, []
            return False
        actions.start_init.append(spec["name"])
        return False
    return True
