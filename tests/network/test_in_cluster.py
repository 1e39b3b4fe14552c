"""The API server as a container reaches it, and agnhost's program that holds its token against the issuer's keys there."""

import base64
import json
from types import SimpleNamespace

import pytest

from cluster.network import in_cluster
from cluster.runtime import agnhost_openid
from cluster.runtime.http import answer_of
from cluster.runtime.wire import Exchanged
from tests.conformance.in_process import InProcess

ISSUER = "https://kubernetes.default.svc.cluster.local"
ALLOWED = "system:service-account-issuer-discovery"


@pytest.fixture
def server():
    made = InProcess()
    made.handle = made.at_once = made.run
    return made


def token_of(server, *audiences):
    made = server.ask("create", "serviceaccounts", namespace="default", name="default", subresource="token", body={"spec": {"audiences": audiences}})
    return made.body["status"]["token"]


def asked(server, line, token="", body=""):
    head = f"{line} HTTP/1.1\r\nHost: kubernetes.default.svc\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return answer_of(in_cluster.answered(server, f"{head}Authorization: Bearer {token}\r\n\r\n{body}" if token else f"{head}\r\n{body}"))


def test_who_comes_without_a_token_is_anonymous(server):
    found = asked(server, "GET /api/v1/namespaces/default/pods")
    assert found.code == 403 and 'User \\"system:anonymous\\" cannot list resource \\"pods\\"' in found.body
    assert asked(server, "GET /version").code == 200
    assert asked(server, "GET /api/v1/pods", "nonsense").code == 401


def test_who_comes_with_a_token_may_what_its_account_may(server):
    token = token_of(server)
    assert asked(server, "GET /api/v1/namespaces/default/configmaps", token).code == 403
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": "default"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}
    server.ask("create", "clusterrolebindings", group="rbac.authorization.k8s.io", body={
        "metadata": {"name": "x"}, "roleRef": {**role, "name": "cluster-admin"}, "subjects": [subject]})  # fmt: skip
    assert json.loads(asked(server, "GET /api/v1/namespaces/default/configmaps", token).body)["kind"] == "ConfigMapList"
    made = asked(server, "POST /api/v1/namespaces/default/configmaps", token, json.dumps({"metadata": {"name": "made"}}))
    assert made.code == 201 and server.store.get("/registry/configmaps/default/made") is not None


def test_a_watch_is_not_answered_and_what_is_no_request_is_refused(server):
    assert asked(server, "GET /api/v1/pods?watch=true").code == 501
    assert answer_of(in_cluster.answered(server, "\x16\x03 nonsense\r\n\r\n")).code == 400


def validated(server, token, audience="x", own=None):
    """(exit code, what was logged) of agnhost's program in a Pod with that token."""
    said, files = [], {"/t": token, agnhost_openid.OWN: own or token_of(server)}

    def exchange(host, port, text, *, is_tls):
        return Exchanged("", in_cluster.answered(server, text), "10.96.0.1", 1)

    world = SimpleNamespace(read_file=files.get, network=SimpleNamespace(exchange=exchange), date_text="2026-01-01T09:00:00Z", now_ms=0,
                            unix_s=server.engine.clock.unix_ms(server.now_ms) // 1000)  # fmt: skip
    me = SimpleNamespace(argv=["agnhost", "x", "--token-path=/t", f"--audience={audience}"], env={"KUBERNETES_SERVICE_HOST": "10.96.0.1"},
                         world=world, say=lambda words, stream: said.append(words))  # fmt: skip
    return agnhost_openid.discovery(me).code, "\n".join(said)


def spoiled(token):
    head, claims, signature = token.split(".")
    changed = json.loads(base64.urlsafe_b64decode(claims + "=="))
    text = json.dumps({**changed, "sub": "system:serviceaccount:kube-system:other"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.{signature}"


@pytest.mark.parametrize("change, audience, code, words", [
    (str, "x", 0, "OK: Validated signature on JWT"),
    (spoiled, "x", 1, "failed to verify signature"),
    (str, "y", 1, 'expected audience "y" got ["x"]'),
    (lambda token: "nonsense", "x", 1, "compact JWS format must have three parts"),
])  # fmt: skip
def test_agnhost_holds_a_token_against_its_issuers_keys(server, change, audience, code, words):
    found, said = validated(server, change(token_of(server, "x")), audience)
    assert (found, words in said) == (code, True), said


def test_agnhost_needs_the_right_to_ask_the_issuer(server):
    for name in (ALLOWED, "system:discovery", "system:public-info-viewer"):
        server.ask("delete", "clusterrolebindings", group="rbac.authorization.k8s.io", name=name)
    code, said = validated(server, token_of(server, "x"))
    assert code == 1 and "failed to validate with in-cluster discovery: 403 Forbidden" in said
