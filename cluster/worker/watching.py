"""Watches of HTTP clients: where they start, what they see first, bookmarks, and what to do when it is too late.

Source: k8s.io/apiserver pkg/endpoints/handlers/watch.go, pkg/storage/cacher (initial events, bookmarks).
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cluster.apiserver import http, pipeline
from cluster.apiserver.watch import WatchSpec
from cluster.kinds import api_version
from cluster.meta.requests import Request, Response
from cluster.store.memory import Compacted

from .reads import Drawing

INITIAL_END = "k8s.io/initial-events-end"
Respond = Callable[[dict], None]


class Lines:
    """The lines of a turn: what many watches show alike is presented and encoded once."""

    def __init__(self):
        self.kept: dict[tuple, tuple[dict, bytes]] = {}   # with the object, so that its id stays its own

    def of(self, kind: str, obj: dict, request: Request, context) -> bytes:
        if "as=" in request.accept:   # a Table has ages, and columns by its options
            return http.watch_event(kind, obj, request, context)
        shown_as = (kind, id(obj), request.group, request.version, request.resource, request.subresource, request.accept)
        found = self.kept.get(shown_as)
        if found is None:
            found = self.kept[shown_as] = obj, http.watch_event(kind, obj, request, context)
        return found[1]

    def forget(self) -> None:
        self.kept.clear()


def start(runner, request: Request, drawing: Drawing, respond: Respond) -> None:
    """Start a watch: one answer {status, headers, watch}, then {watch, line} for each event. A refusal is a plain answer."""
    server = runner.server
    wanted = pipeline.watch(request, server.looking.enter(request, True, drawing.heard))
    if isinstance(wanted, Response):
        status, headers, body = http.render(wanted, request.accept)
        respond({"status": status, "headers": headers, "body": body})
        drawing.answered(wanted.code)
        return
    spec = WatchSpec(resource=wanted.resource, prefix=wanted.prefix, label_selector=wanted.label_selector, field_selector=wanted.field_selector,
                     version=wanted.version)
    from_now = wanted.resource_version in ("", "0") or wanted.send_initial_events
    try:
        watcher = server.watch_external(spec, 0 if from_now else int(wanted.resource_version))
    except Compacted:
        _too_late(runner, request, wanted.headers, respond)
        return
    respond({"status": 200, "headers": wanted.headers, "watch": watcher.id, "run": runner.sandbox.run, "timeout_s": wanted.timeout_s,
             "bookmarks": wanted.allow_bookmarks})
    drawing.answered(200)

    def send(events: list[tuple[str, dict]]) -> None:
        context = server.looking.enter(request, True)
        respond({"watch": watcher.id, "line": b"".join(runner.lines.of(kind, obj, request, context) for kind, obj in events)})
        drawing.news(*events[0])

    if from_now:
        first = [("ADDED", stored.value) for _, stored in server.store.list(spec.prefix)
                 if watcher.matches is None or watcher.matches(stored.value)]
        if wanted.send_initial_events and wanted.allow_bookmarks:
            first.append(("BOOKMARK", mark(runner, request, annotations={INITIAL_END: "true"})))
        if first:
            send(first)
    def told(kind: str, *events: list[tuple[str, dict]]) -> None:
        if kind == "end":
            respond({"watch": watcher.id, "end": True})
        elif kind == "mark":  # it stands behind all that it speaks of
            respond({"watch": watcher.id, "line": http.watch_event("BOOKMARK", mark(runner, request), request, server.looking)})
        else:
            send(*events)

    runner.watches[watcher.id] = told
    runner.watch_requests[watcher.id], runner.drawings[watcher.id] = request, drawing


def _too_late(runner, request: Request, headers: list[tuple[str, str]], respond: Respond) -> None:
    """The revision is older than the log: an ERROR event, then the end."""
    message = f"too old resource version: {request.options.get('resourceVersion')} ({runner.server.store.compacted})"
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": "Expired", "code": 410}
    respond({"status": 200, "headers": headers, "watch": 0})
    respond({"watch": 0, "line": http.watch_event("ERROR", status, request, runner.server.looking)})
    respond({"watch": 0, "end": True})


def end(runner, watcher_id: int) -> None:
    """The API server ended a client's watch."""
    token, drawing = runner.watches.pop(watcher_id, None), runner.drawings.pop(watcher_id, None)
    runner.watch_requests.pop(watcher_id, None)
    if token is not None:
        runner.deliver("end", token)
    if drawing is not None:
        drawing.ended()


def mark(runner, request: Request, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    """A bookmark's object: the kind, and the revision up to which everything was sent."""
    kinds = runner.server.context.registry
    kind = kinds.version(request.group, request.version, request.resource) or kinds.resource(request.group, request.resource)
    meta: dict[str, Any] = {"resourceVersion": str(runner.server.store.revision), "creationTimestamp": None}
    if annotations:
        meta["annotations"] = annotations
    return {"kind": kind.kind, "apiVersion": api_version(kind), "metadata": meta}
