"""Creating, mending and deleting a StatefulSet's Pods, with their claims and the Events that tell of it.

Source: pkg/controller/statefulset/stateful_pod_control.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.engine import Sleep
from cluster.meta.objects import key_of

from . import _statefulset_claims as retention
from . import _statefulset_identity as identity

CONFLICT_WAITS_MS = (0, 10, 50, 250)  # retry.DefaultBackoff
CONFLICTING = ("PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a manging controller, "
               "the retention policy is ignored for this claim")


class StatefulPods:
    """Parts of a unit of work; each returns an error text, "" if all went well."""

    def __init__(self, controller):
        self.controller, self.client = controller, controller.client

    def create(self, stateful_set: dict, pod: dict) -> Iterator[Any]:
        """The claims first, then the Pod. Source: CreateStatefulPod."""
        error = yield from self._create_claims(stateful_set, pod)
        if error:
            self._tell("create", stateful_set, pod, error)
            return error
        reply = yield self.client.create("pods", pod)
        self._wrote(stateful_set, "pods", reply)
        if reply.reason == "AlreadyExists":
            return reply.message
        error = yield from self.update_retention(stateful_set, pod)
        if error:
            self._tell("update", stateful_set, pod, error)
            return error
        error = "" if reply.ok else reply.message or "create failed"
        self._tell("create", stateful_set, pod, error)
        return error

    def delete(self, stateful_set: dict, pod: dict) -> Iterator[Any]:
        """A Pod that is gone already counts as deleted. Source: DeleteStatefulPod."""
        meta = pod["metadata"]
        reply = yield self.client.delete("pods", meta["name"], meta["namespace"])
        error = "" if reply.ok or reply.code == 404 else reply.message or "delete failed"
        self._tell("delete", stateful_set, pod, error)
        return error

    def update(self, stateful_set: dict, pod: dict) -> Iterator[Any]:
        """Give a Pod its labels, volumes and claims back. Source: UpdateStatefulPod."""
        attempted, error = False, ""
        for wait_ms in CONFLICT_WAITS_MS:
            if wait_ms:
                yield Sleep(wait_ms)
            changed, is_consistent, error = yield from self._conform(stateful_set, pod)
            if error or is_consistent:
                break
            attempted = True
            reply = yield self.client.update("pods", changed)
            self._wrote(stateful_set, "pods", reply)
            error = "" if reply.ok else reply.message or "update failed"
            if reply.code != 409:
                break
            pod = self.controller.pods.get(key_of(pod)) or pod
        if attempted:
            self._tell("update", stateful_set, pod, error)
        return error

    def _conform(self, stateful_set: dict, pod: dict) -> Iterator[Any]:
        """(the Pod as it should be, whether it and its claims are so already, error)."""
        is_consistent = True
        if not identity.identity_matches(stateful_set, pod):
            pod, is_consistent = identity.with_identity(pod), False
        error = ""
        if not identity.storage_matches(stateful_set, pod):
            pod, is_consistent = identity.with_storage(stateful_set, pod), False
            error = yield from self._create_claims(stateful_set, pod)
        if not error and not self.retention_matches(stateful_set, pod):
            is_consistent = False
            error = yield from self.update_retention(stateful_set, pod)
        if error:
            self._tell("update", stateful_set, pod, error)
        return pod, is_consistent, error

    # -- claims -----------------------------------------------------------------------------------------------------

    def create_missing_claims(self, stateful_set: dict, pod: dict) -> Iterator[Any]:
        """Source: createMissingPersistentVolumeClaims."""
        error = yield from self._create_claims(stateful_set, pod)
        if error:
            return error
        error = yield from self.update_retention(stateful_set, pod)
        if error:
            self._tell("update", stateful_set, pod, error)
        return error

    def _create_claims(self, stateful_set: dict, pod: dict) -> Iterator[Any]:
        """Source: createPersistentVolumeClaims."""
        errors = []
        for claim in identity.claims(stateful_set, identity.ordinal(pod)):
            name = claim["metadata"]["name"]
            found = self.controller.claims.get(key_of(claim))
            if found is not None:
                if "deletionTimestamp" in found["metadata"]:
                    errors.append(f"pvc {name} is being deleted")
                continue
            reply = yield self.client.create("persistentvolumeclaims", claim)
            self._wrote(stateful_set, "persistentvolumeclaims", reply)
            if not reply.ok:
                errors.append(f"failed to create PVC {name}: {reply.message}")
            if reply.reason != "AlreadyExists":
                self._tell_claim(stateful_set, pod, name, "" if reply.ok else reply.message)
        return errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]" if errors else ""

    def _known_claims(self, stateful_set: dict, pod: dict) -> list[dict]:
        """The claims of a Pod's place that are there."""
        namespace = stateful_set["metadata"]["namespace"]
        names = identity.claim_names(stateful_set, identity.ordinal(pod)).values()
        found = (self.controller.claims.get(f"{namespace}/{name}") for name in names)
        return [claim for claim in found if claim is not None]

    def retention_matches(self, stateful_set: dict, pod: dict) -> bool:
        """Whether the claims belong to whom the policy says. Source: ClaimsMatchRetentionPolicy."""
        return all(retention.is_up_to_date(claim, stateful_set, pod) for claim in self._known_claims(stateful_set, pod))

    def has_stale_claim(self, stateful_set: dict, pod: dict) -> bool:
        """Whether a claim is going with an earlier Pod of that name. Source: PodClaimIsStale."""
        if retention.policy(stateful_set)[0] == retention.RETAIN:
            return False
        return any(retention.is_stale(claim, pod) for claim in self._known_claims(stateful_set, pod))

    def update_retention(self, stateful_set: dict, pod: dict) -> Iterator[Any]:
        """Give the claims to whom the policy says. Source: UpdatePodClaimForRetentionPolicy."""
        for claim in self._known_claims(stateful_set, pod):
            name = claim["metadata"]["name"]
            if retention.has_unexpected_controller(claim, stateful_set, pod):
                self.controller.recorder.event(stateful_set, "Warning", "ConflictingController", CONFLICTING.format(name))
            if retention.is_up_to_date(claim, stateful_set, pod):
                continue
            reply = yield self.client.update("persistentvolumeclaims", retention.with_owners(claim, stateful_set, pod))
            self._wrote(stateful_set, "persistentvolumeclaims", reply)
            if not reply.ok:
                return f"could not update claim {name} for delete policy ownerRefs: {reply.message}"
        return ""

    # -- words ------------------------------------------------------------------------------------------------------

    def _wrote(self, stateful_set: dict, resource: str, reply) -> None:
        if reply.ok:
            self.controller.state.writes.wrote(key_of(stateful_set), resource, reply.body)

    def _tell(self, verb: str, stateful_set: dict, pod: dict, error: str) -> None:
        """Source: recordPodEvent."""
        said = f"{verb.capitalize()} Pod {pod['metadata']['name']} in StatefulSet {stateful_set['metadata']['name']}"
        self._event(verb, stateful_set, f"{said} failed error: {error}" if error else f"{said} successful", error)

    def _tell_claim(self, stateful_set: dict, pod: dict, claim: str, error: str) -> None:
        """Source: recordClaimEvent."""
        of_pod, of_set = pod["metadata"]["name"], stateful_set["metadata"]["name"]
        if error:
            said = f"Create Claim {claim} for Pod {of_pod} in StatefulSet {of_set} failed error: {error}"
        else:
            said = f"Create Claim {claim} Pod {of_pod} in StatefulSet {of_set} success"
        self._event("create", stateful_set, said, error)

    def _event(self, verb: str, stateful_set: dict, message: str, error: str) -> None:
        outcome = ("Warning", "Failed") if error else ("Normal", "Successful")
        self.controller.recorder.event(stateful_set, outcome[0], outcome[1] + verb.capitalize(), message)
