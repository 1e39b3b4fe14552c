"""Tables: claims of devices, their templates and classes, and the slices in which drivers offer them."""
from __future__ import annotations

import pytest

from cluster.kinds import deviceclass, resourceclaim, resourceclaimtemplate, resourceslice

from .objects import texts

GPU = {"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com"}}
NAMES = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"


def a_claim(*requests: dict, **devices) -> dict:
    found = {"metadata": {"name": "c"}, "spec": {"devices": {"requests": list(requests), **devices}}}
    resourceclaim.default(found)
    return found


def gpu(**exactly) -> dict:
    return {"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com", **exactly}}


@pytest.mark.parametrize("claim, said", [
    (a_claim(gpu()), []),
    (a_claim({"name": "gpu"}), ["spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required"]),
    (a_claim(gpu(), gpu()), ['spec.devices.requests[1]: Duplicate value: "gpu"']),
    (a_claim(gpu(deviceClassName="")), ["spec.devices.requests[0].exactly.deviceClassName: Required value"]),
    (a_claim(gpu(allocationMode="All", count=2)),
     ["spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'"]),
    (a_claim(gpu(allocationMode="Some")),
     ['spec.devices.requests[0].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"']),
    (a_claim(gpu(tolerations=[{"operator": "Exists", "value": "x"}])),
     ['spec.devices.requests[0].exactly.tolerations[0].value: Invalid value: "x": must be empty for operator `Exists`']),
    (a_claim(gpu(), constraints=[{"requests": ["other"], "matchAttribute": "a.example/b"}]),
     [f'spec.devices.constraints[0].requests[0]: Invalid value: "other": {NAMES}']),
    (a_claim(gpu(), config=[{}]), ["spec.devices.config[0].opaque: Required value"]),
    (a_claim(gpu(), config=[{"opaque": {"driver": "a.example", "parameters": [1]}}]),
     ['spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object']),
])
def test_a_claim_is_judged_in_upstreams_words(claim, said):
    assert texts(resourceclaim.validate(claim)) == said


def test_a_request_asks_for_one_device_unless_it_says_otherwise():
    claim = a_claim(gpu(), {"name": "any", "firstAvailable": [{"name": "a", "deviceClassName": "a.example"}]})
    first, second = claim["spec"]["devices"]["requests"]
    assert (first["exactly"]["count"], second["firstAvailable"][0]["allocationMode"]) == (1, "ExactCount")


def test_claims_and_templates_stay_as_they_are():
    old, new = a_claim(gpu()), a_claim(gpu(count=2))
    assert texts(resourceclaim.validate_update(new, old))[0].endswith("field is immutable")
    made = [{"metadata": {}, "spec": {"spec": claim["spec"]}} for claim in (new, old)]
    assert texts(resourceclaimtemplate.validate_update(*made))[0].endswith("field is immutable") and resourceclaimtemplate.validate(made[0]) == []


@pytest.mark.parametrize("status, state, said", [
    ({}, "pending", []),
    ({"reservedFor": [{"resource": "pods", "name": "p", "uid": "u"}]}, "pending",
     ["status.reservedFor: Forbidden: may not be specified when `allocated` is not set"]),
    ({"allocation": {}, "reservedFor": [{"resource": "pods", "name": "p"}]}, "allocated,reserved", ["status.reservedFor[0].uid: Required value"]),
])
def test_a_claim_says_how_far_it_is(status, state, said):
    claim = {**a_claim(gpu()), "status": status}
    assert resourceclaim.state(claim) == state and texts(resourceclaim.validate_status(claim, a_claim(gpu()))) == said


@pytest.mark.parametrize("spec, said", [
    ({"selectors": [{"cel": {"expression": "true"}}], "extendedResourceName": "example.com/gpu"}, []),
    ({"selectors": [{}]}, ["spec.selectors[0].cel: Required value"]),
    ({"extendedResourceName": "gpu"}, ['spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name']),
])
def test_a_class_is_judged_in_upstreams_words(spec, said):
    assert texts(deviceclass.validate({"metadata": {"name": "c"}, "spec": spec})) == said


PLACES = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"


@pytest.mark.parametrize("spec, said", [
    ({"nodeName": "n", "devices": [{"name": "d", "attributes": {"model": {"string": "x"}}}]}, []),
    ({}, [f"spec: Required value: {PLACES}"]),
    ({"nodeName": "n", "allNodes": True}, [f'spec: Invalid value: "{{`nodeName`, `allNodes`}}": {PLACES}, but multiple fields are set']),
    ({"allNodes": False}, ["spec.allNodes: Invalid value: false: must be either unset or set to true", f"spec: Required value: {PLACES}"]),
    ({"allNodes": True, "devices": [{"name": "d"}, {"name": "d"}]}, ['spec.devices[1]: Duplicate value: "d"']),
    ({"allNodes": True, "devices": [{"name": "d", "attributes": {"a": {}}}]},
     ['spec.devices[0].attributes[a]: Invalid value: "": exactly one value must be specified']),
])
def test_a_slice_is_judged_in_upstreams_words(spec, said):
    found = {"metadata": {"name": "s"}, "spec": {"driver": "a.example", "pool": {"name": "p", "resourceSliceCount": 1}, **spec}}
    resourceslice.default(found)
    assert texts(resourceslice.validate(found)) == said


def test_a_slice_stays_with_its_driver_pool_and_node():
    old, new = ({"metadata": {}, "spec": {"driver": name, "nodeName": name, "pool": {"name": name, "generation": 0, "resourceSliceCount": 1}}}
                for name in ("a", "b"))
    assert [error.path for error in resourceslice.validate_update(new, old)] == ["spec.pool.name", "spec.driver", "spec.nodeName"]
