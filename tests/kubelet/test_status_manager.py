"""What a kubelet remembers of the statuses that it sent makes its work less, and nothing else."""

import msgspec
import pytest

from tests.kubelet.world import POLITE, World


class Forgetful(dict):
    """Keeps nothing."""

    def __setitem__(self, key, value):
        pass


def history(*, forgets: bool) -> list[bytes]:
    """All that a Pod of two containers leaves behind: it starts, somebody else writes its status, it is deleted."""
    world = World()
    if forgets:
        world.node.kubelet.statuses.agreed = Forgetful()
    world.create("pod", POLITE, initContainers=[{"name": "first", "image": "busybox:1", "command": ["true"]}])
    world.run(5_000)
    world.ask(world.hand.client.patch("pods", "pod", {"status": {"phase": "Pending", "podIP": "10.9.9.9"}}, "default", subresource="status"))
    world.run(12_000)
    world.delete("pod")
    world.run(60_000)
    assert world.pod("pod") is None and bool(world.node.kubelet.statuses.agreed) is False
    return [msgspec.json.encode(each) for each in (*world.engine.trace.events, *[change.value for change in world.store.since("/registry/", 0)])]


@pytest.mark.slow
def test_a_kubelet_that_does_not_know_what_it_sent_last_sends_the_same():
    assert history(forgets=False) == history(forgets=True)
