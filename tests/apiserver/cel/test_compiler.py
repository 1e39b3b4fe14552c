"""Expressions as cel-go 0.26 compiled them, with the libraries of Kubernetes 1.36.3: answers.jsonl holds what it said of each."""
import json
from pathlib import Path

import pytest

from cluster.apiserver.cel import environments, parser, types
from cluster.apiserver.cel.checker import Environment
from cluster.apiserver.cel.compiler import Refused, compiled

ANSWERS = [json.loads(line) for line in Path(__file__).with_name("answers.jsonl").read_text(encoding="utf-8").splitlines()]
ADMISSION = environments.admission(has_params=True, has_authorizer=True)


def said(text: str, environment: Environment = ADMISSION) -> str:
    """What the API server says of an expression that should come to a bool, "" where it takes it."""
    try:
        found, _ = compiled(text, environment)
    except Refused as refused:
        return f"compilation failed: {refused}"
    return "" if found == types.BOOL else f"must evaluate to bool but got {types.named(found)}"


@pytest.mark.parametrize("start", range(0, len(ANSWERS), 50))      # a test for each would be longer in pytest than in the compiler
def test_it_says_what_cel_go_said(start):
    rows = ANSWERS[start:start + 50]
    assert [[text, said(text)] for text, _ in rows] == rows


def test_variables_that_a_policy_has_not_declared_yet_are_no_fields():
    known = environments.with_variables(ADMISSION, {"limit": types.INT})
    assert said("variables.limit > 3", known) == ""
    assert "undefined field 'most'" in said("variables.most > 3", known)
    assert "undeclared reference to 'variables'" in said("variables.limit > 3")


def test_patches_make_objects_of_types_that_are_made_up():
    patching = environments.admission(has_params=False, has_authorizer=True, has_patches=True)
    found, _ = compiled('Object{spec: Object.spec{replicas: 3}}', patching)
    assert found == ("object", "Object")
    found, _ = compiled('[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: "x"}]', patching)
    assert types.named(found) == "list(JSONPatch)"


def test_an_expression_that_is_nested_without_end_is_refused():
    _, complaints = parser.parse("(" * 5000 + "1" + ")" * 5000)
    assert complaints == [(-1, parser.TOO_DEEP)]


@pytest.mark.parametrize(("text", "answer"), [
    ("device.attributes['gpu.example.com'].vendor == 'acme' && device.capacity['gpu.example.com'].memory.compareTo(quantity('8Gi')) >= 0", ""),
    ("cel.bind(gpu, device.attributes['gpu.example.com'], gpu.cuda && gpu.cores > 3)", ""),
    ("device.vendor == 'acme'", "undefined field 'vendor'"),
    ("device.capacity['a'].memory > 3", "found no matching overload for '_>_' applied to '(kubernetes.Quantity, int)'"),
])
def test_what_selects_devices_knows_of_a_device(text, answer):
    found = said(text, environments.DEVICE)
    assert answer in found and bool(found) == bool(answer)


LIMIT, HEIGHT = "ERROR: <input>:-1:0: expression recursion limit exceeded: 250", "ERROR: <input>:-1:0: max recursion depth exceeded"
DEEP = {
    "parentheses": (lambda n: "(" * n + "true" + ")" * n, 249, LIMIT),
    "calls": (lambda n: "size([" * n + "1" + "])" * n + " > 0", 124, LIMIT),
    "choices": (lambda n: "true ? true : " * n + "true", 249, LIMIT),
    "sums of sums": (lambda n: "1+(" * n + "1" + ")" * n + " > 0", 124, LIMIT),
    "comparisons": (lambda n: "true" + " == true" * n, 250, HEIGHT),
    "elements": (lambda n: "object" + "[0]" * n + " == 1", 249, HEIGHT),
    "methods": (lambda n: "object" + ".trim()" * n + " == ''", 249, HEIGHT),
}


@pytest.mark.parametrize("way", DEEP)
def test_as_deep_as_cel_go_goes_and_no_deeper(way):
    """Source: parser/parser.go (recursionListener, checkAndIncrementRecursionDepth)."""
    make, most, refusal = DEEP[way]
    assert said(make(most)) == "" and said(make(most + 1)).endswith(refusal)


def test_a_long_chain_of_ands_is_no_depth():
    assert said(" && ".join(["true"] * 400)) == ""
