"""Where things lie: the project's folders and files that set-up makes or reads."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = ROOT / "manage.py"
VENV = ROOT / ".venv"
LOG = VENV / "setup.log"
BYTECODE = VENV / "bytecode"  # where none may lie beside the sources
STAMP = VENV / "podlife.json"  # which locks `.venv` holds, by their hashes
UNDER_WAY = VENV / "podlife-installing"  # there while pip writes: a run that was killed leaves it behind
FRONTEND = ROOT / "webui" / "frontend"
NODE_MODULES = FRONTEND / "node_modules"
BUNDLE = ROOT / "static" / "dist"


def venv_python() -> Path:
    """The virtual environment's own interpreter, whether it is there yet or not."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_made() -> bool:
    """Whether a set-up once ended well here; its packages may be of an older lock."""
    return STAMP.exists() and not UNDER_WAY.exists() and venv_python().exists()


def in_venv() -> bool:
    """Whether this very process runs in the virtual environment."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def data_dir(given: str | None = None) -> Path:
    """The folder of database, key and server record: as given, else PODLIFE_DATA, else `data` beside manage.py."""
    return Path(given or os.environ.get("PODLIFE_DATA") or ROOT / "data").expanduser().absolute()


def keep_bytecode() -> None:
    """Who wants no bytecode beside the sources gets it inside `.venv`: to compile all anew takes as long as the rest of a start."""
    if "PYTHONPYCACHEPREFIX" not in os.environ and os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(BYTECODE)
