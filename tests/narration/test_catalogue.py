"""The catalogue and the code that traces hold each other to account."""
from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from cluster.narration import entries
from cluster.narration.kind import MARKERS, STAGES

ROOT = Path(__file__).resolve().parents[2] / "cluster"
TRACERS = {"trace", "tell", "record", "_facts"}
TRACING = re.compile(rf"\b(?:{'|'.join(sorted(TRACERS))})\s*\(")
KINDS = entries()
FACT = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]*)+")
LONGEST = 190


def traced_kinds() -> dict[str, str]:
    """{kind: file} of every literal kind that some call in the code traces."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        source = path.read_text()
        if not TRACING.search(source):  # most files: their trees need not be made
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and name_of(node.func) in TRACERS:
                for argument in [*node.args, *(k.value for k in node.keywords if k.arg == "kind")]:
                    for literal in literals(argument):
                        if FACT.fullmatch(literal):
                            found[literal] = path.relative_to(ROOT).as_posix()
    return found


def literals(node: ast.AST) -> list[str]:
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def name_of(function: ast.AST) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


@pytest.mark.slow
def test_every_kind_that_is_traced_has_its_entry():
    missing = {kind: where for kind, where in traced_kinds().items() if kind not in KINDS}
    assert not missing


@pytest.mark.slow
def test_every_entry_is_traced_somewhere():
    source = "\n".join(path.read_text() for path in ROOT.rglob("*.py") if "catalogue" not in path.parts and "picture" not in path.parts)
    assert not [kind for kind in KINDS if f'"{kind.partition(".")[0]}"' not in source]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_an_entry_is_whole_in_both_languages(name):
    kind = KINDS[name]
    assert kind.stage in STAGES and kind.marker in MARKERS and kind.fidelity in ("exact", "simplified")
    assert kind.en.startswith("**") and "**" in kind.zh
    assert placeholders(kind.en) == placeholders(kind.zh)
    assert len(kind.en) <= LONGEST
    assert re.search(r"[\u4e00-\u9fff]", kind.zh)


def test_every_variant_can_be_chosen():
    chosen = (ROOT / "narration" / "variants.py").read_text()
    assert not [name for name in KINDS if "." in name and f'"{name.partition(".")[2]}"' not in chosen]


def placeholders(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field}
