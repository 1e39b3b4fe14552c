"""Who is asking: the identity that a request carries, and the one it asks to be taken for.

Source: k8s.io/apiserver pkg/endpoints/filters/impersonation.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cluster.meta.requests import Request

ANONYMOUS = "system:anonymous"
AUTHENTICATED = "system:authenticated"
SERVICE_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True)
class Identity:
    """A user and its groups. behind: who impersonates it, or ""."""

    user: str
    groups: tuple[str, ...]
    behind: str = ""


def authenticate(request: Request) -> Identity:
    """The request's identity, after impersonation if its options ask for that."""
    caller = _identity(request.user, tuple(request.groups))
    if not request.options:
        return caller
    wanted = request.options.get("Impersonate-User")
    if not wanted:
        return caller
    asked = tuple(group for group in request.options.get("Impersonate-Group", "").split(",") if group)
    return Identity(wanted, with_authenticated(wanted, asked or implied_groups(wanted)), behind=caller.user)


@lru_cache(maxsize=1024)
def _identity(user: str, groups: tuple[str, ...]) -> Identity:
    return Identity(user, with_authenticated(user, groups))


def implied_groups(user: str) -> tuple[str, ...]:
    """The groups that a ServiceAccount's name alone implies."""
    if not user.startswith(SERVICE_ACCOUNT):
        return ()
    namespace = user[len(SERVICE_ACCOUNT):].partition(":")[0]
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")


def with_authenticated(user: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    """The groups with system:authenticated, which everybody but the anonymous user is in."""
    if user == ANONYMOUS or AUTHENTICATED in groups:
        return groups
    return (*groups, AUTHENTICATED)
