"""SQLite's checkpoints, on a thread of their own: they wait for the disk, which the simulation's thread should not.

A commit writes to the write-ahead log alone and does not wait. Every so many pages SQLite carries the log over into the database,
within a commit, and waits for the disk twice; during the start of many Pods that was 20 ms in every 400, in which no request was
answered. Here it happens beside the commits, a little at a time; the limit in the settings remains for where it falls behind.
"""
from __future__ import annotations

import logging
import threading

from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)
EVERY_S = 0.25   # little at a time: a commit that meets one may wait for the disk with it


class Checkpoints:
    """A thread that carries the log over now and then, once something was committed."""

    def __init__(self):
        self.due, self.is_stopping = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)

    def start(self) -> None:
        if connection.vendor == "sqlite" and not connection.is_in_memory_db():
            self.thread.start()

    def stop(self) -> None:
        self.is_stopping.set()
        self.due.set()

    def committed(self) -> None:
        """Something may have been written."""
        self.due.set()

    def _run(self) -> None:
        try:
            while not self.is_stopping.wait(EVERY_S):
                self.due.wait()
                self.due.clear()
                self._carry_over()
        finally:
            connection.close()

    def _carry_over(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except DatabaseError:
            logger.exception("a checkpoint")
