"""Why an expression has no value."""

BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"
NO_OVERLOAD = "no such overload"
MOST_MADE = 3 * 1024 * 1024      # characters of a text, or items of a list, that an expression makes of others


class Unknown(Exception):
    """An expression uses what is not known here."""


class Failed(Exception):
    """An expression has no value: a field is missing, types do not fit."""


def bound(size: int) -> None:
    """Refuse to make something larger than a request may be."""
    if size > MOST_MADE:
        raise Failed(BUDGET)
