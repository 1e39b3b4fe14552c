"""Table: scripts, and what busybox's own shell printed for them (scripts.json; refresh.py measures it anew)."""

import json
from pathlib import Path

import pytest

from .programs import Container

ROWS = json.loads((Path(__file__).parent / "scripts.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_a_script_prints_what_busybox_prints(row):
    container = Container(["sh", "-c", row["script"]], folder="/work")
    container.world.make_folder("/work")
    ended = container.run()
    assert (ended.output, ended.code) == (row["stdout"], row["code"]), (row["script"], ended.errors)


def test_the_table_is_that_of_the_scripts():
    scripts = (Path(__file__).parent / "scripts.txt").read_text().removesuffix("\n").split("\n%%\n")
    assert scripts == [row["script"] for row in ROWS] and len(ROWS) >= 300
