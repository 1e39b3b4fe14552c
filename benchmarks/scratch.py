"""A database that lasts as long as a benchmark: a SQLite file in a temporary folder, with the project's own settings."""
from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path

from django.db import connection


@contextmanager
def database():
    """Django's default connection leads to a fresh, migrated database."""
    before = connection.settings_dict["NAME"]
    with tempfile.TemporaryDirectory(prefix="podlife-bench-") as folder:
        connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "bench.sqlite3")
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)
