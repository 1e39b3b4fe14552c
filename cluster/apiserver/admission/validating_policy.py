"""ValidatingAdmissionPolicy: the cluster's own rules, as CEL expressions, asked of what their bindings are about.

Simplified: an expression that custom/expressions.py cannot read or evaluate (the authorizer, durations, quantities …) is not
asked and passes; equivalent resources of other versions are not matched; audit annotations go nowhere, as there is no audit log.
Source: k8s.io/apiserver pkg/admission/plugin/policy/{validating/dispatcher.go,validating/validator.go,matching/matching.go,generic},
pkg/admission/plugin/webhook/predicates/rules/rules.go.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cluster.apiserver.custom import expressions
from cluster.kinds import prefix
from cluster.meta import labels
from cluster.meta.status import StatusError

NAME = "ValidatingAdmissionPolicy"
POLICIES, BINDINGS = "/registry/validatingadmissionpolicies/", "/registry/validatingadmissionpolicybindings/"
CONFIGURATION = "admissionregistration.k8s.io"   # what configures admission is exempt from it
OPERATIONS = {"create": "CREATE", "update": "UPDATE", "patch": "UPDATE", "delete": "DELETE", "deletecollection": "DELETE"}
CODES = {"Forbidden": 403, "RequestEntityTooLarge": 413, "Invalid": 422}
_MOST_MESSAGE = 5 * 1024
Verdict = tuple[str, str]        # (reason, message) of a denial


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Refuse what breaks a policy that denies, warn where it warns; whether a policy had anything to look at."""
    if not call.context.store.touched.get(POLICIES) or call.kind.group == CONFIGURATION:
        return False
    bindings = [stored.value for _, stored in call.context.store.list(BINDINGS)]
    denied, was_asked = [], False
    for _, stored in call.context.store.list(POLICIES):
        policy = stored.value
        if not _is_about(call, policy["spec"].get("matchConstraints"), obj, live):
            continue
        for binding in bindings:
            if binding["spec"].get("policyName") == policy["metadata"]["name"] and _is_about(call, binding["spec"].get("matchResources"), obj, live):
                was_asked = True
                denied += _judged(call, policy, binding, obj, live)
    if denied:
        raise _refusal(call, obj, denied[0])
    return was_asked


def _judged(call, policy: dict, binding: dict, obj: dict | None, live: dict | None) -> list[Verdict]:
    """What a policy says against a request by one binding, if that denies."""
    who = f"ValidatingAdmissionPolicy '{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
    found = []
    for reason, message in _verdicts(call, policy, binding, obj, live):
        actions = binding["spec"].get("validationActions") or ()
        if "Deny" in actions:
            found.append((reason, f"{who} denied request: {message}"))
        if "Warn" in actions:
            call.warnings.append(f"Validation failed for {who}: {message}")
    return found


def _verdicts(call, policy: dict, binding: dict, obj: dict | None, live: dict | None) -> Iterator[Verdict]:
    spec = policy["spec"]
    params = _params(call, spec.get("paramKind"), binding["spec"].get("paramRef"))
    if isinstance(params, str):
        if spec["failurePolicy"] == "Fail":
            yield "", f"failed to configure binding: {params}"
        return
    for param in params:
        yield from _of_rules(spec, _names(call, spec, obj, live, param))


def _of_rules(spec: dict, names: dict) -> Iterator[Verdict]:
    """The denials of one evaluation. Source: validator.Validate."""
    for condition in spec.get("matchConditions") or ():
        value, error = value_of(condition["expression"], names)
        if error:
            if spec["failurePolicy"] == "Fail":
                yield "", error
            return
        if value is False:
            return
    for rule in spec.get("validations") or ():
        value, error = value_of(rule["expression"], names)
        if error and spec["failurePolicy"] == "Fail":
            yield "", error
        elif not error and value is not True and value is not UNKNOWN:
            yield rule.get("reason") or "Invalid", _message(rule, names)


UNKNOWN = object()


def value_of(text: str, names: dict) -> tuple[object, str]:
    """(the value of an expression, its error); UNKNOWN for what cannot be evaluated here."""
    read = _read(text)
    if read is None:
        return UNKNOWN, ""
    try:
        return expressions.evaluate(read, names), ""
    except expressions.Unknown:
        return UNKNOWN, ""
    except expressions.Failed as failure:
        return None, f"expression '{text}' resulted in error: {failure}"


@lru_cache(maxsize=512)
def _read(text: str) -> expressions.Expression | None:
    try:
        return expressions.parse(text)
    except expressions.Unknown:
        return None


def _message(rule: dict, names: dict) -> str:
    """The words of a denial: the message expression's, else the message, else the expression itself."""
    if rule.get("messageExpression"):
        said, _ = value_of(rule["messageExpression"], names)
        said = said.strip() if isinstance(said, str) else ""
        if said and "\n" not in said and len(said) <= _MOST_MESSAGE:
            return said
    return (rule.get("message") or "").strip() or f"failed expression: {rule['expression'].strip()}"


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
            read = _read(self.said[name])
            if read is None:
                raise expressions.Unknown(name)
            self[name] = expressions.evaluate(read, self.names)
        return super().__getitem__(name)


def _names(call, spec: dict, obj: dict | None, live: dict | None, param: dict | None) -> dict:
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


def _params(call, kind: dict | None, reference: dict | None) -> list[dict | None] | str:
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


def _is_about(call, matching: dict | None, obj: dict | None, live: dict | None) -> bool:
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


def _refusal(call, obj: dict | None, denial: Verdict) -> StatusError:
    """As admission's Forbidden, with the reason and code of the rule."""
    from . import refused
    reason, message = denial[0] or "Invalid", denial[1]
    refusal = refused(call, obj, message)
    refusal.code = refusal.status["code"] = CODES[reason]
    refusal.status["reason"] = reason
    refusal.status.setdefault("details", {})["causes"] = [{"message": message}]
    return refusal
