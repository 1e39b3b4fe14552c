"""A kubelet says what its patch of a status comes to: the API server must reach the same by applying it."""

from __future__ import annotations

import pytest

from cluster.apiserver import reporting
from tests.kubelet.world import POLITE, World


def lives(monkeypatch, *, is_trusted: bool) -> dict[str, dict]:
    """The last state of Pods that start, crash, end and are deleted."""
    known = reporting.reported
    used = []

    def asked(call):
        found = known(call)
        used.append(found is not None)
        return found if is_trusted else None

    monkeypatch.setattr(reporting, "reported", asked)
    world = World()
    world.create("stays", POLITE)
    world.create("crashes", ["sh", "-c", "exit 3"])
    world.create("ends", ["sh", "-c", "exit 0"], restartPolicy="Never", initContainers=[{"name": "first", "image": "busybox:1", "command": ["true"]}])
    world.create("goes", POLITE)
    world.run(6_000)
    world.delete("goes")
    world.run(8_000)
    assert sum(used) > 10
    return {name: world.pod(name) for name in ("stays", "crashes", "ends", "goes")}


@pytest.fixture(scope="module")
def applied():
    with pytest.MonkeyPatch.context() as monkeypatch:
        return lives(monkeypatch, is_trusted=False)


@pytest.mark.parametrize("name", ["stays", "crashes", "ends", "goes"])
def test_a_known_outcome_is_what_applying_the_patch_gives(applied, monkeypatch, name):
    assert lives(monkeypatch, is_trusted=True)[name] == applied[name]
