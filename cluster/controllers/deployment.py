"""deployment-controller: rolls a Deployment's template out over ReplicaSets, one revision each.

Source: pkg/controller/deployment/deployment_controller.go. What one look does is in _rollout.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.meta.objects import controller_of, key_of

from . import _deployment_math as math
from . import _deployment_rollback as rollback
from ._claims import Claim, controller_index, resolve, selecting
from ._rollout import Rollout, SyncError

MAX_RETRIES = 15


class DeploymentController(Controller):
    """Its keys are Deployments; it creates and scales ReplicaSets and never touches a Pod."""

    NAME = "deployment-controller"
    RESOURCE = "deployments"

    def setup(self) -> None:
        self.recorder = self.attach("recorder", Recorder(self, self.client, component=self.NAME))

    def watch(self, informers) -> None:
        self.deployments = informers.watch("deployments")
        self.replica_sets = informers.watch("replicasets", indexes={"controller": controller_index})
        self.pods = informers.watch("pods", indexes={"controller": controller_index})
        self.deployments.on(self.on_deployment)
        self.replica_sets.on(self.on_replica_set)
        self.pods.on(self.on_pod, report=None)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_deployment(self, kind: str, old: dict | None, new: dict) -> None:
        self.queue.add(key_of(new))

    def on_replica_set(self, kind: str, old: dict | None, new: dict) -> None:
        """Wake the owner; an orphan wakes whoever selects it."""
        reference = controller_of(new)
        before = controller_of(old) if old is not None and kind == "MODIFIED" else None
        if before is not None and before != reference:
            self._wake(old, before)
        if reference is not None:
            self._wake(new, reference)
        elif kind == "ADDED" or (kind == "MODIFIED" and (before or _labels(old) != _labels(new))):
            for deployment in selecting(self.deployments.items(), new):
                self.queue.add(key_of(deployment))

    def _wake(self, replica_set: dict, reference: dict) -> None:
        deployment = resolve(self.deployments, replica_set["metadata"]["namespace"], reference, "Deployment")
        if deployment is not None:
            self.queue.add(key_of(deployment))

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """Only Recreate waits for Pods: for the last one to go."""
        if kind != "DELETED":
            return
        deployment = self._deployment_of(new)
        if deployment is None or math.is_rolling(deployment):
            return
        owned = self.replica_sets.by("controller", deployment["metadata"]["uid"])
        if not any(self.pods.by("controller", item["metadata"]["uid"]) for item in owned):
            self.queue.add(key_of(deployment))

    def _deployment_of(self, pod: dict) -> dict | None:
        namespace = pod["metadata"].get("namespace", "")
        replica_set = resolve(self.replica_sets, namespace, controller_of(pod), "ReplicaSet")
        return resolve(self.deployments, namespace, controller_of(replica_set), "Deployment") if replica_set else None

    # -- sync -------------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        try:
            yield from self._sync(key)
        except SyncError as error:
            if error.terminating or self.queue.requeues(key) >= MAX_RETRIES:
                return None
            self.trace("SyncFailed", self.subject(key), message=str(error))
            return "retry"
        return None

    def _sync(self, key: str) -> Iterator[Any]:
        deployment = self.deployments.get(key)
        if deployment is None:
            return
        if deployment["spec"].get("selector") == {}:
            yield from self._refuse_everything(deployment)
            return
        replica_sets, error = yield from self._claim(deployment)
        if error:
            raise SyncError(error)
        rollout = Rollout(self, deployment, replica_sets)
        if "deletionTimestamp" in deployment["metadata"]:
            yield from rollout.sync_deleted()
            return
        yield from rollout.check_paused()
        is_paused, revision = deployment["spec"].get("paused"), rollback.asked_for(deployment)
        if revision is not None and not is_paused:
            yield from rollback.roll_back(rollout, revision)
        elif is_paused or (yield from rollout.is_scaling()):
            yield from rollout.sync_paused_or_scaled()
        elif math.is_rolling(deployment):
            yield from rollout.roll()
        else:
            yield from rollout.recreate()

    def _claim(self, deployment: dict) -> Iterator[Any]:
        """(ReplicaSets of this Deployment, error), adopting and releasing. Source: getReplicaSetsForDeployment."""
        meta = deployment["metadata"]
        candidates = self.replica_sets.by("controller", meta["uid"]) + self.replica_sets.by(
            "controller", meta["namespace"] + "/"
        )
        claim = Claim(
            client=self.client,
            owner=deployment,
            owner_resource="deployments",
            api_version="apps/v1",
            kind="Deployment",
            selector=deployment["spec"]["selector"],
            resource="replicasets",
            trace=self.trace,
        )
        return (yield from claim.run(candidates))

    def _refuse_everything(self, deployment: dict) -> Iterator[Any]:
        message = "This deployment is selecting all pods. A non-empty selector is required."
        self.recorder.event(deployment, "Warning", "SelectingAll", message)
        generation, status = deployment["metadata"].get("generation", 0), deployment.get("status") or {}
        if status.get("observedGeneration", 0) < generation:
            changed = {**deployment, "status": {**status, "observedGeneration": generation}}
            yield self.client.update("deployments", changed, subresource="status")


def _labels(obj: dict) -> dict:
    return obj["metadata"].get("labels") or {}
