"""A Deployment's revisions: the template's hash, and what the annotations of its ReplicaSets remember.

Source: pkg/controller/deployment/util/deployment_util.go, pkg/controller/controller_utils.go ComputeHash.
"""

from __future__ import annotations

import json

from cluster.meta.gotext import atoi
from cluster.meta.objects import controller_of

from . import _deployment_math as math

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
ROLLBACK_TO = "deprecated.deployment.rollback.to"
NOT_COPIED = (LAST_APPLIED, REVISION, HISTORY, math.DESIRED, math.MAXIMUM, ROLLBACK_TO)
HASH_LABEL = "pod-template-hash"
SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
HISTORY_LIMIT = 2000
NAME_LIMIT = 253


def template_hash(template: dict, collisions: int | None) -> str:
    """A short name for a Pod template.

    Simplified: upstream hashes Go's dump of the struct, this its JSON; FNV-1a 32 and the letters are the same.
    """
    value = 2166136261
    text = json.dumps(template, sort_keys=True, separators=(",", ":")).encode()
    tail = b"" if collisions is None else collisions.to_bytes(8, "little")
    for byte in text + tail:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return "".join(SAFE_LETTERS[ord(digit) % len(SAFE_LETTERS)] for digit in str(value))


def replica_set_name(deployment_name: str, digest: str) -> str:
    """`name-hash`, cut to the limit of a name. Source: sync.go generateReplicaSetName."""
    return f"{deployment_name[: NAME_LIMIT - 1 - len(digest)]}-{digest}"


def same_template(a: dict, b: dict) -> bool:
    """Whether two Pod templates are equal but for the hash label. Source: EqualIgnoreHash."""
    if a.get("spec") != b.get("spec") and _pruned(a.get("spec")) != _pruned(b.get("spec")):
        return False
    mine, other = _without_hash(a.get("metadata") or {}), _without_hash(b.get("metadata") or {})
    return mine == other or _pruned(mine) == _pruned(other)


def _without_hash(meta: dict) -> dict:
    labels = {name: value for name, value in (meta.get("labels") or {}).items() if name != HASH_LABEL}
    return {**meta, "labels": labels}


def _pruned(value):
    """Without nulls and empty maps and lists, which mean the same as nothing."""
    if isinstance(value, dict):
        pairs = ((key, _pruned(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not None and item != {} and item != []}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def find_new(deployment: dict, replica_sets: list[dict]) -> dict | None:
    """The oldest ReplicaSet with the Deployment's template. Source: FindNewReplicaSet."""
    template = deployment["spec"]["template"]
    for replica_set in math.oldest_first(replica_sets):
        if same_template(replica_set["spec"]["template"], template):
            return replica_set
    return None


def split(deployment: dict, replica_sets: list[dict]) -> tuple[dict | None, list[dict]]:
    """(the new ReplicaSet or None, all others)."""
    new = find_new(deployment, replica_sets)
    uid = new["metadata"]["uid"] if new else None
    return new, [item for item in math.oldest_first(replica_sets) if item["metadata"]["uid"] != uid]


def revision(obj: dict) -> int:
    """The revision in the annotation, 0 if there is none."""
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "")
    return atoi(text) or 0


def next_revision(old_sets: list[dict]) -> int:
    """One above the highest of the old ReplicaSets."""
    return max((revision(item) for item in old_sets), default=0) + 1


def annotations_for(deployment: dict, annotations: dict, new_revision: int, *, exists: bool) -> dict:
    """What the new ReplicaSet's annotations should be; equal to `annotations` if nothing changes.

    Source: SetNewReplicaSetAnnotations.
    """
    result = dict(annotations)
    for name, value in (deployment["metadata"].get("annotations") or {}).items():
        if name not in NOT_COPIED:
            result[name] = value
    old = annotations.get(REVISION, "")
    before = atoi(old or "0")
    if before is None:
        return result
    if before < new_revision:
        result[REVISION] = str(new_revision)
        if REVISION in annotations:
            result = _remember(result, old)
    return result if exists else {**result, **size_annotations(deployment)}


def _remember(annotations: dict, old: str) -> dict:
    """Rolled back to: the revision that it had before goes into its history, cut to 2,000 characters."""
    before = [item for item in annotations.get(HISTORY, "").split(",") if item]
    if not before:
        return {**annotations, HISTORY: old}
    length, start = len(annotations[HISTORY]) + len(old) + 1, 0
    while length > HISTORY_LIMIT and start < len(before):
        length -= len(before[start]) + 1
        start += 1
    if length > HISTORY_LIMIT:
        return annotations
    return {**annotations, HISTORY: ",".join([*before[start:], old])}


def size_annotations(deployment: dict) -> dict:
    """The desired and largest size, noted on each ReplicaSet that is scaled."""
    desired = math.replicas(deployment)
    return {math.DESIRED: str(desired), math.MAXIMUM: str(desired + math.max_surge(deployment))}


def with_annotations(obj: dict, annotations: dict) -> dict:
    """The object with these annotations."""
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def is_owned_by(obj: dict, owner: dict) -> bool:
    """Whether `owner` is the controller of the object."""
    reference = controller_of(obj)
    return reference is not None and reference["uid"] == owner["metadata"]["uid"]


def new_replica_set(deployment: dict, new_revision: int, reference: dict) -> dict:
    """The ReplicaSet for the Deployment's template, still without a size. Source: sync.go getNewReplicaSet."""
    spec, meta = deployment["spec"], deployment["metadata"]
    template = spec["template"]
    digest = template_hash(template, (deployment.get("status") or {}).get("collisionCount"))
    labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH_LABEL: digest}
    selector = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), HASH_LABEL: digest}}
    body = {
        "replicas": 0,
        "selector": selector,
        "template": {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}},
    }
    if spec.get("minReadySeconds"):
        body["minReadySeconds"] = spec["minReadySeconds"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": replica_set_name(meta["name"], digest),
            "namespace": meta["namespace"],
            "labels": labels,
            "annotations": annotations_for(deployment, {}, new_revision, exists=False),
            "ownerReferences": [reference],
        },
        "spec": body,
    }
