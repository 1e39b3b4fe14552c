"""The control plane's part of the picture: gates, etcd's drum, the scheduler, kubectl and its terminal."""
from __future__ import annotations

from itertools import islice

from cluster.engine import TraceEvent

from .decisions import Deciding, both

Set = list[list]
GATES = ("authn", "authz", "defaults", "validation", "store")
DRUM_ROWS = 6
TERMINAL_LINES = 400
QUEUE_ROWS = 6
MOST_DECISIONS = 300  # in the picture; those of earlier Pods are seen where time is taken back to them


class ControlPictures:
    """Keeps the cells of components, gates, scheduling, decisions and terminal."""

    def __init__(self):
        self.gates: dict[str, dict] = {name: idle() for name in GATES}
        self.request = 0
        self.etcd = {"off": False, "revision": 0, "rows": [], "others": 0}
        self.api = {"off": False, "request": None, "cache_revision": 0}
        self.queue: dict[str, dict] = {}
        self.deciding: Deciding | None = None
        self.is_stamped = False                  # whether the nodes show what was decided
        self.decided_pods: dict[str, None] = {}  # whose decisions are in the picture, the oldest first
        self.terminal: list[dict] = []
        self.kubectl = {"off": False, "lines": []}
        self.processes: dict[str, dict] = {}   # the components that have nothing but a switch and perhaps a Lease

    # -- kube-apiserver ---------------------------------------------------------------------------------------------

    def begin_request(self, event: TraceEvent, label: str) -> Set:
        """A request is on its way: all gates idle, the request line says what comes."""
        self.request = event.data["request"]
        self.gates = {name: idle() for name in GATES}
        self.api = {**self.api, "request": label}
        return [*self._all_gates(), ["components", "kube-apiserver", self.api]]

    def gate(self, name: str, state: str, note: dict | None = None) -> Set:
        """One gate's state; what was `now` before has been passed."""
        changed: Set = []
        for other, cell in self.gates.items():
            if cell["state"] == "now" and other != name:
                self.gates[other] = {**cell, "state": "passed"}
                changed.append(["gates", other, self.gates[other]])
        self.gates[name] = {"state": state, "note": note}
        return [*changed, ["gates", name, self.gates[name]]]

    def skip(self, *names: str) -> Set:
        return [cell for name in names for cell in self.gate(name, "skipped")]

    def end_request(self) -> Set:
        changed: Set = []
        for name, cell in self.gates.items():
            if cell["state"] == "now":
                self.gates[name] = {**cell, "state": "passed"}
                changed.append(["gates", name, self.gates[name]])
        self.api = {**self.api, "request": None}
        return [*changed, ["components", "kube-apiserver", self.api]]

    def _all_gates(self) -> Set:
        return [["gates", name, cell] for name, cell in self.gates.items()]

    # -- etcd ---------------------------------------------------------------------------------------------------------

    def written(self, revision: int, key: str, subject: str, *, quiet: bool) -> Set:
        """A key has a new revision; Events and Leases are counted, not listed."""
        etcd = {**self.etcd, "revision": revision}
        if quiet:
            etcd["others"] += 1
        else:
            etcd["rows"] = [{"revision": revision, "key": key, "subject": subject}, *etcd["rows"]][:DRUM_ROWS]
            etcd["others"] = 0
        self.etcd = etcd
        self.api = {**self.api, "cache_revision": revision}
        return [["components", "etcd", etcd], ["components", "kube-apiserver", self.api]]

    def switched(self, name: str, since_ms: int | None) -> Set:
        """A component was switched off, at that moment, or on (None)."""
        state = {"off": since_ms is not None, "since_ms": since_ms}
        if name == "kube-apiserver":
            self.api, self.gates = {**self.api, **state, "request": None}, {gate: idle() for gate in GATES}
            return [["components", name, self.api], *self._all_gates()]
        if name == "etcd":
            self.etcd = {**self.etcd, **state}
            return [["components", name, self.etcd]]
        return self.process(name, **state, **({"lease": None} if name in self.processes and since_ms is not None else {}))

    def process(self, name: str, **changes) -> Set:
        """What is known of another component has changed."""
        self.processes[name] = {**(self.processes.get(name) or {"off": False}), **changes}
        return [["components", name, self.processes[name]]]

    # -- kube-scheduler ---------------------------------------------------------------------------------------------------

    def queued(self, subject: str, word: str) -> Set:
        self.queue.pop(subject, None)
        self.queue[subject] = {"pod": subject, "name": subject.rpartition("/")[2], "word": word, "words": WORDS.get(word, both(word, word))}
        return self._queue()

    def unqueued(self, subject: str) -> Set:
        self.queue.pop(subject, None)
        return self._queue()

    def _queue(self) -> Set:
        return [["scheduling", "queue", list(islice(self.queue.values(), QUEUE_ROWS))]]

    def begin_decision(self, subject: str, seq: int) -> Set:
        """A Pod's turn: its decision takes the place of its earlier one, and of the oldest where there are many."""
        self.deciding, self.is_stamped = Deciding(subject, seq), True
        self.decided_pods.pop(subject, None)
        self.decided_pods[subject] = None
        forgotten = next(iter(self.decided_pods)) if len(self.decided_pods) > MOST_DECISIONS else None
        self.decided_pods.pop(forgotten, None)
        return [*self.queued(subject, "filtering"), *self._decided(), *([["decisions", forgotten, None]] if forgotten else [])]

    def filtered(self, rows: list[dict], plugins: tuple[str, ...]) -> Set:
        """Verdicts of the filters."""
        if self.deciding is None:
            return []
        self.deciding.plugins = tuple(dict.fromkeys([*self.deciding.plugins, *plugins]))
        self.deciding.filtered.update((row["node"], row) for row in rows)
        return self._decided()

    def scored(self, rows: list[dict]) -> Set:
        if self.deciding is None:
            return []
        self.deciding.scored.update((row["node"], row) for row in rows)
        return self._decided()

    def chosen(self, subject: str, node: str, *, ties: int = 1) -> Set:
        if self.deciding is not None:
            self.deciding.chosen = node
            if ties > 1:
                self.deciding.remarks.append(both(f"{ties} nodes have the best score: the choice among them is by lot.",
                                                  f"{ties} 个节点同为最高分：在其中抽签选定。"))  # fmt: skip
        return [*self.queued(subject, "binding"), *self._decided()]

    def refused(self, subject: str, message: str) -> Set:
        if self.deciding is not None:
            self.deciding.remarks.append(both(message, message))
        return [*self.queued(subject, "unschedulable"), *self._decided()]

    def unstamped(self) -> Set:
        """The stamps of the latest decision have been seen."""
        if not self.is_stamped:
            return []
        self.is_stamped = False
        return [["scheduling", "stamps", None]]

    def decided(self, subject: str) -> Set:
        """The binding is stored: stamps go, the Pod leaves the queue."""
        return [*self.unqueued(subject), *self.unstamped()]

    def _decided(self) -> Set:
        if self.deciding is None:
            return []
        return [["decisions", self.deciding.pod, self.deciding.cell()],
                ["scheduling", "stamps", self.deciding.stamps() if self.is_stamped else None]]

    # -- kubectl ------------------------------------------------------------------------------------------------------------

    def printed(self, stream: str, text: str) -> Set:
        fresh = [{"stream": stream, "text": line} for line in text.rstrip("\n").split("\n")]
        self.terminal = [*self.terminal, *fresh][-TERMINAL_LINES:]
        return [["terminal", "lines", self.terminal]]

    @property
    def who(self) -> str:
        """The client that was heard last, "" for kubectl."""
        return self.kubectl.get("who", "")

    def says(self, *lines: dict | str, who: str = "") -> Set:
        """What a client does now. who: its name, if it is not kubectl."""
        self.kubectl = {"off": False, "lines": list(lines), **({"who": who} if who else {})}
        return [["components", "kubectl", self.kubectl]]


WORDS = {
    "waiting": {"en": "waiting", "zh": "等待"}, "filtering": {"en": "filtering", "zh": "过滤中"}, "scoring": {"en": "scoring", "zh": "打分中"},
    "binding": {"en": "binding", "zh": "绑定中"}, "unschedulable": {"en": "no fit", "zh": "无处可去"}, "backoff": {"en": "back-off", "zh": "退避中"},
}


def idle() -> dict:
    return {"state": "idle", "note": None}

