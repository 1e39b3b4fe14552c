"""Commands run in containers: inputs like any other, so a sandbox that comes back stands where it stood."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from cluster.engine.plain import freeze
from cluster.runtime.octets import bytes_of, text_of
from cluster.store import log
from cluster.worker import commands, streaming

from .running import Stage

pytestmark = pytest.mark.django_db(transaction=True)
BUSY = """\
apiVersion: v1
kind: Pod
metadata: {name: busy}
spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "busybox:1", command: [sleep, "99999"]}]}
"""


class Caller:
    """A stage with one busy Pod, and all that its commands said."""

    def __init__(self):
        self.stage, self.heard = Stage(), []
        self.stage.apply(text=BUSY)
        self.stage.settle()

    @property
    def runtime(self):
        nodes = self.stage.runner.simulation.nodes.values()
        return next(node.runtime for node in nodes if node.runtime.running("default/busy", "app"))

    def begin(self, *command: str, stdin: bool = False, tty: bool = False) -> int:
        runtime = self.runtime
        data = {"namespace": "default", "pod": "busy", "container": "app", "node": runtime.node, "id": runtime.running("default/busy", "app"),
                "command": list(command), "stdin": stdin, "tty": tty}  # fmt: skip
        return self.stage.runner.begin_stream(data, lambda channel, said: self.heard.append((channel, said)))

    def send(self, number: int, **what) -> None:
        self.stage.runner.input("exec-input", {"exec": number, "node": self.runtime.node, **what})

    def kinds(self) -> list[str]:
        return [event.kind for event in log.trace_after(self.stage.sandbox, 0) if event.kind.startswith("Exec")]


def test_a_command_says_what_it_writes_and_how_it_ended():
    caller = Caller()
    caller.begin("sh", "-c", "echo out; echo err >&2; exit 3")
    caller.stage.settle()
    assert caller.heard == [("stdout", "out\n"), ("stderr", "err\n"), ("exit", 3)]
    assert caller.kinds() == ["ExecRequested", "ExecStarted", "ExecEnded"]


@pytest.mark.parametrize(
    ("action", "words"), [("exec", 'container not found ("app")'), ("attach", "container app not found in pod web_default")]
)
def test_a_container_that_does_not_run_is_missed_in_the_kubelets_words(action, words):
    assert streaming.absent(action, "default", "web", "app") == words


def test_nothing_is_said_while_time_is_held():
    caller = Caller()
    caller.begin("hostname")
    caller.stage.runner.finish_turn()
    assert caller.heard == []
    caller.stage.runner.step(3)
    caller.stage.runner.finish_turn()
    assert caller.heard == [("stdout", "busy\n"), ("exit", 0)]


def test_a_shell_at_a_terminal_echoes_edits_and_ends():
    caller = Caller()
    number = caller.begin("sh", stdin=True, tty=True)
    caller.stage.settle()
    caller.send(number, text="echo hx\x7fi\r")
    caller.stage.settle()
    assert "".join(str(said) for _, said in caller.heard) == "/ # echo hx\b \bi\r\nhi\r\n/ # "
    caller.send(number, text="\x04")
    caller.stage.settle()
    assert caller.heard[-1] == ("exit", 0)


def test_a_command_ends_with_its_container():
    caller = Caller()
    caller.begin("sleep", "9999")
    caller.stage.runner.run()
    caller.stage.play(2)
    caller.stage.runner.input("fault", {"action": "container-kill", "args": [caller.runtime.node, "busy", "app"]})
    caller.stage.settle()
    assert caller.heard[-1] == ("exit", 137)


def test_a_sandbox_comes_back_with_its_commands_under_way():
    caller = Caller()
    number = caller.begin("sh", stdin=True, tty=True)
    caller.stage.settle()
    caller.send(number, text="x=5\recho $x")
    caller.stage.runner.finish_turn()
    before = msgspec.json.encode(freeze(caller.runtime))
    caller.stage.load()
    assert msgspec.json.encode(freeze(caller.runtime)) == before
    caller.stage.runner.streams[number] = lambda channel, said: caller.heard.append((channel, said))
    caller.send(number, text="\r")
    caller.stage.settle()
    assert ("stdout", "5\r\n") in caller.heard


def test_the_end_of_input_at_a_terminal_ends_one_reader_alone():
    caller = Caller()
    number = caller.begin("sh", stdin=True, tty=True)
    caller.stage.settle()
    caller.send(number, text="cat\rone\rtwo\r\x04echo $?\r")
    caller.stage.settle()
    said = "".join(str(said) for _, said in caller.heard)
    assert said.count("one\r\n") == 2 and "0\r\n/ # " in said
    caller.send(number, text="\x04")
    caller.stage.settle()
    assert caller.heard[-1] == ("exit", 0)


def test_a_script_reads_lines_and_the_rest_of_its_input():
    caller = Caller()
    number = caller.begin("sh", "-c", "read a b; echo $b-$a; cat > /tmp/rest; wc -l < /tmp/rest", stdin=True)
    caller.stage.settle()
    assert caller.heard == []
    caller.send(number, text="one two\nthree\n")
    caller.stage.settle()
    assert caller.heard == [("stdout", "two-one\n")]
    caller.send(number, text="four\n", closed=True)
    caller.stage.settle()
    assert caller.heard == [("stdout", "two-one\n"), ("stdout", "2\n"), ("exit", 0)]


def test_a_terminal_has_the_size_that_its_caller_says():
    caller = Caller()
    number = caller.begin("sh", stdin=True, tty=True)
    caller.send(number, size=[30, 100])
    caller.send(number, text="stty size\r")
    caller.stage.settle()
    assert ("stdout", "30 100\r\n") in caller.heard


SHELL = BUSY.replace("name: busy", "name: shell").replace('command: [sleep, "99999"]', "stdin: true, stdinOnce: true, tty: TTY")


@pytest.mark.parametrize(("tty", "said"), [("true", "echo hi\r\nhi\r\n/ # exit\r\n"), ("false", "hi\n")])
def test_who_attaches_types_into_the_first_process_and_hears_it(tty, said):
    caller = Caller()
    caller.stage.apply(text=SHELL.replace("TTY", tty))
    caller.stage.settle()
    nodes = caller.stage.runner.simulation.nodes.values()
    runtime = next(node.runtime for node in nodes if node.runtime.running("default/shell", "app"))
    data = {"namespace": "default", "pod": "shell", "container": "app", "node": runtime.node, "stdin": True}
    data["id"] = runtime.running("default/shell", "app")
    number = caller.stage.runner.begin_stream(data, lambda channel, said: caller.heard.append((channel, said)), "attach")
    caller.stage.settle()
    about = {"exec": number, "node": runtime.node}
    if tty == "true":
        caller.stage.runner.input("exec-input", {**about, "text": "echo hi\r\x04"})
    else:
        caller.stage.runner.input("exec-input", {**about, "text": "echo hi\n", "closed": True})
    caller.stage.runner.run()
    caller.stage.play(0.1)
    assert "".join(text for channel, text in caller.heard if channel == "stdout") == said
    assert caller.heard[-1] == ("exit", 0)


def test_a_forwarded_connection_is_answered_and_comes_back_with_its_sandbox():
    caller = Caller()
    web = BUSY.replace("name: busy", "name: web").replace('"busybox:1", command: [sleep, "99999"]', '"nginx/nginx:v1"')
    caller.stage.apply(text=web)
    caller.stage.settle()
    nodes = caller.stage.runner.simulation.nodes
    runtime = next(node.runtime for node in nodes.values() if node.runtime.running("default/web", "app"))
    [uid] = [each.uid for each in runtime.state.containers.values() if each.pod == "default/web"]
    about = {"namespace": "default", "pod": "web", "node": runtime.node, "uid": uid}
    number = caller.stage.runner.begin_stream({**about, "port": 80}, lambda channel, said: caller.heard.append((channel, said)), "forward")
    caller.stage.runner.input("exec-input", {"exec": number, "node": runtime.node, "text": "GET / HTTP/1.1\r\nHost"})
    caller.stage.settle()
    before = msgspec.json.encode(freeze(runtime))
    caller.stage.load()
    runtime = caller.stage.runner.simulation.nodes[runtime.node].runtime
    assert msgspec.json.encode(freeze(runtime)) == before and list(runtime.state.forwards) == [str(number)]
    caller.stage.runner.streams[number] = lambda channel, said: caller.heard.append((channel, said))
    caller.stage.runner.input("exec-input", {"exec": number, "node": runtime.node, "text": ": x\r\n\r\n", "closed": True})
    caller.stage.settle()
    assert caller.heard[0][1].startswith("HTTP/1.1 200 OK") and caller.heard[-1] == ("exit", 0)
    kinds = [event.kind for event in log.trace_after(caller.stage.sandbox, 0)]
    assert [kind for kind in kinds if kind in ("ForwardRequested", "ConnectionOpened", "RequestServed")] == [
        "ForwardRequested", "ConnectionOpened", "RequestServed"]  # fmt: skip


def test_any_bytes_that_are_piped_in_come_out_again_after_a_restart_too():
    caller = Caller()
    number = caller.begin("sh", "-c", "cat > /tmp/f; cat /tmp/f", stdin=True)
    data = bytes(range(256)) * 3
    caller.send(number, text=text_of(data[:300]))
    caller.stage.settle()
    caller.stage.load()
    caller.stage.runner.streams[number] = lambda channel, said: caller.heard.append((channel, said))
    caller.send(number, text=text_of(data[300:]), closed=True)
    caller.stage.settle()
    assert bytes_of("".join(said for channel, said in caller.heard if channel == "stdout")) == data


def test_an_api_server_that_stops_takes_the_connections_through_it_along():
    caller = Caller()
    caller.begin("sleep", "1000")
    caller.stage.settle()
    host = SimpleNamespace(runner=lambda name: caller.stage.runner, touched=lambda name: None)
    commands.fault(host, {"sandbox": "main", "action": "component-stop", "args": ["etcd"]}, lambda answer: None)
    assert caller.heard == []
    commands.fault(host, {"sandbox": "main", "action": "component-stop", "args": ["kube-apiserver"]}, lambda answer: None)
    assert caller.heard == [("error", "the connection to the API server was lost")]


def test_what_is_said_into_a_stream_of_before_a_reset_leaves_later_ones_alone(monkeypatch):
    """Streams are numbered anew; a client who is slow to notice the end says so with an old number."""
    caller, begun = Caller(), []
    about = {"namespace": "default", "pod": "busy", "container": "app", "command": ["cat"], "stdin": True, "tty": False}
    monkeypatch.setattr(commands, "_runner", lambda host, asked: caller.stage.runner)

    def said(answer, **what):
        commands.stream_input(None, {**answer, **what}, None)
        caller.stage.settle()

    for _ in range(2):
        runtime = caller.runtime
        streaming.begin(caller.stage.runner, {**about, "node": runtime.node, "id": runtime.running("default/busy", "app")}, "exec", begun.append)
        if len(begun) == 1:
            caller.stage.runner.reset()
            caller.stage.apply(text=BUSY)
        caller.stage.settle()
    before, later = [each for each in begun if "stream" in each]
    assert before["stream"] == later["stream"] and before["run"] != later["run"]
    said(before, text="x\n", closed=True)
    said(before, gone=True)
    assert list(caller.stage.runner.streams) == [later["stream"]]
    said(later, text="y\n", closed=True)
    assert begun[-2:] == [{"channel": "stdout", "text": "y\n"}, {"exit": 0}]
