"""The referee here is the referee there: the copy is unchanged, data and all."""
import filecmp
from pathlib import Path

import pytest

COPY = Path(__file__).parent / "referee"
ORIGINAL = Path(__file__).parents[2].parent / "shared" / "conformance"


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and ".pytest_cache" not in path.parts}


@pytest.mark.skipif(not ORIGINAL.is_dir(), reason="there is no ../shared/conformance beside this clone")
def test_the_copy_holds_the_same_files_with_the_same_content():
    assert files(COPY) == files(ORIGINAL)
    _, changed, unreadable = filecmp.cmpfiles(COPY, ORIGINAL, sorted(files(COPY)), shallow=False)
    assert (changed, unreadable) == ([], [])
