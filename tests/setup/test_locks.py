"""The locks: hashes for everything, no addresses, and one version of each package in all of them."""

import json
import re

import pytest

from webui.setup.paths import FRONTEND, ROOT

LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-node.lock", "tests/clients/requirements-go.lock")
NPM_FOLDERS = (FRONTEND, ROOT / "tests/clients/javascript")


def pins(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_locked_by_its_hashes(lock):
    entries = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text().strip())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_holds_an_address(lock):
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links", (ROOT / lock).read_text()) == []


def test_the_test_packages_hold_the_very_packages_of_the_server():
    assert pins("requirements.lock") - pins("requirements-test.lock") == set()


@pytest.mark.parametrize("folder", NPM_FOLDERS, ids=lambda folder: folder.name)
def test_an_npm_lock_has_hashes_and_no_addresses(folder):
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    locked = {name: entry for name, entry in packages.items() if name}
    assert [name for name, entry in locked.items() if "integrity" not in entry] == []
    assert [name for name, entry in locked.items() if "resolved" in entry] == []


@pytest.mark.parametrize("folder", NPM_FOLDERS, ids=lambda folder: folder.name)
def test_an_npm_lock_is_of_the_packages_asked_for(folder):
    asked = json.loads((folder / "package.json").read_text())
    root = json.loads((folder / "package-lock.json").read_text())["packages"][""]
    for kind in ("dependencies", "devDependencies"):
        assert root.get(kind) == asked.get(kind)
