"""kubectl as an actor: one program run a command, with the requests, the words and the exit code of the real one.

The page's Apply, Delete and Scale buttons are commands given here. What is simplified: the download of the OpenAPI
schemas, by which the real one finds out that the server checks fields itself, is left out.
Source: k8s.io/kubectl pkg/cmd/{apply,delete,scale}.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.apiserver.watch import WatchSpec
from cluster.client.client import Call, Client
from cluster.engine import Actor, Sleep
from cluster.kinds import prefix
from cluster.meta.requests import Request, Response

from . import applying, deleting, scaling
from .failures import Failure, refused, report
from .mapping import ACCEPT, PATHS, Mapping, mappings_of
from .words import command_line

KEPT_COMMANDS = 50
DISCOVERY_AGE_MS = 6 * 3_600_000  # how long the cache on the learner's disk counts
CONTEXT, CLUSTER, USER, SERVER = (
    "kubernetes-admin@kubernetes",
    "kubernetes",
    "kubernetes-admin",
    "https://k8s-api.local:6443",
)
GROUPS = ["system:masters", "system:authenticated"]
LOST = "The connection to the server {server} was refused - did you specify the right host or port?"
USER_AGENT = "kubectl/v1.36.3 (linux/amd64) kubernetes/podlife"
VERBS = {"apply": applying.apply, "delete": deleting.delete, "scale": scaling.scale}


@dataclass
class Line:
    stream: str
    text: str


@dataclass
class Command:
    """One run. code: None while it runs. request: what was asked, as it was given."""

    id: int
    line: str
    action: str
    started_ms: int
    ended_ms: int | None = None
    code: int | None = None
    lines: list[Line] = field(default_factory=list)


@dataclass
class Wait:
    """An object that a delete waits for. watcher: the id of its watch."""

    command: int
    watcher: int
    uid: str


@dataclass
class KubectlState:
    next_id: int = 1
    commands: list[Command] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    mappings: list[Mapping] = field(default_factory=list)
    discovered_ms: int = -1


class Kubectl(Actor):
    """The learner's kubectl. `run` starts a command; its output and exit code are in `state.commands`."""

    name = "kubectl"

    def __init__(self, engine):
        super().__init__(engine)
        self.state = KubectlState()
        self.client = Client(self, user=USER, groups=GROUPS, manager="kubectl")

    # -- commands ----------------------------------------------------------------------------------------------

    def run(self, command: dict) -> int:
        """Start `{action: apply|delete|scale, …}`; returns the command's id. Never raises: what is wrong is printed."""
        action = command.get("action", "")
        record = Command(self.state.next_id, command_line(command), action, self.now_ms)
        self.state.next_id += 1
        self.state.commands = [*self.state.commands[-(KEPT_COMMANDS - 1) :], record]
        self.trace("UserActed", command=record.line, action=action, id=record.id)
        self.work(Run(self, record, command).whole(), lambda code: self._finished(record.id, code))
        return record.id

    def command(self, command_id: int) -> Command | None:
        return next((one for one in self.state.commands if one.id == command_id), None)

    def print(self, command_id: int, text: str, *, stream: str = "stdout") -> None:
        """A line (or several at once) of a command's output."""
        record = self.command(command_id)
        if record is not None:
            record.lines.append(Line(stream, text))
        self.trace("KubectlPrinted", stream=stream, text=text, id=command_id)

    def _finished(self, command_id: int, code: int | None) -> None:
        """A run has ended; with code None it still waits for objects to go."""
        if code is None and any(wait.command == command_id for wait in self.state.waits):
            return
        record = self.command(command_id)
        if record is not None and record.code is None:
            record.code, record.ended_ms = code or 0, self.now_ms
            self.trace("KubectlExited", code=record.code, command=record.line, id=command_id)

    # -- waiting for objects to be gone ------------------------------------------------------------------------

    def wait_until_gone(
        self, command_id: int, mapping: Mapping, namespace: str, name: str, uid: str, revision: int
    ) -> None:
        """Watch one object until it is deleted; kept as plain data, as it may take as long as a finalizer stays."""
        kind = self.client.kinds.resource(mapping.group, mapping.plural)
        folder = prefix(kind)
        spec = WatchSpec(
            resource=f"{mapping.plural}.{mapping.group}" if kind.custom else mapping.plural,
            prefix=f"{folder}/{namespace}/" if namespace else f"{folder}/",
            field_selector=f"metadata.name={name}",
        )
        watcher = self.client.server.watch(self, "deliver", spec, revision)
        self.state.waits.append(Wait(command_id, watcher, uid))

    def watch_closed(self, watcher_id: int) -> None:
        """The server is gone in the middle of a delete that waits: it cannot be waited for, and the program says so."""
        for wait in [one for one in self.state.waits if one.watcher == watcher_id]:
            self.state.waits.remove(wait)
            record = self.command(wait.command)
            if record is not None and record.code is None:
                self.print(wait.command, LOST.format(server=SERVER.partition("//")[2]), stream="stderr")
                self._finished(wait.command, 1)

    def deliver(self, watcher_id: int, batch: list) -> None:
        """News of an object that a delete waits for."""
        wait = next((one for one in self.state.waits if one.watcher == watcher_id), None)
        if wait is None:
            return
        for kind, obj, cause in batch:
            if obj["metadata"].get("uid") != wait.uid or kind == "DELETED":
                self.client.server.unwatch(watcher_id)
                self.state.waits.remove(wait)
                self.engine.cause = cause
                self._finished(wait.command, None)
                return


class Run:
    """One run of the program: what its parts share. The parts are generators that yield calls."""

    def __init__(self, actor: Kubectl, record: Command, command: dict):
        self.actor, self.record, self.command = actor, record, command
        self.namespace = command.get("namespace") or "default"
        self.enforces_namespace = bool(command.get("namespace"))
        self.failures: list[Failure] = []
        self.undecoded: list[Failure] = []
        self.rediscovered = False
        self.waits = False

    def whole(self) -> Iterator:
        """The program from its start to its end; returns the exit code, or None while it waits for deletions."""
        yield Sleep(self.actor.latency("kubectl_start"))
        self.actor.trace("KubeconfigRead", context=CONTEXT, cluster=CLUSTER, user=USER, server=SERVER)
        verb = VERBS.get(self.record.action)
        if verb is None:
            self.fail(Failure(f'unknown command "{self.record.action}" for "kubectl"'))
        else:
            yield from verb(self)
        if self.failures or self.undecoded:
            self.print(report(self.failures, self.undecoded), stream="stderr")
            return 1
        return None if self.waits else 0

    def print(self, text: str, *, stream: str = "stdout") -> None:
        self.actor.print(self.record.id, text, stream=stream)

    def warn(self, text: str) -> None:
        self.print(f"Warning: {text}", stream="stderr")

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)

    # -- requests ----------------------------------------------------------------------------------------------

    def call(
        self,
        verb: str,
        mapping: Mapping,
        namespace: str,
        name: str = "",
        *,
        raw: str | None = None,
        content_type: str = "application/json",
        subresource: str = "",
        options: dict[str, str] | None = None,
    ) -> Call:
        """A request as the program sends it: over HTTP, its body undecoded."""
        return Call(
            self.actor.client,
            Request(
                verb=verb,
                resource=mapping.plural,
                group=mapping.group,
                version=mapping.version,
                namespace=namespace,
                name=name,
                subresource=subresource,
                raw=None if raw is None else raw.encode(),
                content_type=content_type,
                options=options or {},
                user=USER,
                groups=GROUPS,
                user_agent=USER_AGENT,
            ),
        )

    def refusal(self, response: Response, verb: str = "", source: str = "") -> Failure:
        return refused(response, verb, source, server=SERVER)

    def show_warnings(self, response: Response) -> None:
        for warning in response.warnings:
            self.warn(warning)

    # -- discovery ---------------------------------------------------------------------------------------------

    def mapping(self, find: Any) -> Iterator:
        """The mapping that `find(mappings)` picks, asking the server where the cache is old or does not have it."""
        state = self.actor.state
        is_fresh = state.discovered_ms >= 0 and self.actor.now_ms - state.discovered_ms < DISCOVERY_AGE_MS
        if not is_fresh:
            yield from self._discover()
        found = find(state.mappings)
        if found is None and is_fresh and not self.rediscovered:
            yield from self._discover()
            found = find(state.mappings)
        return found

    def _discover(self) -> Iterator:
        self.rediscovered = True
        answers = yield [
            Call(
                self.actor.client,
                Request(verb="raw", path=path, accept=ACCEPT, user=USER, groups=GROUPS, user_agent=USER_AGENT),
            )
            for path in PATHS
        ]
        state = self.actor.state
        if not all(answer.ok for answer in answers):
            raise_for = next(answer for answer in answers if not answer.ok)
            state.discovered_ms, state.mappings = -1, []
            self.unreachable = self.refusal(raise_for)
            return
        state.mappings = [one for answer in answers for one in mappings_of(answer.body)]
        state.discovered_ms = self.actor.now_ms
        self.actor.trace(
            "ApiDiscovered", resources=len(state.mappings), groups=len({one.group for one in state.mappings})
        )

    unreachable: Failure | None = None
