"""Complaints about fields: what validation returns, and how upstream prints it.

Source: k8s.io/apimachinery pkg/util/validation/field/errors.go.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from . import gotext

OMIT = object()  # as FieldError.value: the value is not shown

WORDS = {
    "NotFound": "Not found", "Required": "Required value", "Duplicate": "Duplicate value", "Invalid": "Invalid value",
    "NotSupported": "Unsupported value", "Forbidden": "Forbidden", "TooLong": "Too long", "TooMany": "Too many",
    "TooFew": "Too few", "InternalError": "Internal error", "TypeInvalid": "Invalid value", "TooShort": "Too short",
}
_WITHOUT_VALUE = frozenset(("Required", "Forbidden", "TooLong", "TooShort", "InternalError"))


@dataclass(frozen=True)
class FieldError:
    """One complaint of validation, printed as upstream's field.Error does.

    type: a key of WORDS. value: what was found; OMIT shows none. detail: the reason in words.
    extra: NotSupported: the supported values in order; TooLong, TooMany, TooFew, TooShort: the limit.
    """

    type: str
    path: str
    value: object = None
    detail: str = ""
    extra: object = None

    def body(self) -> str:
        """The message without the field's path."""
        text = WORDS[self.type]
        if self.type not in _WITHOUT_VALUE and self.value is not OMIT:
            text = f"{text}: {show(self.value)}"
        detail = self.detail or _detail(self)
        return f"{text}: {detail}" if detail else text

    def cause(self) -> dict:
        """This error as an entry of a Status's details.causes."""
        reason = self.type if self.type == "InternalError" else f"FieldValue{self.type}"
        return {"reason": reason, "message": self.body(), "field": self.path}

    def __str__(self) -> str:
        return f"{self.path}: {self.body()}"


def show(value: object) -> str:
    """A bad value as upstream prints it: numbers plain, strings quoted, anything else as JSON."""
    if isinstance(value, (bool, int, float)):
        return gotext.plain(value)
    if isinstance(value, str):
        return gotext.quote(value)
    return gotext.to_json(value)


def _detail(error: FieldError) -> str:
    limit = error.extra
    if error.type == "NotSupported" and limit:
        return "supported values: " + ", ".join(gotext.quote(str(value)) for value in limit)
    if limit is None:
        return ""
    if error.type == "TooLong":
        return f"may not be more than {limit} {'byte' if limit == 1 else 'bytes'}"
    if error.type == "TooMany":
        return f"must have at most {limit} {'item' if limit == 1 else 'items'}"
    if error.type == "TooShort":
        return f"must be at least {limit} {'character' if limit == 1 else 'characters'}"
    return ""


def required(path: str, detail: str = "") -> FieldError:
    return FieldError("Required", path, "", detail)


def invalid(path: str, value: object, detail: str = "") -> FieldError:
    return FieldError("Invalid", path, value, detail)


def not_supported(path: str, value: object, supported: Iterable) -> FieldError:
    return FieldError("NotSupported", path, value, extra=tuple(supported))


def duplicate(path: str, value: object) -> FieldError:
    return FieldError("Duplicate", path, value)


def forbidden(path: str, detail: str = "") -> FieldError:
    return FieldError("Forbidden", path, "", detail)


def not_found(path: str, value: object) -> FieldError:
    return FieldError("NotFound", path, value)


def too_long(path: str, limit: int | None) -> FieldError:
    return FieldError("TooLong", path, extra=limit)


def too_many(path: str, found: object, limit: int | None) -> FieldError:
    """found: how many there are, or OMIT."""
    return FieldError("TooMany", path, found, extra=limit)


def aggregate(messages: Iterable[object]) -> str:
    """Several errors as one text: one alone as it is, else in brackets; repeats are dropped.

    Source: k8s.io/apimachinery pkg/util/errors/errors.go.
    """
    texts = list(dict.fromkeys(str(message) for message in messages))
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
