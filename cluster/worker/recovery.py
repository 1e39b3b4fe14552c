"""How a sandbox comes back: its snapshot, then its journal, to the very same state; or, under another engine, its objects.

A turn that a fault of this program breaks off is not committed: the run ends at the event before it, for good.
"""
from __future__ import annotations

import logging

import msgspec
from django.db import transaction

from cluster.engine import TraceEvent
from cluster.models import Sandbox
from cluster.store import log
from cluster.store.memory import Change

from . import lasting
from .bootstrap import missing_objects
from .simulation import BOOT_MS, Settings, Simulation
from .version import engine_version

logger = logging.getLogger(__name__)
BOOTS_KEPT = 4
REST_STEPS = 100_000   # how long a resumed cluster may take to come to rest


class SimulationFailed(Exception):
    """Something in a simulation raised: a fault of this program, or a run that it cannot repeat. The message names run and step."""

    def __init__(self, simulation: Simulation, name: str, error: Exception):
        seed, steps = simulation.settings.seed, simulation.engine.steps
        super().__init__(f"{type(error).__name__}: {error} (sandbox {name}, seed {seed}, step {steps})")


def settings_of(sandbox: Sandbox) -> Settings:
    return msgspec.convert(sandbox.settings, Settings)


def create(sandbox: Sandbox) -> Simulation:
    """Boot a fresh cluster and commit its first state."""
    simulation = booted(settings_of(sandbox))
    engine = simulation.engine
    log.commit_turn(sandbox, simulation.store.drain(), engine.trace.drain(), engine_version=engine_version(), error="",
                    shown_seq=engine.trace.next_seq - 1, **position(simulation))
    return simulation


def booted(settings: Settings) -> Simulation:
    """A cluster that has just come up. Same settings, same boot: of those seen of late it is kept, and put back like a snapshot."""
    key = msgspec.json.encode(settings)
    kept = _boots.get(key)
    if kept is None:
        simulation = Simulation(settings).boot()
        if simulation.engine.is_at_rest and not simulation.server.outbox:
            if len(_boots) >= BOOTS_KEPT:
                del _boots[next(iter(_boots))]
            _boots[key] = Boot(msgspec.json.encode(simulation.snapshot()), list(simulation.store.changes), list(simulation.engine.trace.events))
        return simulation
    simulation = Simulation(settings)
    simulation.restore(msgspec.json.decode(kept.snapshot))
    store, trace = simulation.store, simulation.engine.trace
    store.changes, store.compacted, store.uncommitted, trace.events = list(kept.changes), 0, list(kept.changes), list(kept.events)
    return simulation


class Boot(msgspec.Struct):
    """What a boot came to: the snapshot after it, its revisions and its facts."""

    snapshot: bytes
    changes: list[Change]
    events: list[TraceEvent]


_boots: dict[bytes, Boot] = {}


def position(simulation: Simulation) -> dict:
    """The run's position as the Sandbox row keeps it."""
    engine = simulation.engine
    return {"steps": engine.steps, "now_ms": engine.now_ms, "revision": simulation.store.revision, "seq": engine.trace.next_seq - 1}


def cut(simulation: Simulation, end: dict) -> tuple[list[TraceEvent], list[Change]]:
    """What is not committed yet, up to a position; the rest is dropped."""
    events = [event for event in simulation.engine.trace.drain() if event.seq <= end["seq"]]
    changes = [change for change in simulation.store.drain() if change.revision <= end["revision"]]
    return events, changes


class Replay:
    """A simulation on its way to where its journal and commits left it.

    Source of the rule: an input is committed with the turn that acts on it, or by itself where that commit failed, so the state is at least
    as far as the last input.
    """

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox
        self.simulation = Simulation(settings_of(sandbox))
        self.error = ""
        found = log.latest_snapshot(sandbox, step=sandbox.steps, engine_version=engine_version())
        if found:
            self.simulation.restore(found[0])
        else:
            self.simulation.boot()
        self.end = position(self.simulation)

    def run(self) -> tuple[Simulation, list[TraceEvent], list[Change]]:
        """(the simulation, the facts and the changes that are not committed). `error` and `end` say where it broke off, if so."""
        simulation, sandbox = self.simulation, self.sandbox
        try:
            for _, step, at_ms, kind, data in log.inputs_after(sandbox, simulation.inputs):
                self._run_to(step, at_ms)
                simulation.apply(kind, data)
            self._run_to(sandbox.steps, sandbox.now_ms)
        except Exception as error:
            logger.exception("replaying sandbox %s", sandbox.name)
            self.error = str(SimulationFailed(simulation, sandbox.name, error))
        else:
            self.end = position(simulation)
        simulation.server.outbox.clear()
        events, changes = cut(simulation, self.end)
        committed = sandbox.seq, sandbox.revision
        return simulation, [e for e in events if e.seq > committed[0]], [c for c in changes if c.revision > committed[1]]

    def _run_to(self, steps: int, at_ms: int) -> None:
        """Handle events until that many have been handled in all, and move the clock on."""
        engine = self.simulation.engine
        self.end = position(self.simulation)
        while engine.steps < steps and engine.step() is not None:
            self.end = position(self.simulation)
        self.simulation.advance_to(at_ms)
        self.end = position(self.simulation)


def resume(sandbox: Sandbox) -> Simulation:
    """Under a changed engine nothing is replayed: objects from the store, components started anew, as after an upgrade; see lasting.py."""
    settings = settings_of(sandbox)
    simulation = Simulation(settings)
    rows = [[key, obj, row.create_revision, row.revision, row.version] for key, obj, row in log.current_objects(sandbox)]
    simulation.store.restore({"revision": sandbox.revision, "rows": rows})
    engine = simulation.engine
    engine.now_ms, engine.steps, engine.trace.next_seq = sandbox.now_ms, sandbox.steps, sandbox.seq + 1
    engine.rng.seed = f"{settings.seed}/{sandbox.revision}"
    simulation.inputs, simulation.begun_ms = log.last_input(sandbox), BOOT_MS
    engine.record("kube-apiserver", "EngineChanged", "", {"revision": sandbox.revision, "objects": len(rows)})
    simulation.server.begin(missing_objects(simulation.store, engine))
    left = lasting.set_up(simulation, log.inputs_of(sandbox, lasting.KINDS))
    simulation.start_components()
    lasting.go_on(simulation, left)
    for _ in range(REST_STEPS):  # a resumed run must begin with a snapshot: its journal alone would not lead here
        if engine.is_at_rest or engine.step() is None:
            break
    if sandbox.mode == "stopped":  # by a fault of the engine before
        sandbox.mode, sandbox.held_by = "held", "user"
    with transaction.atomic():
        log.commit_turn(sandbox, simulation.store.drain(), engine.trace.drain(), engine_version=engine_version(), error="",
                        mode=sandbox.mode, held_by=sandbox.held_by, **position(simulation))
        if not log.save_snapshot_when_at_rest(sandbox, simulation, engine_version()):
            raise RuntimeError(f"sandbox {sandbox.name} does not come to rest under this engine")
    return simulation
