"""The Pod Security Standards, baseline and restricted: what a Pod must not do, and the words for it.

Simplified: each rule is that of the newest version; a namespace that pins an older one is judged by the same.
Source: k8s.io/pod-security-admission policy/check_*.go, policy/registry.go.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cluster.kinds._pod_visit import all_containers

CAPABILITIES = ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
                "SETPCAP", "SETUID", "SYS_CHROOT")
VOLUMES = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret")
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
SYSCTLS = ("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
           "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
           "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
           "net.ipv4.tcp_wmem")
PROFILES = ("Localhost", "RuntimeDefault")
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
Found = tuple[str, str]          # (reason, detail)
Check = Callable[[dict], "Found | None"]


def violations(level: str, pod: dict) -> list[Found]:
    """What a Pod breaks of a level, in upstream's order: baseline's rules by name, then restricted's."""
    if level == "privileged":
        return []
    checks = BASELINE if level == "baseline" else RESTRICTED
    return [found for check in checks if (found := check(pod)) is not None]


def detail(found: list[Found]) -> str:
    """`reason (detail), reason (detail)`."""
    return ", ".join(f"{reason} ({words})" if words else reason for reason, words in found)


# -- words --------------------------------------------------------------------------------------------------------------


def _quoted(items: Iterable[str]) -> str:
    return ", ".join(f'"{item}"' for item in items)


def _counted(word: str, items: list[str], plural: str = "") -> str:
    """`container "a"`, `containers "a", "b"`."""
    return f"{word if len(items) == 1 else plural or word + 's'} {_quoted(items)}"


def _sorted(items: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(items))


def _containers(pod: dict) -> Iterator[tuple[str, dict, dict]]:
    """(name, container, its securityContext) of every container, init containers first."""
    for container, _ in all_containers(pod["spec"], ""):
        yield container.get("name", ""), container, container.get("securityContext") or {}


def _own(pod: dict) -> dict:
    return pod["spec"].get("securityContext") or {}


def _is_windows(pod: dict) -> bool:
    return (pod["spec"].get("os") or {}).get("name") == "windows"


def _has_own_users(pod: dict) -> bool:
    return pod["spec"].get("hostUsers") is False


def _setters(pod: dict, is_bad: Callable[[dict], bool]) -> list[str]:
    """Who sets something bad: `pod`, `container "a"`."""
    bad = [name for name, _, context in _containers(pod) if is_bad(context)]
    return (["pod"] if is_bad(_own(pod)) else []) + ([_counted("container", bad)] if bad else [])


# -- baseline -----------------------------------------------------------------------------------------------------------


def _apparmor(pod: dict) -> Found | None:
    def profile(context: dict) -> str | None:
        return (context.get("appArmorProfile") or {}).get("type")

    def is_bad(context: dict) -> bool:
        return profile(context) is not None and profile(context) not in PROFILES

    setters = _setters(pod, is_bad)
    contexts = [_own(pod), *(context for _, _, context in _containers(pod))]
    values = _sorted(str(profile(context)) for context in contexts if is_bad(context))
    marks = sorted(f'{key}="{value}"' for key, value in (pod["metadata"].get("annotations") or {}).items()
                   if key.startswith(APPARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/"))
    if marks:
        values += marks
        setters.append("annotation" if len(marks) == 1 else "annotations")
    if not setters:
        return None
    return ("forbidden AppArmor profile" if len(values) == 1 else "forbidden AppArmor profiles",
            f"{' and '.join(setters)} must not set AppArmor profile type to {_quoted(values)}")


def _added(context: dict, allowed: tuple[str, ...]) -> list[str]:
    return [name for name in (context.get("capabilities") or {}).get("add") or () if name not in allowed]


def _capabilities(pod: dict) -> Found | None:
    bad = {name: added for name, _, context in _containers(pod) if (added := _added(context, CAPABILITIES))}
    if not bad:
        return None
    all_added = _sorted(name for added in bad.values() for name in added)
    return "non-default capabilities", f"{_counted('container', list(bad))} must not include {_quoted(all_added)} in securityContext.capabilities.add"


def _host_namespaces(pod: dict) -> Found | None:
    found = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if pod["spec"].get(field)]
    return ("host namespaces", ", ".join(found)) if found else None


def _host_paths(pod: dict) -> Found | None:
    found = [volume["name"] for volume in pod["spec"].get("volumes") or () if volume.get("hostPath") is not None]
    return ("hostPath volumes", _counted("volume", found)) if found else None


def _uses(pod: dict, found: dict[str, list[str]]) -> str:
    """`container "a" uses`, `containers "a", "b" use`."""
    return f"{_counted('container', list(found))} {'uses' if len(found) == 1 else 'use'}"


def _host_ports(pod: dict) -> Found | None:
    found = {name: ports for name, container, _ in _containers(pod)
             if (ports := [str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")])}
    if not found:
        return None
    ports = _sorted(port for each in found.values() for port in each)
    return "hostPort", f"{_uses(pod, found)} {'hostPort' if len(ports) == 1 else 'hostPorts'} {', '.join(ports)}"


def _hosts_of(container: dict) -> list[str]:
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(name) for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += [lifecycle.get("postStart"), lifecycle.get("preStop")]
    return [action["host"] for handler in handlers if handler for name in ("httpGet", "tcpSocket")
            if (action := handler.get(name)) and action.get("host")]


def _probe_hosts(pod: dict) -> Found | None:
    found = {name: hosts for name, container, _ in _containers(pod) if (hosts := _hosts_of(container))}
    if not found:
        return None
    hosts = _sorted(host for each in found.values() for host in each)
    return "probe or lifecycle host", f"{_uses(pod, dict(sorted(found.items())))} {_counted('probe or lifecycle host', hosts)}"


def _privileged(pod: dict) -> Found | None:
    bad = [name for name, _, context in _containers(pod) if context.get("privileged")]
    return ("privileged", f"{_counted('container', bad)} must not set securityContext.privileged=true") if bad else None


def _proc_mount_anyhow(pod: dict) -> Found | None:
    bad = {name: context["procMount"] for name, _, context in _containers(pod) if context.get("procMount") not in (None, "Default")}
    if not bad:
        return None
    return "procMount", f"{_counted('container', list(bad))} must not set securityContext.procMount to {_quoted(_sorted(bad.values()))}"


def _proc_mount(pod: dict) -> Found | None:
    return None if _has_own_users(pod) else _proc_mount_anyhow(pod)


def _selinux(pod: dict) -> Found | None:
    contexts = [_own(pod), *(context for _, _, context in _containers(pod))]
    options = [context["seLinuxOptions"] for context in contexts if context.get("seLinuxOptions") is not None]

    def is_bad(context: dict) -> bool:
        given = context.get("seLinuxOptions") or {}
        return given.get("type", "") not in SELINUX_TYPES or bool(given.get("user") or given.get("role"))

    setters = _setters(pod, is_bad)
    if not setters:
        return None
    types = _sorted(given.get("type", "") for given in options if given.get("type", "") not in SELINUX_TYPES)
    data = [_counted("type", types)] if types else []
    data += [f"{field} may not be set" for field in ("user", "role") if any(given.get(field) for given in options)]
    return "seLinuxOptions", f"{' and '.join(setters)} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}"


def _seccomp(pod: dict) -> Found | None:
    def is_bad(context: dict) -> bool:
        profile = context.get("seccompProfile")
        return profile is not None and profile.get("type") not in PROFILES

    setters = _setters(pod, is_bad)
    if not setters:
        return None
    contexts = [_own(pod), *(context for _, _, context in _containers(pod))]
    values = _sorted(context["seccompProfile"].get("type", "") for context in contexts if is_bad(context))
    return "seccompProfile", f"{' and '.join(setters)} must not set securityContext.seccompProfile.type to {_quoted(values)}"


def _sysctls(pod: dict) -> Found | None:
    found = [each["name"] for each in _own(pod).get("sysctls") or () if each["name"] not in SYSCTLS]
    return ("forbidden sysctls", ", ".join(found)) if found else None


def _host_process(pod: dict) -> Found | None:
    setters = _setters(pod, lambda context: bool((context.get("windowsOptions") or {}).get("hostProcess")))
    return ("hostProcess", f"{' and '.join(setters)} must not set securityContext.windowsOptions.hostProcess=true") if setters else None


# -- restricted ---------------------------------------------------------------------------------------------------------


def _escalation(pod: dict) -> Found | None:
    bad = [name for name, _, context in _containers(pod) if context.get("allowPrivilegeEscalation") is not False]
    if not bad or _is_windows(pod):
        return None
    return "allowPrivilegeEscalation != false", f"{_counted('container', bad)} must set securityContext.allowPrivilegeEscalation=false"


def _dropped(pod: dict) -> Found | None:
    missing = [name for name, _, context in _containers(pod) if "ALL" not in ((context.get("capabilities") or {}).get("drop") or ())]
    adding = {name: added for name, _, context in _containers(pod) if (added := _added(context, ("NET_BIND_SERVICE",)))}
    said = [f'{_counted("container", missing)} must set securityContext.capabilities.drop=["ALL"]'] if missing else []
    if adding:
        names = _quoted(_sorted(name for added in adding.values() for name in added))
        said.append(f"{_counted('container', list(adding))} must not include {names} in securityContext.capabilities.add")
    return ("unrestricted capabilities", "; ".join(said)) if said and not _is_windows(pod) else None


def _volumes(pod: dict) -> Found | None:
    bad = {}
    for volume in pod["spec"].get("volumes") or ():
        if not any(volume.get(kind) is not None for kind in VOLUMES):
            bad[volume["name"]] = next((field for field, value in volume.items() if field != "name" and value is not None), "unknown")
    if not bad:
        return None
    uses = "uses" if len(bad) == 1 else "use"
    return "restricted volume types", f"{_counted('volume', list(bad))} {uses} {_counted('restricted volume type', _sorted(bad.values()))}"


def _implicit(pod: dict, field: str) -> list[str]:
    """Containers for which neither they nor their Pod say something."""
    return [name for name, _, context in _containers(pod) if context.get(field) is None]


def _non_root(pod: dict) -> Found | None:
    if _has_own_users(pod):
        return None
    setters = _setters(pod, lambda context: context.get("runAsNonRoot") is False)
    if setters:
        return "runAsNonRoot != true", f"{' and '.join(setters)} must not set securityContext.runAsNonRoot=false"
    silent = [] if _own(pod).get("runAsNonRoot") else _implicit(pod, "runAsNonRoot")
    return ("runAsNonRoot != true", f"pod or {_counted('container', silent)} must set securityContext.runAsNonRoot=true") if silent else None


def _user(pod: dict) -> Found | None:
    setters = [] if _has_own_users(pod) else _setters(pod, lambda context: context.get("runAsUser") == 0)
    return ("runAsUser=0", f"{' and '.join(setters)} must not set runAsUser=0") if setters else None


def _seccomp_wanted(pod: dict) -> Found | None:
    if _is_windows(pod):
        return None
    bad = _seccomp(pod)
    silent = [] if _own(pod).get("seccompProfile") is not None else _implicit(pod, "seccompProfile")
    if bad or not silent:
        return bad
    return "seccompProfile", f'pod or {_counted("container", silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'


BASELINE: tuple[Check, ...] = (_apparmor, _capabilities, _host_namespaces, _host_paths, _host_ports, _probe_hosts, _privileged, _proc_mount,
                               _selinux, _seccomp, _sysctls, _host_process)
_OVERRIDDEN = (_capabilities, _host_paths, _proc_mount, _seccomp)
RESTRICTED: tuple[Check, ...] = (*(check for check in BASELINE if check not in _OVERRIDDEN), _escalation, _dropped, _proc_mount_anyhow, _volumes,
                                 _non_root, _user, _seccomp_wanted)
