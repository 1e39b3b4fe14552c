"""Owns what a kubelet answers over HTTP at its port: its Pods, its health, itself (summary.py), logs of containers, and the node's log files.

Of a real kubelet's endpoints /metrics and those that run something are not here: 404.
Source: kubernetes pkg/kubelet/server/server.go; Go net/http/fs.go (dirList) for /logs/.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote

from cluster.meta.status import StatusError
from cluster.runtime.filesystem import FOLDER, absolute, real_path

from . import logs, summary
from .static_pods import MIRROR

PORT = 10250
LOGS = "/var/log"
TEXT, JSON, PAGE = "text/plain; charset=utf-8", "application/json", "text/html; charset=utf-8"
FIELDS = ("containers", "initContainers", "ephemeralContainers")
HEALTH = ("/healthz", "/healthz/ping", "/healthz/log", "/healthz/syncloop")


class Reply(NamedTuple):
    code: int
    body: str
    kind: str = TEXT


MISSING = Reply(404, "404 page not found\n")


def answer(kubelet: Any, path: str, query: dict[str, str]) -> Reply:
    """What a GET gets."""
    if path.rstrip("/") in HEALTH:
        return Reply(200, "ok")
    if path.rstrip("/") == "/pods":
        return Reply(200, listed(kubelet), JSON)
    if path.rstrip("/") == "/stats/summary":
        return Reply(200, json.dumps(summary.of_node(kubelet), indent=1), JSON)
    if path.rstrip("/") == "/configz":
        return Reply(200, json.dumps(summary.configured(kubelet), separators=(",", ":")), JSON)
    if path.startswith("/containerLogs/"):
        return _container_log(kubelet, path.split("/")[2:], query)
    if path == "/logs" or path.startswith("/logs/"):
        return _file(kubelet, path.removeprefix("/logs"))
    return MISSING


def listed(kubelet: Any) -> str:
    """The Pods that the kubelet knows, as the API has them; of static ones its own, not their mirrors."""
    bound = [pod for pod in kubelet.pods.items() if MIRROR not in (pod["metadata"].get("annotations") or {})]
    found = [*bound, *kubelet.state.static.values()]
    items = [{name: value for name, value in pod.items() if name not in ("kind", "apiVersion")} for pod in found]
    return json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}, ensure_ascii=False, separators=(",", ":")) + "\n"


def _container_log(kubelet: Any, names: list[str], query: dict[str, str]) -> Reply:
    if len(names) != 3 or not all(names):
        return MISSING
    namespace, pod, container = names
    found = kubelet.pods.get(f"{namespace}/{pod}")
    if found is None:
        return Reply(404, f'pod "{pod}" does not exist\n')
    if not any(each["name"] == container for field in FIELDS for each in found["spec"].get(field) or ()):
        return Reply(404, f'container "{container}" not found in pod "{pod}"\n')
    try:
        return Reply(200, logs.read(kubelet, *names, query))
    except StatusError as error:
        return Reply(error.code, error.message + "\n")


def _file(kubelet: Any, path: str) -> Reply:
    """A file below /var/log of the node, or a folder as a page of links."""
    if not path:
        return Reply(301, "", PAGE)
    tree = kubelet.runtime.host_seen(LOGS).nodes
    place = real_path(tree, absolute(LOGS + path))
    node = tree.get(place)
    if node is None or not (place + "/").startswith(LOGS + "/"):
        return MISSING
    if node.kind != FOLDER:
        return Reply(200, node.text)
    start = place.rstrip("/") + "/"
    inside = sorted({each[len(start) :].split("/")[0] for each in tree if each.startswith(start)})
    names = [name + "/" if real_kind(tree, start + name) == FOLDER else name for name in inside]
    return Reply(200, "<pre>\n" + "".join(f'<a href="{quote(name)}">{escape(name)}</a>\n' for name in names) + "</pre>\n", PAGE)


def real_kind(tree: dict, path: str) -> str:
    node = tree.get(real_path(tree, path))
    return node.kind if node is not None else ""
