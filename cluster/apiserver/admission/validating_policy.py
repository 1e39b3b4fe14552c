"""ValidatingAdmissionPolicy: the cluster's own rules, as CEL expressions, asked of what their bindings are about.

Simplified: an expression that cannot be evaluated here (see _policies.py) passes; audit annotations go nowhere, as there is no audit log.
Source: k8s.io/apiserver pkg/admission/plugin/policy/validating/{dispatcher,validator}.go.
"""
from __future__ import annotations

from collections.abc import Iterator

from cluster.meta.status import StatusError

from . import _policies

NAME = "ValidatingAdmissionPolicy"
POLICIES, BINDINGS = "/registry/validatingadmissionpolicies/", "/registry/validatingadmissionpolicybindings/"
CODES = {"Forbidden": 403, "RequestEntityTooLarge": 413, "Invalid": 422}
_MOST_MESSAGE = 5 * 1024
Verdict = tuple[str, str]        # (reason, message) of a denial


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Refuse what breaks a policy that denies, warn where it warns; whether a policy had anything to look at."""
    if not call.context.store.touched.get(POLICIES) or call.kind.group == _policies.CONFIGURATION:
        return False
    denied, was_asked = [], False
    for policy, binding in _policies.invocations(call, POLICIES, BINDINGS, obj, live):
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
    params = _policies.params_of(call, spec.get("paramKind"), binding["spec"].get("paramRef"))
    if isinstance(params, str):
        if spec["failurePolicy"] == "Fail":
            yield "", f"failed to configure binding: {params}"
        return
    for param in params:
        yield from _of_rules(spec, _policies.names_of(call, spec, obj, live, param))


def _of_rules(spec: dict, names: dict) -> Iterator[Verdict]:
    """The denials of one evaluation. Source: validator.Validate."""
    for condition in spec.get("matchConditions") or ():
        value, error = _policies.value_of(condition["expression"], names)
        if error:
            if spec["failurePolicy"] == "Fail":
                yield "", error
            return
        if value is False:
            return
    for rule in spec.get("validations") or ():
        value, error = _policies.value_of(rule["expression"], names)
        if error and spec["failurePolicy"] == "Fail":
            yield "", error
        elif not error and value is not True and value is not _policies.UNKNOWN:
            yield rule.get("reason") or "Invalid", _message(rule, names)


def _message(rule: dict, names: dict) -> str:
    """The words of a denial: the message expression's, else the message, else the expression itself."""
    if rule.get("messageExpression"):
        said, _ = _policies.value_of(rule["messageExpression"], names)
        said = said.strip() if isinstance(said, str) else ""
        if said and "\n" not in said and len(said) <= _MOST_MESSAGE:
            return said
    return (rule.get("message") or "").strip() or f"failed expression: {rule['expression'].strip()}"


def _refusal(call, obj: dict | None, denial: Verdict) -> StatusError:
    """As admission's Forbidden, with the reason and code of the rule."""
    from . import refused
    reason, message = denial[0] or "Invalid", denial[1]
    refusal = refused(call, obj, message)
    refusal.code = refusal.status["code"] = CODES[reason]
    refusal.status["reason"] = reason
    refusal.status.setdefault("details", {})["causes"] = [{"message": message}]
    return refusal
