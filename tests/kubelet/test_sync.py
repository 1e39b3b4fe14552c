"""The short ways of a pass do what the long ways do, and a pass that would find what the last one found is over at once."""

import msgspec
import pytest

from cluster.kubelet import pod_status
from cluster.kubelet.actions import actions_for, all_runs
from cluster.kubelet.state import Report
from cluster.kubelet.sync import Sync, first_plan, plan_of
from cluster.runtime.state import Container, Sandbox
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


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
@pytest.mark.parametrize("names", [["app"], ["side", "app"]])
def test_the_first_plan_for_app_containers_is_that_of_the_long_way(policy, names):
    pod = {"metadata": {"name": "web"}, "spec": {"restartPolicy": policy, "containers": [{"name": name, "image": "a"} for name in names]}}
    assert first_plan(pod, Report()) == plan_of(actions_for(pod, Report()), Report()) and not all_runs(pod, Report())


@pytest.mark.parametrize(
    ("sandbox", "state", "definition", "is_over"),
    [
        ("ready", "running", "app a", True),
        ("notready", "running", "app a", False),
        ("ready", "exited", "app a", False),
        ("ready", "running", "app b", False),
    ],
)
def test_a_pass_has_nothing_to_do_where_the_long_way_finds_nothing(sandbox, state, definition, is_over):
    container = Container("i", "app", "u", "default/web", "s", 0, "a", "ref", state, 1, definition=definition)
    report = Report([Sandbox("s", "u", "default/web", 0, sandbox, 0)], [container])
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "app", "image": "a"}]}}
    assert all_runs(pod, report) is actions_for(pod, report).is_none is is_over
