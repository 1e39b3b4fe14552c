"""What the two webhook plugins share: which hooks are about a request, what they are asked, and what their answers mean.

However long a hook thinks, its call (apiserver/webhooks.py) takes none of the cluster's time; only one that thinks longer than its timeout fails.
Simplified: of equivalent resources (matchPolicy) only the request's own is tried; audit annotations go nowhere.
Source: k8s.io/apiserver pkg/admission/plugin/webhook/{generic,request,predicates,matchconditions,errors}.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cluster.apiserver import conversion
from cluster.apiserver.webhooks import Failed, post
from cluster.meta import labels, status
from cluster.meta.gotext import quote

from . import _policies as policies

CONFIGURATION = "admissionregistration.k8s.io"   # what configures admission is exempt from it
CONNECT = "CONNECT"
NO_EFFECTS = ("None", "NoneOnDryRun")
OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}


class Asked(NamedTuple):
    """What a request looks like to a hook. obj: None for a delete; live: None for a create."""

    call: Any
    operation: str
    obj: dict | None
    live: dict | None
    kind: dict


def asked_of(call, obj: dict | None, live: dict | None) -> Asked:
    """A write as hooks see it. What is sent to a subresource may be a kind of its own."""
    kind = call.kind
    group, version, name = kind.group, kind.version, kind.kind
    if obj is not None and call.subresource and obj.get("kind") not in (None, name):
        version, name = obj["apiVersion"].rpartition("/")[2], obj["kind"]
        group = obj["apiVersion"].rpartition("/")[0]
    return Asked(call, policies.OPERATIONS[call.request.verb], obj, live, {"group": group, "version": version, "kind": name})


def connecting(call, options: dict) -> Asked:
    """A connection as hooks see it: its options are the object."""
    return Asked(call, CONNECT, options, None, {"group": "", "version": "v1", "kind": options["kind"]})


def configured(call, folder: str) -> list[dict]:
    """Every hook of the configurations of a folder, in the order of their names."""
    if call.kind.group == CONFIGURATION:
        return []
    return [hook for _, stored in call.context.store.list(folder) for hook in stored.value.get("webhooks") or ()]


def relevant(hooks: list[dict], asked: Asked) -> Iterator[dict]:
    """The hooks that are to be asked. Source: generic.Webhook.ShouldCallHook."""
    for hook in hooks:
        if _is_about(hook, asked) and _conditions_met(hook, asked):
            yield hook


def _is_about(hook: dict, asked: Asked) -> bool:
    call = asked.call
    if not any(_rule_matches(rule, asked) for rule in hook.get("rules") or ()):
        return False
    if not policies.namespace_matches(call, hook["namespaceSelector"], asked.obj, asked.live):
        return False
    selector = labels.from_object(hook["objectSelector"])
    carriers = [each for each in (asked.obj, asked.live) if each is not None and each.get("metadata") is not None] or [{"metadata": {}}]
    return any(selector.matches(each["metadata"].get("labels") or {}) for each in carriers)


def _rule_matches(rule: dict, asked: Asked) -> bool:
    """Source: predicates/rules.Matcher."""
    kind, scope = asked.call.kind, rule.get("scope") or "*"
    is_namespaced = kind.namespaced
    return (scope == "*" or (scope == "Namespaced") == is_namespaced) and policies.names_it(rule["operations"], asked.operation) \
        and policies.names_it(rule["apiGroups"], kind.group) and policies.names_it(rule["apiVersions"], kind.version) \
        and any(policies.resource_matches(resource, kind.plural, asked.call.subresource) for resource in rule["resources"])


def _conditions_met(hook: dict, asked: Asked) -> bool:
    """Source: matchconditions.matcher.Match: one that is false ends it, one that fails is as the failurePolicy has it."""
    conditions = hook.get("matchConditions") or ()
    if not conditions:
        return True
    shown = None if asked.obj is None else conversion.to_version(asked.call.kind, asked.obj)
    names = {"object": shown, "oldObject": asked.live, "request": _request(asked, ""), "params": None}
    errors = []
    for condition in conditions:
        value, error = policies.value_of(condition["expression"], names)
        if value is False:
            return False
        errors += [error] if error else []
    if errors and hook["failurePolicy"] == "Fail":
        raise asked.call.forbidden(errors[0], asked.call.name)
    return not errors


# -- the question ------------------------------------------------------------------------------------------------------


def _request(asked: Asked, uid: str) -> dict:
    """Source: request.CreateV1AdmissionReview."""
    call, kind = asked.call, asked.kind
    resource = {"group": call.kind.group, "version": call.kind.version, "resource": call.kind.plural}
    found = {"uid": uid, "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource, "operation": asked.operation,
             "userInfo": _who(call), "object": _shown(call, asked.obj), "oldObject": _shown(call, asked.live), "dryRun": call.dry_run,
             "options": None if asked.operation == CONNECT else _options(call, asked.operation)}
    for name, text in (("subResource", call.subresource), ("requestSubResource", call.subresource), ("name", call.name),
                       ("namespace", call.namespace)):
        if text:
            found[name] = text
    return found


def _who(call) -> dict:
    return {name: value for name, value in call.who.items() if value}


def _shown(call, obj: dict | None) -> dict | None:
    return None if obj is None else conversion.to_version(call.kind, obj)


def _options(call, operation: str) -> dict:
    found = {"kind": OPTIONS[operation], "apiVersion": "meta.k8s.io/v1"}
    for name in ("fieldManager", "fieldValidation"):
        if call.request.options.get(name) and operation != "DELETE":
            found[name] = call.request.options[name]
    return {**found, "dryRun": ["All"]} if call.dry_run else found


def ask(hook: dict, asked: Asked, *, may_patch: bool) -> dict:
    """The answer of a hook, found to be one. Raises Failed, or a refusal where a dry run cannot be asked about."""
    call = asked.call
    if call.dry_run and hook.get("sideEffects") not in NO_EFFECTS:
        raise status.bad_request(f"admission webhook {quote(hook['name'])} does not support dry run")
    version = next((each for each in hook["admissionReviewVersions"] if each in ("v1", "v1beta1")), "v1")
    uid = call.context.rng("admission-reviews").uuid()
    review = {"kind": "AdmissionReview", "apiVersion": f"admission.k8s.io/{version}", "request": _request(asked, uid)}
    found = post(call.context, hook["clientConfig"], review, hook["timeoutSeconds"])
    try:
        return _verified(found, uid, version, may_patch)
    except Failed as failure:
        raise Failed(f"received invalid webhook response: {failure}") from None


def _verified(review: dict, uid: str, version: str, may_patch: bool) -> dict:
    """Source: request.VerifyAdmissionResponse."""
    response = review.get("response")
    if not isinstance(response, dict):
        raise Failed("webhook response was absent")
    if version == "v1beta1":
        return response
    if response.get("uid") != uid:
        raise Failed(f"expected response.uid={quote(uid)}, got {quote(str(response.get('uid') or ''))}")
    if review.get("kind") != "AdmissionReview" or review.get("apiVersion") != "admission.k8s.io/v1":
        group, _, given = str(review.get("apiVersion") or "").partition("/")
        raise Failed(f"expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {group}/{given}, Kind={review.get('kind') or ''}")
    patch, sort = response.get("patch"), response.get("patchType")
    for one, other, words in ((patch, sort is None, ("patch", "patchType")), (sort, not patch, ("patchType", "patch"))):
        if one and not may_patch:
            raise Failed(f"validating webhook may not return response.{words[0]}")
        if one and other:
            raise Failed(f"webhook returned response.{words[0]} but not response.{words[1]}")
    return response


def denial(name: str, result: dict | None) -> status.StatusError:
    """A hook's own refusal. Source: errors.ToStatusErr."""
    result = dict(result or {})
    by = f"admission webhook {quote(name)} denied the request"
    said = result.get("message") or result.get("reason")
    words = f"{by}: {said}" if said else f"{by} without explanation"
    refusal = status.failure(max(int(result.get("code") or 0), 400), result.get("reason") or "", words)
    if isinstance(result.get("details"), dict):
        refusal.status["details"] = result["details"]
    return refusal


def failure(name: str, why: object) -> status.StatusError:
    return status.internal_error(f"failed calling webhook {quote(name)}: {why}")
