"""SQLite's log is carried over beside the commits."""
from __future__ import annotations

import sqlite3
import time

import pytest

from tests.servers import Server
from tests.webui.conftest import Api

WITHIN_S = 10


@pytest.mark.slow
def test_what_a_server_commits_reaches_the_database_itself_soon(tmp_path):
    """Read without its log, the database knows a sandbox that was made a moment ago."""
    with Server(tmp_path) as server:
        Api(server).sandbox("fresh", nodes=[])
        end_s, found = time.monotonic() + WITHIN_S, False
        while not found and time.monotonic() < end_s:
            time.sleep(0.2)
            with sqlite3.connect(f"file:{tmp_path}/podlife.sqlite3?immutable=1", uri=True) as connection:
                found = connection.execute("SELECT count(*) FROM cluster_sandbox WHERE name = 'fresh'").fetchone()[0] == 1
    assert found
