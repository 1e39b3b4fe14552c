"""PodSecurity: a namespace's labels say how careful its Pods must be; enforce refuses, warn warns, and templates only warn.

Simplified: audit goes nowhere, as there is no audit log; of a namespace's Pods all are looked at.
Source: k8s.io/pod-security-admission admission/admission.go, api/helpers.go.
"""
from __future__ import annotations

import re
from typing import NamedTuple

from cluster.meta import fields, status

from . import _pod_standards

NAME = "PodSecurity"
PREFIX = "pod-security.kubernetes.io/"
LEVELS = ("privileged", "baseline", "restricted")
VERSION = re.compile(r"v1\.([0-9]|[1-9][0-9]*)")
TEMPLATES = ("replicationcontrollers", "podtemplates", "replicasets", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs")
LOOKED_AT = ("", "ephemeralcontainers")
VALIDATED, VALIDATED_AT = ("pods", "namespaces", *TEMPLATES), LOOKED_AT


class Policy(NamedTuple):
    """What a namespace asks for, each as (level, version). errors: what is wrong with its labels."""

    enforce: tuple[str, str] = ("privileged", "latest")
    warn: tuple[str, str] = ("privileged", "latest")
    errors: tuple = ()


def policy_of(labels: dict[str, str]) -> Policy:
    """Source: PolicyToEvaluate. A level that is none enforces `restricted`, and warns of nothing."""
    errors: list = []
    level = _level(labels, "enforce", errors)
    enforce = (level or "privileged", _version(labels, "enforce", errors))
    _level(labels, "audit", errors)
    _version(labels, "audit", errors)
    is_wrong = any("enforce" in error.path and "version" not in error.path for error in errors)
    wanted = _level(labels, "warn", errors)
    warn = ("privileged" if wanted not in LEVELS or _is_wrong(labels, "warn") else wanted, _version(labels, "warn", errors))
    if f"{PREFIX}warn" not in labels and level and not is_wrong and LEVELS.index(level) > 0:
        warn = (level, warn[1] if f"{PREFIX}warn-version" in labels else enforce[1])
    return Policy(enforce, warn, tuple(errors))


def _is_wrong(labels: dict, mode: str) -> bool:
    return labels.get(PREFIX + mode) not in LEVELS


def _level(labels: dict, mode: str, errors: list) -> str:
    value = labels.get(PREFIX + mode)
    if value is None or value in LEVELS:
        return value or ""
    errors.append(fields.invalid(f"metadata.labels[{PREFIX}{mode}]", value, f"must be one of {', '.join(LEVELS)}"))
    return "restricted"


def _version(labels: dict, mode: str, errors: list) -> str:
    value = labels.get(f"{PREFIX}{mode}-version", "latest")
    if value != "latest" and not VERSION.fullmatch(value):
        errors.append(fields.invalid(f"metadata.labels[{PREFIX}{mode}-version]", value, 'must be "latest" or "v1.x"'))
        return "latest"
    return value


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Refuse or warn of Pods, warn of templates and of a namespace's new level; whether there was a level to hold something against."""
    kind = call.kind
    if obj is None or kind.group not in ("", "apps", "batch"):
        return False
    if kind.kind == "Namespace":
        return not call.subresource and _namespace(call, obj, live)
    if kind.plural == "pods":
        return call.subresource in LOOKED_AT and _pod(call, obj, live)
    return kind.plural in TEMPLATES and not call.subresource and _template(call, obj)


def _policy(call) -> Policy:
    stored = call.context.store.get(f"/registry/namespaces/{call.namespace}")
    labels = (stored.value["metadata"].get("labels") or {}) if stored else {}
    return policy_of(labels) if any(key.startswith(PREFIX) for key in labels) else Policy()


def _pod(call, pod: dict, live: dict | None) -> bool:
    policy = _policy(call)
    if policy == Policy() or (live is not None and not _is_significant(pod, live)):
        return False
    found = _pod_standards.violations(policy.enforce[0], pod)
    if found:
        from . import refused
        raise refused(call, pod, f'violates PodSecurity "{_said(policy.enforce)}": {_pod_standards.detail(found)}')
    _warn(call, policy, pod)
    return True


def _template(call, obj: dict) -> bool:
    policy = _policy(call)
    if policy == Policy():
        return False
    spec = obj.get("spec") or {}
    template = (spec.get("jobTemplate") or {}).get("spec", {}).get("template") or spec.get("template") or obj.get("template")
    if not template or not template.get("spec"):
        return False
    _warn(call, policy, {"metadata": template.get("metadata") or {}, "spec": template["spec"]})
    return True


def _warn(call, policy: Policy, pod: dict) -> None:
    found = _pod_standards.violations(policy.warn[0], pod)
    if found:
        call.warnings.append(f'would violate PodSecurity "{_said(policy.warn)}": {_pod_standards.detail(found)}')


def _said(level: tuple[str, str]) -> str:
    return f"{level[0]}:{level[1]}"


def _is_significant(pod: dict, live: dict) -> bool:
    """Another container or another image. Source: isSignificantPodUpdate."""
    for field in ("containers", "initContainers", "ephemeralContainers"):
        new, old = ([(each.get("name"), each.get("image")) for each in side["spec"].get(field) or ()] for side in (pod, live))
        if new != old:
            return True
    return False


# -- namespaces ---------------------------------------------------------------------------------------------------------


def _namespace(call, obj: dict, live: dict | None) -> bool:
    """Labels must make sense; Pods that are there already and break a stricter level are warned of. Source: ValidateNamespace."""
    labels = obj["metadata"].get("labels") or {}
    new, old = policy_of(labels), policy_of((live or {"metadata": {}})["metadata"].get("labels") or {})
    if new.errors and (live is None or not old.errors or new.errors != old.errors):
        raise status.invalid("Namespace", obj["metadata"].get("name", ""), list(new.errors))
    is_stricter = new.enforce[1] != old.enforce[1] or LEVELS.index(new.enforce[0]) > LEVELS.index(old.enforce[0])
    if live is not None and new.enforce[0] != "privileged" and is_stricter:
        _warn_of_pods(call, obj["metadata"]["name"], new.enforce)
    return any(key.startswith(PREFIX) for key in labels)


def _warn_of_pods(call, namespace: str, enforce: tuple[str, str]) -> None:
    """Source: EvaluatePodsInNamespace, decoratePodWarnings."""
    breaking: dict[str, list[str]] = {}
    for _, stored in call.context.store.list(f"/registry/pods/{namespace}/"):
        found = _pod_standards.violations(enforce[0], stored.value)
        if found:
            breaking.setdefault(", ".join(reason for reason, _ in found), []).append(stored.value["metadata"]["name"])
    if breaking:
        call.warnings.append(f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{_said(enforce)}"')
        call.warnings += sorted(f"{min(pods)}{_others(len(pods) - 1)}: {why}" for why, pods in breaking.items())


def _others(count: int) -> str:
    return "" if not count else " (and 1 other pod)" if count == 1 else f" (and {count} other pods)"
