"""Paths that are no resource: versions, groups, resources, health, and where the schemas are.

Source: k8s.io/apiserver pkg/endpoints/discovery, pkg/endpoints/discovery/aggregated, pkg/server/healthz, pkg/server/mux.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from cluster.kinds import Registry
from cluster.meta import status
from cluster.meta.requests import Request, Response

from . import aggregation, negotiation, openapi, openapi_protobuf, resource_lists, tokens
from .context import Context
from .itself import SERVER_IP, SERVER_PORT

JSON = "application/json"
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
VERSION = {
    "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35", "gitVersion": "v1.36.3", "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64"}
HOOKS = (
    "start-apiserver-admission-initializer", "generic-apiserver-start-informers", "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter", "storage-object-count-tracker-hook", "start-apiextensions-informers",
    "start-apiextensions-controllers", "crd-informer-synced", "start-system-namespaces-controller",
    "peer-endpoint-reconciler-controller", "start-cluster-authentication-info-controller", "start-kube-apiserver-identity-lease-controller",
    "start-kube-apiserver-identity-lease-garbage-collector", "storage-readiness", "start-legacy-token-tracking-controller",
    "start-service-ip-repair-controllers", "rbac/bootstrap-roles", "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer", "bootstrap-controller", "start-kubernetes-service-cidr-controller",
    "aggregator-reload-proxy-client-cert", "start-kube-aggregator-informers", "apiservice-status-local-available-controller",
    "apiservice-status-remote-available-controller", "apiservice-registration-controller", "apiservice-discovery-controller",
    "kube-apiserver-autoregistration")
LIVE = ("ping", "log", "etcd", *(f"poststarthook/{name}" for name in HOOKS), "autoregister-completion",
        "poststarthook/apiservice-openapi-controller", "poststarthook/apiservice-openapiv3-controller")
LOOPBACK = "loopback-serving-certificate"
CHECKS = {"/healthz": (*LIVE[:2], LOOPBACK, *LIVE[2:]), "/livez": (*LIVE[:2], LOOPBACK, *LIVE[2:]),
          "/readyz": (*LIVE[:3], "etcd-readiness", "informer-sync", *LIVE[3:], "shutdown")}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def answer(request: Request, context: Context) -> Response:
    """The answer to a path that names no resource; raises NotFound."""
    path, registry = request.path, context.registry
    for answerer in (_plain, _health, _schemas, _groups):
        found = answerer(path, request, registry)
        if found is not None:
            context.trace("ReadServed", "", source="memory", verb="get", path=path)
            return found
    issuer = tokens.metadata(path, context)
    if issuer is not None:
        context.trace("ReadServed", "", source="memory", verb="get", path=path)
        return issuer
    if _is_served_group(path, registry):
        raise status.no_such_path()
    if aggregation.is_remote(path, context.store):
        return Response(code=503, body=aggregation.UNAVAILABLE, headers=TEXT)
    return Response(code=404, body="404 page not found\n", headers=TEXT)


def _is_served_group(path: str, registry: Registry) -> bool:
    """Whether a path lies under a group (or the core), where a Status says what is missing instead of the mux."""
    parts = path.split("/")
    if parts[1:2] == ["api"]:
        return len(parts) > 2
    return parts[1:2] == ["apis"] and len(parts) > 2 and parts[2] in registry.groups() and parts[2] != ""


def _plain(path: str, request: Request, registry: Registry) -> Response | None:
    if path in ("/version", "/version/"):
        negotiation.check_discovery(request, (negotiation.JSON,))
        return _raw(VERSION)
    return _raw({"paths": _paths(registry)}) if path == "/" else None


def _raw(body: dict) -> Response:
    """What is written with a line for each field, whatever is asked for. Source: apiserver responsewriters/writers.go (WriteRawJSON)."""
    return Response(code=200, body=msgspec.json.format(msgspec.json.encode(body), indent=2).decode(), headers={"Content-Type": JSON})


def _paths(registry: Registry) -> list[str]:
    """All that is served, in order. Source: k8s.io/apiserver pkg/server/routes/index.go."""
    groups = [group for group in registry.groups() if group]
    versions = [f"/apis/{group}/{version}" for group in groups for version in resource_lists.versions_of(registry, group)]
    checks = [f"{root}/{check}" for root, names in CHECKS.items() for check in names]
    return sorted([tokens.CONFIGURATION, tokens.KEY_SET, "/api", "/api/v1", "/apis", "/apis/", *(f"/apis/{group}" for group in groups), *versions,
                   *CHECKS, *checks, "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version"])


def _health(path: str, request: Request, registry: Registry) -> Response | None:
    """The health checks; all are well as long as anybody answers. Source: k8s.io/apiserver pkg/server/healthz/healthz.go."""
    for root, checks in CHECKS.items():
        if path == root and "verbose" in request.options:
            excluded = request.options.get("exclude", "").split(",")
            lines = "".join(f"[+]{check} {'excluded: ok' if check in excluded else 'ok'}\n" for check in checks)
            return Response(code=200, body=f"{lines}{root[1:]} check passed\n", headers=TEXT)
        if path == root or (path.startswith(root + "/") and path[len(root) + 1:] in checks):
            return Response(code=200, body="ok", headers=TEXT)
    return None


def _schemas(path: str, request: Request, registry: Registry) -> Response | None:
    """OpenAPI documents: with an ETag, and for ever where the client names the content's hash.

    Source: k8s.io/kube-openapi pkg/handler/handler.go, pkg/handler3/handler.go.
    """
    if path == "/openapi/v2":
        return _document(request, 2, openapi.digest_2(registry), lambda: openapi.version_2(registry),
                         lambda: openapi_protobuf.version_2(registry))
    if path == "/openapi/v3":
        index = openapi.index(registry)
        return _tagged(request, index, openapi.digest(index))
    name = path[len("/openapi/v3/"):] if path.startswith("/openapi/v3/") else ""
    if path.startswith("/openapi/v3/") and (not name or openapi.document(registry, name) is None):
        return Response(code=404, body=b"")
    if not name:
        return None
    digest, known = openapi.digests(registry)[name], request.options.get("hash")
    response = _document(request, 3, digest, lambda: openapi.document(registry, name), lambda: openapi_protobuf.document(registry, name))
    if response.code == 406 or not known:
        return response
    if known != digest:   # a relative address, since a sandbox's paths stand below its own prefix
        return Response(code=301, body="", headers={"Location": f"?hash={digest}", "Vary": "Accept"})
    response.headers["Cache-Control"] = "public, immutable"
    return response


def _document(request: Request, version: int, digest: str, as_json: Callable[[], dict], as_protobuf: Callable[[], bytes]) -> Response:
    """A document in the first form of the Accept header that it is there in; 406 if in none."""
    written = f"application/com.github.proto-openapi.spec.v{version}.v1.0+protobuf"
    offered = {JSON: JSON, written: written, written.replace(f".v{version}.v1", f".v{version}@v1"): written}
    for media, _ in negotiation.clauses(request.accept or "*/*"):
        chosen = next((offered[name] for name in offered if media in (name, "*/*", "application/*")), None)
        if chosen is not None:
            return _tagged(request, as_json() if chosen == JSON else as_protobuf(), digest, **{"Content-Type": chosen, "Vary": "Accept"})
    return Response(code=406, body="", headers={"Vary": "Accept"})


def _tagged(request: Request, body: Any, digest: str, **headers: str) -> Response:
    """An answer with its ETag; without its body for a client that has it already."""
    found = {"Content-Type": JSON, **headers, "ETag": f'"{digest}"'}
    if f'"{digest}"' in request.options.get(openapi.IF_NONE_MATCH, ""):
        return Response(code=304, body="", headers={name: text for name, text in found.items() if name != "Content-Type"})
    return Response(code=200, body=body, headers=found)


def _wants_aggregated(accept: str) -> bool:
    """Whether the whole of discovery in one answer is what is accepted best. Source: pkg/endpoints/discovery/aggregated/wrapper.go."""
    for media, parameters in negotiation.clauses(accept):
        if media in (JSON, "*/*") and parameters.get("as") == "APIGroupDiscoveryList":
            if (parameters.get("g"), parameters.get("v")) == ("apidiscovery.k8s.io", "v2"):
                return True
        elif media in (*negotiation.MEDIA, "*/*") and "as" not in parameters:
            return False
    return False


def _groups(path: str, request: Request, registry: Registry) -> Response | None:
    parts = path.strip("/").split("/")
    if parts in (["api"], ["apis"]):
        if _wants_aggregated(request.accept):
            body, digest = _aggregated(registry, parts == ["api"])
            return _tagged(request, body, digest, **{"Content-Type": AGGREGATED, "Vary": "Accept"})
        negotiation.check_discovery(request, is_routed=parts == ["api"])
        return Response(code=200, body=_versions() if parts == ["api"] else _group_list(registry))
    if parts == ["api", "v1"]:
        negotiation.check_discovery(request)
        return Response(code=200, body=resource_lists.resource_list(registry, "", "v1"))
    if parts[0] != "apis" or len(parts) > 3 or parts[1] not in registry.groups():
        return None
    if len(parts) == 2:
        negotiation.check_discovery(request, is_routed=False)
        return Response(code=200, body={"kind": "APIGroup", "apiVersion": "v1", **_group(registry, parts[1])})
    if parts[2] in resource_lists.versions_of(registry, parts[1]):
        negotiation.check_discovery(request)
        return Response(code=200, body=resource_lists.resource_list(registry, parts[1], parts[2]))
    return None


# -- the older form ---------------------------------------------------------------------------------------------------


def _versions() -> dict:
    return {"kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": f"{SERVER_IP}:{SERVER_PORT}"}]}


def _group(registry: Registry, group: str) -> dict:
    versions = [{"groupVersion": f"{group}/{version}", "version": version} for version in resource_lists.versions_of(registry, group)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _group_list(registry: Registry) -> dict:
    groups = [_group(registry, group) for group in aggregation.in_order(registry.groups()) if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


# -- the aggregated form ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _aggregated(registry: Registry, core: bool) -> tuple[dict, str]:
    body = aggregated(registry, core=core)
    return body, openapi.digest(body)


def aggregated(registry: Registry, *, core: bool) -> dict:
    """All groups, versions and resources in one answer. Source: api/apidiscovery/v2/types.go."""
    groups = [""] if core else [group for group in aggregation.in_order(registry.groups()) if group]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
            "items": [resource_lists.aggregated_group(registry, group) for group in groups]}
