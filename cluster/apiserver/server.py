"""kube-apiserver as an actor: a request arrives, is stored, is answered; watchers are told.

The rules are functions in the modules beside it; this one owns the order and the moments.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cluster.engine import Actor
from cluster.engine.plain import carried
from cluster.meta.requests import UNHEARD, Request, Response, agent_of
from cluster.store.etcd import Etcd
from cluster.store.memory import Store

from . import itself, keeping, noting, pipeline, renewal
from .context import Context
from .watch import Hub, Watcher, WatchSpec, fold

carried(Request)
carried(Response)
QUIET_RESOURCES = ("events", "leases")
CLIENTS = ("kubectl", "client")
NOTICE_MS = 5   # until whoever had a connection to a server that ends knows of it


@carried
class ReplyTo(msgspec.Struct):
    """Whom to answer: a unit of work of an actor, an external caller, or nobody ("")."""

    actor: str = ""
    work_id: int = 0
    slot: int = 0
    external: int = 0


@dataclass
class WatcherRow:
    """A component's watch as a snapshot keeps it."""

    id: int
    spec: WatchSpec
    actor: str
    handler: str
    quiet: bool
    due_ms: int
    pending: list[Any]


@dataclass
class ServerState:
    next_request: int = 1
    next_watcher: int = 1
    next_look_ms: int = 0        # when it looks at what depends on others, though nothing changes
    enforces_rbac: bool = False
    watchers: list[WatcherRow] = field(default_factory=list)


class ApiServer(Actor):
    """The only door to the store. `outbox` collects what leaves the simulation: replies and watch events of HTTP clients."""

    name = "kube-apiserver"

    def __init__(self, engine, store: Store, *, hooks: Any = None, profile: str = "learner",
                 enforces_rbac: bool = False):
        super().__init__(engine)
        self.store, self.hub, self.etcd = store, Hub(), Etcd(engine)
        self.state, self.enforces_rbac = ServerState(enforces_rbac=enforces_rbac), enforces_rbac
        self.outbox: list[tuple] = []
        self.context = Context(self, hooks=hooks, profile=profile)
        self.looking = Context(self, hooks=hooks, profile=profile)  # of looks from outside, which must not change what happens
        self.context.etcd = self.looking.etcd = self.etcd

    def begin(self, objects: list[tuple[str, dict]]) -> None:
        """Write the objects that a fresh cluster starts with."""
        self.store.now_ms = self.now_ms
        for key, obj in objects:
            self.store.put(key, obj, expected=0)
        self.store.fanned_out = self.store.revision     # nobody watches yet, and all is as it should be

    def held(self, plural: str, namespace: str, name: str) -> dict | None:
        """A core object as it is stored, without a request: for what a kubelet makes only when a program looks at it."""
        stored = self.store.get(f"/registry/{plural}/{namespace}/{name}")
        return None if stored is None else stored.value

    def fresh_state(self) -> ServerState:
        """What a restart keeps: its flags; and its numbers go on, so that none means two things."""
        state = self.state
        return ServerState(next_request=state.next_request, next_watcher=state.next_watcher, enforces_rbac=state.enforces_rbac)

    # -- off and on -------------------------------------------------------------------------------------------------

    def on_start(self) -> None:
        """Begin anew; what is missing of the objects about itself comes back."""
        self.trace("ComponentStarted", component=self.name)
        self.store.fanned_out = self.store.revision
        for key in itself.OWN:
            if self.store.get(key) is None:
                self.after(itself.due_in_ms(self.now_ms), "bring_back", key)
        for what in keeping.ALL:
            self.after(self.latency("watch_delivery"), "keep_house", what)

    def on_stop(self) -> None:
        """Every connection ends: requests under way get no answer, watches close."""
        self.trace("ComponentStopped", component=self.name)
        for event in self.engine.pending(self):
            if event.handler in ("arrive", "write"):
                request, *_, reply_to, sender = event.args
                self._hang_up(request, reply_to, sender)
        for watcher in self.hub.by_id.values():
            if watcher.sink is not None:
                self.outbox.append(("closed", watcher.id))
            elif watcher.actor.generation == watcher.generation:
                self.engine.schedule(watcher.actor, NOTICE_MS, "watch_closed", (watcher.id,), background=True)
        self.hub = Hub()

    def _hang_up(self, request: Request, reply_to: ReplyTo, sender: str) -> None:
        """A request finds nobody who listens, or loses its connection."""
        quiet = is_quiet(request)
        if not quiet:
            about = {"to": self.name, "verb": request.verb, "detail": sender not in CLIENTS}
            self.engine.record(sender, "ServerUnreached", subject_of(request), about)
        if reply_to.external:
            self.outbox.append(("reply", reply_to.external, request, refused_connection()))
        actor = self.engine.actors.get(reply_to.actor)
        if actor is not None:
            self.engine.schedule(actor, NOTICE_MS, "_resume", (reply_to.work_id, reply_to.slot, refused_connection()),
                                 background=self._is_background(quiet))

    def enforce_rbac(self, enforces: bool) -> None:
        """Let Roles and bindings decide about everybody, or no longer."""
        self.state.enforces_rbac = self.enforces_rbac = enforces
        self.trace("AuthorizationChanged", enforced=enforces)

    # -- requests ---------------------------------------------------------------------------------------------------

    def submit(self, request: Request, reply_to: ReplyTo, *, sender: str) -> None:
        """Take a request on its way: called by a client at the moment of sending."""
        if not self.is_on:
            self._hang_up(request, reply_to, sender)
            return
        engine, state = self.engine, self.state
        request.id = state.next_request
        state.next_request += 1
        delay_ms = engine.latency("request")
        request.is_quiet = quiet = is_quiet(request)
        if not quiet and engine.trace.on:
            about = {"agent": agent_of(request.user_agent)} if sender == "client" else {}
            engine.record(sender, "RequestSent", subject_of(request), {**about,
                "request": request.id, "verb": request.verb, "resource": request.resource, "subresource": request.subresource,
                "path": request.path or path_of(request), "user": request.user, "from": sender, "to": self.name,
                "sent_ms": self.now_ms, "due_ms": self.now_ms + delay_ms})
        engine.schedule(self, delay_ms, "arrive", (request, reply_to, sender), background=quiet and engine.in_background)

    def _is_background(self, quiet: bool) -> bool:
        """What a heartbeat sets in motion is background as long as it stays noise."""
        return quiet and self.engine.in_background

    def arrive(self, request: Request, reply_to: ReplyTo, sender: str) -> None:
        """Everything up to the store; changes nothing that others see."""
        quiet = request.is_quiet
        context = self.context.enter(request, quiet)
        if pipeline.is_read(request, context):
            self._answer(request, pipeline.read(request, context), reply_to, sender, quiet)
            return
        result = pipeline.arrive(request, context)
        if isinstance(result, Response):
            self._answer(request, result, reply_to, sender, quiet)
        else:
            engine = self.engine
            engine.schedule(self, engine.latency("store"), "write", (request, result, reply_to, sender),
                            background=quiet and engine.in_background)

    def write(self, request: Request, write: Any, reply_to: ReplyTo, sender: str) -> None:
        """The compare-and-swap, then the watchers, then the answer."""
        quiet = request.is_quiet
        context = self.context.enter(request, quiet)
        removal = write if write.delete and write.value is not None else None
        if removal is not None:
            write = pipeline.mark_of(write)
        response = pipeline.commit(write, context)
        self.fan_out()
        rest = pipeline.removal_of(removal, self.store) if removal is not None and response.ok else None
        if rest is None:
            self._answer(request, response, reply_to, sender, quiet)
            return
        self.after(self.latency("removal"), "write", request, rest, reply_to, sender, background=self._is_background(quiet))

    def at_once(self, request: Request, *, is_shown: bool = True) -> Response:
        """Do a write within the event in which it is sent: a heartbeat or an Event, of whose way nothing is seen, and for which nobody waits."""
        if not self.is_on:
            return refused_connection()
        request.id = self.state.next_request
        self.state.next_request += 1
        context = self.context.enter(request, True)
        result = pipeline.arrive(request, context)
        if isinstance(result, Response):
            return result
        response = pipeline.commit(result, context, is_shown=is_shown)
        self.fan_out()
        return response

    def renew(self, lease: dict, time: str, manager: str) -> dict | None:
        """The same for a heartbeat, without making a request of it: the Lease as stored; None where it goes the way of a request."""
        return self._in_passing(renewal.renew, lease, time, manager)

    def note(self, event: dict, manager: str) -> dict | None:
        """The same for a recorder's Event."""
        return self._in_passing(noting.note, event, manager)

    def _in_passing(self, write: Callable[..., dict | None], *about: Any) -> dict | None:
        if not self.is_on:
            return None
        context, self.store.now_ms = self.context, self.now_ms
        context.quiet, context.heard = True, None
        value = write(*about, context)
        if value is not None:
            self.state.next_request += 1
            self.fan_out()
        return value

    def handle(self, request: Request, heard: list[list] | None = None) -> Response:
        """Answer a read at once, outside the flow of events; `heard` takes the facts about it."""
        return pipeline.read(request, self.looking.enter(request, True, heard))

    def _answer(self, request: Request, response: Response, reply_to: ReplyTo, sender: str, quiet: bool) -> None:
        if reply_to.external:
            self.outbox.append(("reply", reply_to.external, request, response))
        if not reply_to.actor and not reply_to.external:
            return
        engine = self.engine
        delay_ms = engine.latency("reply")
        if not quiet and engine.trace.on and request.id:
            self.trace("ReplySent", subject_of(request), request=request.id, code=response.code, verb=request.verb,
                       **{"from": self.name, "to": sender}, sent_ms=self.now_ms, due_ms=self.now_ms + delay_ms)
        actor = engine.actors.get(reply_to.actor)
        if actor is not None:
            engine.schedule(actor, delay_ms, "_resume", (reply_to.work_id, reply_to.slot, response),
                            background=quiet and engine.in_background)

    # -- watches ----------------------------------------------------------------------------------------------------

    def watch(self, actor: Actor, handler: str, spec: WatchSpec, revision: int, *, quiet: bool = False) -> int:
        """Start a component's watch after a revision; deliveries call `actor.<handler>(watcher id, [[type, object, cause], …])`."""
        watcher = self._watcher(spec)
        watcher.actor, watcher.handler, watcher.quiet, watcher.generation = actor, handler, quiet, actor.generation
        self.hub.add(watcher)
        for kind, obj in fold(self.store.since(spec.prefix, revision), watcher):
            self._deliver(watcher, kind, obj)
        return watcher.id

    def watch_external(self, spec: WatchSpec, revision: int) -> Watcher:
        """Start an HTTP client's watch; its events go to the outbox as ("event", watcher id, type, object). Raises Compacted."""
        watcher = self._watcher(spec)
        watcher.sink = watcher.id
        past = fold(self.store.since(spec.prefix, revision), watcher) if revision else []
        self.hub.add(watcher)
        self.outbox.extend(("event", watcher.id, kind, obj) for kind, obj in past)
        return watcher

    def unwatch(self, watcher_id: int) -> None:
        self.hub.remove(watcher_id)

    def _matcher(self, spec: WatchSpec):
        return pipeline.matcher(spec.resource, spec.label_selector, spec.field_selector, self.context.registry, spec.version)

    def _watcher(self, spec: WatchSpec) -> Watcher:
        watcher = Watcher(self.state.next_watcher, spec, self._matcher(spec))
        self.state.next_watcher += 1
        return watcher

    def fan_out(self) -> None:
        """Tell every watcher of what was written since the last time."""
        store = self.store
        if store.fanned_out == store.revision:
            return
        fresh = store.changes[store.fanned_out - store.revision:]   # each revision is one change
        store.fanned_out = store.revision
        for change in fresh:
            if change.type == "DELETED" and change.key in itself.OWN:
                self.after(itself.due_in_ms(self.now_ms), "bring_back", change.key)
            elif change.key[:keeping.LENGTH] in keeping.CONCERNS:
                for delay_ms, what in keeping.due(change, self.now_ms, self.latency("watch_delivery"), store):
                    self.after(delay_ms, "keep_house", what)
            for watcher, kind, obj in self.hub.interested(change):
                if watcher.sink is not None:
                    self.outbox.append(("event", watcher.id, kind, obj))
                elif watcher.actor.generation != watcher.generation:
                    self.hub.remove(watcher.id)
                else:
                    self._deliver(watcher, kind, obj)

    def keep_house(self, what: str) -> None:
        """Put right what the server keeps about itself and what a change concerned."""
        if not self.etcd.is_on:
            self.after(itself.INTERVAL_MS, "keep_house", what, background=True)
            return
        for request in keeping.requests(what, self.context):
            self._ask_itself(request)
        again_ms = keeping.again_ms(what, self.context)
        if again_ms and self.state.next_look_ms <= self.now_ms:
            self.state.next_look_ms = self.now_ms + again_ms
            self.after(again_ms, "keep_house", what, background=True)

    def bring_back(self, key: str) -> None:
        """Make an object about this server again that somebody has deleted."""
        if not self.etcd.is_on:
            self.after(itself.INTERVAL_MS, "bring_back", key, background=True)
            return
        self._ask_itself(itself.request(key))

    def _ask_itself(self, request: Request) -> None:
        """Do a request of the server's own client at once."""
        request.id = self.state.next_request
        self.state.next_request += 1
        context = self.context.enter(request, True)
        result = pipeline.arrive(request, context)
        if not isinstance(result, Response):
            pipeline.commit(result, context)
            self.fan_out()

    def _deliver(self, watcher: Watcher, kind: str, obj: dict) -> None:
        """Queue one event; a watcher that has a delivery due gets it in the same one, so order is kept."""
        engine, is_first = self.engine, not watcher.pending
        watcher.pending.append([kind, obj, engine.cause])
        if is_first:
            now_ms = engine.now_ms
            due_ms = now_ms + engine.latency("watch_delivery")
            watcher.due_ms = due_ms = due_ms if due_ms > watcher.due_ms else watcher.due_ms
            engine.schedule(self, due_ms - now_ms, "deliver", (watcher.id,),
                            background=watcher.quiet or (engine.in_background and self.context.quiet))

    def deliver(self, watcher_id: int) -> None:
        """Hand a watcher its pending events, if it is still there."""
        watcher = self.hub.by_id.get(watcher_id)
        if watcher is None:
            return
        batch, watcher.pending = watcher.pending, []
        if watcher.actor.generation == watcher.generation and watcher.actor.is_on:
            getattr(watcher.actor, watcher.handler)(watcher_id, batch)

    # -- snapshots ----------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict:
        self.state.watchers = [WatcherRow(w.id, w.spec, w.actor.name, w.handler, w.quiet, w.due_ms, w.pending)
                               for w in self.hub.by_id.values() if w.actor is not None and w.generation == w.actor.generation]
        frozen = super().snapshot()
        self.state.watchers = []
        return frozen

    def on_restore(self) -> None:
        self.hub, self.enforces_rbac = Hub(), self.state.enforces_rbac
        for row in self.state.watchers:
            watcher = Watcher(row.id, row.spec, self._matcher(row.spec))
            watcher.actor = self.engine.actors[row.actor]
            watcher.handler, watcher.quiet, watcher.due_ms, watcher.pending = row.handler, row.quiet, row.due_ms, row.pending
            watcher.generation = watcher.actor.generation
            self.hub.add(watcher)
        self.state.watchers = []


def is_quiet(request: Request) -> bool:
    """Whether a request is background noise on the page: Leases, Events, a component's reads."""
    if request.resource in QUIET_RESOURCES or request.resource[:7] == "events.":
        return not request.user_agent.startswith("kubectl")
    return request.verb in ("get", "list") and not request.raw and request.user.startswith("system:")


def subject_of(request: Request) -> str:
    return f"{request.resource}/{request.namespace}/{request.name}" if request.resource else ""


def path_of(request: Request) -> str:
    """The URL path of a component's request."""
    root = f"/apis/{request.group}/{request.version}" if request.group else f"/api/{request.version}"
    middle = f"/namespaces/{request.namespace}" if request.namespace else ""
    parts = [part for part in (request.name, request.subresource) if part]
    return "/".join([f"{root}{middle}/{request.resource}", *parts])


def refused_connection() -> Response:
    """What a client sees while the API server is off."""
    return Response(code=503, body={"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 503,
                                    "reason": "ServiceUnavailable", "message": UNHEARD})
