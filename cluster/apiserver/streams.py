"""pods/exec, pods/attach and pods/portforward: whom a stream is for, or why there is none. The stream itself is the worker's and the kubelet's.

Source: kubernetes pkg/registry/core/pod/rest/subresources.go and authorize.go, pkg/registry/core/pod/strategy.go (streamLocation),
pkg/kubelet/kubelet_pods.go (GetExec, findContainer).
"""
from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from cluster.meta import status
from cluster.meta.requests import Request, Response

from . import admission, authz, options, pipeline
from .logs import chosen

STREAMS = ("exec", "attach", "portforward")


@dataclass(frozen=True)
class Target:
    """What a stream is to: a container on a node, and what is to run in it. action: exec, attach or portforward."""

    namespace: str
    pod: str
    container: str
    node: str
    command: list[str]
    stdin: bool
    tty: bool
    action: str
    uid: str


def is_stream(request: Request) -> bool:
    return request.resource == "pods" and request.subresource in STREAMS and request.verb in ("get", "create")


def target(request: Request, query: str, context) -> Target | Response:
    """Whom the request means, once it may; or its refusal."""
    try:
        identity = pipeline.check_caller(request, context)
        call = pipeline.enter(request, context)
        authz.also(request, identity, "create", context)
        stored = context.store.get(call.key)
        if stored is None:
            raise call.not_found()
        pod, found = stored.value, request.options
        container = chosen(pod, found.get("container", "")) if request.subresource != "portforward" else ""
        if not pod["spec"].get("nodeName"):
            raise status.bad_request(f"pod {call.name} does not have a host assigned")
        command = [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "command"]
        if request.subresource == "exec" and not command:
            raise status.bad_request("you must specify at least 1 command for the container")
        stdin, tty = (options.boolean(found.get(name, "false")) for name in ("stdin", "tty"))
        admission.connect(call, _as_object(request, container, command))
        return Target(call.namespace, call.name, container, pod["spec"]["nodeName"], command, stdin, tty, request.subresource, pod["metadata"]["uid"])
    except Exception as error:
        return pipeline.failed(request, context, error)


def _as_object(request: Request, container: str, command: list[str]) -> dict:
    """The options of a stream as admission sees them. Source: pkg/apis/core/v1 (PodAttachOptions, PodExecOptions, PodPortForwardOptions)."""
    kind = {"exec": "PodExecOptions", "attach": "PodAttachOptions", "portforward": "PodPortForwardOptions"}[request.subresource]
    flags = {name: True for name in ("stdin", "stdout", "stderr", "tty") if options.boolean(request.options.get(name, "false"))}
    found = {"kind": kind, "apiVersion": "v1", **flags}
    return {**found, **({"container": container} if container else {}), **({"command": command} if command else {})}
