"""pods/eviction: a delete that asks the disruption budgets first.

Simplified: nothing counts for PodDisruptionBudgets yet, so no budget ever says no.
Source: k8s.io/kubernetes pkg/registry/core/pod/storage/eviction.go.
"""
from __future__ import annotations

from cluster.meta import status
from cluster.meta.requests import Response

from . import admission, bodies, decode, delete, delete_options
from .call import Call, Write

VERSION, OLD_VERSION = b"policy/v1", b"policy/v1beta1"


def evict(call: Call) -> Response | Write:
    """Work an Eviction out: the deletion of its Pod, with a condition that says why."""
    eviction = _read(call)
    bodies.match_namespace(call, eviction["metadata"])
    if eviction["metadata"].get("name", "") != call.name:
        raise status.bad_request("name in URL does not match name in Eviction object")
    admission.mutate(call, eviction, None)
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    asked = delete_options.of_body(eviction.get("deleteOptions") or {})
    call.dry_run = call.dry_run or bool((eviction.get("deleteOptions") or {}).get("dryRun"))
    done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
    result = delete.remove(call, stored, asked)
    if isinstance(result, Response):
        return Response(code=201, body=done, warnings=call.warnings)
    result.code, result.answer = 201, done
    if result.value is not None:
        result.value = with_disruption(result.value, call.context.time_text())
    return result


def _read(call: Call) -> dict:
    request = call.request
    if request.raw is None:
        return bodies.with_metadata({**request.body, "metadata": dict(request.body.get("metadata") or {})})
    raw = request.raw.replace(OLD_VERSION, VERSION, 1)      # both versions are taken, and have the same fields
    return bodies.with_metadata(decode.decode_plain(raw, request.content_type, "Eviction", "policy", "v1"))


def with_disruption(pod: dict, now: str) -> dict:
    """The Pod with the condition DisruptionTarget."""
    new = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting",
           "lastProbeTime": None, "lastTransitionTime": now}
    before = pod.get("status") or {}
    others = [condition for condition in before.get("conditions") or () if condition.get("type") != new["type"]]
    return {**pod, "status": {**before, "conditions": [*others, new]}}
