"""The truth on each node: sandboxes, containers, images and pulls, folded from what kubelet and runtime traced.

This is what *is* there; what the API knows of it is in the objects, and may lag behind.
"""
from __future__ import annotations

from cluster.engine import TraceEvent
from cluster.kinds import node as node_kind
from cluster.kinds.pod import is_sidecar
from cluster.meta import quantity

from .slim import STATE_WORDS, pip_of, probes_of

Set = list[list]


class NodePictures:
    """Cells of `node_pods` and `nodes`; each handler returns the cells it changed."""

    def __init__(self):
        self.pods: dict[str, dict] = {}
        self.nodes: dict[str, dict] = {}

    # -- nodes ----------------------------------------------------------------------------------------------------

    def node_object(self, name: str, obj: dict | None) -> Set:
        """A Node object was written (None: deleted)."""
        if obj is None:
            self.nodes.pop(name, None)
            return [["nodes", name, None]]
        old = self.nodes.get(name) or {part: worker("idle", "空闲") for part in ("kubelet", "containerd", "cni")}
        capacity = (obj.get("status") or {}).get("capacity") or {}
        ready = node_kind.is_ready(obj)
        word = node_kind.status_word(obj)
        images = [{"name": image_name(image), "state": "present"} for image in (obj.get("status") or {}).get("images") or ()]
        known = {image["name"]: image for image in old.get("images", [])}
        known.update({image["name"]: image for image in images})
        self.nodes[name] = {**old, "name": name, "ready": {"word": word, "tone": "ok" if ready else "bad"},
                            "pressures": pressures(obj), "taints": [taint_word(taint) for taint in node_kind.taints(obj)],
                            "unschedulable": bool(obj["spec"].get("unschedulable")), "cpu": str(capacity.get("cpu", "")),
                            "memory": short_memory(str(capacity.get("memory", ""))), "pod_cidr": obj["spec"].get("podCIDR", ""),
                            "images": list(known.values())}
        return [["nodes", name, self.nodes[name]]]

    def say(self, name: str, part: str, en: str, zh: str) -> Set:
        """What a node's kubelet or containerd is doing now; one that is switched off does nothing."""
        node = self.nodes.get(name)
        if node is None or node[part]["off"]:
            return []
        self.nodes[name] = {**node, part: worker(en, zh)}
        return [["nodes", name, self.nodes[name]]]

    def switch(self, name: str, part: str, since_ms: int | None) -> Set:
        """A node's kubelet, containerd or network plugin was switched off, at that moment, or on (None)."""
        node = self.nodes.get(name)
        if node is None:
            return []
        off = since_ms is not None
        state = worker("off", "已停止", off=True) if off else worker("idle", "空闲")
        self.nodes[name] = {**node, part: {**state, "since_ms": since_ms}}
        return [["nodes", name, self.nodes[name]]]

    def image(self, name: str, image: str, state: str) -> Set:
        node = self.nodes.get(name)
        if node is None:
            return []
        image = short_image(image)
        rows, row = [each for each in node["images"] if each["name"] != image], {"name": image, "state": state}
        rows = [row, *rows] if state == "pulling" else [*rows, row]  # what is under way is seen first
        self.nodes[name] = {**node, "images": rows}
        return [["nodes", name, self.nodes[name]]]

    def without_image(self, name: str, image: str) -> Set:
        node = self.nodes.get(name)
        if node is None:
            return []
        self.nodes[name] = {**node, "images": [each for each in node["images"] if each["name"] != short_image(image)]}
        return [["nodes", name, self.nodes[name]]]

    def is_pulling(self, name: str) -> bool:
        """Whether an image is on its way to a node."""
        return any(image["state"] == "pulling" for image in (self.nodes.get(name) or {}).get("images", ()))

    # -- Pods on nodes ----------------------------------------------------------------------------------------------

    def pod(self, event: TraceEvent, **changes) -> Set:
        """Change the cell of the Pod that a fact is about, making it if need be."""
        data = event.data
        cell_id = f"{data['node']}/{data['uid']}"
        old = self.pods.get(cell_id) or {"pod": event.subject, "name": event.subject.rpartition("/")[2], "node": data["node"],
                                         "uid": data["uid"], "plate": None, "containers": [], "pulling": None}
        self.pods[cell_id] = {**old, **changes}
        return [["node_pods", cell_id, self.pods[cell_id]]]

    def container(self, event: TraceEvent, **changes) -> Set:
        """Change one container of that cell."""
        data = event.data
        old = (self.pods.get(f"{data['node']}/{data['uid']}") or {}).get("containers") or []
        name = data.get("container", "")
        found = next((row for row in old if row["name"] == name), None)
        fresh = {"name": name, "image": data.get("image", ""), "state": "waiting", "word": "waiting", "restarts": 0,
                 "back_off": None, "exit_code": None}
        row = {**(found or fresh), **changes}
        row["pip"] = pip_of(row["state"], row["exit_code"])
        row["words"] = changes.get("words") or STATE_WORDS.get(row["state"], STATE_WORDS["waiting"])
        rows = [row if each["name"] == name else each for each in old] if found else [*old, row]
        return self.pod(event, containers=rows)

    def gone(self, event: TraceEvent) -> Set:
        cell_id = f"{event.data['node']}/{event.data['uid']}"
        self.pods.pop(cell_id, None)
        return [["node_pods", cell_id, None]]

    def probe(self, event: TraceEvent, state: str) -> Set:
        """What a probe of a container has found, or that all begin anew (probe: "")."""
        data = event.data
        rows = (self.pods.get(f"{data['node']}/{data['uid']}") or {}).get("containers") or []
        row = next((row for row in rows if row["name"] == data.get("container")), None)
        if row is None or not row.get("probes"):
            return []
        named = data.get("probe")
        probes = {kind: state if named in (None, kind) else known for kind, known in row["probes"].items()}
        pulse = {"kind": named, "at_ms": event.at_ms} if named else None
        return self.container(event, probes=probes, pulse=pulse, words=row["words"])

    def plan(self, event: TraceEvent, pod: dict | None) -> Set:
        """The kubelet has taken a Pod on: its containers wait."""
        spec = (pod or {}).get("spec", {})
        sorts = (("init", spec.get("initContainers")), ("app", spec.get("containers")), ("ephemeral", spec.get("ephemeralContainers")))
        rows = [{"name": each["name"], "image": each.get("image", ""), "state": "waiting", "word": "waiting", "words": STATE_WORDS["waiting"],
                 "restarts": 0, "back_off": None, "exit_code": None, "pip": "waits", "probes": probes_of(each),
                 "sort": "sidecar" if sort == "init" and is_sidecar(each) else sort} for sort, every in sorts for each in every or ()]
        return self.pod(event, containers=rows)


def pressures(node: dict) -> list[str]:
    """The conditions that tell of trouble beside Ready: MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable."""
    return [row["type"] for row in (node.get("status") or {}).get("conditions") or () if row["type"] != "Ready" and row.get("status") == "True"]


def taint_word(taint: dict) -> str:
    """A taint as kubectl describes it: key=value:Effect."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def worker(en: str, zh: str, *, off: bool = False) -> dict:
    return {"word": {"en": en, "zh": zh}, "off": off}


def image_name(image: dict) -> str:
    names = image.get("names") or [""]
    return short_image(next((name for name in names if "@" not in name), names[0]))


def short_image(name: str) -> str:
    """Without what every name has: the registry of Docker Hub."""
    for lead in ("docker.io/library/", "docker.io/"):
        if name.startswith(lead):
            return name[len(lead):]
    return name


def short_memory(text: str) -> str:
    """`8Gi` of 8388608Ki: for the node's header."""
    if not text:
        return ""
    gibibytes = quantity.value(text) / 2**30
    return f"{gibibytes:.0f}Gi" if gibibytes >= 10 or gibibytes == int(gibibytes) else f"{gibibytes:.1f}Gi"
