"""A policy says of itself what does not fit the kinds that it names."""

from __future__ import annotations

import pytest

from tests.controllers.world import World

RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
KEY = "/registry/validatingadmissionpolicies/few"


def a_policy(expression: str) -> dict:
    spec = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": expression}]}
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": "few", "namespace": ""}, "spec": spec}  # fmt: skip


@pytest.mark.slow
def test_a_field_that_no_deployment_has_is_told_of_until_it_is_mended():
    """Source: pkg/controller/validatingadmissionpolicystatus/controller.go (reconcile)."""
    world = World()
    world.create("validatingadmissionpolicies", a_policy("object.spec.replica <= 5"))
    status = world.store.get(KEY).value["status"]
    (warning,) = status["typeChecking"]["expressionWarnings"]
    assert (status["observedGeneration"], warning["fieldRef"]) == (1, "spec.validations[0].expression")
    assert warning["warning"].startswith("apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'replica'\n")
    mended = {"spec": a_policy("object.spec.replicas <= 5")["spec"]}
    world.do(world.client.patch("validatingadmissionpolicies", "few", mended, "", "merge"))
    assert world.store.get(KEY).value["status"] == {"observedGeneration": 2}
