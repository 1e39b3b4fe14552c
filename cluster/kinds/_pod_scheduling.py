"""Where a Pod may run: affinities, tolerations, spreading, gates.

Source: pkg/apis/core/validation/validation.go (validateAffinity, ValidateTolerations, validateTopologySpreadConstraints,
validateSchedulingGates).
"""
from __future__ import annotations

from cluster.kinds import _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields, labels, names

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
REQUIRED, PREFERRED = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
_WITH_VALUES = "must be specified when `operator` is 'In' or 'NotIn'"
_WITHOUT_VALUES = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
_ONE_VALUE = "must be specified single value when `operator` is 'Lt' or 'Gt'"
_NO_OPERATOR = "not a valid selector operator"
_WEIGHT = "must be in the range 1-100"
_NO_SELECTOR = "must not be specified when labelSelector is not set"


def affinity(errors: Errors, found: dict, path: str, *, lenient: bool) -> None:
    """All three affinities. lenient: what is stored has bad label values already."""
    if found.get("nodeAffinity") is not None:
        _node_affinity(errors, found["nodeAffinity"], f"{path}.nodeAffinity", lenient)
    for name in ("podAffinity", "podAntiAffinity"):
        terms = found.get(name)
        if terms is None:
            continue
        for index, term in enumerate(terms.get(REQUIRED) or ()):
            _pod_term(errors, term, f"{path}.{name}.{REQUIRED}[{index}]", lenient)
        for index, weighted in enumerate(terms.get(PREFERRED) or ()):
            here = f"{path}.{name}.{PREFERRED}[{index}]"
            _weight(errors, weighted, here)
            _pod_term(errors, weighted.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm", lenient)


def _weight(errors: Errors, term: dict, path: str) -> None:
    weight = term.get("weight", 0)
    if not 1 <= weight <= 100:
        errors.append(fields.invalid(f"{path}.weight", weight, _WEIGHT))


def _node_affinity(errors: Errors, found: dict, path: str, lenient: bool) -> None:
    required = found.get(REQUIRED)
    if required is not None:
        here = f"{path}.{REQUIRED}.nodeSelectorTerms"
        terms = required.get("nodeSelectorTerms") or ()
        if not terms:
            errors.append(fields.required(here, "must have at least one node selector term"))
        for index, term in enumerate(terms):
            node_term(errors, term, f"{here}[{index}]", lenient)
    for index, preferred in enumerate(found.get(PREFERRED) or ()):
        here = f"{path}.{PREFERRED}[{index}]"
        _weight(errors, preferred, here)
        node_term(errors, preferred.get("preference") or {}, f"{here}.preference", True)


def node_term(errors: Errors, term: dict, path: str, lenient: bool) -> None:
    """One term of a node selector; lenient: values need not be label values."""
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        _node_requirement(errors, requirement, f"{path}.matchExpressions[{index}]", lenient)
    for index, requirement in enumerate(term.get("matchFields") or ()):
        _node_field(errors, requirement, f"{path}.matchFields[{index}]")


def _node_requirement(errors: Errors, requirement: dict, path: str, lenient: bool) -> None:
    operator, values = requirement.get("operator") or "", requirement.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(fields.required(f"{path}.values", _WITH_VALUES))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.append(fields.forbidden(f"{path}.values", _WITHOUT_VALUES))
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            errors.append(fields.required(f"{path}.values", _ONE_VALUE))
    else:
        errors.append(fields.invalid(f"{path}.operator", operator, _NO_OPERATOR))
    _rules.qualified(errors, f"{path}.key", requirement.get("key") or "")
    if not lenient:
        for index, value in enumerate(values):
            _rules.all_of(errors, f"{path}.values[{index}]", value, names.label_value(value))


def _node_field(errors: Errors, requirement: dict, path: str) -> None:
    operator, values, key = requirement.get("operator") or "", requirement.get("values") or (), requirement.get("key") or ""
    if operator not in ("In", "NotIn"):
        errors.append(fields.invalid(f"{path}.operator", operator, _NO_OPERATOR))
    elif len(values) != 1:
        errors.append(fields.required(f"{path}.values",
                                      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
    if key != "metadata.name":
        errors.append(fields.invalid(f"{path}.key", key, "not a valid field selector key"))
        return
    for index, value in enumerate(values):
        _rules.all_of(errors, f"{path}.values[{index}]", value, names.is_subdomain_name(value))


def _pod_term(errors: Errors, term: dict, path: str, lenient: bool) -> None:
    for field in ("labelSelector", "namespaceSelector"):
        errors += labels.validate_label_selector(term.get(field), f"{path}.{field}", allow_invalid_values=lenient)
    for name in term.get("namespaces") or ():
        _rules.all_of(errors, f"{path}.namespace", name, names.is_label_name(name))
    _label_keys(errors, path, term.get("labelSelector"), term.get("matchLabelKeys") or (),
                term.get("mismatchLabelKeys") or ())
    key = term.get("topologyKey") or ""
    if not key:
        errors.append(fields.required(f"{path}.topologyKey", "can not be empty"))
    _rules.qualified(errors, f"{path}.topologyKey", key)


def _label_keys(errors: Errors, path: str, selector: dict | None, match: list[str], mismatch: list[str]) -> None:
    for field, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)):
        if keys and selector is None:
            errors.append(fields.forbidden(f"{path}.{field}", _NO_SELECTOR))
            continue
        for index, key in enumerate(keys):
            _rules.qualified(errors, f"{path}.{field}[{index}]", key)
    if selector is not None:
        _keys_given_twice(errors, path, selector, match)
    for index, key in enumerate(match):
        if key in mismatch:
            errors.append(fields.invalid(f"{path}.matchLabelKeys[{index}]", key,
                                         "exists in both matchLabelKeys and mismatchLabelKeys"))


def _keys_given_twice(errors: Errors, path: str, selector: dict, match: list[str]) -> None:
    """A key may stand once in the selector beside matchLabelKeys: the server itself puts it there."""
    seen = list(selector.get("matchLabels") or ())
    for expression in selector.get("matchExpressions") or ():
        key = expression.get("key")
        if key in match and key in seen:
            position = len(match) - 1 - list(reversed(match)).index(key)
            errors.append(fields.invalid(f"{path}[{position}]", key, "exists in both matchLabelKeys and labelSelector"))
        seen.append(key)


def tolerations(errors: Errors, found: list[dict], path: str) -> None:
    """Tolerations of taints."""
    for index, toleration in enumerate(found):
        here = f"{path}[{index}]"
        key, operator, effect = (toleration.get(field) or "" for field in ("key", "operator", "effect"))
        if key:
            _rules.qualified(errors, f"{here}.key", key)
        elif operator != "Exists":
            errors.append(fields.invalid(f"{here}.operator", operator,
                                         'operator must be Exists when `key` is empty, which means "match all values and all keys"'))
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            errors.append(fields.invalid(f"{here}.effect", effect,
                                         "effect must be 'NoExecute' when `tolerationSeconds` is set"))
        _toleration_value(errors, operator, toleration.get("value") or "", f"{here}.operator")
        if effect and effect not in EFFECTS:
            errors.append(fields.not_supported(f"{here}.effect", effect, EFFECTS))


def _toleration_value(errors: Errors, operator: str, value: str, path: str) -> None:
    if operator in ("", "Equal"):
        complaints = names.label_value(value) if value else ()
        if complaints:
            errors.append(fields.invalid(path, value, ";".join(complaints)))
    elif operator == "Exists":
        if value:
            errors.append(fields.invalid(path, value, "value must be empty when `operator` is 'Exists'"))
    elif operator in ("Lt", "Gt"):  # behind a gate that is off
        errors.append(fields.not_supported(path, operator, ("Equal", "Exists", "Lt", "Gt")))
    else:
        errors.append(fields.not_supported(path, operator, ("Equal", "Exists")))


def spread(errors: Errors, constraints: list[dict], path: str, *, lenient: bool) -> None:
    """Topology spread constraints. lenient: what is stored has a bad selector already."""
    for index, constraint in enumerate(constraints):
        here = f"{path}[{index}]"
        _rules.positive(errors, f"{here}.maxSkew", constraint.get("maxSkew", 0))
        key, action = constraint.get("topologyKey") or "", constraint.get("whenUnsatisfiable") or ""
        if not key:
            errors.append(fields.required(f"{here}.topologyKey", "can not be empty"))
        _rules.one_of(errors, f"{here}.whenUnsatisfiable", action, ("DoNotSchedule", "ScheduleAnyway"))
        if any((other.get("topologyKey") or "", other.get("whenUnsatisfiable") or "") == (key, action)
               for other in constraints[index + 1:]):
            errors.append(fields.duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}"))
        _min_domains(errors, constraint, f"{here}.minDomains", action)
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if constraint.get(field) is not None:
                _rules.one_of(errors, f"{here}.{field}", constraint[field], ("Honor", "Ignore"))
        _label_keys(errors, here, constraint.get("labelSelector"), constraint.get("matchLabelKeys") or (), ())
        if not lenient:
            errors += labels.validate_label_selector(constraint.get("labelSelector"), f"{here}.labelSelector")


def _min_domains(errors: Errors, constraint: dict, path: str, action: str) -> None:
    domains = constraint.get("minDomains")
    if domains is None:
        return
    _rules.positive(errors, path, domains)
    if action != "DoNotSchedule":
        errors.append(fields.invalid(path, domains,
                                     f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"))


def gates(errors: Errors, found: list[dict], path: str) -> None:
    """Scheduling gates."""
    taken: list[str] = []
    for index, gate in enumerate(found):
        name = gate.get("name") or ""
        _rules.qualified(errors, f"{path}[{index}]", name)
        if name in taken:
            errors.append(fields.duplicate(f"{path}[{index}]", name))
        taken.append(name)
