"""Bring a sandbox back from what is committed: snapshot, then journal, to the very same state."""
from __future__ import annotations

import msgspec

from cluster.engine import TraceEvent
from cluster.models import Sandbox
from cluster.store import log
from cluster.store.memory import Change

from .simulation import Settings, Simulation
from .version import engine_version


def settings_of(sandbox: Sandbox) -> Settings:
    return msgspec.convert(sandbox.settings, Settings)


def create(sandbox: Sandbox) -> Simulation:
    """Boot a fresh cluster and commit its first state."""
    simulation = Simulation(settings_of(sandbox)).boot()
    engine = simulation.engine
    log.commit_turn(sandbox, simulation.store.drain(), engine.trace.drain(), engine_version=engine_version(), error="",
                    shown_seq=engine.trace.next_seq - 1, **position(simulation))
    return simulation


def position(simulation: Simulation) -> dict:
    """The run's position as the Sandbox row keeps it."""
    engine = simulation.engine
    return {"steps": engine.steps, "now_ms": engine.now_ms, "revision": simulation.store.revision, "seq": engine.trace.next_seq - 1}


def replay(sandbox: Sandbox) -> tuple[Simulation, list[TraceEvent], list[Change]]:
    """The simulation where its journal and commits left it, and what of it was not committed yet.

    Source of the rule: an input is journaled before it is acted on, so the state is at least as far as the last input.
    """
    settings = settings_of(sandbox)
    found = log.latest_snapshot(sandbox, step=sandbox.steps, engine_version=engine_version())
    if found:
        simulation = Simulation(settings)
        simulation.restore(found[0])
    else:
        simulation = Simulation(settings).boot()
    for _, step, at_ms, kind, data in log.inputs_after(sandbox, simulation.inputs):
        run_to(simulation, step)
        simulation.advance_to(at_ms)
        simulation.apply(kind, data)
    run_to(simulation, sandbox.steps)
    simulation.advance_to(sandbox.now_ms)
    events = [event for event in simulation.engine.trace.drain() if event.seq > sandbox.seq]
    changes = [change for change in simulation.store.drain() if change.revision > sandbox.revision]
    simulation.server.outbox.clear()
    return simulation, events, changes


def run_to(simulation: Simulation, steps: int) -> None:
    """Handle events until that many have been handled in all."""
    engine = simulation.engine
    while engine.steps < steps and engine.step() is not None:
        pass


def resume(sandbox: Sandbox) -> Simulation:
    """Under a changed engine nothing is replayed: objects from the store, components started anew, as after an upgrade."""
    simulation = Simulation(settings_of(sandbox))
    rows = [[key, obj, row.create_revision, row.revision, row.version] for key, obj, row in log.current_objects(sandbox)]
    simulation.store.restore({"revision": sandbox.revision, "rows": rows})
    engine = simulation.engine
    engine.now_ms, engine.steps, engine.trace.next_seq = sandbox.now_ms, sandbox.steps, sandbox.seq + 1
    engine.rng.seed = f"{settings_of(sandbox).seed}/{sandbox.revision}"
    simulation.inputs = sandbox.inputs.count()
    simulation.start_components()
    while not engine.is_at_rest and engine.step() is not None:
        pass  # a resumed run must begin with a snapshot: its journal alone would not lead here
    log.commit_turn(sandbox, simulation.store.drain(), engine.trace.drain(), engine_version=engine_version(), error="", **position(simulation))
    log.save_snapshot_when_at_rest(sandbox, simulation, engine_version())
    return simulation
