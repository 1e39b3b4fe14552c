"""LimitRange: least, most and default amounts for each Pod, container or claim of a namespace."""
from __future__ import annotations

from cluster.kinds import _pod_amounts, _rules
from cluster.kinds._columns import NAME, column
from cluster.kinds._rules import amount, rounded
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

CONTAINER, POD, CLAIM = "Container", "Pod", "PersistentVolumeClaim"
LISTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_MAX_MILLIS = 9223372036854775
_NO_DEFAULT = "may not be specified when `type` is 'Pod'"


def default(draft: dict) -> None:
    """For containers: what is most is the default limit, the limit the default request, or else the least.

    Source: pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem).
    """
    spec = draft["spec"] = draft.get("spec") or {}
    spec.setdefault("limits", None)
    for item in spec["limits"] or ():
        for field in LISTS:
            if item.get(field):
                item[field] = {name: rounded(value) for name, value in item[field].items()}
        if item.get("type") == CONTAINER:
            _fill(item, "default", "max")
            _fill(item, "defaultRequest", "default")
            _fill(item, "defaultRequest", "min")
        item.setdefault("type", "")


def _fill(item: dict, field: str, source: str) -> None:
    found = {**(item.get(source) or {}), **(item.get(field) or {})}
    if found:
        item[field] = found


def prepare_create(draft: dict) -> None:
    """One without a name is called by its uid. Source: pkg/registry/core/limitrange/strategy.go."""
    meta = draft["metadata"]
    if not meta.get("name"):
        meta["name"] = meta["uid"]


def validate(limit_range: dict) -> list[FieldError]:
    """Source: pkg/apis/core/validation/validation.go (ValidateLimitRange)."""
    errors: list[FieldError] = []
    seen: list[str] = []
    for index, item in enumerate(limit_range["spec"].get("limits") or ()):
        path, kind = f"spec.limits[{index}]", item.get("type", "")
        _type(errors, kind, f"{path}.type")
        if kind in seen:
            errors.append(fields.duplicate(f"{path}.type", kind))
        seen.append(kind)
        _item(errors, item, kind, path)
    return errors


def _type(errors: list[FieldError], kind: str, path: str) -> None:
    complaints = names.qualified_name(kind)
    _rules.all_of(errors, path, kind, complaints)
    if not complaints and "/" not in kind and kind not in (POD, CONTAINER, CLAIM):
        errors.append(fields.invalid(path, kind, "must be a standard limit type or fully qualified"))


def _item(errors: list[FieldError], item: dict, kind: str, path: str) -> None:
    check = _pod_amounts.container_resource if kind in (POD, CONTAINER) else _pod_amounts.resource_name
    for field in LISTS:
        if field == "maxLimitRequestRatio" and kind == CLAIM and not any("storage" in (item.get(side) or {}) for side in ("min", "max")):
            errors.append(fields.required(f"{path}.limits", "either minimum or maximum storage value is required, but neither was provided"))
        if field in ("default", "defaultRequest") and kind == POD:
            if item.get(field):
                errors.append(fields.forbidden(f"{path}.{field}", _NO_DEFAULT))
            continue
        for name in item.get(field) or ():
            check(errors, f"{path}.{field}[{name}]", name)
    keys = {name: None for field in LISTS if kind != POD or not field.startswith("default") for name in item.get(field) or ()}
    for name in keys:
        _amounts(errors, item, kind, name, path)


def _amounts(errors: list[FieldError], item: dict, kind: str, name: str, path: str) -> None:
    """The amounts of one resource against each other."""
    least, most, limit, request, ratio = (
        amount(item[field][name]) if name in (item.get(field) or {}) and (kind != POD or not field.startswith("default")) else None
        for field in ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio"))
    order = (
        (least, most, "min", least, "min value {} is greater than max value {}"),
        (least, request, "defaultRequest", request, "min value {} is greater than default request value {}"),
        (request, most, "defaultRequest", request, "default request value {} is greater than max value {}"),
        (request, limit, "defaultRequest", request, "default request value {} is greater than default limit value {}"),
        (least, limit, "default", least, "min value {} is greater than default value {}"),
        (limit, most, "default", most, "default value {} is greater than max value {}"),
    )
    for small, large, field, shown, why in order:
        if small is not None and large is not None and small.nano > large.nano:
            errors.append(fields.invalid(f"{path}.{field}[{name}]", shown.text, why.format(small.text, large.text)))
    if ratio is not None:
        _ratio(errors, f"{path}.maxLimitRequestRatio[{name}]", ratio, least, most)
    if not _pod_amounts.may_overcommit(name) and limit is not None and request is not None and limit.nano != request.nano:
        errors.append(fields.invalid(f"{path}.defaultRequest[{name}]", request.text,
                                     f"default value {limit.text} must equal to defaultRequest value {request.text} in {name}"))


def _ratio(errors: list[FieldError], path: str, ratio, least, most) -> None:
    if ratio.nano < 10**9:
        errors.append(fields.invalid(path, ratio.text, f"ratio {ratio.text} is less than 1"))
    if least is None or most is None:
        return
    fine = all(quantity.value < _MAX_MILLIS for quantity in (ratio, least, most))
    low, high = (least.millis, most.millis) if fine else (least.value, most.value)
    bound = high / low if low else float("inf") if high else float("nan")
    if (ratio.millis / 1000 if fine else float(ratio.value)) > bound:
        errors.append(fields.invalid(path, ratio.text, f"ratio {ratio.text} is greater than max/min = {bound:f}"))


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """As for a create."""
    return validate(new)


def cells(limit_range: dict, now_unix_ms: int) -> list:
    """Name and the time of its making."""
    return [limit_range["metadata"]["name"], limit_range["metadata"].get("creationTimestamp") or "0001-01-01T00:00:00Z"]


KIND = Kind(
    metadata_on_update=("whole",),
    kind="LimitRange", plural="limitranges", singular="limitrange", short_names=("limits",),
    storage_version_hash="EBKMFVe6cwo=", columns=(NAME, column("Created At", "meta.v1.ObjectMeta#creationTimestamp", type="date")),
    cells=cells, default=default, prepare_create=prepare_create,
    validate=validate, validate_update=validate_update, create_on_update=True, icon="ruler",
    title={"en": "Least, most and default amounts for each Pod, container or claim of a namespace.",
           "zh": "命名空间内每个 Pod、容器或存储声明的最小、最大与默认用量。"},
)
