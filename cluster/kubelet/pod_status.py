"""Owns the status of a whole Pod: phase, conditions, addresses, containers.

Source: kubernetes pkg/kubelet/kubelet_pods.go (generateAPIPodStatus), status/status_manager.go (updateStatusInternal,
TerminatePod, mergePodStatus).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from cluster.kinds import pod as pods

from . import conditions, pod_amounts, resets
from .container_status import (
    Context,
    Made,
    Probed,
    ephemeral_statuses,
    first_statuses,
    has_long_messages,
    lost,
    measured,
    statuses_of,
    with_short_messages,
)
from .phase import phase_of
from .resizing import resize_conditions, with_resources
from .shapes import shape_of
from .state import Report, Resize

TERMINAL = ("Succeeded", "Failed")
DEADLINE, NOT_EVICTED = "DeadlineExceeded", ("", "")
MANY = 3  # containers; of so few each may say all that it may say at all


class Moment(Struct, frozen=True):
    """Where and when a status is made."""

    now_text: str
    time_text: Callable[[int], str]
    host_ip: str
    host_ips: list[dict]  # it alone


def needs_sandbox(pod: dict, report: Report) -> bool:
    """Whether the Pod has no sandbox that it can use.

    Source: pkg/kubelet/kuberuntime/util/util.go (PodSandboxChanged).
    """
    return not report.sandboxes or report.sandboxes[0].state != "ready"


def generate(
    pod: dict,
    report: Report,
    old: dict,
    *,
    is_terminal: bool,
    reasons: dict[str, list[str]],
    moment: Moment,
    probed: Probed | None = None,
    resize: Resize | None = None,
    evicted: tuple[str, str] = NOT_EVICTED,
    made: dict[str, Made] | None = None,
) -> dict:
    """The status of a Pod, fields in the order of the wire.

    old: the one held until now. probed: what its probes have found, None without probes. resize: of one that was resized.
    evicted: (reason, message) of its end; whose containers all end well has succeeded nevertheless, unless its time was over.
    made: what its containers' statuses were made from, see container_status.py.
    """
    spec, generation = pod["spec"], pod["metadata"].get("generation", 0)
    shape, is_long = shape_of(spec), len(report.containers) > MANY and has_long_messages(report)
    if shape.is_simple and not (is_terminal or is_long or evicted[0]) and resize is None:
        status = _of_simple(pod, report, old, reasons, moment, made)
        if status is not None:
            return status
    is_resetting = shape.can_reset and resets.is_restarting(pod, report, old)
    context = Context(reasons, moment.time_text, probed, is_resetting, made, shape.probed)
    containers = statuses_of(pod, spec["containers"], report, old.get("containerStatuses") or (), context, is_init=False)
    inits: list[dict] = []
    if shape.inits:
        inits = statuses_of(pod, spec["initContainers"], report, old.get("initContainerStatuses") or (), context, is_init=True)
    if is_long:
        containers, inits = with_short_messages(pod, containers), with_short_messages(pod, inits)
    by_name, init_by_name = {each["name"]: each for each in containers}, {each["name"]: each for each in inits}
    phase = phase_of(pod, by_name, init_by_name, is_terminal=is_terminal, has_started=_has_started(report, by_name))
    if is_terminal and phase == "Succeeded" and evicted[0] != DEADLINE:
        evicted = NOT_EVICTED  # evictions and preemptions say so once, before the containers end
    phase = _kept_phase("Failed" if evicted[0] else phase, old.get("phase", ""), pods.phase(pod))
    status: dict = {"observedGeneration": generation, "phase": phase}
    status["conditions"] = _conditions(pod, report, old, by_name, init_by_name, phase, moment.now_text)
    if resize is not None:
        status["conditions"] = [*status["conditions"], *([] if is_terminal else resize_conditions(resize))]
        containers, inits = _as_actuated(containers, resize), _as_actuated(inits, resize)
    if shape.can_reset:
        status["conditions"] = [*status["conditions"], resets.condition(pod, report, phase, is_resetting)]
    if len(status["conditions"]) > conditions.STANDING:
        conditions.stamp(status["conditions"], old.get("conditions") or (), moment.now_text)
    if evicted[0]:
        status["message"], status["reason"] = evicted[1], evicted[0]
    elif phase == old.get("phase"):
        for name in ("message", "reason"):
            if old.get(name):
                status[name] = old[name]
    _add_addresses(status, spec, report, old, moment)
    if inits:
        status["initContainerStatuses"] = inits
    status["containerStatuses"] = containers
    status["qosClass"] = pods.qos_class(pod)
    if spec.get("ephemeralContainers"):
        held = old.get("ephemeralContainerStatuses") or ()
        status["ephemeralContainerStatuses"] = ephemeral_statuses(pod, report, held, Context(reasons, moment.time_text))
    if shape.has_amounts:
        status.update(pod_amounts.of_status(pod, pod if resize is None else with_resources(pod, resize.actuated), old))
    else:
        status["resources"] = {}
    return status


def _of_simple(
    pod: dict, report: Report, old: dict, reasons: dict[str, list[str]], moment: Moment, made: dict[str, Made] | None
) -> dict | None:
    """The short way of the status of a Pod that has nothing but app containers (see Shape.is_simple), as long as all run, or all wait.

    None where it is otherwise, where it has ended, or where others have a word in its conditions. A test holds both ways against each other.
    """
    stored, spec = pod.get("status") or {}, pod["spec"]
    if "reason" in old or "message" in old or old.get("phase") in TERMINAL or stored.get("phase") in TERMINAL:
        return None
    held = old.get("containerStatuses") or ()
    containers = None if reasons else first_statuses(pod, report, held, {} if made is None else made, moment.time_text)
    if containers is None:
        containers = statuses_of(pod, spec["containers"], report, held, Context(reasons, moment.time_text, made=made), is_init=False)
        if not _do_alike(containers):
            return None
    before = old.get("conditions") or ()
    if not (conditions.are_own(before) and (stored is old or conditions.are_own(stored.get("conditions") or ()))):
        return None
    does_run = "running" in containers[0]["state"]
    generation, has_sandbox = pod["metadata"].get("generation", 0), bool(report.sandboxes) and report.sandboxes[0].state == "ready"
    ready = conditions.HOLDS if does_run else conditions.not_ready([each["name"] for each in spec["containers"]])
    status: dict = {
        "observedGeneration": generation,
        "phase": "Running" if does_run else "Pending",
        "conditions": conditions.standing(generation, has_sandbox, conditions.HOLDS, ready, ready, before, moment.now_text),
    }
    _add_addresses(status, spec, report, old, moment)
    status["containerStatuses"] = containers
    status["qosClass"] = stored.get("qosClass") or pods.qos_class(pod)
    status["resources"] = {}
    return status


def _do_alike(containers: list[dict]) -> bool:
    """Whether all run and are ready, or all wait for their first start."""
    does_run = "running" in containers[0]["state"]
    for each in containers:
        if ("running" if does_run else "waiting") not in each["state"] or each["ready"] is not does_run or (not does_run and each["lastState"]):
            return False
    return True


def _has_started(report: Report, by_name: dict[str, dict]) -> bool:
    """Whether an app container has been started before."""
    return any([container.state != "created" and container.name in by_name for container in report.containers])


def _as_actuated(statuses: list[dict], resize: Resize) -> list[dict]:
    """What runs shows the resources that are in force, the rest what was promised.

    Source: kubelet_pods.go (convertContainerStatusResources), kuberuntime_container.go (toKubeContainerStatus: memory that is asked for
    stands in no cgroup, so it is what was put in force last).
    """
    in_force = resize.actuated
    return [{**each, "resources": measured(in_force[each["name"]])} if "running" in each["state"] and each["name"] in in_force else each
            for each in statuses]  # fmt: skip


def _kept_phase(phase: str, held: str, stored: str) -> str:
    """A Pod that has ended stays ended."""
    if stored in TERMINAL:
        return stored
    return held if phase not in TERMINAL and held in TERMINAL else phase


def _conditions(pod: dict, report: Report, old: dict, statuses: dict, inits: dict, phase: str, now_text: str) -> list[dict]:
    generation = pod["metadata"].get("generation", 0)
    before = old.get("conditions") or ()
    others = [dict(each) for each in (pod.get("status") or {}).get("conditions") or () if each["type"] not in conditions.OWNED]
    for each in before:
        if each["type"] == "DisruptionTarget" and not any(other["type"] == "DisruptionTarget" for other in others):
            others.append(dict(each))
    containers = conditions.containers_ready(pod, statuses, inits, phase)
    initialized, ready = conditions.initialized(pod, statuses, inits, phase, before), conditions.ready(pod, containers, others)
    standing = conditions.standing(generation, not needs_sandbox(pod, report), initialized, ready, containers, before, now_text)
    return [*others, *standing] if others else standing


def _add_addresses(status: dict, spec: dict, report: Report, old: dict, moment: Moment) -> None:
    status["hostIP"], status["hostIPs"] = moment.host_ip, moment.host_ips
    address = moment.host_ip if spec.get("hostNetwork") else report.ip
    if address:
        held, addresses = old.get("podIPs"), [{"ip": address}]
        status["podIP"], status["podIPs"] = address, held if held == addresses else addresses
    status["startTime"] = old.get("startTime") or moment.now_text


def ready_to_start(status: dict, pod: dict, now_text: str) -> dict:
    """The same status with PodReadyToStartContainers True: the sandbox has just become ready."""
    return {**status, "conditions": conditions.with_sandbox(status["conditions"], pod["metadata"].get("generation", 0), now_text)}


def with_readiness(pod: dict, status: dict) -> dict:
    """The same status with ContainersReady and Ready as its containers have them now."""
    generation = pod["metadata"].get("generation", 0)
    statuses = {each["name"]: each for each in status.get("containerStatuses") or ()}
    inits = {each["name"]: each for each in status.get("initContainerStatuses") or ()}
    containers = conditions.containers_ready(pod, statuses, inits, status.get("phase", ""))
    others = [each for each in status.get("conditions") or () if each["type"] not in conditions.OWNED]
    made = {
        "ContainersReady": conditions.make("ContainersReady", generation, *containers),
        "Ready": conditions.make("Ready", generation, *conditions.ready(pod, containers, others)),
    }
    return {**status, "conditions": [made.get(each["type"]) or dict(each) for each in status.get("conditions") or ()]}


def terminated(status: dict) -> dict:
    """The last status of a Pod: containers never found count as lost, and the phase is final."""
    status = dict(status)
    has_initialized = any(
        "waiting" not in each["state"] or each.get("lastState") for each in status.get("containerStatuses") or ()
    )
    if has_initialized or not status.get("initContainerStatuses"):
        status["containerStatuses"] = [lost(each) for each in status.get("containerStatuses") or ()]
    if status.get("phase") not in TERMINAL:
        status["phase"] = "Failed"
    return status


def rejected(pod: dict, reason: str, message: str, moment: Moment) -> dict:
    """The status of a Pod that this kubelet does not admit."""
    return {
        "observedGeneration": pod["metadata"].get("generation", 0),
        "phase": "Failed",
        "message": "Pod was rejected: " + message,
        "reason": reason,
        "startTime": moment.now_text,
        "qosClass": pods.qos_class(pod),
    }


def merged(stored: dict, held: dict, *, may_run: bool) -> dict:
    """What the API is to hold: others' conditions are kept; no final phase while a container may still run.

    The condition that tells why the kubelet ended a Pod comes with that last phase. Source: status_manager.go (mergePodStatus).
    """
    is_ending = held.get("phase") in TERMINAL and stored.get("phase") not in TERMINAL
    if not is_ending and held.get("conditions") and conditions.are_own(held["conditions"]) and conditions.are_own(stored.get("conditions") or ()):
        return held
    kept = [each for each in stored.get("conditions") or () if each["type"] not in conditions.OWNED]
    own = [each for each in held.get("conditions") or () if each["type"] in conditions.OWNED]
    status = {**held, "conditions": [*kept, *own]}
    target = next((each for each in held.get("conditions") or () if each["type"] == "DisruptionTarget"), None) if is_ending else None
    if target is not None and not may_run:
        status["conditions"] = [*(each for each in kept if each["type"] != "DisruptionTarget"), target, *own]
    if is_ending and may_run:
        status["phase"] = stored.get("phase", "Pending")
        for name in ("reason", "message"):
            status.pop(name, None)
            if stored.get(name):
                status[name] = stored[name]
    return status
