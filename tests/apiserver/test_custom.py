"""Custom resources: from a definition to a kind that is served, checked, pruned, defaulted, owned and deleted."""
import copy
import json

import pytest

from cluster.apiserver import http as wire
from cluster.apiserver import pipeline
from cluster.apiserver.custom import structural
from cluster.meta.requests import Request
from tests.apiserver.test_openapi_protobuf import read as read_protobuf

GROUP = "example.com"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = f"/apis/{GROUP}/v1/namespaces/default/widgets"
SCHEMA = {"type": "object", "properties": {
    "spec": {"type": "object", "required": ["size"], "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 10}, "color": {"type": "string", "enum": ["red", "green"], "default": "red"},
        "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 8}, "replicas": {"type": "integer"},
        "parts": {"type": "array", "maxItems": 2, "items": {"type": "string"}}, "port": {"x-kubernetes-int-or-string": True},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "steps": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": {
            "type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "run": {"type": "string"}}}}},
        "x-kubernetes-validations": [{"rule": "!has(self.name) || self.name != 'bad'", "message": "name must not be bad"},
                                     {"rule": "self.size >= oldSelf.size", "message": "size must not shrink"}]},
    "status": {"type": "object", "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}}}}}


def definition(**changes):
    versions = [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": copy.deepcopy(SCHEMA)},
                 "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
                                                          "labelSelectorPath": ".status.selector"}},
                 "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                 "selectableFields": [{"jsonPath": ".spec.color"}]}]
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"widgets.{GROUP}"},
            "spec": {"group": GROUP, "scope": "Namespaced", "versions": versions, "names": {
                "plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]}, **changes}}


def widget(called="w", /, **spec):
    return {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "metadata": {"name": called}, "spec": {"size": 3, **spec}}


@pytest.fixture
def crd(http):
    code, _, body = http("POST", DEFINITIONS, definition())
    assert code == 201, body
    return body


def test_a_kind_is_served_once_its_definition_is_established(http, crd):
    _, _, listed = http("GET", f"/apis/{GROUP}/v1")
    assert [row["name"] for row in listed["resources"]] == ["widgets", "widgets/status", "widgets/scale"]
    _, _, groups = http("GET", "/apis")
    assert GROUP in [group["name"] for group in groups["groups"]]
    assert http("GET", WIDGETS)[2]["kind"] == "WidgetList"
    assert http("GET", f"/apis/{GROUP}/v2/namespaces/default/widgets")[0] == 404


def test_other_sandboxes_do_not_serve_it(crd):
    from tests.conformance.in_process import InProcess
    assert InProcess().context.registry.resource(GROUP, "widgets") is None


@pytest.mark.parametrize("spec, complaint", [
    ({"size": 11}, "spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10"),
    ({"color": "blue"}, 'spec.color: Unsupported value: "blue": supported values: "red", "green"'),
    ({"name": "abcdefghi"}, "spec.name: Too long: may not be more than 8 bytes"),
    ({"parts": ["a", "b", "c"]}, "spec.parts: Too many: 3: must have at most 2 items"),
    ({"labels": {"a": 1}}, 'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"'),
    ({"name": "bad"}, "spec: Invalid value: name must not be bad"),
    ({"steps": [{"run": "x"}]}, "spec.steps[0].name: Required value"),
])
def test_an_object_is_held_against_its_schema(http, crd, spec, complaint):
    code, _, body = http("POST", WIDGETS, widget(**spec))
    assert code == 422
    assert complaint in body["message"]


def test_unknown_fields_are_pruned_and_warned_of(http, crd):
    code, headers, body = http("POST", WIDGETS, widget(zzz=1, free={"a": {"b": 1}}))
    assert (code, body["spec"]) == (201, {"size": 3, "free": {"a": {"b": 1}}, "color": "red"})
    assert headers["Warning"] == '299 - "unknown field \\"spec.zzz\\""'
    code, _, body = http("POST", WIDGETS, widget("x", zzz=1), query="fieldValidation=Strict")
    assert (code, body["message"]) == (400, 'Widget in version "v1" cannot be handled as a Widget: strict decoding error: '
                                            'unknown field "spec.zzz"')


def test_status_is_written_apart(http, crd):
    _, _, made = http("POST", WIDGETS, {**widget(), "status": {"replicas": 9}})
    assert "status" not in made and made["metadata"]["generation"] == 1
    patch = {"status": {"replicas": 2}, "spec": {"size": 9}}
    code, _, body = http("PATCH", f"{WIDGETS}/w/status", patch, Content_Type="application/merge-patch+json")
    assert (code, body["status"], body["spec"]["size"], body["metadata"]["generation"]) == (200, {"replicas": 2}, 3, 1)


def test_it_is_scaled_by_the_paths_of_its_definition(http, crd):
    http("POST", WIDGETS, widget(replicas=2))
    _, _, scale = http("GET", f"{WIDGETS}/w/scale")
    assert (scale["kind"], scale["spec"]) == ("Scale", {"replicas": 2})
    _, _, scale = http("PATCH", f"{WIDGETS}/w/scale", {"spec": {"replicas": 5}}, Content_Type="application/merge-patch+json")
    assert scale["spec"] == {"replicas": 5}
    assert http("GET", f"{WIDGETS}/w")[2]["spec"]["replicas"] == 5


def test_a_rule_about_a_change_is_asked_on_updates_only(http, crd):
    http("POST", WIDGETS, widget(size=5))
    code, _, body = http("PATCH", f"{WIDGETS}/w", {"spec": {"size": 4}}, Content_Type="application/merge-patch+json")
    assert (code, body["details"]["causes"][0]["message"]) == (422, "Invalid value: size must not shrink")


def test_appliers_share_a_list_by_its_keys(http, crd):
    for manager, step in (("one", "a"), ("two", "b")):
        code, _, body = http("PATCH", f"{WIDGETS}/w", {**widget(), "spec": {"size": 3, "steps": [{"name": step, "run": manager}]}},
                             query=f"fieldManager={manager}", Content_Type="application/apply-patch+yaml")
    assert (code, body["spec"]["steps"]) == (200, [{"name": "a", "run": "one"}, {"name": "b", "run": "two"}])


def test_columns_and_field_selectors_come_from_the_definition(http, crd):
    http("POST", WIDGETS, widget("a", color="green"))
    http("POST", WIDGETS, widget("b"))
    _, _, table = http("GET", WIDGETS, Accept="application/json;as=Table;v=v1;g=meta.k8s.io", query="fieldSelector=spec.color=green")
    assert [row["cells"] for row in table["rows"]] == [["a", 3]]


def test_several_versions_show_one_object(http):
    made = definition()
    made["spec"]["versions"].append({"name": "v2", "served": True, "storage": False, "schema": {"openAPIV3Schema": SCHEMA}})
    http("POST", DEFINITIONS, made)
    http("POST", WIDGETS.replace("/v1/", "/v2/"), {**widget(), "apiVersion": f"{GROUP}/v2"})
    assert http("GET", f"{WIDGETS}/w")[2]["apiVersion"] == f"{GROUP}/v1"
    assert http("GET", f"{WIDGETS.replace('/v1/', '/v2/')}/w")[2]["apiVersion"] == f"{GROUP}/v2"
    _, _, found = http("GET", f"/apis/{GROUP}")
    assert found["preferredVersion"]["version"] == "v2"


def test_its_schema_is_published(http, crd):
    _, _, index = http("GET", "/openapi/v3")
    assert f"apis/{GROUP}/v1" in index["paths"]
    _, _, document = http("GET", f"/openapi/v3/apis/{GROUP}/v1")
    schema = document["components"]["schemas"]["com.example.v1.Widget"]
    assert schema["x-kubernetes-group-version-kind"] == [{"group": GROUP, "kind": "Widget", "version": "v1"}]
    assert schema["properties"]["spec"]["properties"]["size"]["maximum"] == 10


def test_its_operations_take_no_strategic_merge_patch_by_which_kubectl_apply_goes(http, crd):
    """Compared with a kube-apiserver 1.36.3. Source: k8s.io/apiextensions-apiserver pkg/controller/openapi/builder/builder.go."""
    document = http("GET", f"/openapi/v3/apis/{GROUP}/v1")[2]
    item, many = (document["paths"][f"/apis/{GROUP}/v1/namespaces/{{namespace}}/widgets{tail}"] for tail in ("/{name}", ""))
    patch, kind = item["patch"], {"group": GROUP, "version": "v1", "kind": "Widget"}
    assert patch["operationId"] == "patchExampleComV1NamespacedWidget" and list(patch["responses"]) == ["200", "401"]
    assert [name.partition("/")[2] for name in patch["requestBody"]["content"]] == ["apply-patch+yaml", "json-patch+json", "merge-patch+json"]
    assert list(item["put"]["requestBody"]["content"]) == ["application/json", "application/yaml"] == list(many["get"]["responses"]["200"]["content"])
    assert "requestBody" not in many["delete"] and document["info"]["title"] == "Kubernetes CRD Swagger"
    scale = document["paths"][f"/apis/{GROUP}/v1/namespaces/{{namespace}}/widgets/{{name}}/scale"]["get"]
    assert scale["x-kubernetes-group-version-kind"] == kind


def test_version_2_leaves_out_what_kubectl_does_not_understand(http):
    made = definition()
    spec = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"] |= {"maybe": {"type": "string", "nullable": True}, "any": {"x-kubernetes-int-or-string": True, "anyOf": [
        {"type": "integer"}, {"type": "string"}]}, "whole": {"type": "object", "x-kubernetes-embedded-resource": True,
                                               "properties": {"spec": {"type": "object"}}}}
    spec["required"] = ["size", "maybe"]
    assert http("POST", DEFINITIONS, made)[0] == 201
    found = http("GET", "/openapi/v2")[2]["definitions"]["com.example.v1.Widget"]["properties"]
    assert found["metadata"]["description"].startswith("Standard object's metadata.")
    shown = found["spec"]
    assert shown["required"] == ["size"] and shown["properties"]["maybe"] == {}
    assert shown["properties"]["any"] == {"x-kubernetes-int-or-string": True}
    assert shown["properties"]["free"] == {"x-kubernetes-preserve-unknown-fields": True}
    assert shown["properties"]["whole"]["required"] == ["kind", "apiVersion"]
    document = http("GET", f"/openapi/v3/apis/{GROUP}/v1")[2]
    third = document["components"]["schemas"]["com.example.v1.Widget"]["properties"]["spec"]
    assert third["properties"]["maybe"] == {"type": "string", "nullable": True} and len(third["properties"]["any"]["anyOf"]) == 2


@pytest.mark.slow
def test_version_2_as_protobuf_has_it_too(http, crd):
    accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    _, headers, body = http("GET", "/openapi/v2", Accept=accept)
    _, plain, document = http("GET", "/openapi/v2")
    found = read_protobuf(2, "Document", body)
    assert headers["ETag"] == plain["ETag"]
    for part in ("definitions", "paths"):
        assert found[part].keys() == document[part].keys()
    size = found["definitions"]["com.example.v1.Widget"]["properties"]["spec"]["properties"]["size"]
    assert size == {"type": "integer", "minimum": 1.0, "maximum": 10.0}


def test_its_scale_has_columns_of_its_own(http, crd):
    http("POST", WIDGETS, widget(replicas=2))
    _, _, shown = http("GET", f"{WIDGETS}/w/scale", Accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["w", 2, 0]


def test_a_watch_sees_it(http, server, crd):
    revision = server.store.revision
    http("POST", WIDGETS, widget())
    _, _, lines = server.watch(wire.parse("GET", WIDGETS, f"watch=1&resourceVersion={revision}", {}))
    event = json.loads(lines)
    assert (event["type"], event["object"]["kind"], event["object"]["metadata"]["name"]) == ("ADDED", "Widget", "w")


def test_a_deleted_definition_takes_its_objects_along(http, crd, server):
    http("POST", WIDGETS, widget())
    code, _, body = http("DELETE", f"{DEFINITIONS}/widgets.{GROUP}")
    assert (code, body["metadata"]["finalizers"]) == (200, ["customresourcecleanup.apiextensions.k8s.io"])
    assert server.store.list(f"/registry/{GROUP}/widgets/") == []
    assert http("GET", f"{DEFINITIONS}/widgets.{GROUP}")[0] == 404
    assert http("GET", WIDGETS)[0] == 404


@pytest.mark.parametrize("change, complaint", [
    ({"group": "nodots"}, "should be a domain with at least one dot"),
    ({"scope": "World"}, 'spec.scope: Unsupported value: "World"'),
    ({"group": "x.k8s.io"}, "metadata.name: Invalid value"),
])
def test_a_definition_is_checked(http, change, complaint):
    code, _, body = http("POST", DEFINITIONS, definition(**change))
    assert code == 422 and complaint in body["message"]


def test_the_warning_of_a_version_on_its_way_out_is_a_line_of_text(http):
    """Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go (validateDeprecationWarning)."""
    body = definition()
    body["spec"]["versions"][0] |= {"deprecated": True, "deprecationWarning": "é\r\nSet-Cookie: a"}
    assert "non-printable character found at index 2" in http("POST", DEFINITIONS, body)[2]["message"]
    body["spec"]["versions"][0]["deprecationWarning"] = "é: use v2"
    assert http("POST", DEFINITIONS, body)[0] == 201


def test_a_definitions_group_never_changes(http, crd):
    changed = {**http("GET", f"{DEFINITIONS}/widgets.{GROUP}")[2]}
    changed["spec"] = {**changed["spec"], "scope": "Cluster"}
    code, _, body = http("PUT", f"{DEFINITIONS}/widgets.{GROUP}", changed)
    assert code == 422 and "spec.scope: Invalid value: \"Cluster\": field is immutable" in body["message"]


KEEPS = {"type": "object", structural.PRESERVE: True}


@pytest.mark.parametrize("schema, gone", [
    ({"type": "object"}, ["a", "s"]),
    (KEEPS, []),
    ({**KEEPS, "properties": {"s": {"type": "object", "properties": {"k": {"type": "string"}}}}}, ["s.x"]),
    ({"type": "object", "properties": {"a": KEEPS, "s": {"type": "object", "additionalProperties": {"type": "object"}}}}, ["s.x.y"]),
    ({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "array", "items": KEEPS}}}}}, ["s"]),
    ({"type": "object", "properties": {"a": {**KEEPS, "properties": {"b": {"type": "array", "items": {"type": "object"}}}}, "s": KEEPS}},
     ["a.b[0].c"]),
])
def test_where_unknown_fields_are_kept_so_is_all_that_is_in_them(schema, gone):
    """Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/pruning/algorithm.go."""
    value = {"a": {"b": [{"c": "d"}]}, "s": {"k": "1", "x": {"y": 1}}, "metadata": {"name": "n"}}
    assert structural.prune(value, schema) == gone


@pytest.mark.parametrize("kind", ["Event", "Pod", "Lease"])
def test_a_kind_that_is_named_as_a_built_in_one_is_one_of_its_own(http, server, kind):
    """What has a short way through the server is the core's own, not what bears its name."""
    names = {"plural": "widgets", "singular": "widget", "kind": kind}
    assert http("POST", DEFINITIONS, definition(names=names))[0] == 201
    body = {**widget(), "kind": kind, "metadata": {"name": "w", "namespace": "default"}}
    request = Request(verb="create", resource="widgets", group=GROUP, namespace="default", body=body, groups=["system:masters"])
    write = pipeline.arrive(request, server.context.enter(request, True))
    made = pipeline.commit(write, server.context).body
    assert made["spec"] == {"size": 3, "color": "red"} and made["metadata"]["generation"] == 1
