"""Owns how a kubelet gets from a Pod's volume to the PersistentVolume behind it, and why it may not use it.

Source: kubernetes pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go (createVolumeSpec, getPVCExtractPV, getPVSpec).
"""

from __future__ import annotations

from cluster.meta.nodeselector import term_matches
from cluster.meta.objects import controller_of

PROTECTION = "kubernetes.io/pvc-protection"


def claim_of(pod: dict, volume: dict) -> str:
    """The claim that a volume is about; "" when it is about none."""
    if volume.get("persistentVolumeClaim") is not None:
        return volume["persistentVolumeClaim"].get("claimName", "")
    return f"{pod['metadata']['name']}-{volume['name']}" if volume.get("ephemeral") is not None else ""


def claim_problem(pod: dict, volume: dict, reply) -> str:
    """Why a claim cannot be used; "" when it can. reply: of the question for it."""
    if not reply.ok:
        return f"failed to fetch PVC from API server: {reply.message}"
    claim = reply.body
    meta = claim["metadata"]
    if meta.get("deletionTimestamp") and PROTECTION not in (meta.get("finalizers") or ()):
        return "PVC is being deleted"
    if (claim.get("status") or {}).get("phase") != "Bound":
        return "PVC is not bound"
    if not (claim.get("spec") or {}).get("volumeName"):
        return "PVC has empty pvc.Spec.VolumeName"
    owner = controller_of(claim)
    if volume.get("ephemeral") is not None and (owner is None or owner["uid"] != pod["metadata"]["uid"]):
        return f"PVC {meta['namespace']}/{meta['name']} was not created for pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
    return ""


def volume_problem(claim: dict, reply) -> str:
    """Why the PersistentVolume of a claim cannot be used; "" when it can."""
    name = claim["spec"]["volumeName"]
    if not reply.ok:
        return f"failed to fetch PV {name} from API server: {reply.message}"
    reference = reply.body["spec"].get("claimRef")
    if reference is None:
        return f"found PV object {name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim"
    uid = claim["metadata"]["uid"]
    if reference.get("uid") != uid:
        return f"found PV object {name} but its pv.Spec.ClaimRef.UID {reference.get('uid', '')} does not point to claim.UID {uid}"
    return ""


def is_reachable(persistent: dict, node: dict | None) -> bool:
    """Whether a PersistentVolume may be used on a node. Source: component-helpers storage/volume (CheckNodeAffinity)."""
    required = (persistent["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or node is None or any(term_matches(term, node) for term in required.get("nodeSelectorTerms") or ())
