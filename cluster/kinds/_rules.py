"""Small checks that the kinds share; each adds its complaints to a list that the caller owns.

Source: pkg/apis/core/validation/validation.go, k8s.io/apimachinery pkg/util/validation.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable

from cluster.meta import fields, names, objectmeta, quantity
from cluster.meta.fields import FieldError
from cluster.meta.remembering import remembered

Errors = list[FieldError]

NOT_NEGATIVE = "must be greater than or equal to 0"
POSITIVE = "must be greater than zero"
NOT_INTEGER = "must be an integer"
IMMUTABLE = "field is immutable"
_MILLI = 10**6


def all_of(errors: Errors, path: str, value: object, complaints: Iterable[str]) -> None:
    """One Invalid for each complaint about a value."""
    for why in complaints:
        errors.append(fields.invalid(path, value, why))


@remembered(4096)
def _label_ok(value: str) -> tuple[str, ...]:
    return tuple(names.dns1123_label(value))


@remembered(4096)
def _subdomain_ok(value: str) -> tuple[str, ...]:
    return tuple(names.dns1123_subdomain(value))


def label(errors: Errors, path: str, value: str) -> None:
    """A DNS-1123 label."""
    all_of(errors, path, value, _label_ok(value))


def subdomain(errors: Errors, path: str, value: str) -> None:
    """A DNS-1123 subdomain."""
    all_of(errors, path, value, _subdomain_ok(value))


def required_name(errors: Errors, path: str, value: str | None, check: Callable[[str], Iterable[str]]) -> None:
    """Required, and then whatever the check says."""
    if not value:
        errors.append(fields.required(path))
    else:
        all_of(errors, path, value, check(value))


def qualified(errors: Errors, path: str, value: str) -> None:
    """A qualified name: [prefix/]name."""
    all_of(errors, path, value, names.qualified_name(value))


def port(errors: Errors, path: str, value: int) -> None:
    """A port number."""
    all_of(errors, path, value, names.port_number(value))


def not_negative(errors: Errors, path: str, value: int | None) -> None:
    """A number of 0 or more."""
    if value is not None and value < 0:
        errors.append(fields.invalid(path, value, NOT_NEGATIVE))


def positive(errors: Errors, path: str, value: int) -> None:
    """A number above 0."""
    if value <= 0:
        errors.append(fields.invalid(path, value, POSITIVE))


def one_of(errors: Errors, path: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """One of some words; `allowed` is in the order in which it is printed."""
    if value not in allowed:
        errors.append(fields.not_supported(path, value or "", allowed))


def one_of_or_required(errors: Errors, path: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """One of some words; an empty one is missing rather than wrong."""
    if not value:
        errors.append(fields.required(path))
    elif value not in allowed:
        errors.append(fields.not_supported(path, value, allowed))


def kube_finalizers(errors: Errors, meta: dict) -> None:
    """Finalizers without a domain must be Kubernetes' own."""
    errors += objectmeta.validate_kube_finalizers(meta.get("finalizers"), "metadata.finalizers")


def amount(value: object) -> quantity.Quantity:
    """A quantity of an object; numbers and null are taken as the server takes them."""
    return quantity.parse("0" if value is None else str(value))


@remembered(4096)
def rounded(value: str | int | float | None) -> str:
    """A quantity's canonical text, rounded up to a thousandth; null counts as zero.

    Raises: QuantityError.
    """
    text = "0" if value is None else quantity.canonical(value)
    nano = quantity.parse(text).nano
    return text if nano % _MILLI == 0 else quantity.of(-(-nano // _MILLI) * _MILLI, quantity.parse(text).format).text


def quantity_not_negative(errors: Errors, path: str, value: object) -> None:
    """A quantity of 0 or more."""
    parsed = amount(value)
    if parsed.nano < 0:
        errors.append(fields.invalid(path, parsed.text, NOT_NEGATIVE))


# Resources of which there are only whole ones.
INTEGER_RESOURCES = frozenset(("pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps",
                               "persistentvolumeclaims", "services.nodeports", "services.loadbalancers"))


def is_extended(name: str) -> bool:
    """A resource of somebody's own domain, such as example.com/gpu.

    Source: pkg/apis/core/helper/helpers.go (IsExtendedResourceName).
    """
    if "/" not in name or "kubernetes.io/" in name or name.startswith("requests."):
        return False
    return not names.qualified_name(f"requests.{name}")


def is_native(name: str) -> bool:
    """A resource that Kubernetes itself knows."""
    return "/" not in name or "kubernetes.io/" in name


def quantity_value(errors: Errors, path: str, name: str, value: object) -> None:
    """A resource's amount: not negative, and whole where there are only whole ones."""
    quantity_not_negative(errors, path, value)
    if name in INTEGER_RESOURCES or is_extended(name):
        parsed = amount(value)
        if parsed.millis % 1000:
            errors.append(fields.invalid(path, parsed.text, NOT_INTEGER))


def no_backsteps(errors: Errors, path: str, target: str) -> None:
    """No part of a path may be `..`."""
    if ".." in target and ".." in target.split("/"):
        errors.append(fields.invalid(path, target, "must not contain '..'"))


def local_path(errors: Errors, path: str, target: str) -> None:
    """A relative path that stays inside."""
    if target.startswith("/"):
        errors.append(fields.invalid(path, target, "must be a relative path"))
    no_backsteps(errors, path, target)


def own_path(errors: Errors, path: str, target: str) -> None:
    """As local_path; names that start with two dots are kept for the kubelet."""
    local_path(errors, path, target)
    if target.startswith("..") and not target.startswith("../"):
        errors.append(fields.invalid(path, target, "must not start with '..'"))
