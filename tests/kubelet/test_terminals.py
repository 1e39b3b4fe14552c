"""Containers with a terminal. Sources: containerd pkg/oci (WithTTY), internal/cri/server/container_execsync.go."""

from .world import World

SAYS = 'tty; env | grep -n "TERM=\\|HOSTNAME="; echo oops >&2; test -t 1 && echo terminal'


def test_a_terminal_has_a_name_and_all_that_is_written_goes_to_it():
    world = World()
    world.create("web", ["sh", "-c", SAYS], container={"tty": True}, restartPolicy="Never")
    world.run(2_000)
    [container] = world.node.runtime.state.containers.values()
    lines = world.node.runtime.state.logs[container.id].lines
    assert [line[2] for line in lines] == ["/dev/pts/0", "2:TERM=xterm", "3:HOSTNAME=web", "oops", "terminal"]
    assert {line[1] for line in lines} == {"stdout"}


def test_a_shell_at_a_terminal_waits_for_what_nobody_types():
    world = World()
    world.create("waits", container={"tty": True})
    world.create("ends", restartPolicy="Never")
    world.run(3_000)
    assert [world.pod(name)["status"]["phase"] for name in ("waits", "ends")] == ["Running", "Succeeded"]
    runtime = world.node.runtime
    runtime.attach_asked(1, runtime.running("default/waits", "app"), has_input=True)
    runtime.attach_input(1, "exit 3\n")
    world.run(500)
    assert world.pod("waits")["status"]["phase"] == "Running"  # no stdin was asked for


def test_a_command_at_a_terminal_is_told_so():
    world = World()
    world.create("plain", ["sleep", "100"])
    world.run(1_500)
    runtime, heard = world.node.runtime, []
    runtime.heard = lambda number, channel, said: heard.append(said)
    runtime.exec_asked(1, runtime.running("default/plain", "app"), ["sh", "-c", "env | tail -n 2; tty"], has_input=False, has_terminal=True)
    world.run(500)
    assert "".join(heard[:-1]) == "TERM=xterm\r\nHOME=/root\r\n/dev/pts/0\r\n"
