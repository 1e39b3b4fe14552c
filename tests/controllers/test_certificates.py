"""Requests for certificates: which are approved, what is signed and how, and when they go. And ranges of Services' addresses.

Source: pkg/controller/certificates/{approver,signer,cleaner}/*_test.go, pkg/controller/servicecidrs/servicecidrs_controller_test.go.
"""

from __future__ import annotations

import base64

import pytest

from cluster.apiserver import allocation
from cluster.controllers import _authority, certificates
from cluster.engine.clock import unix_ms
from cluster.kinds import certificatesigningrequest as requests
from cluster.kinds.servicecidr import FINALIZER
from tests.kinds.test_certificates import request as asked_for

from .world import World

CLIENT = ["client auth", "digital signature"]
NOW = "2026-01-01T09:00:00Z"
FOLDER, CIDRS = "/registry/certificatesigningrequests/", "/registry/servicecidrs/"


@pytest.fixture(scope="module")
def world():
    return World(without=("garbage-collector-controller",))


def wanted(name: str, *who: str, signer: str = requests.API_CLIENT, **spec) -> dict:
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name},
        "spec": {"request": asked_for(*who), "signerName": signer, "usages": CLIENT, **spec},
    }


def approve(world, name: str) -> dict:
    csr = world.store.get(FOLDER + name).value
    condition = {"type": "Approved", "status": "True", "reason": "KubectlApprove", "message": "x"}
    return world.do(world.client.update("certificatesigningrequests", {**csr, "status": {"conditions": [condition]}}, subresource="approval"))


def test_an_approved_request_gets_a_certificate_that_the_cluster_has_signed(world):
    from cryptography import x509

    world.do(world.client.create("certificatesigningrequests", wanted("jane", "jane", "devs", expirationSeconds=3600)))
    assert "conditions" not in world.store.get(FOLDER + "jane").value["status"]
    approve(world, "jane")
    issued = x509.load_pem_x509_certificate(base64.b64decode(world.store.get(FOLDER + "jane").value["status"]["certificate"]))
    cluster = world.store.get("/registry/namespaces/kube-system").value["metadata"]["uid"]
    authority = x509.load_pem_x509_certificate(_authority.certificate(cluster, 0).encode())
    issued.verify_directly_issued_by(authority)
    assert issued.subject.rfc4514_string() == "O=devs,CN=jane"
    assert (issued.not_valid_after_utc - issued.not_valid_before_utc).total_seconds() == 3600 + 300
    usages = issued.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [usage.dotted_string for usage in usages] == [_authority.EXTENDED["client auth"]]


def test_what_a_signer_does_not_sign_fails(world):
    world.do(world.client.create("certificatesigningrequests", wanted("server", "jane", usages=["server auth"])))
    approve(world, "server")
    failed = world.store.get(FOLDER + "server").value["status"]["conditions"][1]
    assert (failed["type"], failed["reason"], failed["message"]) == (
        "Failed",
        "SignerValidationFailure",
        "invalid usage for client certificate: server auth",
    )


def ask_as_node(world, name: str) -> dict:
    call = world.client.create("certificatesigningrequests", wanted(name, "system:node:n", "system:nodes", signer=requests.KUBELET_CLIENT))
    call.request.user, call.request.groups = "system:node:n", ["system:nodes", "system:authenticated"]
    world.do(call, settle=False)
    world.run(5_000)
    return world.store.get(FOLDER + name).value["status"]


def test_a_kubelets_own_certificate_is_approved_if_the_rules_let_it_have_one(world):
    assert ask_as_node(world, "before") == {}
    role = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient"
    group = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:nodes"}
    reference = {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": role}
    world.do(world.client.create("clusterrolebindings", {"metadata": {"name": "b"}, "subjects": [group], "roleRef": reference}), settle=False)
    status = ask_as_node(world, "after")
    assert status["conditions"][0]["message"] == certificates.APPROVALS["selfnodeclient"] and status["certificate"]


def test_the_same_request_at_the_same_time_gets_the_same_certificate():
    found = certificates._certificates.parse(asked_for())
    made = [_authority.sign(found.source, CLIENT, cluster="u", serial=7, begin_s=0, now_s=100, ttl_s=600) for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    "ttl_s, length_s",
    [(600, 900), (8 * 3600 - 1, 8 * 3600 + 299), (8 * 3600, 8 * 3600), (_authority.YEAR_S, _authority.YEAR_S), (20 * _authority.YEAR_S, 315360300)],
)
def test_a_long_life_is_counted_from_a_little_before_now(ttl_s, length_s):
    since, until = _authority.lifetime(0, 0, ttl_s)
    assert (since, until - since) == (-300, length_s)


@pytest.mark.parametrize("asked, seconds", [(None, _authority.YEAR_S), (60, 600), (7200, 7200), (10**9, _authority.YEAR_S)])
def test_a_certificate_lives_as_long_as_was_asked_for_within_bounds(asked, seconds):
    assert certificates.lifetime_s(asked) == seconds


def csr(*conditions: tuple[str, str], certificate: str = "") -> dict:
    rows = [{"type": kind, "lastUpdateTime": time} for kind, time in conditions]
    return {"metadata": {"creationTimestamp": NOW}, "status": {"conditions": rows, "certificate": certificate}}


@pytest.mark.parametrize(
    "found, hours, is_old",
    [
        (csr(), 24.1, True),
        (csr(), 23.9, False),
        (csr(("Approved", NOW), certificate="x"), 1.1, True),
        (csr(("Approved", NOW)), 1.1, False),
        (csr(("Approved", NOW)), 24.1, True),
        (csr(("Denied", NOW)), 1.1, True),
        (csr(("Failed", NOW)), 0.9, False),
    ],
)
def test_requests_go_when_nobody_needs_them_any_more(found, hours, is_old):
    assert certificates.is_old(found, unix_ms(NOW) + round(hours * certificates.HOUR_MS)) is is_old


@pytest.mark.parametrize("minutes, is_old", [(9, False), (11, True)])
def test_a_request_goes_with_its_certificate(minutes, is_old):
    """Source: cleaner.go (isIssuedExpired)."""
    source, now_s = certificates._certificates.parse(asked_for()).source, unix_ms(NOW) // 1000
    issued = _authority.sign(source, CLIENT, cluster="u", serial=7, begin_s=now_s, now_s=now_s, ttl_s=600)
    found = csr(("Approved", NOW), certificate=issued)
    assert certificates.is_old(found, unix_ms(NOW) + minutes * 60_000) is is_old


# -- ranges of addresses ------------------------------------------------------------------------------------------------


def a_range(name: str, *cidrs: str) -> dict:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": name}, "spec": {"cidrs": list(cidrs)}}


def a_service(name: str, **spec) -> dict:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


def test_a_further_range_gives_addresses_and_stays_while_one_is_held(world):
    world.do(world.client.create("servicecidrs", a_range("more", "192.168.0.0/24")))
    made = world.store.get(CIDRS + "more").value
    assert made["metadata"]["finalizers"] == [FINALIZER] and made["status"]["conditions"][0]["status"] == "True"
    world.create("services", a_service("there", clusterIP="192.168.0.10"))
    held = world.store.get(allocation.ADDRESSES + "192.168.0.10").value
    assert held["spec"]["parentRef"] == {"resource": "services", "namespace": "default", "name": "there"}
    world.do(world.client.delete("servicecidrs", "more"))
    assert world.store.get(CIDRS + "more").value["status"]["conditions"][0]["reason"] == "Terminating"
    world.do(world.client.delete("services", "there", "default"))
    assert world.store.get(allocation.ADDRESSES + "192.168.0.10") is None
    assert world.store.get(CIDRS + "more") is None


def test_the_clusters_own_range_is_as_its_controller_leaves_it(world):
    own = world.store.get(CIDRS + "kubernetes")
    assert own.version == 1 and own.value["status"]["conditions"][0]["message"] == "Kubernetes Service CIDR is ready"
