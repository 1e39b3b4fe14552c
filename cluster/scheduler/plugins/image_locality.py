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


class ImageLocality(Plugin):
    name, order, weight = "ImageLocality", 120, 1
    is_local = True

    def pre_score(self, cycle: Cycle, nodes: list[NodeInfo]) -> None:
        spec = cycle.pod.spec
        containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        names = [with_tag(container.get("image") or "") for container in containers]
        names += [
            with_tag(volume["image"].get("reference") or "")
            for volume in spec.get("volumes") or ()
            if volume.get("image")
        ]
        cycle.data[self.name] = (names, MOST_EACH * len(containers))

    def basis(self, cycle: Cycle) -> tuple:
        """How many nodes there are, and of each image how large it is and how many have it."""
        images = map(cycle.cache.images.get, cycle.data[self.name][0])
        return (len(cycle.cache.nodes), *((image.size, len(image.nodes)) if image is not None else None for image in images))

    def score(self, cycle: Cycle, node: NodeInfo) -> int:
        names, most = cycle.data[self.name]
        count, total = len(cycle.cache.nodes), 0
        for name in names:
            image = node.images.get(name)
            if image is not None:
                total += int(image.size * (len(image.nodes) / count))
        return MAX_SCORE * (min(max(total, LEAST), most) - LEAST) // (most - LEAST)


PLUGIN = ImageLocality()
