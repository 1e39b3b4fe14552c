"""The only way for a component to reach the API server: requests with an identity, a field manager and a rate limit."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from cluster.apiserver.server import ReplyTo
from cluster.kinds import Registry, locate
from cluster.meta.requests import Request, Response

PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
LEASES = "leases.coordination.k8s.io"
WRITES = ("create", "update", "patch")   # what names a field manager


@dataclass
class LimiterState:
    tokens: float | None = None   # None: full, as at the start
    at_ms: int = 0


class Limiter:
    """A token bucket in virtual time. Source: client-go util/flowcontrol (qps, burst)."""

    def __init__(self, qps: float, burst: int):
        self.qps, self.burst = qps, burst
        self.state = LimiterState()

    def wait_ms(self, now_ms: int) -> int:
        """Take one token; how long the request must wait for it."""
        state = self.state
        tokens = self.burst if state.tokens is None else state.tokens + (now_ms - state.at_ms) * self.qps / 1000
        state.tokens = tokens = (tokens if tokens < self.burst else self.burst) - 1
        state.at_ms = now_ms
        return 0 if tokens >= 0 else round(-tokens * 1000 / self.qps)


class Call(msgspec.Struct, eq=False):
    """A request that a unit of work may yield."""

    client: Client
    request: Request

    def send(self, actor, work_id: int, slot: int) -> None:
        self.client.dispatch(self.request, ReplyTo(actor=actor.name, work_id=work_id, slot=slot))


class Client:
    """One component's client. manager: the field manager (the program's name); qps None: no limit."""

    def __init__(self, actor, *, user: str, groups: list[str], manager: str, qps: float | None = None, burst: int = 0,
                 part: str = "client"):
        self.actor, self.user, self.groups, self.manager = actor, user, groups, manager
        self.user_agent, self._managed = manager + "/v1.36.3", {"fieldManager": manager}     # many requests share them
        self.limiter = actor.attach(part, Limiter(qps, burst)) if qps else None

    @property
    def server(self):
        return self.actor.engine.actors["kube-apiserver"]

    @property
    def kinds(self) -> Registry:
        """The kinds that the server serves, custom ones too: what discovery would tell."""
        return self.server.context.registry

    def _locate(self, resource: str) -> tuple[str, str, str]:
        """(plural, group, version) of a resource; raises KeyError for a name of no group that is not known.

        One with a group may have gone with its definition: the server is asked, and says so.
        """
        try:
            return locate(resource)
        except KeyError:
            kind = self.kinds.plural(resource)
            if kind is not None:
                return kind.plural, kind.group, kind.version
            plural, dot, group = resource.partition(".")
            if not dot:
                raise
            return plural, group, "v1"

    def get(self, resource: str, name: str, namespace: str = "") -> Call:
        return self.call("get", resource, name=name, namespace=namespace)

    def list(self, resource: str, namespace: str = "", label_selector: str = "", field_selector: str = "") -> Call:
        options = {"labelSelector": label_selector, "fieldSelector": field_selector}
        return self.call("list", resource, namespace=namespace, options={k: v for k, v in options.items() if v})

    def create(self, resource: str, body: dict, namespace: str = "", subresource: str = "", name: str = "") -> Call:
        """POST an object; `name` only for subresources (pods/x/binding)."""
        namespace = namespace or body["metadata"].get("namespace", "")
        return self.call("create", resource, name=name, namespace=namespace, subresource=subresource, body=body)

    def update(self, resource: str, body: dict, subresource: str = "") -> Call:
        meta = body["metadata"]
        return self.call("update", resource, name=meta["name"], namespace=meta.get("namespace", ""), subresource=subresource, body=body)

    def patch(self, resource: str, name: str, body: Any, namespace: str = "", patch_type: str = "strategic",
              subresource: str = "", force: bool = False) -> Call:
        call = self.call("patch", resource, name=name, namespace=namespace, subresource=subresource, body=body,
                         options={"force": "true"} if force else None)
        call.request.content_type = PATCH_TYPES[patch_type]
        return call

    def delete(self, resource: str, name: str, namespace: str = "", *, grace_period_seconds: int | None = None,
               propagation_policy: str | None = None, uid: str | None = None, resource_version: str | None = None) -> Call:
        body: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if grace_period_seconds is not None:
            body["gracePeriodSeconds"] = grace_period_seconds
        if propagation_policy:
            body["propagationPolicy"] = propagation_policy
        preconditions = {key: value for key, value in (("uid", uid), ("resourceVersion", resource_version)) if value}
        if preconditions:
            body["preconditions"] = preconditions
        return self.call("delete", resource, name=name, namespace=namespace, body=body)

    def call(self, verb: str, resource: str, *, name: str = "", namespace: str = "", subresource: str = "",
             body: Any = None, options: dict | None = None) -> Call:
        """Any request; the resource may name its group (`events.events.k8s.io`)."""
        plural, group, version = self._locate(resource)
        if verb in WRITES:
            options = {**options, **self._managed} if options else self._managed
        return Call(self, Request(verb=verb, resource=plural, group=group, version=version, namespace=namespace, name=name,
                                  subresource=subresource, body=body, options=options or {}, user=self.user, groups=self.groups,
                                  user_agent=self.user_agent))

    def send(self, call: Call) -> None:
        """Fire a call without waiting for its answer."""
        self.dispatch(call.request, ReplyTo())

    def write_ms(self, later_ms: int = 0) -> int:
        """When a write that is sent `later_ms` from now is stored, its turn under the rate limit included: for what is then done `at_once`."""
        engine = self.actor.engine
        wait_ms = self.limiter.wait_ms(engine.now_ms) if self.limiter else 0
        return wait_ms + later_ms + engine.latency("request") + engine.latency("store")

    def at_once(self, call: Call) -> Response:
        """Do a write in this very step: one of whose way nothing is seen, and for which nobody waits. The answer has the object as stored."""
        return self.server.at_once(call.request, is_shown=False)

    def note(self, event: dict) -> Response:
        """Store a new Event in this very step."""
        stored = self.server.note(event, self.manager)
        if stored is not None:
            return Response(code=201, body=stored)
        return self.at_once(self.create("events.events.k8s.io" if "/" in event["apiVersion"] else "events", event))

    def renew(self, lease: dict, time: str) -> dict:
        """Send a Lease back with another time, in this very step: nobody sees the way of a heartbeat. Under no rate limit, as upstream's.

        Returns: the Lease as it is then; nothing where it was not renewed.
        """
        renewed = self.server.renew(lease, time, self.manager)
        if renewed is None:
            reply = self.at_once(self.update(LEASES, {**lease, "spec": {**lease["spec"], "renewTime": time}}))
            renewed = reply.body if reply.ok else {}
        return renewed

    def dispatch(self, request: Request, reply_to: ReplyTo) -> None:
        actor = self.actor
        engine = actor.engine
        wait_ms = self.limiter.wait_ms(engine.now_ms) if self.limiter else 0
        if wait_ms > 0:
            engine.schedule(actor, wait_ms, "submit_request", (request, reply_to))
        else:
            engine.actors["kube-apiserver"].submit(request, reply_to, sender=actor.name)
