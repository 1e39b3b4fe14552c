"""A DaemonSet's revisions: the one of its template as it is, and the former ones.

Source: pkg/controller/daemon/update.go constructHistory, dedupCurHistories, snapshot, cleanupHistory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.meta.objects import key_of

from . import _history as history
from ._claims import Claim, controller_reference
from ._revisions import template_hash
from ._rollout import SyncError, checked


class DaemonHistory:
    """Parts of a unit of work about one DaemonSet; each raises SyncError where a request is refused."""

    def __init__(self, controller, daemon_set: dict):
        self.controller, self.client, self.daemon_set = controller, controller.client, daemon_set
        self.patch = history.template_patch(daemon_set)

    def construct(self) -> Iterator[Any]:
        """(the current revision, the old ones)."""
        current, old = [], []
        for found in (yield from self._claim()):
            revision = yield from self._labelled(found)
            (current if revision.get("data") == self.patch else old).append(revision)
        number = max(map(history.number, old), default=0) + 1
        if not current:
            return (yield from self._snapshot(number)), old
        kept = yield from self._keep_one(current)
        if history.number(kept) < number:
            checked((yield self.client.update(history.RESOURCE, {**kept, "revision": number})))
        return kept, old

    def claim_of(self, resource: str) -> Claim:
        """The DaemonSet's claim on Pods or revisions."""
        return Claim(client=self.client, owner=self.daemon_set, owner_resource="daemonsets", api_version="apps/v1", kind="DaemonSet",
                     selector=self.daemon_set["spec"]["selector"], resource=resource, trace=self.controller.trace)

    def _claim(self) -> Iterator[Any]:
        known = history.owned_or_free(self.controller.revisions, self.daemon_set)
        claimed, error = yield from self.claim_of(history.RESOURCE).run(known)
        if error:
            raise SyncError(error)
        return claimed

    def _labelled(self, revision: dict) -> Iterator[Any]:
        """A revision without the label that its Pods carry gets it."""
        meta = revision["metadata"]
        labels = meta.get("labels") or {}
        if history.POD_LABEL in labels:
            return revision
        labelled = {**revision, "metadata": {**meta, "labels": {**labels, history.POD_LABEL: meta["name"]}}}
        return checked((yield self.client.update(history.RESOURCE, labelled)))

    def _keep_one(self, current: list[dict]) -> Iterator[Any]:
        """Of revisions that say the same the newest stays, and gets the Pods of the others."""
        kept = max(reversed(current), key=history.number)
        if len(current) == 1:
            return kept
        digest = digest_of(kept)
        for pod in (yield from self.pods()):
            meta = pod["metadata"]
            if (meta.get("labels") or {}).get(history.POD_LABEL) != digest:
                patch = {"metadata": {"labels": {history.POD_LABEL: digest}}}
                checked((yield self.client.patch("pods", meta["name"], patch, namespace=meta["namespace"], patch_type="merge")))
        for revision in current:
            if revision is not kept:
                yield from self.controller.history.delete(revision)
        return kept

    def pods(self) -> Iterator[Any]:
        """The Pods of the DaemonSet, adopting and releasing. Source: getDaemonPods."""
        meta = self.daemon_set["metadata"]
        known = self.controller.pods.by("controller", meta["uid"]) + self.controller.pods.by("controller", meta["namespace"] + "/")
        claim = self.claim_of("pods")
        claim.wrote = lambda pod: self.controller.state.writes.wrote(key_of(self.daemon_set), "pods", pod)
        pods, error = yield from claim.run(known)
        if error:
            raise SyncError(error)
        return pods

    def _snapshot(self, number: int) -> Iterator[Any]:
        """The revision of a template that has none yet."""
        meta, template = self.daemon_set["metadata"], self.daemon_set["spec"]["template"]
        digest = template_hash(template, (self.daemon_set.get("status") or {}).get("collisionCount"))
        revision = history.new(self.daemon_set, controller_reference(self.daemon_set, "apps/v1", "DaemonSet"), number)
        labels = {**revision["metadata"]["labels"], history.POD_LABEL: digest}
        revision = {**revision, "metadata": {"name": f"{meta['name']}-{digest}", **revision["metadata"], "labels": labels}}
        self.controller.history.note("RevisionRecorded", revision, owner=key_of(self.daemon_set))
        reply = yield self.client.create(history.RESOURCE, revision)
        if reply.reason != "AlreadyExists":
            return checked(reply)
        found = checked((yield self.client.get(history.RESOURCE, revision["metadata"]["name"], meta["namespace"])))
        if found.get("data") == self.patch:
            return found
        yield from self._count_collision()
        raise SyncError(reply.message)

    def _count_collision(self) -> Iterator[Any]:
        """Two templates have one hash: the next try mixes a number in."""
        meta = self.daemon_set["metadata"]
        fresh = checked((yield self.client.get("daemonsets", meta["name"], meta["namespace"])))
        known, stored = ((one.get("status") or {}).get("collisionCount") for one in (self.daemon_set, fresh))
        if known == stored:
            status = {**(fresh.get("status") or {}), "collisionCount": (stored or 0) + 1}
            checked((yield self.client.update("daemonsets", {**fresh, "status": status}, subresource="status")))

    def clean_up(self, old: list[dict], pods: list[dict]) -> Iterator[Any]:
        """Delete the oldest revisions that no Pod is of, until no more than the limit are left. Source: cleanupHistory."""
        excess = len(old) - self.daemon_set["spec"]["revisionHistoryLimit"]
        if excess <= 0:
            return
        live = {(pod["metadata"].get("labels") or {}).get(history.POD_LABEL): True for pod in pods}
        dead = [one for one in sorted(old, key=history.number) if digest_of(one) not in live]
        for revision in dead[:excess]:
            yield from self.controller.history.delete(revision)


def digest_of(revision: dict) -> str:
    """The label that the Pods of a revision carry."""
    return (revision["metadata"].get("labels") or {}).get(history.POD_LABEL, "")
