"""A server for answers.Player without HTTP or engine: requests go straight through the API server's rules.

It stands in for the few things that controllers do in the recorded cluster and that cases rely on: a namespace's
ServiceAccount and CA bundle, the end of deleted namespaces, and the first count of a quota or of a disruption budget.
"""
from __future__ import annotations

import json
from types import SimpleNamespace
from urllib.parse import quote

from cluster.apiserver import http, pipeline
from cluster.apiserver.context import Context
from cluster.engine.clock import Clock
from cluster.engine.rng import Streams
from cluster.kinds import _crd_names, _quota, poddisruptionbudget
from cluster.kinds.customresourcedefinition import CLEANUP
from cluster.kinds.pod import is_ready
from cluster.meta.requests import Request, Response
from cluster.store.memory import Store
from cluster.worker import bootstrap_services
from cluster.worker.bootstrap import rbac_objects

KEPT_HEADERS = ("Content-Type", "Warning", "Allow")
SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
ADMIN = {"user": "kubernetes-admin", "groups": ["system:masters"], "user_agent": "kube-controller-manager/v1.36.3"}
WATCH_LIMIT = 1000


class InProcess:
    """What wire.Server is for a real server: send() one request, get its reply."""

    def __init__(self, *, seed: int = 1):
        self.store = Store()
        self.now_ms, self.enforces_rbac = 0, True
        self.events: list[tuple[str, str, dict]] = []
        self.engine = SimpleNamespace(clock=Clock(), rng=Streams(seed), trace=SimpleNamespace(on=True))
        self.context = Context(self)
        stamp, uid = self.engine.clock.text(0), self.engine.rng("bootstrap").uuid
        for key, obj in rbac_objects(stamp, uid) + bootstrap_services.objects(stamp, uid):
            self.store.put(key, obj)
        for name in SYSTEM_NAMESPACES:
            self.ask("create", "namespaces", body={"metadata": {"name": name}})
            self.furnish(name)

    def trace(self, kind: str, subject: str = "", **data) -> int:
        self.events.append((kind, subject, data))
        return len(self.events)

    # -- as a component ------------------------------------------------------------------------------------------------

    def ask(self, verb: str, resource: str, **parts) -> Response:
        """One request of a component."""
        return self.run(Request(verb=verb, resource=resource, **{**ADMIN, **parts}))

    def run(self, request: Request) -> Response:
        self.now_ms += 5
        context = self.context.enter(request, False)
        if pipeline.is_read(request, context):
            return pipeline.read(request, context)
        result = pipeline.arrive(request, context)
        response = result if isinstance(result, Response) else pipeline.commit(result, context)
        if request.path:
            self.react(request, response)
        return response

    def react(self, request: Request, response: Response) -> None:
        """What controllers would do about Namespaces, quotas and CustomResourceDefinitions."""
        if request.resource == "customresourcedefinitions" and response.ok and "dryRun" not in request.options:
            self.define(response.body["metadata"]["name"] if request.verb == "create" else request.name)
        if request.resource == "resourcequotas" and request.verb == "create" and response.ok and "dryRun" not in request.options:
            self.count(response.body)
        if request.resource == "poddisruptionbudgets" and request.verb == "create" and response.ok and "dryRun" not in request.options:
            self.count_budget(response.body)
        if request.resource != "namespaces" or not response.ok or "dryRun" in request.options:
            return
        if request.verb == "create":
            self.furnish(response.body["metadata"]["name"])
        if request.verb == "delete":
            self.empty(request.name)

    def count(self, quota: dict) -> None:
        """The first status of a quota in an empty namespace."""
        meta = quota["metadata"]
        self.ask("update", "resourcequotas", namespace=meta["namespace"], name=meta["name"], subresource="status",
                 body={**quota, "status": _quota.recounted(quota, [], "")})

    def count_budget(self, budget: dict) -> None:
        """The first status of a budget whose minAvailable is a number."""
        meta, least = budget["metadata"], budget["spec"].get("minAvailable")
        pods = [stored.value for _, stored in self.store.list(f"/registry/pods/{meta['namespace']}/")]
        pods = [pod for pod in pods if poddisruptionbudget.selects(budget, pod)]
        if isinstance(least, int):
            status = poddisruptionbudget.counted(budget, healthy=sum(map(is_ready, pods)), desired=least, expected=len(pods), disrupted={},
                                                 now=self.engine.clock.text(self.now_ms))
            self.ask("update", "poddisruptionbudgets", group="policy", namespace=meta["namespace"], name=meta["name"], subresource="status",
                     body={**budget, "status": status})

    def define(self, name: str) -> None:
        """Accept a definition's names and serve it; end a deleted one."""
        stored = self.store.get(f"/registry/apiextensions.k8s.io/customresourcedefinitions/{name}")
        if stored is None:
            return
        crd, stamp = stored.value, self.engine.clock.text(self.now_ms)
        if crd["metadata"].get("deletionTimestamp"):
            self.ask("deletecollection", crd["spec"]["names"]["plural"], group=crd["spec"]["group"], body={})
            self.ask("update", "customresourcedefinitions", group="apiextensions.k8s.io", name=name, subresource="status",
                     body={**crd, "metadata": {**crd["metadata"], "finalizers": [one for one in crd["metadata"]["finalizers"] if one != CLEANUP]}})
            return
        names, reason, message = _crd_names.accepted(crd, [])
        crd = {**crd, "status": {**crd["status"], "acceptedNames": names, "conditions": _crd_names.conditions(crd, reason, message, stamp)}}
        crd["status"] = {**crd["status"], "conditions": _crd_names.established(crd, stamp)}
        self.ask("update", "customresourcedefinitions", group="apiextensions.k8s.io", name=name, subresource="status", body=crd)

    def furnish(self, namespace: str) -> None:
        self.ask("create", "serviceaccounts", namespace=namespace, body={"metadata": {"name": "default"}})
        self.ask("create", "configmaps", namespace=namespace, body={"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": "x"}})

    def empty(self, namespace: str) -> None:
        """End a namespace whose own content carries no finalizers."""
        for kind in self.context.registry.stored:
            if kind.namespaced and "deletecollection" in kind.verbs:
                self.ask("deletecollection", kind.plural, group=kind.group, namespace=namespace,
                         body={"gracePeriodSeconds": 0})
        held = [key for folder in sorted(self.store.folders) for key, _ in self.store.list(folder) if f"/{namespace}/" in key]
        stored = self.store.get(f"/registry/namespaces/{namespace}")
        if stored and not held:
            meta = {key: value for key, value in stored.value["metadata"].items() if key != "resourceVersion"}
            self.ask("update", "namespaces", name=namespace, subresource="finalize", body={"metadata": meta, "spec": {}})

    # -- as wire.Server ------------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, *, query: dict | None = None, headers: dict | None = None,
             body: object = None, text: str | None = None, timeout_s: float = 60):
        """The reply to one HTTP request, as wire.Server would read it."""
        from wire import Reply
        payload = text.encode() if text is not None else None if body is None else json.dumps(body).encode()
        sent = {"Accept": "application/json", "User-Agent": "answers/1"}
        sent |= {"Content-Type": "application/json"} if payload is not None else {}
        sent |= headers or {}
        request = http.parse(method, quote(path, safe="/:@$&+,;=~%"), query or {}, sent, payload or b"")
        if request.verb == "watch":
            code, found, raw = self.watch(request)
        else:
            code, found, raw = http.render(self.run(request), request.accept)
        return Reply(code, kept(found), parsed(raw, many=bool(query and query.get("watch"))))

    def watch(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        """A watch that ends at once: what has been written since its revision, and the present for revision 0."""
        from cluster.apiserver.watch import Watcher, WatchSpec, fold
        spec = pipeline.watch(request, self.context.enter(request, False))
        if isinstance(spec, Response):
            return http.render(spec, request.accept)
        matches = pipeline.matcher(spec.resource, spec.label_selector, spec.field_selector, self.context.registry)
        watcher = Watcher(1, WatchSpec(resource=spec.resource, prefix=spec.prefix), matches)
        if spec.send_initial_events or spec.resource_version == "0":
            events = [("ADDED", stored.value) for _, stored in self.store.list(spec.prefix) if not matches or matches(stored.value)]
        elif spec.resource_version:
            events = fold(self.store.since(spec.prefix, int(spec.resource_version)), watcher)
        else:
            events = []
        lines = [http.watch_event(kind, obj, request, self.context) for kind, obj in events[:WATCH_LIMIT]]
        return 200, spec.headers, b"".join(lines)


def kept(headers: list[tuple[str, str]]) -> dict:
    """The headers that cases compare."""
    found = {}
    for name in KEPT_HEADERS:
        values = [value for key, value in headers if key == name]
        if values:
            found[name] = sorted(values) if name == "Warning" else values[0]
    return found


def parsed(raw: bytes, *, many: bool) -> object:
    text = raw.decode("utf-8", "replace")
    try:
        if many and text.lstrip().startswith('{"type"'):
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return json.loads(text)
    except ValueError:
        return text
