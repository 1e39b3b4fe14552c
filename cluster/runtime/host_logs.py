"""Owns the containers' logs as files of their node: /var/log/pods and the links of /var/log/containers, which log collectors read.

They are written when a process that mounts them looks. A simplification: nothing is rotated; a file holds the lines that are kept.
Sources: containerd internal/cri/io/logger.go (the format of a line); kubernetes pkg/kubelet/kuberuntime/{helpers,legacy}.go (the names).
"""

from __future__ import annotations

from .filesystem import Node, Volume, link, put
from .state import Container, Log, RuntimeState

PODS, LINKS = "/var/log/pods", "/var/log/containers"


def shows(root: str) -> bool:
    """Whether the logs are below a folder of the node that is mounted, or the other way round."""
    return root == "/" or PODS.startswith(root) or root.startswith((PODS, LINKS)) or LINKS.startswith(root)


def path_of(container: Container) -> str:
    namespace, _, name = container.pod.partition("/")
    return f"{PODS}/{namespace}_{name}_{container.uid}/{container.name}/{container.attempt}.log"


def link_of(container: Container) -> str:
    namespace, _, name = container.pod.partition("/")
    return f"{LINKS}/{name}_{namespace}_{container.name}-{container.id}.log"


def text_of(log: Log, time_text) -> str:
    """The lines as the runtime writes them: time, stream, F for a full line."""
    return "".join(f"{time_text(at_ms)} {stream} F {text}\n" for at_ms, stream, text in log.lines)


def write(state: RuntimeState, host: Volume, *, now_ms: int, time_text) -> None:
    """Bring the files up to date: those that grew are written anew, those of containers that are gone go."""
    nodes, wanted = host.nodes, {}
    for container in state.containers.values():
        if container.state == "created":
            continue
        log = state.logs.get(container.id)
        path = path_of(container)
        wanted[path] = wanted[link_of(container)] = True
        known = nodes.get(path)
        if known is None or log is None or state.host_logs.get(path) != log.written:
            put(nodes, path, Node(text_of(log, time_text) if log else "", mode=0o640, changed_ms=now_ms))
            nodes[link_of(container)] = link(path, changed_ms=now_ms)
            state.host_logs[path] = log.written if log else 0
    for path in [path for path in nodes if path.endswith(".log") and path.startswith((PODS + "/", LINKS + "/")) and path not in wanted]:
        del nodes[path]
        state.host_logs.pop(path, None)
