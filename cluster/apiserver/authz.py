"""Who may do what: the rules that hold without any Role, in the order in which they are tried.

Simplified: RBAC objects are not consulted yet, so the components' own bindings are this table.
Source: k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go; k8s.io/apiserver
pkg/endpoints/handlers/responsewriters/errors.go.
"""
from __future__ import annotations

from functools import lru_cache

from cluster.apiserver.authn import ANONYMOUS, AUTHENTICATED, Identity
from cluster.meta import status
from cluster.meta.gotext import quote
from cluster.meta.requests import Request

# group or user -> the rule that lets it do anything
ALMIGHTY = {
    "system:masters": "system:masters may do everything",
    "kubeadm:cluster-admins": "ClusterRoleBinding kubeadm:cluster-admins",
    "system:nodes": "ClusterRoleBinding system:node",
    "system:kube-scheduler": "ClusterRoleBinding system:kube-scheduler",
    "system:kube-controller-manager": "ClusterRoleBinding system:kube-controller-manager",
    "system:apiserver": "system:masters may do everything",
}
CONTROLLERS = "system:serviceaccount:kube-system:"
PUBLIC = ("/healthz", "/livez", "/readyz", "/version", "/version/")
DISCOVERY = ("/api", "/apis", "/openapi")
SELF_REVIEWS = ("selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews")
VERBS_OF_PATHS = {"GET": "get", "HEAD": "head", "POST": "post", "PUT": "put", "PATCH": "patch", "DELETE": "delete"}


def authorize(request: Request, identity: Identity) -> str:
    """The rule that allows the request; raises Forbidden if there is none."""
    rule = _rule(identity, request.resource, request.verb, "" if request.resource else request.path)
    if not rule:
        raise _forbidden(request, identity)
    return rule


@lru_cache(maxsize=4096)
def _rule(identity: Identity, resource: str, verb: str, path: str) -> str:
    for name in (identity.user, *identity.groups):
        if name in ALMIGHTY:
            return ALMIGHTY[name]
    if identity.user.startswith(CONTROLLERS):
        return f"ClusterRoleBinding system:controller:{identity.user[len(CONTROLLERS):]}"
    if not resource:
        return _path_rule(path, identity)
    if resource in SELF_REVIEWS and verb == "create" and AUTHENTICATED in identity.groups:
        return "ClusterRoleBinding system:basic-user"
    return ""


def _path_rule(path: str, identity: Identity) -> str:
    if path in PUBLIC:
        return "ClusterRoleBinding system:public-info-viewer"
    known = identity.user != ANONYMOUS and AUTHENTICATED in identity.groups
    if known and any(path == root or path.startswith(root + "/") for root in DISCOVERY):
        return "ClusterRoleBinding system:discovery"
    return ""


def _forbidden(request: Request, identity: Identity) -> status.StatusError:
    who = f"User {quote(identity.user)} cannot"
    if not request.resource:
        verb = VERBS_OF_PATHS.get(request.options.get("method", "GET"), "get")
        return status.forbidden("", "", _harmless(f"{who} {verb} path {quote(request.path)}"))
    resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    where = f"in the namespace {quote(request.namespace)}" if request.namespace else "at the cluster scope"
    why = f"{who} {request.verb} resource {quote(resource)} in API group {quote(request.group)} {where}"
    return status.forbidden(request.resource, request.name, _harmless(why), request.group)


def _harmless(text: str) -> str:
    """A message that no browser takes for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
