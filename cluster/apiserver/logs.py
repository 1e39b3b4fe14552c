"""pods/log: what a container wrote, asked of the kubelet that runs it.

Source: k8s.io/kubernetes pkg/registry/core/pod/rest/log.go, pkg/registry/core/pod/strategy.go (LogLocation, validateContainer).
"""
from __future__ import annotations

from cluster.meta import fields, status
from cluster.meta.requests import Response

from . import gotime
from .call import Call
from .delete_options import whole_number

TEXT = {"Content-Type": "text/plain"}


def get(call: Call) -> Response:
    """The log of one container, as text."""
    query = call.request.options
    _check(call, query)
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    pod = stored.value
    container = chosen(pod, query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return Response(code=204, body="", headers=TEXT)
    text = call.context.hooks.logs(call.namespace, call.name, container, dict(query))
    call.trace("ReadServed", source="kubelet", verb="get", container=container, node=pod["spec"]["nodeName"])
    return Response(code=200, body=text, headers=TEXT)


def _check(call: Call, query: dict[str, str]) -> None:
    """Complaints about the options. Source: ValidatePodLogOptions."""
    errors = []
    if query.get("sinceTime"):
        _check_time(query["sinceTime"])
    tail, limit, since = (whole_number(query.get(name)) for name in ("tailLines", "limitBytes", "sinceSeconds"))
    if tail is not None and tail < 0:
        errors.append(fields.invalid("tailLines", tail, "must be greater than or equal to 0"))
    if limit is not None and limit < 1:
        errors.append(fields.invalid("limitBytes", limit, "must be greater than 0"))
    if since is not None and query.get("sinceTime"):
        errors.append(fields.forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
    elif since is not None and since < 1:
        errors.append(fields.invalid("sinceSeconds", since, "must be greater than 0"))
    if query.get("stream"):
        errors.append(fields.forbidden("stream", "may not be specified"))
    if errors:
        raise status.invalid("PodLogOptions", call.name, errors)


def _check_time(text: str) -> None:
    try:
        gotime.time(text)
    except gotime.TimeError as error:
        raise status.bad_request(str(error)) from None


def chosen(pod: dict, asked: str) -> str:
    """The container that is meant: the one asked for, or the only one. Raises BadRequest."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    groups = [[c.get("name", "") for c in spec.get(field) or ()] for field in ("containers", "initContainers", "ephemeralContainers")]
    if asked:
        if any(asked in group for group in groups):
            return asked
        raise status.bad_request(f"container {asked} is not valid for pod {name}")
    containers, init, ephemeral = groups
    if len(containers) == 1:
        return containers[0]
    if not containers:
        raise status.bad_request(f"a container name must be specified for pod {name}")
    text = f"a container name must be specified for pod {name}, choose one of: [{' '.join(containers)}]"
    if init:
        text += f" or one of the init containers: [{' '.join(init)}]"
    if ephemeral:
        text += f" or one of the ephemeral containers: [{' '.join(ephemeral)}]"
    raise status.bad_request(text)
