"""serviceaccounts/token: a token for a ServiceAccount, which nothing stores.

Source: k8s.io/kubernetes pkg/registry/core/serviceaccount/storage/token.go, pkg/apis/authentication/validation/validation.go.
"""
from __future__ import annotations

from cluster.meta import fields, status
from cluster.meta.gotext import quote
from cluster.meta.requests import Response

from . import bodies, decode, tokens
from .call import Call

GROUP, VERSION, KIND = "authentication.k8s.io", "v1", "TokenRequest"
SHORTEST_S, LONGEST_S, USUAL_S = 600, 1 << 32, 3600
WARNED_S, EXTENDED_S = 3607, 365 * 86_400  # what admission asks for in every Pod's volume is good for a year, and warned of after an hour
BOUND = {"Pod": "pods", "Secret": "secrets", "Node": "minions"}


def issue(call: Call, now_ms: int | None = None) -> Response:
    """Answer a TokenRequest. now_ms: when it came, if that is not now."""
    now_ms = call.context.now_ms if now_ms is None else now_ms
    asked = _read(call)
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    meta, uid = asked["metadata"], stored.value["metadata"]["uid"]
    _check_meta(call, meta, uid)
    spec = asked.get("spec") or {}
    seconds = spec.get("expirationSeconds") or USUAL_S
    _check(seconds)
    wanted = {"audiences": spec.get("audiences") or [tokens.ISSUER], "expirationSeconds": seconds,
              "boundObjectRef": spec.get("boundObjectRef")}
    meta = {**meta, "name": call.name, "namespace": call.namespace, "uid": meta.get("uid") or uid,
            "creationTimestamp": call.context.clock.text(now_ms)}
    shown = {"token": tokens.sign(_claims(call, wanted, uid, now_ms), call.context),
             "expirationTimestamp": call.context.clock.text(now_ms + seconds * 1000)}
    return Response(code=201, warnings=call.warnings, body={
        "kind": KIND, "apiVersion": f"{GROUP}/{VERSION}", "metadata": meta, "spec": wanted, "status": shown})


def _read(call: Call) -> dict:
    request = call.request
    if request.raw is None:
        return bodies.with_metadata(dict(request.body))
    asked, warnings = decode.decode(request.raw, request.content_type, GROUP, VERSION, KIND,
                                    request.options.get("fieldValidation") or "Warn")
    call.warnings += warnings
    return bodies.with_metadata(asked)


def _check_meta(call: Call, meta: dict, uid: str) -> None:
    """What a request says of the account must be so."""
    for name, found in (("name", call.name), ("namespace", call.namespace)):
        if meta.get(name) and meta[name] != found:
            error = fields.invalid(f"metadata.{name}", meta[name], f"must match the service account {name} if specified")
            raise status.invalid(KIND, call.name, [error], GROUP)
    if meta.get("uid") and meta["uid"] != uid:
        why = f"the UID in the token request ({meta['uid']}) does not match the UID of the service account ({uid})"
        raise status.conflict(KIND, call.name, why, GROUP)


def _check(seconds: int) -> None:
    path = "spec.expirationSeconds"
    errors = []
    if seconds < SHORTEST_S:
        errors.append(fields.invalid(path, seconds, "may not specify a duration less than 10 minutes"))
    if seconds > LONGEST_S:
        errors.append(fields.invalid(path, seconds, "may not specify a duration larger than 2^32 seconds"))
    if errors:
        raise status.invalid(KIND, "", errors, GROUP)


def _claims(call: Call, spec: dict, uid: str, now_ms: int) -> dict:
    """The claims of a real token."""
    context, seconds = call.context, spec["expirationSeconds"]
    now_s = context.clock.unix_ms(now_ms) // 1000
    about = {"namespace": call.namespace, **_bound(call, spec["boundObjectRef"]), "serviceaccount": {"name": call.name, "uid": uid}}
    if seconds == WARNED_S and "pod" in about and spec["audiences"] == [tokens.ISSUER]:
        about["warnafter"], seconds = now_s + seconds, EXTENDED_S
    return {"aud": spec["audiences"], "exp": now_s + seconds, "iat": now_s, "iss": tokens.ISSUER,
            "jti": context.rng("tokens").uuid(), "kubernetes.io": about, "nbf": now_s,
            "sub": f"system:serviceaccount:{call.namespace}:{call.name}"}


def _bound(call: Call, reference: dict | None) -> dict:
    """What a token is bound to, as its claims name it; raises its refusal."""
    if not reference:
        return {}
    kind, name = reference.get("kind", ""), reference.get("name", "")
    if kind not in BOUND or reference.get("apiVersion", "v1") not in ("", "v1"):
        group, _, version = reference.get("apiVersion", "").rpartition("/")
        raise status.bad_request(f"cannot bind token to object of type {group}/{version}, Kind={kind}")
    place = "" if kind == "Node" else f"{call.namespace}/"
    stored = call.context.store.get(f"/registry/{BOUND[kind]}/{place}{name}")
    if stored is None:
        raise status.not_found("nodes" if kind == "Node" else BOUND[kind], name)
    found = stored.value
    if kind == "Pod" and found["spec"].get("serviceAccountName", "") != call.name:
        raise status.bad_request(f"cannot bind token for serviceaccount {quote(call.name)} to pod running with different "
                                 "serviceaccount name.")
    uid = found["metadata"]["uid"]
    if reference.get("uid") not in (None, "", uid):
        why = (f"the UID in the bound object reference ({reference['uid']}) does not match the UID in record. "
               "The object might have been deleted and then recreated")
        raise status.conflict("nodes" if kind == "Node" else BOUND[kind], name, why)
    return {**_node_of(call, found), kind.lower(): {"name": name, "uid": uid}}


def _node_of(call: Call, pod: dict) -> dict:
    """The node that a Pod runs on, which its token names too."""
    name = (pod.get("spec") or {}).get("nodeName") if pod["kind"] == "Pod" else ""
    node = call.context.store.get(f"/registry/minions/{name}") if name else None
    return {"node": {"name": name, "uid": node.value["metadata"]["uid"]}} if node else {}
