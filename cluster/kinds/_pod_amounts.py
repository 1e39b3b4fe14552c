"""Resource requirements: names of resources, requests against limits, claims; for containers, Pods and overhead.

Source: pkg/apis/core/validation/validation.go (validateResourceRequirements, validatePodResources).
"""
from __future__ import annotations

from cluster.kinds import _pod_resources, _rules
from cluster.kinds._rules import Errors, amount, is_extended, is_native
from cluster.meta import fields, names, quantity

_FOR_CONTAINERS = ("cpu", "memory", "ephemeral-storage")
_STANDARD = frozenset((
    *_FOR_CONTAINERS, "storage", "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
    "persistentvolumeclaims", "services.nodeports", "services.loadbalancers", "requests.storage",
    *(f"{side}.{name}" for side in ("requests", "limits") for name in _FOR_CONTAINERS)))
_POD_LEVEL_SHOWN = ("cpu", "hugepages-", "memory")
HUGE = "hugepages-"


def containers(errors: Errors, resources: dict, path: str, claim_names: list[str]) -> None:
    """What a container asks for."""
    _requirements(errors, resources, path, claim_names, container_resource)


def overhead(errors: Errors, amounts: dict, path: str) -> None:
    """What running the Pod itself costs, checked as a container's limits."""
    _requirements(errors, {"limits": amounts}, path, [], container_resource)


def pod(errors: Errors, spec: dict, path: str, claim_names: list[str]) -> None:
    """What the Pod asks for as a whole, and how that fits its containers."""
    resources = spec["resources"]
    if (spec.get("os") or {}).get("name") == "windows":
        errors.append(fields.forbidden(path, "may not be set for a windows pod"))
        return
    if resources.get("claims") is not None:
        errors.append(fields.forbidden(f"{path}.claims", "claims may not be set for Resources at pod-level"))
    _requirements(errors, resources, path, claim_names, _pod_resource)
    _consistency(errors, spec, resources, path)


def _requirements(errors: Errors, resources: dict, path: str, claim_names: list[str], name_check) -> None:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name, value in limits.items():
        _amount(errors, name, value, f"{path}.limits[{name}]", name_check)
    for name, value in requests.items():
        _amount(errors, name, value, f"{path}.requests[{name}]", name_check, huge=False)
        _against_limit(errors, name, value, limits, path)
        if name.startswith(HUGE):
            _huge_pages(errors, name, value, f"{path}.requests[{name}]")
    together = [*limits, *requests]
    if any(name.startswith(HUGE) for name in together) and "cpu" not in together and "memory" not in together:
        errors.append(fields.forbidden(path, "HugePages require cpu or memory"))
    if resources.get("claims"):
        _claims(errors, resources["claims"], f"{path}.claims", claim_names)


def _amount(errors: Errors, name: str, value: object, path: str, name_check, *, huge: bool = True) -> None:
    if name in ("cpu", "memory"):  # known to everybody, and the only ones in most Pods
        _rules.quantity_not_negative(errors, path, value)
        return
    name_check(errors, path, name)
    _rules.quantity_value(errors, path, name, value)
    if huge and name.startswith(HUGE):
        _huge_pages(errors, name, value, path)


def may_overcommit(name: str) -> bool:
    """There may be promised more of it than there is."""
    return is_native(name) and not name.startswith(HUGE)


def _against_limit(errors: Errors, name: str, value: object, limits: dict, path: str) -> None:
    if name not in limits:
        if not may_overcommit(name):
            errors.append(fields.required(f"{path}.limits", "Limit must be set for non overcommitable resources"))
        return
    asked, limit = amount(value), amount(limits[name])
    if asked.nano != limit.nano and not may_overcommit(name):
        errors.append(fields.invalid(f"{path}.requests", asked.text, f"must be equal to {name} limit of {limit.text}"))
    elif asked.nano > limit.nano:
        errors.append(fields.invalid(f"{path}.requests", asked.text,
                                     f"must be less than or equal to {name} limit of {limit.text}"))


def _huge_pages(errors: Errors, name: str, value: object, path: str) -> None:
    parsed = amount(value)
    try:
        page = quantity.parse(name[len(HUGE):])
    except quantity.QuantityError:
        page = None
    if page is None or page.nano <= 0 or page.millis % 1000 or parsed.value % page.value:
        errors.append(fields.invalid(path, parsed.text, f"{parsed.text} is not positive integer multiple of {name}"))


def resource_name(errors: Errors, path: str, name: str) -> bool:
    """A standard or a qualified name; False when there was something to say."""
    complaints = names.qualified_name(name)
    _rules.all_of(errors, path, name, complaints)
    if complaints:
        return False
    if "/" not in name and name not in _STANDARD and not name.startswith((HUGE, "requests." + HUGE)):
        errors.append(fields.invalid(path, name, "must be a standard resource type or fully qualified"))
        return False
    return True


def container_resource(errors: Errors, path: str, name: str) -> None:
    """The name of a resource that containers may ask for."""
    resource_name(errors, path, name)
    if "/" not in name:
        if name not in _FOR_CONTAINERS and not name.startswith(HUGE):
            errors.append(fields.invalid(path, name, "must be a standard resource for containers"))
    elif not is_native(name) and not is_extended(name):
        errors.append(fields.invalid(path, name, "doesn't follow extended resource name standard"))


def _pod_resource(errors: Errors, path: str, name: str) -> None:
    if resource_name(errors, path, name) and not _pod_resources.is_pod_level(name):
        errors.append(fields.not_supported(path, name, _POD_LEVEL_SHOWN))


def _consistency(errors: Errors, spec: dict, resources: dict, path: str) -> None:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, total in _pod_resources.aggregate(spec, "requests").items():
        if name in requests and quantity.compare(total, amount(requests[name]).text) > 0:
            errors.append(fields.invalid(f"{path}.requests[{name}]", amount(requests[name]).text,
                                         f"must be greater than or equal to aggregate container requests of {total}"))
    for name, total in _pod_resources.aggregate(spec, "limits").items():
        if name.startswith(HUGE) and name in limits and quantity.compare(total, amount(limits[name]).text) > 0:
            errors.append(fields.invalid(f"{path}.limits[{name}]", amount(limits[name]).text,
                                         f"must be greater than or equal to aggregate container limits of {total}"))
    for index, container in enumerate(spec.get("containers") or ()):
        for name, value in ((container.get("resources") or {}).get("limits") or {}).items():
            if name in limits and amount(value).nano > amount(limits[name]).nano:
                errors.append(fields.invalid(f"{path}.containers[{index}][{name}].limits", amount(value).text,
                                             f"must be less than or equal to pod limits of {amount(limits[name]).text}"))


def _claims(errors: Errors, claims: list[dict], path: str, claim_names: list[str]) -> None:
    seen: list[str] = []
    for index, claim in enumerate(claims):
        here, name, request = f"{path}[{index}]", claim.get("name") or "", claim.get("request") or ""
        if not name:
            errors.append(fields.required(here))
            continue
        _claim_once(errors, here, name, request, seen)
        if name not in claim_names:
            known = f": {', '.join(sorted(claim_names))}" if claim_names else " which is empty"
            detail = f"must be one of the names in pod.spec.resourceClaims{known}"
            errors.append(fields.FieldError("NotFound", here, name, detail))


def _claim_once(errors: Errors, path: str, name: str, request: str, seen: list[str]) -> None:
    if name in seen:
        errors.append(fields.duplicate(path, name))
        return
    key = f"{name}/{request}" if request else name
    if request:
        _rules.label(errors, f"{path}.request", request)
    if key in seen:
        errors.append(fields.duplicate(path, key))
    elif not request:
        errors += [fields.duplicate(path, name) for other in seen if other.partition("/")[0] == name]
    if key not in seen:
        seen.append(key)


def resource_claims(errors: Errors, claims: list[dict], path: str, *, is_static: bool) -> list[str]:
    """The Pod's own list of claims. Returns their names."""
    taken: list[str] = []
    for index, claim in enumerate(claims):
        if is_static:
            errors.append(fields.forbidden("[]", "static pods do not support resource claims"))
            continue
        _resource_claim(errors, claim, f"{path}[{index}]", taken)
    return [claim["name"] for claim in claims if claim.get("name")]


def _resource_claim(errors: Errors, claim: dict, path: str, taken: list[str]) -> None:
    name = claim.get("name") or ""
    if not name:
        errors.append(fields.required(f"{path}.name"))
    elif name in taken:
        errors.append(fields.duplicate(f"{path}.name", name))
    else:
        _rules.label(errors, f"{path}.name", name)
        taken.append(name)
    sources = ("resourceClaimName", "resourceClaimTemplateName")
    given = [claim[field] for field in sources if claim.get(field) is not None]
    shown = {"Name": name, "ResourceClaimName": claim.get(sources[0]), "ResourceClaimTemplateName": claim.get(sources[1])}
    if len(given) == 2:
        errors.append(fields.invalid(path, shown, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"))
    if not given:
        errors.append(fields.invalid(path, shown,
                                     "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"))
    for field in sources:
        if claim.get(field) is not None:
            _rules.all_of(errors, f"{path}.{field}", claim[field], names.is_subdomain_name(claim[field]))
