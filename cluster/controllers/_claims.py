"""Ownership: controller references, and who adopts or releases what its selector (no longer) matches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.meta import labels as selectors
from cluster.meta.objects import controller_of, key_of


def controller_reference(owner: dict, api_version: str, kind: str) -> dict:
    """The ownerReference by which an object names its controller. Source: metav1.NewControllerRef."""
    meta = owner["metadata"]
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_index(obj: dict) -> list[str]:
    """An informer's index: under its controller's uid, or under `namespace/` if it has none.

    Source: pkg/controller/controller_utils.go AddPodControllerIndexer.
    """
    reference = controller_of(obj)
    return [reference["uid"] if reference else obj["metadata"].get("namespace", "") + "/"]


def resolve(informer, namespace: str, reference: dict | None, kind: str) -> dict | None:
    """The controller that a reference means, as the informer knows it; None if it is another kind or another uid."""
    if reference is None or reference["kind"] != kind:
        return None
    found = informer.get(f"{namespace}/{reference['name']}")
    return found if found is not None and found["metadata"]["uid"] == reference["uid"] else None


def selecting(owners: list[dict], obj: dict) -> list[dict]:
    """The owners whose selector matches an orphan of their namespace."""
    meta = obj["metadata"]
    labels, namespace = meta.get("labels"), meta.get("namespace")
    if not labels:
        return []
    found = []
    for owner in owners:
        if owner["metadata"].get("namespace") == namespace:
            selector = selectors.from_object(owner["spec"].get("selector"))
            if not selector.empty and selector.matches(labels):
                found.append(owner)
    return found


def adoption_patch(owner: dict, api_version: str, kind: str, uid: str, finalizers: Sequence[str] = ()) -> dict:
    """The strategic merge patch that makes `owner` the controller of the object with `uid`, and adds finalizers."""
    added = {"finalizers": list(finalizers)} if finalizers else {}
    return {"metadata": {"ownerReferences": [controller_reference(owner, api_version, kind)], "uid": uid, **added}}


def release_patch(uid: str, owner_uids: Iterable[str]) -> dict:
    """The strategic merge patch that takes owners off the object with `uid`.

    Source: pkg/controller/controller_ref_manager.go GenerateDeleteOwnerRefStrategicMergeBytes.
    """
    return {"metadata": {"uid": uid, "ownerReferences": [{"$patch": "delete", "uid": owner} for owner in owner_uids]}}


def verdict(owner: dict, selector: dict, candidate: dict, fits: Callable[[dict], bool] | None = None) -> str:
    """What to do about a candidate: "keep", "adopt", "release" or "leave". fits: what it must fulfil beside the selector.

    Source: pkg/controller/controller_ref_manager.go ClaimObject.
    """
    meta, reference = candidate["metadata"], controller_of(candidate)
    matches = selectors.from_object(selector).matches(meta.get("labels")) and (fits is None or fits(candidate))
    deleting = "deletionTimestamp" in owner["metadata"]
    if reference is not None:
        if reference["uid"] != owner["metadata"]["uid"]:
            return "leave"
        if matches:
            return "keep"
        return "leave" if deleting else "release"
    if deleting or not matches or "deletionTimestamp" in meta:
        return "leave"
    return "adopt"


@dataclass
class Claim:
    """One owner's claim on candidates of one resource; `run` is part of a unit of work. wrote: is given what was adopted, as answered."""

    client: Any
    owner: dict
    owner_resource: str
    api_version: str
    kind: str
    selector: dict
    resource: str
    trace: Any
    finalizers: Sequence[str] = ()
    fits: Callable[[dict], bool] | None = None
    wrote: Callable[[dict], None] | None = None
    _may_adopt: str | None = None  # "" = yes, text = why not; asked once

    def run(self, candidates: Iterable[dict]) -> Iterator[Any]:
        """Adopt and release as needed; returns (claimed objects, error text)."""
        claimed, errors = [], []
        for candidate in candidates:
            todo = verdict(self.owner, self.selector, candidate, self.fits)
            if todo == "keep":
                claimed.append(candidate)
            elif todo == "adopt":
                error = yield from self._adopt(candidate)
                if error == "":
                    claimed.append(candidate)
                elif error != "NotFound":
                    errors.append(error)
            elif todo == "release":
                error = yield from self._release(candidate)
                errors += [error] if error else []
        return claimed, errors[0] if errors else ""

    def _adopt(self, candidate: dict) -> Iterator[Any]:
        if self._may_adopt is None:
            self._may_adopt = yield from self._recheck()
        if self._may_adopt:
            return self._may_adopt
        meta = candidate["metadata"]
        patch = adoption_patch(self.owner, self.api_version, self.kind, meta["uid"], self.finalizers)
        self._note("ObjectAdopted", candidate)
        reply = yield self.client.patch(self.resource, meta["name"], patch, namespace=meta.get("namespace", ""))
        if reply.ok and self.wrote:
            self.wrote(reply.body)
        return "" if reply.ok else "NotFound" if reply.code == 404 else reply.message or "adoption failed"

    def _note(self, fact: str, candidate: dict) -> None:
        self.trace(fact, f"{self.resource}/{key_of(candidate)}", owner=key_of(self.owner), owner_kind=self.kind)

    def _recheck(self) -> Iterator[Any]:
        """A live look at the owner before the first adoption. Source: RecheckDeletionTimestamp."""
        meta = self.owner["metadata"]
        reply = yield self.client.get(self.owner_resource, meta["name"], meta.get("namespace", ""))
        if not reply.ok:
            return f"can't recheck DeletionTimestamp: {reply.message}"
        fresh = reply.body["metadata"]
        if fresh["uid"] != meta["uid"]:
            return f"original {self.kind} {key_of(self.owner)} is gone"
        return f"{key_of(self.owner)} has just been deleted" if "deletionTimestamp" in fresh else ""

    def _release(self, candidate: dict) -> Iterator[Any]:
        meta = candidate["metadata"]
        patch = release_patch(meta["uid"], [self.owner["metadata"]["uid"]])
        self._note("ObjectReleased", candidate)
        reply = yield self.client.patch(self.resource, meta["name"], patch, namespace=meta.get("namespace", ""))
        return "" if reply.ok or reply.code in (404, 422) else reply.message or "release failed"
