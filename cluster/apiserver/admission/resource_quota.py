"""ResourceQuota: what a namespace may use in all; comes last, and charges each quota with a write of its own.

Source: k8s.io/apiserver pkg/admission/plugin/resourcequota/{admission,controller}.go.
"""
from __future__ import annotations

from typing import Any

from cluster.kinds import _quota
from cluster.kinds._rules import amount
from cluster.meta.requests import Request

NAME = "ResourceQuota"
FOLDER = "/registry/resourcequotas/"
IGNORED = ("events",)
USER = {"user": "system:apiserver", "groups": ["system:masters"], "user_agent": "kube-apiserver/v1.36.3"}
ON_UPDATE = ("pods", "services", "persistentvolumeclaims")


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Refuse what exceeds a quota, and note what is to be charged; whether a quota applied."""
    if not applies(call, obj, live):
        return False
    charged = charges(call, obj, live)
    if not call.dry_run:
        call.charges = charged
    return bool(charged)


def applies(call, obj: dict | None, live: dict | None) -> bool:
    """Whether a request could use more of a quota. Source: each evaluator's Handles."""
    kind = call.kind
    if obj is None or not call.namespace or not kind.namespaced or kind.plural in IGNORED:
        return False
    if call.subresource:
        return kind.plural == "pods" and call.subresource == "resize"
    if live is None:
        return True
    if kind.group or kind.plural not in ON_UPDATE:
        return False
    return kind.plural != "pods" or _quota.ends_by_itself(obj) != _quota.ends_by_itself(live)


def charges(call, obj: dict, live: dict | None, only: str = "") -> list[Any]:
    """One Write for each quota that the request uses more of; raises Forbidden."""
    quotas = [stored for _, stored in call.context.store.list(f"{FOLDER}{call.namespace}/")]
    interesting = [stored for stored in quotas if _is_interesting(call, stored.value, obj)]
    if not interesting:
        return []
    resource, group, now = call.kind.plural, call.kind.group, call.context.time_text()
    used = _quota.usage(resource, group, obj, now)
    before = _quota.usage(resource, group, live, now) if live is not None else {}
    found = []
    for stored in interesting:
        quota = stored.value
        is_update = live is not None and _quota.matches(quota, resource, group, live)
        delta = {name: value for name, value in (_quota.more(used, before) if is_update else used).items() if value.nano}
        if delta and only in ("", quota["metadata"]["name"]):
            write = _charged(call, quota, obj, delta)
            found += [write] if write else []
    return found


def _is_interesting(call, quota: dict, obj: dict) -> bool:
    """The quota applies to the object; raises Forbidden where it cannot be told whether there is room."""
    from . import refused
    resource, group = call.kind.plural, call.kind.group
    if not _quota.matches(quota, resource, group, obj):
        return False
    status, name = quota.get("status") or {}, quota["metadata"]["name"]
    tracked = _quota.tracked(resource, group, status.get("hard") or {})
    missing = _unsaid(tracked, obj) if resource == "pods" and not group else ""
    if missing:
        raise refused(call, obj, f"failed quota: {name}: must specify {missing}")
    if any(item not in (status.get("used") or {}) for item in tracked):
        raise refused(call, obj, f"status unknown for quota: {name}, resources: {','.join(sorted(tracked))}")
    return True


def _unsaid(tracked: list[str], pod: dict) -> str:
    """Amounts that a quota wants each container to name. Source: podEvaluator.Constraints."""
    spec = pod["spec"]
    if (spec.get("resources") or {}).get("requests") or (spec.get("resources") or {}).get("limits"):
        return ""
    missing: dict[str, list[str]] = {}
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        resources = container.get("resources") or {}
        said = _quota.compute({name: amount(value) for name, value in (resources.get("requests") or {}).items()},
                              {name: amount(value) for name, value in (resources.get("limits") or {}).items()})
        for name in tracked:
            if name in _quota.REQUIRED and name not in said:
                missing.setdefault(name, []).append(container.get("name", ""))
    return "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))


def _charged(call, quota: dict, obj: dict, delta: _quota.Usage) -> Any:
    """The Write of a quota's new usage; None if it stays. Raises Forbidden where there is no room."""
    from . import refused
    status = quota.get("status") or {}
    hard = {name: amount(value) for name, value in (status.get("hard") or {}).items()}
    used = {name: amount(value) for name, value in (status.get("used") or {}).items()}
    asked = {name: value for name, value in delta.items() if name in hard}
    total = _quota.added(used, asked)
    exceeded = [name for name in asked if total[name].nano > hard[name].nano]
    if exceeded:
        raise refused(call, obj, f"exceeded quota: {quota['metadata']['name']}, requested: {_quota.text(asked, exceeded)}, "
                                 f"used: {_quota.text(used, exceeded)}, limited: {_quota.text(hard, exceeded)}")
    if call.dry_run or not asked:
        return None
    return _write(call, {**quota, "status": {**status, "used": {name: value.text for name, value in total.items()}}})


def _write(call, quota: dict) -> Any:
    """The status write, as the API server's own client would send it."""
    from cluster.apiserver import update
    from cluster.apiserver.call import Call
    meta = quota["metadata"]
    request = Request(verb="update", resource="resourcequotas", namespace=meta["namespace"], name=meta["name"], subresource="status",
                      body=quota, id=call.request.id, **USER)
    context = call.context
    muted, context.muted = context.muted, True
    try:
        return update.update(Call(request, context, context.registry.resource("", "resourcequotas")))
    finally:
        context.muted = muted
