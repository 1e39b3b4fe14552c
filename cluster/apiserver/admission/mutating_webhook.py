"""MutatingAdmissionWebhook: programs outside may change what is written, one after the other.

Source: k8s.io/apiserver pkg/admission/plugin/webhook/mutating/dispatcher.go.
"""
from __future__ import annotations

import base64
import binascii
import json

from cluster.apiserver import bodies, conversion, jsonpatch, patching
from cluster.meta import status

from . import _webhooks
from ._webhooks import Asked, Failed

NAME = "MutatingAdmissionWebhook"
CONFIGURATIONS = "/registry/mutatingwebhookconfigurations/"


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Ask every hook that is about a write, and those that wish it once more where a later one changed the object. -> the hooks that changed it."""
    hooks = _webhooks.configured(call, CONFIGURATIONS)
    if not hooks:
        return []
    changed, again = _round(hooks, call, obj, live)
    if changed and again:
        changed += _round(again, call, obj, live)[0]
    return list(dict.fromkeys(changed))


def _round(hooks: list[dict], call, obj: dict, live: dict | None) -> tuple[list[str], list[dict]]:
    """(the hooks that changed the object, those that are to be asked again)."""
    changed: list[str] = []
    again: list[dict] = []
    earlier: list[dict] = []
    for hook in hooks:
        asked = _webhooks.asked_of(call, obj, live)
        if next(_webhooks.relevant([hook], asked), None) is None:
            continue
        if _changes(hook, asked):
            changed.append(hook["name"])
            again = list(earlier)
        if hook.get("reinvocationPolicy") == "IfNeeded":
            earlier.append(hook)
    return changed, again


def _changes(hook: dict, asked: Asked) -> bool:
    """Ask one, and do what it says; whether the object is another now."""
    call = asked.call
    try:
        response = _webhooks.ask(hook, asked, may_patch=True)
        operations = _operations(response) if response.get("allowed") else []
    except Failed as failed:
        call.trace("WebhookFailed", hook=hook["name"], error=str(failed), policy=hook["failurePolicy"])
        if hook["failurePolicy"] == "Ignore":
            return False
        raise _webhooks.failure(hook["name"], failed) from None
    call.warnings += response.get("warnings") or []
    if not response.get("allowed"):
        raise _webhooks.denial(hook["name"], response.get("status"))
    return bool(operations) and _patched(call, asked.obj, operations)


def _operations(response: dict) -> list[dict]:
    text = response.get("patch")
    if not text:
        return []
    if response.get("patchType") not in (None, "JSONPatch"):
        raise Failed(f'unsupported patch type "{response["patchType"]}"')
    try:
        found = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error) as wrong:
        raise Failed(f"received undecodable patch in webhook response: {wrong}") from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Failed("received undecodable patch in webhook response: json: cannot unmarshal into Go value of type jsonpatch.Patch")
    return found


def _patched(call, obj: dict, operations: list[dict]) -> bool:
    """Change the object in place: as its type has it, with defaults. Whether it differs."""
    shown = conversion.to_version(call.kind, obj)
    try:
        wanted = jsonpatch.apply(shown, operations)
    except jsonpatch.PatchError as wrong:
        raise status.internal_error(str(wrong)) from None
    made = bodies.defaulted(call, conversion.to_stored(call.kind, bodies.with_metadata(patching.retyped(call.kind, wanted, call.api_version))))
    if made == obj:
        return False
    obj.clear()
    obj.update(made)
    return True
