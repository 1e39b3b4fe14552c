"""The control plane's part of the picture: gates, etcd's drum, the scheduler, kubectl and its terminal."""
from __future__ import annotations

from cluster.engine import TraceEvent

Set = list[list]
GATES = ("authn", "authz", "defaults", "validation", "store")
DRUM_ROWS = 6
TERMINAL_LINES = 400
QUEUE_ROWS = 6


class ControlPictures:
    """Keeps the cells of components, gates, scheduling, decisions and terminal."""

    def __init__(self):
        self.gates: dict[str, dict] = {name: idle() for name in GATES}
        self.request = 0
        self.etcd = {"off": False, "revision": 0, "rows": [], "others": 0}
        self.api = {"off": False, "request": None, "cache_revision": 0}
        self.queue: list[dict] = []
        self.stamps: dict | None = None
        self.decision: dict | None = None
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
        name = subject.rpartition("/")[2]
        rows = [row for row in self.queue if row["pod"] != subject]
        self.queue = [*rows, {"pod": subject, "name": name, "word": word, "words": WORDS.get(word, {"en": word, "zh": word})}]
        return self._queue()

    def unqueued(self, subject: str) -> Set:
        self.queue = [row for row in self.queue if row["pod"] != subject]
        return self._queue()

    def _queue(self) -> Set:
        return [["scheduling", "queue", self.queue[:QUEUE_ROWS]]]

    def begin_decision(self, subject: str, seq: int) -> Set:
        self.decision = {"pod": subject, "seq": seq, "filters": [], "scores": [], "totals": {}, "chosen": None, "notes": []}
        self.stamps = {"pod": subject, "nodes": {}}
        return [*self.queued(subject, "filtering"), *self._decided()]

    def filtered(self, rows: list[dict], plugins: tuple[str, ...]) -> Set:
        """Verdicts of the filters: those before the failing one passed, those after it were not asked."""
        decision = self.decision
        tables = {table["plugin"]: table for table in decision["filters"]}
        for plugin in plugins:
            if plugin not in tables:
                tables[plugin] = {"plugin": plugin, "verdicts": {}}
                decision["filters"].append(tables[plugin])
            tables[plugin]["verdicts"].update({row["node"]: "pass" if row["passed"] else verdict(row, plugin, plugins) for row in rows})
        for row in rows:
            if not row["passed"]:
                decision["notes"].append({"en": f"{row['node']}: {row['reason']}", "zh": f"{row['node']}：{row['reason']}"})
            self._stamp(row)
        return self._decided()

    def _stamp(self, row: dict) -> None:
        text = {"en": "passes every filter", "zh": "通过所有过滤"} if row["passed"] else {"en": row["plugin"], "zh": row["plugin"]}
        self.stamps["nodes"][row["node"]] = {"ok": row["passed"], "text": text, "score": None, "best": False}

    def scored(self, rows: list[dict]) -> Set:
        decision, nodes = self.decision, self.stamps["nodes"]
        tables = {table["plugin"]: table for table in decision["scores"]}
        for row in rows:
            decision["totals"][row["node"]] = row["total"]
            for plugin, (raw, normalised, weight, weighted) in row["scores"].items():
                table = tables.get(plugin)
                if table is None:
                    table = tables[plugin] = {"plugin": plugin, "weight": weight, "values": {}, "parts": {}}
                    decision["scores"].append(table)
                table["values"][row["node"]] = weighted
                table["parts"][row["node"]] = [raw, normalised]
            if row["node"] in nodes:
                nodes[row["node"]] = {**nodes[row["node"]], "score": row["total"]}
        best = max(decision["totals"].values(), default=0)
        for name, stamp in nodes.items():
            nodes[name] = {**stamp, "best": stamp.get("score") is not None and stamp["score"] == best}
        return self._decided()

    def chosen(self, subject: str, node: str, *, ties: int = 1) -> Set:
        if self.decision is not None:
            self.decision["chosen"] = node
            if ties > 1:
                self.decision["notes"].append({"en": f"{ties} nodes have the best score: the choice among them is by lot.",
                                               "zh": f"{ties} 个节点同为最高分：在其中抽签选定。"})
            for name, stamp in self.stamps["nodes"].items():
                self.stamps["nodes"][name] = {**stamp, "best": name == node}
        return [*self.queued(subject, "binding"), *self._decided()]

    def refused(self, subject: str, message: str) -> Set:
        if self.decision is not None:
            self.decision["notes"].append({"en": message, "zh": message})
        return [*self.queued(subject, "unschedulable"), *self._decided()]

    def unstamped(self) -> Set:
        """The stamps of the latest decision have been seen."""
        if self.stamps is None:
            return []
        self.stamps = None
        return [["scheduling", "stamps", None]]

    def decided(self, subject: str) -> Set:
        """The binding is stored: stamps go, the Pod leaves the queue."""
        return [*self.unqueued(subject), *self.unstamped()]

    def _decided(self) -> Set:
        if self.decision is None:
            return []
        copy = {**self.decision, "filters": [{**t, "verdicts": dict(t["verdicts"])} for t in self.decision["filters"]],
                "scores": [{**t, "values": dict(t["values"]), "parts": dict(t["parts"])} for t in self.decision["scores"]],
                "totals": dict(self.decision["totals"]),
                "notes": list(self.decision["notes"])}
        return [["decisions", self.decision["pod"], copy],
                ["scheduling", "stamps", {"pod": self.stamps["pod"], "nodes": dict(self.stamps["nodes"])} if self.stamps else None]]

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


def verdict(row: dict, plugin: str, plugins: tuple[str, ...]) -> str:
    if row["passed"]:
        return "pass"
    if row["plugin"] not in plugins:
        return "pass" if plugin != row["plugin"] else "fail"
    failing = plugins.index(row["plugin"])
    mine = plugins.index(plugin)
    return "pass" if mine < failing else "fail" if mine == failing else "none"
