"""Owns the table of tools: a program's name and the function that it is, which takes a Call and returns an exit code."""

from __future__ import annotations

from collections.abc import Callable

from .archives import ARCHIVES
from .awk import AWK
from .builtins import false, kill, nothing, show_folder
from .columns import COLUMNS
from .curl import CURL
from .dates import DATES
from .digests import DIGESTS
from .editing import sed
from .files import FILES
from .listing import LISTING
from .lookups import LOOKUPS
from .networking import NETWORKING
from .programs import PROGRAMS
from .reckoning import RECKONING
from .searching import SEARCHING
from .sockets import SOCKETS
from .sorting import SORTING
from .system import SYSTEM
from .testing import test
from .texts import TEXTS
from .writers import echo, printf

TOOLS: dict[str, Callable] = {
    "true": nothing, "false": false, "echo": echo, "printf": printf, "test": test, "[": test, "kill": kill, "pwd": show_folder, "sed": sed,
    **TEXTS, **SORTING, **COLUMNS, **DATES, **RECKONING, **SEARCHING, **AWK, **FILES, **LISTING, **SYSTEM, **NETWORKING, **CURL, **SOCKETS,
    **DIGESTS, **LOOKUPS, **PROGRAMS, **ARCHIVES,
}  # fmt: skip
