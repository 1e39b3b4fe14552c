"""The kernel's settings as a container reads them, those of its Pod among them. Source: busybox procps/sysctl.c."""

from tests.kubelet.world import World


def said(world):
    return world.node.logs("default", "pod", "app", {}).splitlines()


def test_a_pod_sets_the_kernel_and_a_container_only_reads_it():
    """As upstream's test/e2e/common/node/sysctl.go."""
    world = World()
    script = """/bin/sysctl kernel.shm_rmid_forced kernel/shmmni; sysctl -n net.ipv4.ip_local_port_range; cat /proc/sys/kernel/shm_rmid_forced
sysctl -w kernel.shm_rmid_forced=0; sysctl kernel.nope"""
    wanted = [{"name": "kernel.shm_rmid_forced", "value": "1"}, {"name": "net/ipv4/ip_local_port_range", "value": "1024 65535"}]
    world.create("pod", ["sh", "-c", script], restartPolicy="Never", securityContext={"sysctls": wanted})
    world.run(4_000)
    assert said(world) == [
        "kernel.shm_rmid_forced = 1", "kernel.shmmni = 4096", "1024\t65535", "1",
        "sysctl: error setting key 'kernel.shm_rmid_forced': Read-only file system", "sysctl: error: 'kernel.nope' is an unknown key"]


def test_all_settings_are_listed():
    world = World()
    world.create("pod", ["sh", "-c", "sysctl -a"], restartPolicy="Never")
    world.run(4_000)
    assert "kernel.hostname = pod" in said(world) and said(world) == sorted(said(world))
