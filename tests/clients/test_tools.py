"""What happens where a client in another language cannot be had."""

from __future__ import annotations

import pytest

from tests.clients import tools

SAID = "no Helm here: install Go 1.21 or newer, or name a Helm 3 in PODLIFE_HELM, to run this test"


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """No Go, no Helm, nothing made before."""
    monkeypatch.setattr(tools, "TOOLS", tmp_path / "clients")
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("PODLIFE_HELM", "PODLIFE_REQUIRE_CLIENTS"):
        monkeypatch.delenv(name, raising=False)
    tools.helm.cache_clear()
    yield tmp_path
    tools.helm.cache_clear()


def test_a_machine_without_go_skips_helms_tests_with_a_clear_word(bare_machine):
    with pytest.raises(pytest.skip.Exception, match=r"install Go 1\.21 or newer"):
        tools.needed(tools.helm)


def test_where_clients_are_required_a_missing_one_is_a_failure(bare_machine, monkeypatch):
    monkeypatch.setenv("PODLIFE_REQUIRE_CLIENTS", "1")

    def get():
        raise tools.Missing(SAID)

    with pytest.raises(pytest.fail.Exception, match="PODLIFE_REQUIRE_CLIENTS forbids skipping"):
        tools.needed(get)


def test_a_helm_that_is_named_is_taken(bare_machine, monkeypatch):
    monkeypatch.setenv("PODLIFE_HELM", "/opt/helm")
    assert str(tools.needed(tools.helm)) == "/opt/helm"


def test_a_command_that_fails_leaves_nothing_made_and_says_why(bare_machine):
    with pytest.raises(tools.Missing, match="It could not be built: no such thing"):
        tools._run(["/bin/sh", "-c", "echo no such thing >&2; exit 3"], 10, "It could not be built")
