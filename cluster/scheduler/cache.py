"""The scheduler's picture of the cluster: nodes with their Pods, among them those that are only assumed to be bound.

All of it is derived from informers and the list of assumed Pods, so none of it is in a snapshot.
Source: kubernetes pkg/scheduler/backend/cache/{cache,node_tree}.go.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from cluster.meta.labels import Selector
from cluster.meta.objects import key_of

from .affinity import Term
from .counts import Counter, Label, Tally
from .nodes import NodeInfo, Verdict, zone_of
from .pods import PodInfo
from .remembered import Remembered

if TYPE_CHECKING:
    from .outlook import Outlook

COUNTERS = 128  # selectors whose matches are counted as Pods come and go


class Image:
    """The nodes that have an image, each with the size that it tells; `size` is told by the first of them by name.

    Upstream takes the size of whichever node was heard of first, which a scheduler that starts anew would not know.
    """

    __slots__ = ("nodes", "size", "teller")

    def __init__(self) -> None:
        self.nodes: dict[str, int] = {}
        self.teller, self.size = "", 0

    def come(self, node: str, size: int) -> None:
        self.nodes[node] = size
        if not self.teller or node <= self.teller:
            self.teller, self.size = node, size

    def go(self, node: str) -> None:
        self.nodes.pop(node, None)
        if node == self.teller:
            self.teller = min(self.nodes, default="")
            self.size = self.nodes.get(self.teller, 0)


class Cache:
    """Nodes, Pods, images; `nodes` is the order in which nodes are looked at, `places` where each of them stands in it."""

    def __init__(self) -> None:
        self.by_name: dict[str, NodeInfo] = {}
        self.node_of: dict[str, str] = {}  # Pod's key -> node
        self.images: dict[str, Image] = {}
        self.counters: dict[tuple, Counter] = {}
        self._counter_of: dict[tuple, Counter] = {}
        self.taken_volumes: dict[str, str] = {}  # PersistentVolume -> the claim that it was chosen for; the scheduler's own tables
        self.claim_nodes: dict[str, str] = {}  # claim -> the node on which its volume is to be made
        self.nominated: dict[str, dict[str, PodInfo]] = {}  # node -> Pods for which it is being freed
        self.shunned: dict[Term, Tally] = {}  # required anti-affinity of Pods that are there -> such Pods
        self.wishes: dict[tuple[Term, int], Tally] = {}  # (their other terms, points each) -> such Pods
        self.users: dict[str, dict[str, None]] = {}  # claim's key -> those of the Pods that use it
        self._labels: dict[str, Label] = {}
        self._zones: dict[str, dict[str, None]] = {}
        self.generation = 0  # raised by each change of a node or of what it bears
        self.places: dict[str, int] = {}
        self.titles: list[str] = []  # the nodes' names, by place
        self.passes: list[Verdict] = []  # by place
        self.remembered = Remembered(self)
        self.outlooks: dict[tuple, Outlook] = {}  # by what makes Pods alike; whatever changes but Pods and room clears it
        self._changes: dict[str, int] = {}  # node -> the generation of its last change; the latest last
        self._order: list[NodeInfo] | None = None

    @property
    def nodes(self) -> list[NodeInfo]:
        """Every node, taking one of each zone in turn."""
        if self._order is None:
            rows = [list(names) for names in self._zones.values()]
            longest = max(map(len, rows), default=0)
            self._order = [self.by_name[row[index]] for index in range(longest) for row in rows if index < len(row)]
            self.titles = [node.name for node in self._order]
            self.places = {name: place for place, name in enumerate(self.titles)}
            self.passes = [Verdict(name) for name in self.titles]
        return self._order

    def names(self) -> list[str]:
        """The nodes' names, zone by zone: in this order another cache comes to the same order of nodes."""
        return [name for names in self._zones.values() for name in names]

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
        if info.node is None or info.labels != (node["metadata"].get("labels") or {}):
            self._forget_domains()
        info.set_node(node)
        self._touch(name)
        return info

    def remove_node(self, name: str) -> None:
        info = self.by_name.get(name)
        if info is None or info.node is None:
            return
        self._leave_zone(zone_of(info.node), name)
        self._forget_images(info)
        self._forget_domains()
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
        if info.key in self.node_of:
            self.remove_pod(info.key)
        bearer = self.by_name.get(node)
        if bearer is None:
            bearer = self.by_name[node] = NodeInfo(node)
        bearer.add(info)
        self._touch(node)
        self.node_of[info.key] = node
        if info.claims:
            self._note_claims(info)
        for counter in self.counters.values():
            counter.count(info, bearer, 1)
        if info.affinity is not None:
            self._note_terms(info, bearer, 1)

    def report(self, pod: dict) -> bool:
        """Take over a Pod that takes and is what it did before; False if its node does not have it."""
        node = self.by_name.get(pod["spec"]["nodeName"])
        key = key_of(pod)
        info = node.pods.get(key) if node is not None else None
        if info is None or info.spec is not pod["spec"]:
            return False
        node.pods[key] = info.reported(pod)
        return True

    def remove_pod(self, key: str) -> PodInfo | None:
        name = self.node_of.pop(key, None)
        if name is None:
            return None
        node = self.by_name[name]
        info = node.remove(key)
        self._touch(name)
        if info.claims:
            self._forget_claims(info)
        for counter in self.counters.values():
            counter.count(info, node, -1)
        if info.affinity is not None:
            self._note_terms(info, node, -1)
        if node.node is None and not node.pods:
            self._drop(name)
        return info

    def _drop(self, name: str) -> None:
        del self.by_name[name], self._changes[name]

    def get_pod(self, key: str) -> PodInfo | None:
        name = self.node_of.get(key)
        return self.by_name[name].pods.get(key) if name is not None else None

    def label(self, key: str) -> Label:
        """What is known of a label of nodes."""
        found = self._labels.get(key)
        if found is None:
            found = self._labels[key] = Label(key, self.nodes)
        return found

    def _forget_domains(self) -> None:
        self._labels = {}
        self.outlooks.clear()
        for tallies in (self.counters, self.shunned, self.wishes):
            for tally in tallies.values():
                tally.forget_values()

    def matching(self, namespace: str, selector: Selector) -> Counter:
        """Matching Pods of a namespace, terminating ones aside; kept up to date from the first question on."""
        return self._counted((namespace,), selector, False)

    def matching_in(self, namespaces: list[str] | None, selector: Selector) -> Counter:
        """Matching Pods of some namespaces, or of all; those that are going count."""
        return self._counted(None if namespaces is None else tuple(sorted(namespaces)), selector, True)

    def _counted(self, namespaces: tuple[str, ...] | None, selector: Selector, with_going: bool) -> Counter:
        """A selector that is the same object is looked up more quickly than by what it says."""
        counter = self._counter_of.get((namespaces, selector, with_going))
        if counter is None:
            if len(self._counter_of) >= COUNTERS:
                self._counter_of.clear()
            counter = self._counter_of[(namespaces, selector, with_going)] = self._counter(namespaces, selector, with_going)
        return counter

    def _counter(self, namespaces: tuple[str, ...] | None, selector: Selector, with_going: bool) -> Counter:
        key = (namespaces, selector.requirements, with_going)
        counter = self.counters.get(key)
        if counter is None:
            counter = self.counters[key] = Counter(namespaces, selector, with_going)
            for node in self.by_name.values():
                for info in node.pods.values():
                    counter.count(info, node, 1)
            if len(self.counters) > COUNTERS:
                del self.counters[next(iter(self.counters))]
                self._counter_of.clear()
                self.outlooks.clear()
        return counter

    def _note_claims(self, info: PodInfo) -> None:
        for name, _ in info.claims:
            self.users.setdefault(f"{info.namespace}/{name}", {})[info.key] = None

    def _forget_claims(self, info: PodInfo) -> None:
        for name, _ in info.claims:
            users = self.users.get(f"{info.namespace}/{name}", {})
            users.pop(info.key, None)
            if not users:
                self.users.pop(f"{info.namespace}/{name}", None)

    def _note_terms(self, info: PodInfo, node: NodeInfo, sign: int) -> None:
        """What a Pod asks of Pods that come later. A required affinity is worth a point (hardPodAffinityWeight)."""
        affinity = info.affinity
        self.outlooks.clear()
        for term in affinity.required_anti:
            _tally(self.shunned, term, node, sign)
        for terms, points in ((affinity.required, 0), (affinity.preferred, 1), (affinity.preferred_anti, -1)):
            for term in terms:
                _tally(self.wishes, (term, term.weight * points or 1), node, sign)

    def nominate(self, info: PodInfo, node: str) -> None:
        """A node is being freed for a Pod: others of no higher priority leave it the room."""
        self.withdraw(info.key)
        self.outlooks.clear()
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
                    image = self.images[name] = Image()
                image.come(info.name, entry.get("sizeBytes") or 0)
                info.images[name] = image

    def _forget_images(self, info: NodeInfo) -> None:
        for name, image in info.images.items():
            image.go(info.name)
            if not image.nodes:
                self.images.pop(name, None)
        info.images = {}


def _tally(tallies: dict[Hashable, Tally], key: Hashable, node: NodeInfo, sign: int) -> None:
    tally = tallies.get(key)
    if tally is None:
        tally = tallies[key] = Tally()
    tally.add(node, sign)
    if not tally.by_node:
        del tallies[key]
