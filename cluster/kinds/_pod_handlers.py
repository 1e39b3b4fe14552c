"""What a container has to do with its life: probes, hooks, restart rules and resize policies.

Source: pkg/apis/core/validation/validation.go (validateProbe, validateHandler, validateLifecycle, validateResizePolicy,
validateContainerRestartPolicy).
"""
from __future__ import annotations

from cluster.kinds import _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields, names

RESTART_POLICIES = ("Always", "Never", "OnFailure")
_SCHEMES = ("HTTP", "HTTPS")
_RULE_ACTIONS = ("Restart", "RestartAllContainers")
_PROBE_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_RULES_NEED_POLICY = "must specify restartPolicy when restart rules are used"


def probes(errors: Errors, container: dict, path: str) -> None:
    """All three probes of a container."""
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name) is not None:
            _probe(errors, container[name], f"{path}.{name}", name)


def _probe(errors: Errors, probe: dict, path: str, name: str) -> None:
    _handler(errors, probe, path, _IN_PROBES, None)
    for field in _PROBE_NUMBERS:
        _rules.not_negative(errors, f"{path}.{field}", probe.get(field))
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        errors.append(fields.invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0"))
    if name != "readinessProbe":
        if probe.get("successThreshold") != 1:
            errors.append(fields.invalid(f"{path}.successThreshold", probe.get("successThreshold", 0), "must be 1"))
    elif grace is not None:
        errors.append(fields.invalid(f"{path}.terminationGracePeriodSeconds", grace,
                                     "must not be set for readinessProbes"))


def lifecycle(errors: Errors, hooks: dict, path: str, grace_s: int | None) -> None:
    """postStart and preStop."""
    for name in ("postStart", "preStop"):
        if hooks.get(name) is not None:
            _handler(errors, hooks[name], f"{path}.{name}", _IN_HOOKS, grace_s)


def _handler(errors: Errors, handler: dict, path: str, kinds: tuple[str, ...], grace_s: int | None) -> None:
    found = [kind for kind in kinds if handler.get(kind) is not None]
    if not found:
        errors.append(fields.required(path, "must specify a handler type"))
    for position, kind in enumerate(found):
        if position:
            errors.append(fields.forbidden(f"{path}.{kind}", "may not specify more than 1 handler type"))
        else:
            _one_handler(errors, kind, handler[kind], f"{path}.{kind}", grace_s)


_IN_PROBES = ("exec", "httpGet", "tcpSocket", "grpc")
_IN_HOOKS = ("exec", "httpGet", "tcpSocket", "sleep")


def _one_handler(errors: Errors, kind: str, action: dict, path: str, grace_s: int | None) -> None:
    if kind == "exec":
        if not action.get("command"):
            errors.append(fields.required(f"{path}.command"))
    elif kind == "httpGet":
        _http_get(errors, action, path)
    elif kind == "sleep":
        seconds = action.get("seconds", 0)
        if grace_s is not None and not 0 <= seconds <= grace_s:
            detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_s})"
            errors.append(fields.invalid(path, seconds, detail))
    else:
        _port(errors, f"{path}.port", action.get("port", 0))


def _http_get(errors: Errors, action: dict, path: str) -> None:
    if not action.get("path"):
        errors.append(fields.required(f"{path}.path"))
    _port(errors, f"{path}.port", action.get("port", 0))
    _rules.one_of(errors, f"{path}.scheme", action.get("scheme"), _SCHEMES)
    for header in action.get("httpHeaders") or ():
        name = header.get("name") or ""
        _rules.all_of(errors, f"{path}.httpHeaders", name, names.http_header_name(name))


def _port(errors: Errors, path: str, port: int | str) -> None:
    """A port by number or by name."""
    complaints = names.port_name(port) if isinstance(port, str) else names.port_number(port)
    _rules.all_of(errors, path, port, complaints)


def resize_policies(errors: Errors, policies: list[dict], path: str, pod_restart_policy: str) -> None:
    """What changes of resources need a restart."""
    seen: list[str] = []
    for index, policy in enumerate(policies):
        name, restart = policy.get("resourceName") or "", policy.get("restartPolicy") or ""
        if name in seen:
            errors.append(fields.duplicate(f"{path}[{index}]", name))
        seen.append(name)
        _rules.one_of_or_required(errors, path, name, ("cpu", "memory"))
        _rules.one_of_or_required(errors, path, restart, ("NotRequired", "RestartContainer"))
        if pod_restart_policy == "Never" and restart != "NotRequired":
            errors.append(fields.invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))


def restart_policy(errors: Errors, container: dict, path: str) -> None:
    """A container's own restart policy, and its rules by exit code."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is None:
        if not rules:
            return
        errors.append(fields.required(f"{path}.restartPolicy", _RULES_NEED_POLICY))
    elif policy not in RESTART_POLICIES:
        errors.append(fields.not_supported(f"{path}.restartPolicy", policy, RESTART_POLICIES))
    if len(rules) > 20:
        errors.append(fields.too_many(f"{path}.restartPolicyRules", len(rules), 20))
    for index, rule in enumerate(rules):
        _restart_rule(errors, rule, f"{path}.restartPolicyRules[{index}]")


def _restart_rule(errors: Errors, rule: dict, path: str) -> None:
    _rules.one_of(errors, f"{path}.action", rule.get("action"), _RULE_ACTIONS)
    codes = rule.get("exitCodes")
    if codes is None:
        errors.append(fields.required(f"{path}.exitCodes", "must be specified"))
        return
    _rules.one_of(errors, f"{path}.exitCodes.operator", codes.get("operator"), ("In", "NotIn"))
    values = codes.get("values") or ()
    if len(values) > 255:
        errors.append(fields.too_many(f"{path}.exitCodes.values", len(values), 255))


def init_restart_policy(errors: Errors, container: dict, path: str) -> None:
    """As restart_policy; an init container without a policy may still not have rules."""
    if container.get("restartPolicy") is None:
        if container.get("restartPolicyRules"):
            errors.append(fields.required(f"{path}.restartPolicy", _RULES_NEED_POLICY))
        return
    restart_policy(errors, container, path)
