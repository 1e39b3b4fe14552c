"""serviceaccounts/token: a token for a ServiceAccount, which nothing stores.

Simplified: the signature is chance, and no request is authenticated by such a token.
Source: k8s.io/kubernetes pkg/registry/core/serviceaccount/storage/token.go, pkg/apis/authentication/validation/validation.go.
"""
from __future__ import annotations

import base64
import json

from cluster.meta import fields, status
from cluster.meta.requests import Response

from . import bodies, decode
from .call import Call

GROUP, VERSION, KIND = "authentication.k8s.io", "v1", "TokenRequest"
ISSUER = "https://kubernetes.default.svc.cluster.local"
SHORTEST_S, LONGEST_S, USUAL_S = 600, 1 << 32, 3600


def issue(call: Call) -> Response:
    """Answer a TokenRequest."""
    request = call.request
    if request.raw is None:
        asked = bodies.with_metadata(dict(request.body))
    else:
        asked, warnings = decode.decode(request.raw, request.content_type, GROUP, VERSION, KIND,
                                        request.options.get("fieldValidation") or "Warn")
        call.warnings += warnings
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    spec = asked.get("spec") or {}
    seconds = spec.get("expirationSeconds") or USUAL_S
    _check(seconds)
    wanted = {"audiences": spec.get("audiences") or [ISSUER], "expirationSeconds": seconds, "boundObjectRef": spec.get("boundObjectRef")}
    meta = {"name": call.name, "namespace": call.namespace, "creationTimestamp": call.context.time_text()}
    shown = {"token": _token(call, wanted, stored.value["metadata"]["uid"]), "expirationTimestamp": call.context.time_text(seconds)}
    return Response(code=201, warnings=call.warnings, body={
        "kind": KIND, "apiVersion": f"{GROUP}/{VERSION}", "metadata": meta, "spec": wanted, "status": shown})


def _check(seconds: int) -> None:
    path = "spec.expirationSeconds"
    errors = []
    if seconds < SHORTEST_S:
        errors.append(fields.invalid(path, seconds, "may not specify a duration less than 10 minutes"))
    if seconds > LONGEST_S:
        errors.append(fields.invalid(path, seconds, "may not specify a duration larger than 2^32 seconds"))
    if errors:
        raise status.invalid(KIND, "", errors, GROUP)


def _token(call: Call, spec: dict, uid: str) -> str:
    """A JSON web token with the claims of a real one."""
    now_s = call.context.clock.unix_ms(call.context.now_ms) // 1000
    account = {"namespace": call.namespace, "serviceaccount": {"name": call.name, "uid": uid}}
    claims = {"aud": spec["audiences"], "exp": now_s + spec["expirationSeconds"], "iat": now_s, "iss": ISSUER, "kubernetes.io": account,
              "nbf": now_s, "sub": f"system:serviceaccount:{call.namespace}:{call.name}"}
    chance = call.context.rng("tokens").hex(128)
    return ".".join((_part(json.dumps({"alg": "RS256", "kid": ""})), _part(json.dumps(claims, separators=(",", ":"))), _part(chance)))


def _part(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
