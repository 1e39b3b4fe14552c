"""What goes on inside a Pod, as the inspector shows it: each container's log, its processes, its mounts and the files in them.

It looks and touches nothing: a volume that nobody has used yet shows no files, since filling it is the kubelet's.
"""

from __future__ import annotations

from typing import Any

from cluster.kubelet.state import Probe
from cluster.runtime.filesystem import FILE, FOLDER, GONE, LINK, Node, Tree, real_path
from cluster.runtime.namespaces import children_of
from cluster.runtime.octets import bytes_of
from cluster.runtime.state import Container, Log, Process

LINES, FILES, TEXT_BYTES = 200, 40, 2000
SIGNS = {FILE: "-", FOLDER: "d", LINK: "l"}


def inside(simulation, subject: str, at_ms: int | None = None) -> dict[str, Any] | None:
    """{containers: [{name, state, exit_code, attempt, pid, command, log, log_lines, files, mounts, probes}]} of a Pod; None if no node has it.

    at_ms: lines of logs that were written later are left out. All else is as it is now.
    """
    key = subject.removeprefix("pods/")
    for name in sorted(simulation.nodes):
        runtime = simulation.nodes[name].runtime
        uid = next((each.uid for each in runtime.state.sandboxes.values() if each.pod == key), None)
        if uid is not None:
            latest = {each.name: each for each in runtime.containers(uid)}
            probes = simulation.nodes[name].kubelet.state.probes.get(uid) or {}
            rows = [{**_container(runtime.state, each, at_ms), "probes": _probes(probes, each)} for each in latest.values()]
            return {"node": name, "containers": rows}
    return None


def _container(state, container: Container, at_ms: int | None) -> dict[str, Any]:
    process = state.processes.get(container.id)
    log = state.logs.get(container.id) or Log()
    lines = [line for line in log.lines if at_ms is None or line[0] <= at_ms]
    return {
        "name": container.name,
        "state": container.state,
        "attempt": container.attempt,
        "exit_code": container.exit_code if container.state == "exited" else None,
        "command": " ".join(process.argv) if process else "",
        "children": children_of(process) if process else [],
        "log": [{"at_ms": at, "stream": stream, "text": text} for at, stream, text in lines[-LINES:]],
        "log_lines": log.written - (len(log.lines) - len(lines)),
        "files": _files(process.files) if process else [],
        "mounts": _mounts(state, process) if process else [],
    }


def _probes(probes: dict[str, Probe], container: Container) -> list[dict[str, Any]]:
    """How often each probe has had an answer of a container, and what the last one was; a probe that says the same again is no step."""
    return [
        {"kind": each.kind, "count": each.count, "at_ms": each.last_ms, "result": each.result, "run": each.run, "said": each.output}
        for each in probes.values()
        if each.container == container.name
    ]


def _mounts(state, process: Process) -> list[dict[str, Any]]:
    rows = []
    for path, mount in sorted(process.mounts.items()):
        volume = state.volumes.get(mount.volume)
        if path.startswith("/var/run/secrets/kubernetes.io"):
            continue  # each Pod has it
        rows.append(
            {
                "path": path,
                "volume": mount.volume.rpartition("/")[2],
                "kind": volume.kind if volume else "",
                "read_only": mount.read_only,
                "files": _files(volume.nodes, mount.root) if volume else [],
            }
        )
    return rows


def _files(tree: Tree, root: str = "/") -> list[dict[str, Any]]:
    """The files below a root, in order of paths. What the kubelet keeps for itself ("..data") is left out, as `ls` does."""
    start = "" if root == "/" else root
    paths = [path for path in sorted(tree) if path.startswith(start + "/") and path != "/" and "/.." not in path]
    return [_file(path[len(start) :], tree[path], tree.get(real_path(tree, path), tree[path])) for path in paths[:FILES] if tree[path].kind != GONE]


def _file(path: str, node: Node, found: Node) -> dict[str, Any]:
    """A row of the listing. found: what stands there once links inside the tree are followed; the link where they lead out of it."""
    text = bytes_of(found.text)[:TEXT_BYTES].decode(errors="replace") if found.kind == FILE else ""
    return {
        "path": path,
        "sign": SIGNS[node.kind],
        "mode": f"{node.mode & 0o7777:04o}",
        "size": found.size,
        "text": text,
        "target": node.text if node.kind == LINK else "",
    }
