"""The manifests of examples/: each is applied to a whole cluster, and does what its first lines promise."""

from pathlib import Path

import pytest

from cluster.management.commands.simulate import run
from cluster.runtime.wire import Wire
from cluster.worker.simulation import Simulation

pytestmark = pytest.mark.slow  # whole clusters
FOLDER = Path(__file__).parent.parent / "examples"


def applied(name):
    """A cluster of two nodes, some time after a manifest was applied to it."""
    simulation = run([{"name": name, "text": (FOLDER / name).read_text()}], nodes=2, seed=1, until="40000", trace=True)
    assert simulation.kubectl.state.commands[-1].code == 0
    return simulation


def pods(simulation, label):
    return [stored.value for _, stored in simulation.store.list("/registry/pods/default/") if stored.value["metadata"]["labels"].get("app") == label]


def got(simulation, address, port=80):
    """What a node gets of a page."""
    runtime = next(iter(simulation.nodes.values())).runtime
    reply = Wire(runtime).exchange(address, port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return reply.text.partition("\r\n\r\n")[2] or reply.error


def later(simulation, ms):
    simulation.engine.run_until(simulation.engine.now_ms + ms)


def test_a_pushed_commit_is_in_the_page_of_every_replica_within_the_period():
    simulation = applied("git-sync.yaml")
    addresses = [pod["status"]["podIP"] for pod in pods(simulation, "site")]
    assert len(addresses) == 3
    assert {got(simulation, address) for address in addresses} == {"<h1>Hello from the repository</h1>\n"}
    simulation.apply("fault", {"action": "git-push", "args": ["https://git.example/site", "second", "index.html", "<h1>Second</h1>"]})
    later(simulation, 10_500)
    assert {got(simulation, address) for address in addresses} == {"<h1>Second</h1>"}
    service = simulation.store.get("/registry/services/specs/default/site").value
    assert got(simulation, service["spec"]["clusterIP"]) == "<h1>Second</h1>"
    assert all(each["restartCount"] == 0 for pod in pods(simulation, "site") for each in pod["status"]["containerStatuses"])


def test_four_log_files_reach_the_collector_and_the_service_is_unaware_of_it():
    simulation = applied("log-collector.yaml")
    [collector], [shop] = pods(simulation, "collector"), pods(simulation, "shop")
    node = simulation.nodes[collector["spec"]["nodeName"]]
    said = node.logs("default", collector["metadata"]["name"], "collector", {})
    for name, line in (("access", "GET /basket 200"), ("orders", "payment of 3 items"), ("warnings", "stock is low"), ("audit", "user 7 signed in")):
        assert f'"file"=>"/var/log/shop/{name}.log", "log"=>"{line}"' in said
    shopper = next(each for each in shop["spec"]["containers"] if each["name"] == "shop")
    assert "collector" not in str(shopper)
    before = said.count("stock is low")
    later(simulation, 11_000)
    assert node.logs("default", collector["metadata"]["name"], "collector", {}).count("stock is low") >= before + 2


@pytest.mark.parametrize("name", ["git-sync.yaml", "log-collector.yaml"])
def test_a_cluster_put_back_from_a_snapshot_goes_on_in_the_same_way(name):
    simulation = applied(name)
    while not simulation.engine.is_at_rest:
        later(simulation, 10)
    other = Simulation(simulation.settings, trace=True)
    other.restore(simulation.snapshot())
    ends = []
    for each in (simulation, other):
        each.apply("fault", {"action": "git-push", "args": ["https://git.example/site", "third", "index.html", "third"]})
        later(each, 25_000)
        ends.append([(each.store.revision, key, stored.value) for key, stored in each.store.list("/registry/pods/")])
        ends.append([list(log.lines) for node in each.nodes.values() for log in node.runtime.state.logs.values()])
    assert ends[0] == ends[2] and ends[1] == ends[3]


def test_policies_change_what_is_written_and_refuse_what_is_too_much():
    simulation = applied("admission-policies.yaml")
    made = pods(simulation, "shop")
    assert len(made) == 2 and {pod["metadata"]["labels"]["team"] for pod in made} == {"blue"}
    for pod in made:
        assert pod["metadata"]["annotations"]["example.com/changed-by"] == "blue"
        assert [each["name"] for each in pod["spec"]["initContainers"]] == ["cache"]
        assert {each["type"]: each["status"] for each in pod["status"]["conditions"]}["Ready"] == "True"
    web = (FOLDER / "admission-policies.yaml").read_text().replace("replicas: 2", "replicas: 9")
    simulation.apply("kubectl", {"action": "apply", "files": [{"name": "x.yaml", "text": web}]})
    later(simulation, 10_000)
    last = simulation.kubectl.state.commands[-1]
    assert last.code == 1 and "at most five replicas, not 9" in str(last.lines) and len(pods(simulation, "shop")) == 2


def test_each_kind_of_workload_becomes_what_it_asks_for():
    simulation = applied("workloads.yaml")
    stored = {each.value["metadata"]["name"]: each.value["status"] for kind in ("deployments", "statefulsets", "jobs")
              for _, each in simulation.store.list(f"/registry/{kind}/default/")}  # fmt: skip
    assert (stored["web"]["readyReplicas"], stored["db"]["readyReplicas"]) == (3, 2)
    assert (stored["sum"]["completedIndexes"], stored["sum"]["failedIndexes"]) == ("0-3,5", "4")
    later(simulation, 60_000)
    (scaler,) = simulation.store.list("/registry/horizontalpodautoscalers/default/")
    assert scaler[1].value["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"] == 50
    (budget,) = simulation.store.list("/registry/poddisruptionbudgets/default/")
    assert budget[1].value["status"]["disruptionsAllowed"] == 1
