"""Containers that share a PID namespace see each other, and are not PID 1. Sources: pid_namespaces(7), kubernetes pkg/kubelet/kuberuntime."""

from tests.kubelet.world import World

SLEEP = ["sleep", "1000"]


def log_of(world, name: str) -> list[str]:
    runtime = world.node.runtime
    found = next(each.id for each in runtime.state.containers.values() if each.name == name)
    return [line[2] for line in runtime.state.logs[found].lines]


def code_of(world, name: str) -> int:
    return next(each["state"]["terminated"]["exitCode"] for each in world.pod("web")["status"]["containerStatuses"] if each["name"] == name)


def shared(script: str, *, seconds: int = 4, **more) -> World:
    world = World()
    others = [{"name": "tool", "image": "busybox:1", "command": ["sh", "-c", script]}]
    world.create("web", SLEEP, others=others, restartPolicy="Never", **(more or {"shareProcessNamespace": True}))
    world.run(seconds * 1000)
    return world


def test_pause_is_the_first_process_and_the_others_are_seen_by_their_numbers():
    world = shared("ps -o pid,args; echo me $$$$; kill -0 1 && echo pause is there; kill 99; exit 0")
    rows = [line.split(None, 1) for line in log_of(world, "tool")[1:5]]
    numbers, programs = [int(row[0]) for row in rows], [row[1] for row in rows]
    assert programs[:2] == ["/pause", "sleep 1000"] and programs[2].startswith("sh -c ps") and programs[3].startswith("ps")
    assert numbers[0] == 1 and numbers == sorted(set(numbers))
    assert log_of(world, "tool")[5:] == [f"me {numbers[2]}", "pause is there", "sh: can't kill pid 99: No such process"]


def test_one_container_ends_another_ones_program():
    world = shared("sleep 1; kill $(pidof sleep | cut -d' ' -f2); sleep 1; exit 0", seconds=6)
    assert (code_of(world, "app"), code_of(world, "tool")) == (143, 0)


def test_what_is_not_pid_1_dies_of_a_signal_that_it_does_not_handle():
    for more, took_ms in (({"shareProcessNamespace": True}, 1_500), ({"hostPID": True}, 1_500), ({"shareProcessNamespace": False}, 4_500)):
        world = shared("exit 0", **more, terminationGracePeriodSeconds=3)
        world.delete("web")
        world.run(6_000)
        ended = world.facts("ContainerExited")[-1]
        asked = next(fact for fact in world.facts("SignalSent") if fact.data["signal"] == "SIGTERM")
        assert ended.data["exit_code"] == (143 if took_ms == 1_500 else 137) and ended.at_ms - asked.at_ms < took_ms


def test_who_ends_pause_ends_all_of_the_pod():
    world = shared("sleep 1; kill 1; sleep 1000", seconds=6)
    assert {fact.data["exit_code"] for fact in world.facts("ContainerExited")} == {137} and world.facts("SandboxKilled")


def test_pods_in_the_nodes_namespace_see_each_other_by_the_numbers_that_programs_tell_of_themselves():
    world = World()
    world.create("server", None, image="docker.io/library/nginx:1.29", hostPID=True)
    world.run(8_000)
    for name, is_in_it in (("near", True), ("far", False)):
        world.create(name, ["sh", "-c", "echo found $(pidof nginx)"], restartPolicy="Never", hostPID=is_in_it)
    world.run(6_000)
    server = next(each for each in world.node.runtime.state.processes.values() if each.space == "host")
    found = world.node.logs("default", "near", "app", {}).split()[1:]
    assert str(server.first_pid) in found and server.first_pid > 1
    assert world.node.runtime._world(server, world.node.runtime.state.containers[server.container]).read_file("/var/run/nginx.pid").strip() in found
    assert world.node.logs("default", "far", "app", {}) == "found\n"
