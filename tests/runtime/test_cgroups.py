"""What a container reads of its cgroup: limits and weights, also after a resize."""

import pytest

from cluster.runtime import cgroups
from tests.kubelet.world import World

WEIGHTS = [(0, 2, 1), (1, 2, 1), (100, 102, 17), (500, 512, 59), (1000, 1024, 100), (256_000, 262_144, 10_000)]


@pytest.mark.parametrize("millis, shares, weight", WEIGHTS)
def test_requests_become_weights(millis, shares, weight):
    """Source: opencontainers/cgroups (ConvertCPUSharesToCgroupV2Value)."""
    assert cgroups.shares(millis) == shares and cgroups.weight(shares) == weight


@pytest.mark.parametrize("millis, quota", [(0, 0), (1, 1000), (10, 1000), (250, 25_000), (2000, 200_000)])
def test_limits_become_quotas(millis, quota):
    assert cgroups.quota_us(millis) == quota


def said(world):
    return world.node.logs("default", "pod", "app", {}).splitlines()


def test_a_container_reads_its_cgroup_and_may_not_write_it():
    world = World()
    script = "cd /sys/fs/cgroup; cat cpu.max cpu.weight memory.max; mount -t cgroup2; echo 1 > cpu.max"
    resources = {"requests": {"cpu": "500m"}, "limits": {"cpu": "1", "memory": "64Mi"}}
    world.create("pod", ["sh", "-c", script], container={"resources": resources}, restartPolicy="Never")
    world.run(4_000)
    mounted = "cgroup on /sys/fs/cgroup type cgroup2 (ro,nosuid,nodev,noexec,relatime)"
    assert said(world)[:4] == ["100000 100000", "59", "67108864", mounted] and "Read-only file system" in said(world)[-1]


def test_without_limits_there_is_no_most():
    world = World()
    world.create("pod", ["sh", "-c", "cd /sys/fs/cgroup; cat cpu.max memory.max cpu.weight; ls"], restartPolicy="Never")
    world.run(4_000)
    assert said(world)[:3] == ["max 100000", "max", "1"]
