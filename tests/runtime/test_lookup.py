"""Which programs a container finds, and what is said of those that it does not.

Sources: Go 1.19 os/exec/lp_unix.go (what runc 1.1 looks up with), execve(2), containerd internal/cri/server/container_start.go (its
exit code and the time of a container that could not be started).
"""

import pytest

from cluster.runtime import filesystem, lookup
from cluster.runtime.filesystem import Mount, Node, Volume
from cluster.runtime.images import behaviours
from cluster.runtime.state import Process, RuntimeState
from cluster.runtime.world import ContainerWorld
from tests.kubelet.world import World

BUSYBOX = behaviours()["busybox"]
FILES = {
    "/run.sh": Node("#!/bin/sh\necho ran $1\nexit 3\n", mode=0o755),
    "/env.sh": Node("#!/usr/bin/env sh\n", mode=0o755),
    "/bash.sh": Node("#!/bin/bash\n", mode=0o755),
    "/plain": Node("echo x\n", mode=0o755),
    "/text.sh": Node("#!/bin/sh\n"),
    "/own.sh": Node("#!/bin/sh\n", mode=0o700),
}


def world_of(*, user=0):
    process = Process(container="c", kind="file", argv=["x"], env={"PATH": "/bin:/scripts"}, behaviour="busybox", user=user)
    process.mounts = {"/scripts": Mount("uid/scripts")}
    return ContainerWorld(RuntimeState(volumes={"uid/scripts": Volume(dict(FILES))}), "c", "uid", process, 0, "2026-01-01T09:00:00Z", 0)


@pytest.mark.parametrize(
    ("program", "refused", "failed"),
    [
        ("sh", "", ""),
        ("/bin/sleep", "", ""),
        ("nope", 'exec: "nope": executable file not found in $PATH', None),
        ("bash", 'exec: "bash": executable file not found in $PATH', None),
        ("/bin/nope", 'exec: "/bin/nope": stat /bin/nope: no such file or directory', None),
        ("/bin/bash", 'exec: "/bin/bash": stat /bin/bash: no such file or directory', None),
        ("/scripts/sh", 'exec: "/scripts/sh": stat /scripts/sh: no such file or directory', None),
        ("/tmp", 'exec: "/tmp": permission denied', None),
        ("/scripts/text.sh", 'exec: "/scripts/text.sh": permission denied', None),
        ("text.sh", 'exec: "text.sh": executable file not found in $PATH', None),
        ("/scripts/run.sh", "", ""),
        ("run.sh", "", ""),
        ("/scripts/env.sh", "", ""),
        ("/scripts/bash.sh", "", "exec /scripts/bash.sh: no such file or directory"),
        ("bash.sh", "", "exec /scripts/bash.sh: no such file or directory"),
        ("/scripts/plain", "", "exec /scripts/plain: exec format error"),
    ],
)
def test_a_program_is_found_or_refused_in_words(program, refused, failed):
    world = world_of()
    assert lookup.refusal(BUSYBOX, program, world) == refused
    assert failed is None or lookup.failure(BUSYBOX, program, world) == failed


def test_a_script_that_its_user_may_not_run_is_denied():
    assert lookup.failure(BUSYBOX, "/scripts/own.sh", world_of(user=1000)) == "exec /scripts/own.sh: permission denied"
    assert lookup.failure(BUSYBOX, "/scripts/own.sh", world_of()) == ""


def started(*command, mode=0o755):
    """(state, log) of a Pod that runs once, with scripts from a ConfigMap."""
    world = World()
    meta = {"name": "scripts", "namespace": "default"}
    data = {path[1:]: node.text for path, node in FILES.items()}
    world.ask(world.hand.client.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}))
    world.run(100)
    volumes = [{"name": "scripts", "configMap": {"name": "scripts", "defaultMode": mode}}]
    mounts = {"volumeMounts": [{"name": "scripts", "mountPath": "/scripts"}]}
    world.create("once", list(command), container=mounts, volumes=volumes, restartPolicy="Never")
    world.run(2_500)
    logs = world.node.runtime.state.logs.values()
    return world.state("once")["state"]["terminated"], [line[2] for log in logs for line in log.lines]


def test_a_script_of_a_volume_is_a_containers_program():
    ended, log = started("/scripts/run.sh", "well")
    assert (ended["exitCode"], log) == (3, ["ran well"])


def test_a_script_whose_interpreter_is_not_there_starts_and_ends_with_1():
    ended, log = started("/scripts/bash.sh")
    assert (ended["exitCode"], ended["reason"], log) == (1, "Error", ["exec /scripts/bash.sh: no such file or directory"])


def test_a_container_that_could_not_be_started_says_that_it_began_in_1970():
    ended, log = started("/scripts/run.sh", mode=0o644)
    assert (ended["exitCode"], ended["reason"], ended["startedAt"], log) == (128, "StartError", "1970-01-01T00:00:00Z", [])
    assert ended["message"].endswith('unable to start container process: exec: "/scripts/run.sh": permission denied: unknown')


@pytest.mark.parametrize(
    ("image", "there", "missing"),
    [
        ("agnhost", ("bash", "curl", "/usr/bin/dig", "nc"), ("dash",)),
        ("alpine", ("getent", "wget"), ("bash", "curl")),
        ("busybox", ("wget",), ("bash", "curl", "getent")),
        ("debian", ("bash", "dash", "getent"), ()),
    ],
)
def test_an_image_lacks_what_it_lacks(image, there, missing):
    for name in there + missing:
        assert lookup.is_known(behaviours()[image], name) is (name in there), name


@pytest.mark.parametrize(("image", "is_there"), [("agnhost", True), ("alpine", True), ("debian", True), ("busybox", False)])
def test_images_of_distributions_have_a_second_folder_for_temporary_files(image, is_there):
    assert ("/var/tmp" in filesystem.image_tree(image)) is is_there
