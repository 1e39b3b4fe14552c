"""Owns what a pass over a Pod must do: which sandbox, which containers to start or to stop.

Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions), kuberuntime_container.go
(computeInitContainerActions).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from cluster.kinds.pod import is_sidecar
from cluster.runtime.state import Container

from .pod_status import needs_sandbox
from .restart import is_due, restarts_when_running
from .state import Report

Verdict = Callable[[str, Container], "str | None"]  # (kind of a probe, container) -> as Prober.verdict


class Actions(Struct):
    kill_pod: bool = False
    create_sandbox: bool = False
    attempt: int = 0
    start_ephemeral: list[str] = field(default_factory=list)
    start_init: list[str] = field(default_factory=list)
    start: list[str] = field(default_factory=list)
    stop: list[tuple[str, str, str]] = field(default_factory=list)  # (container id, message, the probe that failed or "")

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to be done."""
        return not (self.start or self.start_init or self.create_sandbox or self.stop or self.kill_pod or self.start_ephemeral)


def definition_of(spec: dict) -> str:
    """What makes a running container another one: its name and image (the fields that an update may change)."""
    return f"{spec['name']} {spec['image']}"


def unprobed(_kind: str, _container: Container) -> None:
    """The verdict of no probe."""


def all_runs(pod: dict, report: Report) -> bool:
    """Whether it is plain to see that nothing is to be done for a Pod of app containers alone: each runs as it is defined, in this order."""
    specs, containers = pod["spec"]["containers"], report.containers
    if len(containers) != len(specs) or not report.sandboxes or report.sandboxes[0].state != "ready":
        return False
    for spec, container in zip(specs, containers, strict=True):
        if container.state != "running" or container.definition != f"{spec['name']} {spec['image']}":
            return False
    return True


def actions_for(pod: dict, report: Report, verdict: Verdict = unprobed) -> Actions:
    """The difference between the wanted Pod and the reported one."""
    if needs_sandbox(pod, report):
        return _with_new_sandbox(pod, report)
    actions = Actions(attempt=report.sandboxes[0].attempt)
    latest = {each.name: each for each in report.containers}
    if "ephemeralContainers" in pod["spec"]:  # they are started once, whatever the others do
        actions.start_ephemeral = [spec["name"] for spec in pod["spec"]["ephemeralContainers"] or () if spec["name"] not in latest]
    specs = pod["spec"].get("initContainers")
    if specs and not Inits(pod, latest, actions, verdict).walk(specs):
        return actions
    kept = 0
    for spec in pod["spec"]["containers"]:
        kept += _keeps(pod, spec, latest.get(spec["name"]), actions, verdict)
    if not kept and not actions.start:
        actions.kill_pod, actions.start_init = True, []
    return actions


def _keeps(pod: dict, spec: dict, latest: Container | None, actions: Actions, verdict: Verdict) -> bool:
    """Whether an app container goes on as it is; else what must be done about it is noted."""
    if latest is None or latest.state != "running":
        if is_due(pod, spec, latest):
            actions.start.append(spec["name"])
        return False
    message, failed = "", ""
    if latest.definition != definition_of(spec):
        message = f"Container {spec['name']} definition changed"
    else:
        failed = failed_probe(latest, verdict) if verdict is not unprobed else ""
        message = f"Container {spec['name']} failed {failed} probe" if failed else ""
    if not message:
        return True
    if not failed or restarts_when_running(pod, spec):
        message += ", will be restarted"
        actions.start.append(spec["name"])
    actions.stop.append((latest.id, message, failed))
    return False


def failed_probe(container: Container, verdict: Verdict) -> str:
    """The probe for which a running container must end: "liveness", "startup" or ""."""
    return next((kind for kind in ("liveness", "startup") if verdict(kind, container) == "failure"), "")


class Inits(Struct):
    """The init containers of a Pod: from the last one that ran on, backwards, as the earlier ones may be gone already.

    latest: a container's name -> its newest run.
    is_initialized: the app containers may start. was_initialized: a later one has run, so the one looked at is behind us.
    """

    pod: dict
    latest: dict[str, Container]
    actions: Actions
    verdict: Verdict
    is_initialized: bool = False
    was_initialized: bool = False
    is_failed: bool = False

    def walk(self, specs: list[dict]) -> bool:
        """Whether the app containers may start; fills in what to start and to stop, or, after a final failure, kill_pod."""
        latest = [self.latest.get(spec["name"]) for spec in self.pod["spec"]["containers"]]
        self.is_initialized = self.was_initialized = any([each is not None and each.state in ("created", "running") for each in latest])
        starts = self.actions.start_init
        for place in range(len(specs) - 1, -1, -1):
            self._look(specs, place)
            if self.is_failed:
                self.actions.kill_pod, self.actions.start_init = True, []
                return False
        if not self.was_initialized:
            starts.append(specs[0]["name"])
        starts.reverse()
        return self.is_initialized

    def _look(self, specs: list[dict], place: int) -> None:
        spec = specs[place]
        latest, is_restartable = self.latest.get(spec["name"]), is_sidecar(spec)
        if latest is None:
            if self.was_initialized and is_restartable:
                self.actions.start_init.append(spec["name"])
            return
        if self.was_initialized and not is_restartable:
            return
        if latest.state == "created" or (latest.state == "exited" and is_restartable):
            self.actions.start_init.append(spec["name"])
        elif latest.state == "running" and is_restartable:
            self._look_at_sidecar(specs, place, latest)
        elif latest.state == "exited":
            self._look_at_ended(specs, place, latest)
        self.was_initialized = True

    def _look_at_ended(self, specs: list[dict], place: int, latest: Container) -> None:
        if latest.exit_code == 0:
            self._goes_on(specs, place)
        elif is_due(self.pod, specs[place], latest):
            self.actions.start_init.append(specs[place]["name"])
        else:
            self.is_failed = True

    def _goes_on(self, specs: list[dict], place: int) -> None:
        """This one is done: the next may start, or the app containers may."""
        if place == len(specs) - 1:
            self.is_initialized = True
        elif not self.was_initialized:
            self.actions.start_init.append(specs[place + 1]["name"])

    def _look_at_sidecar(self, specs: list[dict], place: int, latest: Container) -> None:
        spec = specs[place]
        if spec.get("startupProbe"):
            started = self.verdict("startup", latest)
            if started == "failure":
                self._replace(spec, latest, f"Init container {spec['name']} failed startup probe", "startup")
            if started != "success":
                return
        self._goes_on(specs, place)
        if latest.definition != definition_of(spec):
            self._replace(spec, latest, f"Init container {spec['name']} definition changed", "")
        elif spec.get("livenessProbe") and self.verdict("liveness", latest) == "failure":
            self._replace(spec, latest, f"Init container {spec['name']} failed liveness probe", "liveness")

    def _replace(self, spec: dict, latest: Container, message: str, failed: str) -> None:
        self.actions.stop.append((latest.id, message, failed))
        self.actions.start_init.append(spec["name"])


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
        if not ((spec.get("restartPolicy") or policy) == "OnFailure" and _has_succeeded(report.latest(spec["name"])))
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
