"""StorageObjectInUseProtection: volumes, claims and classes of their attributes get a finalizer, so that they do not vanish while they are used.

Source: k8s.io/kubernetes plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go.
"""
from __future__ import annotations

FINALIZERS = {"persistentvolumeclaims": "kubernetes.io/pvc-protection", "persistentvolumes": "kubernetes.io/pv-protection",
              "volumeattributesclasses": "kubernetes.io/vac-protection"}
NAME, RESOURCE = "StorageObjectInUseProtection", tuple(FINALIZERS)


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Add the finalizer to a new object."""
    finalizer, found = FINALIZERS[call.kind.plural], obj["metadata"].get("finalizers") or []
    if live is not None or finalizer in found:
        return []
    obj["metadata"]["finalizers"] = [*found, finalizer]
    return [f"metadata.finalizers[{len(found)}]"]
