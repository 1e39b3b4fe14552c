"""Owns what a node refuses of a Pod before it looks at its room: another operating system, unsafe sysctls.

Sources: kubernetes pkg/kubelet/lifecycle/predicate.go (Admit), pkg/kubelet/sysctl/{allowlist,safe_sysctls}.go, k8s.io/component-helpers
node/util/sysctl/namespace.go.
"""

from __future__ import annotations

from cluster.meta.gotext import quote

OS = "kubernetes.io/os"
LABEL = ("PodOSSelectorNodeLabelDoesNotMatch", "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label")
FIELD = ("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS")
SAFE = {  # sysctl -> the namespace that it belongs to
    "kernel.shm_rmid_forced": "IPC",
    "net.ipv4.ip_local_port_range": "Net",
    "net.ipv4.tcp_syncookies": "Net",
    "net.ipv4.ping_group_range": "Net",
    "net.ipv4.ip_unprivileged_port_start": "Net",
    "net.ipv4.ip_local_reserved_ports": "Net",
    "net.ipv4.tcp_keepalive_time": "Net",
    "net.ipv4.tcp_fin_timeout": "Net",
    "net.ipv4.tcp_keepalive_intvl": "Net",
    "net.ipv4.tcp_keepalive_probes": "Net",
    "net.ipv4.tcp_rmem": "Net",
    "net.ipv4.tcp_wmem": "Net",
}
SHARED = {"IPC": "hostIPC", "Net": "hostNetwork"}


def refusal(pod: dict) -> tuple[str, str] | None:
    """(reason, message) of a Pod that may not run here whatever room there is; None for all others."""
    spec, meta = pod["spec"], pod["metadata"]
    if "securityContext" in spec and "sysctls" in spec["securityContext"]:
        for each in spec["securityContext"]["sysctls"] or ():
            problem = sysctl_problem(each["name"], spec)
            if problem:
                return "SysctlForbidden", f"forbidden sysctl: {problem}"
    if "labels" in meta and OS in meta["labels"] and meta["labels"][OS] != "linux":
        return LABEL
    return FIELD if "os" in spec and spec["os"].get("name") != "linux" else None


def sysctl_problem(name: str, spec: dict) -> str:
    """Why a sysctl may not be set; "" when it may."""
    name = normalized(name)
    namespace = SAFE.get(name)
    if namespace is None:
        return f"{quote(name)} not allowlisted"
    return f"{quote(name)} not allowed with host {namespace} enabled" if spec.get(SHARED[namespace]) else ""


def normalized(name: str) -> str:
    """A sysctl's name with dots; the other sign is kept as part of a name. Source: NormalizeName."""
    first = next((sign for sign in name if sign in "./"), ".")
    return name if first == "." else name.translate(str.maketrans("/.", "./"))
