"""A Pod's terms about other Pods: parsed once, and matched against Pods by labels and namespace.

Source: k8s.io/kube-scheduler framework/types.go (AffinityTerm, GetAffinityTerms, GetWeightedAffinityTerms).
"""

from __future__ import annotations

from typing import NamedTuple

from cluster.meta import labels

REQUIRED, PREFERRED = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"


class Term(NamedTuple):
    """Pods that `selector` selects, in `namespaces` or those that `namespace_selector` selects, counted by node label `key`."""

    key: str
    selector: labels.Selector
    namespaces: tuple[str, ...]
    namespace_selector: labels.Selector
    weight: int = 0

    def matches(self, namespace: str, found: dict, namespace_labels: dict | None = None) -> bool:
        """Whether a Pod of a namespace with these labels is meant."""
        if namespace not in self.namespaces and not self.namespace_selector.matches(namespace_labels):
            return False
        return self.selector.matches(found)


class Affinity(NamedTuple):
    """The four sorts of terms that a Pod may have."""

    required: tuple[Term, ...]
    required_anti: tuple[Term, ...]
    preferred: tuple[Term, ...]
    preferred_anti: tuple[Term, ...]


def affinity_of(spec: dict, namespace: str) -> Affinity | None:
    """The terms in a Pod's spec; None for a Pod without any."""
    affinity = spec.get("affinity")
    if not affinity or not (affinity.get("podAffinity") or affinity.get("podAntiAffinity")):
        return None
    wanted, shunned = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    found = Affinity(*_terms(wanted, REQUIRED, namespace), *_terms(shunned, REQUIRED, namespace),
                     *_terms(wanted, PREFERRED, namespace), *_terms(shunned, PREFERRED, namespace))
    return found if any(found) else None


def _terms(holder: dict, name: str, namespace: str) -> tuple[tuple[Term, ...]]:
    entries = holder.get(name) or ()
    if name == PREFERRED:
        return (tuple(_term(entry.get("podAffinityTerm") or {}, namespace, entry["weight"]) for entry in entries if entry["weight"]),)
    return (tuple(_term(entry, namespace, 0) for entry in entries),)


def _term(entry: dict, namespace: str, weight: int) -> Term:
    names, by_labels = entry.get("namespaces") or (), entry.get("namespaceSelector")
    if not names and by_labels is None:
        names = (namespace,)
    return Term(entry.get("topologyKey", ""), _selector(entry.get("labelSelector")), tuple(names), _selector(by_labels), weight)


def _selector(found: dict | None) -> labels.Selector:
    try:
        return labels.from_object(found)
    except labels.SelectorError:
        return labels.NOTHING


def unrolled(terms: tuple[Term, ...], namespaces: list[dict]) -> tuple[Term, ...]:
    """Terms in which the namespaces that are selected by label now are named; an empty selector still means all.

    Source: plugins/interpodaffinity/plugin.go (mergeAffinityTermNamespacesIfNotEmpty).
    """
    found = []
    for term in terms:
        chosen = term.namespace_selector
        if chosen is not labels.NOTHING and not chosen.empty:
            names = [one["metadata"]["name"] for one in namespaces if chosen.matches(one["metadata"].get("labels"))]
            term = term._replace(namespaces=(*term.namespaces, *names), namespace_selector=labels.NOTHING)
        found.append(term)
    return tuple(found)
