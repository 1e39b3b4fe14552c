"""Tokens of ServiceAccounts: signed when they are issued, verified when somebody comes with one.

The key follows from the cluster's own uid (that of the namespace kube-system), so a token holds as long as its cluster, also after a
restart. Who has the key set (/openid/v1/jwks) can verify a token without asking the server.
Source: k8s.io/kubernetes pkg/serviceaccount/{claims,jwt,openidmetadata}.go, pkg/routes/openidmetadata.go; k8s.io/apiserver
pkg/authentication/token/union.
"""
from __future__ import annotations

import base64
import binascii
import json

from cluster.meta.gotext import quote
from cluster.meta.requests import Response

from . import itself, signing
from .identity import SERVICE_ACCOUNT, Identity, implied_groups, with_authenticated

ISSUER = "https://kubernetes.default.svc.cluster.local"
LEGACY_ISSUER, LEGACY = "kubernetes/serviceaccount", "kubernetes.io/serviceaccount/"  # of tokens that lie in Secrets and never end
CLUSTER = "/registry/namespaces/kube-system"
CONFIGURATION, KEY_SET = "/.well-known/openid-configuration", "/openid/v1/jwks"
KEPT = {"Cache-Control": "public, max-age=3600"}
INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since"  # a label of Secrets
MARKED = ("the token in secret {secret} for service account {account} has been marked invalid. Use tokens from the TokenRequest API or manually "
          f"created secret-based tokens, or remove the '{INVALID_SINCE}' label from the secret to temporarily allow use of this token")
UNKNOWN = "invalid bearer token"
PREFIX = "authentication.kubernetes.io/"


def sign(claims: dict, context) -> str:
    """A JSON web token with these claims."""
    return signed(claims, _key(context))


def signed(claims: dict, key: signing.Key) -> str:
    header = {"alg": "RS256", "kid": key.id}
    body = ".".join(_part(json.dumps(part, separators=(",", ":"))) for part in (header, claims))
    return f"{body}.{signing.encoded(key.sign(body))}"


def read(sent: str, context, audiences: list[str] | None = None) -> tuple[Identity | None, str]:
    """(whose token it is, "") or (None, why not). sent: the token, with or without `Bearer `."""
    token = sent.split(" ")[1] if sent.lower().startswith("bearer ") else sent
    claims = _claims(token, context)
    if claims is None:
        return None, UNKNOWN
    if claims["iss"] == LEGACY_ISSUER:
        claims = {**claims, "aud": [ISSUER]}
        problem = _wrong_audience(claims, audiences or [ISSUER]) or _legacy_problem(claims, token, context)
    else:
        problem = _problem(claims, context, audiences or [ISSUER])
    if problem:
        return None, f"[{UNKNOWN}, {problem}]"
    return _legacy_identity(claims) if claims["iss"] == LEGACY_ISSUER else _identity(claims), ""


def audiences_of(sent: str, context) -> list[str]:
    """The audiences of a token that has been verified."""
    return (_claims(sent, context) or {}).get("aud") or []


def _claims(token: str, context) -> dict | None:
    body, _, signature = token.rpartition(".")
    if body.count(".") != 1 or not body.isascii():
        return None
    try:
        if not _key(context).verifies(body, base64.b64decode(signature + "==", altchars=b"-_", validate=True)):
            return None
        found = json.loads(base64.urlsafe_b64decode(body.partition(".")[2] + "=="))
    except (ValueError, binascii.Error):
        return None
    return found if isinstance(found, dict) and found.get("iss") in (ISSUER, LEGACY_ISSUER) else None


def _problem(claims: dict, context, audiences: list[str]) -> str:
    """Why a genuine token is good no more, or not here."""
    now_s = context.clock.unix_ms(context.now_ms) // 1000
    if wrong := _wrong_audience(claims, audiences):
        return wrong
    if now_s > claims["exp"]:
        return "service account token has expired"
    about = claims["kubernetes.io"]
    namespace, account = about["namespace"], about["serviceaccount"]
    return _gone(context, f"/registry/serviceaccounts/{namespace}/{account['name']}", account["uid"], "service account",
                 f'serviceaccounts "{account["name"]}" not found') or _bound(context, about, namespace)


def _wrong_audience(claims: dict, audiences: list[str]) -> str:
    found = claims.get("aud") or ()
    is_meant = any(audience in found for audience in audiences)
    return "" if is_meant else f"token audiences {_listed(found)} is invalid for the target audiences {_listed(audiences)}"


def legacy_claims(namespace: str, account: dict, secret: str) -> dict:
    """What the token of a Secret says, in the order of its names. Source: pkg/serviceaccount/legacy.go (LegacyClaims)."""
    name = account["metadata"]["name"]
    return {"iss": LEGACY_ISSUER, f"{LEGACY}namespace": namespace, f"{LEGACY}secret.name": secret, f"{LEGACY}service-account.name": name,
            f"{LEGACY}service-account.uid": account["metadata"]["uid"], "sub": f"{SERVICE_ACCOUNT}{namespace}:{name}"}


def _legacy_problem(claims: dict, token: str, context) -> str:
    """Why a genuine token of a Secret is good no more. Source: pkg/serviceaccount/legacy.go (Validate)."""
    namespace, name, uid = (claims[f"{LEGACY}{part}"] for part in ("namespace", "service-account.name", "service-account.uid"))
    secret = context.store.get(f"/registry/secrets/{namespace}/{claims[f'{LEGACY}secret.name']}")
    if secret is None or "deletionTimestamp" in secret.value["metadata"]:
        return "Token has been invalidated"
    if (secret.value.get("data") or {}).get("token") != base64.b64encode(token.encode()).decode():
        return "Token does not match server's copy"
    account = context.store.get(f"/registry/serviceaccounts/{namespace}/{name}")
    if account is None:
        return f'serviceaccounts "{name}" not found'
    found = account.value["metadata"]
    if "deletionTimestamp" in found:
        return f"ServiceAccount {namespace}/{name} has been deleted"
    if found["uid"] != uid:
        return f"ServiceAccount UID ({found['uid']}) does not match claim ({uid})"
    is_marked = (secret.value["metadata"].get("labels") or {}).get(INVALID_SINCE)
    return MARKED.format(secret=f"{namespace}/{secret.value['metadata']['name']}", account=f"{namespace}/{name}") if is_marked else ""


def _legacy_identity(claims: dict) -> Identity:
    user = claims["sub"]
    return Identity(user, with_authenticated(user, implied_groups(user)), uid=claims[f"{LEGACY}service-account.uid"])


def _listed(texts) -> str:
    return "[" + " ".join(quote(text) for text in texts) + "]"


def _bound(context, about: dict, namespace: str) -> str:
    """A token that is bound to an object lives no longer than it."""
    for kind, folder in (("pod", f"pods/{namespace}"), ("secret", f"secrets/{namespace}"), ("node", "minions")):
        if kind in about:
            return _gone(context, f"/registry/{folder}/{about[kind]['name']}", about[kind]["uid"], f"bound {kind}",
                         "service account token has been invalidated")
    return ""


def _gone(context, key: str, uid: str, what: str, missing: str) -> str:
    stored = context.store.get(key)
    if stored is None:
        return missing
    found = stored.value["metadata"]["uid"]
    return "" if found == uid else f"the {what} UID ({found}) does not match claim ({uid})"


def _identity(claims: dict) -> Identity:
    about = claims["kubernetes.io"]
    user = f"{SERVICE_ACCOUNT}{about['namespace']}:{about['serviceaccount']['name']}"
    extra = [(f"{PREFIX}credential-id", (f"JTI={claims['jti']}",))] if claims.get("jti") else []
    for kind in ("node", "pod"):
        if kind in about:
            extra += [(f"{PREFIX}{kind}-name", (about[kind]["name"],)), (f"{PREFIX}{kind}-uid", (about[kind]["uid"],))]
    return Identity(user, with_authenticated(user, implied_groups(user)), uid=about["serviceaccount"]["uid"], extra=tuple(extra))


def metadata(path: str, context) -> Response | None:
    """What OpenID clients ask of an issuer: where its keys are, and those keys; None for other paths."""
    if path == CONFIGURATION:
        uri = f"https://{itself.SERVER_IP}:{itself.SERVER_PORT}{KEY_SET}"
        body = {"issuer": ISSUER, "jwks_uri": uri, "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"]}
        return Response(code=200, body=json.dumps(body, separators=(",", ":")), headers={"Content-Type": "application/json", **KEPT})
    if path == KEY_SET:
        body = {"keys": [_key(context).public]}
        return Response(code=200, body=json.dumps(body, separators=(",", ":")), headers={"Content-Type": "application/jwk-set+json", **KEPT})
    return None


def _key(context) -> signing.Key:
    stored = context.store.get(CLUSTER)
    return key_of(stored.value["metadata"]["uid"] if stored else "")


def key_of(cluster_uid: str) -> signing.Key:
    """A cluster's key: API server and controller manager have the same."""
    return signing.key_of(f"service account key of {cluster_uid}")


def _part(text: str) -> str:
    return signing.encoded(text.encode())
