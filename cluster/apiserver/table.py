"""Tables: what `kubectl get` prints, worked out by the server.

Source: k8s.io/apiserver pkg/endpoints/handlers/response.go; k8s.io/kubernetes pkg/printers/internalversion/printers.go.
"""
from __future__ import annotations

from cluster.kinds.base import Column, Kind
from cluster.meta import status
from cluster.meta.gotext import quote

from .conversion import to_version

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
INCLUDES = ("", "Metadata", "Object", "None")
ENDED = {
    "Succeeded": {"type": "Completed", "status": "True", "reason": "Succeeded", "message": "The pod has completed successfully."},
    "Failed": {"type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."},
}


def table(kind: Kind, body: dict, version: str, include: str, now_unix_ms: int) -> dict:
    """An object or a list as a Table. include: which part of each object its row carries."""
    if include not in INCLUDES:
        raise status.bad_request(f"Unable to convert to Table as requested: includeObject: Invalid value: {quote(include)}: "
                                 "must be 'Metadata', 'Object', 'None', or empty")
    is_list = "items" in body
    objects = body["items"] if is_list else [body]
    if kind.row_order:
        objects = sorted(objects, key=kind.row_order)
    shown = body["metadata"] if is_list else {"resourceVersion": body["metadata"].get("resourceVersion")}
    meta = {name: value for name, value in shown.items() if value or name not in ("continue", "resourceVersion")}
    rows = [_row(kind, obj, version, include, now_unix_ms) for obj in objects]
    return {"kind": "Table", "apiVersion": f"meta.k8s.io/{version}", "metadata": meta,
            "columnDefinitions": [definition(column) for column in kind.columns], "rows": rows}


def definition(column: Column) -> dict:
    """A column as the Table describes it."""
    return {"name": column.name, "type": column.type, "format": column.format, "description": column.about,
            "priority": column.priority}


def _row(kind: Kind, obj: dict, version: str, include: str, now_unix_ms: int) -> dict:
    cells = kind.cells(obj, now_unix_ms) if kind.cells else [obj["metadata"].get("name", "")]
    row: dict = {"cells": cells}
    if kind.plural == "pods":
        ended = ENDED.get((obj.get("status") or {}).get("phase", ""))
        if ended:
            row["conditions"] = [ended]
    row["object"] = _included(kind, obj, version, include)
    return row


def _included(kind: Kind, obj: dict, version: str, include: str) -> dict | None:
    if include == "None":
        return None
    return to_version(kind, obj) if include == "Object" else partial(obj, version)


def partial(obj: dict, version: str = "v1") -> dict:
    """An object's metadata alone."""
    meta = obj["metadata"]
    if obj.get("kind") == "DaemonSet":
        meta = _without(meta, TEMPLATE_GENERATION)      # a field of upstream's own type, an annotation of the served one
    return {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": meta}


def _without(meta: dict, annotation: str) -> dict:
    """Metadata without an annotation."""
    kept = {name: value for name, value in (meta.get("annotations") or {}).items() if name != annotation}
    rest = {name: value for name, value in meta.items() if name != "annotations"}
    return {**rest, "annotations": kept} if kept else rest
