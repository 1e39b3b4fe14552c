"""Custom resources in a whole cluster: served by what the store says, also after a restore; collected; gone with their definition."""
from __future__ import annotations

import json

import msgspec
import pytest

from cluster.apiserver import http
from cluster.worker.simulation import Simulation, settings_for

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com"},
    "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"}, "versions": [
        {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}}}]}}
WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}}


class Cluster:
    """A cluster in which Roles decide, with a client."""

    def __init__(self):
        self.simulation = Simulation(settings_for("oracle", seed=7))

    def ask(self, method: str, path: str, body: dict | None = None):
        """One request, and three seconds in which its effects show."""
        raw = json.dumps(body).encode() if body is not None else b""
        request = http.parse(method, path, "", {"User-Agent": "tests/1", "Content-Type": "application/json"}, raw)
        server, engine = self.simulation.server, self.simulation.engine
        if request.verb in ("get", "list", "raw"):
            return server.handle(request)
        self.simulation.apply("request", msgspec.to_builtins(request))
        engine.run_until(engine.now_ms + 3_000)
        return next(sent[3] for sent in server.outbox if sent[:2] == ("reply", self.simulation.inputs))

    def has(self, key: str) -> bool:
        return self.simulation.store.get(key) is not None


@pytest.fixture
def cluster():
    cluster = Cluster()
    cluster.simulation.boot()
    assert cluster.ask("POST", DEFINITIONS, DEFINITION).code == 201
    return cluster


def switch(cluster, *faults: str) -> None:
    """Do them, and wait until a manager that starts leads again."""
    for fault in faults:
        action, name = fault.split()
        cluster.simulation.apply("fault", {"action": action, "args": [name]})
    cluster.simulation.engine.run_until(cluster.simulation.engine.now_ms + 40_000)


def followed(cluster) -> list[str]:
    return [name for name, _ in cluster.simulation.manager.informers.by_resource if name.startswith("widgets")]


def dependent(owner: dict) -> dict:
    reference = {"apiVersion": "example.com/v1", "kind": "Widget", "name": "w", "uid": owner["metadata"]["uid"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned", "ownerReferences": [reference]}}


def test_a_definition_is_established_and_its_kind_served(cluster):
    status = cluster.ask("GET", f"{DEFINITIONS}/widgets.example.com").body["status"]
    assert [(one["type"], one["status"]) for one in status["conditions"]] == [("NamesAccepted", "True"), ("Established", "True")]
    assert status["acceptedNames"] == {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    assert cluster.ask("POST", WIDGETS, WIDGET).code == 201


def test_a_second_definition_may_not_take_a_name(cluster):
    other = {**DEFINITION, "metadata": {"name": "gadgets.example.com"},
             "spec": {**DEFINITION["spec"], "names": {"plural": "gadgets", "kind": "Widget"}}}
    cluster.ask("POST", DEFINITIONS, other)
    status = cluster.ask("GET", f"{DEFINITIONS}/gadgets.example.com").body["status"]
    assert [(one["status"], one["reason"]) for one in status["conditions"]] == [("False", "ListKindConflict"), ("False", "NotAccepted")]
    cluster.ask("DELETE", f"{DEFINITIONS}/widgets.example.com")
    status = cluster.ask("GET", f"{DEFINITIONS}/gadgets.example.com").body["status"]
    assert [one["status"] for one in status["conditions"]] == ["True", "True"]


def test_a_restored_cluster_goes_on_with_custom_kinds_to_the_same_bytes(cluster):
    owner = cluster.ask("POST", WIDGETS, WIDGET).body
    cluster.ask("POST", "/api/v1/namespaces/default/configmaps", dependent(owner))
    engine = cluster.simulation.engine
    while not engine.is_at_rest:
        engine.step()
    other = Cluster()
    other.simulation.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(cluster.simulation.snapshot())))
    for one in (cluster, other):
        one.ask("DELETE", f"{WIDGETS}/w")
        assert not one.has("/registry/example.com/widgets/default/w") and not one.has("/registry/configmaps/default/owned")
    assert msgspec.json.encode(other.simulation.store.snapshot()) == msgspec.json.encode(cluster.simulation.store.snapshot())


def test_controllers_work_in_a_cluster_that_starts_with_custom_kinds(cluster):
    cluster.ask("POST", WIDGETS, WIDGET)
    other, store = Cluster(), cluster.simulation.store
    other.simulation.store.restore(store.snapshot())
    other.simulation.start_components()
    other.ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    assert other.has("/registry/serviceaccounts/other/default") and other.simulation.manager.is_ready


def test_a_namespace_takes_its_custom_resources_along(cluster):
    cluster.ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    cluster.ask("POST", WIDGETS.replace("default", "other"), WIDGET)
    for _ in range(4):
        cluster.ask("DELETE", "/api/v1/namespaces/other")
    assert not cluster.has("/registry/example.com/widgets/other/w") and not cluster.has("/registry/namespaces/other")


def test_a_deleted_definition_goes_after_its_objects(cluster):
    cluster.ask("POST", WIDGETS, WIDGET)
    assert cluster.ask("DELETE", f"{DEFINITIONS}/widgets.example.com").code == 200
    assert not cluster.has("/registry/example.com/widgets/default/w")
    assert cluster.ask("GET", f"{DEFINITIONS}/widgets.example.com").code == 404
    assert not followed(cluster)


def test_a_definition_that_goes_while_the_controller_manager_is_off_is_not_followed_afterwards(cluster):
    assert followed(cluster)
    switch(cluster, "component-stop kube-controller-manager")
    cluster.ask("DELETE", f"{DEFINITIONS}/widgets.example.com")
    patch = json.dumps({"metadata": {"finalizers": None}}).encode()
    headers = {"User-Agent": "tests/1", "Content-Type": "application/merge-patch+json"}
    request = http.parse("PATCH", f"{DEFINITIONS}/widgets.example.com", "", headers, patch)
    cluster.simulation.apply("request", msgspec.to_builtins(request))
    switch(cluster, "component-start kube-controller-manager")
    assert cluster.ask("GET", f"{DEFINITIONS}/widgets.example.com").code == 404
    assert cluster.simulation.manager.is_ready and not followed(cluster)


def test_a_definition_that_comes_while_nobody_follows_custom_kinds_is_followed_once_somebody_does(cluster):
    switches = "garbage-collector", "resourcequota-controller"
    cluster.ask("DELETE", f"{DEFINITIONS}/widgets.example.com")
    switch(cluster, *(f"component-stop {name}" for name in switches))
    assert cluster.ask("POST", DEFINITIONS, DEFINITION).code == 201
    owner = cluster.ask("POST", WIDGETS, WIDGET).body
    cluster.ask("POST", "/api/v1/namespaces/default/configmaps", dependent(owner))
    assert not followed(cluster)
    switch(cluster, *(f"component-start {name}" for name in switches))
    cluster.ask("DELETE", f"{WIDGETS}/w")
    assert followed(cluster) and not cluster.has("/registry/configmaps/default/owned")


def test_no_component_asks_for_what_its_role_does_not_allow(cluster):
    refused = [event.data["message"] for event in cluster.simulation.engine.trace.events if event.kind == "RequestRefused"]
    assert refused == []


def test_a_gathering_role_takes_in_what_is_labelled_for_it(cluster):
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": [
        {"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["get"]}],
        "metadata": {"name": "widgets", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}}
    assert cluster.ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role).code == 201
    for name in ("view", "edit", "admin"):
        rules = cluster.ask("GET", f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}").body["rules"]
        assert role["rules"][0] in rules, name
