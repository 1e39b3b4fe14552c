"""Whose a StatefulSet's claims are: the retention policy, kept as ownerReferences on each PersistentVolumeClaim.

Source: pkg/controller/statefulset/stateful_set_utils.go.
"""

from __future__ import annotations

from cluster.meta.objects import owner_uids

from ._claims import controller_reference
from ._statefulset_identity import ordinal, ordinals

RETAIN, DELETE = "Retain", "Delete"


def policy(stateful_set: dict) -> tuple[str, str]:
    """(whenScaled, whenDeleted). Source: getPersistentVolumeClaimRetentionPolicy."""
    found = stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return found.get("whenScaled") or RETAIN, found.get("whenDeleted") or RETAIN


def _references(obj: dict) -> list[dict]:
    return obj["metadata"].get("ownerReferences") or []


def _names(reference: dict, owner: dict, api_version: str, kind: str) -> bool:
    """Whether a reference has an owner's kind and name, whatever its uid. Source: matchesRef."""
    return (reference["apiVersion"], reference["kind"], reference["name"]) == (api_version, kind, owner["metadata"]["name"])


def _names_set(reference: dict, stateful_set: dict) -> bool:
    return _names(reference, stateful_set, "apps/v1", "StatefulSet")


def names_pod(reference: dict, pod: dict) -> bool:
    """Whether a reference names a Pod, or one that had its name."""
    return _names(reference, pod, "v1", "Pod")


def _uid(owner: dict) -> str:
    return owner["metadata"].get("uid", "")


def _is_owned_by(claim: dict, owner: dict) -> bool:
    return _uid(owner) in owner_uids(claim)


def is_stale(claim: dict, pod: dict) -> bool:
    """Whether it is owned by an earlier Pod of that name. Source: hasStaleOwnerRef."""
    first = next((one for one in _references(claim) if names_pod(one, pod)), None)
    return first is not None and first["uid"] != _uid(pod)


def _is_stale_of_set(claim: dict, stateful_set: dict) -> bool:
    first = next((one for one in _references(claim) if _names_set(one, stateful_set)), None)
    return first is not None and first["uid"] != _uid(stateful_set)


def has_unexpected_controller(claim: dict, stateful_set: dict, pod: dict) -> bool:
    """Whether somebody else manages the claim, where a policy would have the set or the Pod do so."""
    if policy(stateful_set) == (RETAIN, RETAIN):
        return False
    for reference in _references(claim):
        if _names_set(reference, stateful_set):
            if reference["uid"] != _uid(stateful_set):
                return True
        elif names_pod(reference, pod):
            if reference["uid"] != _uid(pod):
                return True
        elif reference.get("controller"):
            return True
    return False


def _has_owner_without_control(claim: dict, stateful_set: dict, pod: dict) -> bool:
    ours = (_uid(stateful_set), _uid(pod))
    return any(one["uid"] in ours and not one.get("controller") for one in _references(claim))


def wanted_owners(stateful_set: dict, pod: dict) -> tuple[bool, bool]:
    """(whether the set is to own the claim, whether the Pod is)."""
    scaled, deleted = policy(stateful_set)
    is_condemned = ordinal(pod) not in ordinals(stateful_set)
    by_pod = scaled == DELETE and is_condemned
    return deleted == DELETE and not by_pod, by_pod


def is_up_to_date(claim: dict, stateful_set: dict, pod: dict) -> bool:
    """Whether its owners are as the policy has it, or not ours to touch. Source: isClaimOwnerUpToDate."""
    if _is_stale_of_set(claim, stateful_set) or is_stale(claim, pod):
        return True
    owned = (_is_owned_by(claim, stateful_set), _is_owned_by(claim, pod))
    if has_unexpected_controller(claim, stateful_set, pod):
        return not any(owned)
    if _has_owner_without_control(claim, stateful_set, pod):
        return False
    return owned == wanted_owners(stateful_set, pod)


def with_owners(claim: dict, stateful_set: dict, pod: dict) -> dict:
    """The claim with the owners that the policy wants. Source: updateClaimOwnerRefForSetAndPod."""
    kept = [one for one in _references(claim) if not _names_set(one, stateful_set) and not names_pod(one, pod)]
    if not has_unexpected_controller(claim, stateful_set, pod):
        by_set, by_pod = wanted_owners(stateful_set, pod)
        uids = [one["uid"] for one in kept]
        if by_pod and _uid(pod) not in uids:
            kept.append(controller_reference(pod, "v1", "Pod"))
        if by_set and _uid(stateful_set) not in uids:
            kept.append(controller_reference(stateful_set, "apps/v1", "StatefulSet"))
    meta = {name: value for name, value in claim["metadata"].items() if name != "ownerReferences"}
    return {**claim, "metadata": {**meta, "ownerReferences": kept} if kept else meta}
