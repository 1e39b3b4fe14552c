"""Admission plugins: what they add, and when they keep out."""
import pytest

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture
def create(server, pod):
    def made(**spec):
        return server.ask("create", "pods", namespace="default", body={**pod, "spec": {**pod["spec"], **spec}})
    return made


def test_a_pod_gets_an_identity_and_its_token(create):
    spec = create().body["spec"]
    volume = spec["volumes"][0]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    assert spec["containers"][0]["volumeMounts"] == [{"name": volume["name"], "readOnly": True, "mountPath": TOKEN_PATH}]
    assert volume["name"].startswith("kube-api-access-")
    assert [next(iter(source)) for source in volume["projected"]["sources"]] == ["serviceAccountToken", "configMap", "downwardAPI"]


def test_the_token_stays_out_where_it_is_not_wanted(create):
    assert "volumes" not in create(automountServiceAccountToken=False).body["spec"]


def test_a_mount_at_the_tokens_place_keeps_the_token_out(create):
    containers = [{"name": "a", "image": "x", "volumeMounts": [{"name": "v", "mountPath": TOKEN_PATH}]}]
    spec = create(containers=containers, volumes=[{"name": "v", "emptyDir": {}}]).body["spec"]
    assert [volume["name"] for volume in spec["volumes"]] == ["v"]


def test_an_unknown_service_account_is_forbidden(create):
    assert create(serviceAccountName="nobody").message == (
        'pods "p" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found')


def test_pull_secrets_come_from_the_service_account(server, create):
    body = {"metadata": {"name": "default"}, "imagePullSecrets": [{"name": "s"}]}
    server.ask("update", "serviceaccounts", namespace="default", name="default", body=body)
    assert create().body["spec"]["imagePullSecrets"] == [{"name": "s"}]


def test_a_pod_tolerates_a_lost_node_for_five_minutes(create):
    tolerations = create().body["spec"]["tolerations"]
    assert [(t["key"], t["tolerationSeconds"]) for t in tolerations] == [
        ("node.kubernetes.io/not-ready", 300), ("node.kubernetes.io/unreachable", 300)]


def test_a_toleration_of_everything_is_enough(create):
    assert create(tolerations=[{"operator": "Exists"}]).body["spec"]["tolerations"] == [{"operator": "Exists"}]


@pytest.mark.parametrize("name, priority", [("system-node-critical", 2000001000), ("", 0)])
def test_a_priority_class_becomes_a_number(create, name, priority):
    spec = create(**({"priorityClassName": name} if name else {})).body["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (priority, "PreemptLowerPriority")


def test_an_unknown_priority_class_is_forbidden(create):
    assert create(priorityClassName="nope").message == 'pods "p" is forbidden: no PriorityClass with name nope was found'


def test_a_new_node_is_tainted_until_it_is_ready(server):
    made = server.ask("create", "nodes", body={"metadata": {"name": "n"}}).body
    assert made["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]


def test_what_a_plugin_adds_belongs_to_no_manager(create):
    fields = create().body["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]
    assert "f:tolerations" not in fields and "f:volumes" not in fields
