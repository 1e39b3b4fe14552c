"""The editor's errors: what the API server would say, at the line and column where it is."""
from __future__ import annotations

import time

import pytest

from cluster.worker import checking
from cluster.worker.simulation import Simulation, settings_for

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: app
    image: nginx/nginx:v1
"""


@pytest.fixture(scope="module")
def server():
    return Simulation(settings_for("empty")).boot().server


def lines(errors: list[dict]) -> list[tuple[int, int]]:
    return [(error["line"], error["column"]) for error in errors]


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n---\n", POD, POD + "---\n", "---\n" + POD, POD.replace("\n", "\r\n"), "\ufeff" + POD,
                                  POD + "---\r\n" + POD.replace("web", "two")])
def test_nothing_is_said_of_what_the_api_server_takes(server, text):
    assert checking.check(server, text) == []


def test_an_unknown_field_is_at_its_key_and_can_be_moved(server):
    text = POD.replace("spec:\n", "spec:\n  imagePullPolicy: Never\n")
    [error] = checking.check(server, text)
    assert (error["line"], error["column"], error["end_column"], error["path"]) == (6, 3, 18, "spec.imagePullPolicy")
    assert error["message"] == 'unknown field "spec.imagePullPolicy"'
    assert checking.check(server, error["fix"]["text"]) == []
    assert "    imagePullPolicy: Never" in error["fix"]["text"].splitlines()


def test_the_fix_keeps_the_documents_around_it(server):
    broken = POD.replace("spec:\n", "spec:\n  imagePullPolicy: Never\n")
    text = POD.replace("web", "first") + "---\n" + broken + "---\n" + POD.replace("web", "last")
    [error] = checking.check(server, text)
    assert error["line"] == 8 + 1 + 6
    assert checking.check(server, error["fix"]["text"]) == [] and error["fix"]["text"].count("kind: Pod") == 3


@pytest.mark.parametrize(("text", "line", "words"), [
    (POD.replace("    image:", "\timage:"), 8, "found a tab character that violates indentation"),
    (POD.replace("name: web", "name: [web"), 5, "yaml: line"),
    (POD.replace("name: web", "name: Web_1"), 4, "metadata.name: Invalid value"),
    (POD.replace("kind: Pod", "kind: Pood"), 2, 'no matches for kind "Pood" in version "v1"'),
    (POD.replace("apiVersion: v1", "apiVersion: v9"), 2, 'no matches for kind "Pod" in version "v9"'),
    (POD.replace("kind: Pod\n", ""), 1, "'Kind' is missing"),
    (POD.replace("name: app", "name: app\n    name: again"), 8, 'key "name" already set in map'),
    (POD.replace("  - name: app\n    image: nginx/nginx:v1\n", ""), 6, "spec.containers"),
    (POD.replace("    image: nginx/nginx:v1", "    image: 5"), 8,
     "cannot unmarshal number into Go struct field Container.spec.containers.image of type string"),
    (POD + "  - name: two\n    image: 5\n", 10, "cannot unmarshal number"),
    ("just words\n", 1, "missing"), ("- a\n- b\n", 1, "missing"), ("5\n", 1, "missing"),
    ("? [a, b]\n: c\n", 1, "missing"), ("apiVersion: v1\nkind: [Pod]\n", 1, "missing"),
    ("a: \x00\n", 1, "yaml"),
])
def test_each_sort_of_error_is_at_its_line(server, text, line, words):
    errors = checking.check(server, text)
    assert errors and errors[0]["line"] == line and words in errors[0]["message"]


def test_errors_of_later_documents_count_lines_from_the_top(server):
    errors = checking.check(server, POD + "---\n" + POD.replace("name: web", "name: W") + "---\n" + POD.replace("kind: Pod", "kind: X"))
    assert [error["line"] for error in errors] == [8 + 1 + 4, 8 + 1 + 8 + 1 + 2]


def test_a_broken_document_does_not_hide_the_next(server):
    assert len(checking.check(server, "a: [\n---\n" + POD.replace("kind: Pod", "kind: X"))) == 2


def bomb() -> str:
    rows = [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]" for i in range(9)]
    return POD + "metadata2:\n  a: &a [x, x]\n  " + "\n  ".join(rows) + "\n"


@pytest.mark.parametrize("text", [bomb(), POD + "x: " + "[" * 5000, POD + "x: " + "{a: " * 3000], ids=["aliases", "brackets", "braces"])
def test_a_bomb_is_refused_at_once(server, text):
    begun = time.process_time()
    errors = checking.check(server, text)
    assert errors and time.process_time() - begun < 2


def test_two_megabytes_are_looked_at_and_more_than_three_are_not(server):
    row = "    # " + "x" * 90 + "\n"
    assert checking.check(server, POD + row * 20_000) == []
    [error] = checking.check(server, POD + row * 40_000)
    assert "larger than the API server takes" in error["message"]


def test_a_file_is_measured_in_bytes(server):
    [error] = checking.check(server, POD + "# " + "字" * 1_100_000)
    assert "larger" in error["message"]


def listed(text: str) -> str:
    return "apiVersion: v1\nkind: List\nitems:\n" + "".join("- " + text.replace("\n", "\n  ").rstrip() + "\n" for _ in range(2))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("kind: Pod", "kind: Pod", []),
        ("    image:", "    imagine:", [(11, 7), (19, 7)]),
        ("kind: Pod", "kind: Podd", [(5, 9), (13, 9)]),
        ("  name: web", "  name: web\n  name: two", [(8, 1), (17, 1)]),
    ],
)
def test_the_items_of_a_list_are_checked_where_they_stand(server, old, new, found):
    assert lines(checking.check(server, listed(POD.replace(old, new)))) == found


def test_looking_changes_nothing(server):
    before = (server.store.revision, server.engine.trace.next_seq, server.engine.rng.snapshot(), server.state.next_request)
    checking.check(server, POD)
    checking.check(server, POD.replace("name: web", "generateName: web-"))
    assert (server.store.revision, server.engine.trace.next_seq, server.engine.rng.snapshot(), server.state.next_request) == before


def test_an_object_that_is_there_already_is_no_error(server):
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n"
    assert checking.check(server, text) == []


def test_completion_follows_a_path():
    names = {row["name"]: row for row in checking.completion("v1", "Pod", "spec.containers[0]")}
    assert names["image"]["type"] == "string" and names["name"]["required"] and names["ports"]["type"] == "[]ContainerPort"
    assert checking.completion("v1", "Pod", "spec.nowhere") == []


def test_completion_of_an_empty_file_offers_kinds():
    heads = {row["name"]: row for row in checking.completion("", "", "")}
    assert "Pod" in heads["kind"]["values"] and "apps/v1" in heads["apiVersion"]["values"]
    assert "Pod" not in {row["name"]: row for row in checking.completion("apps/v1", "", "")}["kind"]["values"]
