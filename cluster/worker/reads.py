"""What HTTP clients read, on its way into the picture: which reads are drawn, and the facts that draw them.

A read changes nothing and is answered at once, outside the flow of events. So that the page can show it all the same, what it
looked like (who asked, which gates it passed, what was answered) is journaled as an input `read` that leaves these facts and
nothing else: no event, no chance, no request number. Who asks without end is folded: see Attention.
"""
from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

from cluster.meta.requests import Request, agent_of

from .sandboxes import context_name

PAUSE_S = 3.0            # a client that was silent for so long begins anew
REPEAT_S = 10.0          # the same question within this time of the last is asked again
MOST_REPEATS = 5
MOST_OF_A_BURST = 12
MOST_KEPT = 1000
MOST_RUNS = 50
STEP, DETAIL, OFTEN = "step", "detail", "often"
SELECTORS = ("fieldSelector", "labelSelector", "container", "previous")
SERVER = "kube-apiserver"


class Reader(NamedTuple):
    """Who reads. sender: what the trace calls it. run: one command of kubectl, "" for others. is_silent: a shell's completion.

    is_here: in the page's terminal, where what is typed is stepped like what is pressed.
    """

    sender: str
    agent: str
    run: str = ""
    is_silent: bool = False
    is_here: bool = False


def reader_of(headers: dict[str, str], *, is_here: bool = False) -> Reader:
    """Who sent a request. Source: k8s.io/cli-runtime pkg/genericclioptions/command_headers.go (Kubectl-Command, Kubectl-Session)."""
    agent = agent_of(headers.get("user-agent", ""))
    sender = "kubectl" if agent == "kubectl" else "client"
    return Reader(sender, agent, headers.get("kubectl-session", "")[:64], "__complete" in headers.get("kubectl-command", ""), is_here)


@dataclass
class _Count:
    """How often something was heard, and when last (wall seconds)."""

    number: int = 0
    last_s: float = float("-inf")

    def heard(self, wall_s: float, memory_s: float) -> int:
        """Count once more; what is longer ago than `memory_s` is forgotten."""
        self.number = self.number + 1 if wall_s - self.last_s <= memory_s else 1
        self.last_s = wall_s
        return self.number


class Attention:
    """Decides how a read is drawn, from wall moments that come in as arguments.

    All questions about the API itself are one step a run of kubectl, or a burst of another client. The same question is drawn
    five times; the sixth says that it is asked again and again, and what follows is not drawn until it has been silent for
    10 s. A run or a burst is drawn up to 12 reads, a burst of a client that is not kubectl as one step with details.
    """

    def __init__(self):
        self.bursts: dict[str, _Count] = {}
        self.questions: dict[tuple, _Count] = {}
        self.runs: deque[str] = deque(maxlen=MOST_RUNS)

    def is_new(self, reader: Reader) -> bool:
        """Whether this is the first that is drawn of a run of kubectl."""
        if not reader.run or reader.run in self.runs:
            return False
        self.runs.append(reader.run)
        return True

    def pay(self, reader: Reader, request: Request, wall_s: float) -> str:
        """"step", "detail", "often" (a step: the last that is drawn), or "": not drawn."""
        if reader.is_silent:
            return ""
        burst, question = self.bursts.setdefault(reader.run or reader.agent, _Count()), self._question(reader, request)
        is_pause = wall_s - burst.last_s > PAUSE_S
        times = question.heard(wall_s, REPEAT_S)
        most = 0 if request.verb == "raw" else MOST_REPEATS
        if times > most + 1:
            burst.last_s = wall_s
            return ""
        drawn = burst.heard(wall_s, PAUSE_S)
        if drawn > MOST_OF_A_BURST:
            return ""
        if drawn == MOST_OF_A_BURST or times == MOST_REPEATS + 1:
            return OFTEN
        return STEP if reader.sender == "kubectl" or is_pause or request.verb == "watch" else DETAIL

    def _question(self, reader: Reader, request: Request) -> _Count:
        if len(self.questions) >= MOST_KEPT:
            self.questions.clear()
        if len(self.bursts) >= MOST_KEPT:
            self.bursts = {who: count for who, count in self.bursts.items() if who in (reader.run, reader.agent)}
        if request.verb == "raw":
            key: tuple = (reader.run or reader.agent, "raw")
        else:
            about = tuple(request.options.get(name, "") for name in SELECTORS)
            key = (reader.agent, request.verb, request.path, request.options.get("Impersonate-User", ""), *about)
        return self.questions.setdefault(key, _Count())


class Drawing:
    """One read on its way into the picture. heard: where the API server's facts about it are collected; None: it is not drawn."""

    def __init__(self, runner, request: Request, asked: dict, how: str | None = None):
        self.runner, self.simulation, self.request = runner, runner.simulation, request
        headers = asked["headers"]
        self.reader, self.host = reader_of(headers, is_here=bool(asked.get("terminal"))), headers.get("host", "")[:80]
        self.how = how or (runner.attention.pay(self.reader, request, runner.wall()) if self._is_running else "")
        self.heard: list[list] | None = [] if self.how else None
        self.waits_for_news = bool(self.how)

    @property
    def _is_running(self) -> bool:
        return self.runner.sandbox.mode != "stopped" and self.runner.simulation is self.simulation

    def answered(self, code: int) -> None:
        """The answer has left: note what led to it."""
        if self.how and self._is_running:
            note(self.runner, self.facts(code), waits=self.reader.is_here)

    def facts(self, code: int) -> list[list]:
        """[actor, kind, subject, data] of each fact, in order. The picture's clock stands still meanwhile, so its times lie before now."""
        request, now_ms = self.request, self.runner.engine.now_ms
        heard = self.heard or []
        who = next((data["user"] for kind, _, data in heard if kind == "RequestAuthenticated"), request.user)
        via = next((data["node"] for kind, _, data in heard if kind == "ReadServed" and "node" in data), "")
        sent = {"verb": request.verb, "resource": request.resource, "subresource": request.subresource, "path": request.path, "user": who,
                "from": self.reader.sender, "to": SERVER, "sent_ms": now_ms - 6, "due_ms": now_ms - 4, "code": code}
        reply = {"code": code, "verb": request.verb, "from": SERVER, "to": self.reader.sender, "sent_ms": now_ms - 2, "due_ms": now_ms}
        facts = [[self.reader.sender, "RequestSent", _subject(request), {**sent, **({"via": f"kubelet/{via}"} if via else {})}]]
        facts += [[SERVER, kind, subject, data] for kind, subject, data in heard]
        facts.append([SERVER, "ReplySent", _subject(request), reply])
        return self.kubeconfig() + [[actor, kind, subject, {**data, **self._marks()}] for actor, kind, subject, data in facts]

    def kubeconfig(self) -> list[list]:
        """What a run of kubectl read first: the sandbox's own kubeconfig, as nothing else leads here."""
        if not self.runner.attention.is_new(self.reader):
            return []
        name = context_name(self.runner.sandbox.name)
        return [["kubectl", "KubeconfigRead", "", {"context": name, "cluster": name, "server": f"http://{self.host}/k8s/…",
                                                    "user": self.request.user, "detail": True}]]

    @property
    def _is_aside(self) -> bool:
        """Whether somebody is stepping through something else: then it is a detail of that, so that steps are the learner's own."""
        runner, reader = self.runner, self.reader
        return runner.sandbox.mode == "held" and not reader.is_here and not (reader.sender == "kubectl" and runner.engine.is_settled)

    def _marks(self) -> dict[str, Any]:
        marks: dict[str, Any] = {"detail": True} if self.how == DETAIL or self._is_aside else {}
        if self.how == OFTEN:
            marks["often"] = True
        return marks if self.reader.sender == "kubectl" else {**marks, "agent": self.reader.agent}

    # -- what goes on after the answer --------------------------------------------------------------------------------

    def news(self, kind: str, obj: dict) -> None:
        """An event of a watch has left: the first one is drawn, those that follow come the same way."""
        if not self.waits_for_news or kind == "BOOKMARK":
            return
        self.waits_for_news = False
        meta = obj.get("metadata") or {}
        subject = f"{self.request.resource}/{meta.get('namespace', '')}/{meta.get('name', '')}"
        self._later("WatchDelivered", subject, {"type": kind, "revision": int(meta.get("resourceVersion") or 0), "to": self.reader.sender})

    def ended(self) -> None:
        """A watch or a followed log is over."""
        self._later("StreamEnded", _subject(self.request), {"verb": self.request.verb, "resource": self.request.resource, "from": self.reader.sender})

    def _later(self, kind: str, subject: str, data: dict[str, Any]) -> None:
        if self.how in (STEP, DETAIL) and self._is_running:
            note(self.runner, [[self.reader.sender, kind, subject, {**data, **self._marks()}]], waits=self.reader.is_here)


def note_run(runner, request: Request, asked: dict) -> None:
    """Before a write: what a run of kubectl read first, if it has read nothing of the API."""
    drawing = Drawing(runner, request, asked, how=DETAIL)
    facts = [] if drawing.reader.is_silent else drawing.kubeconfig()
    if facts and runner.sandbox.mode != "stopped":
        note(runner, facts, waits=drawing.reader.is_here)


def note(runner, facts: list[list], *, waits: bool) -> None:
    """Journal what a client has read, so that it is drawn.

    Held, it waits to be stepped if it was typed in the page. What is read elsewhere is shown at once where there is nothing
    to step to, else with the next step.
    """
    is_held = runner.sandbox.mode == "held" and not waits and not runner.steps_left
    is_level = is_held and runner.engine.is_settled and not runner.display.has_step
    data = {"facts": facts}
    runner.journal("read", data)
    runner.simulation.apply("read", data)
    runner.collect()
    runner.state_changed = True   # there is something to step to, or to show
    if is_level:
        runner.display.show_all()


def _subject(request: Request) -> str:
    return f"{request.resource}/{request.namespace}/{request.name}" if request.resource else ""
