"""What discovery says of the versions and resources of a group, in its older form and in its aggregated one.

Source: k8s.io/apiserver pkg/endpoints/installer.go, pkg/endpoints/discovery/aggregated.
"""
from __future__ import annotations

import re
from typing import Any

from cluster.kinds import Registry
from cluster.kinds.base import Kind

KUBE_VERSION = re.compile(r"v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?")
STATUS_VERBS = ("get", "patch", "update")
# subresource -> (group, version, kind; "" = the resource's own), verbs
SUBRESOURCES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "status": ("", "", "", STATUS_VERBS), "resize": ("", "", "", STATUS_VERBS), "ephemeralcontainers": ("", "", "", STATUS_VERBS),
    "approval": ("", "", "", STATUS_VERBS), "finalize": ("", "", "", ("update",)), "log": ("", "", "", ("get",)),
    "binding": ("", "", "Binding", ("create",)),
    "scale": ("autoscaling", "v1", "Scale", STATUS_VERBS), "eviction": ("policy", "v1", "Eviction", ("create",)),
    "token": ("authentication.k8s.io", "v1", "TokenRequest", ("create",)), "exec": ("", "", "PodExecOptions", ("create", "get")),
    "attach": ("", "", "PodAttachOptions", ("create", "get")),
    "portforward": ("", "", "PodPortForwardOptions", ("create", "get")),
}
PROXY_VERBS = ("create", "delete", "get", "patch", "update")


def versions_of(registry: Registry, group: str) -> list[str]:
    """A group's versions, the preferred one first."""
    return sorted({kind.version: None for kind in registry.kinds if kind.group == group}, key=version_rank)


def version_rank(version: str) -> tuple:
    """Sorts versions: v2 before v1, those before v1beta1 and v1alpha1, all others last.

    Source: k8s.io/apimachinery pkg/version/helpers.go (CompareKubeAwareVersionStrings).
    """
    found = KUBE_VERSION.fullmatch(version)
    if found is None:
        return (1, 0, 0, 0, version)
    stage = {"": 0, "beta": 1, "alpha": 2}[found[2] or ""]
    return (0, stage, -int(found[1]), -int(found[3] or 0), version)


def resource_list(registry: Registry, group: str, version: str) -> dict:
    """The resources of a group's version. The core group's list carries no apiVersion."""
    rows = [row for kind in registry.kinds if (kind.group, kind.version) == (group, version)
            for row in (_resource(kind), *(_subresource(kind, name) for name in kind.subresources))]
    is_custom = any(kind.custom for kind in registry.kinds if (kind.group, kind.version) == (group, version))
    rows.sort(key=lambda row: row["name"].partition("/")[0] if is_custom else row["name"])
    body: dict[str, Any] = {"kind": "APIResourceList"}
    if group:
        body["apiVersion"] = "v1"
    return {**body, "groupVersion": f"{group}/{version}" if group else version, "resources": rows}


def _resource(kind: Kind) -> dict:
    row: dict[str, Any] = {"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
                           "verbs": list(kind.verbs) if kind.custom else sorted(kind.verbs)}
    if kind.short_names:
        row["shortNames"] = list(kind.short_names)
    if kind.categories:
        row["categories"] = list(kind.categories)
    if kind.storage_version_hash:
        row["storageVersionHash"] = kind.storage_version_hash
    return row


def _subresource(kind: Kind, name: str) -> dict:
    group, version, its_kind, verbs = described(kind, name)
    row: dict[str, Any] = {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced}
    if group:
        row["group"], row["version"] = group, version
    return {**row, "kind": its_kind or kind.kind, "verbs": list(verbs)}


def described(kind: Kind, name: str) -> tuple[str, str, str, tuple[str, ...]]:
    """(group, version, kind, verbs) of a subresource; group "" is the resource's own."""
    if name == "proxy":
        return "", "", f"{kind.kind}ProxyOptions", PROXY_VERBS
    return SUBRESOURCES[name]


def aggregated_group(registry: Registry, group: str) -> dict:
    """A group with its versions and their resources. Source: api/apidiscovery/v2/types.go."""
    versions = [{"version": version, "freshness": "Current",
                 "resources": [_aggregated_resource(kind) for kind in registry.kinds if (kind.group, kind.version) == (group, version)]}
                for version in versions_of(registry, group)]
    return {"metadata": {"name": group} if group else {}, "versions": versions}


def _aggregated_resource(kind: Kind) -> dict:
    row: dict[str, Any] = {
        "resource": kind.plural, "responseKind": _response_kind(kind, "", "", kind.kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster", "singularResource": kind.singular,
        "verbs": list(kind.verbs) if kind.custom else sorted(kind.verbs)}
    if kind.short_names:
        row["shortNames"] = list(kind.short_names)
    if kind.categories:
        row["categories"] = list(kind.categories)
    if kind.subresources:
        row["subresources"] = [_aggregated_subresource(kind, name) for name in sorted(kind.subresources)]
    return row


def _aggregated_subresource(kind: Kind, name: str) -> dict:
    group, version, its_kind, verbs = described(kind, name)
    return {"subresource": name, "responseKind": _response_kind(kind, group, version, its_kind or kind.kind), "verbs": list(verbs)}


def _response_kind(kind: Kind, group: str, version: str, its_kind: str) -> dict:
    """What a resource answers with; of built-in kinds the group and version are told only where they are not the list's own."""
    if kind.custom:
        group, version = group or kind.group, version or kind.version
    return {"group": group, "version": version, "kind": its_kind}
