"""Reviews: questions about who somebody is and what they may do, asked as objects that are never stored.

A review changes nothing, so it is answered at once, like a read.
Source: k8s.io/kubernetes pkg/registry/authentication/{selfsubjectreview,tokenreview}, pkg/registry/authorization,
pkg/apis/authorization/validation/validation.go.
"""
from __future__ import annotations

from collections.abc import Callable

from cluster.meta import fields, status
from cluster.meta.requests import Response

from . import authz, bodies, ownership, review_selectors, tokens
from .call import Call
from .identity import Identity
from .rbac import Attributes

ONE_OF = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
IN_GO = (("path", "Path"), ("verb", "Verb"))


def answer(call: Call, identity: Identity) -> Response:
    """Answer a review."""
    asked = bodies.incoming(call)
    meta = asked["metadata"]
    bodies.wipe(meta)
    bodies.match_namespace(call, meta)
    asked = ownership.track(call, None, asked)
    body = ANSWERS[call.kind.kind](call, identity, asked)
    return Response(code=201, body=body, warnings=call.warnings)


# -- who ----------------------------------------------------------------------------------------------------------------


def _self(call: Call, identity: Identity, asked: dict) -> dict:
    return {"kind": asked["kind"], "apiVersion": asked["apiVersion"], "metadata": {"creationTimestamp": call.context.time_text()},
            "status": {"userInfo": user_info(identity)}}


def user_info(identity: Identity) -> dict:
    """An identity as the API shows it."""
    info: dict = {"username": identity.user}
    if identity.uid:
        info["uid"] = identity.uid
    if identity.groups:
        info["groups"] = list(identity.groups)
    if identity.extra:
        info["extra"] = {name: list(values) for name, values in identity.extra}
    return info


def _token(call: Call, identity: Identity, asked: dict) -> dict:
    spec = asked.get("spec") or {}
    token = spec.get("token", "")
    if not token:
        raise status.bad_request("token is required for TokenReview in authentication")
    found, why = tokens.read(token, call.context, spec.get("audiences"))
    if found is None:
        return {**asked, "status": {"user": {}, "error": why}}
    wanted = spec.get("audiences") or [tokens.ISSUER]
    kept = [one for one in tokens.audiences_of(token, call.context) if one in wanted]
    return {**asked, "status": {"authenticated": True, "user": user_info(found), "audiences": kept}}


# -- may they -------------------------------------------------------------------------------------------------------------


def _self_access(call: Call, identity: Identity, asked: dict) -> dict:
    spec = asked.get("spec") or {}
    _check(asked, _of_spec(spec) + _empty_meta(asked))
    return _judged(call, asked, identity, authz.decide(identity, _attributes(spec), call.context))


def _access(call: Call, identity: Identity, asked: dict) -> dict:
    spec = asked.get("spec") or {}
    _check(asked, _of_spec(spec) + _has_user(spec) + _empty_meta(asked))
    return _about_another(call, asked, spec)


def _local_access(call: Call, identity: Identity, asked: dict) -> dict:
    spec, namespace = asked.get("spec") or {}, asked["metadata"].get("namespace", "")
    errors = _of_spec(spec) + _has_user(spec) + _empty_meta(asked, but=("namespace",))
    resource = spec.get("resourceAttributes")
    if resource is not None and resource.get("namespace", "") != namespace:
        errors.append(fields.invalid("spec.resourceAttributes.namespace", resource.get("namespace", ""), "must match metadata.namespace"))
    if spec.get("nonResourceAttributes") is not None:
        errors.append(fields.invalid("spec.nonResourceAttributes", _in_go(spec["nonResourceAttributes"]), "disallowed on this kind of request"))
    _check(asked, errors)
    return _about_another(call, asked, spec)


def _about_another(call: Call, asked: dict, spec: dict) -> dict:
    other = Identity(spec.get("user", ""), tuple(spec.get("groups") or ()))
    return _judged(call, asked, other, authz.judge(other, _attributes(spec), call.context))


def _judged(call: Call, asked: dict, identity: Identity, rule: str) -> dict:
    spec = asked.get("spec") or {}
    attributes = spec.get("resourceAttributes") or spec.get("nonResourceAttributes") or {}
    call.trace("AccessReviewed", user=identity.user, verb=attributes.get("verb", ""),
               resource=attributes.get("resource") or attributes.get("path", ""), allowed=bool(rule), rule=rule)
    shown: dict = {"allowed": bool(rule)}
    if rule and rule not in (authz.OF_MASTERS, authz.NOT_ENFORCED):
        shown["reason"] = f"RBAC: allowed by {rule}"
    errors = [] if rule else call.context.rbac.errors(identity, attributes.get("namespace", ""))
    if errors:
        shown["reason"] = f"RBAC: {errors[0] if len(errors) == 1 else '[' + ', '.join(errors) + ']'}"
    unread = review_selectors.problem(spec.get("resourceAttributes"))
    if unread:
        shown["evaluationError"] = unread
    return {**asked, "status": shown}


def _attributes(spec: dict) -> Attributes:
    found = spec.get("resourceAttributes")
    if found is None:
        found = spec.get("nonResourceAttributes") or {}
        return Attributes(found.get("verb", ""), path=found.get("path", ""))
    names = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: found.get(name, "") for name in names})


def _of_spec(spec: dict) -> list:
    return _one_of(spec) + review_selectors.errors(spec.get("resourceAttributes"))


def _one_of(spec: dict) -> list:
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and other is not None:
        return [fields.invalid("spec.nonResourceAttributes", _in_go(other), "cannot be specified in combination with resourceAttributes")]
    return [] if resource is not None or other is not None else [fields.invalid("spec.resourceAttributes", None, ONE_OF)]


def _in_go(attributes: dict) -> dict:
    """As upstream quotes its internal type."""
    return {go: attributes.get(name, "") for name, go in IN_GO}


def _has_user(spec: dict) -> list:
    if spec.get("user") or spec.get("groups"):
        return []
    return [fields.invalid("spec.user", "", "at least one of user or group must be specified")]


def _empty_meta(asked: dict, but: tuple[str, ...] = ()) -> list:
    meta = {name: value for name, value in asked["metadata"].items() if name not in ("managedFields", *but) and value}
    if not meta:
        return []
    return [fields.invalid("metadata", asked["metadata"], "must be empty except for namespace" if but else "must be empty")]


def _check(asked: dict, errors: list) -> None:
    if errors:
        raise status.invalid("", "", errors, asked["apiVersion"].partition("/")[0])


# -- what they may ----------------------------------------------------------------------------------------------------------


def _rules(call: Call, identity: Identity, asked: dict) -> dict:
    """What RBAC grants, and where it is not enforced everything. That system:masters may do all beside it is not told of, as upstream."""
    namespace = (asked.get("spec") or {}).get("namespace", "")
    if not namespace:
        raise status.bad_request("no namespace on request")
    rules = list(call.context.rbac.rules(identity, namespace))
    if authz.MASTERS not in identity.groups and not call.context.enforces_rbac and not identity.behind:
        rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {"verbs": ["*"], "nonResourceURLs": ["*"]}, *rules]
    names = ("verbs", "apiGroups", "resources", "resourceNames")
    shown = {"resourceRules": [{name: rule[name] for name in names if rule.get(name)} for rule in rules if rule.get("resources")],
             "nonResourceRules": [{name: rule[name] for name in ("verbs", "nonResourceURLs")}
                                  for rule in rules if rule.get("nonResourceURLs")], "incomplete": False}
    return {"kind": asked["kind"], "apiVersion": asked["apiVersion"], "metadata": {}, "spec": {}, "status": shown}


Answer = Callable[[Call, Identity, dict], dict]
ANSWERS: dict[str, Answer] = {
    "SelfSubjectReview": _self, "TokenReview": _token, "SelfSubjectAccessReview": _self_access, "SubjectAccessReview": _access,
    "LocalSubjectAccessReview": _local_access, "SelfSubjectRulesReview": _rules,
}
