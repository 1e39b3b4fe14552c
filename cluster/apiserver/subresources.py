"""Subresources: status, scale, binding, eviction, log, finalize. Each is read or written by a function named here."""
from __future__ import annotations

from collections.abc import Callable

from cluster.meta import status
from cluster.meta.requests import Response

from . import binding, eviction, finalize, logs, read, scale, token, update
from .call import Call, Write

Reader = Callable[[Call], Response]
Writer = Callable[[Call], "Response | Write"]

READERS: dict[str, Reader] = {"status": read.get, "scale": scale.get, "log": logs.get,
                             "ephemeralcontainers": read.get, "resize": read.get, "approval": read.get}
WRITERS: dict[tuple[str, str], Writer] = {
    ("status", "update"): update.update, ("status", "patch"): update.patch,
    ("scale", "update"): scale.update, ("scale", "patch"): scale.patch,
    ("ephemeralcontainers", "update"): update.update, ("ephemeralcontainers", "patch"): update.patch,
    ("approval", "update"): update.update, ("approval", "patch"): update.patch,
    ("resize", "update"): update.update, ("resize", "patch"): update.patch,
    ("binding", "create"): binding.bind, ("eviction", "create"): eviction.evict,
    ("finalize", "update"): finalize.finalize, ("token", "create"): token.issue,
}


def reader(call: Call) -> Reader:
    """Who answers a GET of a subresource; raises MethodNotAllowed or NotFound."""
    found = READERS.get(call.subresource)
    if found is None:
        raise _refused(call)
    return found


def writer(call: Call) -> Writer:
    """Who works a write of a subresource out; raises MethodNotAllowed or NotFound."""
    found = WRITERS.get((call.subresource, call.request.verb))
    if found is None:
        raise _refused(call)
    return found


def _refused(call: Call) -> status.StatusError:
    if call.subresource in ("exec", "attach", "portforward") and call.request.verb in ("get", "create"):
        stored = call.context.store.get(call.key)
        if stored is None:
            return call.not_found()
        if not stored.value["spec"].get("nodeName"):
            return status.bad_request(f"pod {call.name} does not have a host assigned")
    return status.method_not_allowed()
