"""Owns why a Pod's sandbox cannot be made: a host name that is too long, a runtime that is not there, a user namespace.

A simplification: a RuntimeClass is asked for when a Pod names one; a real kubelet watches them.
Sources: kubernetes pkg/kubelet/kuberuntime/kuberuntime_sandbox.go (createPodSandbox, generatePodSandboxConfig), pkg/kubelet/util/util.go
(GetNodenameForKernel), pkg/kubelet/runtimeclass, pkg/kubelet/userns/userns_manager.go; containerd internal/cri/server/sandbox_run.go.
"""

from __future__ import annotations

from . import surroundings, user_spaces

HANDLERS = ("", "runc")  # runtimes of containerd's configuration; whether they make user namespaces the node's status says
LONGEST_NAME = 64  # what the kernel takes for a host name
NO_USERS = "can't set `spec.hostUsers: false`, "


def is_plain(spec: dict) -> bool:
    """Whether nothing can keep the sandbox of such a Pod from being made."""
    return not ("runtimeClassName" in spec or "setHostnameAsFQDN" in spec or spec.get("hostUsers") is False)


def refusal(kubelet, pod: dict):
    """A unit of work that returns why the sandbox cannot be made, "" when it can."""
    spec, handler = pod["spec"], ""
    long_name = "" if spec.get("hostNetwork") else name_problem(pod, kubelet.node)
    if long_name:
        return long_name
    if spec.get("runtimeClassName"):
        reply = yield kubelet.client.get("runtimeclasses.node.k8s.io", spec["runtimeClassName"])
        if not reply.ok:
            return f'runtimeclass.node.k8s.io "{spec["runtimeClassName"]}" not found'
        handler = reply.body.get("handler", "")
    if spec.get("hostUsers") is False:
        is_made = kubelet.machine.user_namespaces and handler in HANDLERS
        return user_spaces.give(kubelet, pod["metadata"]["uid"]) if is_made else users_problem(handler)
    return "" if handler in HANDLERS else runtime_problem(kubelet.runtime.new_id(), handler)


def note_resolver(kubelet, pod: dict, times: int) -> None:
    """A resolver that leaves out what its Pod wishes says so whenever a sandbox's configuration is made: for the sandbox, and by each pass."""
    for words in surroundings.beyond_limits(pod, kubelet.runtime.resolver) * times:
        kubelet.recorder.event(pod, "Warning", "DNSConfigForming", words)


def name_problem(pod: dict, node: str) -> str:
    """A host name with its domain that the kernel does not take."""
    full = surroundings.full_name(pod, surroundings.hostname(pod, node))
    if len(full) <= LONGEST_NAME:
        return ""
    return (
        f"failed to construct FQDN from pod hostname and cluster domain, FQDN {full} is too long "
        f"({LONGEST_NAME} characters is the max, {len(full)} characters requested)"
    )


def users_problem(handler: str) -> str:
    """Why there is no user namespace where the runtime makes none."""
    if not handler:
        return NO_USERS + "runtime does not support user namespaces"
    unknown = "" if handler in HANDLERS else f': the handler "{handler}" is not known'
    return f'{NO_USERS}RuntimeClass handler "{handler}" does not support user namespaces{unknown}'


def runtime_problem(sandbox: str, handler: str) -> str:
    """What containerd says of a handler that it does not have. sandbox: the id that it has given already."""
    return f'rpc error: code = Unknown desc = unable to get OCI runtime for sandbox "{sandbox}": no runtime for "{handler}" is configured'
