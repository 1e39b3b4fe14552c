"""ResourceQuota: how much a namespace may use in all."""
from __future__ import annotations

from cluster.kinds import _pod_amounts, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._rules import amount, rounded
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields

SCOPES = ("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "VolumeAttributesClass",
          "CrossNamespacePodAffinity")
_COMPUTE = ("cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory")
_STANDARD = frozenset((
    *_COMPUTE, "ephemeral-storage", "requests.storage", "requests.ephemeral-storage", "limits.ephemeral-storage", "pods",
    "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps",
    "services.nodeports", "services.loadbalancers"))
_HUGE = ("hugepages-", "requests.hugepages-")
_OPPOSITES = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_EXISTS_ONLY = ("must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
                "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity")
_NOT_APPLIED = "unsupported scope applied to resource"


def default(draft: dict) -> None:
    """Amounts are rounded to thousandths."""
    draft["spec"] = draft.get("spec") or {}
    draft["status"] = draft.get("status") or {}
    for part in (draft["spec"], draft["status"]):
        for field in ("hard", "used"):
            if part.get(field):
                part[field] = {name: rounded(value) for name, value in part[field].items()}


def prepare_create(draft: dict) -> None:
    """Nothing is counted yet."""
    draft["status"] = {}


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status", {})


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]


def validate(quota: dict) -> list[FieldError]:
    """Source: pkg/apis/core/validation/validation.go (ValidateResourceQuota)."""
    errors: list[FieldError] = []
    _spec(errors, quota["spec"])
    return errors


def _spec(errors: list[FieldError], spec: dict) -> None:
    _amounts(errors, spec.get("hard") or {}, "spec.hard")
    scopes = spec.get("scopes") or []
    for scope in scopes:
        if scope not in SCOPES:
            errors.append(fields.invalid("spec.scopes", scopes, "unsupported scope"))
        errors += [fields.invalid("spec.scopes", scopes, _NOT_APPLIED) for _ in _beyond(spec, scope)]
    _opposites(errors, scopes, "spec.scopes", scopes)
    if spec.get("scopeSelector") is not None:
        _selector(errors, spec, spec["scopeSelector"])


def _amounts(errors: list[FieldError], amounts: dict, path: str) -> None:
    for name, value in amounts.items():
        here = f"{path}[{name}]"
        _pod_amounts.resource_name(errors, here, name)
        if "/" not in name and not _is_standard(name):
            errors.append(fields.invalid(here, name, "must be a standard resource for quota"))
        _rules.quantity_value(errors, here, name, value)


def _is_standard(name: str) -> bool:
    return name in _STANDARD or name.startswith(_HUGE)


def _beyond(spec: dict, scope: str) -> list[str]:
    """The quota's resources that a scope says nothing about. Source: pkg/apis/core/helper (IsResourceQuotaScopeValidForResource)."""
    if scope == "BestEffort":
        known: tuple[str, ...] = ("pods",)
    elif scope == "VolumeAttributesClass":
        known = ("persistentvolumeclaims", "requests.storage")
    elif scope in SCOPES:
        known = ("pods", *_COMPUTE)
    else:
        return []
    return [name for name in sorted(spec.get("hard") or ()) if _is_standard(name) and name not in known]


def _opposites(errors: list[FieldError], scopes: list[str], path: str, shown: list[str] | None) -> None:
    errors += [fields.invalid(path, shown, "conflicting scopes") for pair in _OPPOSITES if all(scope in scopes for scope in pair)]


def _selector(errors: list[FieldError], spec: dict, selector: dict) -> None:
    path, expressions = "spec.scopeSelector.matchExpressions", selector.get("matchExpressions") or []
    shown = {"MatchExpressions": [{"ScopeName": e.get("scopeName", ""), "Operator": e.get("operator", ""), "Values": e.get("values")}
                                  for e in expressions] if selector.get("matchExpressions") is not None else None}
    for expression in expressions:
        scope = expression.get("scopeName", "")
        if scope not in SCOPES:
            errors.append(fields.invalid(f"{path}.scopeName", scope, "unsupported scope"))
        errors += [fields.invalid(path, shown, _NOT_APPLIED) for _ in _beyond(spec, scope)]
        _operator(errors, expression, scope, path)
    _opposites(errors, [e.get("scopeName", "") for e in expressions], path, spec.get("scopes"))


def _operator(errors: list[FieldError], expression: dict, scope: str, path: str) -> None:
    operator, values = expression.get("operator", ""), expression.get("values") or []
    if scope in SCOPES and scope not in ("PriorityClass", "VolumeAttributesClass") and operator != "Exists":
        errors.append(fields.invalid(f"{path}.operator", operator, _EXISTS_ONLY))
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(fields.required(f"{path}.values",
                                          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.append(fields.invalid(f"{path}.values", values,
                                         "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"))
    else:
        errors.append(fields.invalid(f"{path}.operator", operator, "not a valid selector operator"))


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The scopes stay. Source: ValidateResourceQuotaUpdate."""
    errors = validate(new)
    scopes = new["spec"].get("scopes")
    if sorted(dict.fromkeys(scopes or ())) != sorted(dict.fromkeys(old["spec"].get("scopes") or ())):
        errors.append(fields.invalid("spec.scopes", scopes, _rules.IMMUTABLE))
    return errors


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateResourceQuotaStatusUpdate."""
    errors: list[FieldError] = []
    _rules.kube_finalizers(errors, new["metadata"])
    for field in ("hard", "used"):
        _amounts(errors, (new.get("status") or {}).get(field) or {}, f"status.{field}")
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """A request above its limit. Source: pkg/registry/core/resourcequota/strategy.go."""
    hard, warnings = new["spec"].get("hard") or {}, []
    for name in ("cpu", "memory", "storage", "ephemeral-storage") if old is None else ():
        asked = f"requests.{name}"
        if asked not in hard and name in ("cpu", "memory"):
            asked = name
        limit = f"limits.{name}"
        if asked in hard and limit in hard and amount(hard[asked]).nano > amount(hard[limit]).nano:
            warnings.append(f"ResourceQuota {asked} ({amount(hard[asked]).text}) should be less than {limit} ({amount(hard[limit]).text})")
    return warnings


def cells(quota: dict, now_unix_ms: int) -> list:
    """Used and hard amounts, limits apart. Source: pkg/printers/internalversion/printers.go (printResourceQuota)."""
    status = quota.get("status") or {}
    used = status.get("used") or {}
    requests, limits = [], []
    for name, hard in sorted((status.get("hard") or {}).items()):
        column_of = limits if name.startswith("limits.") else requests
        column_of.append(f"{name}: {amount(used.get(name)).text}/{amount(hard).text}")
    return [quota["metadata"]["name"], ", ".join(requests), ", ".join(limits), age(quota, now_unix_ms)]


COLUMNS = (
    NAME, column("Request", "Request represents a minimum amount of cpu/memory that a container may consume."),
    column("Limit", "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node."), AGE,
)

KIND = Kind(
    metadata_on_update=("update",),
    kind="ResourceQuota", plural="resourcequotas", singular="resourcequota", short_names=("quota",), subresources=("status",),
    storage_version_hash="8uhSgffRX6w=", columns=COLUMNS, cells=cells, default=default, prepare_create=prepare_create,
    prepare_update=prepare_update, prepare_status=prepare_status, validate=validate, validate_update=validate_update,
    validate_status=validate_status, warn=warn, reset_fields={"": ("status",), "status": ("spec",)}, icon="gauge",
    title={"en": "How many objects a namespace may hold, and how much cpu, memory and storage they may ask for in all.",
           "zh": "一个命名空间最多可有多少对象，以及它们总共可申请多少 cpu、memory 和存储。"},
)
