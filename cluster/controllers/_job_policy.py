"""A Job's podFailurePolicy and successPolicy: what one failed Pod means, and which successes are enough.

Source: pkg/controller/job/pod_failure_policy.go, success_policy.go.
"""

from __future__ import annotations

from typing import NamedTuple

from . import _job_intervals as intervals


class Match(NamedTuple):
    """What a policy says of a failed Pod. message: why the whole Job fails, "" if it does not; action: "" without a rule."""

    message: str = ""
    counts: bool = True
    action: str = ""


def match_failure(policy: dict | None, pod: dict) -> Match:
    """The first rule that matches decides. Source: matchPodFailurePolicy."""
    for index, rule in enumerate((policy or {}).get("rules") or ()):
        about = _about(rule, pod)
        if about is None:
            continue
        action = rule["action"]
        if action == "FailJob":
            return Match(f"{about} matching FailJob rule at index {index}", True, action)
        return Match("", action != "Ignore", action)
    return Match()


def _about(rule: dict, pod: dict) -> str | None:
    """How the Pod meets the rule, in the words of the Job's message; None if it does not."""
    name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    if rule.get("onExitCodes") is not None:
        status = _matching_container(rule["onExitCodes"], pod.get("status") or {})
        code = status and status["state"]["terminated"].get("exitCode", 0)
        return status and f"Container {status['name']} for pod {name} failed with exit code {code}"
    condition = _matching_condition(rule.get("onPodConditions") or [], pod.get("status") or {})
    return condition and f"Pod {name} has condition {condition}"


def _matching_container(requirement: dict, status: dict) -> dict | None:
    """Source: matchOnExitCodes, getMatchingContainerFromList."""
    only, values = requirement.get("containerName"), requirement.get("values") or ()
    for each in [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]:
        ended = (each.get("state") or {}).get("terminated")
        code = (ended or {}).get("exitCode", 0)
        if code == 0 or (only is not None and only != each["name"]):
            continue
        if (code in values) == (requirement["operator"] == "In"):
            return each
    return None


def _matching_condition(patterns: list[dict], status: dict) -> str | None:
    """Source: matchOnPodConditions."""
    for condition in status.get("conditions") or ():
        if any(condition["type"] == p["type"] and condition["status"] == p["status"] for p in patterns):
            return condition["type"]
    return None


def match_success(policy: dict | None, completions: int, succeeded: intervals.Intervals) -> str:
    """The message of the first rule that is met, "" if none is. Source: matchSuccessPolicy."""
    if policy is None or not succeeded:
        return ""
    for index, rule in enumerate(policy.get("rules") or ()):
        if _is_met(rule, completions, succeeded):
            return f"Matched rules at index {index}"
    return ""


def _is_met(rule: dict, completions: int, succeeded: intervals.Intervals) -> bool:
    enough = rule.get("succeededCount")
    if rule.get("succeededIndexes") is None:
        return enough is not None and intervals.total(succeeded) >= enough
    required = intervals.parse(rule["succeededIndexes"], completions)
    if not required:
        return False
    found = intervals.overlap(required, succeeded)
    return found == intervals.total(required) or (enough is not None and found >= enough)
