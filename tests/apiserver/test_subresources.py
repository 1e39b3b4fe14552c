"""binding, scale, log and eviction."""
import pytest

BINDING = {"metadata": {"name": "p", "namespace": "default"}, "target": {"kind": "Node", "name": "n1"}}


@pytest.fixture
def waiting(server, pod):
    return server.ask("create", "pods", namespace="default", body=pod).body


def bind(server, **changes):
    return server.ask("create", "pods", namespace="default", name="p", subresource="binding", body={**BINDING, **changes})


def test_a_binding_sets_the_node_and_says_so(server, waiting):
    answered = bind(server)
    pod = server.ask("get", "pods", namespace="default", name="p").body
    assert (answered.code, answered.body["status"]) == (201, "Success")
    assert pod["spec"]["nodeName"] == "n1"
    assert pod["status"]["conditions"] == [
        {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-01T09:00:00Z"}]
    assert pod["metadata"].get("managedFields") == waiting["metadata"].get("managedFields")


def test_a_pod_is_bound_once(server, waiting):
    bind(server)
    refused = bind(server, target={"kind": "Node", "name": "n2"})
    assert (refused.code, refused.message) == (
        409, 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"')


def test_a_binding_for_an_earlier_pod_of_that_name_conflicts(server, waiting):
    assert bind(server, metadata={"name": "p", "uid": "another"}).reason == "Conflict"


def test_a_pod_that_is_being_deleted_is_not_bound(server, pod):
    server.ask("create", "pods", namespace="default", body={**pod, "metadata": {"name": "p", "finalizers": ["example.com/x"]}})
    server.ask("delete", "pods", namespace="default", name="p")
    assert bind(server).message.endswith("pod p is being deleted, cannot be assigned to a host")


@pytest.fixture
def deployment(server, pod):
    spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod["spec"]}}
    return server.ask("create", "deployments", group="apps", namespace="default", body={"metadata": {"name": "d"}, "spec": spec}).body


def test_a_scale_shows_replicas_and_selector(server, deployment):
    scale = server.ask("get", "deployments", group="apps", namespace="default", name="d", subresource="scale").body
    assert (scale["kind"], scale["spec"], scale["status"]) == ("Scale", {"replicas": 2}, {"replicas": 0, "selector": "a=b"})


def test_scaling_changes_the_replicas_and_nothing_else(server, deployment):
    scale = {"metadata": {"name": "d"}, "spec": {"replicas": 5}}
    answered = server.ask("update", "deployments", group="apps", namespace="default", name="d", subresource="scale", body=scale)
    after = server.ask("get", "deployments", group="apps", namespace="default", name="d").body
    assert (answered.body["kind"], answered.body["spec"]) == ("Scale", {"replicas": 5})
    assert after["spec"] == {**deployment["spec"], "replicas": 5}
    assert after["metadata"]["generation"] == 2


def owners_of_replicas(obj: dict) -> list[str]:
    return [entry["manager"] for entry in obj["metadata"]["managedFields"] if "f:replicas" in entry["fieldsV1"].get("f:spec", {})]


def test_a_scale_has_columns_of_its_own(http, deployment):
    code, _, shown = http("GET", "/apis/apps/v1/namespaces/default/deployments/d/scale", Accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert code == 200 and [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["d", 2, 0] and shown["rows"][0]["object"]["metadata"]["name"] == "d"


def test_replicas_belong_to_who_scaled_last_and_to_nobody_after_a_scale_to_zero(server, deployment):
    owners = [owners_of_replicas(deployment)]
    for replicas in (5, 0, 3):
        server.ask("update", "deployments", group="apps", namespace="default", name="d", subresource="scale",
                   body={"metadata": {"name": "d"}, "spec": {"replicas": replicas}}, options={"fieldManager": f"by{replicas}"})
        owners.append(owners_of_replicas(server.ask("get", "deployments", group="apps", namespace="default", name="d").body))
    assert owners[1:] == [["by5"], [], ["by3"]]


def test_a_log_is_asked_of_the_hook(server, pod):
    server.context.hooks.logs = lambda namespace, name, container, options: f"{namespace}/{name}/{container} {options['tailLines']}"
    server.ask("create", "pods", namespace="default", body={**pod, "spec": {**pod["spec"], "nodeName": "n"}})
    answered = server.ask("get", "pods", namespace="default", name="p", subresource="log", options={"tailLines": "3"})
    assert (answered.code, answered.body) == (200, "default/p/app 3")


def test_a_log_needs_a_container_where_there_are_several(server, pod):
    containers = [{"name": name, "image": "x"} for name in ("a", "b")]
    server.ask("create", "pods", namespace="default", body={**pod, "spec": {"containers": containers, "nodeName": "n"}})
    refused = server.ask("get", "pods", namespace="default", name="p", subresource="log")
    assert refused.message == "a container name must be specified for pod p, choose one of: [a b]"


def test_an_eviction_deletes_and_says_why(server, pod):
    server.ask("create", "pods", namespace="default", body={**pod, "spec": {**pod["spec"], "nodeName": "n"}})
    answered = server.ask("create", "pods", namespace="default", name="p", subresource="eviction", body={"metadata": {"name": "p"}})
    found = server.ask("get", "pods", namespace="default", name="p").body
    assert (answered.code, answered.body["status"]) == (201, "Success")
    assert found["metadata"]["deletionGracePeriodSeconds"] == 30
    assert [(c["type"], c["reason"]) for c in found["status"]["conditions"]] == [("DisruptionTarget", "EvictionByEvictionAPI")]


def test_an_applied_scale_owns_the_replicas(http, deployment):
    path = "/apis/apps/v1/namespaces/default/deployments/d"
    config = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d"}, "spec": {"replicas": 4}}
    code, _, scale = http("PATCH", path + "/scale", config, query="fieldManager=hpa&force=true", **{"Content-Type": "application/apply-patch+yaml"})
    _, _, after = http("GET", path)
    mine = next(entry for entry in after["metadata"]["managedFields"] if entry["manager"] == "hpa")
    assert (code, scale["spec"], after["spec"]["replicas"]) == (200, {"replicas": 4}, 4)
    assert (mine["operation"], mine["subresource"], mine["fieldsV1"]) == ("Apply", "scale", {"f:spec": {"f:replicas": {}}})


def test_a_token_lasts_at_least_ten_minutes_and_is_not_stored(server):
    def asked(seconds):
        return server.ask("create", "serviceaccounts", namespace="default", name="default", subresource="token",
                          body={"spec": {"expirationSeconds": seconds}})
    before = server.store.revision
    assert asked(60).code == 422
    assert asked(600).body["status"]["expirationTimestamp"] == "2026-01-01T09:10:00Z"
    assert server.store.revision == before
