"""pods/binding: the scheduler's decision as a write of its own, which sets a Pod's node once and for all.

Source: k8s.io/kubernetes pkg/registry/core/pod/storage/storage.go (BindingREST), pkg/apis/core/validation/validation.go.
"""
from __future__ import annotations

from functools import lru_cache

import msgspec

from cluster.meta import fields, status
from cluster.meta.requests import Response

from . import admission, bodies
from .admission import pod_topology_labels
from .call import Call, Write
from .update import uid_mismatch

SCHEDULED = "PodScheduled"
PLAIN = frozenset(("name", "namespace", "uid"))
DONE = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def bind(call: Call) -> Response | Write:
    """Work a Binding out."""
    write = plainly_bound(call)
    if write is not None:
        return write
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
    if call.dry_run:
        return Response(code=201, body=dict(DONE), warnings=call.warnings)
    return Write(request=call.request, key=call.key, expected=stored.mod_revision, code=201, answer=dict(DONE),
                 value=bound(pod, target["name"], meta, call.context.time_text()), warnings=call.warnings)


def plainly_bound(call: Call) -> Write | None:
    """The Write of a Binding that a scheduler sends, where it is as plain as nearly all are; None where anything else is to be looked at.

    The short way, which ends as the general one does; a test holds both against each other.
    """
    request, context = call.request, call.context
    store = context.store
    if request.raw is not None or call.dry_run or context.is_explained or admission.is_asked(store):
        return None
    meta, target = request.body.get("metadata"), request.body.get("target")
    stored = store.rows.get(call.key)
    if stored is None or not meta or not target or not PLAIN.issuperset(meta) or target.get("kind") != "Node" or not target.get("name"):
        return None
    pod, namespace = stored.value, call.namespace
    if meta.get("name") != call.name or meta.get("namespace", namespace) != namespace or meta.get("uid") != pod["metadata"]["uid"]:
        return None
    spec = pod["spec"]
    if "deletionTimestamp" in pod["metadata"] or "nodeName" in spec or spec.get("schedulingGates") or not admission.is_open(namespace, store):
        return None
    value = bound(pod, target["name"], {"labels": pod_topology_labels.place_of(target["name"], store)}, context.time_text())
    value["metadata"] = {**value["metadata"]}
    return Write(request=request, key=call.key, expected=stored.mod_revision, code=201, answer=DONE, value=value, warnings=call.warnings,
                 is_own=True)


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
    if not conditions:
        return _first(now)
    old = next((condition for condition in conditions if condition.get("type") == SCHEDULED), None)
    if old is not None and old.get("status") == "True":
        now = old.get("lastTransitionTime") or now
    new = {"type": SCHEDULED, "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    if old is None:
        return [*conditions, new]
    return [new if condition is old else condition for condition in conditions]


@lru_cache(maxsize=64)
def _first(now: str) -> list[dict]:
    """The conditions of all Pods that had none and were given a node in one second; not to be changed."""
    return [{"type": SCHEDULED, "status": "True", "lastProbeTime": None, "lastTransitionTime": now}]
