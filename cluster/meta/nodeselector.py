"""Node selectors: whether a node's labels and name match a Pod's nodeSelector and required affinity.

Source: k8s.io/component-helpers scheduling/corev1/nodeaffinity/nodeaffinity.go.
"""

from __future__ import annotations

from functools import lru_cache

from .labels import Requirement, SelectorError, requirement

OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!", "Gt": "gt", "Lt": "lt"}


class Required:
    """What a Pod's spec demands of its node."""

    __slots__ = ("labels", "terms")

    def __init__(self, spec: dict):
        self.labels = spec.get("nodeSelector") or {}
        self.terms = terms_of(spec)

    def matches(self, node: dict) -> bool:
        found = node["metadata"].get("labels") or {}
        for key, value in self.labels.items():
            if found.get(key) != value:
                return False
        return self.terms is None or any(term_matches(term, node) for term in self.terms)


def terms_of(spec: dict) -> list[dict] | None:
    """The required node affinity's terms; None where there is no such affinity."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return None if required is None else required.get("nodeSelectorTerms") or []


def term_matches(term: dict, node: dict) -> bool:
    """Whether a node matches one term; an empty term, and one that cannot be read, matches none."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    metadata = node["metadata"]
    labels = metadata.get("labels") or {}
    try:
        wanted = [_compiled(e["key"], e["operator"], tuple(e.get("values") or ())) for e in expressions]
    except SelectorError:
        return False
    return all(one.matches(labels) for one in wanted) and all(
        _field_matches(field, metadata["name"]) for field in fields
    )


@lru_cache(maxsize=1024)
def _compiled(key: str, operator: str, values: tuple[str, ...]) -> Requirement:
    if operator not in OPERATORS:
        raise SelectorError(operator)
    return requirement(key, OPERATORS[operator], values)


def _field_matches(field: dict, name: str) -> bool:
    values = field.get("values") or ()
    if len(values) != 1 or field["operator"] not in ("In", "NotIn"):
        return False
    found = name if field["key"] == "metadata.name" else ""
    return (found == values[0]) == (field["operator"] == "In")
