"""The scheduler's picture of the cluster: nodes with their Pods, among them those that are only assumed to be bound.

All of it is derived from informers and the list of assumed Pods, so none of it is in a snapshot.
Source: kubernetes pkg/scheduler/backend/cache/{cache,node_tree}.go.
"""

from __future__ import annotations

from cluster.meta.labels import Selector

from .affinity import Term
from .nodes import NodeInfo, Verdict, zone_of
from .pods import PodInfo
from .remembered import Remembered

COUNTERS = 128  # selectors whose matches are counted as Pods come and go


class Image:
    """An image's size as the first node told it, and the nodes that have it."""

    __slots__ = ("nodes", "size")

    def __init__(self, size: int):
        self.size, self.nodes = size, {}


class Counter:
    """How many Pods of some namespaces (None: of all) match a selector, by node; with or without those that are going."""

    __slots__ = ("by_node", "namespaces", "selector", "with_going")

    def __init__(self, namespaces: tuple[str, ...] | None, selector: Selector, with_going: bool):
        self.namespaces, self.selector, self.with_going, self.by_node = namespaces, selector, with_going, {}

    def count(self, info: PodInfo, node: str, sign: int) -> None:
        if (
            (self.namespaces is None or info.namespace in self.namespaces)
            and (self.with_going or not info.terminating)
            and self.selector.matches(info.labels)
        ):
            self.by_node[node] = self.by_node.get(node, 0) + sign


class Cache:
    """Nodes, Pods, images; `nodes` is the order in which nodes are looked at, `places` where each of them stands in it."""

    def __init__(self) -> None:
        self.by_name: dict[str, NodeInfo] = {}
        self.node_of: dict[str, str] = {}  # Pod's key -> node
        self.images: dict[str, Image] = {}
        self.counters: dict[tuple, Counter] = {}
        self.taken_volumes: dict[str, str] = {}  # PersistentVolume -> the claim that it was chosen for; the scheduler's own tables
        self.claim_nodes: dict[str, str] = {}  # claim -> the node on which its volume is to be made
        self.nominated: dict[str, dict[str, PodInfo]] = {}  # node -> Pods for which it is being freed
        self.shunned: dict[Term, dict[str, int]] = {}  # required anti-affinity of Pods that are there -> Pods by node
        self.wishes: dict[tuple[Term, int], dict[str, int]] = {}  # (their other terms, points each) -> Pods by node
        self._zones: dict[str, dict[str, None]] = {}
        self.generation = 0  # raised by each change of a node or of what it bears
        self.places: dict[str, int] = {}
        self.ring: list[int] = []  # all places, twice round
        self.passes: list[Verdict] = []  # by place
        self.remembered = Remembered(self)
        self._changes: dict[str, int] = {}  # node -> the generation of its last change; the latest last
        self._order: list[NodeInfo] | None = None

    @property
    def nodes(self) -> list[NodeInfo]:
        """Every node, taking one of each zone in turn."""
        if self._order is None:
            rows = [list(names) for names in self._zones.values()]
            longest = max(map(len, rows), default=0)
            self._order = [self.by_name[row[index]] for index in range(longest) for row in rows if index < len(row)]
            self.places = {node.name: place for place, node in enumerate(self._order)}
            self.ring = [*self.places.values(), *self.places.values()]
            self.passes = [Verdict(node.name) for node in self._order]
        return self._order

    def changed_since(self, generation: int) -> list[int]:
        """The places of nodes that changed after a generation."""
        found, places = [], self.places
        for name in reversed(self._changes):
            if self._changes[name] <= generation:
                break
            if name in places:
                found.append(places[name])
        return found

    def _touch(self, name: str) -> None:
        self.generation += 1
        self._changes.pop(name, None)
        self._changes[name] = self.generation

    def set_node(self, node: dict) -> NodeInfo:
        """Add a node or take over its newer version."""
        name = node["metadata"]["name"]
        info = self.by_name.get(name)
        if info is None:
            info = self.by_name[name] = NodeInfo(name)
        self._place(info, node)
        if info.node is None or (info.node.get("status") or {}).get("images") != (node.get("status") or {}).get(
            "images"
        ):
            self._forget_images(info)
            self._note_images(info, node)
        info.set_node(node)
        self._touch(name)
        return info

    def remove_node(self, name: str) -> None:
        info = self.by_name.get(name)
        if info is None or info.node is None:
            return
        self._leave_zone(zone_of(info.node), name)
        self._forget_images(info)
        info.set_node(None)
        self._touch(name)
        if not info.pods:
            self._drop(name)

    def add_pod(self, info: PodInfo, node: str) -> None:
        """Count a Pod on its node; one that is there already is replaced."""
        if self.node_of.get(info.key) == node:
            pods = self.by_name[node].pods
            if info.counts_as(pods[info.key]):
                pods[info.key] = info
                return
        self.remove_pod(info.key)
        if node not in self.by_name:
            self.by_name[node] = NodeInfo(node)
        self.by_name[node].add(info)
        self._touch(node)
        self.node_of[info.key] = node
        for counter in self.counters.values():
            counter.count(info, node, 1)
        if info.affinity is not None:
            self._note_terms(info, node, 1)

    def remove_pod(self, key: str) -> PodInfo | None:
        name = self.node_of.pop(key, None)
        if name is None:
            return None
        node = self.by_name[name]
        info = node.remove(key)
        self._touch(name)
        for counter in self.counters.values():
            counter.count(info, name, -1)
        if info.affinity is not None:
            self._note_terms(info, name, -1)
        if node.node is None and not node.pods:
            self._drop(name)
        return info

    def _drop(self, name: str) -> None:
        del self.by_name[name], self._changes[name]

    def get_pod(self, key: str) -> PodInfo | None:
        name = self.node_of.get(key)
        return self.by_name[name].pods.get(key) if name is not None else None

    def matching(self, namespace: str, selector: Selector) -> dict[str, int]:
        """Matching Pods of a namespace by node, terminating ones aside; kept up to date from the first question on."""
        return self._counted((namespace,), selector, False)

    def matching_in(self, namespaces: list[str] | None, selector: Selector) -> dict[str, int]:
        """Matching Pods of some namespaces, or of all, by node; those that are going count."""
        return self._counted(None if namespaces is None else tuple(sorted(namespaces)), selector, True)

    def _counted(self, namespaces: tuple[str, ...] | None, selector: Selector, with_going: bool) -> dict[str, int]:
        key = (namespaces, selector.requirements, with_going)
        counter = self.counters.get(key)
        if counter is None:
            counter = self.counters[key] = Counter(namespaces, selector, with_going)
            for name, node in self.by_name.items():
                for info in node.pods.values():
                    counter.count(info, name, 1)
            if len(self.counters) > COUNTERS:
                del self.counters[next(iter(self.counters))]
        return counter.by_node

    def _note_terms(self, info: PodInfo, node: str, sign: int) -> None:
        """What a Pod asks of Pods that come later. A required affinity is worth a point (hardPodAffinityWeight)."""
        affinity = info.affinity
        for term in affinity.required_anti:
            _tally(self.shunned, term, node, sign)
        for terms, points in ((affinity.required, 0), (affinity.preferred, 1), (affinity.preferred_anti, -1)):
            for term in terms:
                _tally(self.wishes, (term, term.weight * points or 1), node, sign)

    def nominate(self, info: PodInfo, node: str) -> None:
        """A node is being freed for a Pod: others of no higher priority leave it the room."""
        self.withdraw(info.key)
        self.nominated.setdefault(node, {})[info.key] = info

    def withdraw(self, key: str) -> None:
        for node, found in list(self.nominated.items()):
            if found.pop(key, None) is not None and not found:
                del self.nominated[node]

    def _place(self, info: NodeInfo, node: dict) -> None:
        zone = zone_of(node)
        if info.node is not None:
            before = zone_of(info.node)
            if before == zone:
                return
            self._leave_zone(before, info.name)
        self._zones.setdefault(zone, {})[info.name] = None
        self._order = None

    def _leave_zone(self, zone: str, name: str) -> None:
        names = self._zones[zone]
        del names[name]
        if not names:
            del self._zones[zone]
        self._order = None

    def _note_images(self, info: NodeInfo, node: dict) -> None:
        for entry in (node.get("status") or {}).get("images") or ():
            for name in entry.get("names") or ():
                image = self.images.get(name)
                if image is None:
                    image = self.images[name] = Image(entry.get("sizeBytes") or 0)
                image.nodes[info.name] = None
                info.images[name] = image

    def _forget_images(self, info: NodeInfo) -> None:
        for name, image in info.images.items():
            image.nodes.pop(info.name, None)
            if not image.nodes:
                self.images.pop(name, None)
        info.images = {}


def _tally(counts: dict, key, node: str, sign: int) -> None:
    by_node = counts.setdefault(key, {})
    by_node[node] = by_node.get(node, 0) + sign
    if not by_node[node]:
        del by_node[node]
        if not by_node:
            del counts[key]
