"""Owns whether a container's seccomp profile of its node (type Localhost) is there; what a profile says does nothing.

Source: kubernetes pkg/kubelet/kuberuntime/helpers.go (getSeccompProfile); containerd internal/cri/server/container_create.go,
contrib/seccomp (WithProfile).
"""

from __future__ import annotations

from cluster.meta.gotext import quote
from cluster.runtime.filesystem import FILE

ROOT = "/var/lib/kubelet/seccomp/"
REFUSED = "failed to create containerd container: cannot load seccomp profile {path}: open {bare}: no such file or directory"


def refusal(kubelet, pod: dict, spec: dict) -> str:
    """Why the runtime cannot create a container, "" when its profile is there or none is asked for."""
    own = spec.get("securityContext") or {}
    profile = own.get("seccompProfile") or (pod["spec"].get("securityContext") or {}).get("seccompProfile") or {}
    if profile.get("type") != "Localhost" or own.get("privileged"):
        return ""
    path = ROOT + profile.get("localhostProfile", "")
    found = kubelet.runtime.host().nodes.get(path)
    return "" if found is not None and found.kind == FILE else REFUSED.format(path=quote(path), bare=path)
