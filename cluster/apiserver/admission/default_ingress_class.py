"""DefaultIngressClass: an Ingress that names no class gets the default one, the newest if there are several.

Source: k8s.io/kubernetes plugin/pkg/admission/network/defaultingressclass/admission.go.
"""
from __future__ import annotations

from cluster.kinds.ingressclass import is_default

NAME, RESOURCE = "DefaultIngressClass", "ingresses"
FOLDER = "/registry/ingressclasses/"
ANNOTATION = "kubernetes.io/ingress.class"


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Fill the class in."""
    has_class = obj["spec"].get("ingressClassName") is not None or ANNOTATION in (obj["metadata"].get("annotations") or ())
    if live is not None or has_class:
        return []
    marked = [stored.value["metadata"] for _, stored in call.context.store.list(FOLDER) if is_default(stored.value)]
    if not marked:
        return []
    marked.sort(key=lambda meta: meta["name"])
    marked.sort(key=lambda meta: meta.get("creationTimestamp", ""), reverse=True)
    obj["spec"]["ingressClassName"] = marked[0]["name"]
    return ["spec.ingressClassName"]
