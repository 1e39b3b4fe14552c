"""Tables and playbooks: how programs wait, end, signal each other and are bounded, and that all of it lasts through a snapshot."""

import json

import msgspec
import pytest

from cluster.runtime.shell import machine
from cluster.runtime.state import Process

from .programs import Container, ran


@pytest.mark.parametrize(
    ("script", "output", "at_ms"),
    [
        ("echo a; sleep 2; echo b; sleep 0.5", "a\nb\n", 2_500),
        ("(sleep 1; echo in) | cat", "in\n", 1_000),
        ("x=$(sleep 1; echo late); echo $x", "late\n", 1_000),
        ("sleep 3 & sleep 1; echo front; wait; echo back", "front\nback\n", 3_000),
        ("sleep 1 | sleep 2; echo both", "both\n", 2_000),
        ("for i in 1 2 3; do sleep 1 & done; wait; echo at once", "at once\n", 1_000),
        ("timeout 2 sleep 100; echo $?", "143\n", 2_000),
        ("printf 'a\\nb\\n' | while read x; do sleep 1; echo $x; done", "a\nb\n", 2_000),
        ("(sleep 1; echo 1 >> /tmp/f; sleep 1; echo 2 >> /tmp/f) & touch /tmp/f; timeout 3 tail -f /tmp/f", "1\n2\n", 3_000),
        ("trap 'echo term; exit 3' TERM; (sleep 1; kill 1) & sleep 5 & wait", "term\n", 1_000),
        ("trap 'echo later' TERM; (sleep 1; kill 1) & sleep 5; echo end", "later\nend\n", 5_000),
        ("sleep 9 & sleep 1; kill $!; wait $!; echo $?", "143\n", 1_000),
    ],
)
def test_time_passes_only_where_something_waits(script, output, at_ms):
    ended = ran(script)
    assert (ended.output, ended.at_ms) == (output, at_ms) and ended.code is not None


def test_a_program_lasts_through_a_snapshot_wherever_it_stands():
    script = """
f() { local n=$1; (sleep 1; echo "in $n $(sleep 1; echo deep)") | { read a b; echo "$b $a"; }; }
for i in 1 2; do f $i & done; trap 'echo bye' EXIT
while read x; do sleep 1; echo "got $x"; done <<EOF
$(seq 3)
EOF
wait; echo all | sed 's/l*$/ /' | awk '{print $1, NF}'
"""
    whole, broken = Container(["sh", "-c", script]), Container(["sh", "-c", script])
    expected = whole.run()
    for until_ms in range(0, 8_000, 100):
        broken.run(until_ms=until_ms)
        kept = json.loads(json.dumps(msgspec.to_builtins(broken.process, str_keys=True)))
        restored = msgspec.convert(kept, Process, strict=False)
        broken.process.machine = restored.machine
        broken.process.last_pid = restored.last_pid
    assert expected.output.count("\n") == 7 and expected.code == 0
    assert broken.run()[:3] == expected[:3]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("f() { f; }; f", "sh: out of memory\n"),
        ("x=aaaaaaaa; while true; do x=$x$x; done", "sh: out of memory\n"),
        ("x=$(yes); echo never", "yes: write error: Cannot allocate memory\n"),
        ("while true; do sleep 100 & done", "sh: can't fork: Resource temporarily unavailable\n"),
        pytest.param("head -c 5000000 /dev/zero | sort", "sort: out of memory\n", marks=pytest.mark.slow),
        ("echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab | grep -E '(a|aa)+$'", "is too complex to be simulated\n"),
        ("echo a | sed ':x;s/a*/&&a/;bx'", "sed: out of memory\n"),
        pytest.param("awk 'BEGIN {while (1) i++}'", "awk: program runs without an end\n", marks=pytest.mark.slow),
        pytest.param(
            "dd if=/dev/urandom bs=1M count=1 of=/tmp/a; for i in b c d e; do cp /tmp/a /tmp/$i; done",
            "cp: write error: No space left on device\n",
            marks=pytest.mark.slow,
        ),
        pytest.param("i=0; while [ $i -lt 600 ]; do i=$((i+1)); eval v$i=1; done", "sh: out of memory\n", marks=pytest.mark.slow),
        pytest.param("echo x | (" * 70 + "cat" + ")" * 70, "sh: can't fork: Resource temporarily unavailable\n", marks=pytest.mark.slow),
    ],
)
def test_what_grows_beyond_measure_ends_with_a_message(script, words):
    assert words in ran(script).errors


@pytest.mark.slow
@pytest.mark.parametrize(
    "script", ["while true; do :; done", "yes > /dev/null", "cat /dev/zero > /dev/null", "tr a b < /dev/zero > /dev/null"]
)
def test_what_never_waits_is_left_to_spin_after_a_while(script):
    container = Container(["sh", "-c", script])
    assert container.run().code is None
    assert container.process.machine.steps < 400_000
    assert machine.next_ms(container.process, container.world.now_ms) == -1


@pytest.mark.slow
def test_a_fork_bomb_is_left_to_spin_soon_while_its_shell_goes_on():
    ended = ran("b() { b | b & }; b; sleep 9; echo alive")
    assert ended.output == "alive\n" and 100 < ended.errors.count("sh: can't fork: Resource temporarily unavailable\n") < 1_000


@pytest.mark.parametrize(
    "script",
    ["head -c 104857600 /dev/urandom > /tmp/big", "head -c 100M < /dev/zero >> /tmp/big", "dd if=/dev/zero of=/tmp/big bs=1 count=0 seek=100M"],
)
def test_the_bytes_of_a_large_file_are_counted_and_not_kept(script):
    container = Container(["sh", "-c", f"{script} 2>&1; ls -l /tmp/big | awk '{{print $5}}'"])
    assert container.run(most_steps=1).output.endswith("104857600\n")
    assert len(container.process.files["/tmp/big"].text) < 1_000


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("yes | head -n 300000 | wc -l", "300000\n"),
        ("printf 'a\\nb' | head -n 5; echo .", "a\nb.\n"),
        ("(echo a; sleep 1; echo b; echo c) | head -n 2", "a\nb\n"),
    ],
)
def test_head_takes_the_lines_that_are_there_at_once(script, output, monkeypatch):
    asked = []
    read_line = machine.Runner.read_line
    monkeypatch.setattr(machine.Runner, "read_line", lambda runner, reference: asked.append(reference) or read_line(runner, reference))
    assert ran(script).output == output and len(asked) < 200


def test_a_fault_of_a_tool_ends_it_alone_and_says_so(monkeypatch):
    def broken(call):
        raise KeyError("odd")

    monkeypatch.setitem(machine.TOOLS, "uname", broken)
    ended = ran("uname; echo $?")
    assert (ended.output, ended.errors) == ("134\n", "uname: internal error: KeyError: 'odd'\n")


def test_a_line_at_a_prompt_may_be_wrong_and_the_shell_goes_on():
    container = Container(["sh"])
    machine.start(container.process, ["sh"], is_interactive=True)
    container.world.is_terminal = True
    for line, output in (("x=5\n", ""), ("echo ${y:?gone}; echo never\n", ""), ("echo $x $?\n", "5 2\n"), ("if\n", ""), ("exit 4\n", "")):
        container.said["stdout"].clear()
        machine.feed(container.process, line)
        step = machine.run(container.process, container.world)
        assert "".join(container.said["stdout"]) == output
    assert (step.kind, step.code) == ("exit", 4)
    assert "".join(container.said["stderr"]) == 'sh: y: gone\nsh: syntax error: unexpected end of file (expecting "then")\n'


def test_the_first_process_ignores_what_it_does_not_handle_and_others_do_not():
    assert ran("kill -TERM $$; kill -KILL $$; echo survived").output == "survived\n"
    assert ran("sh -c 'kill -TERM $$; echo never'; echo $?").output == "143\n"


def test_processes_are_seen_with_their_command_lines():
    script = "sleep 9 & (sleep 8; echo) & sleep 1; ps"
    rows = ran(script).output.splitlines()
    assert [row.split(None, 3)[3] for row in rows[1:]] == [f"sh -c {script}", "sleep 9", f"sh -c {script}", "sleep 8", "ps"]
