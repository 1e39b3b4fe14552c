"""A line becomes commands: pipes and quotes, and nothing else of a shell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.terminal.words import Refusal, commands_of


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("kubectl get pods", [["kubectl", "get", "pods"]]),
        ("  kubectl   get pods | grep web|wc -l ", [["kubectl", "get", "pods"], ["grep", "web"], ["wc", "-l"]]),
        ("kubectl get pods | grep 'a|b'", [["kubectl", "get", "pods"], ["grep", "a|b"]]),
        (r"kubectl get pods | grep a\|b", [["kubectl", "get", "pods"], ["grep", "a|b"]]),
        ("kubectl get pod web -o jsonpath='{.spec.x[?(@.a>1)]}'", [["kubectl", "get", "pod", "web", "-o", "jsonpath={.spec.x[?(@.a>1)]}"]]),
        ('kubectl annotate pod web "note=a; b & c"', [["kubectl", "annotate", "pod", "web", "note=a; b & c"]]),
        ("# a remark", []),
        ("", []),
    ],
)
def test_it_splits_at_pipes_outside_quotes(line, commands):
    assert commands_of(line) == commands


@pytest.mark.parametrize(
    "line",
    [
        "a; b",
        "a && b",
        "a || b",
        "a > f",
        "a < f",
        "a & ",
        "a `b`",
        "a $(b)",
        'a "',
        "a '",
        "| a",
        "a |",
        "a | | b",
        "a\nb",
        "a\0b",
        "x" * 9000,
        "a|" * 9 + "a",
    ],
)
def test_what_only_a_shell_could_do_is_refused(line):
    with pytest.raises(Refusal):
        commands_of(line)


@given(st.text(alphabet="ab |'\"\\;&<>`$()#\n\t中", max_size=30))
def test_any_line_is_split_or_refused(line):
    try:
        commands = commands_of(line)
    except Refusal:
        return
    assert all(commands) and all(isinstance(word, str) for words in commands for word in words)
