"""DefaultStorageClass: a claim that names no class gets the default one, the newest if there are several.

Source: k8s.io/kubernetes plugin/pkg/admission/storage/storageclass/setdefault/admission.go.
"""
from __future__ import annotations

from cluster.kinds._volume_sources import CLASS_ANNOTATION
from cluster.kinds.storageclass import default_of

NAME, RESOURCE = "DefaultStorageClass", "persistentvolumeclaims"
FOLDER = "/registry/storageclasses/"


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Fill the class in."""
    has_class = obj["spec"].get("storageClassName") is not None or CLASS_ANNOTATION in (obj["metadata"].get("annotations") or ())
    if live is not None or has_class:
        return []
    chosen = default_of([stored.value for _, stored in call.context.store.list(FOLDER)])
    if not chosen:
        return []
    obj["spec"]["storageClassName"] = chosen
    return ["spec.storageClassName"]
