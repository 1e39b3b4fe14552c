"""The architecture as contracts: who may import whom, how large a file and a function may grow, what ruff asks."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from webui.setup.paths import ROOT

LINES_OF_FILE = 500
LINES_OF_FUNCTION = 70
PARTS = ("body", "orelse", "handlers", "finalbody", "cases")  # where a statement holds statements
NESTED = """
def a():
    async def b(): ...
class C:
    def c(self): ...
if x:
    def d(): ...
else:
    for y in z:
        def e(): ...
try:
    def f(): ...
except E:
    def g(): ...
finally:
    def h(): ...
match x:
    case 1:
        with y:
            def i(): ...
while x:
    try: ...
    except* E:
        def j(): ...
"""
SOURCES = sorted(
    path
    for folder, pattern in (("cluster", "*.py"), ("webui", "*.py"), ("webui/frontend/src", "*.js"))
    for path in (ROOT / folder).rglob(pattern)
    if "node_modules" not in path.parts and "migrations" not in path.parts
)
PYTHON = [path for path in SOURCES if path.suffix == ".py"]


def test_ruff_finds_nothing():
    asked = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "."],
                           cwd=ROOT, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stdout + asked.stderr


def test_every_import_contract_holds():
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr


def test_no_source_file_has_grown_too_long():
    lengths = {path.relative_to(ROOT).as_posix(): path.read_text().count("\n") for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LINES_OF_FILE} == {}


def test_no_function_has_grown_too_long():
    assert [function for path in PYTHON for function in facts_of(path).long_functions] == []


def test_every_module_opens_with_a_docstring_that_says_what_it_owns():
    assert [path.relative_to(ROOT).as_posix() for path in PYTHON if not _is_empty(path) and not facts_of(path).docstring] == []


def _is_empty(path: Path) -> bool:
    return path.name == "__init__.py" and not path.read_text().strip()


class Facts(NamedTuple):
    """What the tests here ask about one file; its tree is large and not kept."""

    docstring: str | None
    long_functions: list[str]


@functools.cache
def facts_of(path: Path) -> Facts:
    tree = ast.parse(path.read_text())
    return Facts(ast.get_docstring(tree), [told for node in functions_in(tree) if (told := _told_if_long(path, node))])


def functions_in(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, inner ones too: they are statements, so no expression needs to be looked into."""
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        for part in PARTS:
            left += getattr(node, part, ())


def _told_if_long(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    lines = function.end_lineno - function.lineno + 1
    return f"{path.relative_to(ROOT)}:{function.lineno} {function.name} has {lines} lines" if lines > LINES_OF_FUNCTION else None


def test_functions_are_found_wherever_they_stand():
    tree = ast.parse(NESTED)
    assert sorted(function.name for function in functions_in(tree)) == list("abcdefghij")
    assert {function.name for function in ast.walk(tree) if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)} == set("abcdefghij")
