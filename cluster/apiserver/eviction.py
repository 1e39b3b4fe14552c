"""pods/eviction: a delete that asks the disruption budget first.

A granted eviction is three writes: the budget's status, which notes who is going; the Pod's condition; the deletion.
Source: k8s.io/kubernetes pkg/registry/core/pod/storage/eviction.go.
"""
from __future__ import annotations

import msgspec

from cluster.kinds import poddisruptionbudget as budgets
from cluster.meta import fields, status
from cluster.meta.requests import Request, Response

from . import admission, bodies, decode, delete, delete_options, update
from .call import Call, Write

VERSION, OLD_VERSION = b"policy/v1", b"policy/v1beta1"
FOLDER = "/registry/poddisruptionbudgets/"
USER = {"user": "system:apiserver", "groups": ["system:masters"], "user_agent": "kube-apiserver/v1.36.3"}
MAX_DISRUPTED_PODS = 2000
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
TOO_MANY_BUDGETS = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
BREAKING = "can not be set for pod eviction, try after removing the option"
DONE = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def evict(call: Call) -> Response | Write:
    """Work an Eviction out: the deletion of its Pod, if the budget that selects it can spare it."""
    eviction = _read(call)
    bodies.match_namespace(call, eviction["metadata"])
    if eviction["metadata"].get("name", "") != call.name:
        raise status.bad_request("name in URL does not match name in Eviction object")
    options = eviction.get("deleteOptions") or {}
    _check_options(call, options)
    admission.mutate(call, eviction, None)
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    first: list[Write] = []
    if not ignores_budgets(stored.value):
        found = _matching(call, stored.value)
        if len(found) > 1:
            return Response(code=500, body={**DONE, "status": "Failure", "message": TOO_MANY_BUDGETS, "code": 500}, warnings=call.warnings)
        first = [write for budget in found for write in _asked(call, stored.value, budget)]
    return _removed(call, stored, delete_options.of_body(options), first)


def _read(call: Call) -> dict:
    request = call.request
    if request.raw is None:
        return bodies.with_metadata({**request.body, "metadata": dict(request.body.get("metadata") or {})})
    raw = request.raw.replace(OLD_VERSION, VERSION, 1)      # both versions are taken, and have the same fields
    obj, warnings = decode.decode(raw, request.content_type, "policy", "v1", "Eviction", request.options.get("fieldValidation") or "Warn")
    call.warnings += warnings
    return bodies.with_metadata(obj)


def _check_options(call: Call, options: dict) -> None:
    """Source: propagateDryRun. A dry run may be asked for in the query or in the options, not differently in both."""
    if options.get("ignoreStoreReadErrorWithClusterBreakingPotential"):
        errors = [fields.invalid("deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential", True, BREAKING)]
        raise status.invalid("Eviction", call.name, errors, "policy")
    errors = delete_options.errors(delete_options.of_body(options))
    if errors:
        raise status.invalid("DeleteOptions", "", errors, "meta.k8s.io")
    inside = options.get("dryRun") or []
    if call.dry_run and inside and inside != ["All"]:
        raise status.failure(500, "", "Non-matching dry-run options in request and content: "
                                      f"[All] and [{' '.join(map(str, inside))}]")
    call.dry_run = call.dry_run or bool(inside)


def ignores_budgets(pod: dict) -> bool:
    """A Pod that does not run, or no longer, and one that is going, disrupts nobody. Source: canIgnorePDB."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or "deletionTimestamp" in pod["metadata"]


def _matching(call: Call, pod: dict) -> list[dict]:
    """The budgets that select a Pod."""
    stored = call.context.store.list(f"{FOLDER}{call.namespace}/")
    return [one.value for _, one in stored if budgets.selects(one.value, pod)]


# -- the budget -------------------------------------------------------------------------------------------------------


def _asked(call: Call, pod: dict, budget: dict) -> list[Write]:
    """The write that takes one disruption from the budget; none where the Pod is not healthy anyway. Raises 429."""
    found = budgets.status_of(budget)
    name, allowed = budget["metadata"]["name"], found["disruptionsAllowed"]
    if budgets.spares_unhealthy(budget, pod):
        call.trace("BudgetAsked", budget=name, allowed=allowed, healthy=found["currentHealthy"], needed=found["desiredHealthy"],
                   so="unhealthy")
        return []
    call.trace("BudgetAsked", budget=name, allowed=allowed, healthy=found["currentHealthy"], needed=found["desiredHealthy"],
               so="granted" if allowed > 0 else "refused")
    _check_budget(budget, found)
    if call.dry_run:
        return []
    return _write(call, budgets.with_one_less(budget, call.name, call.context.time_text()))


def _check_budget(budget: dict, found: dict) -> None:
    """Source: checkAndDecrement."""
    name = budget["metadata"]["name"]
    if (found.get("observedGeneration") or 0) < (budget["metadata"].get("generation") or 0):
        raise _too_many(f"The disruption budget {name} is still being processed by the server.", 10)
    if len(found.get("disruptedPods") or {}) > MAX_DISRUPTED_PODS:
        raise status.forbidden("poddisruptionbudget", name,
                               "DisruptedPods map too big - too many evictions not confirmed by PDB controller", "policy")
    if found["disruptionsAllowed"] <= 0:
        raise _too_many(budgets.why_not(budget), 0)


def _too_many(cause: str, retry_after_seconds: int) -> status.StatusError:
    return status.failure(429, "TooManyRequests", VIOLATES, {
        "causes": [{"reason": "DisruptionBudget", "message": cause}], "retryAfterSeconds": retry_after_seconds})


def _write(call: Call, budget: dict) -> list[Write]:
    """The status write, as the API server's own client would send it."""
    meta, context = budget["metadata"], call.context
    request = Request(verb="update", resource="poddisruptionbudgets", group="policy", namespace=meta["namespace"], name=meta["name"],
                      subresource="status", body=budget, id=call.request.id, **USER)
    muted, context.muted = context.muted, True
    try:
        write = update.update(Call(request, context, context.registry.resource("policy", "poddisruptionbudgets")))
    finally:
        context.muted = muted
    return [write] if isinstance(write, Write) else []


# -- the Pod ----------------------------------------------------------------------------------------------------------


def _removed(call: Call, stored, asked: delete_options.DeleteOptions, first: list[Write]) -> Response | Write:
    """The deletion, which comes after what says why."""
    pod = with_disruption(stored.value, call.context.time_text())
    result = delete.remove(call, msgspec.structs.replace(stored, value=pod), asked)
    if isinstance(result, Response):
        return Response(code=201, body=DONE, warnings=call.warnings)
    result.code, result.answer = 201, DONE
    if pod is not stored.value:
        first = [*first, Write(request=call.request, key=call.key, expected=stored.mod_revision, value=pod)]
    result.first = first
    return result


def with_disruption(pod: dict, now: str) -> dict:
    """The Pod with the condition DisruptionTarget; the same Pod where it has it already."""
    new = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting",
           "lastProbeTime": None, "lastTransitionTime": now}
    before = pod.get("status") or {}
    conditions = before.get("conditions") or []
    old = next((one for one in conditions if one.get("type") == new["type"]), None)
    if old is None:
        return {**pod, "status": {**before, "conditions": [*conditions, new]}}
    if old.get("status") == "True":
        new["lastTransitionTime"] = old.get("lastTransitionTime")
    if all(old.get(name) == value for name, value in new.items()):
        return pod
    return {**pod, "status": {**before, "conditions": [new if one is old else one for one in conditions]}}
