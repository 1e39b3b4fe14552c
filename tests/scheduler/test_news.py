"""What the scheduler hears of Pods that are on their nodes: most of it changes nothing for it, and the short way past that is a true one."""

import msgspec
import pytest

from cluster.scheduler import news
from tests.scheduler.bench import Bench


def pod(**changed):
    spec, labels = changed.pop("spec", SPEC), changed.pop("labels", {"app": "web"})
    return {"metadata": {"name": "p", "uid": "u", "labels": labels, **changed}, "spec": spec, "status": {}}


SPEC = {"nodeName": "n1", "containers": []}
GOING = {"deletionTimestamp": "2026-01-01T09:00:00Z"}


@pytest.mark.parametrize(("old", "new", "is_same"), [
    (pod(), pod(), True), (pod(**GOING, generation=2), pod(**GOING, generation=2), True), (pod(), pod(labels={"app": "web"}), True),
    (pod(), pod(**GOING), False), (pod(), pod(labels={"app": "db"}), False), (pod(), pod(spec={**SPEC}), False), (pod(), pod(uid="other"), False),
    (pod(generation=2), pod(generation=2), False), (pod(**GOING, generation=3), pod(**GOING, generation=3), False),
])  # fmt: skip
def test_a_pod_is_as_before_where_nothing_is_another_that_scheduling_reads(old, new, is_same):
    assert news._is_as_before(old, new) is is_same


def history():
    """Pods come, one waits for room, one is on its way for a while, tells of it and is relabelled; what is decided and traced."""
    bench = Bench()
    bench.node("n1", cpu="2")
    first = bench.pod("a", cpu="1500m", labels={"app": "a"}, nodeName="n1", terminationGracePeriodSeconds=30)
    bench.pod("b", cpu="1")
    bench.send("DELETE", f"/api/v1/namespaces/default/pods/{first['metadata']['name']}", query="gracePeriodSeconds=30")
    for reason in ("Stopping", "Stopped"):
        bench.patch("/api/v1/namespaces/default/pods/a/status", {"status": {"reason": reason}})
        bench.run(2_000)
    bench.patch("/api/v1/namespaces/default/pods/a", {"metadata": {"labels": {"app": "c"}}})
    bench.run(2_000)
    bench.delete("a")
    bench.run(15_000)
    assert bench.node_of("b") == "n1"
    info = bench.scheduler.cache.get_pod("default/b")
    return [msgspec.json.encode(event) for event in bench.engine.trace.events], info.pod


def test_the_short_way_gives_what_the_long_way_gives(monkeypatch):
    taken = history()
    monkeypatch.setattr(news, "_is_as_before", lambda old, new: False)
    assert history() == taken
