"""The committed side of the store: revisions, trace, journal and snapshots of a sandbox in the database.

One transaction a turn. Values are compressed with zstandard; every row can be read by itself.
"""
from __future__ import annotations

from collections.abc import Sequence

import msgspec
import zstandard
from django.db import connection, transaction
from django.db.models import Max

from cluster.engine import TraceEvent
from cluster.models import Input, Revision, Sandbox, Snapshot, TraceChunk

from .memory import Change

_encode = msgspec.json.encode
_decode = msgspec.json.decode
_decode_trace = msgspec.json.Decoder(list[TraceEvent]).decode
_compressor = zstandard.ZstdCompressor(level=1)
_decompressor = zstandard.ZstdDecompressor()
REVISION_SQL = (
    "INSERT INTO cluster_revision (sandbox_id, revision, key, type, create_revision, version, value, at_ms)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
TRACE_SQL = "INSERT INTO cluster_tracechunk (sandbox_id, first_seq, last_seq, data) VALUES (%s, %s, %s, %s)"
INPUT_SQL = "INSERT INTO cluster_input (sandbox_id, number, step, at_ms, kind, data) VALUES (%s, %s, %s, %s, %s, %s)"

FIELDS = frozenset(field.name for field in Sandbox._meta.concrete_fields)


def squeeze(value: object) -> bytes:
    """JSON, compressed."""
    return _compressor.compress(_encode(value))


def expand(data: bytes) -> object:
    """The inverse of `squeeze`."""
    return _decode(_decompressor.decompress(bytes(data)))


def commit_turn(sandbox: Sandbox, changes: list[Change], events: list[TraceEvent], inputs: Sequence[tuple] = (), **position) -> None:
    """Write inputs (as `journal` takes them), revisions, trace and the run's position together. position: fields of Sandbox."""
    for name, value in position.items():
        assert name in FIELDS, name
        setattr(sandbox, name, value)
    with transaction.atomic():
        if inputs:
            journal(sandbox, inputs)
        if changes:
            rows = [(sandbox.pk, c.revision, c.key, c.type, c.create_revision, c.version, squeeze(c.value), c.at_ms) for c in changes]
            with connection.cursor() as cursor:
                cursor.executemany(REVISION_SQL, rows)
        with connection.cursor() as cursor:
            if events:
                cursor.execute(TRACE_SQL, (sandbox.pk, events[0].seq, events[-1].seq, squeeze(events)))
            if position:
                columns = ", ".join(f"{name} = %s" for name in position)   # names of ours, checked against the model above
                cursor.execute(f"UPDATE cluster_sandbox SET {columns} WHERE id = %s", (*position.values(), sandbox.pk))


def journal(sandbox: Sandbox, inputs: Sequence[tuple[int, int, int, str, object]]) -> None:
    """Write inputs (number, step, at_ms, kind, data)."""
    rows = [(sandbox.pk, number, step, at_ms, kind, _encode(data)) for number, step, at_ms, kind, data in inputs]
    with connection.cursor() as cursor:
        cursor.executemany(INPUT_SQL, rows)


def inputs_after(sandbox: Sandbox, number: int) -> list[tuple[int, int, int, str, object]]:
    """The journal after an input, in order."""
    rows = Input.objects.filter(sandbox=sandbox, number__gt=number).order_by("number")
    return [(row.number, row.step, row.at_ms, row.kind, _decode(bytes(row.data))) for row in rows.iterator()]


def inputs_of(sandbox: Sandbox, kinds: Sequence[str]) -> list[tuple[str, object]]:
    """(kind, data) of all inputs of some kinds, in order."""
    rows = Input.objects.filter(sandbox=sandbox, kind__in=kinds).order_by("number")
    return [(row.kind, _decode(bytes(row.data))) for row in rows.iterator()]


def last_input(sandbox: Sandbox) -> int:
    """The number of the newest input, 0 if there is none."""
    return Input.objects.filter(sandbox=sandbox).aggregate(newest=Max("number"))["newest"] or 0


def object_at(sandbox: Sandbox, key: str, revision: int | None = None) -> tuple[dict, Revision] | None:
    """The object under an etcd key at a revision (default: the newest), and its row; None if it was not yet there.

    Of a key that was deleted by then, the row's type is DELETED and the object is the one that watchers saw last.
    """
    rows = Revision.objects.filter(sandbox=sandbox, key=key)
    if revision is not None:
        rows = rows.filter(revision__lte=revision)
    row = rows.order_by("-revision").first()
    return None if row is None else (expand(row.value), row)


def changes_between(sandbox: Sandbox, first: int, last: int) -> dict[int, Change]:
    """{revision: change} of a range of revisions, both ends included; `previous` is not kept in the log."""
    rows = Revision.objects.filter(sandbox=sandbox, revision__gte=first, revision__lte=last)
    return {row.revision: Change(row.revision, row.type, row.key, expand(row.value), None, row.create_revision, row.version, row.at_ms)
            for row in rows.iterator()}


class Revisions:
    """Revisions by number out of the database, as the projector asks for them; read in blocks."""

    BLOCK = 500

    def __init__(self, sandbox: Sandbox):
        self.sandbox, self.block, self.rows = sandbox, -1, {}

    def get(self, revision: int):
        block = revision // self.BLOCK
        if block != self.block:
            self.block = block
            self.rows = changes_between(self.sandbox, block * self.BLOCK, (block + 1) * self.BLOCK - 1)
        return self.rows.get(revision)


def erase(sandbox: Sandbox) -> None:
    """Forget a sandbox's whole run; its name, token and settings stay."""
    with transaction.atomic():
        for model in (Input, Revision, TraceChunk, Snapshot):
            model.objects.filter(sandbox=sandbox).delete()
        fresh = {"engine_version": "", "error": "", "run": sandbox.run + 1, "mode": "held", "held_by": "default",
                 "steps": 0, "now_ms": 0, "revision": 0, "seq": 0, "shown_seq": 0}
        Sandbox.objects.filter(pk=sandbox.pk).update(**fresh)
    for name, value in fresh.items():
        setattr(sandbox, name, value)


def current_objects(sandbox: Sandbox) -> list[tuple[str, dict, Revision]]:
    """(key, object, row) of every key that is there, at the newest revision, ordered by key."""
    newest = Revision.objects.filter(sandbox=sandbox).values("key").order_by().annotate(newest=Max("revision"))
    numbers = [row["newest"] for row in newest]
    rows = []
    for start in range(0, len(numbers), 500):
        rows += Revision.objects.filter(sandbox=sandbox, revision__in=numbers[start:start + 500])
    return [(row.key, expand(row.value), row) for row in sorted(rows, key=lambda r: r.key) if row.type != "DELETED"]


def trace_after(sandbox: Sandbox, seq: int, until: int | None = None):
    """The facts after a seq, in order, chunk by chunk."""
    rows = TraceChunk.objects.filter(sandbox=sandbox, last_seq__gt=seq)
    if until is not None:
        rows = rows.filter(first_seq__lte=until)
    for row in rows.order_by("first_seq").iterator(chunk_size=200):
        for event in _decode_trace(_decompressor.decompress(bytes(row.data))):
            if event.seq > seq and (until is None or event.seq <= until):
                yield event


def save_snapshot(sandbox: Sandbox, data: dict, *, step: int, number: int, seq: int, revision: int, engine_version: str) -> None:
    """Keep a snapshot; older ones go."""
    with transaction.atomic():
        Snapshot.objects.filter(sandbox=sandbox).delete()
        Snapshot(sandbox=sandbox, step=step, number=number, seq=seq, revision=revision,
                 engine_version=engine_version, data=squeeze(data)).save(force_insert=True)


def save_snapshot_when_at_rest(sandbox: Sandbox, simulation, engine_version: str) -> bool:
    """Keep the state of a committed simulation, if no unit of work is under way."""
    engine = simulation.engine
    if not engine.is_at_rest or simulation.store.uncommitted or engine.trace.events:
        return False
    if engine.steps != sandbox.steps or engine.trace.next_seq - 1 != sandbox.seq:
        return False  # a snapshot ahead of what is committed could not be used, and the one before it is gone
    save_snapshot(sandbox, simulation.snapshot(), step=engine.steps, number=simulation.inputs, seq=engine.trace.next_seq - 1,
                  revision=simulation.store.revision, engine_version=engine_version)
    return True


def latest_snapshot(sandbox: Sandbox, *, step: int, engine_version: str) -> tuple[dict, Snapshot] | None:
    """The newest snapshot of this engine that lies within what is committed."""
    row = Snapshot.objects.filter(sandbox=sandbox, step__lte=step, engine_version=engine_version).order_by("-step").first()
    return None if row is None else (expand(row.data), row)
