"""Owns agnhost's `test-service-account-issuer-discovery`: it holds a token against the keys that the token's issuer publishes.

Source: kubernetes test/images/agnhost/openidmetadata; github.com/coreos/go-oidc (NewProvider, Verify).
"""

from __future__ import annotations

import base64
import json

from cluster.apiserver import signing
from cluster.meta.gotext import quote

from .http import answer_of
from .image import Act
from .programs import Running
from .words import Stamp, flags

OWN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
OUTSIDE = "tls: failed to verify certificate: x509: certificate signed by unknown authority"


class Wrong(Exception):
    """Why a token is not found good."""


def discovery(me: Running) -> Act:
    found, _ = flags(me.argv[2:])
    path = found.get("token-path", "")
    token = me.world.read_file(path)
    if token is None:
        return _fatal(me, f"open {path}: no such file or directory")
    _log(me, "OK: Got token")
    _log(me, "validating with in-cluster discovery")
    own = me.world.read_file(OWN)
    if "KUBERNETES_SERVICE_HOST" not in me.env:
        return _fatal(me, "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined")
    if own is None:
        return _fatal(me, f"open {OWN}: no such file or directory")
    claims = _claims(token)
    if claims is None:
        return _fatal(me, "square/go-jose: compact JWS format must have three parts")
    try:
        return Act(_validate(me, token, claims, found.get("audience", ""), own), 0)
    except Wrong as wrong:
        _log(me, f"failed to validate with in-cluster discovery: {wrong}")
        _log(me, "falling back to validating with external discovery")
        return _fatal(me, f'Get "{claims["iss"]}/.well-known/openid-configuration": {OUTSIDE}')


def _validate(me: Running, token: str, claims: dict, audience: str, own: str) -> int:
    """How long it took; raises Wrong."""
    issuer = claims["iss"]
    _log(me, f"OK: got issuer {issuer}")
    _log(me, f"Full, not-validated claims: \n{_shown(claims)}")
    provider, first_ms = _fetched(me, f"{issuer}/.well-known/openid-configuration", own)
    if provider.get("issuer") != issuer:
        raise Wrong(f"oidc: issuer did not match the issuer returned by provider, expected {quote(issuer)} got {quote(provider.get('issuer', ''))}")
    _log(me, f"OK: Constructed OIDC provider for issuer {issuer}")
    if audience not in claims["aud"]:
        raise Wrong(f"oidc: expected audience {quote(audience)} got [{' '.join(quote(each) for each in claims['aud'])}]")
    if claims["exp"] < me.world.unix_s:
        raise Wrong("oidc: token is expired")
    keys, second_ms = _fetched(me, provider["jwks_uri"], own)
    body, _, signature = token.rpartition(".")
    if not any(_verifies(key, body, signature) for key in keys.get("keys") or ()):
        raise Wrong("failed to verify signature: failed to verify id token signature")
    for words in ("OK: Validated signature on JWT", "OK: Got valid claims from token!", f"Full, validated claims: \n&{_shown(claims)}"):
        _log(me, words)
    return first_ms + second_ms


def _fetched(me: Running, url: str, own: str) -> tuple[dict, int]:
    """(what is at an address, how long it took), asked for with the program's own token."""
    host, _, path = url.removeprefix("https://").partition("/")
    name, _, port = host.partition(":")
    text = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {own}\r\nAccept: */*\r\n\r\n"
    reply = me.world.network.exchange(name, int(port or 443), text, is_tls=True)
    found = answer_of(reply.text)
    if found is None:
        raise Wrong(f'Get "{url}": {reply.error or "EOF"}')
    if found.code != 200:
        raise Wrong(f"{found.code} {found.reason}: {found.body}")
    return json.loads(found.body), reply.took_ms


def _verifies(key: dict, body: str, signature: str) -> bool:
    return signing.public(key).verifies(body, base64.urlsafe_b64decode(signature + "=="))


def _claims(token: str) -> dict | None:
    try:
        return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    except (IndexError, ValueError):
        return None


def _shown(claims: dict) -> str:
    """The claims much as Go's %#v has them, times as numbers instead of addresses."""
    about = claims.get("kubernetes.io") or {}
    account = about.get("serviceaccount") or {}
    audience = ", ".join(quote(each) for each in claims["aud"])
    return (f"openidmetadata.claims{{Claims:jwt.Claims{{Issuer:{quote(claims['iss'])}, Subject:{quote(claims['sub'])}, "
            f"Audience:jwt.Audience{{{audience}}}, Expiry:{claims['exp']}, NotBefore:{claims['nbf']}, IssuedAt:{claims['iat']}, "
            f"ID:{quote(claims.get('jti', ''))}}}, Kubernetes:openidmetadata.kubeClaims{{Namespace:{quote(about.get('namespace', ''))}, "
            f"ServiceAccount:openidmetadata.kubeName{{Name:{quote(account.get('name', ''))}, UID:{quote(account.get('uid', ''))}}}}}}}")  # fmt: skip


def _log(me: Running, words: str) -> None:
    me.say(f"{Stamp(me.world).go} {words}", "stderr")


def _fatal(me: Running, words: str) -> Act:
    _log(me, words)
    return Act(code=1)
