"""A Runner under a wall clock that the test moves, with all that leaves it."""
from __future__ import annotations

import msgspec

from cluster.meta.requests import Request
from cluster.store import log
from cluster.worker import sandboxes
from cluster.worker.runner import Runner

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: %s}
spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "nginx/nginx:v1"}]}
"""


class Stage:
    """One sandbox; `play(s)` lets wall time pass and ticks whenever the runner asked for it."""

    def __init__(self, name: str = "main", *, is_looked_at: bool = False):
        self.wall_s = 1000.0
        self.published: list[dict] = []
        self.delivered: list[tuple] = []
        self.sandbox = sandboxes.find(name) or sandboxes.create(name, seed=7)
        self.load(is_looked_at=is_looked_at)

    def load(self, *, is_looked_at: bool = False) -> Runner:
        """A runner from what is committed, as after a restart."""
        self.sandbox = sandboxes.find(self.sandbox.name)
        self.runner = Runner(self.sandbox, publish=self.published.append, wall=lambda: self.wall_s,
                             deliver=lambda kind, token, *rest: self.delivered.append((kind, token, *rest)))
        if is_looked_at:
            self.runner.viewers.add("viewer")
        return self.runner

    def play(self, seconds: float) -> None:
        end_s = self.wall_s + seconds
        for _ in range(10_000):
            wake_s = self.runner.tick()
            if wake_s is None or wake_s > end_s:
                self.wall_s = end_s
                return
            self.wall_s = max(self.wall_s, wake_s)
        raise AssertionError(f"the runner does not let go at wall moment {self.wall_s}")

    def settle(self) -> None:
        self.runner.settle()
        self.play(60)

    def apply(self, name: str = "web", text: str = POD) -> None:
        """What the page's Apply does."""
        text = text % name if "%s" in text else text
        self.runner.input("kubectl", {"action": "apply", "files": [{"name": "web.yaml", "text": text}]})

    def request(self, verb: str = "create", resource: str = "pods", *, name: str = "", text: str = "", token: object = "caller") -> None:
        """A request of an HTTP client."""
        request = Request(verb=verb, resource=resource, namespace="default", name=name, raw=text.encode() or None, path="/",
                          content_type="application/yaml", groups=["system:masters"], user_agent="curl/8")
        self.runner.input("request", msgspec.to_builtins(request), token=token)

    def pods(self) -> list[str]:
        return [key.rpartition("/")[2] for key, _ in self.runner.simulation.store.list("/registry/pods/default/")]

    def replies(self) -> list[tuple]:
        return [(token, response.code) for kind, token, _, response in (row for row in self.delivered if row[0] == "reply")]


def committed(sandbox) -> tuple[list, list]:
    """(the revisions, the trace) as the database has them, comparable byte for byte."""
    changes = log.changes_between(sandbox, 0, 1 << 40)
    return ([msgspec.json.encode(changes[revision]) for revision in sorted(changes)],
            [msgspec.json.encode(event) for event in log.trace_after(sandbox, 0)])
