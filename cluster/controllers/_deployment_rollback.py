"""Going back to an earlier revision because an annotation asks for it, as `spec.rollbackTo` of old API versions is kept.

Source: pkg/controller/deployment/rollback.go, util/deployment_util.go (LastRevision, SetFromReplicaSetTemplate, SetDeploymentAnnotationsTo).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.meta.gotext import atoi

from . import _revisions as revisions
from ._rollout import Rollout, checked


def asked_for(deployment: dict) -> int | None:
    """The revision to go back to, 0 for the last one; None where nobody asks, or what stands there is no number."""
    return atoi((deployment["metadata"].get("annotations") or {}).get(revisions.ROLLBACK_TO, ""))


def last_revision(replica_sets: list[dict]) -> int:
    """The second highest revision, 0 if there is none."""
    highest, second = 0, 0
    for number in map(revisions.revision, replica_sets):
        if number >= highest:
            highest, second = number, highest
        else:
            second = max(second, number)
    return second


def roll_back(rollout: Rollout, wanted: int) -> Iterator[Any]:
    """Take over the template of a revision; what asked for it goes in any case. Source: rollback."""
    new, old = yield from rollout.find(create=True)
    everyone = [*old, new]
    wanted = wanted or last_revision(everyone)
    found = next((each for each in everyone if revisions.revision(each) == wanted), None) if wanted else None
    if found is None:
        message = "Unable to find the revision to rollback to." if wanted else "Unable to find last revision."
        rollout.event("Warning", "DeploymentRollbackRevisionNotFound", message)
        yield from _write(rollout, rollout.deployment)
    else:
        yield from _take_over(rollout, found, wanted)


def _take_over(rollout: Rollout, replica_set: dict, number: int) -> Iterator[Any]:
    """Source: rollbackToTemplate."""
    deployment, name = rollout.deployment, rollout.deployment["metadata"]["name"]
    if revisions.same_template(deployment["spec"]["template"], replica_set["spec"]["template"]):
        message = f'The rollback revision contains the same template as current deployment "{name}"'
        rollout.event("Warning", "DeploymentRollbackTemplateUnchanged", message)
        yield from _write(rollout, deployment)
        return
    rollout.compared(f"roll back to revision {number}")
    yield from _write(rollout, gone_back(deployment, replica_set))
    rollout.event("Normal", "DeploymentRollback", f'Rolled back deployment "{name}" to revision {number}')


def gone_back(deployment: dict, replica_set: dict) -> dict:
    """The Deployment with the template and the annotations of one of its ReplicaSets."""
    template = replica_set["spec"]["template"]
    meta = template.get("metadata") or {}
    labels = {name: value for name, value in (meta.get("labels") or {}).items() if name != revisions.HASH_LABEL}
    own, noted = ((each["metadata"].get("annotations") or {}) for each in (deployment, replica_set))
    kept = {name: value for name, value in own.items() if name in revisions.NOT_COPIED}
    taken = {name: value for name, value in noted.items() if name not in revisions.NOT_COPIED}
    spec = {**deployment["spec"], "template": {**template, "metadata": {**meta, "labels": labels}}}
    return revisions.with_annotations({**deployment, "spec": spec}, {**kept, **taken})


def _write(rollout: Rollout, deployment: dict) -> Iterator[Any]:
    """Source: updateDeploymentAndClearRollbackTo."""
    annotations = {name: value for name, value in deployment["metadata"]["annotations"].items() if name != revisions.ROLLBACK_TO}
    checked((yield rollout.client.update("deployments", revisions.with_annotations(deployment, annotations))))
