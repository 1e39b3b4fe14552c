"""HorizontalPodAutoscaler: one object in two versions, its defaults, and how its metrics are shown."""
from __future__ import annotations

import json

import pytest

from cluster.kinds import horizontalpodautoscaler as hpa
from cluster.kinds import registry
from cluster.kinds._autoscaler_v1 import METRICS, from_stored, to_stored
from cluster.meta.objects import draft

from .objects import texts

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}
MEMORY = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}}
PODS = {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "5"}}}
QUEUE = {"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "Value", "value": "30"}}}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}


def made(**spec) -> dict:
    new = {"apiVersion": "autoscaling/v2", "metadata": {"name": "h"}, "spec": {"scaleTargetRef": dict(TARGET), "maxReplicas": 5, **draft(spec)}}
    hpa.KIND.default(new)
    return new


def test_both_versions_are_served_and_one_is_stored():
    kinds = registry()
    assert kinds.version("autoscaling", "v1", "horizontalpodautoscalers").stored_as == "autoscaling/v2"
    assert kinds.find("hpa").version == "v2"


def test_without_metrics_it_keeps_the_cpus_at_80_percent():
    assert made()["spec"]["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 80}


@pytest.mark.parametrize("metrics", [[CPU], [CPU, MEMORY], [MEMORY, PODS, QUEUE]])
def test_an_autoscaler_comes_back_from_v1_as_it_was(metrics):
    stored = made(metrics=metrics, behavior={"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}]}})
    back = to_stored(from_stored(stored))
    assert {str(metric) for metric in back["spec"]["metrics"]} == {str(metric) for metric in stored["spec"]["metrics"]}
    assert back["spec"]["behavior"] == stored["spec"]["behavior"] and back["metadata"] == stored["metadata"]


def test_v1_has_a_field_for_the_cpus_and_an_annotation_for_the_rest():
    shown = from_stored(made(metrics=[CPU, MEMORY]))
    assert shown["spec"]["targetCPUUtilizationPercentage"] == 50
    assert json.loads(shown["metadata"]["annotations"][METRICS]) == [
        {"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1Gi"}}]


def test_annotations_of_v1_are_no_annotations_of_v2():
    new = made()
    new["metadata"]["annotations"] = {METRICS: "[]", "kept": "yes"}
    hpa.KIND.default(new)
    assert new["metadata"]["annotations"] == {"kept": "yes"}


@pytest.mark.parametrize(("spec", "refused"), [
    ({}, []), ({"maxReplicas": 0}, ["spec.maxReplicas: Required value: must be set and greater than 0",
                                    "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`"]),
    ({"minReplicas": 0}, ["spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
                          "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas"]),
    ({"scaleTargetRef": {"kind": "Deployment", "name": "w"}}, ['spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify '
                                                               "API group"]),
    ({"scaleTargetRef": {"kind": "ReplicationController", "name": "w"}}, []),
    ({"metrics": [{"type": "Pods"}]}, ["spec.metrics[0].pods: Required value: must populate information for the given metric source"]),
    ({"behavior": {"scaleUp": {"stabilizationWindowSeconds": 4000}}}, [
        "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 4000: must be less than or equal to 3600"]),
])
def test_what_is_refused(spec, refused):
    assert texts(hpa.KIND.validate(made(**spec))) == refused


@pytest.mark.parametrize(("metrics", "current", "shown"), [
    ([CPU], [], "cpu: <unknown>/50%"), ([CPU], [{"resource": {"current": {"averageUtilization": 3}}}], "cpu: 3%/50%"),
    ([MEMORY], [{"resource": {"current": {"averageValue": "7Mi"}}}], "memory: 7Mi/1Gi"), ([PODS], [], "<unknown>/5"),
    ([CPU, QUEUE, PODS], [], "cpu: <unknown>/50%, <unknown>/30 + 1 more..."),
])
def test_kubectl_shows_targets(metrics, current, shown):
    autoscaler = made(metrics=metrics)
    autoscaler["status"]["currentMetrics"] = current
    assert hpa.KIND.cells(autoscaler, 0)[2] == shown


def test_a_table_of_v1_shows_the_same():
    autoscaler = made(metrics=[CPU, MEMORY])
    face = registry().version("autoscaling", "v1", "horizontalpodautoscalers")
    assert face.cells({**from_stored(autoscaler), "apiVersion": "autoscaling/v1"}, 0)[1:5] == [
        "Deployment/w", "memory: <unknown>/1Gi, cpu: <unknown>/50%", "1", 5]
