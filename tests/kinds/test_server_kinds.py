"""Tables: what the API server keeps about itself – flow control, API services, addresses of Services – and what it says of wrong ones."""
from __future__ import annotations

import pytest

from cluster.kinds import _flow_bootstrap, apiservice, flowschema, ipaddress, prioritylevelconfiguration, servicecidr
from cluster.meta.objects import draft

from .objects import texts

RULE = {"subjects": [{"kind": "User", "user": {"name": "eve"}}], "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}]}
QUEUE = {"type": "Queue", "queuing": {}}
NOW = "2026-01-01T09:00:00Z"


def made(module, name: str, **spec) -> dict:
    found = {"metadata": {"name": name}, "spec": draft(spec)}
    module.KIND.default(found)
    return found


def a_schema(name: str = "s", **spec) -> dict:
    return made(flowschema, name, **{"priorityLevelConfiguration": {"name": "system"}, "rules": [RULE], **spec})


def a_level(name: str = "l", **limited) -> dict:
    return made(prioritylevelconfiguration, name, type="Limited", limited={"limitResponse": QUEUE, **limited})


def with_rule(**parts) -> dict:
    return a_schema(rules=[{**RULE, **parts}])


RESOURCES = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["*"]}


@pytest.mark.parametrize("schema, said", [
    (a_schema(), []),
    (a_schema(matchingPrecedence=1), ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"]),
    (a_schema(matchingPrecedence=10001), ["spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000"]),
    (a_schema(matchingPrecedence=-1), ["spec.matchingPrecedence: Invalid value: -1: must be a positive value"]),
    (a_schema(priorityLevelConfiguration={}), ["spec.priorityLevelConfiguration.name: Required value: must reference a priority level"]),
    (with_rule(subjects=[]), ["spec.rules[0].subjects: Required value: subjects must contain at least one value"]),
    (with_rule(subjects=[{"kind": "Robot"}]),
     ['spec.rules[0].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"']),
    (with_rule(subjects=[{"kind": "User", "group": {"name": "g"}}]),
     ["spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
      "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'"]),
    (with_rule(resourceRules=[{**RESOURCES, "verbs": ["get", "*"]}]),
     ["spec.rules[0].resourceRules[0].verbs: Invalid value: [\"get\",\"*\"]: if '*' is present, must not specify other verbs"]),
    (with_rule(resourceRules=[{**RESOURCES, "namespaces": []}]),
     ["spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace"]),
    (with_rule(nonResourceRules=[{"verbs": ["get"], "nonResourceURLs": ["/a*b", "x", "/a//b"]}]),
     ['spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*b": wildcard can only do suffix matching',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "x": must start with slash',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/a//b": must not contain double slash']),
])
def test_a_flow_schema_is_judged_in_upstreams_words(schema, said):
    assert texts(flowschema.validate(schema)) == said


@pytest.mark.parametrize("level, said", [
    (a_level(), []),
    (a_level(nominalConcurrencyShares=-1), ["spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer"]),
    (a_level(lendablePercent=101), ["spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive"]),
    (a_level(limitResponse={}), ["spec.limited.limitResponse.type: Required value"]),
    (a_level(limitResponse={"type": "Queue"}),
     ["spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited"]),
    (a_level(limitResponse={"type": "Queue", "queuing": {"queues": 4, "handSize": 5}}),
     ["spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)"]),
    (a_level(limitResponse={"type": "Queue", "queuing": {"queues": 512, "handSize": 8}}),
     ["spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 "
      "should not be greater than 60"]),
    (made(prioritylevelconfiguration, "exempt", type="Limited"),
     ["spec.type: Invalid value: \"Limited\": must be 'Exempt' if and only if `name` is 'exempt'",
      "spec.limited: Required value: must not be empty when type is Limited",
      "spec: Invalid value: {\"type\":\"Limited\"}: spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"]),
    (made(prioritylevelconfiguration, "exempt", type="Exempt", exempt={"nominalConcurrencyShares": 7}), []),
])
def test_a_priority_level_is_judged_in_upstreams_words(level, said):
    assert texts(prioritylevelconfiguration.validate(level)) == said


@pytest.mark.parametrize("module, specs", [(flowschema, _flow_bootstrap.schemas()), (prioritylevelconfiguration, _flow_bootstrap.levels())])
def test_what_the_server_makes_for_itself_is_valid_and_complete(module, specs):
    for name, spec in specs.items():
        found = made(module, name, **spec)
        assert found["spec"] == spec and texts(module.validate(found)) == []


def test_a_schema_without_its_level_says_so():
    schema = {**a_schema(), "status": {"conditions": [flowschema.dangling("system", False, NOW)]}}
    schema["metadata"]["creationTimestamp"] = NOW
    assert flowschema.cells(schema, 0)[-1] == "True"
    assert schema["status"]["conditions"][0]["message"].endswith('named "system" but there is no such object')


def an_api(name: str = "v1.a.example", **spec) -> dict:
    return made(apiservice, name, **{"group": "a.example", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 15, **spec})


@pytest.mark.parametrize("api, said", [
    (an_api(), []),
    (an_api("v2.a.example"), ['metadata.name: Invalid value: "v2.a.example": must be `spec.version+"."+spec.group`: "v1.a.example"']),
    (an_api("v2.", group="", version="v2"), ["spec.group: Required value: only v1 may have an empty group and it better be legacy kube"]),
    (an_api(groupPriorityMinimum=0, versionPriority=1001),
     ["spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000",
      "spec.versionPriority: Invalid value: 1001: must be positive and less than 1000"]),
    (an_api(insecureSkipTLSVerify=True), ["spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify"]),
    (an_api(service={"name": "s", "port": 70000}),
     ["spec.service.namespace: Required value",
      "spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive"]),
])
def test_an_api_service_is_judged_in_upstreams_words(api, said):
    assert texts(apiservice.validate(api)) == said


def test_a_local_api_service_is_available_at_once_and_a_remote_one_is_not():
    local, remote = an_api(), an_api(service={"name": "s", "namespace": "n"})
    for api in (local, remote):
        apiservice.asked_by(api, {}, NOW)
    assert apiservice.cells(local, 0)[1:3] == ["Local", "True"] and remote["spec"]["service"]["port"] == 443
    assert apiservice.cells(remote, 0)[1:3] == ["n/s", "Unknown"]
    remote["status"] = {"conditions": [{"type": "Available", "status": "False", "reason": "ServiceNotFound"}]}
    assert apiservice.cells(remote, 0)[2] == "False (ServiceNotFound)"


@pytest.mark.parametrize("name, said", [
    ("10.96.0.1", []), ("fd00::1", []), ("10.96.00.1", ["must not have leading 0s"]),
    ("FD00::1", ['must be in canonical form ("fd00::1")']), ("x", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]),
])
def test_the_name_of_an_address_is_its_canonical_form(name, said):
    assert ipaddress.name_check(name, False) == said


def test_an_address_shows_whose_it_is_and_stays_his():
    mine = ipaddress.of_service("10.96.0.10", {"metadata": {"name": "web", "namespace": "default"}})
    assert ipaddress.cells(mine, 0)[:2] == ["10.96.0.10", "services/default/web"] and texts(ipaddress.validate(mine)) == []
    other = draft(mine)
    other["spec"]["parentRef"]["name"] = "other"
    assert texts(ipaddress.validate_update(other, mine))[0].endswith("field is immutable")
    assert texts(ipaddress.validate({"metadata": {}, "spec": {"parentRef": {}}})) == [
        "spec.parentRef.resource: Required value", "spec.parentRef.name: Required value"]


@pytest.mark.parametrize("ranges, said", [
    (["10.0.0.0/24"], []), (["10.0.0.0/24", "fd00::/64"], []), ([], ["spec.cidrs: Required value: at least one CIDR required"]),
    (["10.0.0.1/24"], ['spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length']),
    (["10.0.0.0/24", "10.1.0.0/24"],
     ['spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for each IP family, '
      "i.e 192.168.0.0/24 and 2001:db8::/64"]),
])
def test_a_range_is_judged_in_upstreams_words(ranges, said):
    assert texts(servicecidr.validate(made(servicecidr, "r", cidrs=ranges))) == said


@pytest.mark.parametrize("before, after, is_right", [
    (["10.0.0.0/24"], ["10.0.0.0/24"], True), (["10.0.0.0/24"], ["10.0.0.0/24", "fd00::/64"], True),
    (["10.0.0.0/24"], ["10.1.0.0/24"], False), (["10.0.0.0/24", "fd00::/64"], ["10.0.0.0/24"], False),
    (["10.0.0.0/24"], ["10.1.0.0/24", "fd00::/64"], False),
])
def test_a_range_may_only_gain_one_of_the_other_family(before, after, is_right):
    old, new = made(servicecidr, "r", cidrs=before), made(servicecidr, "r", cidrs=after)
    assert (texts(servicecidr.validate_update(new, old)) == []) is is_right
