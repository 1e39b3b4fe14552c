"""What validating and mutating admission policies share: which requests they are about, what their expressions may name, their parameters.

Simplified: an expression that custom/expressions.py cannot read or evaluate (the authorizer, versions …) has no value;
equivalent resources of other versions are not matched.
Source: k8s.io/apiserver pkg/admission/plugin/policy/{generic,matching/matching.go}, pkg/admission/plugin/webhook/predicates/rules/rules.go.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cluster.apiserver.custom import expressions
from cluster.kinds import prefix
from cluster.meta import labels

CONFIGURATION = "admissionregistration.k8s.io"   # what configures admission is exempt from it
OPERATIONS = {"create": "CREATE", "update": "UPDATE", "patch": "UPDATE", "delete": "DELETE", "deletecollection": "DELETE"}


def invocations(call, policies: str, bindings: str, obj: dict | None, live: dict | None) -> Iterator[tuple[dict, dict]]:
    """(policy, binding) of all that are about a request. policies, bindings: their folders in etcd."""
    bound = [stored.value for _, stored in call.context.store.list(bindings)]
    for _, stored in call.context.store.list(policies):
        policy = stored.value
        if is_about(call, policy["spec"].get("matchConstraints"), obj, live):
            for binding in bound:
                is_its = binding["spec"].get("policyName") == policy["metadata"]["name"]
                if is_its and is_about(call, binding["spec"].get("matchResources"), obj, live):
                    yield policy, binding


# -- expressions ---------------------------------------------------------------------------------------------------------


UNKNOWN = object()


def value_of(text: str, names: dict) -> tuple[object, str]:
    """(the value of an expression, its error); UNKNOWN for what cannot be evaluated here."""
    found = read(text)
    if found is None:
        return UNKNOWN, ""
    try:
        return expressions.evaluate(found, names), ""
    except expressions.Unknown:
        return UNKNOWN, ""
    except expressions.Failed as failure:
        return None, f"expression '{text}' resulted in error: {failure}"


@lru_cache(maxsize=512)
def read(text: str) -> expressions.Expression | None:
    """An expression, read; None for what cannot be read here."""
    try:
        return expressions.parse(text)
    except expressions.Unknown:
        return None


class _Variables(dict):
    """`variables.NAME`: each expression is evaluated when it is first used."""

    def __init__(self, spec: dict, names: dict):
        super().__init__()
        self.said = {variable["name"]: variable["expression"] for variable in spec.get("variables") or ()}
        self.names = names

    def __contains__(self, name: object) -> bool:
        return name in self.said

    def __getitem__(self, name: str) -> object:
        if not super().__contains__(name):
            found = read(self.said[name])
            if found is None:
                raise expressions.Unknown(name)
            self[name] = expressions.evaluate(found, self.names)
        return super().__getitem__(name)


def names_of(call, spec: dict, obj: dict | None, live: dict | None, param: dict | None) -> dict:
    """What expressions may name. Source: pkg/admission/plugin/cel (CreateAdmissionRequest, CreateNamespaceObject)."""
    kind = call.kind
    resource = {"group": kind.group, "version": kind.version, "resource": kind.plural}
    gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    request = {"kind": gvk, "requestKind": gvk, "resource": resource, "requestResource": resource, "subResource": call.subresource,
               "requestSubResource": call.subresource, "name": call.name, "operation": OPERATIONS[call.request.verb],
               "userInfo": call.who, "dryRun": call.dry_run}
    if call.namespace:
        request["namespace"] = call.namespace
    names: dict = {"object": obj, "oldObject": live, "request": request, "params": param, "namespaceObject": _namespace(call)}
    names["variables"] = _Variables(spec, names)
    return names


def _namespace(call) -> dict | None:
    stored = call.context.store.get(f"/registry/namespaces/{call.namespace}") if call.namespace and call.kind.namespaced else None
    return stored.value if stored else None


def params_of(call, kind: dict | None, reference: dict | None) -> list[dict | None] | str:
    """The parameters that a binding names; [None] where there are none; a text says what is wrong. Source: generic.CollectParams."""
    if kind is None:
        return [None]
    found = call.context.registry.kind(kind.get("apiVersion", ""), kind.get("kind", ""))
    if found is None:
        return f"failed to find resource referenced by paramKind: '{kind.get('apiVersion')}, Kind={kind.get('kind')}'"
    if reference is None:
        return "paramRef must be specified if paramKind is"
    namespace = (reference.get("namespace") or call.namespace) if found.namespaced else ""
    if found.namespaced and not namespace:
        return "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
    folder = f"{prefix(found)}/{namespace}/" if namespace else f"{prefix(found)}/"
    if reference.get("name"):
        stored = call.context.store.get(folder + reference["name"])
        params = [stored.value] if stored else []
    else:
        selector = labels.from_object(reference.get("selector"))
        params = [stored.value for _, stored in call.context.store.list(folder) if selector.matches(stored.value["metadata"].get("labels") or {})]
    if not params and reference.get("parameterNotFoundAction") == "Deny":
        return "no params found for policy binding with `Deny` parameterNotFoundAction"
    return params


# -- what a policy is about --------------------------------------------------------------------------------------------


def is_about(call, matching: dict | None, obj: dict | None, live: dict | None) -> bool:
    """Source: matching.Matcher.Matches."""
    if matching is None:
        return True
    if not namespace_matches(call, matching["namespaceSelector"], obj, live):
        return False
    if not any(_selects(matching["objectSelector"], each) for each in (obj, live) if each is not None):
        return False
    if any(_rule_matches(call, rule) for rule in matching.get("excludeResourceRules") or ()):
        return False
    rules = matching.get("resourceRules") or ()
    return not rules or any(_rule_matches(call, rule) for rule in rules)


def _selects(selector: dict, obj: dict) -> bool:
    return labels.from_object(selector).matches(obj["metadata"].get("labels") or {})


def namespace_matches(call, selector: dict, obj: dict | None, live: dict | None) -> bool:
    """By the namespace's labels; a Namespace is judged by its own, what is in none always matches."""
    if call.kind.kind == "Namespace":
        return _selects(selector, obj or live or {"metadata": {}})
    if not call.kind.namespaced:
        return True
    namespace = _namespace(call)
    return namespace is not None and _selects(selector, namespace)


def _rule_matches(call, rule: dict) -> bool:
    kind, scope = call.kind, rule.get("scope", "*")
    if rule.get("resourceNames") and call.name not in rule["resourceNames"]:
        return False
    return (scope == "*" or (scope == "Namespaced") == kind.namespaced) and names_it(rule["operations"], OPERATIONS[call.request.verb]) \
        and names_it(rule["apiGroups"], kind.group) and names_it(rule["apiVersions"], kind.version) \
        and any(resource_matches(resource, kind.plural, call.subresource) for resource in rule["resources"])


def names_it(items: list[str], wanted: str) -> bool:
    return "*" in items or wanted in items


def resource_matches(said: str, resource: str, subresource: str) -> bool:
    name, _, sub = said.partition("/")
    return name in ("*", resource) and sub in ("*", subresource)
