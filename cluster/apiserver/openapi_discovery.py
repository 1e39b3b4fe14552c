"""The paths of the OpenAPI documents that tell what there is: versions, groups, resources, the server's own version.

Custom resources' groups have none, as upstream's.
Source: k8s.io/apiserver pkg/endpoints/discovery/{root,group,version,legacy}.go, pkg/server/routes/version.go.
"""
from __future__ import annotations

from typing import Any

from cluster.kinds import Registry, api_version

from . import openapi_paths

META, INFO = "io.k8s.apimachinery.pkg.apis.meta.v1", "io.k8s.apimachinery.pkg.version.Info"
MEDIA = ("application/json", "application/yaml")


def operations(registry: Registry) -> dict[str, tuple[str, str, str, str, tuple[str, ...], str]]:
    """path -> (document of version 3, description, operation's id, model, media types, tag)."""
    found = {
        "/api/": ("api", "get available API versions", "getCoreAPIVersions", f"{META}.APIVersions", MEDIA, "core"),
        "/apis/": ("apis", "get available API versions", "getAPIVersions", f"{META}.APIGroupList", MEDIA, "apis"),
        "/version/": ("version", "get the version information for this server", "getCodeVersion", INFO, MEDIA[:1], "version")}
    for kind in registry.base.kinds:
        words, root = openapi_paths.group_words(kind), f"apis/{api_version(kind)}" if kind.group else f"api/{kind.version}"
        tag, version = words[0].lower() + words[1:], kind.version.capitalize()
        found[f"/{root}/"] = (root, "get available resources", f"get{words}{version}APIResources", f"{META}.APIResourceList", MEDIA,
                              f"{tag}_{kind.version}")
        if kind.group:
            place = f"apis/{kind.group}"
            found[f"/{place}/"] = (place, "get information of a group", f"get{words}APIGroup", f"{META}.APIGroup", MEDIA, tag)
    return found


def paths(registry: Registry, prefix: str, version: int, document: str = "") -> dict[str, dict]:
    """The path items, of version 3 those of one document."""
    return {path: {"get": _operation(prefix, version, *row[1:])} for path, row in operations(registry).items() if document in ("", row[0])}


def documents(registry: Registry) -> list[str]:
    """The names of the version 3 documents that hold nothing else."""
    return [row[0] for row in operations(registry).values() if row[3] != f"{META}.APIResourceList"]


def _operation(prefix: str, version: int, about: str, identity: str, model: str, media: tuple[str, ...], tag: str) -> dict[str, Any]:
    shape = {"schema": {"$ref": prefix + model}}
    body = shape if version == 2 else {"content": dict.fromkeys(media, shape)}
    found: dict[str, Any] = {"description": about, "operationId": identity, "tags": [tag],
                             "responses": {"200": {"description": "OK", **body}, "401": {"description": "Unauthorized"}}}
    return {**found, "produces": list(media)} if version == 2 else found
