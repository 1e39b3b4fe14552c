"""How a PersistentVolumeClaim and a PersistentVolume find each other: annotations, and which volume fits which claim. Pure rules.

Source: k8s.io/component-helpers storage/volume/{helpers,pv_helpers}.go; pkg/controller/volume/persistentvolume/pv_controller.go.
"""

from __future__ import annotations

from cluster.kinds._volume_sources import class_of
from cluster.meta import labels as selectors
from cluster.meta import quantity
from cluster.meta.nodeselector import term_matches

BIND_COMPLETED, BOUND_BY_CONTROLLER = "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY, SELECTED_NODE = "pv.kubernetes.io/provisioned-by", "volume.kubernetes.io/selected-node"
PROVISIONER, OLD_PROVISIONER = "volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
PRE_RESIZE = "volume.alpha.kubernetes.io/pre-resize-capacity"
WAIT = "WaitForFirstConsumer"


def annotations_of(obj: dict) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def annotated(obj: dict, **added: str) -> dict:
    """A copy with more annotations; their names are the constants above, by keyword of a dict."""
    meta = obj["metadata"]
    return {**obj, "metadata": {**meta, "annotations": {**(meta.get("annotations") or {}), **added}}}


def unique_name_of(volume: dict) -> str:
    """By what a Node's status names a volume of a CSI driver. Source: pkg/volume/csi/csi_plugin.go (GetVolumeName)."""
    csi = volume["spec"].get("csi") or {}
    return f"kubernetes.io/csi/{csi.get('driver', '')}^{csi.get('volumeHandle', '')}"


def is_bound(claim: dict) -> bool:
    """The claim's binding is finished."""
    return BIND_COMPLETED in annotations_of(claim) and bool(claim["spec"].get("volumeName"))


def is_delayed(claim: dict, storage_class: dict | None) -> bool:
    """Whether the binding waits until a Pod that uses the claim is scheduled. Source: IsDelayBindingMode."""
    return bool(class_of(claim)) and storage_class is not None and storage_class.get("volumeBindingMode") == WAIT


def is_of(volume: dict, claim: dict) -> bool:
    """The volume is reserved for, or bound to, this claim. Source: IsVolumeBoundToClaim."""
    reference, meta = volume["spec"].get("claimRef"), claim["metadata"]
    if reference is None or (reference.get("name"), reference.get("namespace")) != (meta["name"], meta["namespace"]):
        return False
    return reference.get("uid") in (None, "", meta["uid"])


def size(holder: dict | None) -> int:
    """The storage that a capacity or a request names, in bytes."""
    text = (holder or {}).get("storage")
    return quantity.parse(str(text)).value if text is not None else 0


def told_capacity(volume: dict, known: dict | None) -> dict:
    """What a claim that is now bound says of its size; known: what it said before. Source: updateClaimStatus."""
    capacity, before = volume["spec"].get("capacity") or {}, annotations_of(volume).get(PRE_RESIZE)
    if before is not None:
        try:
            return {**(known or {}), "storage": quantity.parse(before).text}
        except quantity.QuantityError:
            return {**(known or {}), "storage": capacity["storage"]}
    return known if known and "storage" in known and size(known) == size(capacity) else capacity


def wanted(claim: dict) -> int:
    return size((claim["spec"].get("resources") or {}).get("requests"))


def has_mode(claim: dict, volume: dict) -> bool:
    return claim["spec"].get("volumeMode", "Filesystem") == volume["spec"].get("volumeMode", "Filesystem")


def has_access(claim: dict, volume: dict) -> bool:
    """The volume may be used in every way that the claim asks for."""
    modes = volume["spec"].get("accessModes") or ()
    return all(mode in modes for mode in claim["spec"].get("accessModes") or ())


def is_reachable(volume: dict, node: dict) -> bool:
    """The volume may be used on a node. Source: CheckNodeAffinity."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or any(term_matches(term, node) for term in required.get("nodeSelectorTerms") or ())


def best_match(claim: dict, volumes: list[dict], *, is_delayed: bool, node: dict | None = None, taken: tuple[str, ...] = ()) -> dict | None:
    """The volume for a claim: the one that is reserved for it, else the smallest that fits.

    node: where it will be used, None: the controller asks, which does not decide for claims that wait. taken: names to leave out.
    Source: FindMatchingVolume, pkg/controller/volume/persistentvolume/index.go.
    """
    best, asked = None, wanted(claim)
    selector = selectors.from_object(claim["spec"]["selector"]) if claim["spec"].get("selector") else None
    for volume in volumes:
        if not _may_fit(claim, volume, asked, taken):
            continue
        fits_node = node is None or is_reachable(volume, node)
        if is_of(volume, claim):
            return volume if fits_node else None
        if (node is None and is_delayed) or not fits_node or (volume.get("status") or {}).get("phase") != "Available":
            continue
        if selector is not None and not selector.matches(volume["metadata"].get("labels") or {}):
            continue
        if class_of(volume) == class_of(claim) and (best is None or _size_of(volume) < _size_of(best)):
            best = volume
    return best


def _size_of(volume: dict) -> int:
    return size(volume["spec"].get("capacity"))


def _may_fit(claim: dict, volume: dict, asked: int, taken: tuple[str, ...]) -> bool:
    """What holds for reserved volumes too."""
    meta, spec = volume["metadata"], volume["spec"]
    if meta["name"] in taken or meta.get("deletionTimestamp") or (spec.get("claimRef") is not None and not is_of(volume, claim)):
        return False
    attributes = (claim["spec"].get("volumeAttributesClassName") or "", spec.get("volumeAttributesClassName") or "")
    return _size_of(volume) >= asked and has_mode(claim, volume) and has_access(claim, volume) and attributes[0] == attributes[1]


def misfit(claim: dict, volume: dict) -> str:
    """Why a volume that a claim names cannot be its own; "" when it can. Source: checkVolumeSatisfyClaim."""
    if volume["metadata"].get("deletionTimestamp"):
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    if _size_of(volume) < wanted(claim):
        return "requested PV is too small"
    if class_of(volume) != class_of(claim):
        return "storageClassName does not match"
    if (claim["spec"].get("volumeAttributesClassName") or "") != (volume["spec"].get("volumeAttributesClassName") or ""):
        return "volumeAttributesClassName does not match"
    if not has_mode(claim, volume):
        return "incompatible volumeMode"
    return "" if has_access(claim, volume) else "incompatible accessMode"


def reserved(volume: dict, claim: dict) -> dict | None:
    """The volume bound to the claim; None where it is already. Source: GetBindVolumeToClaim."""
    meta, reference = claim["metadata"], volume["spec"].get("claimRef")
    is_mine = is_of(volume, claim)
    if is_mine and (reference or {}).get("uid") == meta["uid"]:
        return None
    bound = {
        "kind": "PersistentVolumeClaim", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"], "apiVersion": "v1",
        "resourceVersion": meta["resourceVersion"],
    }  # fmt: skip
    changed = {**volume, "spec": {**volume["spec"], "claimRef": bound}}
    return changed if is_mine else annotated(changed, **{BOUND_BY_CONTROLLER: "yes"})
