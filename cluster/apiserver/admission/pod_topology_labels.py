"""PodTopologyLabels: a Pod that gets its node takes over where that node is, its labels of zone and region.

Source: k8s.io/kubernetes plugin/pkg/admission/podtopologylabels/admission.go.
"""
from __future__ import annotations

NAME, RESOURCE = "PodTopologyLabels", "pods"
LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Label a Binding, whose labels become the Pod's, or a Pod that is made with a node. What is there already gives way."""
    if live is not None:
        return []
    target = obj.get("target") or {} if call.subresource else {"kind": "Node", "name": obj["spec"].get("nodeName")}
    place = place_of(target.get("name"), call.context.store) if target.get("kind") == "Node" else {}
    if place:
        meta = obj["metadata"]
        meta["labels"] = {**(meta.get("labels") or {}), **place}
    return [f"metadata.labels.{label}" for label in place]


def place_of(name: str | None, store) -> dict[str, str]:
    """The labels that say where a node is."""
    node = store.rows.get(f"/registry/minions/{name}") if name else None
    known = node and node.value["metadata"].get("labels")
    if not known or (LABELS[0] not in known and LABELS[1] not in known):
        return {}
    return {label: known[label] for label in LABELS if label in known}
