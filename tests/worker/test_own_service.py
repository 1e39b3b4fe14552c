"""The API server keeps the Service that stands for it."""
from __future__ import annotations

import msgspec
import pytest

from cluster.apiserver import http, itself
from cluster.worker.simulation import Simulation, settings_for

PATHS = {"services": "/api/v1", "endpoints": "/api/v1", "endpointslices": "/apis/discovery.k8s.io/v1"}


def delete(simulation: Simulation, resource: str) -> None:
    request = http.parse("DELETE", f"{PATHS[resource]}/namespaces/default/{resource}/kubernetes", "", {"User-Agent": "tests/1"})
    simulation.apply("request", msgspec.to_builtins(request))


@pytest.mark.parametrize("resource", list(PATHS))
def test_what_the_server_keeps_about_itself_comes_back_within_ten_seconds(resource):
    simulation = Simulation(settings_for("oracle", seed=7)).boot()
    engine, store = simulation.engine, simulation.store
    key = next(key for key, (_, name, _) in itself.OWN.items() if name == resource)
    before = store.get(key).value
    delete(simulation, resource)
    engine.run_until(engine.now_ms + 100)
    assert store.get(key) is None
    engine.run_until(engine.now_ms + itself.INTERVAL_MS + 1_000)
    after = store.get(key).value
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert {name: after.get(name) for name in ("spec", "subsets", "endpoints", "ports")} == {
        name: before.get(name) for name in ("spec", "subsets", "endpoints", "ports")}
    assert after["metadata"]["managedFields"][0]["manager"] == "kube-apiserver"


def test_it_looks_after_them_every_ten_seconds_of_the_clock():
    assert [itself.due_in_ms(now) for now in (0, 1, 9_999, 12_500)] == [10_000, 9_999, 1, 7_500]
