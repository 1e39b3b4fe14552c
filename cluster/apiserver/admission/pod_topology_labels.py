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
    node = call.context.store.get(f"/registry/minions/{target.get('name')}") if target.get("kind") == "Node" and target.get("name") else None
    known = node.value["metadata"].get("labels") or {} if node is not None else {}
    place = {label: known[label] for label in LABELS if label in known}
    if place:
        meta = obj["metadata"]
        meta["labels"] = {**(meta.get("labels") or {}), **place}
    return [f"metadata.labels.{label}" for label in place]
