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


def test_a_debugger_sees_the_files_of_its_target():
    world = World()
    world.create("web", KEEPER)
    world.run(1_500)
    doctor = {"name": "doctor", "image": "busybox:1", "command": ["sleep", "1000"], "targetContainerName": "app"}
    world.ask(world.hand.client.patch("pods", "web", {"spec": {"ephemeralContainers": [doctor]}}, "default", subresource="ephemeralcontainers"))
    world.run(1_500)
    assert said(world, "web", "doctor", "cat /proc/1/root/srv; cat /proc/7/comm") == "kept\nsleep\n"
