"""Tables: trees of files as a process sees them: layers, mounts, links, users, and errno's words."""

from __future__ import annotations

import pytest

from cluster.runtime.filesystem import Mount, Node, Volume, absolute, folder, link, real_path
from cluster.runtime.state import Process, RuntimeState
from cluster.runtime.world import ContainerWorld

PAGE = "/usr/share/nginx/html/index.html"


def world(*, user: int = 0, read_only: bool = False, **mounts: Mount) -> ContainerWorld:
    state = RuntimeState()
    nodes = {"/": folder(mode=0o777), "/a": folder(), "/a/f": Node("deep"), "/f": Node("text", mode=0o640, owner=7, group=8)}
    state.volumes["uid/v"] = Volume({**nodes, "/l": link("a/f"), "/out": link("/etc/hostname"), "/loop": link("loop")})
    process = Process(container="c", kind="server", argv=["x"], hostname="pod", behaviour="nginx", user=user, read_only=read_only)
    process.mounts = {"/v": Mount("uid/v"), "/ro": Mount("uid/v", "/a", read_only=True), "/etc/one": Mount("uid/v", "/f"), **mounts}
    return ContainerWorld(state, "c", "uid", process, 5, "2026-01-01T09:00:00Z", 1767258000)


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("/v/f", "text", ""),
        ("/ro/f", "deep", ""),
        ("/etc/one", "text", ""),
        ("/v/l", "deep", ""),
        ("/v/out", "pod\n", ""),
        ("/v/a/../l", "deep", ""),
        ("/v/loop", None, "No such file or directory"),
        ("/v/none", None, "No such file or directory"),
        ("/v/a", None, "Is a directory"),
        ("/dev/null", "", ""),
    ],
)
def test_what_is_read_where(path, text, why):
    files = world()
    assert (files.read_file(path), files.why) == (text, why)


@pytest.mark.parametrize(
    ("path", "user", "why"),
    [
        ("/v/new", 0, ""),
        ("/v/l", 0, ""),
        ("/tmp/new", 5, ""),
        ("/ro/new", 0, "Read-only file system"),
        ("/none/new", 0, "No such file or directory"),
        ("/v/f/new", 0, "Not a directory"),
        ("/v/a", 0, "Is a directory"),
        ("/v/f", 5, "Permission denied"),
        ("/v/f", 7, ""),
        ("/v/a/new", 5, "Permission denied"),
        ("/etc/new", 5, "Permission denied"),
    ],
)
def test_what_may_be_written_where(path, user, why):
    files = world(user=user)
    assert files.write_file(path, "x", append=False) is (not why) and files.why == why


def test_a_link_is_followed_by_what_writes_and_not_by_what_removes():
    files = world()
    assert files.write_file("/v/l", "!", append=True) and files.read_file("/v/a/f") == "deep!"
    assert files.remove_file("/v/l") and files.read_file("/v/a/f") == "deep!"
    assert files.make_link("../v/a", "/tmp/here") and files.read_file("/tmp/here/f") == "deep!"
    assert files.look("/tmp/here", follow=False).text == "../v/a"


def test_the_image_is_shared_and_what_a_container_removes_is_gone_for_it_alone():
    one, other = world(), world()
    assert one.remove_file(PAGE) and one.read_file(PAGE) is None and "index.html" not in one.names("/usr/share/nginx/html")
    assert other.read_file(PAGE) and not other.process.files
    assert one.write_file(PAGE, "mine", append=False) and one.read_file(PAGE) == "mine"


def test_a_rename_takes_the_place_of_another_file_at_once():
    files = world()
    files.put_file("/v/next", "new")
    assert files.move("/v/next", "/v/f") and files.read_file("/v/f") == "new" and files.look("/v/next") is None
    assert not files.move("/v/f", "/ro/f") and files.why == "Read-only file system"


def test_a_read_only_root_leaves_mounts_alone():
    files = world(read_only=True)
    files.process.hosts = "127.0.0.1\tlocalhost\n"
    assert not files.write_file("/tmp/x", "", append=False) and files.why == "Read-only file system"
    assert files.write_file("/v/x", "", append=False) and files.write_file("/etc/hosts", "127.0.0.1\tx\n", append=True)


def test_folders_are_removed_when_empty_and_mounts_never():
    files = world()
    assert not files.remove_folder("/v/a") and files.why == "Directory not empty"
    assert files.remove_file("/v/a/f") and files.remove_folder("/v/a")
    assert not files.remove_folder("/v") and files.why in ("Directory not empty", "Resource busy")


def test_only_an_owner_changes_modes():
    files = world(user=7)
    assert files.change("/v/f", mode=0o600) and files.look("/v/f").mode == 0o600
    assert not files.change("/v/a/f", mode=0o777) and files.why == "Operation not permitted"
    assert not files.change("/v/f", owner=0) and files.why == "Operation not permitted"


@pytest.mark.parametrize(("path", "end"), [("/x/f", "/y/f"), ("/x", "/y"), ("/y/up", "/y/z"), ("/none", "/none")])
def test_links_of_a_tree_are_followed_within_it(path, end):
    tree = {"/": folder(), "/y": folder(), "/y/f": Node(""), "/y/z": folder(), "/x": link("y"), "/y/up": link("../x/z")}
    assert real_path(tree, path) == end


@pytest.mark.parametrize(("path", "clean"), [("", "/"), ("a", "/a"), ("//a/./b/../c/", "/a/c"), ("/../..", "/")])
def test_a_path_is_read_from_the_root(path, clean):
    assert absolute(path) == clean
