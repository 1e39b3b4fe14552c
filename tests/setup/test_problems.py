"""Each way in which set-up can fail is told in one sentence that says what to do."""

import errno
from pathlib import Path

import pytest

from webui.setup import problems

LOG = Path("setup.log")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("npm error code ENOSPC", "disk is full"),
        ("WARNING: Retrying … NewConnectionError('… Failed to establish a new connection')", "check the network"),
        ("npm error network request to https://x failed, reason: getaddrinfo ENOTFOUND x", "check the network"),
        ("OSError: [Errno 30] Read-only file system: '/x'", "writable"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the locked one"),
        ("ERROR: No matching distribution found for django==5.2.19", "found no django==5.2.19"),
        ('✘ [ERROR] Could not resolve "./stage.js"\n\n    src/main.js:1:7', 'Could not resolve "./stage.js"'),
    ],
)
def test_it_finds_the_cause_in_what_a_tool_printed(output, words):
    sentence = str(problems.of_output(output, tool="pip", log=LOG))
    assert words in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "cannot be written"), (errno.EACCES, "cannot be written")],
)
def test_it_names_what_the_system_refused_and_where(number, words):
    sentence = str(problems.of_os_error(OSError(number, "no", "/opt/podlife"), "Set-up"))
    assert words in sentence
    assert "/opt/podlife" in sentence


def test_an_unknown_failure_points_to_the_log():
    sentence = str(problems.of_output("something odd\nerror: it broke\n", tool="npm", log=LOG))
    assert sentence == "npm failed: error: it broke (the whole output is in setup.log)."
