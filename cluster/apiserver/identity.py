"""What an identity is: a user and the groups that come with its name.

Source: k8s.io/apiserver pkg/authentication/user, pkg/authentication/serviceaccount/util.go, pkg/authentication/group.
"""
from __future__ import annotations

from dataclasses import dataclass

ANONYMOUS = "system:anonymous"
AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
SERVICE_ACCOUNT = "system:serviceaccount:"
Extra = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Identity:
    """A user and its groups. behind: who impersonates it, or ""; extra: what else is known of it."""

    user: str
    groups: tuple[str, ...]
    behind: str = ""
    uid: str = ""
    extra: Extra = ()


def implied_groups(user: str) -> tuple[str, ...]:
    """The groups that a ServiceAccount's name alone implies."""
    if not user.startswith(SERVICE_ACCOUNT):
        return ()
    namespace = user[len(SERVICE_ACCOUNT):].partition(":")[0]
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")


def with_authenticated(user: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    """The groups with system:authenticated, which everybody but the anonymous user is in."""
    if user == ANONYMOUS:
        return groups if UNAUTHENTICATED in groups else (*groups, UNAUTHENTICATED)
    if AUTHENTICATED in groups or UNAUTHENTICATED in groups:
        return groups
    return (*groups, AUTHENTICATED)
