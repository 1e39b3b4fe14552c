"""Tables and playbooks: the shell, the processes and the names of images."""

import pytest

from cluster.engine import Engine
from cluster.runtime import network, reference
from cluster.runtime.containerd import Containerd
from cluster.runtime.filesystem import Mount
from cluster.runtime.shell.durations import duration_ms
from cluster.runtime.shell.syntax import compile_script


class Runtime:
    """One containerd with one container."""

    def __init__(self, command=(), *, image="busybox:1", args=(), env=None, mounts=None):
        self.engine = Engine()
        self.containerd = Containerd(
            self.engine, "node", images=("busybox:1", "nginx/nginx:v1", "tomcat/tomcat-8.5-jre8:v1")
        )
        self.containerd.sandbox_started("uid", "default/pod", attempt=0, host_network=False)
        stored = self.containerd.image(str(reference.parse(image)))
        made = self.containerd.container_created(
            "uid", "default/pod", name="app", attempt=0, image=stored, definition=""
        )
        self.id = made.id
        self.refused = self.containerd.container_started(
            made.id, command=list(command), args=list(args), env=env or {}, hostname="pod", mounts=mounts or {}
        )

    def until(self, ms):
        self.engine.run_until(ms)
        return self

    @property
    def container(self):
        return self.containerd.state.containers[self.id]

    @property
    def log(self):
        found = self.containerd.state.logs.get(self.id)
        return [line for _, _, line in found.lines] if found else []


def shell(script, **options):
    return Runtime(["sh", "-c", script], **options)


@pytest.mark.parametrize(
    ("script", "log", "code"),
    [
        ("echo one; echo two", ["one", "two"], 0),
        ("exit 3", [], 3),
        ("true && echo yes || echo no", ["yes"], 0),
        ("false && echo yes || echo no", ["no"], 0),
        ("false; echo $?", ["1"], 0),
        ("! true; echo $?", ["1"], 0),
        ("nosuch; echo $?", ["sh: nosuch: not found", "127"], 0),
        ("i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done", ["0", "1", "2"], 0),
        ("until false; do echo once; break; done", ["once"], 0),
        ("for x in a b c; do if [ $x = b ]; then continue; fi; echo $x; done", ["a", "c"], 0),
        ("for i in 1 2; do for j in x y; do echo $i$j; done; done", ["1x", "1y", "2x", "2y"], 0),
        ("if false; then echo a; elif true; then echo b; else echo c; fi", ["b"], 0),
        ("echo 'single $x' \"double $x\" $x", ["single $x double 5 5"], 0),
        ("echo run >> /own; echo run >> /own; cat /own", ["run", "run"], 0),
        ("echo a > /f; echo b > /f; cat /f | grep b", ["b"], 0),
        ("cat /missing", ["cat: can't open '/missing': No such file or directory"], 1),
        ("[ -f /f ] && echo there; touch /f; [ -f /f ] && echo there", ["there"], 0),
        ('echo "on $(hostname)" # comment', ["on pod"], 0),
        ("{ echo a; echo b; }; (echo c)", ["a", "b", "c"], 0),
        ("echo ${x:-none} ${y:-none}", ["5 none"], 0),
        ("exec echo replaced; echo never", ["replaced"], 0),
        ("sh -c 'echo inner'; echo outer", ["inner", "outer"], 0),
        ("printf '%s-%s\\n' a b", ["a-b"], 0),
        ("date +%F", ["2026-01-01"], 0),
        ("if true; then", ['sh: syntax error: unexpected end of file (expecting "fi")'], 2),
    ],
)
def test_a_script_prints_and_ends_as_in_busybox(script, log, code):
    runtime = shell(script, env={"x": "5"}).until(1_000)
    assert (runtime.log, runtime.container.exit_code) == (log, code)


def test_sleep_takes_virtual_time():
    runtime = shell("echo a; sleep 2; echo b; sleep 0.5; exit 4").until(2_200)
    assert runtime.log == ["a", "b"] and runtime.container.state == "running"
    runtime.until(3_000)
    assert runtime.container.exit_code == 4 and 2_500 < runtime.container.finished_ms < 2_600


def test_a_loop_that_only_sleeps_costs_no_events():
    runtime = shell("trap 'exit 0' TERM; while true; do sleep 1; done")
    assert runtime.engine.next_due_ms() is None
    runtime.until(5_300)
    runtime.containerd.stop_container(runtime.id, 10_000)
    runtime.until(20_000)
    assert runtime.container.exit_code == 0 and 6_000 <= runtime.container.finished_ms < 6_100


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        "x=aaaaaaaa; while true; do x=$x$x; done",
        "x=aaaaaaaa; while true; do x=$(echo $x; echo $x); done",
        "i=0; while true; do i=$((i + 1)); export v$i=1; sleep 0.1; done",
        "x=aaaaaaaa; while true; do x=$x$x; sleep 1; done",
        "x=aaaaaaaa; while true; do for y in $x $x; do x=$x$y; done; done",
        "x=aaaaaaaa; while true; do echo $x > /f; x=$(cat /f /f); done",
    ],
)
def test_a_script_that_makes_ever_more_text_runs_out_of_memory(script):
    runtime = shell(script).until(60_000)
    assert runtime.container.exit_code == 2 and runtime.log[-1] == "sh: out of memory"


@pytest.mark.slow
def test_what_a_subshell_makes_is_bounded_too():
    runtime = shell("x=aaaaaaaa; while true; do x=$(cat /f /f /f /f); echo $x >> /f; done").until(1_000)
    [process] = runtime.containerd.state.processes.values()
    assert sum(len(text) for task in process.machine.tasks.values() for text in task.variables.values()) < 1_000_000


@pytest.mark.parametrize("script", ["(" * 3_000 + "echo" + ")" * 3_000, "if true; then " * 2_000 + "echo" + "; fi" * 2_000, "{ " * 3_000])
def test_a_script_that_nests_too_deep_is_a_syntax_error(script):
    runtime = shell(script).until(1_000)
    assert (runtime.log, runtime.container.exit_code) == (["sh: syntax error: nested too deep"], 2)


@pytest.mark.parametrize(("text", "value"), [("1<<999999999999", "-9223372036854775808"), ("9**9**9", "-2123029214124047543"), ("2 ** 99", "0")])
def test_arithmetic_wraps_round_as_64_bits_do(text, value):
    assert shell(f"echo $(({text}))").until(10_000).log == [value]


@pytest.mark.slow
def test_a_loop_that_never_waits_spins_until_it_is_killed():
    runtime = shell("while true; do :; done").until(10)
    runtime.containerd.stop_container(runtime.id, 1_000)
    runtime.until(3_000)
    assert runtime.container.exit_code == 137


@pytest.mark.parametrize(
    ("command", "image", "code", "killed"),
    [
        (["sleep", "1000"], "busybox:1", 137, True),
        (["sh", "-c", "trap '' TERM; while true; do sleep 1; done"], "busybox:1", 137, True),
        (["sh", "-c", "trap 'sleep 2; exit 5' TERM; while true; do sleep 1; done"], "busybox:1", 5, False),
        ([], "nginx/nginx:v1", 0, False),
        ([], "tomcat/tomcat-8.5-jre8:v1", 143, False),
    ],
)
def test_a_stopped_container_ends_as_the_recorded_one(command, image, code, killed):
    runtime = Runtime(command, image=image).until(3_000)
    runtime.containerd.stop_container(runtime.id, 6_000)
    runtime.until(20_000)
    assert runtime.container.exit_code == code
    assert (runtime.container.finished_ms >= 9_000) is killed


def test_a_missing_program_is_a_start_error_and_a_bare_busybox_ends_at_once():
    assert 'exec: "foo": executable file not found' in Runtime(["foo"]).refused
    bare = Runtime().until(1_000)
    assert (bare.container.state, bare.container.exit_code) == ("exited", 0)


def test_containers_of_a_pod_share_a_volume():
    runtime = shell("echo hi > /out/f; sleep 1; cat /out/f", mounts={"/out": Mount("uid/shared")}).until(500)
    nodes = runtime.containerd.state.volumes["uid/shared"].nodes
    assert nodes["/f"].text == "hi\n"
    nodes["/f"].text = "changed\n"
    assert runtime.until(2_000).log == ["changed"]


@pytest.mark.parametrize("script", ["echo 'open", "if", "done", "a & & b", "for x in a; do", "echo $(("])
def test_a_script_that_cannot_be_read_says_so(script):
    [(kind, message)] = compile_script(script).units[0]
    assert kind == "fail" and message.startswith("syntax error: ")


@pytest.mark.parametrize(
    ("text", "ms"), [("1", 1_000), ("0.5", 500), ("2m", 120_000), ("x", None), ("-1", None), ("inf", 10**12)]
)
def test_sleep_reads_busybox_durations(text, ms):
    assert duration_ms(text) == ms


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("busybox:1", "docker.io/library/busybox:1"),
        ("nginx/nginx:v1", "docker.io/nginx/nginx:v1"),
        ("registry.k8s.io/pause:3.10.1", "registry.k8s.io/pause:3.10.1"),
        ("localhost:5000/a/b", "localhost:5000/a/b:latest"),
        ("a@sha256:" + "0" * 64, "docker.io/library/a@sha256:" + "0" * 64),
    ],
)
def test_an_image_name_gets_its_domain_and_tag(image, full):
    assert str(reference.parse(image)) == full


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("Bad//Name", "invalid reference format: repository name (/Name) must be lowercase"),
        ("UPPER", "invalid reference format: repository name (library/UPPER) must be lowercase"),
        ("a:b:c", "invalid reference format"),
        ("a b", "invalid reference format"),
    ],
)
def test_a_name_that_is_none_is_refused_in_upstreams_words(image, message):
    with pytest.raises(reference.InvalidReference) as refused:
        reference.parse(image)
    assert str(refused.value) == message


def test_addresses_go_round_the_range_and_are_given_again_when_free():
    taken, last = {}, ""
    for expected in ("10.244.0.2", "10.244.0.3"):
        last = network.next_address("10.244.0.0/24", last=last, taken=taken)
        taken[last] = "x"
        assert last == expected
    del taken["10.244.0.2"]
    assert network.next_address("10.244.0.0/24", last=last, taken=taken) == "10.244.0.4"
    assert network.next_address("10.244.0.0/24", last="10.244.0.254", taken=taken) == "10.244.0.2"
    assert network.next_address("10.0.0.0/30", last="", taken={"10.0.0.2": "x"}) == ""


LONG = "9" * 5000  # more digits than Python reads at once


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit ²", "sh: exit: line 0: Illegal number: ²"),
        (f"exit {LONG}", f"sh: exit: line 0: Illegal number: {LONG}"),
        ("seq --5", "seq: invalid number '--5'"),
        (f"seq 1 {LONG}", f"seq: invalid number '{LONG}'"),
        (f"httpd -p {LONG}", f"httpd: bad address '{LONG}'"),
        (f"echo {LONG} > /tmp/a; echo 2 >> /tmp/a; sort -n /tmp/a", "2"),
        ("echo " + "$(echo " * 400 + "x" + ")" * 400, "sh: syntax error: nested too deep"),
        ("exec " * 2000 + "true", "sh: exec: line 0: exec: not found"),
    ],
)
def test_no_number_and_no_depth_is_too_much_for_the_small_tools(script, words):
    assert shell(script).until(2000).log[0] == words


def test_a_sleep_beyond_all_numbers_is_a_long_one():
    assert duration_ms("1e999") == duration_ms("inf")


@pytest.mark.parametrize(("words", "numbers"), [("3", "1 2 3"), ("2 4", "2 3 4"), ("0 5 12", "0 5 10"), ("3 -1 1", "3 2 1"), ("5 1", "")])
def test_seq_counts_from_a_first_number_in_steps_to_a_last(words, numbers):
    assert shell(f"seq {words}").until(2000).log == numbers.split()


def test_a_program_finds_what_the_runtime_puts_into_its_environment():
    runtime = shell("env", env={"A": "1"}).until(1_000)
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert runtime.log == [f"PATH={path}", "HOSTNAME=pod", "A=1", "HOME=/root"]
