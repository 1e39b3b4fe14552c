"""Patches: from a patch's bytes and the live object to the patched one, with its managedFields.

Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go.
"""
from __future__ import annotations

from collections.abc import Callable

from cluster.meta import status
from cluster.meta.objects import draft

from . import apply, bodies, conversion, options, ownership
from . import patch as patches
from .call import Call

APPLY = "application/apply-patch+yaml"
TYPES = {"application/json-patch+json": "json", "application/merge-patch+json": "merge",
         "application/strategic-merge-patch+json": "strategic", APPLY: "apply"}


def patch_type(call: Call) -> str:
    """json, merge, strategic or apply; raises UnsupportedMediaType."""
    sent = call.request.content_type
    found = TYPES.get(sent) or TYPES.get(sent.partition(";")[0].strip())
    if found is None:
        raise status.unsupported_media_type(tuple(TYPES))
    if found == "strategic" and call.kind.custom:
        raise status.unsupported_media_type(tuple(media for media, sort in TYPES.items() if sort != "strategic"))
    return found


def is_apply(call: Call) -> bool:
    return patch_type(call) == "apply"


def mechanism(call: Call) -> Callable[[dict | None], dict]:
    """How the live object (None: there is none) becomes the patched one."""
    return _applier(call) if is_apply(call) else _changer(call)


def _changer(call: Call) -> Callable[[dict | None], dict]:
    kind = call.kind
    change = patcher(call, kind.group, kind.version, kind.kind)

    def make(live: dict | None) -> dict:
        if live is None:
            raise call.not_found()
        told: list = []
        patched = conversion.to_stored(kind, bodies.with_metadata(change(conversion.to_version(kind, live), told)))
        if call.request.raw is None and call.subresource == "status":  # a component's, which shares what it did not touch
            if "status" in patched:
                patched["status"] = bodies.status_draft(kind, patched["status"])
            return ownership.track(call, live, patched)
        if call.request.raw is None:
            patched = bodies.draft_but_owners(patched)
        patched = bodies.defaulted(call, patched)
        return ownership.track(call, live, bodies.lean(call, patched) if told else patched)

    return make


def patcher(call: Call, group: str, version: str, kind: str) -> Callable[..., dict]:
    """How an object of a version becomes the patched one, typed again; for the json, merge and strategic patches.

    Its second argument, if there is one, is `told` of decode.decode.
    """
    request, sort = call.request, patch_type(call)
    validation = request.options.get("fieldValidation") or "Warn"
    patch = patches.read(request, sort, validation)

    def change(obj: dict, told: list | None = None) -> dict:
        custom = call.kind.custom if kind == call.kind.kind else None
        patched, warnings = patches.apply(obj, patch, group, version, kind, validation, custom, told)
        call.warnings += warnings
        if patch.trusted and "spec" in patched and call.subresource != "status":
            patched["spec"] = draft(patched["spec"])      # it shares what it did not touch, and is to be changed
        return patched

    return change


def _applier(call: Call) -> Callable[[dict | None], dict]:
    """Server-side apply: what the manager says it wants is merged by who owns what."""
    kind, request = call.kind, call.request
    validation = request.options.get("fieldValidation") or "Warn"
    config, repeated = (request.body, []) if request.raw is None else apply.read(request.raw, validation)
    stamp = "" if call.subresource == "scale" else call.context.time_text()
    applier = apply.Applier(manager=options.manager_of(request), time_text=stamp, api_version=call.api_version,
                            force="force" in request.options and options.boolean(request.options["force"]), subresource=call.subresource,
                            reset_fields=ownership.reset_fields(call), struct=kind.custom and kind.custom.struct)

    def make(live: dict | None) -> dict:
        changed, entries = apply.apply(live and conversion.to_version(kind, live), config, applier)
        if validation == "Strict":
            apply.refuse_repeated(repeated)
        call.warnings += repeated
        if changed is None:
            obj = bodies.with_metadata(draft(live) if live is not None else {"apiVersion": call.api_version, "kind": kind.kind})
        else:
            told: list = []
            obj = retyped(kind, changed, call.api_version, told)
            obj = bodies.defaulted(call, conversion.to_stored(kind, bodies.with_metadata(obj)))
            obj = bodies.lean(call, obj) if told else obj
        apply.keep_last_applied(obj, config, applier.manager)
        return ownership.owned_by(obj, entries)

    return make


def retyped(kind, changed: dict, api_version: str, told: list | None = None) -> dict:
    """What server-side apply made of an object, made to fit its type. told: see decode.decode."""
    if kind.custom is None:
        return apply.typed_object(changed, api_version, kind.kind, told)
    obj, _ = kind.custom.typed(changed)
    obj["apiVersion"], obj["kind"] = api_version, kind.kind
    return obj
