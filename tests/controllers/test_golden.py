"""Golden pairs: what one look of a controller asks of the API server, given what its informers know.

`golden/NAME.input.yaml` holds the controller, the key, the time and the objects (defaults are filled in); `NAME.output.yaml`
the requests in their order, the Events and how the look ended. PODLIFE_GOLDEN=write writes the outputs anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from cluster.meta.objects import draft
from tests.controllers.rig import Rig

FOLDER = Path(__file__).parent / "golden"
NAMES = sorted(path.name.removesuffix(".input.yaml") for path in FOLDER.glob("*.input.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_look_asks_for_what_it_is_known_to_ask_for(name):
    given = yaml.load((FOLDER / f"{name}.input.yaml").read_text(), yaml.CSafeLoader)
    rig = Rig(given)
    result = rig.look(given)
    found = {"requests": rig.requests, "events": rig.events, "result": result}
    path = FOLDER / f"{name}.output.yaml"
    if os.environ.get("PODLIFE_GOLDEN") == "write":
        path.write_text(yaml.safe_dump(draft(found), sort_keys=False, width=150, allow_unicode=True))
    assert yaml.load(path.read_text(), yaml.CSafeLoader) == draft(found)
