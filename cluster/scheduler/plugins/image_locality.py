"""ImageLocality: prefer nodes that have the Pod's images, weighed by their size and by how many nodes have them.

Source: kubernetes pkg/scheduler/framework/plugins/imagelocality/image_locality.go.
"""

from __future__ import annotations

from ..framework import MAX_SCORE, Cycle, Plugin
from ..nodes import NodeInfo

MEBIBYTE = 1024 * 1024
LEAST, MOST_EACH = 23 * MEBIBYTE, 1000 * MEBIBYTE


def with_tag(image: str) -> str:
    """An image's name as a node reports it: `:latest` where no tag is given."""
    return image if image.rfind(":") > image.rfind("/") else image + ":latest"


def images_of(spec: dict) -> tuple[list[str], int]:
    """A Pod's images, and what they may be worth at most."""
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    names = [with_tag(container.get("image") or "") for container in containers]
    names += [with_tag(volume["image"].get("reference") or "") for volume in spec.get("volumes") or () if volume.get("image")]
    return names, MOST_EACH * len(containers)


class ImageLocality(Plugin):
    name, order, weight = "ImageLocality", 120, 1
    is_local = True

    def pre_score(self, cycle: Cycle) -> None:
        spec = cycle.pod.spec
        cycle.data[self.name] = cycle.cache.remembered.once((self.name, cycle.likeness), lambda: images_of(spec))

    def tide(self, cycle: Cycle) -> tuple[tuple[int, int], ...]:
        """How large each of the Pod's images is, and how many nodes have it."""
        images = cycle.cache.images
        return tuple([(images[name].size, len(images[name].nodes)) if name in images else (0, 0) for name in cycle.data[self.name][0]])

    def trait(self, cycle: Cycle, node: NodeInfo) -> tuple[str, ...]:
        """Those of the Pod's images that the node has; what they are worth depends on how many nodes have them."""
        return tuple([name for name in cycle.data[self.name][0] if name in node.images])

    def scores(self, cycle: Cycle, traits: list[tuple[str, ...]]) -> list[int]:
        images, count, most = cycle.cache.images, len(cycle.cache.nodes), cycle.data[self.name][1]
        totals = [sum(int(images[name].size * (len(images[name].nodes) / count)) for name in names) for names in traits]
        return [MAX_SCORE * (min(max(total, LEAST), most) - LEAST) // (most - LEAST) for total in totals]


PLUGIN = ImageLocality()
