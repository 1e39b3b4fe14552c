"""The issuer of tokens: its key, what it tells of it, and that whoever reads that can verify a token alone.

Source: k8s.io/kubernetes pkg/serviceaccount/{jwt,openidmetadata}.go; RFC 7515, RFC 8017.
"""
import base64
import hashlib
import json

import pytest

from cluster.apiserver import signing

KEY = signing.key_of("of a test")


def number_of(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def test_a_token_is_verified_with_the_published_key_alone(http, server):
    made = server.ask("create", "serviceaccounts", namespace="default", name="default", subresource="token", body={"spec": {"audiences": ["x"]}})
    head, claims, signature = made.body["status"]["token"].split(".")
    code, headers, body = http("GET", "/openid/v1/jwks")
    assert (code, headers["Content-Type"], headers["Cache-Control"]) == (200, "application/jwk-set+json", "public, max-age=3600")
    key = json.loads(body)["keys"][0] if isinstance(body, str) else body["keys"][0]
    told = json.loads(base64.urlsafe_b64decode(head + "=="))
    assert told == {"alg": "RS256", "kid": key["kid"]} and (key["kty"], key["alg"], key["use"], key["e"]) == ("RSA", "RS256", "sig", "AQAB")
    shown = pow(number_of(signature), number_of(key["e"]), number_of(key["n"])).to_bytes(256, "big")
    assert shown.startswith(b"\0\1\xff") and shown.endswith(hashlib.sha256(f"{head}.{claims}".encode()).digest())


def test_the_issuer_says_where_its_keys_are(http):
    code, _, found = http("GET", "/.well-known/openid-configuration")
    assert code == 200 and found["issuer"] == "https://kubernetes.default.svc.cluster.local"
    assert found["jwks_uri"] == "https://10.0.0.1:6443/openid/v1/jwks" and found["id_token_signing_alg_values_supported"] == ["RS256"]
    assert {"/openid/v1/jwks", "/.well-known/openid-configuration"} <= set(http("GET", "/")[2]["paths"])


def test_a_key_follows_from_its_secret_and_has_2048_bits():
    assert signing.key_of("of a test") == KEY and signing.key_of("of another").id != KEY.id
    assert KEY.modulus.bit_length() == 2048 and len(KEY.id) == 43


@pytest.mark.parametrize("text, change, good", [
    ("a.b", lambda signed: signed, True), ("a.c", lambda signed: signed, False), ("a.b", lambda signed: signed[1:], False),
    ("a.b", lambda signed: signed[:-1] + bytes([signed[-1] ^ 1]), False),
    ("a.b", lambda signed: (int.from_bytes(signed, "big") + KEY.modulus).to_bytes(257, "big")[-256:], False)])
def test_a_signature_is_of_one_text(text, change, good):
    assert KEY.verifies(text, change(KEY.sign("a.b"))) is good
