"""Tables: what mounttest says of files; playbooks: nettest's server, and what its loop sees of a volume that changes."""

import json

import pytest

from cluster.runtime.agnhost_mounttest import go_mode
from cluster.runtime.wire import Wire
from tests.kubelet.world import World

AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.63.0"


def started(arguments, *, user=0, medium=""):
    world = World()
    world.node.runtime.registry.slow(100 << 30)
    mounts = [{"name": "data", "mountPath": "/data"}]
    container = {"args": arguments, "volumeMounts": mounts, "securityContext": {"runAsUser": user}}
    volumes = [{"name": "data", "emptyDir": {"medium": medium} if medium else {}}]
    world.create("pod", image=AGNHOST, container=container, volumes=volumes, restartPolicy="Never")
    world.run(6_000)
    return world


def log(world):
    return world.node.logs("default", "pod", "app", {})


@pytest.mark.parametrize(
    "kind, mode, words",
    [
        ("file", 0o644, "-rw-r--r--"),
        ("folder", 0o777, "drwxrwxrwx"),
        ("folder", 0o1777, "dtrwxrwxrwx"),
        ("folder", 0o2775, "dgrwxrwxr-x"),
        ("file", 0o4755, "urwxr-xr-x"),
        ("", 0o400, "-r--------"),
    ],
)
def test_modes_are_written_as_go_writes_them(kind, mode, words):
    assert go_mode(kind, mode) == words


def test_a_new_file_has_its_mode_without_a_umask_and_is_read_again():
    world = started(["mounttest", "--fs_type=/data", "--new_file_0666=/data/f", "--file_perm=/data/f", "--file_owner=/data/f"], user=1001)
    assert log(world).splitlines() == [
        'mount type of "/data": 61267',
        'content of file "/data/f": mount-tester new file',
        "",
        'perms of file "/data/f": -rw-rw-rw-',
        'owner UID of "/data/f": 1001',
        'owner GID of "/data/f": 0',
    ]
    assert world.state("pod")["state"]["terminated"]["exitCode"] == 0


def test_memory_is_a_tmpfs_and_what_is_missing_ends_with_1():
    world = started(["mounttest", "--fs_type=/data", "--file_content=/data/none", "--file_mode=/data"], medium="Memory")
    words = log(world)
    assert 'mount type of "/data": tmpfs' in words and 'mode of file "/data": dtrwxrwxrwx' in words
    assert 'error reading file content for "/data/none": open /data/none: no such file or directory' in words
    assert world.state("pod")["state"]["terminated"]["exitCode"] == 1


def test_the_loop_looks_every_two_seconds_until_its_time_is_over():
    world = started(["mounttest", "--file_content_in_loop=/data/f", "--retry_time=10", "--break_on_expected_content=false"])
    assert log(world).count("Error reading file /data/f: open /data/f: no such file or directory, retrying") in (2, 3)
    world.run(10_000)
    assert log(world).count("retrying") == 5 and world.state("pod")["state"]["terminated"]["exitCode"] == 1


def test_anybody_may_leave_last_words():
    world = World()
    context = {"runAsUser": 1000, "runAsNonRoot": True}
    container = {"securityContext": context, "terminationMessagePath": "/dev/termination-custom-log"}
    world.create("pod", ["sh", "-c", "echo -n DONE > /dev/termination-custom-log"], container=container, restartPolicy="Never")
    world.run(4_000)
    assert world.state("pod")["state"]["terminated"]["message"] == "DONE"


def test_nettest_counts_who_writes_to_it():
    world = started(["nettest"])
    address = world.pod("pod")["status"]["podIP"]
    text = '{"Source": "prestop"}'
    head = f"POST /write HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(text)}\r\n\r\n"
    Wire(world.node.runtime).exchange(address, 8080, head + text)
    answer = Wire(world.node.runtime).exchange(address, 8080, "GET /read HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").text
    assert json.loads(answer.partition("\r\n\r\n")[2])["Received"] == {"prestop": 1}
    assert Wire(world.node.runtime).exchange(address, 8080, "hostName\n").text.startswith("HTTP/1.1 400 Bad Request")


@pytest.mark.parametrize("allowed, user", [(None, 0), (True, 0), (False, 1000)])
def test_a_program_that_belongs_to_root_runs_as_root_where_it_may(allowed, user):
    world = World()
    context = {"runAsUser": 1000, **({} if allowed is None else {"allowPrivilegeEscalation": allowed})}
    world.create("pod", image="registry.k8s.io/e2e-test-images/nonewprivs:1.4", container={"securityContext": context}, restartPolicy="Never")
    world.run(20_000)
    assert log(world) == f"Effective uid: {user}\n"


@pytest.mark.parametrize("name", ["nautilus", "kitten"])
def test_the_pictures_of_the_update_demo_are_served(name):
    world = World()
    world.node.runtime.registry.slow(100 << 30)
    world.create("pod", image=f"registry.k8s.io/e2e-test-images/{name}:1.8")
    world.run(6_000)
    text = "GET /data.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = Wire(world.node.runtime).exchange(world.pod("pod")["status"]["podIP"], 80, text).text
    assert json.loads(answer.partition("\r\n\r\n")[2]) == {"image": f"{name}.jpg"}
