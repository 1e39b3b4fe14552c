"""A pass that would find what the last one found is over at once, and changes nothing else."""

import msgspec
import pytest

from cluster.kubelet import pod_status
from cluster.kubelet.sync import Sync
from tests.kubelet.world import World

CRASHING, SERVER = ["sh", "-c", "sleep 3; exit 1"], "nginx/nginx:v1"


def passes(monkeypatch) -> list[dict]:
    """The statuses that are worked out from now on."""
    found, generate = [], pod_status.generate

    def noted(*about, **how):
        found.append(generate(*about, **how))
        return found[-1]

    monkeypatch.setattr(pod_status, "generate", noted)
    return found


@pytest.mark.slow
def test_a_pod_that_runs_as_before_is_not_looked_at_again_until_its_report_or_its_object_changes(monkeypatch):
    world = World()
    world.create("pod", image=SERVER)
    world.run(5_000)
    kubelet, uid = world.node.kubelet, world.pod("pod")["metadata"]["uid"]
    kubelet.pleg_sync(uid, False)
    world.run(2_000)
    found = passes(monkeypatch)
    kubelet.pleg_sync(uid, False)
    world.run(2_000)
    assert not found
    world.ask(world.hand.client.patch("pods", "pod", {"metadata": {"labels": {"a": "b"}}}, "default"))
    world.run(2_000)
    assert len(found) == 1
    world.node.runtime.kill_container("default/pod", "app")
    world.run(2_000)
    assert len(found) > 1


def history(monkeypatch, *, is_short: bool) -> list[bytes]:
    """All that two Pods leave behind: one that crashes and one that is deleted, while the network plugin goes and comes."""
    if not is_short:
        monkeypatch.setattr(Sync, "is_repeated", lambda *about: False)
    world = World()
    world.create("crashes", CRASHING)
    world.create("serves", image=SERVER)
    world.run(20_000)
    world.node.runtime.switch_network(is_on=False)
    world.run(12_000)
    world.node.runtime.switch_network(is_on=True)
    world.delete("serves")
    world.run(40_000)
    return [msgspec.json.encode(each) for each in (*world.engine.trace.events, *[change.value for change in world.store.since("/registry/", 0)])]


@pytest.mark.slow
def test_a_kubelet_that_looks_again_each_time_does_the_same(monkeypatch):
    short = history(monkeypatch, is_short=True)
    assert short == history(monkeypatch, is_short=False)
