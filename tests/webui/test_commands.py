"""`manage.py kubeconfig | sandbox | control | fault | simulate` as typed in a shell: words, exit codes, one clear sentence."""
from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from webui.setup import paths

pytestmark = pytest.mark.slow  # each command is a process of its own
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: 'nginx/nginx:v1'}]}\n"


def manage(*words: object, data: object = "/nonexistent", stdin: str = "") -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(paths.MANAGE), *map(str, words)], input=stdin, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PODLIFE_DATA": str(data)})


@pytest.fixture(scope="module")
def typed(server):
    """Commands for the module's server."""
    data = server.command[server.command.index("--data") + 1]
    return lambda *words: manage(*words, data=data)


def test_a_sandbox_from_making_to_deleting(typed):
    assert typed("sandbox", "create", "cli", "--profile", "oracle", "--nodes", "a,b,c", "--seed", 3).stdout == "sandbox cli created\n"
    assert any(line.split()[0] == "cli" and line.endswith("a,b,c") for line in typed("sandbox", "list").stdout.splitlines())
    assert typed("control", "cli", "speed", 64).stdout.startswith("cli: held, step 0, ")
    assert typed("fault", "cli", "kubelet-stop", "b").returncode == 0
    assert "mode" not in typed("control", "cli", "step", 2).stderr
    assert typed("control", "cli", "settle").stdout.startswith("cli: held")
    assert typed("sandbox", "reset", "cli").stdout == "sandbox cli reset\n"
    assert typed("sandbox", "delete", "cli").stdout == "sandbox cli deleted\n"


def test_a_registry_and_repositories_from_a_shell(typed, tmp_path):
    assert typed("sandbox", "create", "shelf", "--nodes", "a", "--parallel-pulls", 3).returncode == 0
    for words in (("push", "app:1", 5), ("push", "app:1"), ("slow", 2), ("break", "timeout", "quay.io")):
        done = typed("registry", "shelf", *words)
        assert done.returncode == 0, done.stderr
    listed = typed("registry", "shelf", "list").stdout.splitlines()
    assert listed[1].split()[:4] == ["docker.io/library/app:1", "pushed", "2", "5.0"]
    assert listed[-1] == "and every other image, 2 MiB a second; quay.io is broken: timeout"
    page = tmp_path / "about.html"
    page.write_text("<p>us</p>")
    assert typed("git", "shelf", "push", "https://git.example/site", "index.html=Hi", page, "-m", "two files").returncode == 0
    first = typed("git", "shelf", "log", "https://git.example/site").stdout.splitlines()[0]
    assert first.endswith("https://git.example/site main: two files (index.html, about.html)")
    typed("sandbox", "delete", "shelf")


PACKER = """
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {qps: 50.5}
profiles:
- schedulerName: default-scheduler
- schedulerName: packer
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated}}
"""


def test_a_schedulers_profiles_from_a_file(typed, tmp_path):
    file = tmp_path / "scheduler.yaml"
    file.write_text(PACKER)
    made = typed("sandbox", "create", "packed", "--nodes", "a", "--scheduler-config", file)
    assert made.stdout == "sandbox packed created\n", made.stderr
    assert typed("sandbox", "reset", "packed").returncode == 0
    assert typed("sandbox", "delete", "packed").returncode == 0
    file.write_text(PACKER.replace("MostAllocated", "Most"))
    refused = typed("sandbox", "create", "packed", "--scheduler-config", file)
    assert refused.returncode == 1 and 'scoringStrategy.type: Unsupported value: "Most": supported values: ' in refused.stderr


def test_a_kubelets_configuration_from_a_file(typed, tmp_path):
    file = tmp_path / "kubelet.yaml"
    file.write_text("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nevictionHard: {pid.available: 1k}\n")
    assert typed("sandbox", "create", "tight", "--nodes", "a").returncode == 0
    assert typed("fault", "tight", "kubelet-config", "a", file).returncode == 0
    file.write_text("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nevictionHard: {pids: 1k}\n")
    refused = typed("fault", "tight", "kubelet-config", "a", file)
    assert refused.returncode == 1 and "failed to run Kubelet: unsupported eviction signal pids" in refused.stderr
    typed("sandbox", "delete", "tight")


@pytest.mark.parametrize(("words", "error"), [
    (("sandbox", "create", "x", "--scheduler-config", "nosuch"), "'nosuch' is no text file that can be read"),
    (("registry", "main", "break", "hard"), "unknown mode 'hard'"),
    (("git", "main", "push", "https://git.example/site", "nosuch"), "neither PATH=TEXT nor a text file"),
    (("sandbox", "create", "Bad_Name"), "is no name for a sandbox"),
    (("sandbox", "delete", "nowhere"), "sandbox 'nowhere' not found"),
    (("control", "nowhere", "run"), "sandbox 'nowhere' not found"),
    (("control", "main", "speed"), "speed wants a value"),
    (("control", "main", "speed", "1000"), "speed must be between"),
    (("fault", "main", "melt"), "unknown fault 'melt'"),
    (("fault", "main", "kubelet-stop", "mars"), "node 'mars' not found"),
    (("fault", "main", "kubelet-config", "k8snode1", "nosuch"), "'nosuch' is no text file that can be read"),
    (("kubeconfig", "nowhere"), "sandbox 'nowhere' not found"),
])
def test_what_cannot_be_is_one_sentence_and_a_code(typed, words, error):
    done = typed(*words)
    assert done.returncode == 1 and done.stdout == "" and error in done.stderr and done.stderr.count("\n") == 1


def test_a_kubeconfig_is_printed(typed, server):
    assert f"server: {server.url}k8s/" in typed("kubeconfig").stdout


def test_without_a_server_the_commands_say_so():
    done = manage("control", "main", "run")
    assert done.returncode == 1 and "no server is running here" in done.stderr


# -- simulate: no server, no database ------------------------------------------------------------------------------------------


def test_simulate_prints_what_became_of_the_files(tmp_path):
    (tmp_path / "web.yaml").write_text(POD)
    done = manage("simulate", tmp_path / "web.yaml", "--seed", 3)
    assert done.returncode == 0 and done.stderr == ""
    row = done.stdout.splitlines()[1].split()
    assert row[:3] == ["pod/web", "1/1", "Running"] and row[5].startswith("10.244.")


def test_simulate_prints_the_trace_as_json_lines():
    facts = [json.loads(line) for line in manage("simulate", "-", "--trace", stdin=POD).stdout.splitlines()]
    assert {"PodBound", "ContainerStarted"} <= {fact["kind"] for fact in facts}
    assert [fact["seq"] for fact in facts] == sorted(fact["seq"] for fact in facts)


@pytest.mark.parametrize(("text", "words", "error"), [
    ("a: [\n", (), "error: "), (POD.replace("image:", "imagee:"), (), 'unknown field "spec.containers[0].imagee"'),
    ("", (), "no objects passed to apply"),
    (POD, ("--until", "soon"), "--until wants"), (POD, ("--nodes", "0"), "--nodes must be"), (POD, ("--seed", "x"), "invalid int value"),
])
def test_simulate_refuses_in_a_sentence(text, words, error):
    done = manage("simulate", "-", *words, stdin=text)
    assert done.returncode != 0 and error in done.stderr and "Traceback" not in done.stderr


def test_simulate_of_a_file_that_is_not_there():
    done = manage("simulate", "/nowhere.yaml")
    assert done.returncode != 0 and "nowhere.yaml: No such file" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["up", "kubeconfig", "sandbox", "control", "fault", "registry", "git", "simulate"])
def test_each_command_explains_itself(command):
    done = manage(command, "--help")
    assert done.returncode == 0 and len(done.stdout) > 200
