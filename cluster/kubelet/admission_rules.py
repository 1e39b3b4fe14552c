"""Owns what a node refuses of a Pod before it looks at its room: another operating system, unsafe sysctls, AppArmor.

Sources: kubernetes pkg/kubelet/lifecycle/predicate.go (Admit), pkg/kubelet/sysctl/{allowlist,safe_sysctls}.go, k8s.io/component-helpers
node/util/sysctl/namespace.go, pkg/security/apparmor (the nodes' kernels have no AppArmor, as those of the recorded cluster).
"""

from __future__ import annotations

from cluster.meta.gotext import quote

from .references import KINDS

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
APP_ARMOR = ("AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host")
APP_ARMOR_KEY = "container.apparmor.security.beta.kubernetes.io/"
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


def app_armor(pod: dict) -> tuple[str, str] | None:
    """What is refused last of all. Source: pkg/security/apparmor/helpers.go (isRequired)."""
    spec = pod["spec"]
    if "securityContext" in spec and _has_profile(spec):
        return APP_ARMOR
    for kind in KINDS:
        if kind in spec:
            for container in spec[kind] or ():
                if "securityContext" in container and _has_profile(container):
                    return APP_ARMOR
    if "annotations" in pod["metadata"]:
        for name, value in (pod["metadata"]["annotations"] or {}).items():
            if name.startswith(APP_ARMOR_KEY):
                return APP_ARMOR if value != "unconfined" else None
    return None


def _has_profile(spec: dict) -> bool:
    return ((spec["securityContext"] or {}).get("appArmorProfile") or {}).get("type", "Unconfined") != "Unconfined"


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
