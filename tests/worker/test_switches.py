"""Components switched off and on: what stops, what goes on, and what is caught up with afterwards."""

import pytest

from cluster.kubelet.health import NO_PLUGIN
from cluster.meta.requests import Request
from cluster.store.etcd import REFUSED
from cluster.worker import faults
from cluster.worker.refusals import Refused
from cluster.worker.simulation import Simulation, settings_for

pytestmark = pytest.mark.slow
SECOND = 1_000
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "busybox:1", command: [sleep, "100000"]}], terminationGracePeriodSeconds: 1}
"""


class Cluster:
    """A settled cluster with two Pods of a Deployment."""

    def __init__(self, simulation: Simulation):
        self.simulation, self.engine = simulation, simulation.engine
        simulation.apply("kubectl", {"action": "apply", "files": [{"name": "web.yaml", "text": DEPLOYMENT}]})
        self.engine.settle()
        self.engine.trace.drain()

    def switch(self, action: str, name: str) -> None:
        faults.check(self.simulation, action, [name])
        self.simulation.apply("fault", {"action": action, "args": [name]})

    def scale(self, replicas: int) -> list[str]:
        """What kubectl prints."""
        self.simulation.apply("kubectl", {"action": "scale", "resource": "deployments", "namespace": "default", "name": "web", "replicas": replicas})
        self.engine.settle(limit_ms=5 * SECOND)
        return [line.text for line in self.simulation.kubectl.state.commands[-1].lines]

    def wait(self, seconds: int) -> None:
        self.engine.run_until(self.engine.now_ms + seconds * SECOND)

    def phases(self) -> list[str]:
        pods = self.simulation.store.list("/registry/pods/default/")
        return sorted(stored.value["status"]["phase"] for _, stored in pods if "deletionTimestamp" not in stored.value["metadata"])

    def lease(self, name: str) -> dict:
        return self.simulation.store.get(f"/registry/leases/kube-system/{name}").value["spec"]

    def ready(self, node: str = "k8snode1") -> tuple[str, str]:
        conditions = self.simulation.store.get(f"/registry/minions/{node}").value["status"]["conditions"]
        return next((each["status"], each["message"]) for each in conditions if each["type"] == "Ready")

    def told(self, kind: str) -> list[str]:
        """The components about which the trace has this."""
        return [event.data.get("component", event.actor) for event in self.engine.trace.drain() if event.kind == kind]


@pytest.fixture
def cluster():
    return Cluster(Simulation(settings_for("learner", nodes=["k8snode1"])).boot())


def test_without_the_api_server_nothing_is_heard_and_afterwards_everybody_lists_anew(cluster):
    cluster.switch("component-stop", "kube-apiserver")
    assert cluster.scale(3) == ["The connection to the server k8s-api.local:6443 was refused - did you specify the right host or port?"]
    cluster.wait(20)
    assert cluster.phases() == ["Running", "Running"]
    cluster.switch("component-start", "kube-apiserver")
    cluster.wait(60)
    told = [(event.kind, event.actor) for event in cluster.engine.trace.drain()]
    assert {("ComponentRelisted", "kubelet/k8snode1"), ("ComponentRelisted", "coredns")} <= set(told)
    assert {("ComponentListed", "kube-controller-manager"), ("ComponentListed", "kube-scheduler")} <= set(told)  # they lost their Leases
    assert cluster.scale(3) == ["deployment.apps/web scaled"]
    cluster.wait(5)
    assert cluster.phases() == ["Running"] * 3


def test_a_write_under_way_when_the_api_server_stops_is_lost_and_tried_again(cluster):
    cluster.simulation.apply("kubectl", {"action": "scale", "resource": "deployments", "namespace": "default", "name": "web", "replicas": 3})
    while not any(event.handler == "write" and event.args[0].resource == "pods" for event in cluster.engine.pending(cluster.simulation.server)):
        cluster.engine.step()
    cluster.switch("component-stop", "kube-apiserver")
    cluster.wait(5)
    assert len(cluster.phases()) == 2
    cluster.switch("component-start", "kube-apiserver")
    cluster.wait(90)
    assert cluster.phases() == ["Running"] * 3 and cluster.engine.is_at_rest


def test_without_etcd_the_api_server_can_neither_read_nor_write(cluster):
    cluster.switch("component-stop", "etcd")
    assert cluster.scale(3) == [f"Error from server: {REFUSED}"]
    cluster.wait(8)
    assert [event.kind for event in cluster.engine.trace.drain()].count("WatchDelivered") == 0
    cluster.switch("component-start", "etcd")
    assert cluster.scale(3) == ["deployment.apps/web scaled"]
    assert len(cluster.phases()) == 3


@pytest.mark.parametrize("name", ["replicaset-controller", "deployment-controller", "garbage-collector", "kube-scheduler", "kube-controller-manager"])
def test_what_one_component_leaves_undone_it_does_when_it_is_on_again(cluster, name):
    cluster.switch("component-stop", name)
    cluster.scale(4)
    assert cluster.phases().count("Running") == (4 if name == "garbage-collector" else 2)
    cluster.switch("component-start", name)
    cluster.wait(60)
    assert cluster.phases() == ["Running"] * 4


def test_a_controller_that_is_off_stays_off_when_its_manager_starts_anew(cluster):
    cluster.switch("component-stop", "replicaset-controller")
    cluster.switch("component-stop", "kube-controller-manager")
    cluster.switch("component-start", "kube-controller-manager")
    cluster.wait(40)
    cluster.scale(3)
    assert len(cluster.phases()) == 2
    frozen = cluster.simulation.snapshot()
    again = Simulation(cluster.simulation.settings)
    again.restore(frozen)
    assert not again.manager.controllers["replicaset-controller"].is_on
    again.apply("fault", {"action": "component-start", "args": ["replicaset-controller"]})
    again.engine.settle()
    assert len(again.store.list("/registry/pods/default/")) == 3


def test_a_new_controller_manager_waits_for_the_lease_of_the_one_before_and_a_new_scheduler_does_not(cluster):
    began_ms = {}
    for name in ("kube-controller-manager", "kube-scheduler"):
        before = cluster.lease(name)
        cluster.switch("component-stop", name)
        cluster.wait(2)
        assert cluster.lease(name)["holderIdentity"] == ("" if name == "kube-scheduler" else before["holderIdentity"])
        cluster.switch("component-start", name)
        began_ms[name] = cluster.engine.now_ms
        cluster.wait(25)
        after = cluster.lease(name)
        assert after["holderIdentity"] not in ("", before["holderIdentity"]) and after["leaseTransitions"] == before["leaseTransitions"] + 1
    led = {event.actor: event.at_ms - began_ms[event.actor] for event in cluster.engine.trace.drain() if event.kind == "LeaderElected"}
    assert 15_000 < led["kube-controller-manager"] < 20_500 and led["kube-scheduler"] < 400


def test_a_leader_renews_every_two_seconds_and_one_that_cannot_for_ten_ends_and_comes_back(cluster):
    name = "kube-controller-manager"
    seconds = {(cluster.wait(1), cluster.lease(name)["renewTime"][:19])[1] for _ in range(10)}
    assert len(seconds) in (5, 6) and cluster.lease(name)["leaseDurationSeconds"] == 15
    cluster.simulation.store.delete(f"/registry/leases/kube-system/{name}")
    cluster.wait(5)
    assert cluster.lease(name)["holderIdentity"]
    cluster.switch("component-stop", "etcd")
    cluster.wait(13)
    assert set(cluster.told("LeaderLost")) == {name, "kube-scheduler"}
    cluster.switch("component-start", "etcd")
    cluster.wait(40)
    assert set(cluster.told("LeaderElected")) == {name, "kube-scheduler"}
    cluster.scale(3)
    assert len(cluster.phases()) == 3


def patch_lease(cluster, name: str, spec: dict) -> None:
    about = {"resource": "leases", "group": "coordination.k8s.io", "version": "v1", "namespace": "kube-system", "name": name}
    cluster.simulation.apply("request", {"verb": "patch", **about, "body": {"spec": spec}, "content_type": "application/merge-patch+json"})
    cluster.wait(1)


def test_a_lease_of_which_somebody_takes_parts_away_is_renewed_and_taken_over_nevertheless(cluster):
    name = "kube-scheduler"
    patch_lease(cluster, name, {"acquireTime": None, "leaseTransitions": None})
    before = cluster.lease(name)["renewTime"]
    cluster.wait(10)
    assert cluster.lease(name)["renewTime"] > before and "acquireTime" not in cluster.lease(name)
    cluster.switch("component-stop", name)
    cluster.wait(1)
    patch_lease(cluster, name, {"holderIdentity": "me", "leaseDurationSeconds": None})
    cluster.switch("component-start", name)
    cluster.wait(2)
    assert cluster.lease(name)["holderIdentity"] not in ("", "me") and cluster.lease(name)["acquireTime"]


def test_what_was_switched_off_while_it_was_being_started_again_stays_off(cluster):
    cluster.switch("component-stop", "etcd")
    while cluster.simulation.scheduler.is_on:
        cluster.engine.step()
    cluster.switch("component-stop", "kube-scheduler")
    cluster.wait(5)
    assert not cluster.simulation.scheduler.is_on


def test_without_a_runtime_containers_run_on_and_the_node_is_not_ready_after_a_while(cluster):
    cluster.switch("runtime-stop", "k8snode1")
    cluster.scale(3)
    cluster.wait(20)
    assert cluster.phases() == ["Pending", "Running", "Running"] and cluster.ready()[0] == "True"
    cluster.wait(25)
    assert cluster.ready() == ("False", "container runtime is down")
    cluster.wait(180)
    assert cluster.ready()[1].startswith("[container runtime is down, PLEG is not healthy: pleg was last seen active 3m")
    cluster.switch("runtime-start", "k8snode1")
    cluster.wait(20)
    assert cluster.phases() == ["Running"] * 3 and cluster.ready() == ("True", "kubelet is posting ready status")


def test_without_a_network_plugin_only_new_pods_wait(cluster):
    cluster.switch("cni-stop", "k8snode1")
    cluster.scale(3)
    cluster.wait(12)
    missing = f"container runtime network not ready: {NO_PLUGIN}"
    assert cluster.phases() == ["Pending", "Running", "Running"] and cluster.ready() == ("False", missing)
    events = [stored.value for _, stored in cluster.simulation.store.list("/registry/events/default/")]
    assert f"network is not ready: {missing}" in [event["message"] for event in events if event["reason"] == "NetworkNotReady"]
    cluster.switch("cni-start", "k8snode1")
    cluster.wait(12)
    assert cluster.phases() == ["Running"] * 3 and cluster.ready()[0] == "True"


def test_the_status_of_components_tells_which_of_them_are_off(cluster):
    def healthy() -> dict[str, str]:
        reply = cluster.simulation.server.handle(Request(verb="list", resource="componentstatuses", user="you", groups=["system:masters"]))
        return {obj["metadata"]["name"]: obj["conditions"][0]["status"] for obj in reply.body["items"]}

    assert healthy() == {"controller-manager": "True", "etcd-0": "True", "scheduler": "True"}
    cluster.switch("component-stop", "etcd")
    cluster.switch("component-stop", "kube-scheduler")
    assert healthy() == {"controller-manager": "True", "etcd-0": "False", "scheduler": "False"}


@pytest.mark.parametrize(("action", "name", "words"), [
    ("component-stop", "kubelet", "one of kube-apiserver, etcd, kube-controller-manager, kube-scheduler, kube-proxy, coredns, or a controller:"),
    ("runtime-stop", "mars", "node 'mars' not found"), ("cni-start", "mars", "node 'mars' not found"),
])  # fmt: skip
def test_what_cannot_be_switched_is_refused(cluster, action, name, words):
    with pytest.raises(Refused, match=words):
        cluster.switch(action, name)
