"""Admission webhooks: who is asked, what their answers do, and in whose words they fail.

Source: k8s.io/apiserver pkg/admission/plugin/webhook; test/images/agnhost/webhook stands at the other end.
"""
import json

import msgspec
import pytest

from cluster.apiserver import streams
from cluster.meta.requests import Request
from cluster.runtime import agnhost_webhook

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/{}webhookconfigurations"
MAPS = "/api/v1/namespaces/default/configmaps"


def hook(path, resource="configmaps", operations=("*",), **others):
    """A hook whose Service is default/hook."""
    rule = {"operations": list(operations), "apiGroups": ["*"], "apiVersions": ["*"], "resources": [resource]}
    service = {"name": "hook", "namespace": "default", "path": path, "port": 8443}
    return {"name": f"x{path.replace('/', '-')}.k8s.io", "rules": [rule], "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": {"service": service, "caBundle": "eA=="}, "timeoutSeconds": 5, **others}


@pytest.fixture
def heard(http, server):
    """The reviews that were posted; a Service is there, and agnhost's judges answer for it."""
    reviews = []

    def called(host, port, text, timeout_ms):
        head, _, body = text.partition("\r\n\r\n")
        path, review = head.split(" ")[1].partition("?")[0], json.loads(body)
        reviews.append(review)
        if path == "/late":
            return 0, "late", {}
        answer = agnhost_webhook.JUDGES[path](review["request"], "")
        response = {"uid": review["request"]["uid"], **answer}
        return 200, json.dumps({"kind": "AdmissionReview", "apiVersion": review["apiVersion"], "response": response}).encode(), {}

    server.context.hooks.called = called
    ports = [{"port": 8443, "protocol": "TCP"}]
    assert http("POST", "/api/v1/namespaces/default/services", {"metadata": {"name": "hook"}, "spec": {"ports": ports}})[0] == 201
    return reviews


def configure(http, sort, *hooks):
    kind = f"{sort.title()}WebhookConfiguration"
    body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": sort}, "webhooks": list(hooks)}
    code, _, answer = http("POST", CONFIGURATIONS.format(sort), body)
    assert code == 201, answer


def a_map(name="m", **data):
    return {"metadata": {"name": name}, "data": {each.replace("_", "-"): value for each, value in data.items()}}


def test_a_webhook_refuses_in_its_own_words(http, heard):
    configure(http, "validating", hook("/configmaps"))
    code, _, answer = http("POST", MAPS, a_map(webhook_e2e_test="webhook-disallow"))
    assert (code, answer["message"]) == (
        400, 'admission webhook "x-configmaps.k8s.io" denied the request: the configmap contains unwanted key and value')
    assert http("POST", MAPS, a_map())[0] == 201 and http("DELETE", f"{MAPS}/m")[0] == 200
    request = heard[-1]["request"]
    assert request["operation"] == "DELETE" and request["object"] is None and request["oldObject"]["metadata"]["name"] == "m"
    assert request["userInfo"]["username"] and request["options"] == {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"}


def test_webhooks_change_an_object_one_after_the_other_and_are_asked_again_where_they_wish(http, heard):
    configure(http, "mutating", hook("/mutating-configmaps", reinvocationPolicy="IfNeeded"), hook("/add-label"))
    _, _, made = http("POST", MAPS, a_map(mutation_start="yes"))
    assert made["data"] == {"mutation-start": "yes", "mutation-stage-1": "yes", "mutation-stage-2": "yes"}
    assert made["metadata"]["labels"] == {"added-label": "yes"} and len(heard) == 3


def test_a_pod_is_given_its_defaults_after_a_webhook(http, server, heard):
    server.ask("create", "serviceaccounts", namespace="default", body={"metadata": {"name": "default", "namespace": "default"}})
    configure(http, "mutating", hook("/mutating-pods", "pods", ["CREATE"]))
    pod = {"metadata": {"name": "webhook-to-be-mutated"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    _, _, made = http("POST", "/api/v1/namespaces/default/pods", pod)
    added = made["spec"]["initContainers"][0]
    assert added["terminationMessagePolicy"] == "File" and added["volumeMounts"][0]["mountPath"].startswith("/var/run/secrets")


@pytest.mark.parametrize(
    "change, code, words",
    [
        ({"clientConfig": {"service": {"name": "hook", "namespace": "default", "path": "/configmaps", "port": 8443}}}, 500,
         "tls: failed to verify certificate: x509: certificate signed by unknown authority"),
        ({"clientConfig": {"service": {"name": "none", "namespace": "default", "port": 8443}, "caBundle": "eA=="}}, 500,
         'Internal error occurred: failed calling webhook "x-configmaps.k8s.io": failed to call webhook: '
         'Post "https://none.default.svc:8443/?timeout=5s": service "none" not found'),
        ({"clientConfig": {"service": {"name": "hook", "namespace": "default", "port": 1}, "caBundle": "eA=="}}, 500,
         'no service port 1 found for service "hook"'),
        ({"clientConfig": {"service": {"name": "hook", "namespace": "default", "path": "/late", "port": 8443}, "caBundle": "eA=="}}, 500,
         'Post "https://hook.default.svc:8443/late?timeout=5s": context deadline exceeded'),
        ({"matchConditions": [{"name": "a", "expression": "object.metadata.name != 'm'"}]}, 201, ""),
        ({"matchConditions": [{"name": "a", "expression": "object.metadata.nothing == 1"}]}, 403, "no such key: nothing"),
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, 201, ""),
        ({"namespaceSelector": {"matchLabels": {"a": "b"}}}, 201, ""),
    ],
)
def test_whom_a_webhook_is_asked_about_and_how_it_fails(http, heard, change, code, words):
    configure(http, "validating", hook("/configmaps", **change))
    found, _, answer = http("POST", MAPS, a_map(webhook_e2e_test="webhook-disallow"))
    assert found == code and words in answer.get("message", "")


def test_what_cannot_be_asked_is_passed_over_where_the_policy_says_so(http, heard):
    configure(http, "validating", hook("/late", failurePolicy="Ignore"))
    assert http("POST", MAPS, a_map())[0] == 201 and len(heard) == 1


def test_a_dry_run_is_refused_by_a_hook_with_side_effects(http, heard):
    broken = {**hook("/configmaps"), "sideEffects": "NoneOnDryRun"}
    configure(http, "validating", broken)
    assert http("POST", MAPS, a_map(), query="dryRun=All")[0] == 201 and heard[0]["request"]["dryRun"] is True


def test_webhooks_are_not_asked_about_webhooks(http, heard):
    configure(http, "validating", hook("/always-deny", "*/*"))
    assert http("DELETE", CONFIGURATIONS.format("validating") + "/validating")[0] == 200 and not heard


def test_a_connection_is_asked_about_too(http, server, heard):
    server.ask("create", "serviceaccounts", namespace="default", body={"metadata": {"name": "default", "namespace": "default"}})
    pod = {"metadata": {"name": "to-be-attached-pod"}, "spec": {"nodeName": "n", "containers": [{"name": "container1", "image": "a"}]}}
    assert http("POST", "/api/v1/namespaces/default/pods", pod)[0] == 201
    configure(http, "validating", hook("/pods/attach", "pods/attach", ["CONNECT"]))
    request = Request(verb="get", resource="pods", namespace="default", name="to-be-attached-pod", subresource="attach",
                      options={"stdin": "true"}, user="kubernetes-admin", groups=["system:masters"])
    answer = streams.target(request, "stdin=true", server.context)
    assert "attaching to pod 'to-be-attached-pod' is not allowed" in answer.body["message"]
    assert streams.target(msgspec.structs.replace(request, options={}), "", server.context).container == "container1"


@pytest.mark.parametrize("expression, is_read", [
    ("... [] bad expression", False), ("object.metadata.name ==", False), ("1 +* 2", False), ("has(object.a", False),
    ("object.metadata.name == 'a' && !(request.operation in ['CREATE'])", True), ("object.?spec.?replicas.orValue(1) > 0", True),
    ("b'abc' == bytes('abc')", True), ("1e3 > 2.0", True), ("object.spec.`a-b` == 1", False), ("[1, ?object.?a] == []", False),
    ("object.spec.all(c, c.x > 1) ? true : size(object.y) > 2", True), ("duration('1s') < duration('2s')", True),
])
def test_an_expression_that_cannot_be_read_is_refused(http, heard, expression, is_read):
    conditions = [{"name": "a", "expression": expression}]
    body = {"metadata": {"name": "x"}, "webhooks": [hook("/configmaps", matchConditions=conditions)]}
    code, _, answer = http("POST", CONFIGURATIONS.format("mutating"), body)
    assert (code == 201) == is_read and ("compilation failed" in answer.get("message", "")) != is_read
