"""What the engine's version is a digest of: all that decides how a run goes."""

from cluster.worker.version import ROOMS, SOURCES
from webui.setup.paths import ROOT

SHOWN_ALONE = {"picture", "narration", "management", "migrations"}  # they tell of a run


def test_every_part_of_the_simulation_is_read_and_its_tables_too():
    folders = {path.parent.name for path in (ROOT / "cluster").glob("*/__init__.py")}
    assert folders == {*ROOMS, *SHOWN_ALONE}
    files = [path for room in ROOMS for path in (ROOT / "cluster" / room).rglob("[!.]*") if path.is_file()]
    assert {path.suffix for path in files} - {".pyc"} == set(SOURCES)
