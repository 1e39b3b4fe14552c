"""pods/proxy, services/proxy, nodes/proxy: the API server makes an HTTP request itself, to a Pod, an endpoint of a Service, a node.

Source: pkg/registry/core/pod/strategy.go (ResourceLocation), pkg/registry/core/service/storage/storage.go (ResourceLocation),
k8s.io/apimachinery pkg/util/proxy/upgradeaware.go. Simplifications: upgrades are refused, and of the client's headers Accept, Content-Type
and User-Agent go along, of its body what is UTF-8; kubelets answer what kubelet/endpoints.py has.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from cluster.meta import status
from cluster.meta.requests import Response

from . import authn, openapi, relinking
from .call import Call, key_for

KUBELET_PORT = 10250
METHODS = {"get": "GET", "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
DROPPED = ("connection", "content-length", "transfer-encoding", "keep-alive")
WORDS = {"refused": "connect: connection refused", "no-route": "connect: no route to host", "timeout": "i/o timeout"}


def answer(call: Call) -> Response:
    """What the other side answers, or why it cannot be asked."""
    if call.kind.kind not in ("Pod", "Service", "Node") or call.request.verb not in METHODS:
        raise status.method_not_allowed()
    rest = path_after(call.request.path)
    if not rest and call.request.verb == "get":
        return Response(code=301, body="", headers={"Location": "proxy/"})  # upstream names the whole path; ours begins with a prefix
    address, port = {"Service": _of_service, "Pod": _of_pod, "Node": _of_node}[call.kind.kind](call)
    if call.kind.kind == "Node" and port == KUBELET_PORT:
        code, text, headers = _of_kubelet(call, rest or "/")
    else:
        code, text, headers = call.context.hooks.proxied(address, port, _request(call, address, port, rest or "/"))
    if code:
        passed = {"Content-Type": headers.get("content-type", "text/plain"), **_passed(headers)}
        return Response(code=code, body=_relinked(call, address, port, text, passed), headers=passed)
    words = WORDS.get(text, "EOF")
    raise status.service_unavailable(f"error trying to reach service: dial tcp {address}:{port}: {words}" if text in WORDS
                                     else f"error trying to reach service: {words}")  # fmt: skip


def _passed(headers: dict[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items() if name not in DROPPED and name != "content-type"}


def _relinked(call: Call, address: str, port: int, body: Any, headers: dict[str, str]) -> Any:
    """The body with its links through the proxy, where it is a page; a Location in the headers too."""
    path, host = call.request.path, f"{address}:{port}"
    prefix = path[: len(path) - len(path_after(path))]
    if headers.get("Location"):
        headers["Location"] = relinking.link(headers["Location"], prefix, host)
        return body
    if headers["Content-Type"].partition(";")[0].strip() != "text/html" or "Content-Encoding" in headers:
        return body
    found = bytes(body).decode("utf-8", "surrogateescape") if not isinstance(body, str) else body
    return relinking.page(found, prefix, host).encode("utf-8", "surrogateescape")


def path_after(path: str) -> str:
    """What of a path is the other side's: all after the first /proxy behind the name."""
    found = re.match(r"/api/[^/]+/(?:namespaces/[^/]+/)?[^/]+/[^/]+/proxy", path)
    return path[found.end() :] if found else ""


def split(name: str) -> tuple[str, str, str]:
    """(scheme, name, port) of `name`, `name:port` or `scheme:name:port`. Source: k8s.io/apimachinery pkg/util/net/port_split.go."""
    parts = name.split(":")
    if len(parts) == 1:
        return "", parts[0], ""
    if len(parts) == 2:
        return "", parts[0], parts[1]
    if len(parts) == 3 and parts[0] in ("", "http", "https"):
        return parts[0], parts[1], parts[2]
    return "", "", ""


def _of_pod(call: Call) -> tuple[str, int]:
    scheme, name, port = split(call.name)
    if not name:
        raise status.bad_request(f'invalid pod request "{call.name}"')
    stored = call.context.store.get(key_for(call.kind, call.namespace, name))
    if stored is None:
        raise status.not_found("pods", name)
    pod = stored.value
    address = (pod.get("status") or {}).get("podIP", "")
    if not address:
        raise status.bad_request("address not allowed")
    if not port:
        first = [each["ports"][0]["containerPort"] for each in pod["spec"]["containers"] if each.get("ports")]
        port = str(first[0]) if first else "443" if scheme == "https" else "80"
    if not re.fullmatch("[0-9]{1,5}", port):
        raise status.service_unavailable(f"error trying to reach service: dial tcp: lookup tcp/{port}: unknown port")
    return address, int(port)


def _of_service(call: Call) -> tuple[str, int]:
    _, name, port = split(call.name)
    if not name:
        raise status.bad_request(f'invalid service request "{call.name}"')
    stored = call.context.store.get(key_for(call.kind, call.namespace, name))
    if re.fullmatch("[0-9]{1,9}", port):
        if stored is None:
            raise status.not_found("services", name)
        found = [each for each in stored.value["spec"].get("ports") or () if each["port"] == int(port)]
        if not found:
            raise status.service_unavailable(f'no service port {int(port)} found for service "{name}"')
        port = found[0].get("name", "")
    endpoints = call.context.store.get(f"/registry/services/endpoints/{call.namespace}/{name}")
    if endpoints is None:
        raise status.not_found("endpoints", name)
    subsets = endpoints.value.get("subsets") or ()
    if not subsets:
        raise status.service_unavailable(f'no endpoints available for service "{name}"')
    fitting = [(address["ip"], each["port"]) for subset in subsets for each in subset.get("ports") or () if each.get("name", "") == port
               for address in subset.get("addresses") or ()]  # fmt: skip
    if not fitting:
        raise status.service_unavailable(f'no endpoints available for service "{call.name}"')
    return fitting[call.context.rng("service-proxy").below(len(fitting))]


def _of_node(call: Call) -> tuple[str, int]:
    """Source: pkg/registry/core/node/strategy.go (ResourceLocation)."""
    _, name, port = split(call.name)
    if not name:
        raise status.bad_request(f'invalid node request "{call.name}"')
    stored = call.context.store.get(key_for(call.kind, "", name))
    if stored is None:
        raise status.not_found("nodes", name)
    found = (stored.value.get("status") or {}).get("addresses") or ()
    address = next((each["address"] for each in found if each["type"] == "InternalIP"), name)
    if port and not re.fullmatch("[0-9]{1,5}", port):
        raise status.service_unavailable(f"error trying to reach service: dial tcp: lookup tcp/{port}: unknown port")
    return address, int(port or KUBELET_PORT)


def _of_kubelet(call: Call, path: str) -> tuple[int, Any, dict[str, str]]:
    if call.request.verb != "get":
        return 405, "405: Method Not Allowed", {"content-type": "text/plain; charset=utf-8"}
    asked = {name: value for name, value in call.request.options.items() if not _is_credential(name)}
    return call.context.hooks.of_kubelet(split(call.name)[1], path, asked)


def _method(request) -> str:
    """The client's own; http.parse notes it of all but reads."""
    method = request.options.get("method", "") if request.verb != "get" else ""
    return method if re.fullmatch("[A-Z]{1,20}", method) else METHODS[request.verb]


def _request(call: Call, address: str, port: int, path: str) -> str:
    """The request as it goes on, its body as in octets.py."""
    request = call.request
    asked = {name: value for name, value in request.options.items() if name != "method" and not _is_credential(name)}
    raw = request.raw or b""
    lines = [
        f"{_method(request)} {path}{'?' + urlencode(asked) if asked else ''} HTTP/1.1",
        f"Host: {address}:{port}",
        f"User-Agent: {request.user_agent or 'Go-http-client/1.1'}",
        f"Accept: {request.accept or '*/*'}",
        "X-Forwarded-For: 127.0.0.1",
    ]
    if raw:
        lines += [f"Content-Type: {request.content_type}", f"Content-Length: {len(raw)}"]
    head = "\r\n".join([*(line.replace("\r", "").replace("\n", "") for line in lines), "Connection: close", "", ""])
    return head + raw.decode("utf-8", "replace")


def _is_credential(name: str) -> bool:
    return name in (authn.TOKEN, openapi.IF_NONE_MATCH) or name.startswith("Impersonate-")
