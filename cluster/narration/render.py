"""Captions: an entry's templates filled in from a fact."""
from __future__ import annotations

from cluster.engine import TraceEvent

from .kind import Kind

METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE", "deletecollection": "DELETE", "get": "GET", "list": "GET",
           "watch": "GET", "raw": "GET"}
KIND_NAMES = {"pods": "Pod", "deployments": "Deployment", "replicasets": "ReplicaSet", "nodes": "Node", "namespaces": "Namespace",
              "events": "Event", "leases": "Lease", "serviceaccounts": "ServiceAccount", "configmaps": "ConfigMap"}
LONGEST_VALUE = 90


class _Values(dict):
    """A missing name shows as itself in the text: visible to a reader of the page, and found by the tests."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def caption(kind: Kind, event: TraceEvent) -> dict[str, str]:
    """{"en": …, "zh": …}: markdown with **bold** only."""
    values = _Values(values_of(event))
    return {"en": kind.en.format_map(values), "zh": kind.zh.format_map(values)}


def values_of(event: TraceEvent) -> dict[str, object]:
    """What a template may name: the fact's data, and words made from its subject and its request."""
    data = event.data
    resource, _, rest = event.subject.partition("/")
    name = rest.rpartition("/")[2]
    values: dict[str, object] = {key: shown(value) for key, value in data.items()}
    values.update(actor=event.actor, subject=event.subject, name=shorten(name), resource=data.get("resource", resource),
                  kind_name=KIND_NAMES.get(resource, resource), sender=data.get("from", event.actor), receiver=data.get("to", ""),
                  method=METHODS.get(str(data.get("verb", "")), ""))
    if "changed" in data:
        values["changes"] = changes(data["changed"])
    if "path" in data:
        values["path"] = short_path(str(data["path"]))
    return values


def changes(paths: list[str]) -> str:
    """The changed fields for a caption: the shallowest first, at most three, conditions by one word."""
    seen: dict[str, None] = {}
    for path in sorted(paths, key=lambda path: (path.count("."), path)):
        parts = path.replace("[", ".[").split(".")
        seen[".".join(parts[:2]) if parts[0] != "metadata" or len(parts) < 3 else ".".join(parts[:3])] = None
    names = list(seen)
    return ", ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else "")


def shown(value: object) -> object:
    """A value as a caption shows it: lists joined, long texts cut."""
    if isinstance(value, (list, tuple)):
        value = ", ".join(str(item) for item in value[:4]) + (f" … {len(value) - 4}" if len(value) > 4 else "")
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return value[: LONGEST_VALUE - 1] + "…"
    return value


def shorten(name: str) -> str:
    """A generated Pod's name by its telling ends: `nginx-…-x7k2p`."""
    if len(name) <= 20 or name.count("-") < 2:
        return name
    return f"{name[:name.index('-')]}-…-{name[-5:]}"


def short_path(path: str) -> str:
    """`/apis/apps/v1/namespaces/default/deployments/x` as `…/deployments/x`; short paths as they are."""
    if "/namespaces/" in path:
        parts = path.split("/namespaces/", 1)[1].split("/")[1:]
        if parts:
            return "…/" + "/".join(shorten(part) for part in parts)
    return path
