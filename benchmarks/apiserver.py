"""The API server's pipeline in process: requests a second of one component, without engine events, watchers or trace."""
from __future__ import annotations

from collections.abc import Callable

from cluster.apiserver import pipeline
from cluster.meta.requests import Request, Response
from cluster.worker.simulation import Simulation, settings_for

from .measure import Figure, middle, spent_by

REQUESTS = 500
LISTS = 50
WHO = {"user": "system:node:k8snode1", "groups": ["system:nodes", "system:authenticated"], "user_agent": "kubelet/v1.36.3",
       "version": "v1", "namespace": "default"}
READY = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T09:00:05Z"}],
                    "$setElementOrder/conditions": [{"type": "Ready"}], "podIPs": [{"ip": "10.244.0.9"}], "podIP": "10.244.0.9"}}


class Door:
    """A booted cluster's API server, asked directly."""

    def __init__(self):
        self.server = Simulation(settings_for("learner"), trace=False).boot().server

    def ask(self, verb: str, name: str = "", **parts) -> Response:
        options = {"fieldManager": "kubelet"} if verb in ("create", "update", "patch") else {}
        request = Request(verb=verb, resource="pods", name=name, options=options, **{**WHO, **parts})
        context = self.server.context.enter(request, False)
        if verb in ("get", "list"):
            response = pipeline.read(request, context)
        else:
            result = pipeline.arrive(request, context)
            response = result if isinstance(result, Response) else pipeline.commit(result, context)
        if not response.ok:
            raise RuntimeError(f"{verb} {name}: {response.message}")
        return response


def pod(number: int) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"web-{number}", "namespace": "default", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "nginx/nginx:v1"}]}}


def run(runs: int) -> list[Figure]:
    rows: dict[str, list] = {}
    for _ in range(runs):
        for name, (count, spent) in _requests(Door()).items():
            rows.setdefault(name, [count]).append(spent)
    return [Figure(name, count / middle(spent).cpu_s, "requests/s") for name, (count, *spent) in rows.items()]


def _requests(door: Door) -> dict[str, tuple]:
    """{name: (requests, what they took)}, each sort on the same Pods."""
    names = [f"web-{number}" for number in range(REQUESTS)]

    def each(work: Callable[[int, str], object]) -> tuple:
        return REQUESTS, spent_by(lambda: [work(number, name) for number, name in enumerate(names)])

    def labelled(name: str) -> dict:
        found = door.ask("get", name).body
        return {**found, "metadata": {**found["metadata"], "labels": {"app": "web", "tier": "front"}}}

    patch = {"body": READY, "subresource": "status", "content_type": "application/strategic-merge-patch+json"}
    return {
        "create a Pod": each(lambda number, _: door.ask("create", body=pod(number))),
        "patch a Pod's status": each(lambda _, name: door.ask("patch", name, **patch)),
        "get and update a Pod": each(lambda _, name: door.ask("update", name, body=labelled(name))),
        "get a Pod": each(lambda _, name: door.ask("get", name)),
        f"list {REQUESTS} Pods": (LISTS, spent_by(lambda: [door.ask("list") for _ in range(LISTS)])),
    }
