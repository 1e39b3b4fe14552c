"""Captions: an entry's templates filled in from a fact."""
from __future__ import annotations

import re

from cluster.engine import TraceEvent
from cluster.kinds import registry

from .kind import Kind
from .news import MOST

METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE", "deletecollection": "DELETE", "get": "GET", "list": "GET",
           "watch": "GET", "raw": "GET"}
LONGEST_VALUE, LONGEST_MESSAGE = 90, 170
LONG = ("message", "text", "rule")


class _Values(dict):
    """A missing name shows as itself in the text: visible to a reader of the page, and found by the tests."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def caption(kind: Kind, event: TraceEvent, news: list[str] | None = None) -> dict[str, str]:
    """{"en": …, "zh": …}: markdown with **bold** only. news: what the write behind the fact changed, if it is known."""
    values = _Values(values_of(event))
    if news:
        values["changes"] = listed(news, ", ")
    english = kind.en.format_map(values)
    if news:
        values["changes"] = listed(news, "、")
    values.update((name, chinese(values[name])) for name in SAID if isinstance(values.get(name), str))
    lists = {name: value for name, value in event.data.items() if isinstance(value, list) and name not in MADE}
    values.update((name, shown(value, comma="、")) for name, value in lists.items())
    values.update((name.removesuffix(OWN), shown(value, LONGEST_MESSAGE)) for name, value in event.data.items() if name.endswith(OWN))
    return {"en": english, "zh": kind.zh.format_map(values)}


MADE = ("command", "changes")    # worked out from data, not shown as they are
OWN = "_zh"   # ends the names of data that say in Chinese what those without it say in English
SAID = ("so", "rule", "reason", "sender")
CHINESE = {
    "nothing": "无须操作", "wait": "等待", "deleted": "已删除", "create ReplicaSet": "创建 ReplicaSet",
    "system:masters may do everything": "system:masters 可以做任何事", "node authorizer": "节点授权器",
}  # fmt: skip
PATTERNS = ((re.compile(r"(\d+) may be disrupted"), r"可中断 \1 个"),
            (re.compile(r"create (\d+)"), r"创建 \1 个"), (re.compile(r"delete (\d+)"), r"删除 \1 个"),
            (re.compile(r"scale (\S+) to (\d+)"), r"将 \1 调整为 \2 个"), (re.compile(r"roll back to revision (\d+)"), r"回滚到修订版本 \1"),
            (re.compile(r"create (\d+), delete (\d+)"), r"创建 \1 个，删除 \2 个"),
            (re.compile(r"create (\S+)"), r"创建 \1"), (re.compile(r"delete (\S+)"), r"删除 \1"))


def chinese(text: str) -> str:
    """The few words that components write into facts, in Chinese; names and reasons stay as they are."""
    if text in CHINESE:
        return CHINESE[text]
    for pattern, words in PATTERNS:
        if pattern.fullmatch(text):
            return pattern.sub(words, text)
    return text


def listed(names: list[str], comma: str) -> str:
    """At most so many of them, and how many more there are."""
    return comma.join(names[:MOST]) + (f" +{len(names) - MOST}" if len(names) > MOST else "")


def values_of(event: TraceEvent) -> dict[str, object]:
    """What a template may name: the fact's data, and words made from its subject and its request."""
    data = event.data
    resource, _, rest = event.subject.partition("/")
    name = rest.rpartition("/")[2]
    values: dict[str, object] = {key: shown(value, LONGEST_MESSAGE if key in LONG else LONGEST_VALUE) for key, value in data.items()}
    sender = str(data.get("agent") or data.get("from", event.actor))
    values.update(actor=event.actor, subject=event.subject, name=shorten(name), resource=data.get("resource", resource),
                  kind_name=kind_name(resource), sender=sender, receiver=data.get("to", ""),
                  node=data.get("node") or sender.partition("/")[2], method=METHODS.get(str(data.get("verb", "")), ""))
    if "changed" in data:
        values["changes"] = changes(data["changed"])
    if "path" in data:
        values["path"] = short_path(str(data["path"]))
    if isinstance(data.get("command"), (list, tuple)):
        values["command"] = shown(" ".join(map(str, data["command"])))
    if isinstance(data.get("until_ms"), int):
        values["wait_s"] = max(0, round((data["until_ms"] - event.at_ms) / 1000))
    if isinstance(data.get("silent_ms"), int):
        values["silent_s"] = round(data["silent_ms"] / 1000)
    if isinstance(data.get("bytes"), int):
        values["size"] = size(data["bytes"])
    return values


def kind_name(resource: str) -> str:
    """`pods` as `Pod`; a custom resource by its plural."""
    kind = registry().plural(resource)
    return kind.kind if kind else resource


def size(count: int) -> str:
    """24117491 as `23 MiB`."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count} {unit}"
        count = round(count / 1024)
    return f"{count} GiB"


def changes(paths: list[str]) -> str:
    """The changed fields for a caption, the shallowest first, each once."""
    seen: dict[str, None] = {}
    for path in sorted(paths, key=lambda path: (path.count("."), path)):
        seen[".".join(path.split("[")[0].split(".")[:2])] = None
    return listed(list(seen), ", ")


def shown(value: object, longest: int = LONGEST_VALUE, comma: str = ", ") -> object:
    """A value as a caption shows it: lists joined, long texts cut."""
    if isinstance(value, (list, tuple)):
        value = comma.join(str(item) for item in value[:4]) + (f" … {len(value) - 4}" if len(value) > 4 else "")
    if isinstance(value, str) and len(value) > longest:
        return value[: longest - 1] + "…"
    return value


def shorten(name: str) -> str:
    """A generated Pod's name by its telling ends: `nginx-…-x7k2p`."""
    if len(name) <= 20 or name.count("-") < 2:
        return name
    return f"{name[:name.index('-')]}-…-{name[-5:].lstrip('-')}"


def short_path(path: str) -> str:
    """`/apis/apps/v1/namespaces/default/deployments/x` as `…/deployments/x`; short paths as they are."""
    if "/namespaces/" in path:
        parts = path.split("/namespaces/", 1)[1].split("/")[1:]
        if parts:
            return "…/" + "/".join(shorten(part) for part in parts)
    return path
