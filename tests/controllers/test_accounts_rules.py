"""What every namespace has, and Secrets for accounts: what each change leads to.

Source: pkg/controller/serviceaccount/serviceaccounts_controller_test.go, tokens_controller_test.go;
pkg/controller/certificates/rootcacertpublisher/publisher_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers.root_ca import CERTIFICATE, DESCRIPTION, DESCRIPTION_ANNOTATION
from cluster.controllers.serviceaccount_token import encoded
from cluster.kinds.secret import ACCOUNT_NAME, ACCOUNT_UID
from tests.controllers.rig import Rig

NOW = "2026-01-01T09:00:00Z"


class Change(Rig):
    """A controller that hears of one change; what it then asks for, reads of what it wants to write included."""

    def __init__(self, controller, known, changed, resource, event="MODIFIED"):
        super().__init__({"controller": controller, "now": NOW, "objects": list(known)})
        self.asked = []
        keys = []
        self.controller.queue.add = keys.append
        self.controller.work = lambda work, done=None: self.drive(work)
        for informer in self.informers.by_resource.values():
            if informer.resource == resource:
                if event == "DELETED":
                    informer.put("DELETED", changed)
                else:
                    self.know(changed, 9)
                for handler in [*informer.handlers, *informer.concerned(None, changed)]:
                    handler(event, changed if event == "MODIFIED" else None, changed)
        for key in keys:
            self.look({"key": key})

    def grant(self, request):
        self.asked.append(f"{request.verb} {request.resource}")
        return super().grant(request)


def namespace(phase="Active", name="default"):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": phase}}


def account(*secrets, name="default", uid="12345"):
    listed = {"secrets": [{"name": each} for each in secrets]} if secrets else {}
    meta = {"name": name, "namespace": "default", "uid": uid, "resourceVersion": "1"}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta, **listed}


@pytest.mark.parametrize(("known", "changed", "event", "is_made"), [
    ([], namespace(), "ADDED", True), ([account()], namespace(), "ADDED", False), ([], namespace("Terminating"), "ADDED", False),
    ([], namespace(), "MODIFIED", True), ([account(name="other")], namespace(), "MODIFIED", True), ([account()], namespace(), "MODIFIED", False),
    ([], namespace("Terminating"), "MODIFIED", False), ([], account(), "DELETED", False), ([namespace()], account(), "DELETED", True),
    ([namespace("Terminating")], account(), "DELETED", False), ([namespace(), account()], account(name="other"), "DELETED", False),
    ([namespace("Terminating")], account(name="other"), "DELETED", False),
])  # fmt: skip
def test_an_active_namespace_has_its_account(known, changed, event, is_made):
    """Source: TestServiceAccountCreation."""
    resource = "namespaces" if changed["kind"] == "Namespace" else "serviceaccounts"
    found = Change("serviceaccount-controller", known, changed, resource, event)
    assert [each["request"] for each in found.requests] == (["create serviceaccounts default"] if is_made else [])


def config_map(name="kube-root-ca.crt", data=None, says=None):
    annotations = {"annotations": {DESCRIPTION_ANNOTATION: says}} if says else {}
    data = {"ca.crt": CERTIFICATE} if data is None else data
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", **annotations}, "data": data}


OURS, OTHER = config_map(says=DESCRIPTION), config_map("other", {})


@pytest.mark.parametrize(("known", "changed", "event", "verb"), [
    ([], namespace(name="new"), "ADDED", "create"), ([OURS, OTHER], OTHER, "DELETED", None), ([OTHER], OURS, "DELETED", "create"),
    ([], config_map(data={"ca.crt": CERTIFICATE, "test": "test"}), "MODIFIED", "update"),
    ([], config_map(data={"ca.crt": "abc"}), "MODIFIED", "update"),
    ([OURS], config_map("other", {"aa": "bb"}), "MODIFIED", None), ([], namespace("Terminating"), "MODIFIED", None),
    ([], config_map(), "MODIFIED", "update"), ([], OURS, "MODIFIED", None), ([], config_map(says="different"), "MODIFIED", None),
])  # fmt: skip
def test_each_namespace_has_the_clusters_certificate_and_only_it(known, changed, event, verb):
    """Source: TestConfigMapCreation, TestConfigMapUpdateNoHotLoop."""
    resource = "namespaces" if changed["kind"] == "Namespace" else "configmaps"
    found = Change("root-ca-cert-publisher", known, changed, resource, event).requests
    assert [each["request"] for each in found] == ([f"{verb} configmaps kube-root-ca.crt"] if verb else [])
    for each in found:
        assert each["body"]["data"] == {"ca.crt": CERTIFICATE} and each["body"]["metadata"]["annotations"][DESCRIPTION_ANNOTATION] == DESCRIPTION


FULL = {"token": encoded("ABC"), "ca.crt": encoded(CERTIFICATE), "namespace": encoded("default")}


def token(without="", **other):
    data = {key: value for key, value in {**FULL, **other}.items() if key != without}
    meta = {"name": "t", "namespace": "default", "uid": "23456", "annotations": {ACCOUNT_NAME: "default", ACCOUNT_UID: "12345"}}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token", "metadata": meta, "data": data}


FILLED = ["get secrets", "update secrets"]
REMOVED = ["get serviceaccounts", "delete secrets"]
OPAQUE = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": "regular", "namespace": "default"}, "data": {}}
CUSTOM = token(namespace=encoded("custom"))


@pytest.mark.parametrize(("known", "changed", "event", "asked"), [
    *[([OPAQUE], account(*secrets), event, []) for event in ("ADDED", "MODIFIED", "DELETED") for secrets in ((), ("missing",), ("regular",))],
    ([token()], account("t"), "ADDED", []), ([token()], account("t"), "MODIFIED", []), ([token()], account("t"), "DELETED", REMOVED),
    *[(known, changed, event, asked) for event in ("ADDED", "MODIFIED") for known, changed, asked in (
        ([], token(), REMOVED), ([account("t")], token(), []), ([account("t")], token("token"), FILLED), ([account("t")], token("ca.crt"), FILLED),
        ([account("t")], token(**{"ca.crt": encoded("x")}), FILLED), ([account("t")], token("namespace"), FILLED), ([account("t")], CUSTOM, []))],
    ([], token(), "DELETED", []), ([account("t")], token(), "DELETED", ["get serviceaccounts", "update serviceaccounts"]),
    ([account()], token(), "DELETED", ["get serviceaccounts"]), ([account("t", uid="other")], token(), "DELETED", []),
])  # fmt: skip
def test_secrets_are_filled_and_go_with_their_accounts(known, changed, event, asked):
    """Source: TestTokenCreation. Before a Secret goes, its account is looked for once more, also where it was seen to go."""
    resource = "serviceaccounts" if changed["kind"] == "ServiceAccount" else "secrets"
    found = Change("serviceaccount-token-controller", known, changed, resource, event)
    assert found.asked == asked
    for each in found.requests:
        if each["request"].startswith("delete"):
            assert each["body"]["preconditions"] == {"uid": "23456"}
        elif each["request"] == "update secrets t":
            assert sorted(each["body"]["data"]) == sorted(FULL) and each["body"]["data"]["ca.crt"] == FULL["ca.crt"]
        else:
            assert "secrets" not in each["body"]


def test_who_comes_before_a_secret_is_taken_off_an_account_is_waited_for():
    """Source: removeSecretReference, RemoveTokenBackoff."""
    conflict = {"code": 409, "body": {"kind": "Status", "reason": "Conflict", "message": "x"}}
    rig = Rig({"controller": "serviceaccount-token-controller", "now": NOW, "objects": [account("t", "u")],
               "answers": {"update serviceaccounts default": conflict}})  # fmt: skip
    rig.drive(rig.controller._unlist(token()))
    assert [each["body"]["secrets"] for each in rig.requests] == [[{"name": "u"}]] * 10
