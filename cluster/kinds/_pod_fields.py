"""References to a Pod's own fields and resources, in environment variables and downward API volumes.

Source: pkg/apis/core/validation/validation.go (validateObjectFieldSelector, validateContainerResourceFieldSelector),
pkg/apis/core/pods/helpers.go (ConvertDownwardAPIFieldLabel).
"""
from __future__ import annotations

from cluster.kinds import _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields

_KNOWN = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
          "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase", "status.hostIP",
          "status.hostIPs", "status.podIP", "status.podIPs")
_WITH_SUBSCRIPT = ("metadata.annotations", "metadata.labels")
_RESOURCES = ("limits.cpu", "limits.ephemeral-storage", "limits.memory",
              "requests.cpu", "requests.ephemeral-storage", "requests.memory")
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_BYTE_DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_BYTE_RULE = "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the {} resource"


def split_subscript(field_path: str) -> tuple[str, str, bool]:
    """("metadata.labels", "app", True) of `metadata.labels['app']`.

    Source: pkg/fieldpath/fieldpath.go (SplitMaybeSubscriptedPath).
    """
    if field_path.endswith("']"):
        head, mark, subscript = field_path[:-2].partition("['")
        if mark and head:
            return head, subscript, True
    return field_path, "", False


def field_ref(errors: Errors, reference: dict, path: str, allowed: tuple[str, ...]) -> None:
    """A fieldRef; `allowed` are the fields that may be asked for here, sorted."""
    version, field_path = reference.get("apiVersion") or "", reference.get("fieldPath") or ""
    for name, value in (("apiVersion", version), ("fieldPath", field_path)):
        if not value:
            errors.append(fields.required(f"{path}.{name}"))
            return
    complaint = _conversion_error(version, field_path)
    if complaint:
        errors.append(fields.invalid(f"{path}.fieldPath", field_path, f"error converting fieldPath: {complaint}"))
        return
    head, subscript, is_subscripted = split_subscript("spec.nodeName" if field_path == "spec.host" else field_path)
    if is_subscripted:
        _rules.qualified(errors, path, subscript.lower() if head == "metadata.annotations" else subscript)
    elif head not in allowed:
        errors.append(fields.not_supported(f"{path}.fieldPath", head, allowed))


def _conversion_error(version: str, field_path: str) -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    head, _, is_subscripted = split_subscript(field_path)
    if is_subscripted:
        return "" if head in _WITH_SUBSCRIPT else f"field label does not support subscript: {field_path}"
    return "" if field_path in _KNOWN or field_path == "spec.host" else f"field label not supported: {field_path}"


def resource_ref(errors: Errors, reference: dict, path: str, *, in_volume: bool) -> None:
    """A resourceFieldRef and its divisor."""
    resource = reference.get("resource") or ""
    if in_volume and not reference.get("containerName"):
        errors.append(fields.required(f"{path}.containerName"))
    elif not resource:
        errors.append(fields.required(f"{path}.resource"))
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        errors.append(fields.not_supported(f"{path}.resource", resource, _RESOURCES))
    _divisor(errors, resource, reference.get("divisor"), f"{path}.divisor")


def _divisor(errors: Errors, resource: str, divisor: object, path: str) -> None:
    parsed = _rules.amount(divisor)
    if not parsed.nano:
        return
    name = resource.partition(".")[2]
    if name == "cpu" and parsed.text not in ("1m", "1"):
        errors.append(fields.invalid(path, resource,
                                     "only divisor's values 1m and 1 are supported with the cpu resource"))
    words = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}.get(name)
    if resource.startswith(_HUGE_PAGES):
        words = "hugepages"
    if words and parsed.text not in _BYTE_DIVISORS:
        errors.append(fields.invalid(path, resource, _BYTE_RULE.format(words)))
