"""examples/probes.yaml does what its first lines promise."""

from __future__ import annotations

import pytest

from tests.test_examples import applied, later

pytestmark = pytest.mark.slow  # a whole cluster


def pod(simulation) -> dict:
    return simulation.store.get("/registry/pods/default/patient").value


def app(simulation) -> dict:
    return pod(simulation)["status"]["containerStatuses"][0]


def run_in(simulation, *argv: str) -> None:
    """`kubectl exec patient -- …`, for a command that ends at once."""
    runtime = simulation.nodes[pod(simulation)["spec"]["nodeName"]].runtime
    assert runtime.run_command("test", runtime.running("default/patient", "app"), list(argv)).code == 0


def endpoints(simulation) -> list[bool]:
    slices = [stored.value for key, stored in simulation.store.list("/registry/endpointslices/default/") if "/patient-" in key]
    return [each["conditions"]["ready"] for one in slices for each in one.get("endpoints") or ()]


def facts(simulation, kind: str) -> list:
    return [fact for fact in simulation.engine.trace.events if fact.kind == kind and fact.subject == "pods/default/patient"]


def test_it_starts_slowly_loses_its_readiness_and_its_life_and_ends_in_order():
    simulation = applied("probes.yaml")
    started = next(fact.at_ms for fact in facts(simulation, "ProbeVerdict") if fact.data["verdict"] == "started")
    assert started - facts(simulation, "ContainerStarted")[1].at_ms >= 5_000 and app(simulation)["ready"] and endpoints(simulation) == [True]
    run_in(simulation, "rm", "/tmp/ready")
    later(simulation, 8_000)
    assert not app(simulation)["ready"] and app(simulation)["restartCount"] == 0 and endpoints(simulation) == [False]
    run_in(simulation, "touch", "/tmp/ready")
    later(simulation, 4_000)
    assert app(simulation)["ready"] and endpoints(simulation) == [True]
    run_in(simulation, "rm", "/www/healthz")
    later(simulation, 45_000)
    assert app(simulation)["restartCount"] == 1 and app(simulation)["ready"]
    simulation.apply("kubectl", {"action": "delete", "files": [{"name": "x", "text": "{apiVersion: v1, kind: Pod, metadata: {name: patient}}"}]})
    later(simulation, 30_000)
    ends = [fact.data["container"] for fact in facts(simulation, "ContainerExited")]
    assert ends[-2:] == ["app", "keeper"] and simulation.store.get("/registry/pods/default/patient") is None
