"""ValidatingAdmissionWebhook: programs outside may refuse what is written. All are asked; the first refusal is told.

Source: k8s.io/apiserver pkg/admission/plugin/webhook/validating/dispatcher.go.
"""
from __future__ import annotations

from . import _webhooks
from ._webhooks import Asked, Failed

NAME = "ValidatingAdmissionWebhook"
CONFIGURATIONS = "/registry/validatingwebhookconfigurations/"


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Ask every hook that is about a write; whether there was one."""
    if not call.context.store.touched.get(CONFIGURATIONS):
        return False
    hooks = _webhooks.configured(call, CONFIGURATIONS)
    return judged(hooks, _webhooks.asked_of(call, obj, live)) if hooks else False


def judged(hooks: list[dict], asked: Asked) -> bool:
    """Ask them all, and raise the first refusal."""
    refusals, was_asked = [], False
    for hook in _webhooks.relevant(hooks, asked):
        was_asked = True
        try:
            response = _webhooks.ask(hook, asked, may_patch=False)
        except Failed as failed:
            refusals += [] if hook["failurePolicy"] == "Ignore" else [_webhooks.failure(hook["name"], failed)]
            asked.call.trace("WebhookFailed", hook=hook["name"], error=str(failed), policy=hook["failurePolicy"])
            continue
        asked.call.warnings += response.get("warnings") or []
        if not response.get("allowed"):
            refusals.append(_webhooks.denial(hook["name"], response.get("status")))
    if refusals:
        raise refusals[0]
    return was_asked
