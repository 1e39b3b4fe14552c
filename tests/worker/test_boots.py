"""A fresh sandbox whose like has come up before is put back instead of booted: nothing may tell the two apart."""
from __future__ import annotations

import msgspec
import pytest

from cluster.worker import recovery
from cluster.worker.simulation import settings_for


@pytest.fixture
def no_boots(monkeypatch):
    monkeypatch.setattr(recovery, "_boots", {})
    return recovery._boots


def run(simulation) -> tuple[bytes, ...]:
    """What a cluster is after its boot, and what a Deployment and a watch from the very beginning make of it."""
    manifest = {"name": "web.yaml", "text": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n"
                "  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: busybox:1}]}}\n"}
    simulation.apply("kubectl", {"action": "apply", "files": [manifest]})
    simulation.engine.settle()
    store, trace = simulation.store, simulation.engine.trace
    return tuple(map(msgspec.json.encode, (store.uncommitted, trace.events, store.since("/registry/", 0), simulation.snapshot())))


@pytest.mark.parametrize("profile", ["learner", "oracle"])
def test_a_boot_that_is_put_back_is_that_boot(no_boots, profile):
    settings = settings_for(profile, seed=5)
    booted, put_back = recovery.booted(settings), recovery.booted(settings)
    assert len(no_boots) == 1 and put_back is not booted
    assert run(booted) == run(put_back) == run(recovery.booted(settings))


def test_other_settings_boot_anew_and_the_oldest_boots_are_forgotten(no_boots):
    for seed in range(1, recovery.BOOTS_KEPT + 3):
        recovery.booted(settings_for("learner", seed=seed))
    assert len(no_boots) == recovery.BOOTS_KEPT
