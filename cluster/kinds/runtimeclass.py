"""RuntimeClass: which container runtime set-up a Pod's node is to use."""
from __future__ import annotations

from cluster.kinds import _pod_amounts, _pod_scheduling, _portions, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._pod_warnings import OLD_LABELS
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names, objectmeta

_IDENTITY = ("key", "operator", "value", "effect")


def default(draft: dict) -> None:
    """The handler is always written."""
    draft.setdefault("handler", "")
    amounts = (draft.get("overhead") or {}).get("podFixed")
    if amounts:
        draft["overhead"]["podFixed"] = {name: _rules.rounded(value) for name, value in amounts.items()}


def validate(runtime_class: dict) -> list[FieldError]:
    """Source: pkg/apis/node/validation/validation.go (ValidateRuntimeClass)."""
    errors: Errors = []
    overhead, scheduling = runtime_class.get("overhead"), runtime_class.get("scheduling")
    _rules.required_name(errors, "handler", runtime_class.get("handler"), names.is_label_name)
    if overhead is not None:
        _pod_amounts.overhead(errors, overhead.get("podFixed") or {}, "overhead")
    if scheduling is not None:
        errors += objectmeta.validate_labels(scheduling.get("nodeSelector"), "scheduling.nodeSelector")
        _tolerations(errors, scheduling.get("tolerations") or [], "scheduling.tolerations")
    return errors


def _tolerations(errors: Errors, found: list[dict], path: str) -> None:
    _pod_scheduling.tolerations(errors, found, path)
    seen: list[tuple] = []
    for index, toleration in enumerate(found):
        key = tuple(toleration.get(name) or "" for name in _IDENTITY)
        if key in seen:
            errors.append(fields.duplicate(f"{path}[{index}]", _shown(toleration)))
        seen.append(key)


def _shown(toleration: dict) -> dict:
    return {**{name.capitalize(): toleration.get(name) or "" for name in _IDENTITY},
            "TolerationSeconds": toleration.get("tolerationSeconds")}


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The handler stays."""
    errors = validate(new)
    _portions.immutable(errors, "handler", new.get("handler") or "", old.get("handler") or "")
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Node labels of old. Source: pkg/api/node/util.go (GetWarningsForRuntimeClass)."""
    selector = (new.get("scheduling") or {}).get("nodeSelector") or {}
    return [f"scheduling.nodeSelector: {OLD_LABELS[key]}" for key in selector if key in OLD_LABELS]


def cells(runtime_class: dict, now_unix_ms: int) -> list:
    """Name, handler, age."""
    return [runtime_class["metadata"]["name"], runtime_class.get("handler") or "", age(runtime_class, now_unix_ms)]


KIND = Kind(
    plain_metadata=True,
    kind="RuntimeClass", plural="runtimeclasses", singular="runtimeclass", group="node.k8s.io", namespaced=False,
    storage_version_hash="WQTu1GL3T2Q=", columns=(NAME, column("Handler", ""), AGE), cells=cells,
    default=default, validate=validate, validate_update=validate_update, warn=warn, create_on_update=True,
    unconditional_update=False, icon="cpu",
    title={"en": "Which set-up of the container runtime runs the Pods that name it.", "zh": "以何种容器运行时配置运行指定它的 Pod。"},
)
