"""/proc of shared process namespaces, as the tasks "Share Process Namespace" and "Debug Running Pods" show it. Source: Linux proc(5)."""

from .world import World

KEEPER = ["sh", "-c", "echo kept > /srv; sleep 1000"]


def said(world: World, pod: str, container: str, text: str) -> str:
    """What a shell beside a container's program says."""
    runtime, heard = world.node.runtime, []
    runtime.heard = lambda number, channel, what: heard.append(what)
    runtime.exec_asked(1, runtime.running(f"default/{pod}", container), ["sh", "-c", text], has_input=False, has_terminal=False)
    world.run(500)
    return "".join(each for each in heard if isinstance(each, str))


def test_through_a_shared_namespace_one_sees_and_changes_the_files_of_the_others():
    world = World()
    shell = {"name": "shell", "image": "busybox:1", "command": ["sleep", "1000"]}
    world.create("web", KEEPER, container={"env": [{"name": "A", "value": "b"}]}, others=[shell], shareProcessNamespace=True)
    world.run(1_500)
    number = said(world, "web", "shell", "pgrep -f kept").split()[0]
    root = f"/proc/{number}/root"
    assert said(world, "web", "shell", f"cat {root}/srv; cat {root}/etc/hostname; ls {root} | grep srv") == "kept\nweb\nsrv\n"
    assert said(world, "web", "shell", f"echo more >> {root}/srv; rm {root}/etc/hosts; ls /srv") == "ls: /srv: No such file or directory\n"
    assert said(world, "web", "app", "cat /srv; ls /etc/hosts").startswith("kept\nmore\nls: /etc/hosts")
    words = said(world, "web", "shell", f"tr '\\0' ' ' < /proc/{number}/cmdline; cat /proc/{number}/comm")
    assert words == "sh -c echo kept > /srv; sleep 1000 sh\n"
    assert "A=b" in said(world, "web", "shell", f"tr '\\0' '\\n' < /proc/{number}/environ")


def test_without_one_there_is_nobody_else():
    world = World()
    world.create("web", KEEPER, others=[{"name": "shell", "image": "busybox:1", "command": ["sleep", "1000"]}])
    world.run(1_500)
    assert said(world, "web", "shell", "cat /proc/1/root/srv") == "cat: can't open '/proc/1/root/srv': No such file or directory\n"
    assert said(world, "web", "shell", "cat /proc/1/comm; cat /proc/99/comm") == "sleep\ncat: can't open '/proc/99/comm': No such file or directory\n"
    assert "ead-only" in said(world, "web", "shell", "echo x > /proc/1/comm")


def test_who_walks_through_all_files_does_not_follow_a_root():
    world = World()
    world.create("web", KEEPER)
    world.run(1_500)
    assert said(world, "web", "app", "find / -name srv; find /proc/1/root/ -name srv; ls -ld /proc/1/root | cut -d ' ' -f 1") == (
        "/srv\n/proc/1/root/srv\nlrwxrwxrwx\n"
    )
    words = "grep -rl kept / 2>/dev/null; ls -R /proc | grep -c srv; cp -r /proc/1 /tmp/p; ls -l /tmp/p | grep -c ' -> /'"
    assert said(world, "web", "app", words) == "/srv\n0\n1\n"
    assert "can't remove '/proc/1/root'" in said(world, "web", "app", "rm -rf /proc/1/root /proc/self")
    assert said(world, "web", "app", "cat /srv") == "kept\n"


def test_a_debugger_sees_the_files_of_its_target():
    world = World()
    world.create("web", KEEPER)
    world.run(1_500)
    doctor = {"name": "doctor", "image": "busybox:1", "command": ["sleep", "1000"], "targetContainerName": "app"}
    world.ask(world.hand.client.patch("pods", "web", {"spec": {"ephemeralContainers": [doctor]}}, "default", subresource="ephemeralcontainers"))
    world.run(1_500)
    assert said(world, "web", "doctor", "cat /proc/1/root/srv; cat /proc/7/comm") == "kept\nsleep\n"


MACHINE = """uname -r; nproc; free -b | grep Mem; df -k / | tail -n 1; grep -c processor /proc/cpuinfo
head -n 1 /proc/meminfo; head -n 1 /proc/mounts; cat /proc/self/cgroup"""


def test_a_program_finds_the_machine_that_the_node_object_tells_of():
    world = World()
    world.create("web", ["sh", "-c", MACHINE], restartPolicy="Never")
    world.run(1_500)
    status = world.store.get("/registry/minions/k8snode1").value["status"]
    release, processors, memory, disk, counted, total, root, group = world.node.logs("default", "web", "app", {}).splitlines()
    assert (release, processors, counted, group) == (status["nodeInfo"]["kernelVersion"], status["capacity"]["cpu"], processors, "0::/")
    assert root == "overlay / overlay rw,relatime 0 0"
    assert memory.split()[1] == str(8 << 30) and total == f"MemTotal:{8 << 20:>15} kB" and disk.split()[1] == str(100 << 20)
    assert status["capacity"]["memory"] == "8Gi" and int(memory.split()[2]) >= 700 << 20


def test_root_without_capabilities_may_not_give_files_away_nor_read_those_of_others():
    world = World()
    world.create("bare", ["sleep", "1000"], container={"securityContext": {"capabilities": {"drop": ["ALL"]}}})
    world.create("user", ["sleep", "1000"], container={"securityContext": {"runAsUser": 7, "seccompProfile": {"type": "RuntimeDefault"}}})
    world.run(1_500)
    assert said(world, "bare", "app", "grep CapEff /proc/1/status") == "CapEff:\t0000000000000000\n"
    words = said(world, "bare", "app", "touch /tmp/f; chmod 600 /tmp/f; chown 5 /tmp/f; ls -ln /tmp/f | cut -c1-20")
    assert words == "chown: /tmp/f: Operation not permitted\n-rw-------    1 0   \n"
    assert said(world, "user", "app", "grep -E '^(Uid|Seccomp|NoNew)' /proc/1/status") == "Uid:\t7\t7\t7\t7\nNoNewPrivs:\t0\nSeccomp:\t2\n"
