"""Who is asking: the identity that a request carries, and the one it asks to be taken for.

A request comes with its sender's name (a component, or whoever holds the sandbox's address: its kubeconfig's user), or with
a bearer token of a ServiceAccount.
Source: k8s.io/apiserver pkg/endpoints/filters/{authentication.go,impersonation/impersonation.go},
pkg/authentication/request/bearertoken.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cluster.meta import status
from cluster.meta.gotext import quote
from cluster.meta.requests import Request

from . import tokens
from .identity import SERVICE_ACCOUNT, Identity, implied_groups, with_authenticated

TOKEN, USER, GROUPS, UID, EXTRA = "Authorization", "Impersonate-User", "Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-"


@dataclass(frozen=True)
class Asked:
    """One thing that an impersonation needs to be allowed: its resource, and the name there."""

    resource: str
    name: str
    namespace: str = ""
    group: str = ""
    subresource: str = ""


def caller(request: Request, context=None) -> Identity:
    """Who sent a request, before any impersonation; raises Unauthorized for a token that is none."""
    if request.options and TOKEN in request.options:
        found, _ = tokens.read(request.options[TOKEN], context)
        if found is None:
            raise status.unauthorized("Unauthorized")
        return found
    return _identity(request.user, tuple(request.groups))


def authenticate(request: Request, context=None) -> Identity:
    """The request's identity, after impersonation if its headers ask for that."""
    found = caller(request, context)
    return impersonated(request, found) if request.options else found


def impersonated(request: Request, found: Identity) -> Identity:
    """Whom the request wants to be taken for; the caller itself if nobody."""
    options = request.options
    user = options.get(USER)
    if not user:
        if request.path:      # no component sends such headers
            _check_alone(options)
        return found
    groups = tuple(group for group in options.get(GROUPS, "").split(",") if group)
    extra = tuple((name[len(EXTRA):], (value,)) for name, value in sorted(options.items()) if name.startswith(EXTRA))
    return Identity(user, with_authenticated(user, groups or implied_groups(user)), behind=found.user, uid=options.get(UID, ""), extra=extra)


def _check_alone(options: dict) -> None:
    if any(name in (GROUPS, UID) or name.startswith(EXTRA) for name in options):
        groups = [quote(one) for one in options.get(GROUPS, "").split(",") if one]
        extra = [f"{quote(name[len(EXTRA):].lower())}:[]string{{{quote(value)}}}" for name, value in sorted(options.items())
                 if name.startswith(EXTRA)]
        shown = (f"Name:\"\", UID:{quote(options.get(UID, ''))}, Groups:[]string{'{' + ', '.join(groups) + '}' if groups else '(nil)'}, "
                 f"Extra:map[string][]string{'{' + ', '.join(extra) + '}' if extra else '(nil)'}")
        raise status.bad_request(f"requested &user.DefaultInfo{{{shown}}} without impersonating a user name")


def requested(identity: Identity, options: dict) -> list[Asked]:
    """What must be allowed for an impersonation, in the order in which it is checked."""
    user = identity.user
    if user.startswith(SERVICE_ACCOUNT) and user.count(":") == 3:
        _, _, namespace, name = user.split(":")
        found = [Asked("serviceaccounts", name, namespace)]
    else:
        found = [Asked("users", user)]
    found += [Asked("groups", group) for group in options.get(GROUPS, "").split(",") if group]
    found += [Asked("userextras", values[0], group="authentication.k8s.io", subresource=key) for key, values in identity.extra]
    return found + ([Asked("uids", identity.uid, group="authentication.k8s.io")] if identity.uid else [])


@lru_cache(maxsize=1024)
def _identity(user: str, groups: tuple[str, ...]) -> Identity:
    return Identity(user, with_authenticated(user, groups))
