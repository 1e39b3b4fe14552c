"""Tables: what a container's securityContext comes to in capabilities. Source: containerd internal/cri/opts/spec_opts.go (WithCapabilities)."""

import pytest

from cluster.runtime import capabilities
from cluster.runtime.state import Process, RuntimeState
from cluster.runtime.world import ContainerWorld
from tests.kubelet.world import World


@pytest.mark.parametrize(
    "context, held",
    [
        ({}, 0xA80425FB),
        ({"capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]}}, 0xAA0435FB),  # the figures of the documentation's task
        ({"capabilities": {"drop": ["ALL"]}}, 0),
        ({"capabilities": {"drop": ["all"], "add": ["NET_BIND_SERVICE"]}}, 1 << 10),
        ({"capabilities": {"add": ["ALL"], "drop": ["CHOWN"]}}, (1 << 41) - 2),
        ({"capabilities": {"add": ["CAP_NET_ADMIN", "WHAT"]}}, 0xA80425FB),  # a prefix makes it a name that nobody knows
        ({"privileged": True, "capabilities": {"drop": ["ALL"]}}, (1 << 41) - 1),
    ],
)
def test_what_is_added_and_dropped_comes_to_a_set(context, held):
    assert capabilities.of(context) == held


@pytest.mark.parametrize("user, in_force", [(0, "00000000a80425fb"), (1000, "0000000000000000")])
def test_only_root_has_its_capabilities_in_force(user, in_force):
    found = dict(capabilities.rows(capabilities.USUAL, user))
    assert found == {"CapInh": "0" * 16, "CapPrm": in_force, "CapEff": in_force, "CapBnd": "00000000a80425fb", "CapAmb": "0" * 16}


def test_a_device_is_made_with_mknod_alone():
    for held, is_made in ((capabilities.USUAL, True), (capabilities.USUAL & ~capabilities.BITS["MKNOD"], False)):
        process = Process(container="c", kind="file", argv=["sh"], behaviour="busybox", capabilities=held)
        world = ContainerWorld(RuntimeState(), "c", "uid", process, 0, "2026-01-01T09:00:00Z", 0)
        assert world.make_special("/n", "character", mode=0o600, device="1, 3") is is_made


def test_links_are_changed_with_net_admin_alone():
    world = World()
    script = ["sh", "-c", "ip link add dummy0 type dummy; ip link | grep -c dummy0"]
    world.create("may", script, container={"securityContext": {"privileged": True}}, restartPolicy="Never")
    world.create("not", script, restartPolicy="Never")
    world.run(8_000)
    assert world.node.logs("default", "may", "app", {}) == "1\n"
    assert world.node.logs("default", "not", "app", {}) == "ip: RTNETLINK answers: Operation not permitted\n0\n"
