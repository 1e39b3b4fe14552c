"""What is committed of a sandbox: columns only; the rules live in store/ and worker/."""
from __future__ import annotations

from django.db import models


class Sandbox(models.Model):
    """One simulated cluster and how far its run is committed."""

    name = models.SlugField(max_length=63, unique=True)
    token = models.CharField(max_length=64, unique=True, help_text="The unguessable part of its API server's URL.")
    settings = models.JSONField(default=dict, help_text="Profile, nodes, sizes, seed and epoch: with the journal, all that its state depends on.")
    engine_version = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    run = models.PositiveIntegerField(default=0, help_text="How often it was reset: cursors of an earlier run mean nothing now.")
    steps = models.BigIntegerField(default=0, help_text="Engine events handled.")
    now_ms = models.BigIntegerField(default=0, help_text="Virtual milliseconds since it began.")
    revision = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0, help_text="The last fact of the trace.")
    shown_seq = models.BigIntegerField(default=0, help_text="How far those who look at it have seen.")
    mode = models.CharField(max_length=16, default="held")
    held_by = models.CharField(max_length=16, default="default")
    pacing = models.CharField(max_length=16, default="paced")
    speed = models.FloatField(default=1.0)
    error = models.TextField(blank=True, help_text="Why its simulation stopped, if it did.")

    class Meta:
        verbose_name_plural = "sandboxes"

    def __str__(self) -> str:
        return self.name


class Input(models.Model):
    """The journal: what came from outside, and at which point of the run."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="inputs")
    number = models.BigIntegerField()
    step = models.BigIntegerField(help_text="Engine events handled before it.")
    at_ms = models.BigIntegerField()
    kind = models.CharField(max_length=32)
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sandbox", "number"], name="input_once")]


class Revision(models.Model):
    """etcd's log, append-only. type: ADDED, MODIFIED, DELETED; value: compressed JSON of the object."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="revisions")
    revision = models.BigIntegerField()
    key = models.CharField(max_length=512)
    type = models.CharField(max_length=8)
    create_revision = models.BigIntegerField()
    version = models.BigIntegerField()
    value = models.BinaryField()
    at_ms = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sandbox", "revision"], name="revision_once")]
        indexes = [models.Index(fields=["sandbox", "key", "revision"], name="revision_by_key")]
        ordering = ["sandbox", "revision"]

    def __str__(self) -> str:
        return f"{self.revision} {self.key}"


class TraceChunk(models.Model):
    """The trace of one turn, compressed."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="trace_chunks")
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sandbox", "first_seq"], name="trace_chunk_once")]
        ordering = ["sandbox", "first_seq"]


class Snapshot(models.Model):
    """The whole state at rest, so that a replay need not begin at the beginning."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="snapshots")
    step = models.BigIntegerField()
    number = models.BigIntegerField(help_text="The last input before it.")
    seq = models.BigIntegerField()
    revision = models.BigIntegerField()
    engine_version = models.CharField(max_length=64)
    data = models.BinaryField()

    class Meta:
        ordering = ["sandbox", "step"]
