"""Owns the order in which a Pod's containers are stopped: the main ones first, then the sidecars in reverse order.

Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_termination_order.go.
"""

from __future__ import annotations

from cluster.kinds.pod import is_sidecar


def waits_for(pod: dict, running: list[str]) -> dict[str, list[str]]:
    """name -> the running containers that must have ended before it is its turn; of sidecars alone."""
    inits = pod["spec"].get("initContainers") or ()
    if not any(is_sidecar(spec) for spec in inits):
        return {}
    main = [spec["name"] for spec in pod["spec"]["containers"] if spec["name"] in running]
    found: dict[str, list[str]] = {}
    later = ""
    for spec in reversed(inits):
        if is_sidecar(spec):
            found[spec["name"]] = [*main, *([later] if later in running else [])]
            later = spec["name"]
    return found
