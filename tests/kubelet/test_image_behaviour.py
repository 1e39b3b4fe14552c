"""Playbooks: what containers of known images do: start-ups, refusals, signals, memory, data that stays, what they answer."""

import json

import pytest

from cluster.runtime.wire import Wire
from tests.kubelet.world import World


def runtime(world):
    return world.node.runtime


def log(world, pod, **options):
    return world.node.logs("default", pod, "app", options)


def started(image, **container):
    """A world in which one Pod of an image was started, and its registry is fast."""
    world = World()
    runtime(world).registry.slow(100 << 30)
    world.create("pod", image=image, container=container)
    world.run(15_000)
    return world


def asked(world, port, text=""):
    """What the Pod answers on a port, to somebody on its node."""
    address = world.pod("pod")["status"]["podIP"]
    return Wire(runtime(world)).exchange(address, port, text)


def got(world, port, path):
    reply = asked(world, port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = reply.text.partition("\r\n\r\n")
    return int(head.split()[1]) if head else reply.error, body


def ended(world):
    state = world.state("pod")
    return state["state"].get("terminated") or state["lastState"].get("terminated") or {}


def env(**values):
    return [{"name": name, "value": value} for name, value in values.items()]


# -- start-ups and refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image, port, words",
    [
        ("mysql:8.4", "3306", "Database is uninitialized and password option is not specified"),
        ("postgres:17", "5432", "Error: Database is uninitialized and superuser password is not specified."),
    ],
)
def test_a_database_without_a_password_refuses_to_start(image, port, words):
    world = started(image)
    assert words in log(world, "pod", previous="true") and ended(world)["exitCode"] == 1 and world.state("pod")["restartCount"]


@pytest.mark.parametrize(
    "image, port, password, ready",
    [
        ("mysql:8.4", 3306, "MYSQL_ROOT_PASSWORD", "ready for connections"),
        ("postgres:17", 5432, "POSTGRES_PASSWORD", "database system is ready to accept connections"),
    ],
)
def test_a_database_takes_its_time_and_keeps_its_data_in_a_volume(image, port, password, ready):
    world = World()
    runtime(world).registry.slow(100 << 30)
    folder = "/var/lib/mysql" if port == 3306 else "/var/lib/postgresql/data"
    mount = {"volumeMounts": [{"name": "data", "mountPath": folder}], "env": env(**{password: "x"})}
    world.create("pod", image=image, container=mount, volumes=[{"name": "data", "emptyDir": {}}])
    world.run(2_500)
    assert world.pod("pod")["status"]["phase"] == "Running" and asked(world, port).error == "refused"
    world.run(12_000)
    assert ready in log(world, "pod") and not asked(world, port).error
    world.node.kill_container("pod", "app")
    world.run(8_000)
    assert world.state("pod")["restartCount"] == 1 and ready in log(world, "pod")
    assert "Initializing database files" not in log(world, "pod") and "initdb" not in log(world, "pod")


@pytest.mark.parametrize(
    "image, folder, password, words",
    [
        ("mysql:8.4", "/var/lib/mysql", "MYSQL_ROOT_PASSWORD", "--initialize specified but the data directory has files in it. Aborting."),
        ("postgres:17", "/var/lib/postgresql/data", "POSTGRES_PASSWORD", 'directory "/var/lib/postgresql/data" exists but is not empty'),
    ],
)
def test_a_database_refuses_a_directory_that_is_not_its_own(image, folder, password, words):
    world = World()
    runtime(world).registry.slow(100 << 30)
    mount = [{"name": "data", "mountPath": folder}]
    litter = {"name": "litter", "image": "busybox:1", "command": ["sh", "-c", f"echo x > {folder}/lost"], "volumeMounts": mount}
    container = {"volumeMounts": mount, "env": env(**{password: "x"})}
    world.create("pod", image=image, container=container, volumes=[{"name": "data", "emptyDir": {}}], initContainers=[litter])
    world.run(15_000)
    assert words in log(world, "pod", previous="true") and ended(world)["exitCode"] == 1


def test_tomcat_listens_once_its_jvm_is_up_and_writes_catalinas_log():
    world = World()
    world.create("pod", image="tomcat/tomcat-8.5-jre8:v1")
    world.run(1_200)
    assert world.pod("pod")["status"]["phase"] == "Running" and asked(world, 8080).error == "refused"
    world.run(6_000)
    assert got(world, 8080, "/")[0] in (200, 404) and "Catalina.start Server startup in" in log(world, "pod")
    world.delete("pod")
    world.run(4_000)
    exited = world.facts("ContainerExited")[0]
    assert exited.data["exit_code"] == 143


def test_redis_speaks_its_protocol_and_saves_at_its_end():
    world = World()
    runtime(world).registry.slow(100 << 30)
    mount = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    world.create("pod", image="redis:7", container=mount, volumes=[{"name": "data", "emptyDir": {}}])
    world.run(5_000)
    said = asked(world, 6379, "PING\r\nSET name Ada\r\nGET name\r\nINCR hits\r\nINCR name\r\nGET none\r\nFOO a\r\n").text
    assert said == ("+PONG\r\n+OK\r\n$3\r\nAda\r\n:1\r\n-ERR value is not an integer or out of range\r\n$-1\r\n"
                    "-ERR unknown command 'FOO', with args beginning with: 'a' \r\n")  # fmt: skip
    container = runtime(world).running("default/pod", "app")
    runtime(world).signal(container, "TERM")
    world.run(3_000)
    assert "User requested shutdown" in log(world, "pod", previous="true") and ended(world)["exitCode"] == 0
    assert asked(world, 6379, "*2\r\n$3\r\nGET\r\n$4\r\nname\r\n").text == "$3\r\nAda\r\n"


def test_a_port_that_is_taken_in_the_pod_ends_the_second_server():
    world = World()
    runtime(world).registry.slow(100 << 30)
    second = {"name": "second", "image": "redis:7"}
    app = {"name": "app", "image": "redis:7"}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "namespace": "default"},
            "spec": {"nodeName": "k8snode1", "restartPolicy": "Never", "containers": [app, second]}}  # fmt: skip
    world.ask(world.hand.client.create("pods", body))
    world.run(6_000)
    states = {each["name"]: each["state"] for each in world.pod("pod")["status"]["containerStatuses"]}
    assert "running" in states["app"] and states["second"]["terminated"]["exitCode"] == 1
    assert "bind: Address already in use" in world.node.logs("default", "pod", "second", {})


def test_hello_world_says_hello_and_ends():
    world = World()
    world.create("pod", image="hello-world", restartPolicy="Never")
    world.run(5_000)
    assert "Hello from Docker!" in log(world, "pod") and world.pod("pod")["status"]["phase"] == "Succeeded"


def test_httpd_serves_its_page_and_logs_the_request():
    world = started("httpd:2.4")
    assert got(world, 80, "/") == (200, "<html><body><h1>It works!</h1></body></html>\n") and got(world, 80, "/none")[0] == 404
    assert '"GET / HTTP/1.1" 200 45' in log(world, "pod")


# -- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image, arguments, limit, is_killed",
    [
        ("polinux/stress", ["stress", "--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"], "100Mi", True),
        ("polinux/stress", ["stress", "--vm", "1", "--vm-bytes", "150M", "--vm-hang", "1"], "200Mi", False),
        ("vish/stress", ["-mem-total", "950Mi", "-mem-alloc-size", "100Mi", "-mem-alloc-sleep", "1s"], "400Mi", True),
        ("registry.k8s.io/e2e-test-images/agnhost:2.63", ["stress", "--mem-total", "1Gi", "--mem-alloc-size", "100Mi"], "64Mi", True),
    ],
)
def test_more_memory_than_the_limit_ends_a_container_as_oom_killed(image, arguments, limit, is_killed):
    world = World()
    runtime(world).registry.slow(100 << 30)
    world.create("pod", image=image, container={"args": arguments, "resources": {"limits": {"memory": limit}}})
    world.run(15_000)
    assert (ended(world).get("reason"), ended(world).get("exitCode")) == (("OOMKilled", 137) if is_killed else (None, None))
    assert bool(world.facts("OutOfMemory")) == is_killed


@pytest.mark.parametrize(
    "script, limit, is_killed",
    [
        ("sleep 1; tail /dev/zero; echo never", "64Mi", True),
        ("dd if=/dev/zero of=/dev/null bs=100M count=1; sleep 1000", "64Mi", True),
        ("dd if=/dev/zero of=/dev/null bs=10M count=100; sleep 1000", "64Mi", False),
        ("sort /dev/urandom", None, True),
    ],
)
def test_a_script_that_reads_more_than_there_is_room_for_is_oom_killed(script, limit, is_killed):
    world = World()
    resources = {"resources": {"limits": {"memory": limit}}} if limit else {}
    world.create("pod", ["sh", "-c", script], container=resources, restartPolicy="Never")
    world.run(8_000)
    assert (ended(world).get("reason"), ended(world).get("exitCode")) == (("OOMKilled", 137) if is_killed else (None, None))
    assert "never" not in log(world, "pod")


def test_commands_of_an_images_own_run_in_exec_and_in_scripts():
    world = started("redis:7")
    node = runtime(world)
    heard = []
    node.heard = lambda number, channel, said: heard.append((channel, said))
    container = node.running("default/pod", "app")
    for number, argv in enumerate((["redis-cli", "SET", "a", "1"], ["sh", "-c", "redis-cli get a && redis-cli ping | tr A-Z a-z"], ["ps"])):
        node.exec_asked(number + 1, container, argv, has_input=False, has_terminal=False)
        world.run(1_000)
    said = "".join(text for channel, text in heard if channel in ("stdout", "data"))
    assert said.startswith("OK\n1\npong\n") and "redis-server" in said


# -- agnhost ----------------------------------------------------------------------------------------------------------

AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.63.0"


def test_netexec_answers_and_can_be_made_to_exit():
    world = started(AGNHOST, args=["netexec", "--http-port=8090"])
    assert got(world, 8090, "/hostname") == (200, "pod") and got(world, 8090, "/echo?msg=hi&code=418") == (418, "hi")
    assert got(world, 8090, "/readyz") == (200, "ok")
    assert got(world, 8090, "/dial?host=localhost&port=8090&request=hostname&tries=2") == (200, '{"responses": ["pod", "pod"]}')
    assert "GET /hostname" in log(world, "pod")
    got(world, 8090, "/exit?code=7")
    world.run(3_000)
    assert ended(world)["exitCode"] == 7


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["entrypoint-tester", "a", "b"], 0, "[/agnhost entrypoint-tester a b]\n"),
        (["connect", "localhost:99", "--timeout=1s"], 1, "REFUSED\n"),
        (["logs-generator", "-t", "0"], 255, "Invalid total number of lines: 0"),
        (["nosuch"], 1, 'unknown command "nosuch"'),
    ],
)
def test_commands_of_agnhost_that_end(arguments, code, words):
    world = World()
    runtime(world).registry.slow(100 << 30)
    world.create("pod", image=AGNHOST, container={"args": arguments}, restartPolicy="Never")
    world.run(8_000)
    assert words in log(world, "pod") and ended(world)["exitCode"] == code


def test_liveness_fails_after_ten_seconds_and_porter_serves_its_variables():
    world = started(AGNHOST, args=["liveness"])
    assert got(world, 8080, "/healthz")[0] == 500
    world = started(AGNHOST, args=["porter"], env=env(SERVE_PORT_9001="foo", OTHER="x"))
    assert got(world, 9001, "/") == (200, "foo")


def test_logs_generator_writes_evenly_and_ends_and_pause_leaves_a_message():
    world = World()
    runtime(world).registry.slow(100 << 30)
    arguments = ["logs-generator", "--log-lines-total=4", "--run-duration=4s"]
    world.create("pod", image=AGNHOST, container={"args": arguments}, restartPolicy="Never")
    world.run(2_500)
    assert 0 < log(world, "pod").count("logs_generator.go:76]") < 4
    world.run(6_000)
    assert log(world, "pod").count("logs_generator.go:76]") == 4 and world.pod("pod")["status"]["phase"] == "Succeeded"
    world.create("quiet", image=AGNHOST, restartPolicy="Never")
    world.run(5_000)
    assert log(world, "quiet") == "Paused\nSignals registered\n"
    runtime(world).signal(runtime(world).running("default/quiet", "app"), "TERM")
    world.run(3_000)
    assert world.state("quiet")["state"]["terminated"]["exitCode"] == 2


# -- git-sync, fluent-bit ---------------------------------------------------------------------------------------------

SITE = "https://git.example/site"


def site(world, *arguments, **container):
    mount = [{"name": "site", "mountPath": "/usr/share/nginx"}]
    syncer = {"name": "app", "image": "registry.k8s.io/git-sync/git-sync:v4.4.2", "args": [f"--repo={SITE}", "--root=/usr/share/nginx",
              "--link=html", "--period=10s", *arguments], "volumeMounts": mount, **container}  # fmt: skip
    web = {"name": "web", "image": "nginx/nginx:v1", "volumeMounts": mount}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "namespace": "default"},
            "spec": {"nodeName": "k8snode1", "containers": [web, syncer], "volumes": [{"name": "site", "emptyDir": {}}]}}  # fmt: skip
    runtime(world).registry.slow(100 << 30)
    world.ask(world.hand.client.create("pods", body))


def test_a_pushed_commit_is_served_within_the_period_and_the_tree_before_is_gone():
    world = World()
    site(world)
    world.run(6_000)
    assert got(world, 80, "/")[1] == "<h1>Hello from the repository</h1>\n"
    first = runtime(world).repositories.head(SITE).hash
    commit = runtime(world).repositories.push(SITE, {"index.html": "second", "more/about.html": "us"}, "second")
    world.run(11_000)
    assert got(world, 80, "/")[1] == "second" and got(world, 80, "/more/about.html")[1] == "us"
    volume = next(each for name, each in runtime(world).state.volumes.items() if "site" in name)
    assert volume.nodes["/html"].text == f".worktrees/{commit.hash}" and not any(first in path for path in volume.nodes)
    lines = [json.loads(line) for line in log(world, "pod").splitlines()]
    assert [line["msg"] for line in lines] == ["starting up", "updated successfully", "updated successfully"]
    world.node.kill_container("pod", "app")
    world.run(5_000)
    assert got(world, 80, "/")[1] == "second"


def test_git_sync_gives_up_on_a_repository_that_is_not_there_unless_told_otherwise():
    world = World()
    site(world, "--repo=https://git.example/none")
    world.run(6_000)
    assert "too many failures, aborting" in log(world, "pod", previous="true") and "not found" in log(world, "pod", previous="true")
    world = World()
    site(world, "--repo=https://git.example/none", "--max-failures=-1", "--period=2s")
    world.run(8_000)
    assert log(world, "pod").count("error syncing repo, will retry") >= 2
    runtime(world).repositories.push("https://git.example/none.git", {"index.html": "there"}, "at last")
    world.run(3_000)
    assert got(world, 80, "/")[1] == "there"


@pytest.mark.parametrize("arguments, code, words", [
    (["--one-time"], 0, "exiting after one sync"), (["--colour"], 1, "unknown flag: --colour"),
    (["--period=1ms"], 1, "--period must be at least 10ms"),
])  # fmt: skip
def test_git_sync_ends_after_one_sync_or_on_a_bad_flag(arguments, code, words):
    world = World()
    site(world, *arguments)
    world.run(6_000)
    app = next(each for each in world.pod("pod")["status"]["containerStatuses"] if each["name"] == "app")
    gone = app["state"].get("terminated") or app["lastState"]["terminated"]
    assert gone["exitCode"] == code and words in log(world, "pod", previous="true")


def test_a_log_agent_ships_what_is_new_to_a_collector_that_prints_it():
    world = World(nodes=1)
    runtime(world).registry.slow(100 << 30)
    world.create("collector", image="fluent/fluent-bit:4.0", container={"args": ["-i", "http", "-p", "port=9880", "-o", "stdout"]})
    world.run(6_000)
    address = world.pod("collector")["status"]["podIP"]
    mount = [{"name": "logs", "mountPath": "/var/log/app"}]
    app = {"name": "app", "image": "busybox:1", "volumeMounts": mount, "command": ["sh", "-c",
           "sleep 3; echo one >> /var/log/app/a.log; echo two >> /var/log/app/b.log; sleep 1000"]}  # fmt: skip
    agent = {"name": "agent", "image": "fluent/fluent-bit:4.0", "volumeMounts": mount, "args": [
        "-i", "tail", "-p", "path=/var/log/app/*.log", "-p", "read_from_head=true", "-p", "path_key=file",
        "-o", "http", "-p", f"host={address}", "-p", "port=9880"]}  # fmt: skip
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "namespace": "default"},
            "spec": {"nodeName": "k8snode1", "containers": [app, agent], "volumes": [{"name": "logs", "emptyDir": {}}]}}  # fmt: skip
    world.ask(world.hand.client.create("pods", body))
    world.run(10_000)
    said = log(world, "collector")
    assert '"file"=>"/var/log/app/a.log", "log"=>"one"' in said and '"log"=>"two"' in said and said.count('"log"=>') == 2


def test_a_log_agent_keeps_what_its_collector_does_not_take_and_tries_again():
    world = World()
    world.create("pod", image="fluent/fluent-bit:4.0", container={"args": ["-i", "tcp", "-o", "http://10.244.0.99:9880"]})
    runtime(world).registry.slow(100 << 30)
    world.run(6_000)
    asked(world, 5170, '{"log": "kept"}\n')
    world.run(3_000)
    assert "no upstream connections available to 10.244.0.99:9880" in log(world, "pod") and "retry in 8 seconds" in log(world, "pod")


# -- nginx ------------------------------------------------------------------------------------------------------------


def test_nginx_of_any_tag_says_what_it_is_and_reads_where_to_listen():
    world = World()
    runtime(world).registry.slow(100 << 30)
    config = "server {\n  listen 8081;\n  root /srv/pages;\n}\n"
    write = {"name": "write", "image": "busybox:1", "command": ["sh", "-c", f"printf '{config}' > /conf/site.conf"],
             "volumeMounts": [{"name": "conf", "mountPath": "/conf"}]}  # fmt: skip
    mounts = {"volumeMounts": [{"name": "conf", "mountPath": "/etc/nginx/conf.d"}]}
    world.create("pod", image="nginx:1.27.5", container=mounts, volumes=[{"name": "conf", "emptyDir": {}}], initContainers=[write])
    world.run(9_000)
    assert "nginx/1.27.5" in log(world, "pod") and asked(world, 80).error == "refused" and got(world, 8081, "/")[0] == 404
    container = runtime(world).running("default/pod", "app")
    runtime(world).signal(container, "HUP")
    world.run(100)
    assert "(SIGHUP) received, reconfiguring" in log(world, "pod") and got(world, 8081, "/x")[0] == 404
    world.delete("pod")
    world.run(3_000)
    assert [fact.data["exit_code"] for fact in world.facts("ContainerExited") if fact.data["container"] == "app"] == [0]


def test_two_nginx_in_one_pod_fight_for_port_80():
    world = World()
    runtime(world).registry.slow(100 << 30)
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "namespace": "default"}, "spec": {
        "nodeName": "k8snode1", "containers": [{"name": "app", "image": "nginx:1"}, {"name": "second", "image": "nginx:1"}]}}  # fmt: skip
    world.ask(world.hand.client.create("pods", body))
    world.run(9_000)
    assert "bind() to 0.0.0.0:80 failed (98: Address already in use)" in world.node.logs("default", "pod", "second", {"previous": "true"})


# -- port-forward -----------------------------------------------------------------------------------------------------


class Forwarded:
    """A connection from outside to a port of the Pod."""

    def __init__(self, world, port):
        self.world, self.node, self.heard = world, runtime(world), []
        self.node.heard = lambda number, channel, said: self.heard.append((channel, said))
        self.node.forward_asked(1, world.pod("pod")["metadata"]["uid"], "default/pod", port)
        world.run(100)

    def send(self, text):
        self.node.forward_input(1, text)
        self.world.run(100)
        return self

    @property
    def said(self):
        return "".join(said for channel, said in self.heard if channel == "data")


def test_redis_is_reached_in_its_own_language_piece_by_piece():
    forwarded = Forwarded(started("redis:7"), 6379)
    assert forwarded.said == ""
    forwarded.send("PI").send("NG\r\nSET a 1\r\nGE")
    assert forwarded.said == "+PONG\r\n+OK\r\n"
    forwarded.send("T a\r\nQUIT\r\n")
    assert forwarded.said.endswith("$1\r\n1\r\n+OK\r\n") and forwarded.heard[-1] == ("exit", 0)


def test_a_database_greets_whoever_connects_and_one_that_is_gone_hangs_up():
    world = started("mysql:8.4", env=env(MYSQL_ROOT_PASSWORD="x"))
    forwarded = Forwarded(world, 3306)
    assert "8.4.6" in forwarded.said
    world.node.kill_container("pod", "app")
    world.run(500)
    assert forwarded.heard[-1] == ("exit", 0)


# -- bad input --------------------------------------------------------------------------------------------------------

ODD = ["*999999999\r\n",
       "*2\r\n$-7\r\nx\r\n", "*1\r\n$999999999\r\n", "$\r\n", "*\r\n", "\0\xff\r\n" * 50, "SET a\r\n", "INCR " + "9" * 5000 + "\r\n",
       "[" * 3000 + "\n", '{"a":' * 400 + "1" + "}" * 400 + "\n", "9" * 6000 + "\n", '{"log": NaN}\n', "x" * 100_000]  # fmt: skip


@pytest.mark.parametrize(
    "image, port, container",
    [
        ("redis:7", 6379, {}),
        ("mysql:8.4", 3306, {"env": env(MYSQL_ROOT_PASSWORD="x")}),
        ("postgres:17", 5432, {"env": env(POSTGRES_PASSWORD="x")}),
        ("fluent/fluent-bit:4.0", 5170, {"args": ["-i", "tcp", "-o", "stdout"]}),
        ("fluent/fluent-bit:4.0", 9880, {"args": ["-i", "http", "-o", "stdout"]}),
        (AGNHOST, 8080, {"args": ["netexec"]}),
    ],
)
def test_whatever_is_sent_to_a_server_it_goes_on(image, port, container):
    world = started(image, **container)
    for text in ODD:
        asked(world, port, text)
        asked(world, port, f"POST /%zz?code={text[:50].strip()} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(text)}\r\n\r\n{text}")
    world.run(3_000)
    assert world.state("pod")["restartCount"] == 0 and "internal error" not in log(world, "pod")
    assert not asked(world, port).error
    json.dumps(world.engine.snapshot() if world.engine.is_at_rest else {})


def test_a_fault_of_a_program_ends_that_program_alone(monkeypatch):
    from cluster.runtime.images import behaviours

    def broken(me):
        raise KeyError("oops")

    monkeypatch.setitem(behaviours()["redis"].programs, "redis-server", broken)
    world = started("redis:7")
    assert "internal error: KeyError" in log(world, "pod", previous="true") and ended(world)["exitCode"] == 134


# -- images of tutorials ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image, container, port, path, words",
    [
        ("hashicorp/http-echo:1.0", {"args": ["-text=apple"]}, 5678, "/", "apple\n"),
        ("traefik/whoami:v1.11", {}, 80, "/x", "Hostname: pod\nIP: 127.0.0.1\nIP: 10.244.0."),
        ("gcr.io/google-samples/kubernetes-bootcamp:v1", {}, 8080, "/", "Hello Kubernetes bootcamp! | Running on: pod | v=1\n"),
        ("gcr.io/google-samples/hello-app:2.0", {}, 8080, "/", "Version: 2.0.0\nHostname: pod\n"),
        ("registry.k8s.io/hpa-example", {}, 80, "/", "OK!"),
        ("python:3.13", {"command": ["python", "-m", "http.server", "8001", "--directory", "/etc"]}, 8001, "/hostname", "pod\n"),
    ],
)
def test_small_servers_answer(image, container, port, path, words):
    world = started(image, **container)
    assert words in got(world, port, path)[1] and world.state("pod")["restartCount"] == 0


def test_memcached_keeps_what_it_is_given():
    world = started("memcached:1.6")
    said = asked(world, 11211, "set a 0 0 5\r\nhello\r\nget a b\r\ndelete a\r\nget a\r\nnosuch\r\n").text
    assert said == "STORED\r\nVALUE a 0 5\r\nhello\r\nEND\r\nDELETED\r\nEND\r\nERROR\r\n"


def test_the_job_of_the_documentation_computes_pi():
    world = World()
    runtime(world).registry.slow(100 << 30)
    world.create("pod", ["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"], image="perl:5.34.0", restartPolicy="Never")
    world.run(12_000)
    assert log(world, "pod").startswith("3.14159265358979323846") and len(log(world, "pod").strip()) == 2001
    assert world.pod("pod")["status"]["phase"] == "Succeeded"


@pytest.mark.parametrize("image, command", [("python:3.13", ["python", "app.py"]), ("perl:5", ["perl", "x.pl"])])
def test_a_script_that_is_not_simulated_runs_until_it_is_stopped_and_says_so(image, command):
    world = started(image, command=command)
    assert world.pod("pod")["status"]["phase"] == "Running" and "not simulated" in log(world, "pod")


CACHES = [{"name": "c", "emptyDir": {}}, {"name": "r", "emptyDir": {}}]
MOUNTED = [{"name": "c", "mountPath": "/var/cache/nginx"}, {"name": "r", "mountPath": "/var/run"}]


@pytest.mark.parametrize(
    "context, words",
    [
        ({"capabilities": {"drop": ["ALL"]}}, 'chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)'),
        ({"readOnlyRootFilesystem": True}, 'mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)'),
        ({"runAsUser": 1000}, 'mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)'),
    ],
)
def test_nginx_does_not_start_where_it_may_not_make_its_folders(context, words):
    world = World()
    world.create("web", image="nginx:1.29", container={"securityContext": context}, restartPolicy="Never")
    world.create("fit", image="nginx:1.29", container={"securityContext": {"runAsUser": 7}, "volumeMounts": MOUNTED}, volumes=CACHES)
    world.run(9_000)
    assert world.state("web")["state"]["terminated"]["exitCode"] == 1
    assert world.node.logs("default", "web", "app", {}).endswith(f"nginx: [emerg] {words}\n")
    assert world.state("fit")["ready"]


def test_serve_hostname_answers_over_udp_too_when_told_so():
    world = World()
    world.create("names", None, image="registry.k8s.io/e2e-test-images/agnhost:2.63.0",
                 container={"args": ["serve-hostname", "--udp", "--http=false"]})
    world.run(5_000)
    address = world.pod("names")["status"]["podIP"]
    world.create("asks", ["sh", "-c", f"echo who | nc -u -w 2 {address} 9376; nc -z -w 2 {address} 9376 || echo no TCP"], restartPolicy="Never")
    world.run(8_000)
    assert log(world, "asks") == "namesno TCP\n"
