"""Custom resources between versions: a webhook that converts, what is defaulted on the way out, and field selectors by version.

Source: k8s.io/apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go, pkg/apiserver/customresource_handler.go;
test/images/agnhost/crd-conversion-webhook stands at the other end.
"""
import json

import pytest

from cluster.apiserver import http as wire
from cluster.apiserver import selection
from cluster.apiserver.custom import converting
from cluster.meta.status import StatusError
from cluster.runtime import agnhost_webhook

GROUP = "stable.example.com"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
V1, V2 = (f"/apis/{GROUP}/{version}/namespaces/default/places" for version in ("v1", "v2"))


def version_of(name, *fields, storage):
    properties = {field: {"type": "string"} for field in fields}
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
            "selectableFields": [{"jsonPath": f".{field}"} for field in fields]}


def definition(stored="v1"):
    service = {"name": "hook", "namespace": "default", "path": "/crdconvert", "port": 9443}
    webhook = {"clientConfig": {"service": service, "caBundle": "eA=="}, "conversionReviewVersions": ["v1", "v1beta1"]}
    versions = [version_of("v1", "hostPort", storage=stored == "v1"), version_of("v2", "host", "port", storage=stored == "v2")]
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"places.{GROUP}"},
            "spec": {"group": GROUP, "scope": "Namespaced", "versions": versions, "conversion": {"strategy": "Webhook", "webhook": webhook},
                     "names": {"plural": "places", "singular": "place", "kind": "Place"}}}


def place(name, version="v1", **fields):
    return {"apiVersion": f"{GROUP}/{version}", "kind": "Place", "metadata": {"name": name}, **fields}


@pytest.fixture
def hook(http, server):
    """agnhost converts, until `is_on` is taken away; what it was asked is counted."""
    state = {"is_on": True, "asked": 0}

    def asked(host, port, text, timeout_ms):
        state["asked"] += 1
        if not state["is_on"]:
            return 0, "refused", {}
        review = json.loads(text.partition("\r\n\r\n")[2])
        return 200, json.dumps({**review, "response": agnhost_webhook._converted(review["request"])}).encode(), {}

    server.context.hooks.asked = asked
    ports = [{"port": 9443, "protocol": "TCP"}]
    assert http("POST", "/api/v1/namespaces/default/services", {"metadata": {"name": "hook"}, "spec": {"ports": ports}})[0] == 201
    assert http("POST", DEFINITIONS, definition())[0] == 201
    return state


def stored(server, name):
    return server.store.get(f"/registry/{GROUP}/places/default/{name}").value


def test_an_object_is_read_in_either_version_and_stored_in_one(http, server, hook):
    assert http("POST", V1, place("a", hostPort="x:80"))[0] == 201
    shown = http("GET", f"{V2}/a")[2]
    assert (shown["apiVersion"], shown["host"], shown["port"]) == (f"{GROUP}/v2", "x", "80") and "hostPort" not in shown
    code, _, made = http("POST", V2, place("b", "v2", host="y", port="81"))
    assert (code, made["host"], made["apiVersion"]) == (201, "y", f"{GROUP}/v2")
    assert stored(server, "b")["hostPort"] == "y:81" and "host" not in stored(server, "b")


def test_an_update_in_the_other_version_is_worked_out_there(http, server, hook):
    http("POST", V1, place("a", hostPort="x:80"))
    code, _, changed = http("PATCH", f"{V2}/a", {"port": "90"}, Content_Type="application/merge-patch+json")
    assert (code, changed["host"], changed["port"]) == (200, "x", "90")
    assert stored(server, "a")["hostPort"] == "x:90"
    before = server.store.revision
    assert http("PUT", f"{V2}/a", changed)[0] == 200 and server.store.revision == before


def test_a_list_has_one_version_whatever_its_objects_are_stored_in(http, server, hook):
    http("POST", V1, place("a", hostPort="x:80"))
    there = http("GET", f"{DEFINITIONS}/places.{GROUP}")[2]
    assert http("PUT", f"{DEFINITIONS}/places.{GROUP}", {**there, "spec": definition("v2")["spec"]})[0] == 200
    http("POST", V1, place("b", hostPort="y:81"))
    assert [stored(server, name)["apiVersion"] for name in "ab"] == [f"{GROUP}/v1", f"{GROUP}/v2"]
    assert [item["hostPort"] for item in http("GET", V1)[2]["items"]] == ["x:80", "y:81"]
    assert [item["host"] for item in http("GET", V2)[2]["items"]] == ["x", "y"]


def test_fields_are_selected_in_the_version_that_is_asked(http, server, hook):
    http("POST", V1, place("a", hostPort="x:80"))
    http("POST", V1, place("b", hostPort="y:80"))
    assert [item["metadata"]["name"] for item in http("GET", V2, query="fieldSelector=host%3Dx")[2]["items"]] == ["a"]
    assert http("GET", V1, query="fieldSelector=host%3Dx")[0] == 400
    assert http("DELETE", V2, query="fieldSelector=host%3Dy")[0] == 200
    assert [item["metadata"]["name"] for item in http("GET", V1)[2]["items"]] == ["a"]


def test_what_is_asked_of_a_version_needs_no_webhook_where_that_is_stored(http, hook):
    http("POST", V1, place("a", hostPort="x:80"))
    http("GET", f"{V1}/a")
    assert hook["asked"] == 0


def test_a_webhook_that_cannot_be_reached_fails_what_needs_it(http, hook):
    http("POST", V1, place("a", hostPort="x:80"))
    hook["is_on"] = False
    code, _, refusal = http("GET", f"{V2}/a")
    assert code == 500 and refusal["message"].startswith(
        f'conversion webhook for {GROUP}/v1, Kind=Place failed: Post "https://hook.default.svc:9443/crdconvert?timeout=30s": dial tcp ')
    assert http("GET", f"{V1}/a")[0] == 200


@pytest.mark.parametrize("change, complaint", [
    ({"kind": "Other"}, "returned invalid object at index 0: invalid kind (expected Place, received Other)"),
    ({"metadata": {"name": "b", "uid": "u"}}, "returned invalid object: must have the same name: a != b"),
    ({"metadata": {"name": "a", "uid": "u", "labels": {"x": 1}}}, "returned invalid metadata: invalid metadata.labels in converted object"),
])
def test_what_a_webhook_may_not_change(change, complaint):
    obj = {**place("a"), "metadata": {"name": "a", "uid": "u"}}

    def post(client, review, timeout_s):
        made = {**obj, "apiVersion": f"{GROUP}/v2", **change}
        response = {"uid": review["request"]["uid"], "convertedObjects": [made], "result": {"status": "Success"}}
        return {"kind": "ConversionReview", "apiVersion": review["apiVersion"], "response": response}

    with pytest.raises(StatusError) as refused:
        converting.by_webhook(obj, f"{GROUP}/v2", {"clientConfig": {}, "conversionReviewVersions": ["v1"]}, post)
    assert refused.value.message.endswith(complaint)


def test_an_answer_to_another_question_is_none():
    def post(client, review, timeout_s):
        return {"kind": "ConversionReview", "apiVersion": review["apiVersion"], "response": {"uid": "x", "result": {"status": "Success"}}}

    with pytest.raises(StatusError, match=r"failed: expected response\.uid="):
        converting.by_webhook({**place("a"), "metadata": {}}, f"{GROUP}/v2", {"clientConfig": {}, "conversionReviewVersions": ["v1"]}, post)


def test_a_default_that_comes_later_is_filled_in_when_an_object_is_read(http, server):
    made = definition()
    made["spec"] = {**made["spec"], "conversion": {"strategy": "None"}}
    http("POST", DEFINITIONS, made)
    http("POST", V1, place("a"))
    patch = [{"op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/hostPort/default", "value": "z:1"}]
    assert http("PATCH", f"{DEFINITIONS}/places.{GROUP}", patch, Content_Type="application/json-patch+json")[0] == 200
    assert http("GET", f"{V1}/a")[2]["hostPort"] == "z:1" and http("GET", V1)[2]["items"][0]["hostPort"] == "z:1"
    assert "hostPort" not in stored(server, "a")


def test_a_watch_matches_the_fields_of_its_version(http, server, hook):
    http("POST", V1, place("a", hostPort="x:80"))
    registry = server.context.registry
    asked = wire.watch_spec(wire.parse("GET", V2, "watch=true&fieldSelector=host%3Dx", {}, b""), registry)
    matches = selection.matcher(asked.resource, asked.label_selector, asked.field_selector, registry, asked.version)
    assert matches(stored(server, "a"))
    assert not matches({**stored(server, "a"), "hostPort": "y:80"})
    hook["is_on"] = False
    assert not matches(stored(server, "a"))
