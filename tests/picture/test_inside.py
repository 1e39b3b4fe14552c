"""Inside a Pod: what its containers wrote, run and mount, without touching any of it."""

import pytest

from cluster.picture.inside import LINES, inside
from cluster.worker.simulation import Simulation, settings_for

POD = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
---
apiVersion: v1
kind: Pod
metadata: {name: writer}
spec:
  containers:
  - name: app
    image: busybox:1
    command: [sh, -c, "echo hello; echo kept > /shared/note; sleep 10; echo later; sleep 1000"]
    readinessProbe: {exec: {command: [cat, /shared/note]}, periodSeconds: 5}
    volumeMounts: [{name: shared, mountPath: /shared}, {name: settings, mountPath: /settings, readOnly: true}]
  volumes: [{name: shared, emptyDir: {}}, {name: settings, configMap: {name: settings}}]
"""


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    made = Simulation(settings_for("learner")).boot()
    made.apply("kubectl", {"action": "apply", "files": [{"name": "pod.yaml", "text": POD}]})
    end_ms = made.engine.now_ms + 30_000
    while (due := made.engine.next_due_ms()) is not None and due < end_ms:
        made.engine.step()
    return made


def test_a_probe_shows_its_pulse(simulation):
    (probe,) = inside(simulation, "pods/default/writer")["containers"][0]["probes"]
    assert (probe["kind"], probe["result"]) == ("readiness", "success")
    assert probe["count"] >= 5 and probe["run"] == probe["count"] and simulation.engine.now_ms - probe["at_ms"] <= 5_000


def test_a_container_shows_its_log_its_program_and_what_is_mounted(simulation):
    before = simulation.snapshot()
    found = inside(simulation, "pods/default/writer")
    (app,) = found["containers"]
    assert (app["name"], app["state"], app["exit_code"]) == ("app", "running", None)
    assert app["command"].startswith("sh -c echo hello")
    assert [line["text"] for line in app["log"]] == ["hello", "later"] and app["log_lines"] == 2
    mounts = [(each["path"], each["kind"], each["read_only"]) for each in app["mounts"]]
    assert mounts == [("/settings", "configMap", True), ("/shared", "emptyDir", False)]
    shared = {each["path"]: each for each in app["mounts"][1]["files"]}
    assert shared["/note"]["text"] == "kept\n" and shared["/note"]["size"] == 5
    (colour,) = app["mounts"][0]["files"]
    assert (colour["path"], colour["target"], colour["text"]) == ("/colour", "..data/colour", "blue")
    assert simulation.snapshot() == before


def test_an_earlier_step_has_only_what_was_written_by_then(simulation):
    (app,) = inside(simulation, "pods/default/writer")["containers"]
    first, second = app["log"]
    (then,) = inside(simulation, "pods/default/writer", first["at_ms"])["containers"]
    assert [line["text"] for line in then["log"]] == ["hello"] and then["log_lines"] == 1 and second["at_ms"] - first["at_ms"] >= 10_000 and LINES > 2


def test_a_pod_that_no_node_has_is_nothing(simulation):
    assert inside(simulation, "pods/default/nobody") is None
