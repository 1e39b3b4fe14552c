"""From the trace to what the page shows: each fact becomes a row, with caption, flights and the cells that it sets."""
from __future__ import annotations

from typing import Any

from cluster.engine import TraceEvent
from cluster.narration import entries
from cluster.narration.news import telling
from cluster.narration.render import METHODS, caption, shorten
from cluster.narration.variants import variant
from cluster.scheduler.framework import filter_names

from .control import ControlPictures
from .folds import CRI_CALLS, FOLDS
from .nodes import NodePictures
from .queues import QueuePictures
from .slim import WORKLOADS, slim

SIGNS = {"create": "+", "update": "=", "patch": "±", "delete": "×", "deletecollection": "×", "get": "?", "list": "?", "raw": "?", "watch": "?"}
CLIENTS = ("kubectl", "client")
GATE_KINDS = ("RequestAuthenticated", "RequestAuthorized", "ObjectDecoded", "ObjectDefaulted", "AdmissionMutated", "ObjectValidated",
              "AdmissionValidated", "ReadServed")
SWITCHED = ("kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns")
NODE_ACTORS = ("kubelet/", "containerd/")
ON_NODES = ("kube-proxy", "network", "network-policy-agent", "coredns")  # they run on every node, or in Pods
NEWS_KEPT = 500
BESIDE = {"pods": ("decisions", "rescues"), "cronjobs": ("plans",), "poddisruptionbudgets": ("asked",)}  # cells that go with their object


class Projector:
    """Folds the trace of one sandbox; `rows` must be given every fact once, in order."""

    def __init__(self, simulation):
        self.clock = simulation.engine.clock
        self.begun_ms = simulation.begun_ms
        self.plugins = filter_names()
        self.control, self.nodes = ControlPictures(), NodePictures()
        self.kinds = entries()
        self.step = 0
        self.senders: dict[int, str] = {}      # request -> who sent it, until it is answered
        self.plain: set[int] = set()           # requests for no resource: discovery
        self.digests: dict[str, tuple] = {}    # subject -> what a controller would care about
        self.news: dict[int, bool] = {}        # revision -> whether that changed
        self.objects: dict[str, dict] = {}     # subject -> the newest object
        self.previous: dict | None = None      # the object before the latest write
        self.queues = QueuePictures(tuple(simulation.manager.controllers))
        self.components = tuple(name for name in SWITCHED if name in simulation.engine.actors)

    def initial(self) -> dict[str, dict]:
        """The cells before the first fact: every component in its place, nothing done yet."""
        return {
            "controllers": dict(self.queues.cells),
            "components": {"kube-apiserver": self.control.api, "etcd": self.control.etcd, "kubectl": self.control.kubectl,
                           "kubeconfig": {"off": False, "context": "", "cluster": "", "user": ""},
                           **{name: {"off": False} for name in self.components}},
            "gates": dict(self.control.gates), "scheduling": {"queue": []}, "terminal": {"lines": []},
        }

    def rows(self, events: list[TraceEvent], changes: Any) -> list[dict]:
        """The rows of these facts. changes.get(revision) gives the Change behind a write, or None."""
        idle = idle_reconciles(events)
        return [row for event in events if (row := self.row(event, changes, event.seq in idle)) is not None]

    def row(self, event: TraceEvent, changes: Any, is_idle: bool = False) -> dict | None:
        """One fact's row; None for a heartbeat's, which only moves the drum. is_idle: of a reconcile that found nothing to do, or put it off."""
        kind = self.kinds.get(variant(event)) or self.kinds.get(event.kind)
        cells = self._write_cells(event, changes) if event.kind in ("KeyWritten", "KeyDeleted") else []
        fold = FOLDS.get(event.kind)
        if fold is not None:
            cells += fold(self, event)
        if event.kind in CRI_CALLS:
            cells += self.nodes.say(event.data["node"], "containerd", CRI_CALLS[event.kind], CRI_CALLS[event.kind])
        if kind is None or (event.data.get("quiet") and not any(cell[0] == "nodes" for cell in cells)):
            return None
        is_step = not is_idle and self._is_step(event, kind)
        if is_step:
            self.step += 1
        return {
            "seq": event.seq, "step": self.step if is_step else None, "at_ms": event.at_ms, "actor": event.actor, "kind": event.kind,
            "stage": self._stage(event, kind), "lane": self._lane(event, kind), "marker": kind.marker, "subject": event.subject,
            "revision": event.data.get("revision"), "cause": event.cause,
            "caption": caption(kind, event, self._news_of(event)), "fidelity": kind.fidelity,
            "flights": flights(event), "set": cells,
        }

    # -- writes -----------------------------------------------------------------------------------------------------------

    def _write_cells(self, event: TraceEvent, changes: Any) -> list:
        """The object's cell and etcd's drum."""
        revision, key = event.data["revision"], event.data["key"]
        quiet = bool(event.data.get("quiet"))
        cells = self.control.written(revision, key[len("/registry/"):], event.subject, quiet=quiet)
        self.previous = self.objects.get(event.subject)
        change = changes.get(revision)
        resource = event.subject.partition("/")[0]
        if resource in ("leases", "events") or change is None:
            return cells
        gone = event.kind == "KeyDeleted"
        self._note_news(event.subject, revision, change.value, gone=gone)
        self.objects[event.subject] = change.value
        if gone:
            self.objects.pop(event.subject, None)
        if resource == "nodes":
            cells += self.nodes.node_object(event.subject.rpartition("/")[2], None if gone else change.value)
        cells.append(["objects", event.subject, None if gone else slim(event.subject, change.value, self.clock)])
        if gone:
            cells += [[collection, event.subject, None] for collection in BESIDE.get(resource, ())]
        return cells

    def _note_news(self, subject: str, revision: int, obj: dict, *, gone: bool) -> None:
        """Whether a write is news to a controller: another spec, or a Pod that became ready, ended or is being deleted."""
        fresh = None if gone else digest(obj)
        self.news[revision] = self.digests.get(subject) != fresh
        if gone:
            self.digests.pop(subject, None)
        else:
            self.digests[subject] = fresh
        if len(self.news) > NEWS_KEPT:
            self.news.pop(next(iter(self.news)))

    def _news_of(self, event: TraceEvent) -> list[str] | None:
        """What an update changed, in words; None for all other facts."""
        if event.kind != "KeyWritten" or event.data.get("change") != "updated" or event.data.get("quiet") or self.previous is None:
            return None
        return telling(self.objects[event.subject], self.previous)

    # -- where and whether ------------------------------------------------------------------------------------------------

    def _is_step(self, event: TraceEvent, kind) -> bool:
        """Whether the page stops here. The gates stop only what a person sent; a watch delivery, only where it is news."""
        if event.at_ms < self.begun_ms or not kind.step or event.data.get("quiet") or event.data.get("detail"):
            return False
        request = event.data.get("request", 0)
        if event.kind in GATE_KINDS:   # of a read from outside the gates are details: it has been answered
            return request > 0 and self.senders.get(request) in CLIENTS and request not in self.plain
        if event.kind == "RequestRefused" and event.data.get("code") == 409:
            return self.senders.get(request) in CLIENTS  # a component that loses a race just tries again
        if event.kind == "RequestRefused" and event.data.get("code") == 500 and event.data.get("gate") == "store":
            return self.senders.get(request) in CLIENTS  # without etcd everybody tries again and again
        if event.kind == "WatchDelivered":
            return self._is_news(event)
        return True

    def _is_news(self, event: TraceEvent) -> bool:
        resource, who, change = event.subject.partition("/")[0], event.actor, event.data.get("type")
        if who in CLIENTS:
            return True   # the first of a client's watch
        if resource not in ("pods", *WORKLOADS, "jobs", "cronjobs") and change != "DELETED":
            return False
        if who == "kube-controller-manager":
            return self.news.get(event.data.get("revision", 0), True)
        if resource != "pods":
            return False
        pod = self.objects.get(event.subject) or {}
        if who == "kube-scheduler":
            return change == "ADDED" and not (pod.get("spec") or {}).get("nodeName")
        return change == "ADDED" or ("deletionTimestamp" in (pod.get("metadata") or {}) and change == "MODIFIED" and not self._told(event))

    def _told(self, event: TraceEvent) -> bool:
        """Whether the kubelet has heard of this deletion before: its container is stopping already."""
        cell = next((each for each in self.nodes.pods.values() if each["pod"] == event.subject), None)
        return bool(cell) and any(row["state"] in ("stopping", "terminated") for row in cell["containers"])

    def _stage(self, event: TraceEvent, kind) -> str:
        sender = str(event.data.get("from") or self.senders.get(event.data.get("request", 0)) or "")
        if event.kind in ("RequestSent", "KeyWritten", "KeyDeleted", "WriteSkipped") and sender:
            if sender in CLIENTS:
                return "kubectl" if event.kind == "RequestSent" else "store"
            if sender == "kube-scheduler":
                return "bind"
            return kind.stage if kind.stage == "delete" else "report" if sender.startswith("kubelet/") else "reconcile"
        if event.kind == "WatchDelivered":
            return "schedule" if event.actor == "kube-scheduler" else "sandbox" if event.actor.startswith("kubelet/") else "reconcile"
        return kind.stage

    def _lane(self, event: TraceEvent, kind) -> str:
        if kind.lane:
            return kind.lane
        actor = event.actor
        if event.kind in ("KeyWritten", "KeyDeleted"):
            return "etcd"
        if actor in ("you", *CLIENTS):
            return "you"
        if actor.startswith(NODE_ACTORS):
            return actor.partition("/")[2]
        if actor in ("kube-apiserver", "kube-scheduler", "etcd"):
            return actor
        if actor in ON_NODES:
            return event.data.get("node") or "nodes"
        return "controllers"

    def forecast(self, event) -> dict | None:
        """What the next engine event will be about, in words; None when nothing is due."""
        if event is None or event.background:
            return None
        return {"caption": NEXT.get(event.handler, NEXT_DEFAULT)(event)}


def digest(obj: dict) -> tuple:
    """What of an object a controller acts on."""
    status = obj.get("status") or {}
    ready = next((row["status"] for row in status.get("conditions") or () if row["type"] == "Ready"), "")
    meta = obj["metadata"]
    return meta.get("generation"), meta.get("deletionTimestamp"), status.get("phase") in ("Succeeded", "Failed"), ready == "True", \
        status.get("readyReplicas"), str(meta.get("labels")), str(meta.get("ownerReferences"))


def idle_reconciles(events: list[TraceEvent]) -> set[int]:
    """The seqs of reconciles, within one engine event, that found nothing to do."""
    found: set[int] = set()
    started: dict[str, int] = {}
    for event in events:
        if event.kind == "ReconcileStarted":
            started[event.actor] = event.seq
        elif event.kind == "OwnWritesAwaited" or (
                event.kind == "ReconcileCompared" and (event.data.get("so") == "nothing" or event.data.get("idle"))):
            found |= {event.seq, started.pop(event.actor, 0)}
    return found | set(started.values()) if found else found


def _says(en: str, zh: str):
    return lambda event: {"en": en.format(actor=bold(event.actor.name, "en")), "zh": zh.format(actor=bold(event.actor.name, "zh"))}


def bold(actor: str, language: str) -> str:
    """An actor's name in a sentence; those of a node say which."""
    name, _, node = actor.partition("/")
    if not node:
        return f"**{name}**"
    return f"{node} 上的 **{name}**" if language == "zh" else f"**{name}** on {node}"


NEXT_DEFAULT = _says("{actor} goes on", "{actor} 继续")
NEXT = {
    "arrive": _says("**kube-apiserver** takes the request in", "**kube-apiserver** 接收请求"),
    "write": _says("**etcd** commits", "**etcd** 提交写入"),
    "deliver": _says("**kube-apiserver** tells a watcher", "**kube-apiserver** 通知一个监视者"),
    "process_queue": _says("{actor} takes a key from its queue", "{actor} 从队列取出一个键"),
    "_resume": _says("{actor} goes on with the answer", "{actor} 拿到答复后继续"),
}


def flights(event: TraceEvent) -> list[dict]:
    """What flies: a request, a reply, a watch event, a write to etcd, a call to the runtime."""
    data = event.data
    if event.kind == "RequestSent":
        label = f"{METHODS.get(data['verb'], '')} {data['resource'] or data.get('path', '')}".strip()
        if data.get("subresource"):
            label += "/" + data["subresource"]
        sent = flight(event, data["from"], "kube-apiserver", data["sent_ms"], data["due_ms"], label, SIGNS.get(data["verb"], "?"))
        return [{**sent, "id": f"{event.seq}/0"}, *_answered(event, data)] if "code" in data else [sent]
    if event.kind == "ReplySent":
        return [flight(event, "kube-apiserver", data["to"], data["sent_ms"], data["due_ms"], str(data["code"]), "", hollow=True, code=data["code"])]
    if event.kind == "WatchDelivered":
        label = f"{data['type']} {shorten(event.subject.rpartition('/')[2])}"
        return [flight(event, "kube-apiserver", event.actor, event.at_ms - 2, event.at_ms, label, "◦")]
    if event.kind in ("KeyWritten", "KeyDeleted"):
        sign = "×" if event.kind == "KeyDeleted" else "+" if data.get("change") == "created" else "="
        return [flight(event, "kube-apiserver", "etcd", event.at_ms - 2, event.at_ms, f"PUT {shorten(event.subject.rpartition('/')[2])}", sign)]
    if event.kind == "RequestAnswered":
        return [flight(event, data["source"], event.subject, event.at_ms - 1, event.at_ms, data["asked"], "?", code=data["code"])]
    if event.actor.startswith("containerd/") and data.get("node"):
        return [flight(event, f"kubelet/{data['node']}", event.actor, event.at_ms - 1, event.at_ms, event.kind, "▲")]
    return []


def _answered(event: TraceEvent, data: dict) -> list[dict]:
    """The way on and the way back of a read that was answered at once: they belong to its one step."""
    on, back = [], flight(event, "kube-apiserver", data["from"], data["due_ms"] + 2, data["due_ms"] + 4, str(data["code"]), "",
                          hollow=True, code=data["code"])
    if data.get("via"):
        on = [flight(event, "kube-apiserver", data["via"], data["due_ms"], data["due_ms"] + 2, f"GET {data['subresource']}", "?")]
    return [{**each, "id": f"{event.seq}/{index}"} for index, each in enumerate([*on, back], 1)]


def flight(event: TraceEvent, source: str, target: str, sent_ms: int, due_ms: int, label: str, sign: str, *, hollow: bool = False,
           code: int | None = None) -> dict:
    return {"id": str(event.seq), "from": source, "to": target, "sent_ms": sent_ms, "due_ms": max(due_ms, sent_ms + 1), "label": label,
            "sign": sign, "hollow": hollow, "code": code}
