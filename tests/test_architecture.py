"""The architecture as contracts: who may import whom, and how large a file and a function may grow."""

import ast
import subprocess
import sys

import pytest

from webui.setup.paths import ROOT

LINES_OF_FILE = 500
LINES_OF_FUNCTION = 70
SOURCES = sorted(
    path
    for folder, pattern in (("cluster", "*.py"), ("webui", "*.py"), ("webui/frontend/src", "*.js"))
    for path in (ROOT / folder).rglob(pattern)
    if "node_modules" not in path.parts and "migrations" not in path.parts
)
PYTHON = [path for path in SOURCES if path.suffix == ".py"]


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
    assert [f for path in PYTHON for f in _long_functions(path)] == []


def _long_functions(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if lines > LINES_OF_FUNCTION:
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_owns(path):
    source = path.read_text()
    if path.name == "__init__.py" and not source.strip():
        return
    assert ast.get_docstring(ast.parse(source)), "a module opens with a docstring that says what it owns"
