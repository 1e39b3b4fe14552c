"""PersistentVolumeClaimResize: a claim may grow when it is bound and its class allows it.

Source: k8s.io/kubernetes plugin/pkg/admission/storage/persistentvolume/resize/admission.go.
"""
from __future__ import annotations

from cluster.kinds._rules import amount
from cluster.kinds._volume_sources import class_of

NAME = "PersistentVolumeClaimResize"
VALIDATED, VALIDATED_AT = ("persistentvolumeclaims",), ("",)
_NOT_ALLOWED = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Refuse growth that nothing could follow."""
    if call.kind.plural != "persistentvolumeclaims" or call.subresource or obj is None or live is None:
        return False
    if amount(_storage(obj)).nano <= amount(_storage(live)).nano:
        return False
    from . import refused
    if (live.get("status") or {}).get("phase") != "Bound":
        raise refused(call, obj, "Only bound persistent volume claims can be expanded")
    name = class_of(obj)
    stored = call.context.store.get(f"/registry/storageclasses/{name}") if name and name == class_of(live) else None
    if stored is None or not stored.value.get("allowVolumeExpansion"):
        raise refused(call, obj, _NOT_ALLOWED)
    return True


def _storage(claim: dict) -> str | None:
    return ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
