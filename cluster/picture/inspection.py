"""What the inspector shows of an object at a step: YAML, authors, changes, Events, causes, and why its STATUS is what it is."""
from __future__ import annotations

from cluster.kinds import Registry, prefix, registry
from cluster.kinds import pod as pods
from cluster.kinds._columns import human_duration
from cluster.kinds._pod_printing import status_word
from cluster.kinds.base import is_stored_only
from cluster.meta.objects import controller_of
from cluster.narration.render import shorten
from cluster.store import log

from .authorship import author, authors, changed, dotted, entries_of, lines_of, shown, to_yaml
from .projector import GATE_KINDS
from .room import room_of
from .slim import owner_subject

WRITES = ("KeyWritten", "KeyDeleted")
LONGEST_CHAIN = 200
LONGEST_OWNERS = 5
AUTHORS = {"U": ("you", "你"), "A": ("kube-apiserver's defaults", " kube-apiserver 的默认值"), "C": ("its controller", "其控制器"),
           "S": ("kube-scheduler", " kube-scheduler "), "K": ("kubelet", " kubelet ")}
FOLDED = (*GATE_KINDS, "ReplySent", "KeyEnqueued", "WatchStarted", "PodQueued", "PodAssumed")  # on the way, but no reason of their own


def etcd_key(subject: str, kinds: Registry | None = None) -> str | None:
    """The etcd key of `resource/namespace/name`; None for a resource that is not served. kinds: the sandbox's."""
    resource, _, rest = subject.partition("/")
    kind = (kinds or registry()).plural(resource)
    namespace, _, name = rest.rpartition("/")
    if kind is None or not name:
        return None
    return f"{prefix(kind)}/{namespace}/{name}" if namespace else f"{prefix(kind)}/{name}"


def inspect(runner, subject: str, seq: int | None) -> dict | None:
    """All that the inspector asks for; None when there never was such an object by that step."""
    display = runner.display
    seq = display.seq if seq is None else seq
    revision = revision_at(runner, seq)
    key = etcd_key(subject, runner.server.context.registry)
    found = log.object_at(runner.sandbox, key, revision) if key else None
    if found is None:
        return None
    obj, row = found
    before = log.object_at(runner.sandbox, key, row.revision - 1) if row.revision > row.create_revision else None
    text = to_yaml(obj)
    lines = lines_of(text)
    marks = changed(shown(obj), shown(before[0])) if before else {path: "+" for path in lines.values()}
    return {
        "subject": subject, "about": marker_of(subject, runner.server.context.registry), "yaml": text,
        "revision": row.revision, "deleted": row.type == "DELETED",
        "previous_yaml": to_yaml(before[0]) if before else None, "previous_revision": before[1].revision if before else None,
        "changed": [dotted(path) for path in marks], "changed_lines": {str(line): marks[path] for line, path in lines.items() if path in marks},
        "removed": [dotted(path) for path, mark in marks.items() if mark == "−"], "authors": authors(obj, lines),
        "events": events_about(runner, obj, revision), "why": why_of_object(runner, subject, obj, seq),
        "why_wanted": why_wanted(runner, obj, revision),
        "status_rule": status_rule(obj) if subject.startswith("pods/") else None,
        "room": room_of(obj, _pods_now(runner)) if subject.startswith("nodes/") else None,
    }


def _pods_now(runner) -> list[dict]:
    """All Pods as they are now, whatever step is shown: of a past one the log would have to be read Pod by Pod."""
    return [stored.value for _, stored in runner.server.context.store.list("/registry/pods/")]


def marker_of(subject: str, kinds: Registry) -> dict[str, str] | None:
    """What a kind is for, in both languages, and that nothing here acts on it; None where something does."""
    kind = kinds.plural(subject.partition("/")[0])
    return kind.title if kind is not None and is_stored_only(kind) else None


def revision_at(runner, seq: int) -> int:
    """The store's revision when a step had been shown."""
    for row in reversed(runner.display.rows):
        if row["seq"] <= seq and row["kind"] in WRITES:
            return row["revision"]
    return 0 if runner.display.rows else runner.simulation.store.revision


def events_about(runner, obj: dict, revision: int) -> list[dict]:
    """The Events of an object, oldest first, as far as they were recorded at a revision."""
    uid, rows = obj["metadata"].get("uid"), []
    clock, now_ms = runner.engine.clock, runner.display.at_ms
    for _, stored in runner.simulation.store.list("/registry/events/"):
        event = stored.value
        if event["involvedObject"].get("uid") != uid or stored.create_revision > revision + 50:
            continue
        text = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent", "")
        rows.append({"type": event.get("type", ""), "reason": event.get("reason", ""), "message": event.get("message", ""), "from": source,
                     "count": event.get("count") or 1, "at_ms": clock.parse_ms(text), "age": age(now_ms - clock.parse_ms(text))})
    return sorted(rows, key=lambda row: row["at_ms"])


def age(ms: int) -> str:
    return human_duration(max(0, ms))


# -- why ------------------------------------------------------------------------------------------------------------------


def chain(runner, seq: int) -> list[dict]:
    """The rows along `cause` from a step back to its first cause; details between are followed, not shown."""
    by_seq = {row["seq"]: row for row in runner.display.rows}
    found = []
    while seq in by_seq and len(found) < LONGEST_CHAIN:
        found.append(by_seq[seq])
        seq = by_seq[seq]["cause"]
    return found


def why(runner, seq: int) -> list[dict]:
    return [{"seq": row["seq"], "step": row["step"], "actor": row["actor"], "kind": row["kind"], "marker": row["marker"], "subject": row["subject"],
             "revision": row["revision"], "at_ms": row["at_ms"], "text": row["caption"]} for row in chain(runner, seq) if row["kind"] not in FOLDED]


def why_of_object(runner, subject: str, obj: dict, seq: int) -> list[dict]:
    """Why it was created (or is being deleted): the chain behind the write that did it."""
    for row in reversed(runner.display.rows):
        if row["seq"] <= seq and row["subject"] == subject and row["kind"] in WRITES:
            return why(runner, row["seq"])
    return []


def why_wanted(runner, obj: dict, revision: int) -> list[dict]:
    """Where the number of replicas that its owner keeps comes from: each owner's spec.replicas, and who set it."""
    found: list[dict] = []
    owner = controller_of(obj)
    while owner and len(found) < LONGEST_OWNERS:
        subject = owner_subject(owner, obj["metadata"].get("namespace", ""))
        key = etcd_key(subject)
        stored = log.object_at(runner.sandbox, key, revision) if key else None
        if stored is None or "replicas" not in stored[0].get("spec", {}):
            break
        obj, row = stored
        name, replicas = shorten(obj["metadata"]["name"]), obj["spec"]["replicas"]
        letter = author(obj, ("spec", "replicas"), entries_of(obj))
        en, zh = AUTHORS[letter]
        found.append({"subject": subject, "revision": row.revision, "author": letter, "text": {
            "en": f"{obj['kind']} {name} spec.replicas: **{replicas}**, set by {en}",
            "zh": f"{obj['kind']} {name} spec.replicas：**{replicas}**，由{zh}设定"}})
        owner = controller_of(obj)
    return found


# -- STATUS -----------------------------------------------------------------------------------------------------------------

RULES = (
    ("deletionTimestamp", {"en": "metadata.deletionTimestamp is set → Terminating", "zh": "设置了 metadata.deletionTimestamp → Terminating"}),
    ("waiting", {"en": "a container waits with a reason → that reason", "zh": "某个容器在等待且有原因 → 该原因"}),
    ("terminated", {"en": "a container has ended → its reason, or its exit code", "zh": "某个容器已终止 → 其原因或退出码"}),
    ("reason", {"en": "status.reason is set → that reason", "zh": "设置了 status.reason → 该原因"}),
    ("phase", {"en": "otherwise → status.phase", "zh": "否则 → status.phase"}),
)


def status_rule(pod: dict) -> dict:
    """The rules by which kubectl's STATUS is found, in their order, and which of them decided.

    Source: pkg/printers/internalversion/printers.go (printPod).
    """
    status, word = pod.get("status") or {}, status_word(pod)
    rows = status.get("containerStatuses") or []
    if pod["metadata"].get("deletionTimestamp"):
        decided = "deletionTimestamp"
    elif any((row.get("state") or {}).get("waiting", {}).get("reason") == word for row in rows):
        decided = "waiting"
    elif any("terminated" in (row.get("state") or {}) for row in rows) and word not in (status.get("phase"), "Running"):
        decided = "terminated"
    else:
        decided = "reason" if status.get("reason") == word else "phase"
    return {"word": word, "phase": pods.phase(pod), "rules": [{"id": name, "text": text, "decides": name == decided} for name, text in RULES],
            "conditions": [{"type": row["type"], "status": row["status"], "reason": row.get("reason", ""), "message": row.get("message", "")}
                           for row in status.get("conditions") or ()]}
