"""Owns whether a container runs again after it ended.

Source: kubernetes pkg/kubelet/container/helpers.go (ShouldContainerBeRestarted), pkg/api/v1/pod/util.go.
"""

from __future__ import annotations

from cluster.runtime.state import Container


def restarts_on(pod: dict, spec: dict, exit_code: int) -> bool:
    """Whether the restart policy lets a container start again after this exit code: its rules, its own policy, the Pod's."""
    own = spec.get("restartPolicy")
    if own and rule_for(spec, exit_code) is not None:
        return True  # all actions that there are restart it, alone or with the others
    policy = own or pod["spec"].get("restartPolicy", "Always")
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def rule_for(spec: dict, exit_code: int) -> dict | None:
    """The first of a container's rules that is about this exit code."""
    for rule in spec.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if codes and (exit_code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
            return rule
    return None


def restarts_when_running(pod: dict, spec: dict) -> bool:
    """Whether a container that must be stopped is started again: rules about exit codes do not count, it has none yet."""
    return (spec.get("restartPolicy") or pod["spec"].get("restartPolicy", "Always")) != "Never"


def is_due(pod: dict, spec: dict, latest: Container | None) -> bool:
    """Whether the next pass should start this container."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    if latest is None or latest.state == "created":
        return True
    return latest.state != "running" and restarts_on(pod, spec, latest.exit_code)
