"""Deployments and ReplicaSets: defaults, generations, rules."""
from __future__ import annotations

import pytest

from cluster.kinds import deployment, replicaset
from cluster.meta.objects import draft

from .objects import a_deployment, a_replica_set, texts

WRONG = [
    ({"replicas": -1}, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
    ({"strategy": {"type": "Recreate", "rollingUpdate": {}}},
     ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]),
    ({"strategy": {"rollingUpdate": {"maxSurge": "ten"}}},
     ['spec.strategy.rollingUpdate.maxSurge: Invalid value: "ten": a valid percent string must be a numeric string followed by '
      "an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"]),
    ({"strategy": {"rollingUpdate": {"maxSurge": "0%", "maxUnavailable": 0}}},
     ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"]),
    ({"minReadySeconds": 600},
     ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"]),
    ({"selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
]


@pytest.mark.parametrize(("spec", "wanted"), WRONG)
def test_a_deployment_is_refused_in_upstreams_words(spec, wanted):
    assert texts(deployment.KIND.validate(a_deployment(**spec))) == wanted


def test_good_ones_have_nothing_wrong():
    assert deployment.KIND.validate(a_deployment()) == []
    assert replicaset.KIND.validate(a_replica_set()) == []


def test_the_selector_never_changes():
    new, old = a_replica_set(), a_replica_set(selector={"matchLabels": {"b": "c"}})
    assert texts(replicaset.KIND.validate_update(new, old)) == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"a"}}: field is immutable']


def test_annotations_raise_a_deployments_generation_but_not_a_replica_sets():
    for kind, make, wanted in ((deployment, a_deployment, 2), (replicaset, a_replica_set, 1)):
        old = make()
        old["metadata"]["generation"] = 1
        new = draft(old)
        new["metadata"]["annotations"] = {"a": "b"}
        kind.KIND.prepare_update(new, old)
        assert new["metadata"]["generation"] == wanted


def test_a_status_that_cannot_be_is_refused():
    old = a_deployment()
    new = {**old, "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 2}}
    assert texts(deployment.KIND.validate_status(new, old)) == [
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas"]


def test_rows_show_counts_containers_and_the_selector():
    made = {**a_deployment(replicas=3), "status": {"readyReplicas": 1, "updatedReplicas": 2}}
    assert deployment.cells(made, 0) == ["w", "1/3", 2, 0, "<unknown>", "c", "i", "app=a"]
