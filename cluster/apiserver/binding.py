"""pods/binding: the scheduler's decision as a write of its own, which sets a Pod's node once and for all.

Source: k8s.io/kubernetes pkg/registry/core/pod/storage/storage.go (BindingREST), pkg/apis/core/validation/validation.go.
"""
from __future__ import annotations

import msgspec

from cluster.meta import fields, status
from cluster.meta.requests import Response

from . import admission, bodies
from .call import Call, Write
from .update import uid_mismatch

SCHEDULED = "PodScheduled"


def bind(call: Call) -> Response | Write:
    """Work a Binding out."""
    binding = bodies.of_kind(call, "", "v1", "Binding")
    meta, target = binding["metadata"], binding.get("target") or {}
    bodies.match_namespace(call, meta)
    if meta.get("name", "") != call.name:
        raise status.bad_request("name in URL does not match name in Binding object")
    admission.mutate(call, binding, None)
    _check(target)
    admission.validate(call, binding, None)
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    pod = stored.value
    _check_preconditions(call, meta, pod["metadata"])
    _check_pod(call, pod)
    call.trace("ObjectValidated", object="Binding")
    done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
    if call.dry_run:
        return Response(code=201, body=done, warnings=call.warnings)
    return Write(request=call.request, key=call.key, expected=stored.mod_revision, code=201, answer=done,
                 value=bound(pod, target["name"], meta, call.context.time_text()), warnings=call.warnings)


def create(call: Call) -> Response | Write:
    """Work a Binding out that was POSTed to the collection: its own name is the Pod's."""
    name = bodies.of_kind(call, "", "v1", "Binding")["metadata"].get("name", "")
    request = msgspec.structs.replace(call.request, resource="pods", name=name, subresource="binding")
    return bind(Call(request, call.context, call.context.registry.resource("", "pods")))


def _check(target: dict) -> None:
    """Complaints come as a plain 500, as upstream's aggregate does."""
    errors = []
    if target.get("kind", "") not in ("", "Node"):
        errors.append(fields.not_supported("target.kind", target["kind"], ("Node", "<empty>")))
    if not target.get("name"):
        errors.append(fields.required("target.name"))
    if errors:
        raise status.failure(500, "", fields.aggregate(errors))


def _check_preconditions(call: Call, sent: dict, found: dict) -> None:
    if sent.get("uid") and sent["uid"] != found["uid"]:
        raise call.conflict(uid_mismatch(call.shown_key, sent["uid"], found["uid"]))
    version = sent.get("resourceVersion")
    if version and version != found["resourceVersion"]:
        raise call.conflict(f"StorageError: invalid object, Code: 4, Key: {call.shown_key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition "
                            f"failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {found['resourceVersion']}")


def _check_pod(call: Call, pod: dict) -> None:
    node, why = pod["spec"].get("nodeName"), ""
    if pod["metadata"].get("deletionTimestamp"):
        why = f"pod {call.name} is being deleted, cannot be assigned to a host"
    elif node:
        why = f'pod {call.name} is already assigned to node "{node}"'
    elif pod["spec"].get("schedulingGates"):
        why = f"pod {call.name} has non-empty .spec.schedulingGates"
    if why:
        raise status.conflict("pods/binding", call.name, why)


def bound(pod: dict, node: str, binding_meta: dict, now: str) -> dict:
    """The Pod with its node, the condition that says so, and the Binding's labels and annotations."""
    meta = pod["metadata"]
    for name in ("annotations", "labels"):
        if binding_meta.get(name):
            meta = {**meta, name: {**(meta.get(name) or {}), **binding_meta[name]}}
    before = pod.get("status") or {}
    after = {**before, "conditions": _scheduled(before.get("conditions") or [], now)}
    after.pop("nominatedNodeName", None)
    return {**pod, "metadata": meta, "spec": {**pod["spec"], "nodeName": node}, "status": after}


def _scheduled(conditions: list[dict], now: str) -> list[dict]:
    old = next((condition for condition in conditions if condition.get("type") == SCHEDULED), None)
    if old is not None and old.get("status") == "True":
        now = old.get("lastTransitionTime") or now
    new = {"type": SCHEDULED, "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    if old is None:
        return [*conditions, new]
    return [new if condition is old else condition for condition in conditions]
