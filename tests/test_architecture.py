"""The architecture as contracts: who may import whom, how large a file and a function may grow, what ruff asks."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

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
# Without the API server, whose admission asks what an update would come to: a quota is held against it.
FOLDERS = sorted(path.parent.name for path in (ROOT / "cluster").glob("*/__init__.py") if path.parent.name not in ("apiserver", "migrations"))
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


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_of_a_folder_leads_back_to_itself(folder):
    """Imports within functions count, those for types alone do not."""
    modules = {_name_of(path): path for path in PYTHON if path.is_relative_to(ROOT / "cluster" / folder)}
    leads_to = {name: [each for each in facts_of(path).imports if each in modules] for name, path in modules.items()}
    while ends := [name for name, others in leads_to.items() if not others]:
        leads_to = {name: [each for each in others if each not in ends] for name, others in leads_to.items() if name not in ends}
    assert leads_to == {}


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_empty(path: Path) -> bool:
    return path.name == "__init__.py" and not path.read_text().strip()


class Facts(NamedTuple):
    """What the tests here ask about one file; its tree is large and not kept."""

    docstring: str | None
    long_functions: list[str]
    imports: list[str]


@functools.cache
def facts_of(path: Path) -> Facts:
    tree = ast.parse(path.read_text())
    long = [told for node in functions_in(tree) if (told := _told_if_long(path, node))]
    return Facts(ast.get_docstring(tree), long, [name for node in _imports_in(tree) for name in _imported(path, node)])


def _imports_in(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    """Every `from … import …`, inner ones too, but those for types alone."""
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.ImportFrom):
            yield node
        is_for_types = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for part in () if is_for_types else PARTS:
            left += getattr(node, part, ())


def _imported(path: Path, node: ast.ImportFrom) -> list[str]:
    """The modules that it may be about: a name that is imported may be a module itself, and what it comes from is loaded only otherwise."""
    own = (*path.relative_to(ROOT).parent.parts, path.stem)
    source = ".".join([*own[: -node.level], *filter(None, [node.module])]) if node.level else node.module
    inner = ROOT / source.replace(".", "/")
    names = [f"{source}.{each.name}" for each in node.names if (inner / f"{each.name}.py").exists() or (inner / each.name / "__init__.py").exists()]
    return [*names, *([source] if len(names) < len(node.names) else [])]


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
