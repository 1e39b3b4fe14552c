"""When `.venv` counts as ready, and what is made when it does not."""

import os

import pytest

from webui.setup import environment, paths, process, stamps
from webui.setup.problems import Problem


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project folder with locks and an empty `.venv` whose Python is there."""
    for lock in (environment.RUNTIME, environment.TEST):
        (tmp_path / lock).write_text("django==5.2 \\\n    --hash=sha256:00\n")
    venv = tmp_path / ".venv"
    names = {
        "ROOT": tmp_path,
        "VENV": venv,
        "LOG": venv / "setup.log",
        "STAMP": venv / "podlife.json",
        "UNDER_WAY": venv / "podlife-installing",
    }
    for module in (environment, paths):
        for name, value in names.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    paths.venv_python().parent.mkdir(parents=True)
    paths.venv_python().write_text("")
    monkeypatch.setattr(process, "answers", lambda command: "23.2")
    return tmp_path


@pytest.fixture
def commands(monkeypatch):
    """What would have been run."""
    seen = []
    monkeypatch.setattr(process, "run", lambda command, **options: seen.append([str(part) for part in command]))
    return seen


def test_a_venv_made_by_hand_is_installed_into_and_kept(folder, commands):
    (folder / ".venv" / "mine").write_text("")
    environment.ensure()
    assert len(commands) == 1
    assert "--require-hashes" in commands[0]
    assert (folder / ".venv" / "mine").exists()
    assert environment.is_ready()


@pytest.mark.skipif(os.name == "nt", reason="nothing is held there")
def test_two_clones_that_share_a_venv_hold_the_same_folder(folder, monkeypatch):
    import fcntl

    clone = folder / "clone"
    clone.mkdir()
    (clone / ".venv").symlink_to(folder / ".venv")
    monkeypatch.setattr(environment, "ROOT", clone)
    monkeypatch.setattr(environment, "VENV", clone / ".venv")
    other = os.open(folder, os.O_RDONLY)
    try:
        with environment.held(), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(other)


def test_nothing_is_done_while_the_lock_stays_the_same(folder, commands):
    environment.ensure()
    environment.ensure()
    assert len(commands) == 1


def test_a_changed_lock_is_installed_again(folder, commands):
    environment.ensure()
    (folder / environment.RUNTIME).write_text("django==5.3 \\\n    --hash=sha256:11\n")
    environment.ensure()
    assert len(commands) == 2


def test_the_test_packages_bring_those_of_the_server(folder, commands):
    environment.ensure(environment.TEST)
    assert environment.is_ready(environment.RUNTIME)
    assert len(commands) == 1


def test_an_installation_that_was_cut_off_is_made_anew(folder, commands, monkeypatch):
    (folder / ".venv" / "podlife-installing").write_text("")
    made = []
    monkeypatch.setattr(environment, "_create", lambda: made.append(True))
    stamps.write(folder / ".venv" / "podlife.json", {environment.RUNTIME: stamps.digest(folder / environment.RUNTIME)})
    environment.ensure()
    assert made == [True]
    assert environment.is_ready()


def test_a_failed_installation_leaves_no_stamp(folder, monkeypatch):
    def fail(command, **options):
        raise Problem("pip could not reach its package registry.")

    monkeypatch.setattr(process, "run", fail)
    with pytest.raises(Problem):
        environment.ensure()
    assert not environment.is_ready()


def test_a_full_disk_is_told_before_anything_is_made(folder, monkeypatch):
    import shutil

    monkeypatch.setattr(environment, "VENV", folder / "none")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(Problem, match=r"600 MB .* and 1 MB are free"):
        environment.check_writable()
