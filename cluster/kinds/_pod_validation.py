"""What a Pod must be: the whole of it, and what an update may change."""
from __future__ import annotations

from cluster.kinds._rules import Errors


def validate(pod: dict) -> Errors:
    return []


def validate_update(new: dict, old: dict) -> Errors:
    return []


def validate_status(new: dict, old: dict) -> Errors:
    return []


def template(errors: Errors, template: dict, path: str) -> None:
    return None
