"""What waits for volumes, claims and changes of objects is in a snapshot: a cluster that is put back goes on in the same way."""

from __future__ import annotations

import msgspec
import pytest

from cluster.worker.simulation import Simulation, settings_for
from tests.kubelet.world import Hand

NOBODY = {
    "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "nobody"}, "provisioner": "example.com/nobody",
    "volumeBindingMode": "WaitForFirstConsumer",
}  # fmt: skip
SCRIPT = "echo run >> /v/log; cat /v/log; while true; do sleep 1; done"


def claim(name: str, **spec) -> dict:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default"}, "spec": wanted}


def pod(name: str, **volume) -> dict:
    container = {"name": "app", "image": "busybox:1", "command": ["sh", "-c", SCRIPT], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    spec = {"containers": [container], "volumes": [{"name": "v", **volume}], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def busy(settings) -> Simulation:
    """A cluster in the middle of things."""
    simulation = Simulation(settings).boot()
    hand = Hand(simulation.engine)
    asked = [
        ("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "namespace": "default"}, "data": {"a": "1"}}),
        ("storageclasses", NOBODY),
        ("persistentvolumeclaims", claim("data")),
        ("persistentvolumeclaims", claim("never", storageClassName="nobody")),
        ("pods", pod("waits", persistentVolumeClaim={"claimName": "never"})),
        ("pods", pod("config", configMap={"name": "conf"})),
        ("pods", pod("missing", configMap={"name": "none"})),
        ("pods", pod("claims", persistentVolumeClaim={"claimName": "data"})),
        ("pods", pod("scratch", emptyDir={"sizeLimit": "1Ki"})),
    ]
    for resource, body in asked:
        hand.ask(hand.client.create(resource, body))
    simulation.engine.run_until(simulation.engine.now_ms + 1_500)
    hand.ask(hand.client.patch("configmaps", "conf", {"data": {"a": "2"}}, "default"))
    while not simulation.engine.is_at_rest:
        simulation.engine.step()
    return simulation


@pytest.mark.slow
def test_a_cluster_that_waits_for_volumes_is_put_back_as_it_was():
    settings = settings_for("learner")
    simulation, again = busy(settings), Simulation(settings)
    assert list(simulation.scheduler.state.waiting) == ["default/waits", "default/claims"]
    frozen = msgspec.json.decode(msgspec.json.encode(simulation.snapshot()))
    Hand(again.engine)
    again.restore(frozen)
    for each in (simulation, again):
        each.engine.run_until(frozen["engine"]["now_ms"] + 100_000)
    assert again.store.snapshot() == simulation.store.snapshot()
    phases = {key.rpartition("/")[2]: stored.value["status"]["phase"] for key, stored in again.store.list("/registry/pods/default/")}
    assert phases == {"config": "Running", "missing": "Pending", "claims": "Running", "scratch": "Running", "waits": "Pending"}
    changed = [node.runtime.state.volumes for node in again.nodes.values()]
    texts = [node.text for volumes in changed for volume in volumes.values() if volume.kind == "configMap" for node in volume.nodes.values()]
    assert "2" in texts and "1" not in texts


@pytest.mark.slow
def test_what_is_on_a_claim_outlives_its_pod_and_goes_with_the_claim():
    simulation = Simulation(settings_for("learner")).boot()
    hand, engine = Hand(simulation.engine), simulation.engine

    def do(call) -> None:
        hand.ask(call)
        assert engine.settle(limit_ms=60_000)
        engine.run_until(engine.now_ms + 5_000)

    def log_of(name: str) -> list[str]:
        for node in simulation.nodes.values():
            container = node.runtime.running(f"default/{name}", "app")
            if container:
                return [line[2] for line in node.runtime.state.logs[container].lines]
        return []

    do(hand.client.create("persistentvolumeclaims", claim("data")))
    do(hand.client.create("pods", pod("one", persistentVolumeClaim={"claimName": "data"})))
    assert log_of("one") == ["run"]
    do(hand.client.delete("pods", "one", "default"))
    do(hand.client.create("pods", pod("two", persistentVolumeClaim={"claimName": "data"})))
    assert log_of("two") == ["run", "run"]
    do(hand.client.delete("pods", "two", "default"))
    do(hand.client.delete("persistentvolumeclaims", "data", "default"))
    assert simulation.store.list("/registry/persistentvolumes/") == []
    assert not [path for node in simulation.nodes.values() for path in node.runtime.host().nodes if "pvc-" in path]
