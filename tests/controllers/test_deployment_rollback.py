"""A Deployment goes back to the revision that an annotation names.

Source: pkg/controller/deployment/{rollback,deployment_controller}_test.go (TestDeploymentRollback), util/deployment_util_test.go (LastRevision).
"""

from __future__ import annotations

import pytest

from cluster.controllers import _deployment_rollback as rollback
from cluster.controllers import _revisions as revisions
from tests.controllers.rig import Rig

OWNER = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-web", "controller": True}
REVISION, CAUSE = revisions.REVISION, "kubernetes.io/change-cause"
SAME = 'Warning DeploymentRollbackTemplateUnchanged The rollback revision contains the same template as current deployment "web"'
NOT_FOUND = "Warning DeploymentRollbackRevisionNotFound Unable to find the revision to rollback to."
NO_LAST = "Warning DeploymentRollbackRevisionNotFound Unable to find last revision."


def template(image, **labels):
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"containers": [{"name": "app", "image": image}]}}


def replica_set(number, *, size=0):
    labels = {"app": "web", revisions.HASH_LABEL: f"h{number}"}
    noted = {REVISION: str(number), CAUSE: f"change {number}", "deployment.kubernetes.io/desired-replicas": "1"}
    meta = {"name": f"web-h{number}", "labels": labels, "annotations": noted, "ownerReferences": [OWNER], "creationTimestamp": f"2026-01-0{number}"}
    spec = {"replicas": size, "selector": {"matchLabels": labels}, "template": template(f"app:{number}", **labels)}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec}


def deployment(asked, newest, **spec):
    noted = {REVISION: str(newest), CAUSE: f"change {newest}", revisions.ROLLBACK_TO: asked}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template(f"app:{newest}"),
            "strategy": {"type": "RollingUpdate"}, "progressDeadlineSeconds": 2**31 - 1, **spec}  # fmt: skip
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": noted}, "spec": spec}


def looked_at(asked, newest=3, **spec):
    sets = [replica_set(number, size=int(number == newest)) for number in range(1, newest + 1)]
    rig = Rig({"controller": "deployment-controller", "now": "2026-01-09T09:00:00Z", "objects": [deployment(asked, newest, **spec), *sets]})
    rig.look({"key": "default/web"})
    return rig


@pytest.mark.parametrize(("asked", "image", "event"), [
    ("1", "app:1", 'Normal DeploymentRollback Rolled back deployment "web" to revision 1'),
    ("0", "app:2", 'Normal DeploymentRollback Rolled back deployment "web" to revision 2'),
    ("3", "app:3", SAME), ("7", "app:3", NOT_FOUND), ("-1", "app:3", NOT_FOUND),
])  # fmt: skip
def test_it_takes_over_the_template_and_forgets_that_it_was_asked(asked, image, event):
    rig = looked_at(asked)
    [request] = [one for one in rig.requests if one["request"] == "update deployments web"]
    body = request["body"]
    assert rig.events == [event]
    assert body["spec"]["template"]["spec"]["containers"][0]["image"] == image
    assert body["spec"]["template"]["metadata"]["labels"] == {"app": "web"}
    assert body["metadata"]["annotations"] == {REVISION: "3", CAUSE: f"change {image[-1]}"}


def test_where_there_is_no_earlier_revision_nothing_is_taken_over():
    assert looked_at("0", newest=1).events == [NO_LAST]


@pytest.mark.parametrize(("asked", "spec"), [("", {}), ("x", {}), ("1", {"paused": True})])
def test_what_is_no_number_and_a_pause_keep_it_from_going_back(asked, spec):
    rig = looked_at(asked, **spec)
    assert not rig.events and "update deployments web" not in [one["request"] for one in rig.requests]


@pytest.mark.parametrize(("numbers", "last"), [([], 0), ([1], 0), ([1, 2], 1), ([2, 1], 1), ([4, 1, 3], 3), ([2, 2], 2)])
def test_the_last_revision_is_the_second_highest(numbers, last):
    assert rollback.last_revision([{"metadata": {"annotations": {REVISION: str(number)}}} for number in numbers]) == last
