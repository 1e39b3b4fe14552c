"""deployments/scale and its like: the number of replicas alone, as an autoscaling/v1 Scale.

Source: k8s.io/kubernetes pkg/registry/apps/deployment/storage/storage.go (ScaleREST), pkg/apis/autoscaling/validation/validation.go.
"""
from __future__ import annotations

import msgspec

from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import Column, Kind
from cluster.meta import fields, labels, status
from cluster.meta.requests import Response

from . import apply, bodies, ownership, patching
from . import update as updating
from .call import Call, Write

VERSION = "autoscaling/v1"


def cells(obj: dict, now_unix_ms: int) -> list:
    """What `kubectl get --subresource=scale` shows of a Scale."""
    wanted, present = _replicas(obj)
    return [obj["metadata"]["name"], wanted or 0, present or 0, age(obj, now_unix_ms)]


def custom_cells(obj: dict, now_unix_ms: int) -> list:
    """The same of a custom resource's: what its Scale leaves out is empty."""
    return [obj["metadata"]["name"], *_replicas(obj), age(obj, now_unix_ms)]


def _replicas(obj: dict) -> tuple[int | None, int | None]:
    return (obj.get("spec") or {}).get("replicas"), (obj.get("status") or {}).get("replicas")


# How a Scale is shown; no such kind is stored. Source: pkg/printers/internalversion/printers.go (printScale);
# k8s.io/apiextensions-apiserver pkg/apiserver/helpers.go (getScaleColumnsForVersion).
SHOWN = Kind(kind="Scale", plural="scales", singular="scale", group="autoscaling", cells=cells, columns=(
    column("Name", "meta.v1.ObjectMeta#name"), column("Desired", "autoscaling.v1.ScaleSpec#replicas", type="integer"),
    column("Available", "autoscaling.v1.ScaleStatus#replicas", type="integer"), AGE))
SHOWN_CUSTOM = Kind(kind="Scale", plural="scales", singular="scale", group="autoscaling", cells=custom_cells, columns=(
    NAME, column("Desired", "Number of desired replicas", type="integer"),
    column("Available", "Number of actual replicas", type="integer"), Column("Age", "date", described_by=AGE.described_by)))


def get(call: Call) -> Response:
    """The object whose Scale is asked for; it is shown as one by presentation.py."""
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    call.trace("ReadServed", source="etcd", verb="get", revision=stored.mod_revision)
    return Response(code=200, body=stored.value, warnings=call.warnings)


def update(call: Call) -> Response | Write:
    """Set the replicas to those of a Scale."""
    sent = bodies.of_kind(call, "autoscaling", "v1", "Scale")
    bodies.match_namespace(call, sent["metadata"])
    bodies.match_name(call, sent["metadata"])
    return _replace(call, lambda live: sent, uid=sent["metadata"].get("uid") or "")


def patch(call: Call) -> Response | Write:
    """Patch the Scale, and take the replicas from it."""
    if patching.is_apply(call):
        return updating.patch(_as_parent(call))
    change = patching.patcher(call, "autoscaling", "v1", "Scale")

    def make(live: dict | None) -> dict:
        scale = bodies.with_metadata(change(scale_of(live, call.kind)))
        bodies.match_namespace(call, scale["metadata"])
        bodies.match_name(call, scale["metadata"])
        uid, found = scale["metadata"].get("uid") or "", live["metadata"]["uid"]
        if uid not in ("", found):
            raise status.conflict(f"{call.kind.plural}/scale", call.name, f"Precondition failed: UID in precondition: {uid}, "
                                  f"UID in object meta: {found}", call.kind.group)
        return scale

    return _replace(call, make)


def _as_parent(call: Call) -> Call:
    """An applied Scale as what it says about the scaled object: its replicas, and nothing else."""
    request = call.request
    validation = request.options.get("fieldValidation") or "Warn"
    config, repeated = (request.body, []) if request.raw is None else apply.read(request.raw, validation)
    if config.get("kind") != call.kind.kind:
        version, spec = config.get("apiVersion", ""), config.get("spec")
        if version != VERSION:
            raise status.bad_request(f"Incorrect version specified in apply patch. Specified patch version: {version}, expected: {VERSION}")
        config = {"apiVersion": call.api_version, "kind": call.kind.kind, "metadata": config.get("metadata") or {},
                  "spec": {"replicas": spec["replicas"]} if isinstance(spec, dict) and "replicas" in spec else {}}
    call.request = msgspec.structs.replace(request, raw=None, body=config)
    call.warnings += repeated
    return call


def _replace(call: Call, make_scale, *, uid: str = "") -> Response | Write:
    def make(live: dict | None) -> dict:
        scale = make_scale(live)
        _check(call, scale)
        sent = scale["metadata"].get("resourceVersion", "")
        meta = {**live["metadata"], "resourceVersion": sent or (live["metadata"]["resourceVersion"] if call.kind.custom else "")}
        replicas = (scale.get("spec") or {}).get("replicas", 0)
        obj = {**(call.kind.custom.scaled(live, replicas) if call.kind.custom else
                  {**live, "spec": {**live["spec"], "replicas": replicas}}), "metadata": meta}
        ownership.track(call, live and _seen(live), _seen(obj))
        return obj

    return updating.replace(call, make, uid=uid)


def _seen(obj: dict) -> dict:
    """An object as its Scale tells of it: that leaves 0 replicas out, and so nobody owns them after a scale to 0."""
    if obj["spec"].get("replicas"):
        return obj
    return {**obj, "spec": {name: value for name, value in obj["spec"].items() if name != "replicas"}}


def _check(call: Call, scale: dict) -> None:
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if replicas < 0 and not call.kind.custom:      # its own rules say the same
        error = fields.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise status.invalid("Scale", call.name, [error], "autoscaling")


def scale_of(obj: dict, kind: Kind) -> dict:
    """An object's Scale; of a custom resource its definition says where the numbers are."""
    if kind.custom:
        return _custom_scale(obj, kind)
    meta, spec = obj["metadata"], {}
    kept = {name: meta[name] for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if name in meta}
    if obj["spec"].get("replicas"):
        spec["replicas"] = obj["spec"]["replicas"]
    shown = {"replicas": (obj.get("status") or {}).get("replicas", 0)}
    found = obj["spec"].get("selector")
    selector = str(labels.from_labels(found) if obj["kind"] == "ReplicationController" else labels.from_object(found))
    if selector:
        shown["selector"] = selector
    return {"kind": "Scale", "apiVersion": VERSION, "metadata": kept, "spec": spec, "status": shown}


def _custom_scale(obj: dict, kind: Kind) -> dict:
    wanted, present, selector = kind.custom.scale_of(obj)
    meta = obj["metadata"]
    kept = {name: meta[name] for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if name in meta}
    shown = {"replicas": present, **({"selector": selector} if selector else {})}
    return {"kind": "Scale", "apiVersion": VERSION, "metadata": kept, "spec": {"replicas": wanted} if wanted else {}, "status": shown}
