"""Who may do what: system:masters may everything; for all others the rules of RBAC are asked, and for kubelets those of nodes.

A sandbox that does not enforce RBAC lets everybody through who has credentials of their own; who is impersonated is judged
all the same, so that Roles can be tried out.
Source: k8s.io/apiserver pkg/endpoints/filters/authorization.go, pkg/endpoints/handlers/responsewriters/errors.go,
pkg/authorization/authorizerfactory/builtin.go (NewPrivilegedGroups).
"""
from __future__ import annotations

from cluster.apiserver.authn import TOKEN, USER, Asked
from cluster.apiserver.identity import Identity
from cluster.meta import status
from cluster.meta.gotext import quote
from cluster.meta.requests import Request

from .rbac import Attributes

MASTERS = "system:masters"
OF_MASTERS = "system:masters may do everything"
NOT_ENFORCED = "RBAC is not enforced in this sandbox"
VERBS_OF_PATHS = {"GET": "get", "HEAD": "head", "POST": "post", "PUT": "put", "PATCH": "patch", "DELETE": "delete"}


def authorize(request: Request, identity: Identity, context) -> str:
    """The rule that allows a request; raises Forbidden if there is none."""
    asked = attributes_of(request)
    rule = decide(identity, asked, context)
    if not rule:
        raise forbidden(identity, asked, context)
    return rule


def is_open(request: Request, context) -> bool:
    """Whether whatever is found out about a request's sender neither refuses it nor is told: a component's, where RBAC is not enforced."""
    options = request.options
    return request.raw is None and not (request.path or context.server.enforces_rbac or TOKEN in options or USER in options or context.is_explained)


def also(request: Request, identity: Identity, verb: str, context) -> None:
    """Refuse who may do a request by its own verb, but not by another that it amounts to.

    Source: kubernetes pkg/registry/core/pod/rest/authorize.go (ensureAuthorizedForVerb): a stream is begun by GET as by POST.
    """
    asked = attributes_of(request)
    if request.verb != verb and not decide(identity, asked._replace(verb=verb), context):
        errors = context.rbac.errors(identity, asked.namespace)
        raise status.forbidden(asked.resource, asked.name, f"RBAC: {errors[0]}" if errors else "", asked.group)


def granted_by(request: Request, identity: Identity, context) -> dict[str, str]:
    """The rule behind a permission for the trace: {verbs, things}, nothing where none was needed."""
    if MASTERS in identity.groups:
        return {}
    verbs, things = context.rbac.rule_of(identity, attributes_of(request))
    return {"verbs": verbs, "things": things} if verbs else {}


def attributes_of(request: Request) -> Attributes:
    """What a request wants to do."""
    if not request.resource:
        return Attributes(VERBS_OF_PATHS.get(request.options.get("method", "GET"), "get"), path=request.path)
    return Attributes(request.verb, request.group, request.resource, request.subresource, request.namespace, request.name)


def decide(identity: Identity, asked: Attributes, context) -> str:
    """What lets somebody do something here, "" if nothing does."""
    rule = judge(identity, asked, context)
    if not rule and not identity.behind and not context.enforces_rbac:
        return NOT_ENFORCED
    return rule


def judge(identity: Identity, asked: Attributes, context) -> str:
    """What the rules say of it, whether they are enforced or not."""
    return OF_MASTERS if MASTERS in identity.groups else context.rbac.allows(identity, asked)


def check_impersonation(found: Identity, wanted: Asked, context) -> None:
    """Refuse somebody who may not be taken for another. Source: filters/impersonation/impersonation.go."""
    asked = Attributes("impersonate", wanted.group, wanted.resource, wanted.subresource, wanted.namespace, wanted.name)
    if not judge(found, asked, context):
        raise forbidden(found, asked, context)


def forbidden(identity: Identity, asked: Attributes, context) -> status.StatusError:
    """The 403 and its words, with what was wrong with the bindings that apply."""
    who = f"User {quote(identity.user)} cannot"
    if not asked.resource:
        return status.forbidden("", "", _harmless(f"{who} {asked.verb} path {quote(asked.path)}"))
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    where = f"in the namespace {quote(asked.namespace)}" if asked.namespace else "at the cluster scope"
    why = f"{who} {asked.verb} resource {quote(resource)} in API group {quote(asked.group)} {where}"
    errors = context.rbac.errors(identity, asked.namespace)
    if errors:
        why += f": RBAC: {errors[0] if len(errors) == 1 else '[' + ', '.join(errors) + ']'}"
    return status.forbidden(asked.resource, asked.name, _harmless(why), asked.group)


def _harmless(text: str) -> str:
    """A message that no browser takes for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
