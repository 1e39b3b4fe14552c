"""ControllerRevisions: the earlier templates of a StatefulSet or DaemonSet, each kept as a patch that brings it back.

Source: pkg/controller/history/controller_history.go; getPatch of pkg/controller/statefulset/stateful_set_utils.go and
pkg/controller/daemon/update.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cluster.engine import Sleep
from cluster.meta.objects import controller_of, key_of

from ._revisions import SAFE_LETTERS
from ._rollout import SyncError, checked

RESOURCE = "controllerrevisions"
HASH_LABEL = "controller.kubernetes.io/hash"
POD_LABEL = "controller-revision-hash"
PREFIX_LIMIT = 223
CONFLICT_WAITS_MS = (0, 10, 50, 250)  # retry.DefaultBackoff


def template_patch(owner: dict) -> dict:
    """What a revision holds: a strategic merge patch that puts the template in the place of another. Source: getPatch."""
    template = {**owner["spec"]["template"], "$patch": "replace"}
    return json.loads(json.dumps({"spec": {"template": template}}, sort_keys=True))


def restored(owner: dict, revision: dict) -> dict:
    """The owner with the template of a revision. Source: ApplyRevision."""
    template = ((revision.get("data") or {}).get("spec") or {}).get("template")
    if template is None:
        return owner
    template = {name: value for name, value in template.items() if name != "$patch"}
    return {**owner, "spec": {**owner["spec"], "template": template}}


def raw(data: dict) -> bytes:
    """A patch as Go's encoding/json writes it: sorted, without spaces, safe inside HTML."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for letter in "&<>\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text.encode()


def digest(data: dict, collisions: int) -> str:
    """The hash of a patch: FNV-1 of 32 bits in letters that make no words. Source: HashControllerRevision."""
    value = 2166136261
    for byte in raw(data) + str(collisions).encode():
        value = (value * 16777619 & 0xFFFFFFFF) ^ byte
    return "".join(SAFE_LETTERS[ord(digit) % len(SAFE_LETTERS)] for digit in str(value))


def name_of(owner_name: str, hashed: str) -> str:
    """Source: ControllerRevisionName."""
    return f"{owner_name[:PREFIX_LIMIT]}-{hashed}"


def ordered(revisions: list[dict]) -> list[dict]:
    """By number, then by age, then by name. Source: byRevision."""
    return sorted(revisions, key=lambda one: (number(one), one["metadata"].get("creationTimestamp", ""), one["metadata"]["name"]))


def number(revision: dict) -> int:
    """The revision's number."""
    return revision.get("revision") or 0


def next_number(revisions: list[dict]) -> int:
    """One more than the last of an ordered list. Source: nextRevision."""
    return number(revisions[-1]) + 1 if revisions else 1


def equal(one: dict, other: dict) -> bool:
    """Whether two revisions hold the same. Source: EqualRevision."""
    return one.get("data") == other.get("data")


def new(owner: dict, reference: dict, revision: int) -> dict:
    """The revision of an owner's template as it is now, still without a name. Source: NewControllerRevision, newRevision."""
    meta = owner["metadata"]
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "namespace": meta["namespace"],
            "labels": dict(labels),
            **({"annotations": dict(meta["annotations"])} if meta.get("annotations") else {}),
            "ownerReferences": [reference],
        },
        "data": template_patch(owner),
        "revision": revision,
    }


class History:
    """The requests about revisions, as parts of a unit of work; each raises SyncError where it is refused."""

    def __init__(self, controller, informer):
        self.controller, self.client, self.informer = controller, controller.client, informer

    def create(self, owner: dict, revision: dict, collisions: int) -> Iterator[Any]:
        """POST it, under another name as long as its name is another template's; (the revision, collisions)."""
        meta = revision["metadata"]
        labels = {**meta["labels"], HASH_LABEL: digest(revision["data"], collisions)}
        while True:
            name = name_of(owner["metadata"]["name"], digest(revision["data"], collisions))
            body = {**revision, "metadata": {"name": name, **meta, "labels": labels}}
            self.note("RevisionRecorded", body, owner=key_of(owner))
            reply = yield self.client.create(RESOURCE, body)
            if reply.reason != "AlreadyExists":
                return checked(reply), collisions
            found = checked((yield self.client.get(RESOURCE, name, body["metadata"]["namespace"])))
            if equal(found, revision):
                return found, collisions
            collisions += 1

    def renumber(self, revision: dict, to: int) -> Iterator[Any]:
        """PUT another number on it: what was rolled back to becomes the newest. Source: UpdateControllerRevision."""
        for wait_ms in CONFLICT_WAITS_MS:
            if wait_ms:
                yield Sleep(wait_ms)
            if number(revision) == to:
                return revision
            reply = yield self.client.update(RESOURCE, {**revision, "revision": to})
            if reply.code != 409:
                return checked(reply)
            revision = self.informer.get(key_of(revision)) or revision
        raise SyncError(reply.message)

    def delete(self, revision: dict) -> Iterator[Any]:
        """DELETE it: the history keeps no more."""
        meta = revision["metadata"]
        self.note("RevisionForgotten", revision)
        checked((yield self.client.delete(RESOURCE, meta["name"], meta["namespace"])))

    def note(self, fact: str, revision: dict, **data) -> None:
        self.controller.trace(fact, f"{RESOURCE}/{key_of(revision)}", revision=number(revision), **data)


def owned_or_free(informer, owner: dict) -> list[dict]:
    """The revisions that an owner controls, and those of its namespace that nobody does."""
    meta = owner["metadata"]
    return informer.by("controller", meta["uid"]) + informer.by("controller", meta["namespace"] + "/")


def is_free(revision: dict) -> bool:
    """Whether it has no controller."""
    return controller_of(revision) is None
