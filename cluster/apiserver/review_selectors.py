"""Access reviews about some of the objects: the selectors of resourceAttributes, checked and read.

Source: k8s.io/kubernetes pkg/apis/authorization/validation/validation.go, pkg/registry/authorization/util/helpers.go;
k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go.
"""
from __future__ import annotations

from cluster.meta import fields, labels, names, selectors
from cluster.meta.fields import FieldError

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
IGNORED = "{} ignored due to parse error"
PATH = "spec.resourceAttributes"


def errors(attributes: dict | None) -> list[FieldError]:
    """The complaints about both selectors."""
    found: list[FieldError] = []
    for name, judge in (("fieldSelector", _field), ("labelSelector", _label)):
        selector, path = (attributes or {}).get(name), f"{PATH}.{name}"
        if selector is None:
            continue
        raw, requirements = selector.get("rawSelector") or "", selector.get("requirements") or []
        if raw and requirements:
            found.append(fields.invalid(f"{path}.rawSelector", raw, "may not specified at the same time as requirements"))
        if not raw and not requirements:
            found.append(fields.required(f"{path}.requirements", f"when {path} is specified, requirements or rawSelector is required"))
        for index, requirement in enumerate(requirements):
            found += _values(requirement, f"{path}.requirements[{index}]") + judge(requirement, f"{path}.requirements[{index}]")
    return found


def _values(requirement: dict, path: str) -> list[FieldError]:
    operator, values = requirement.get("operator") or "", requirement.get("values") or []
    if operator in ("In", "NotIn") and not values:
        return [fields.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")]
    if operator in ("Exists", "DoesNotExist") and values:
        return [fields.forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
    return []


def _label(requirement: dict, path: str) -> list[FieldError]:
    key = requirement.get("key") or ""
    found = [fields.invalid(f"{path}.key", key, why) for why in names.qualified_name(key)]
    for index, value in enumerate(requirement.get("values") or ()):
        found += [fields.invalid(f"{path}.values[{index}]", value, why) for why in names.label_value(value)]
    return found


def _field(requirement: dict, path: str) -> list[FieldError]:
    return [] if requirement.get("key") else [fields.required(f"{path}.key", "must be specified")]


def problem(attributes: dict | None) -> str:
    """What is said of selectors that cannot be read, and so do not narrow the question."""
    found = [IGNORED.format(f"{PATH}.{name}") for name in ("fieldSelector", "labelSelector") if _is_unread(name, (attributes or {}).get(name))]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""


def _is_unread(name: str, selector: dict | None) -> bool:
    if selector is None:
        return False
    if any((one.get("operator") or "") not in OPERATORS for one in selector.get("requirements") or ()):
        return True
    try:
        (labels if name == "labelSelector" else selectors).parse(selector.get("rawSelector") or "")
    except (labels.SelectorError, selectors.FieldSelectorError):
        return True
    return False
