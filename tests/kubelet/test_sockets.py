"""netstat in a Pod. Layout: busybox networking/netstat.c."""

from .world import World

HEAD = "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "


def test_netstat_shows_who_listens_in_the_pod():
    world = World()
    script = "httpd -p 8080; sleep 6; netstat -tlnp; netstat -t; netstat -r"
    world.create("pod", ["sh", "-c", script], others=[{"name": "web", "image": "nginx:1"}], restartPolicy="Never")
    world.run(12_000)
    lines = world.node.logs("default", "pod", "app", {}).splitlines()
    assert lines[:4] == [
        "Active Internet connections (only servers)",
        HEAD + "PID/Program name    ",
        f"tcp        0      0 {'0.0.0.0:80':<23} 0.0.0.0:*               LISTEN      {'-':<20}",
        f"tcp        0      0 {'0.0.0.0:8080':<23} 0.0.0.0:*               LISTEN      {'-':<20}",
    ]
    assert lines[4:6] == ["Active Internet connections (w/o servers)", HEAD] and any(line.startswith("Usage: netstat") for line in lines[6:])


def test_a_server_is_named_to_those_beside_it():
    world = World()
    world.create("web", image="nginx:1")
    world.run(8_000)
    runtime, heard = world.node.runtime, []
    runtime.heard = lambda number, channel, said: heard.append(said)
    runtime.exec_asked(1, runtime.running("default/web", "app"), ["netstat", "-tlnp"], has_input=False, has_terminal=False)
    world.run(500)
    assert "".join(heard[:-1]).splitlines()[2].split() == ["tcp", "0", "0", "0.0.0.0:80", "0.0.0.0:*", "LISTEN", "1/nginx"]
