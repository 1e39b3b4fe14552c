"""Requests for certificates over HTTP: who may approve and sign, what nobody may ask for, and field selectors."""
from __future__ import annotations

import pytest

from tests.kinds.test_certificates import a_csr, request

CSRS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
JANE = {"Impersonate_User": "jane"}


def made(http, name="c", **spec):
    return http("POST", CSRS, {"metadata": {"name": name}, "spec": a_csr(**spec)["spec"]})


@pytest.fixture
def may(http):
    """Gives jane a right to something about requests."""
    def given(*rules):
        http("POST", f"{RBAC}/clusterroles", {"metadata": {"name": "r"}, "rules": list(rules)})
        subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "jane"}
        reference = {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": "r"}
        assert http("POST", f"{RBAC}/clusterrolebindings", {"metadata": {"name": "r"}, "subjects": [subject], "roleRef": reference})[0] == 201
    return given


UPDATES = {"apiGroups": ["certificates.k8s.io"], "resources": ["certificatesigningrequests/approval", "certificatesigningrequests/status"],
           "verbs": ["update"]}


def approve(http, **headers):
    body = http("GET", f"{CSRS}/c")[2]
    body["status"] = {**body["status"], "conditions": [{"type": "Approved", "status": "True", "reason": "r", "message": "m"}]}
    return http("PUT", f"{CSRS}/c/approval", body, **headers)


def test_who_asks_is_written_by_the_server(http):
    code, _, body = made(http, username="somebody else")
    assert code == 201 and body["spec"]["username"] == "kubernetes-admin" and "system:authenticated" in body["spec"]["groups"]
    assert body["status"] == {}


def test_nobody_may_ask_to_be_a_master(http):
    code, _, body = made(http, request=request("jane", "system:masters"))
    assert code == 403 and body["message"] == ('certificatesigningrequests.certificates.k8s.io "c" is forbidden: use of '
                                               "kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed")


def test_to_approve_takes_a_right_for_the_signer(http, may):
    made(http)
    may(UPDATES)
    code, _, body = approve(http, **JANE)
    assert code == 403 and body["message"].endswith('user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"')


def test_a_right_for_a_domain_is_one_for_its_signers(http, may):
    made(http)
    may(UPDATES, {"apiGroups": ["certificates.k8s.io"], "resources": ["signers"], "resourceNames": ["kubernetes.io/*"], "verbs": ["approve"]})
    code, _, body = approve(http, **JANE)
    assert code == 200 and body["status"]["conditions"][0]["lastUpdateTime"]
    body["status"]["conditions"].append({"type": "Failed", "status": "True", "reason": "r", "message": "m"})
    code, _, body = http("PUT", f"{CSRS}/c/status", body, **JANE)
    assert code == 403 and body["message"].endswith('user not permitted to sign requests with signerName "kubernetes.io/kube-apiserver-client"')


def test_requests_are_selected_by_their_signer(http):
    made(http, "a")
    made(http, "b", signerName="example.com/mine")
    _, _, found = http("GET", CSRS, query="fieldSelector=spec.signerName%3Dexample.com/mine")
    assert [item["metadata"]["name"] for item in found["items"]] == ["b"]


def test_a_request_stays_what_it_is(http):
    made(http)
    body = http("GET", f"{CSRS}/c")[2]
    code, _, after = http("PUT", f"{CSRS}/c", {**body, "spec": {**body["spec"], "usages": ["any"]}})
    assert code == 200 and after["spec"] == body["spec"]
