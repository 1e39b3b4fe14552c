"""MutatingAdmissionPolicy: patches made by expressions, in which order, and what becomes of those that fail."""
from __future__ import annotations

import pytest

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
MAPS = "/api/v1/namespaces/default/configmaps"
LABEL = 'Object{metadata: Object.metadata{labels: {"by": "policy"}}}'


def apply(expression: str) -> dict:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patch(expression: str) -> dict:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


@pytest.fixture
def policy(http):
    """Makes a policy and its binding."""
    def made(*mutations, name="p", resource="configmaps", binding=None, **spec):
        rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": [resource]}
        spec = {"matchConstraints": {"resourceRules": [rule]}, "reinvocationPolicy": "Never", "mutations": list(mutations), **spec}
        code, _, body = http("POST", f"{ADMISSION}/mutatingadmissionpolicies", {"metadata": {"name": name}, "spec": spec})
        if code == 201 and binding is not False:
            bound = {"metadata": {"name": name}, "spec": {"policyName": name, **(binding or {})}}
            assert http("POST", f"{ADMISSION}/mutatingadmissionpolicybindings", bound)[0] == 201
        return code, body
    return made


def a_map(http, name="m", **meta):
    return http("POST", MAPS, {"metadata": {"name": name, **meta}, "data": {"a": "1"}})


def test_a_part_is_laid_over_the_object(http, policy):
    policy(apply(LABEL))
    code, _, made = a_map(http, labels={"mine": "x"})
    assert code == 201 and made["metadata"]["labels"] == {"mine": "x", "by": "policy"}


def test_list_items_are_merged_by_their_keys_and_defaults_are_filled_in(http, server, policy):
    server.ask("create", "serviceaccounts", namespace="default", body={"metadata": {"name": "default", "namespace": "default"}})
    policy(apply('Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: "mesh", image: "mesh:1", restartPolicy: "Always"}]}}'),
           resource="pods")
    body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "app", "image": "nginx:1"}]}}
    code, _, made = http("POST", "/api/v1/namespaces/default/pods", body)
    mesh = made["spec"]["initContainers"][0]
    assert code == 201 and (mesh["name"], mesh["restartPolicy"], mesh["imagePullPolicy"]) == ("mesh", "Always", "IfNotPresent")
    assert mesh["volumeMounts"][0]["name"].startswith("kube-api-access-")      # the plugins before it are asked again


def test_operations_are_done_one_after_the_other(http, policy):
    policy(patch('[JSONPatch{op: "test", path: "/data/a", value: "1"}, '
                 'JSONPatch{op: "add", path: "/metadata/annotations", value: {}}, '
                 'JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("a.b/c"), value: object.data.a}]'))
    assert a_map(http)[2]["metadata"]["annotations"] == {"a.b/c": "1"}


def test_a_test_that_fails_leaves_the_object_as_it_is(http, policy):
    policy(patch('[JSONPatch{op: "test", path: "/data/a", value: "2"}, JSONPatch{op: "remove", path: "/data/a"}]'))
    assert a_map(http)[2]["data"] == {"a": "1"}


@pytest.mark.parametrize("mutation, words", [
    (patch('[JSONPatch{op: "remove", path: "/data/none"}]'), 'JSON Patch: '),
    (patch('[JSONPatch{op: "add", path: "/data/b", value: quantity("1")}]'), "could not marshal to JSON: type conversion error from "),
    (patch('[JSONPatch{op: "add", path: "/data/b", value: [object.?none]}]'), "could not marshal to JSON: type conversion error from "),
    (apply("Object{metadata: Object.metadata{labels: object.metadata.labels}}"), "no such key: labels"),
    (apply('Object{metadata: Object.spec{labels: {}}}'), 'type mismatch: unexpected type name "Object.spec", expected "Object.metadata"'),
    (apply('Object{metadata: Object.metadata{ownerReferences: [], finalizers: [], managedFields: [{"a": "b"}]}}'),
     "may not mutate atomic arrays, maps or structs: .metadata.managedFields"),
])
def test_what_cannot_be_done_denies_the_request(http, policy, mutation, words):
    policy(mutation)
    code, _, body = a_map(http)
    assert (code, body["reason"]) == (403, "Invalid") and body["message"].startswith("policy 'p' with binding 'p' denied request: ")
    assert words in body["message"] and body["details"]["causes"] == [{"message": body["message"]}]


def test_a_failure_may_be_ignored(http, policy):
    policy(patch('[JSONPatch{op: "remove", path: "/data/none"}]'), failurePolicy="Ignore")
    assert a_map(http)[0] == 201


def test_conditions_and_bindings_say_what_is_changed(http, policy):
    policy(apply(LABEL), matchConditions=[{"name": "small", "expression": "object.metadata.name != 'large'"}],
           binding={"matchResources": {"objectSelector": {"matchLabels": {"take": "me"}}}})
    assert "by" in a_map(http, "one", labels={"take": "me"})[2]["metadata"]["labels"]
    assert "by" not in a_map(http, "large", labels={"take": "me"})[2]["metadata"]["labels"]
    assert "labels" not in a_map(http, "other")[2]["metadata"]


def test_parameters_and_variables_may_be_named(http, policy):
    assert a_map(http, "params")[0] == 201
    policy(apply('Object{metadata: Object.metadata{labels: {"from": variables.said}}}'), paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
           variables=[{"name": "said", "expression": "params.data.a"}],
           binding={"paramRef": {"name": "params", "namespace": "default", "parameterNotFoundAction": "Deny"}})
    assert a_map(http)[2]["metadata"]["labels"] == {"from": "1"}


def test_a_policy_is_asked_again_where_it_wishes(http, policy):
    seen = 'has(object.data.b) ? [JSONPatch{op: "add", path: "/data/seen", value: object.data.b}] : []'
    policy(patch(seen), name="a", reinvocationPolicy="IfNeeded")
    policy(patch('[JSONPatch{op: "add", path: "/data/b", value: "2"}]'), name="b")
    assert a_map(http)[2]["data"] == {"a": "1", "b": "2", "seen": "2"}


def test_what_cannot_be_evaluated_here_changes_nothing(http, policy):
    policy(apply('Object{metadata: Object.metadata{labels: {"at": string(timestamp("2026-01-01T00:00:00Z"))}}}'))
    assert "labels" not in a_map(http)[2]["metadata"]


def test_what_configures_admission_is_exempt(http, policy):
    policy(apply(LABEL), resource="*")
    assert "labels" not in http("GET", f"{ADMISSION}/mutatingadmissionpolicybindings/p")[2]["metadata"]


@pytest.mark.parametrize("mutations, spec, words", [
    ([], {}, "spec.mutations: Required value: mutations must contain at least one item"),
    ([apply(LABEL)], {"reinvocationPolicy": ""}, "spec.reinvocationPolicy: Required value"),
    ([{"patchType": "JSONPatch"}], {}, "spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch"),
    ([{**apply(LABEL), **{"jsonPatch": {"expression": "[]"}}}], {},
     'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration'),
    ([apply("Object{metadata: Object.metadata{")], {}, "spec.mutations[0].applyConfiguration.expression: Invalid value: "),
])
def test_a_policy_is_judged_in_upstreams_words(policy, mutations, spec, words):
    code, body = policy(*mutations, binding=False, **spec)
    assert code == 422 and words in body["message"]


def test_the_step_names_the_fields(http, server, policy):
    policy(apply(LABEL))
    server.events.clear()
    a_map(http)
    mutated = [data for kind, _, data in server.events if kind == "AdmissionMutated"]
    assert mutated == [{"plugin": "MutatingAdmissionPolicy", "fields": mutated[0]["fields"]}] and "metadata.labels" in str(mutated[0]["fields"])
