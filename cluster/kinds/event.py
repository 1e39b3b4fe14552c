"""Event: a note that a component leaves about an object. One stored kind, served as v1 and as events.k8s.io/v1.

All here is about the core form, in which Events are stored.
"""
from __future__ import annotations

from functools import lru_cache

from cluster.kinds import _goshape
from cluster.kinds._columns import column, since
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names
from cluster.meta.remembering import remembered

MAX_MESSAGE, MAX_SHORT = 1024, 128
_ALWAYS = {"involvedObject": {}, "source": {}, "firstTimestamp": None, "lastTimestamp": None, "eventTime": None,
           "reportingComponent": "", "reportingInstance": ""}


def default(draft: dict) -> None:
    """Fields that are always written, empty or not."""
    for key, value in _ALWAYS.items():
        if key not in draft or (draft[key] is None and value is not None):
            draft[key] = {} if value == {} else value


def validate(event: dict) -> list[FieldError]:
    """What an Event sent as v1 must have: little.

    Source: pkg/apis/core/validation/events.go (ValidateEventCreate).
    """
    return _legacy(event, "reportingComponent")


def validate_strictly(event: dict) -> list[FieldError]:
    """What an Event sent as events.k8s.io/v1 must have: more."""
    return _legacy(event, "reportingController") + _strict(event)


def _legacy(event: dict, controller_field: str) -> list[FieldError]:
    namespace = event["metadata"].get("namespace", "")
    other = event.get("involvedObject", {}).get("namespace", "")
    errors = []
    if event.get("eventTime"):
        if not other and namespace not in ("default", "kube-system"):
            errors.append(_namespace_differs(other))
        errors += _new_fields(event, controller_field)
    elif other != namespace if other else namespace not in ("", "default"):
        errors.append(_namespace_differs(other))
    complaints = _of_namespace(namespace)
    return errors + [fields.invalid("namespace", namespace, why) for why in complaints] if complaints else errors


@remembered(1024)
def _of_namespace(namespace: str) -> tuple[str, ...]:
    return tuple(names.dns1123_subdomain(namespace))


def _namespace_differs(namespace: str) -> FieldError:
    return fields.invalid("involvedObject.namespace", namespace, "does not match event.namespace")


def _new_fields(event: dict, controller_field: str) -> list[FieldError]:
    said = [event.get(field, "") for field in ("reportingComponent", *_SHORT)]
    said = (_said if max(map(len, said)) <= MAX_SHORT else _said.__wrapped__)(controller_field, *said)     # what is long is not kept
    return [*said, *_at_most("message", event.get("message", ""), MAX_MESSAGE)]


_SHORT = ("reportingInstance", "action", "reason")


@lru_cache(maxsize=1024)
def _said(controller_field: str, controller: str, *short: str) -> tuple[FieldError, ...]:
    """The complaints about what many Events have in common: who reports, and in which words."""
    errors = [] if controller else [fields.required(controller_field)]
    errors += [fields.invalid(controller_field, controller, why) for why in names.qualified_name(controller)]
    for field, value in zip(_SHORT, short):
        if not value:
            errors.append(fields.required(field))
        errors += _at_most(field, value, MAX_SHORT)
    return tuple(errors)


def _at_most(field: str, value: str, limit: int) -> list[FieldError]:
    too_long = len(value.encode()) > limit
    return [fields.invalid(field, "", f"can have at most {limit} characters")] if too_long else []


def _strict(event: dict) -> list[FieldError]:
    errors = _series(event)
    if not event.get("eventTime"):
        errors.append(fields.required("eventTime"))
    if event.get("type", "") not in ("Normal", "Warning"):
        errors.append(fields.invalid("type", "", f"has invalid value: {event.get('type', '')}"))
    errors += [fields.invalid(field, "", "needs to be unset") for field in ("firstTimestamp", "lastTimestamp", "count")
               if event.get(field)]
    if any((event.get("source") or {}).values()):
        errors.append(fields.invalid("source", "", "needs to be unset"))
    return errors


def _series(event: dict) -> list[FieldError]:
    series = event.get("series")
    if series is None:
        return []
    errors = []
    if series.get("count", 0) < 2:
        errors.append(fields.invalid("series.count", "", "should be at least 2"))
    if not series.get("lastObservedTime"):
        errors.append(fields.required("series.lastObservedTime"))
    return errors


_FIXED = ("involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "reason", "type",
          "eventTime", "action", "related", "reportingComponent", "reportingInstance")


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """Through v1 anything may change."""
    return validate(new)


def validate_update_strictly(new: dict, old: dict) -> list[FieldError]:
    """Through events.k8s.io only the series may change."""
    errors = _legacy(new, "reportingController")
    if new.get("series") != old.get("series"):
        errors += _series(new)
    for field in _FIXED:
        if (new.get(field) or None) != (old.get(field) or None):
            shown = "reportingController" if field == "reportingComponent" else field
            errors.append(fields.invalid(shown, _goshape.of_field("core.v1.Event", field, new.get(field)), "field is immutable"))
    return errors


def cells(event: dict, now_unix_ms: int) -> list:
    """As kubectl get events -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printEvent).
    """
    first = since(event.get("firstTimestamp") or event.get("eventTime"), now_unix_ms)
    last = since(event["lastTimestamp"], now_unix_ms) if event.get("lastTimestamp") else first
    count, series = event.get("count") or 1, event.get("series")
    if series:
        last, count = since(series.get("lastObservedTime"), now_unix_ms), series.get("count", 0)
    about = event.get("involvedObject", {})
    return [last, event.get("type", ""), event.get("reason", ""), _target(about), about.get("fieldPath", ""),
            source_text(event), event.get("message", "").strip(), first, count, event["metadata"]["name"]]


def _target(reference: dict) -> str:
    kind, name = reference.get("kind", "").lower(), reference.get("name", "")
    return f"{kind}/{name}" if name else kind


def source_text(event: dict) -> str:
    """`kubelet, k8snode1`: who said it, and where."""
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent", "")
    instance = source.get("host") or event.get("reportingInstance", "")
    return f"{component}, {instance}" if instance else component


def _about(field: str):
    return lambda event: event.get("involvedObject", {}).get(field, "")


def _source(event: dict) -> str:
    return (event.get("source") or {}).get("component") or event.get("reportingComponent", "")


_SELECTABLE = {f"involvedObject.{field}": _about(field)
               for field in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")}
_SELECTABLE |= {"reason": lambda event: event.get("reason", ""), "type": lambda event: event.get("type", ""),
                "reportingComponent": lambda event: event.get("reportingComponent", ""), "source": _source}

COLUMNS = (
    column("Last Seen", "core.v1.Event#lastTimestamp"), column("Type", "core.v1.Event#type"),
    column("Reason", "core.v1.Event#reason"), column("Object", "core.v1.Event#involvedObject"),
    column("Subobject", "core.v1.ObjectReference#fieldPath", priority=1),
    column("Source", "core.v1.Event#source", priority=1), column("Message", "core.v1.Event#message"),
    column("First Seen", "core.v1.Event#firstTimestamp",
           priority=1), column("Count", "core.v1.Event#count", priority=1),
    column("Name", "meta.v1.ObjectMeta#name", priority=1, format="name"),
)

KIND = Kind(
    metadata_on_update=(), plain_metadata=True,
    kind="Event", plural="events", singular="event", short_names=("ev",),
    storage_version_hash="r2yiGXH7wu8=", columns=COLUMNS, cells=cells,
    default=default, validate=validate, validate_update=validate_update, name_check=names.is_path_segment_name,
    second_face={"metadata_on_update": ("update",), "plain_metadata": False, "name_check": names.is_subdomain_name,
                 "validate": validate_strictly, "validate_update": validate_update_strictly},
    selectable=_SELECTABLE, create_on_update=True, icon="megaphone",
    title={"en": "A note about an object: what a component did or met. A real cluster keeps it for an hour.",
           "zh": "关于某个对象的记录：组件做了什么、遇到什么。真实集群只保留一小时。"},
)
