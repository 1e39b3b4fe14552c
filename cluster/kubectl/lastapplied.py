"""The last-applied annotation: kubectl apply writes it into every object, to know later what the file has dropped.

Source: k8s.io/kubectl pkg/util/apply.go, pkg/cmd/apply/apply.go.
"""

from __future__ import annotations

import json

from cluster.meta.gotext import to_json

ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"


def encoded(value: dict) -> str:
    """An object as kubectl writes it: keys sorted, a newline at the end."""
    return to_json(in_order(value)) + "\n"


def in_order(value: object) -> object:
    """The same value with the keys of every object sorted."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


def with_annotations(value: dict, annotations: dict) -> dict:
    return {**value, "metadata": {**(value.get("metadata") or {}), "annotations": annotations}}


def annotated(value: dict) -> dict:
    """The object with itself, as it stands in the file, in its annotation."""
    annotations = {
        key: text for key, text in ((value.get("metadata") or {}).get("annotations") or {}).items() if key != ANNOTATION
    }
    return with_annotations(value, {**annotations, ANNOTATION: encoded(with_annotations(value, annotations))})


def without_nulls(value: object) -> object:
    """What is sent on creation: members that are null are left out of objects, as an update would leave them out."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def original_text(current: dict) -> str | None:
    """What was applied last, as it was written; None where the annotation is missing."""
    return ((current.get("metadata") or {}).get("annotations") or {}).get(ANNOTATION)


def original_of(current: dict) -> dict:
    """What was applied last, as an object; empty where the annotation is missing. Raises ValueError."""
    text = original_text(current)
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError("invalid JSON document")
    return value
