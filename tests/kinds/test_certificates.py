"""Requests for certificates: what may be asked for, what approving and issuing may change, and how a request reads."""
from __future__ import annotations

import base64

import pytest

from cluster.kinds import _certificates, certificatesigningrequest
from cluster.meta.objects import draft

from .objects import texts

pytest.importorskip("cryptography")
CLIENT = ["client auth", "digital signature"]
NOW, LATER = "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z"


def request(common_name: str = "jane", *groups: str, dns: tuple[str, ...] = ()) -> str:
    """A request in PEM, in base64. The key is always the same one."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding
    names = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
             *(x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, group) for group in groups)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in dns]), critical=False)
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return base64.b64encode(builder.sign(key, None).public_bytes(Encoding.PEM)).decode()


def a_csr(**spec) -> dict:
    asked = {"request": request(), "signerName": certificatesigningrequest.API_CLIENT, "usages": CLIENT, **spec}
    found = {"metadata": {"name": "jane"}, "spec": asked}
    certificatesigningrequest.default(found)
    return found


def with_conditions(csr: dict, *kinds: str) -> dict:
    return {**csr, "status": {"conditions": [{"type": kind, "status": "True"} for kind in kinds]}}


@pytest.mark.parametrize("spec, said", [
    ({}, []),
    ({"signerName": ""}, ["spec.signerName: Required value"]),
    ({"signerName": certificatesigningrequest.LEGACY},
     ['spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version']),
    ({"signerName": "signer"},
     ["spec.signerName: Invalid value: \"signer\": must be a fully qualified domain and path of the form 'example.com/signer-name'"]),
    ({"signerName": "example/x"},
     ['spec.signerName: Invalid value: "example": should be a domain with at least two segments separated by dots']),
    ({"usages": []}, ["spec.usages: Required value"]),
    ({"usages": ["client auth", "client auth"]}, ['spec.usages[1]: Duplicate value: "client auth"']),
    ({"expirationSeconds": 599}, ["spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)"]),
    ({"request": "aGVsbG8="}, ['spec.request: Invalid value: "aGVsbG8=": PEM block type must be CERTIFICATE REQUEST']),
])
def test_a_request_is_judged_in_upstreams_words(spec, said):
    assert texts(certificatesigningrequest.validate(a_csr(**spec))) == said


def test_a_forged_request_is_refused():
    pem = bytearray(base64.b64decode(request()))
    body = bytearray(base64.b64decode(_certificates.blocks(bytes(pem))[0][1]))
    body[-1] ^= 1
    text = b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(bytes(body)) + b"-----END CERTIFICATE REQUEST-----\n"
    assert _certificates.complaint(base64.b64encode(text).decode()) == "x509: Ed25519 verification failure"


def test_whoever_asks_is_written_by_the_server_and_nothing_is_approved_beforehand():
    csr = with_conditions(a_csr(username="root", groups=["system:masters"]), "Approved")
    certificatesigningrequest.asked_by(csr, {"username": "jane", "uid": "", "groups": ["g"], "extra": {}}, NOW)
    assert (csr["spec"]["username"], csr["spec"]["groups"], csr["status"]) == ("jane", ["g"], {}) and "uid" not in csr["spec"]


def test_approving_changes_conditions_alone_and_stamps_them():
    old, new = a_csr(), with_conditions(a_csr(), "Approved")
    new["status"]["certificate"] = "eA=="
    certificatesigningrequest.prepare_approval(new, old)
    certificatesigningrequest.stamp(new, old, NOW)
    assert new["status"] == {"conditions": [{"type": "Approved", "status": "True", "lastUpdateTime": NOW, "lastTransitionTime": NOW}]}
    assert texts(certificatesigningrequest.validate_update(new, old, may_approve=True)) == []
    assert texts(certificatesigningrequest.validate_update(new, old)) == [
        'status.conditions: Forbidden: updates may not add a condition of type "Approved"']


def test_what_was_approved_stays_as_it_was_when_the_status_is_written():
    old = with_conditions(a_csr(), "Approved")
    certificatesigningrequest.stamp(old, a_csr(), NOW)
    new = draft(old)
    new["status"]["conditions"][0]["message"] = "other"
    certificatesigningrequest.prepare_status(new, old)
    certificatesigningrequest.stamp(new, old, LATER)
    assert new["status"] == old["status"]


@pytest.mark.parametrize("before, after, said", [
    (("Approved",), (), ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"']),
    ((), ("Approved", "Denied"), ['status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive']),
    ((), ("Approved", "Approved"), ['status.conditions[1].type: Duplicate value: "Approved"']),
    (("Approved",), ("Approved", "Failed"), []),
])
def test_what_was_decided_stays_decided(before, after, said):
    old, new = with_conditions(a_csr(), *before), with_conditions(a_csr(), *after)
    assert texts(certificatesigningrequest.validate_update(new, old, may_approve=True)) == said


def test_a_certificate_is_issued_once_and_must_be_one():
    old, new = a_csr(), a_csr()
    new["status"] = {"certificate": base64.b64encode(b"no").decode()}
    assert texts(certificatesigningrequest.validate_update(new, old, may_issue=True)) == [
        'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block']
    assert 'status.certificate: Forbidden: updates may not set certificate content' in texts(certificatesigningrequest.validate_update(new, old))


@pytest.mark.parametrize("conditions, certificate, shown", [
    ((), "", "Pending"), (("Approved",), "", "Approved"), (("Approved",), "eA==", "Approved,Issued"), (("Denied",), "", "Denied"),
    (("Approved", "Failed"), "", "Approved,Failed"),
])
def test_a_row_says_how_far_a_request_is(conditions, certificate, shown):
    csr = with_conditions(a_csr(expirationSeconds=3600), *conditions)
    csr["status"]["certificate"] = certificate
    assert certificatesigningrequest.cells(csr, 0)[-2:] == ["60m", shown]


@pytest.mark.parametrize("asked, usages, serving, client", [
    (("system:node:n", "system:nodes"), ["digital signature", "client auth"], "DNS or IP subjectAltName is required", ""),
    (("jane", "system:nodes"), ["digital signature", "client auth"], "DNS or IP subjectAltName is required",
     "subject common name does not begin with system:node:"),
    (("system:node:n", "other"), [], "subject organization is not system:nodes", "subject organization is not system:nodes"),
    (("system:node:n", "system:nodes"), ["server auth"], "DNS or IP subjectAltName is required",
     "usages did not match [client auth digital signature key encipherment]"),
])
def test_kubelets_ask_for_just_what_they_need(asked, usages, serving, client):
    found = _certificates.parse(request(*asked))
    assert _certificates.kubelet_serving_complaint(found, usages) == serving
    assert _certificates.kubelet_client_complaint(found, usages) == client


def test_a_serving_certificate_is_for_names_and_a_client_certificate_is_not():
    found = _certificates.parse(request("system:node:n", "system:nodes", dns=("n",)))
    assert _certificates.kubelet_serving_complaint(found, ["digital signature", "server auth"]) == ""
    assert _certificates.kubelet_client_complaint(found, ["digital signature", "client auth"]) == "DNS subjectAltNames are not allowed"


@pytest.mark.parametrize("usages, said", [
    (CLIENT, ""), (["digital signature"], "missing required usage for client certificate: client auth"),
    (["client auth", "server auth"], "invalid usage for client certificate: server auth"),
])
def test_a_client_of_the_api_asks_for_client_auth(usages, said):
    assert _certificates.api_client_complaint(_certificates.parse(request()), usages) == said
