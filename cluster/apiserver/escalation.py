"""Nobody may give more than they have: new rules of a Role, and the rules of a Role that a binding gives, must be held already.

Who may `escalate` a Role or `bind` it is excepted, and so is system:masters.
Source: k8s.io/kubernetes pkg/registry/rbac/{escalation_check,helpers}.go, */policybased/storage.go, validation/rule.go.
"""
from __future__ import annotations

from cluster.meta import status
from cluster.meta.gotext import quote

from . import authz, rbac
from .call import Call
from .rbac import GROUP, Attributes

ROLES, BINDINGS = ("Role", "ClusterRole"), ("RoleBinding", "ClusterRoleBinding")
EVERYTHING = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {"verbs": ["*"], "nonResourceURLs": ["*"]}]
LEFT_TO_COLLECTION = ("ownerReferences", "finalizers", "managedFields")


def check(call: Call, obj: dict, live: dict | None) -> None:
    """Refuse a Role or binding that gives more than its maker has. live: what it replaces, None if it is new."""
    if call.kind.group != GROUP or call.subresource:
        return
    identity = call.identity
    if authz.MASTERS in identity.groups or (not identity.behind and not call.context.enforces_rbac):
        return
    if live is not None and _without(obj) == _without(live):
        return
    if call.kind.kind in ROLES:
        _check_role(call, obj, live)
    elif call.kind.kind in BINDINGS:
        _check_binding(call, obj)


def _without(obj: dict) -> dict:
    """An object without what garbage collection changes."""
    return {**obj, "metadata": {name: value for name, value in obj["metadata"].items() if name not in LEFT_TO_COLLECTION}}


def _check_role(call: Call, obj: dict, live: dict | None) -> None:
    asked = Attributes("escalate", GROUP, call.kind.plural, namespace=call.namespace, name=call.request.name)
    if authz.judge(call.identity, asked, call.context):
        return
    _confirm(call, obj.get("rules") or [], obj)
    gathers = _gathers(obj) or (live is not None and _gathers(live))
    if gathers and rbac.missing(call.context.rbac.rules(call.identity, call.namespace), EVERYTHING):
        raise call.forbidden("must have cluster-admin privileges to use the aggregationRule", obj["metadata"].get("name", ""))


def _gathers(role: dict) -> bool:
    return bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))


def _check_binding(call: Call, obj: dict) -> None:
    reference = obj.get("roleRef") or {}
    plural = {"Role": "roles", "ClusterRole": "clusterroles"}.get(reference.get("kind", ""))
    group = reference.get("apiGroup", "")
    asked = Attributes("bind", group, plural or "", namespace=call.namespace, name=reference.get("name", ""))
    if plural and authz.judge(call.identity, asked, call.context):
        return
    rules = call.context.rbac.role_rules(reference, call.namespace)
    if rules is None:
        raise status.not_found(plural or "", reference.get("name", ""), GROUP)
    _confirm(call, rules, obj)


def _confirm(call: Call, rules: list[dict], obj: dict) -> None:
    identity = call.identity
    lacking = rbac.missing(call.context.rbac.rules(identity, call.namespace), rules)
    if not lacking:
        return
    groups = " ".join(quote(group) for group in identity.groups)
    listed = "\n".join(rbac.compact(lacking))
    why = f"user {quote(identity.user)} (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{listed}"
    errors = call.context.rbac.errors(identity, call.namespace)
    if errors:
        why += f"; resolution errors: [{' '.join(errors)}]"
    raise call.forbidden(why, obj["metadata"].get("name", ""))
