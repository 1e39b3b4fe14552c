"""A single controller over hand-made informers: what one look of it asks for, with no cluster around it."""

from __future__ import annotations

from cluster.client import Informers, Process
from cluster.client.client import Call, Client
from cluster.controllers._tasks import Task
from cluster.controllers.manager import controller_classes
from cluster.engine import Engine
from cluster.engine.clock import unix_ms
from cluster.kinds import registry
from cluster.meta.objects import draft, key_of
from cluster.meta.requests import Response


class Rig(Process):
    """A controller whose requests are all granted at once, and written down."""

    name = "kube-controller-manager"

    def __init__(self, given: dict):
        super().__init__(Engine(epoch_ms=unix_ms(given["now"])))
        self.client = Client(self, user="x", groups=[], manager=self.name)
        self.informers = Informers(self, self.client)
        self.requests: list[dict] = []
        self.events: list[str] = []
        self.controller = next(cls for cls in controller_classes() if given["controller"] == cls.NAME)(self)
        self.controller.recorder.event = lambda obj, kind, reason, message: self.events.append(f"{kind} {reason} {message}")
        self.objects = {}
        for number, obj in enumerate(given["objects"], 1):
            self.know(obj, number)

    def know(self, obj: dict, number: int) -> None:
        kind = next(kind for kind in registry().stored if kind.kind == obj["kind"])
        if kind.default and obj["kind"] != "Pod":
            kind.default(obj)
        meta = obj["metadata"]
        meta.setdefault("uid", f"uid-{meta['name']}")
        meta.setdefault("resourceVersion", str(number))
        if kind.namespaced:
            meta.setdefault("namespace", "default")
        self.objects[kind.plural, key_of(obj)] = obj
        for informer in self.informers.by_resource.values():
            if informer.resource == kind.plural:
                informer.put("ADDED", obj)

    def drive(self, generator):
        """Run a unit of work to its end."""
        value = None
        while True:
            try:
                wanted = generator.send(value)
            except StopIteration as end:
                return end.value
            value = [self.answer(item) for item in wanted] if isinstance(wanted, list) else self.answer(wanted)

    def answer(self, wanted):
        if isinstance(wanted, Task):
            return self.drive(wanted.generator)
        return self.grant(wanted.request) if isinstance(wanted, Call) else None

    def grant(self, request) -> Response:
        """Write a request down; what is asked for and not known is not found."""
        body = draft(request.body) if request.verb != "delete" else None
        name = request.name or body["metadata"].get("name") or body["metadata"]["generateName"] + "*"
        if request.verb == "get":
            found = self.objects.get((request.resource, f"{request.namespace}/{name}"))
            return Response(code=200, body=found) if found else Response(code=404, body={"kind": "Status", "reason": "NotFound", "message": "x"})
        resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
        said = {"request": f"{request.verb} {resource} {name}"}
        if body is not None:
            said["body"] = {"status": body["status"]} if request.subresource == "status" else body
        self.requests.append(said)
        granted = {**(body or {}), "metadata": {**((body or {}).get("metadata") or {}), "name": name, "uid": f"uid-{name}", "resourceVersion": "100"}}
        return Response(code=201 if request.verb == "create" else 200, body=granted)
