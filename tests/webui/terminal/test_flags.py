"""The lists of commands and flags agree with the binary's own help: which letters there are, and which of them take a value."""

import re
import subprocess

import pytest

from webui.terminal import flags
from webui.terminal.process import program

LINE = re.compile(r"^ +(?:-(\w), )?--([a-z0-9-]+)=(.*?):?$", re.MULTILINE)
INNER = {
    "create": [
        "configmap",
        "deployment",
        "secret generic",
        "secret tls",
        "secret docker-registry",
        "cronjob",
        "job",
        "role",
        "clusterrole",
        "rolebinding",
        "service clusterip",
        "service externalname",
        "ingress",
        "pdb",
        "priorityclass",
        "quota",
        "token",
        "serviceaccount",
    ],
    "config": ["view", "set-context"],
    "set": ["image", "env", "resources", "selector", "subject"],
    "rollout": ["status", "undo", "history", "restart"],
    "auth": ["can-i", "whoami", "reconcile"],
    "top": ["pod", "node"],
}
BOTH = frozenset(["raw", "prefix", "containers"])  # with a value in some commands: to be taken for such is the safe way
COMMANDS = [
    *sorted(flags.PLAIN - {"help", "options"}),
    "apply",
    "cluster-info",
    *(f"{group} {inner}" for group, inners in INNER.items() for inner in inners),
]


def help_of(command: str) -> list[tuple[str, str, str]]:
    """(letter, name, default) of each flag."""
    text = subprocess.run([program(), *command.split(), "--help"], capture_output=True, text=True, timeout=30).stdout
    return LINE.findall(text)


@pytest.mark.parametrize("command", COMMANDS)
def test_letters_and_values_are_those_of_kubectl(command):
    letters = flags.letters_for(command.split()[0])
    for letter, name, default in help_of(command):
        is_boolean = default in ("true", "false")
        if letter in letters:
            assert (letters[letter] == "") == is_boolean, f"-{letter} {name}"
        if name in flags.BOOLEAN:
            assert is_boolean or name in ("cascade", "dry-run", "validate"), name
        if name in flags.VALUED - BOTH:
            assert not is_boolean, name


def test_flags_that_read_files_are_known_as_such():
    seen = {name for command in COMMANDS for _, name, _ in help_of(command) if "file" in name or name in ("cert", "key")}
    assert seen - {"filename"} <= flags.PATHS | {"profile", "profile-output"}
