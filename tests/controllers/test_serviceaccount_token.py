"""Secrets that hold a ServiceAccount's token: filled, good for requests, and gone with the account."""

from __future__ import annotations

import base64
import json

import pytest

from cluster.apiserver import tokens
from tests.controllers.world import World

NAME, UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"


@pytest.fixture
def world():
    made = World()
    made.create("serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "bot"}})
    return made


def secret(world, name="tok", account="bot", **annotations):
    meta = {"name": name, "annotations": {NAME: account, **annotations}}
    world.create("secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/service-account-token"})
    return world.get("secrets", name)


def token_of(found):
    return base64.b64decode(found["data"]["token"]).decode()


def test_a_secret_is_filled_as_the_real_controller_fills_it(world):
    """Entries, annotations, claims and their order are those of kube-controller-manager 1.36.3."""
    found, account = secret(world), world.get("serviceaccounts", "bot")
    assert sorted(found["data"]) == ["ca.crt", "namespace", "token"] and base64.b64decode(found["data"]["namespace"]) == b"default"
    assert found["metadata"]["annotations"] == {NAME: "bot", UID: account["metadata"]["uid"]}
    claims = json.loads(base64.urlsafe_b64decode(token_of(found).split(".")[1] + "=="))
    legacy = "kubernetes.io/serviceaccount/"
    assert list(claims.items()) == [
        ("iss", "kubernetes/serviceaccount"), (f"{legacy}namespace", "default"), (f"{legacy}secret.name", "tok"),
        (f"{legacy}service-account.name", "bot"), (f"{legacy}service-account.uid", account["metadata"]["uid"]),
        ("sub", "system:serviceaccount:default:bot"),
    ]  # fmt: skip
    managers = [(entry["manager"], entry["operation"]) for entry in found["metadata"]["managedFields"]]
    assert managers[-1] == ("kube-controller-manager", "Update")


def test_its_token_is_good_as_long_as_the_secret_is_there(world):
    token = token_of(secret(world))
    identity, why = tokens.read(f"Bearer {token}", world.server.context)
    assert (identity.user, why) == ("system:serviceaccount:default:bot", "") and "system:serviceaccounts:default" in identity.groups
    assert tokens.read(token, world.server.context, ["elsewhere"])[0] is None
    world.do(world.client.patch("secrets", "tok", {"data": {"token": "eA=="}}, "default", "merge"))
    assert tokens.read(token, world.server.context) == (None, "[invalid bearer token, Token does not match server's copy]")
    world.do(world.client.delete("secrets", "tok", "default"))
    assert tokens.read(token, world.server.context) == (None, "[invalid bearer token, Token has been invalidated]")


def test_a_token_that_is_marked_as_unused_is_refused_until_the_mark_is_gone(world):
    """Source: pkg/serviceaccount/legacy.go (Validate)."""
    token = token_of(secret(world))
    for since, is_good in (("2026-01-01", False), (None, True)):
        labels = {"labels": {"kubernetes.io/legacy-token-invalid-since": since}}
        world.do(world.client.patch("secrets", "tok", {"metadata": labels}, "default", "merge"))
        identity, why = tokens.read(token, world.server.context)
        assert (identity is not None) == is_good
        assert is_good or "the token in secret default/tok for service account default/bot has been marked invalid. Use tokens" in why


def test_without_its_account_a_secret_goes(world):
    assert secret(world, "lost", "nobody") is None
    assert secret(world, "of-another", **{UID: "some-other-uid"}) is None
    secret(world)
    world.do(world.client.delete("serviceaccounts", "bot", "default"))
    assert world.get("secrets", "tok") is None


def test_an_account_no_longer_lists_a_secret_that_is_gone(world):
    secret(world)
    world.do(world.client.patch("serviceaccounts", "bot", {"secrets": [{"name": "tok"}, {"name": "other"}]}, "default", "merge"))
    world.do(world.client.delete("secrets", "tok", "default"))
    assert world.get("serviceaccounts", "bot")["secrets"] == [{"name": "other"}]


def test_what_was_taken_out_is_put_back(world):
    secret(world)
    world.do(world.client.patch("secrets", "tok", {"data": {"ca.crt": None, "namespace": None}}, "default", "merge"))
    assert sorted(world.get("secrets", "tok")["data"]) == ["ca.crt", "namespace", "token"]
