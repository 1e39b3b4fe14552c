"""A single controller over hand-made informers: what one look of it asks for, with no cluster around it."""

from __future__ import annotations

from types import SimpleNamespace

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
    """A controller whose requests are all granted at once, and written down.

    given: controller, now, objects; heard: whether its handlers hear of the objects; answers: {request: (code and) body} where it is
    not simply granted; call and args: what is called in place of `sync(key)`.
    """

    name = "kube-controller-manager"

    def __init__(self, given: dict):
        super().__init__(Engine(epoch_ms=unix_ms(given["now"])))
        self.client = Client(self, user="x", groups=[], manager=self.name)
        self.informers = Informers(self, self.client)
        self.engine.actors["kube-apiserver"] = SimpleNamespace(context=SimpleNamespace(registry=registry()))
        self.answers = given.get("answers") or {}
        self.requests: list[dict] = []
        self.revision, self.revisions = 100, {}
        self.events: list[str] = []
        self.controller = next(cls for cls in controller_classes() if given["controller"] == cls.NAME)(self)
        recorders = getattr(self.controller, "recorders", {})
        for recorder in [getattr(self.controller, "recorder", None), *recorders.values()]:
            if recorder is not None:
                recorder.event = lambda obj, kind, reason, message, *_: self.events.append(f"{kind} {reason} {message}")
        self.objects = {}
        for number, obj in enumerate(given["objects"], 1):
            self.know(obj, number)
        for informer in self.informers.by_resource.values() if given.get("heard") else ():
            for obj in informer.items():
                for handler in [*informer.handlers, *informer.concerned(None, obj)]:
                    handler("ADDED", None, obj)

    def look(self, given: dict):
        """One look, to its end; what it came to."""
        found = getattr(self.controller, given["call"])(*given.get("args", ())) if "call" in given else self.controller.sync(given["key"])
        return self.drive(found) if hasattr(found, "send") else found

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
            if informer.resource in (kind.plural, f"{kind.plural}.{kind.group}"):
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
        body = draft(request.body) if request.body is not None else None
        meta = body["metadata"] if body and request.verb in ("create", "update") else {}
        name = request.name or meta.get("name") or meta.get("generateName", "") + "*"
        resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
        said = {"request": f"{request.verb} {resource} {name}"}
        if request.verb == "get":
            return self.tell(request, said["request"], name)
        if request.verb == "list":
            items = [obj for (resource, _), obj in self.objects.items() if resource == request.resource]
            return Response(code=200, body={"items": [obj for obj in items if obj["metadata"].get("namespace", "") == request.namespace]})
        if request.verb in ("delete", "deletecollection"):
            body = {key: value for key, value in body.items() if key not in ("kind", "apiVersion")}
        if body:
            said["body"] = {"status": body["status"]} if request.subresource == "status" and "status" in body else body
        self.requests.append(said)
        if said["request"] in self.answers:
            return Response(**self.answers[said["request"]])
        return self.write(request, name, body if isinstance(body, dict) else {})

    def write(self, request, name: str, body: dict) -> Response:
        """Grant a write, but no update of what has been written since it was read."""
        key, meta = (request.resource, name), body.get("metadata") or {}
        if request.verb == "update" and key in self.revisions and meta.get("resourceVersion", "") != self.revisions[key]:
            return Response(code=409, body={"kind": "Status", "reason": "Conflict", "message": "the object has been modified"})
        self.revisions[key] = str(self.revision)
        granted = {**body, "metadata": {"generation": 1, **meta, "name": name, "uid": f"uid-{name}", "resourceVersion": str(self.revision)}}
        self.revision += 1
        return Response(code=201 if request.verb == "create" else 200, body=granted)

    def tell(self, request, said: str, name: str) -> Response:
        """The answer to a question; what is asked for and not known is not found."""
        if said in self.answers:
            return Response(**self.answers[said])
        found = self.objects.get((request.resource, f"{request.namespace}/{name}" if request.namespace else name))
        return Response(code=200, body=found) if found else Response(code=404, body={"kind": "Status", "reason": "NotFound", "message": "x"})
