"""Whatever happens to Pods, nodes and the controller manager: StatefulSets and DaemonSets end as their specs ask."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.controllers.stateful import Stateful, template

SHARED = (
    st.tuples(st.just("image"), st.integers(1, 3)),
    st.tuples(st.just("delete"), st.integers(0, 5)),
    st.tuples(st.just("fail"), st.integers(0, 5)),
    st.tuples(st.just("ready"), st.integers(0, 5)),
    st.tuples(st.just("manager"), st.booleans()),
    st.tuples(st.just("run"), st.integers(1, 60_000)),
    st.tuples(st.just("relabel"), st.integers(0, 5)),
)
WITHOUT = ("node-lifecycle-controller", "taint-eviction-controller", "pod-garbage-collector")
WALKS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Walk(Stateful):
    """A world whose moves are chosen by chance. what: the resource and name that the test is about."""

    def __init__(self, resource: str, name: str):
        super().__init__(without=WITHOUT)
        self.resource, self.name = resource, name

    def play(self, moves: list) -> None:
        for name, *rest in moves:
            getattr(self, f"do_{name}")(*rest)
        self.do_manager(True)
        self.run_all()
        self.run(20_000)
        self.run_all()

    @property
    def owned(self) -> list[dict]:
        return [pod for pod in self.list("pods") if pod["metadata"].get("ownerReferences")]

    def _pick(self, which: int) -> str | None:
        pods = self.owned
        return pods[which % len(pods)]["metadata"]["name"] if pods else None

    def do_image(self, number: int) -> None:
        self.change({"template": template(f"busybox:{number}")}, self.name, self.resource)

    def do_delete(self, which: int) -> None:
        if name := self._pick(which):
            self.remove("pods", name)

    def do_fail(self, which: int) -> None:
        if name := self._pick(which):
            self.end(name, "Failed")

    def do_ready(self, which: int) -> None:
        if name := self._pick(which):
            self.make_ready(self.get("pods", name))

    def do_manager(self, on: bool) -> None:
        if on != self.manager.is_on:
            (self.engine.start if on else self.engine.stop)(self.manager)
            self.settle()

    def do_run(self, ms: int) -> None:
        self.run(ms)

    def do_relabel(self, which: int) -> None:
        """The Pod no longer is its owner's. One that keeps a StatefulSet's name would be in the way, so it goes."""
        if name := self._pick(which):
            self.do(self.client.patch("pods", name, {"metadata": {"labels": {"app": "gone"}}}, namespace="default"), settle=False)
            if self.resource == "statefulsets":
                self.hand.ask(self.client.delete("pods", name, "default", grace_period_seconds=0))
            self.settle()

    def do_scale(self, count: int) -> None:
        self.change({"replicas": count}, self.name, self.resource)

    def do_strategy(self, strategy: dict) -> None:
        self.change({"updateStrategy": strategy}, self.name, self.resource)

    def do_node(self, number: int, zone: str) -> None:
        if self.get("nodes", f"n{number}") is None:
            self.nodes(f"n{number}")
        self.mark(f"n{number}", zone=zone)

    def do_taint(self, number: int, effect: str) -> None:
        if self.get("nodes", f"n{number}"):
            self.taint(f"n{number}", *([("dedicated", effect)] if effect else []))

    def bind(self) -> None:
        if self.resource == "daemonsets":
            super().bind()

    def make_ready(self, pod: dict, *, settle: bool = True) -> None:
        """As a kubelet: of Pods that are there, and on a node."""
        self.bind()
        if self.get("pods", pod["metadata"]["name"]):
            super().make_ready(pod, settle=settle)


@pytest.mark.slow
@WALKS
@given(st.booleans(), st.lists(st.one_of(*SHARED, st.tuples(st.just("scale"), st.integers(0, 4))), max_size=10))
def test_a_stateful_set_ends_with_the_pods_that_it_is_to_have(in_order, moves):
    walk = Walk("statefulsets", "web")
    walk.stateful_set(podManagementPolicy="OrderedReady" if in_order else "Parallel")
    walk.play(moves)
    spec, status = walk.get("statefulsets", "web")["spec"], walk.status()
    assert sorted(pod["metadata"]["name"] for pod in walk.owned) == [f"web-{place}" for place in range(spec["replicas"])]
    image = spec["template"]["spec"]["containers"][0]["image"]
    assert {pod["spec"]["containers"][0]["image"] for pod in walk.owned} <= {image}
    counts = [status.get(name, 0) for name in ("replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas")]
    assert counts == [spec["replicas"]] * 5 and status["currentRevision"] == status["updateRevision"]


STRATEGIES = st.sampled_from([{"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
                              {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "60%", "maxSurge": 0}},
                              {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "50%"}}])


@pytest.mark.slow
@WALKS
@given(st.lists(st.one_of(*SHARED, st.tuples(st.just("node"), st.integers(1, 4), st.sampled_from("ab")), st.tuples(st.just("strategy"), STRATEGIES),
                          st.tuples(st.just("taint"), st.integers(1, 4), st.sampled_from(["", "NoSchedule", "NoExecute"]))), max_size=10))
def test_a_daemon_set_ends_with_one_new_pod_on_each_node_that_fits(moves):
    walk = Walk("daemonsets", "agent")
    walk.nodes("n1", "n2", "n3")
    walk.daemon_set()
    walk.play(moves)
    nodes = {node["metadata"]["name"]: node["spec"].get("taints") or [] for node in walk.list("nodes")}
    wanted = sorted(name for name, taints in nodes.items() if not taints)
    image = walk.get("daemonsets", "agent")["spec"]["template"]["spec"]["containers"][0]["image"]
    placed = {pod["spec"]["nodeName"]: pod["spec"]["containers"][0]["image"] for pod in walk.owned}
    assert len(placed) == len(walk.owned) and set(wanted) <= set(placed)
    assert {placed[name] for name in wanted} <= {image}
    assert all(taint["effect"] == "NoSchedule" for name in placed for taint in nodes[name])
    status = walk.status("agent", "daemonsets")
    assert [status.get(name, 0) for name in ("desiredNumberScheduled", "numberAvailable", "updatedNumberScheduled")] == [len(wanted)] * 3
    assert status["numberMisscheduled"] == len(placed) - len(wanted)
    assert status["observedGeneration"] == walk.get("daemonsets", "agent")["metadata"]["generation"]
