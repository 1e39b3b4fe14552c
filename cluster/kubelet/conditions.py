"""Owns the conditions that a kubelet sets on a Pod.

Source: kubernetes pkg/kubelet/status/generate.go, pkg/kubelet/types/pod_status.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from .shapes import shape_of

OWNED = frozenset(
    (
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
        "PodResizePending",
        "PodResizeInProgress",
        "AllContainersRestarting",
    )
)

_TYPE = itemgetter("type")

Held = tuple[bool, str, str]  # whether a condition holds, its reason and message
HOLDS: Held = (True, "", "")
FAILS: Held = (False, "", "")
KINDS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")  # the conditions that every Pod has
STANDING = len(KINDS)
MOST_KEPT = 4096
_SHARED: dict[int, list[dict]] = {}  # the lists that many Pods share, by their identity
_FOLLOWING: dict[tuple, tuple[Sequence[dict], list[dict]]] = {}  # what `standing` is asked -> the conditions before and after
_WITH_SANDBOX: dict[tuple, tuple[list[dict], list[dict]]] = {}  # one of them, generation, now -> both, see with_sandbox


def are_own(listed: Iterable[dict]) -> bool:
    """Whether all conditions of a list are the kubelet's."""
    return OWNED.issuperset(map(_TYPE, listed))


def make(kind: str, generation: int, holds: bool, reason: str = "", message: str = "") -> dict:
    """A condition without its transition time, fields in the order of the wire."""
    condition: dict = {
        "type": kind,
        "observedGeneration": generation,
        "status": "True" if holds else "False",
        "lastProbeTime": None,
        "lastTransitionTime": None,
    }
    if reason:
        condition["reason"] = reason
    if message:
        condition["message"] = message
    return condition


def names(values: list[str]) -> str:
    """A list as Go prints it: [a b]."""
    return f"[{' '.join(values)}]"


def _missing(unknown: list[str], bad: list[str], word: str) -> str:
    parts = [f"containers with unknown status: {names(unknown)}"] if unknown else []
    if bad:
        parts.append(f"containers with {word} status: {names(bad)}")
    return ", ".join(parts)


def containers_ready(
    pod: dict, statuses: dict[str, dict], init_statuses: dict[str, dict], phase: str
) -> tuple[bool, str, str]:
    """(holds, reason, message) of ContainersReady."""
    unknown, unready = [], []
    shape = shape_of(pod["spec"])
    for name in (*shape.sidecars, *[spec["name"] for spec in shape.apps]):
        status = statuses[name] if name in statuses else init_statuses.get(name)
        if status is None:
            unknown.append(name)
        elif not status["ready"]:
            unready.append(name)
    if phase == "Succeeded" and not unknown:
        return False, "PodCompleted", ""
    if phase == "Failed":
        return False, "PodFailed", ""
    if not unknown and not unready:
        return True, "", ""
    return False, "ContainersNotReady", _missing(unknown, unready, "unready")


def ready(pod: dict, containers: tuple[bool, str, str], others: list[dict]) -> tuple[bool, str, str]:
    """(holds, reason, message) of Ready: the containers, then the readiness gates."""
    if not containers[0] or "readinessGates" not in pod["spec"]:
        return containers
    by_type = {condition["type"]: condition for condition in others}
    messages = []
    for gate in pod["spec"].get("readinessGates") or ():
        name = gate["conditionType"]
        found = by_type.get(name)
        if found is None:
            messages.append(f'corresponding condition of pod readiness gate "{name}" does not exist.')
        elif found.get("status") != "True":
            messages.append(f'the status of pod readiness gate "{name}" is not "True", but {found.get("status")}')
    return (False, "ReadinessGatesNotReady", ", ".join(messages)) if messages else (True, "", "")


def standing(generation: int, has_sandbox: bool, initialized: Held, ready: Held, containers: Held, old: Sequence[dict], now_text: str) -> list[dict]:
    """The five conditions that every Pod has, with their times as `stamp` has them. old: those until now.

    All Pods of which the same is true since the same second share the list, which must not be changed.
    """
    told = id(old) if len(old) == STANDING else _told(old)
    key = generation, has_sandbox, initialized, ready, containers, now_text, told
    known = _FOLLOWING.get(key)
    if known is None or (known[0] is not old and told.__class__ is int):
        known = old, _worked_out(generation, HOLDS if has_sandbox else FAILS, initialized, ready, containers, old, now_text)
        if told.__class__ is tuple or is_shared(old):
            _keep(_FOLLOWING, key, known)
    return known[1]


def _told(old: Sequence[dict]) -> tuple:
    """What conditions say that counts for those that follow them."""
    return tuple([(each["type"], each["status"], each.get("lastTransitionTime")) for each in old])


def _worked_out(generation: int, sandbox: Held, initialized: Held, ready: Held, containers: Held, old: Sequence[dict], now_text: str) -> list[dict]:
    before, since = {each["type"]: each for each in old}, []
    held = sandbox, initialized, ready, containers, HOLDS
    for kind, (holds, _, _) in zip(KINDS, held, strict=True):
        earlier = before.get(kind)
        is_new = earlier is None or earlier["status"] != ("True" if holds else "False")
        since.append(now_text if is_new else earlier.get("lastTransitionTime") or now_text)
    return _listed(generation, held, tuple(since))


@lru_cache(maxsize=4096)
def _listed(generation: int, held: tuple[Held, ...], since: tuple[str, ...]) -> list[dict]:
    found = [_shared(kind, generation, *each, time) for kind, each, time in zip(KINDS, held, since, strict=True)]
    _keep(_SHARED, id(found), found)
    return found


@lru_cache(maxsize=4096)
def _shared(kind: str, generation: int, holds: bool, reason: str, message: str, since: str) -> dict:
    """A condition that holds, or does not, since then."""
    return {**make(kind, generation, holds, reason, message), "lastTransitionTime": since}


def is_shared(listed: list[dict] | None) -> bool:
    """Whether a list is one of those that many Pods share."""
    return _SHARED.get(id(listed), 0) is listed


def with_sandbox(listed: list[dict], generation: int, now_text: str) -> list[dict]:
    """The same conditions with PodReadyToStartContainers True, since now if it was not."""
    key = id(listed), generation, now_text
    known = _WITH_SANDBOX.get(key)
    if known is not None and known[0] is listed:
        return known[1]
    found = list(listed)
    for place, each in enumerate(found):
        if each["type"] == KINDS[0]:
            since = each.get("lastTransitionTime") or now_text if each["status"] == "True" else now_text
            made = _shared(KINDS[0], generation, *HOLDS, since)
            found[place] = each if each == made else made
    if is_shared(listed):
        _keep(_SHARED, id(found), found)
        _keep(_WITH_SANDBOX, key, (listed, found))
    return found


def _keep(table: dict, key: Any, value: Any) -> None:
    if len(table) >= MOST_KEPT:
        table.clear()
    table[key] = value


def not_ready(names: list[str]) -> Held:
    """ContainersReady of a Pod of which these containers are not ready."""
    return False, "ContainersNotReady", _missing([], names, "unready")


def must_reconcile(pod: dict) -> bool:
    """Whether a Pod with readiness gates has a Ready that no longer fits its other conditions.

    Source: pkg/kubelet/status/status_manager.go (NeedToReconcilePodReadiness).
    """
    status = pod.get("status") or {}
    present = status.get("conditions") or []
    current = next((each for each in present if each["type"] == "Ready"), None)
    if current is None:
        return False
    statuses = {each["name"]: each for each in status.get("containerStatuses") or ()}
    inits = {each["name"]: each for each in status.get("initContainerStatuses") or ()}
    holds, _, message = ready(pod, containers_ready(pod, statuses, inits, status.get("phase", "")), present)
    return (current["status"], current.get("message", "")) != ("True" if holds else "False", message)


def initialized(
    pod: dict, statuses: dict[str, dict], init_statuses: dict[str, dict], phase: str, old: Sequence[dict]
) -> tuple[bool, str, str]:
    """(holds, reason, message) of Initialized; a Pod that was initialized stays so. old: the conditions until now."""
    unknown, incomplete = [], []
    shape = shape_of(pod["spec"])
    for name in [spec["name"] for spec in shape.inits] if shape.inits else ():
        status = init_statuses.get(name)
        if status is None:
            unknown.append(name)
        elif not status["started" if name in shape.sidecars else "ready"]:
            incomplete.append(name)
    if phase == "Succeeded" and not unknown:
        return True, "PodCompleted", ""
    for status in statuses.values():
        if "running" in status["state"] or "terminated" in status["state"] or status.get("lastState"):
            return True, "", ""
    if not unknown and not incomplete:
        return True, "", ""
    if any([each["type"] == "Initialized" and each["status"] == "True" for each in old]):
        return True, "", ""
    return False, "ContainersNotInitialized", _missing(unknown, incomplete, "incomplete")


def stamp(conditions: list[dict], old: list[dict], now_text: str) -> None:
    """Give each condition its transition time: the old one's while the status stays the same. One that is as it was is the old one."""
    before = {condition["type"]: condition for condition in old}
    for place, condition in enumerate(conditions):
        kind = condition["type"]
        earlier = before.get(kind)
        if earlier is condition or (kind not in OWNED and kind != "DisruptionTarget"):
            continue
        is_new = earlier is None or earlier["status"] != condition["status"]
        since = now_text if is_new else earlier.get("lastTransitionTime") or now_text
        if condition["lastTransitionTime"] != since:
            conditions[place] = condition = {**condition, "lastTransitionTime": since}
        if earlier == condition:
            conditions[place] = earlier
