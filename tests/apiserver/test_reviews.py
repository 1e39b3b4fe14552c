"""Questions about who one is and what one may do."""
import pytest

ACCESS = "/apis/authorization.k8s.io/v1"


@pytest.mark.parametrize("spec, headers, allowed", [
    ({"resourceAttributes": {"verb": "delete", "resource": "nodes"}}, {}, True),
    ({"resourceAttributes": {"verb": "delete", "resource": "nodes"}}, {"Impersonate_User": "jane"}, False),
    ({"nonResourceAttributes": {"verb": "get", "path": "/api"}}, {"Impersonate_User": "jane"}, True),
    ({"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, {"Impersonate_User": "jane"}, False),
])
def test_one_may_ask_what_one_may(http, spec, headers, allowed):
    code, _, body = http("POST", f"{ACCESS}/selfsubjectaccessreviews", {"spec": spec}, **headers)
    assert (code, body["status"]["allowed"]) == (201, allowed)


def test_all_that_one_may_is_listed(http):
    code, _, body = http("POST", f"{ACCESS}/selfsubjectrulesreviews", {"spec": {"namespace": "default"}}, Impersonate_User="jane")
    assert code == 201
    assert {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]} in body["status"]["resourceRules"]
    assert any("/healthz" in rule["nonResourceURLs"] for rule in body["status"]["nonResourceRules"])


def test_nothing_of_a_review_is_stored(http, server):
    before = server.store.revision
    http("POST", f"{ACCESS}/subjectaccessreviews", {"spec": {"user": "x", "resourceAttributes": {"verb": "get", "resource": "pods"}}})
    assert server.store.revision == before


def test_a_token_is_reviewed(http, server):
    token = server.ask("create", "serviceaccounts", namespace="default", name="default", subresource="token", body={}).body["status"]["token"]
    _, _, body = http("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": token}})
    assert body["status"]["authenticated"] and body["status"]["user"]["username"] == "system:serviceaccount:default:default"
    _, _, body = http("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": token, "audiences": ["vault"]}})
    assert "authenticated" not in body["status"] and "is invalid for the target audiences" in body["status"]["error"]


def test_a_review_is_no_table(http):
    body = {"spec": {"nonResourceAttributes": {"path": "/", "verb": "get"}}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert http("POST", path, body, Accept="application/json;as=Table;v=v1;g=meta.k8s.io")[0] == 406
    assert http("POST", path, body, Accept="application/json;as=Table;v=v1;g=meta.k8s.io,application/json")[0] == 201
