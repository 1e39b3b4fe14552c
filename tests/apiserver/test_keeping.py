"""What the API server keeps about itself: it registers its groups and those of custom resources, and looks after its flow control."""
from __future__ import annotations

import pytest

from cluster.apiserver import aggregation, fairness
from cluster.apiserver.server import ApiServer
from cluster.engine import Engine
from cluster.kinds import registry
from cluster.store.memory import Store
from cluster.worker import bootstrap_server
from tests.controllers.world import Hand

APIS, FLOWS, LEVELS = aggregation.FOLDER, fairness.SCHEMAS, fairness.LEVELS


class Alone:
    """An API server without any other component, and somebody who asks it for things."""

    def __init__(self):
        self.engine, self.store = Engine(seed=1), Store()
        self.server, self.hand = ApiServer(self.engine, self.store), Hand(self.engine)
        self.server.begin(bootstrap_server.objects(self.engine.clock.text(0), self.engine.rng("bootstrap").uuid))

    def do(self, verb: str, resource: str, *args, **options):
        self.hand.ask(getattr(self.hand.client, verb)(resource, *args, **options))
        assert self.engine.settle() and self.hand.answers[-1].ok, self.hand.answers[-1].body
        return self.hand.answers[-1].body

    def names(self, folder: str) -> list[str]:
        return [stored.value["metadata"]["name"] for _, stored in self.store.list(folder)]

    def dangling(self, name: str) -> str:
        return self.store.get(FLOWS + name).value["status"]["conditions"][0]["status"]


@pytest.fixture
def alone():
    return Alone()


def definition(*versions: tuple[str, bool]) -> dict:
    schema = {"openAPIV3Schema": {"type": "object"}}
    rows = [{"name": name, "served": is_served, "storage": number == 0, "schema": schema} for number, (name, is_served) in enumerate(versions)]
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "toys.a.example"},
            "spec": {"group": "a.example", "names": {"kind": "Toy", "plural": "toys"}, "scope": "Cluster", "versions": rows}}


def test_every_group_version_that_is_served_is_registered_but_the_registers_own(alone):
    served = {f"{kind.version}.{kind.group}" for kind in registry().kinds} - {"v1.apiregistration.k8s.io"}
    assert set(alone.names(APIS)) == served
    core = alone.store.get(f"{APIS}v1.").value
    assert core["spec"] == {"version": "v1", "groupPriorityMinimum": 18000, "versionPriority": 1}
    assert core["metadata"]["labels"] == {aggregation.MANAGED: "onstart"} and core["status"]["conditions"][0]["reason"] == "Local"


def test_discovery_lists_the_foremost_groups_first():
    groups = aggregation.in_order([*registry().groups(), "a.example"])
    assert groups[:4] == ["apiregistration.k8s.io", "", "apps", "events.k8s.io"] and groups[-2:] == ["flowcontrol.apiserver.k8s.io", "a.example"]


def test_a_definitions_versions_are_registered_while_they_are_served(alone):
    alone.do("create", "customresourcedefinitions", definition(("v1", True), ("v2", True), ("v0", False)))
    mine = [name for name in alone.names(APIS) if name.endswith(".a.example")]
    assert mine == ["v1.a.example", "v2.a.example"]
    made = alone.store.get(f"{APIS}v1.a.example").value
    assert made["spec"]["groupPriorityMinimum"] == 1000 and made["metadata"]["labels"] == {aggregation.MANAGED: "true"}
    alone.do("delete", "apiservices", "v1.a.example")
    assert "v1.a.example" in alone.names(APIS)          # it is made again
    alone.do("patch", "customresourcedefinitions", "toys.a.example", {"spec": definition(("v1", True), ("v2", False))["spec"]}, patch_type="merge")
    assert [name for name in alone.names(APIS) if name.endswith(".a.example")] == ["v1.a.example"]


def test_a_schema_is_told_when_its_level_comes_and_goes(alone):
    assert alone.dangling("kube-scheduler") == "False"
    spec = {"priorityLevelConfiguration": {"name": "mine"}, "rules": []}
    kind = {"apiVersion": "flowcontrol.apiserver.k8s.io/v1"}
    alone.do("create", "flowschemas", {**kind, "kind": "FlowSchema", "metadata": {"name": "s"}, "spec": spec})
    assert alone.dangling("s") == "True"
    level = {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}
    alone.do("create", "prioritylevelconfigurations", {**kind, "kind": "PriorityLevelConfiguration", "metadata": {"name": "mine"}, "spec": level})
    assert alone.dangling("s") == "False"
    managers = [entry["manager"] for entry in alone.store.get(f"{FLOWS}s").value["metadata"]["managedFields"]]
    assert fairness.CONSUMER in managers


def test_what_the_server_made_for_itself_comes_back_within_a_minute(alone):
    alone.do("delete", "flowschemas", "probes")
    assert "probes" in alone.names(FLOWS) and alone.engine.now_ms <= 2 * fairness.INTERVAL_MS
    again = alone.store.get(f"{FLOWS}probes").value
    assert again["metadata"]["managedFields"][-1]["manager"] == fairness.PRODUCER and alone.dangling("probes") == "False"


def test_what_is_registered_at_the_start_is_as_the_server_would_leave_it(alone):
    assert aggregation.requests(alone.store) == [] and fairness.missing(alone.store) == [] and fairness.requests(alone.store, "") == []


def test_the_address_of_the_api_itself_is_taken(alone):
    assert alone.names("/registry/ipaddresses/") == ["10.96.0.1"] and alone.names("/registry/servicecidrs/") == ["kubernetes"]


def test_an_address_that_a_service_holds_is_taken_again(alone):
    alone.store.put("/registry/namespaces/default", {"kind": "Namespace", "metadata": {"name": "default"}, "status": {"phase": "Active"}})
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "default"}, "spec": {"ports": [{"port": 80}]}}
    address = alone.do("create", "services", service)["spec"]["clusterIP"]
    alone.do("delete", "ipaddresses", address)
    assert address in alone.names("/registry/ipaddresses/") and alone.engine.now_ms >= 60_000
    alone.do("delete", "services", "s", "default")
    assert alone.names("/registry/ipaddresses/") == ["10.96.0.1"] and alone.engine.is_settled


REMOTE = {"kind": "APIService", "apiVersion": "apiregistration.k8s.io/v1", "metadata": {"name": "v1.far.example"},
          "spec": {"group": "far.example", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
                   "service": {"name": "far", "namespace": "default", "port": 443}}}


def test_what_somebody_else_would_serve_says_why_it_is_not_there(alone):
    def said() -> list[str]:
        alone.engine.run_until(alone.engine.now_ms + aggregation.INTERVAL_MS + 1_000)
        condition = alone.store.get(f"{APIS}v1.far.example").value["status"]["conditions"][0]
        return [condition["status"], condition["reason"], condition["message"]]

    alone.do("create", "apiservices", REMOTE)
    assert said() == ["False", "ServiceNotFound", 'service/far in "default" is not present']
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "far", "namespace": "default"}, "spec": {"ports": [{"port": 80}]}}
    alone.store.put("/registry/namespaces/default", {"kind": "Namespace", "metadata": {"name": "default"}, "status": {"phase": "Active"}})
    alone.do("create", "services", service)
    assert said() == ["False", "ServicePortError", 'service/far in "default" is not listening on port 443']
    assert len([event for event in alone.engine.pending(alone.server) if event.handler == "keep_house"]) == 1


def test_the_paths_of_what_somebody_else_would_serve_are_unavailable(http, server):
    server.ask("create", "apiservices", group="apiregistration.k8s.io", body=REMOTE)
    for path in ("/apis/far.example/v1", "/apis/far.example/v1/namespaces/default/toys"):
        assert http("GET", path)[::2] == (503, "service unavailable\n")
    assert http("GET", "/apis/other.example/v1")[0] == 404


TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def test_schemas_are_shown_in_the_order_in_which_they_are_asked(http, server):
    kind = {"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema"}
    for name, precedence in (("a", 900), ("b", 100), ("c", 900)):
        spec = {"priorityLevelConfiguration": {"name": "l"}, "matchingPrecedence": precedence}
        server.ask("create", "flowschemas", body={**kind, "metadata": {"name": name}, "spec": spec})
    _, _, table = http("GET", "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas", Accept=TABLE)
    assert [row["cells"][0] for row in table["rows"]] == ["b", "a", "c"]
