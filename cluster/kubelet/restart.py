"""Owns whether a container runs again after it ended.

Source: kubernetes pkg/kubelet/container/helpers.go (ShouldContainerBeRestarted), pkg/api/v1/pod/util.go.
"""

from __future__ import annotations

from cluster.runtime.state import Container


def restarts_on(pod: dict, spec: dict, exit_code: int) -> bool:
    """Whether the restart policy lets a container start again after this exit code."""
    policy = spec.get("restartPolicy") or pod["spec"].get("restartPolicy", "Always")
    for rule in spec.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if (exit_code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
            return rule.get("action") == "Restart"
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def is_due(pod: dict, spec: dict, latest: Container | None) -> bool:
    """Whether the next pass should start this container."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    if latest is None or latest.state == "created":
        return True
    return latest.state != "running" and restarts_on(pod, spec, latest.exit_code)
