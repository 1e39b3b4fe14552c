"""Who is who in a StatefulSet: ordinals, names, labels, volumes, and the Pod that belongs to an ordinal.

Source: pkg/controller/statefulset/stateful_set_utils.go.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cluster.meta.gotext import atoi

from . import _pods
from ._claims import controller_reference
from ._history import POD_LABEL
from ._pod_control import pod_from_template

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
LARGEST_ORDINAL = 2**31 - 1
NO_ORDINAL = -1
_parts = re.compile(r"(.*)-([0-9]+)\Z", re.ASCII).match


@lru_cache(maxsize=4096)
def parent_and_ordinal(name: str) -> tuple[str, int]:
    """`web-2` as ("web", 2); ("", -1) where a name has no such form. Source: getParentNameAndOrdinal."""
    found = _parts(name)
    if found is None:
        return "", NO_ORDINAL
    ordinal = atoi(found[2])
    return found[1], NO_ORDINAL if ordinal is None or ordinal > LARGEST_ORDINAL else ordinal


def ordinal(pod: dict) -> int:
    """A Pod's place in its set, -1 if its name tells none."""
    return parent_and_ordinal(pod["metadata"]["name"])[1]


def first_ordinal(stateful_set: dict) -> int:
    """spec.ordinals.start."""
    return (stateful_set["spec"].get("ordinals") or {}).get("start") or 0


def ordinals(stateful_set: dict) -> range:
    """The places that are to be taken."""
    first = first_ordinal(stateful_set)
    return range(first, first + stateful_set["spec"]["replicas"])


def is_member(stateful_set: dict, pod: dict) -> bool:
    """Whether a Pod's name is one of this set's. Source: isMemberOf."""
    return parent_and_ordinal(pod["metadata"]["name"])[0] == stateful_set["metadata"]["name"]


def revision_of(pod: dict) -> str:
    """The name of the revision that a Pod was made from."""
    return (pod["metadata"].get("labels") or {}).get(POD_LABEL, "")


def identity_matches(stateful_set: dict, pod: dict) -> bool:
    """Whether name and label say who the Pod is. Source: identityMatches."""
    meta = pod["metadata"]
    return is_member(stateful_set, pod) and ordinal(pod) >= 0 and (meta.get("labels") or {}).get(POD_NAME) == meta["name"]


def with_identity(pod: dict) -> dict:
    """The Pod with the labels that say who it is. Source: updateIdentity."""
    meta = pod["metadata"]
    labels = {**(meta.get("labels") or {}), POD_NAME: meta["name"], POD_INDEX: str(ordinal(pod))}
    return {**pod, "metadata": {**meta, "labels": labels}}


def claim_names(stateful_set: dict, place: int) -> dict[str, str]:
    """By the template's name, the claim of a place: `data` → `data-web-0`. Source: getPersistentVolumeClaimName."""
    name = stateful_set["metadata"]["name"]
    templates = stateful_set["spec"].get("volumeClaimTemplates") or ()
    return {one["metadata"]["name"]: f"{one['metadata']['name']}-{name}-{place}" for one in templates}


def claims(stateful_set: dict, place: int) -> list[dict]:
    """The claims of a place, to be created; labelled as the selector wants it. Source: getPersistentVolumeClaims."""
    spec, found = stateful_set["spec"], []
    chosen = (spec.get("selector") or {}).get("matchLabels") or {}
    names = claim_names(stateful_set, place)
    for template in spec.get("volumeClaimTemplates") or ():
        meta = template["metadata"]
        labels = {**(meta.get("labels") or {}), **chosen}
        made = {**meta, "name": names[meta["name"]], "namespace": stateful_set["metadata"]["namespace"]}
        found.append({**template, "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {**made, "labels": labels} if labels else made})
    return found


def storage_matches(stateful_set: dict, pod: dict) -> bool:
    """Whether a Pod's volumes are the claims of its place. Source: storageMatches."""
    place = ordinal(pod)
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    return place >= 0 and all(
        ((volumes.get(name) or {}).get("persistentVolumeClaim") or {}).get("claimName") == claim
        for name, claim in claim_names(stateful_set, place).items()
    )


def with_storage(stateful_set: dict, pod: dict) -> dict:
    """The Pod with the claims of its place as volumes, before or in the place of its own. Source: updateStorage."""
    names = claim_names(stateful_set, ordinal(pod))
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": claim}} for name, claim in names.items()]
    volumes += [volume for volume in pod["spec"].get("volumes") or () if volume["name"] not in names]
    return {**pod, "spec": {**pod["spec"], "volumes": volumes}} if volumes else pod


def new_pod(stateful_set: dict, place: int, revision: str) -> dict:
    """The Pod of a place. Source: newStatefulSetPod, initIdentity, setPodRevision."""
    reference = controller_reference(stateful_set, "apps/v1", "StatefulSet")
    pod = pod_from_template(stateful_set, reference, stateful_set["spec"]["template"])
    name = f"{stateful_set['metadata']['name']}-{place}"
    labels = {**(pod["metadata"].get("labels") or {}), POD_LABEL: revision}
    spec = {**pod["spec"], "hostname": name}
    if stateful_set["spec"].get("serviceName"):
        spec["subdomain"] = stateful_set["spec"]["serviceName"]
    else:
        spec.pop("subdomain", None)
    named = {**pod, "metadata": {**pod["metadata"], "name": name, "labels": labels}, "spec": spec}
    return with_storage(stateful_set, with_identity(named))


def is_created(pod: dict) -> bool:
    """Whether the API server has the Pod; one that is only meant has no phase."""
    return _pods.phase(pod) != ""


def is_terminating(pod: dict) -> bool:
    """Being deleted."""
    return "deletionTimestamp" in pod["metadata"]


def is_running_and_ready(pod: dict) -> bool:
    """Source: isRunningAndReady."""
    return _pods.phase(pod) == "Running" and _pods.is_ready(pod)


def is_unavailable(pod: dict, wait_s: int, now_unix_ms: int) -> bool:
    """Source: isUnavailable."""
    return is_terminating(pod) or not _pods.is_available(pod, wait_s, now_unix_ms)
