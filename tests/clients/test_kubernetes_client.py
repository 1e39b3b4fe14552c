"""PyPI `kubernetes`, the official Python client: every verb, watches, exec and logs."""

from __future__ import annotations

import json

import pytest
from kubernetes import client, config, watch
from kubernetes.stream import stream

from tests.clients import world

pytestmark = pytest.mark.slow
NAMESPACE = "default"
TICKS = ["sh", "-c", "i=0; while true; do echo tick $i; i=$((i+1)); sleep 1; done"]


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with world.running(tmp_path_factory.mktemp("data")) as started:
        connection = config.new_client_from_config_dict(started.kubeconfig)
        yield connection


@pytest.fixture(scope="module")
def core(api):
    return client.CoreV1Api(api)


@pytest.fixture(scope="module")
def apps(api):
    return client.AppsV1Api(api)


@pytest.fixture(scope="module")
def ticker(core):
    """A Pod that runs and writes a line a second."""
    core.create_namespaced_pod(NAMESPACE, pod("ticker", TICKS))
    return wait_ready(core, "ticker")


def pod(name: str, command: list[str] | None = None, labels: dict | None = None, **spec) -> dict:
    container = {"name": "app", "image": "busybox:1", **({"command": command} if command else {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **spec},
    }


def config_map(name: str, labels: dict | None = None, **data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels), data=data)


def deployment(name: str, replicas: int = 2) -> dict:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "nginx/nginx:v1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def is_ready(found: client.V1Pod) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in found.status.conditions or [])


def wait_ready(core: client.CoreV1Api, name: str) -> client.V1Pod:
    watching = watch.Watch()
    for event in watching.stream(core.list_namespaced_pod, NAMESPACE, field_selector=f"metadata.name={name}", timeout_seconds=60):
        if is_ready(event["object"]):
            watching.stop()
            return event["object"]
    raise AssertionError(f"{name} did not become ready")


def refused(status: int, reason: str, call, *args, **kwargs) -> dict:
    """The Status of a call that must be refused."""
    with pytest.raises(client.ApiException) as refusal:
        call(*args, **kwargs)
    body = json.loads(refusal.value.body)
    assert (refusal.value.status, body["kind"], body.get("reason", ""), body["code"]) == (status, "Status", reason, status)
    return body


# -- verbs ----------------------------------------------------------------------------------------


def test_a_config_map_lives_through_every_verb(core):
    made = core.create_namespaced_config_map(NAMESPACE, config_map("life", colour="red"), field_manager="tests")
    assert made.metadata.uid and made.metadata.managed_fields[0].manager == "tests"
    made.data["colour"] = "blue"
    replaced = core.replace_namespaced_config_map("life", NAMESPACE, made)
    assert int(replaced.metadata.resource_version) > int(made.metadata.resource_version)
    assert refused(409, "Conflict", core.replace_namespaced_config_map, "life", NAMESPACE, made)["message"].startswith(
        'Operation cannot be fulfilled on configmaps "life": the object has been modified'
    )
    assert core.read_namespaced_config_map("life", NAMESPACE).data == {"colour": "blue"}
    gone = core.delete_namespaced_config_map("life", NAMESPACE)
    assert (gone["status"], gone["details"]) == ("Success", {"name": "life", "kind": "configmaps", "uid": made.metadata.uid})
    refused(404, "NotFound", core.read_namespaced_config_map, "life", NAMESPACE)


@pytest.mark.parametrize(
    ("content_type", "patch"),
    [
        ("application/json-patch+json", [{"op": "replace", "path": "/data/a", "value": "2"}]),
        ("application/merge-patch+json", {"data": {"a": "2"}}),
        ("application/strategic-merge-patch+json", {"data": {"a": "2"}}),
        ("application/apply-patch+yaml", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "patched"}, "data": {"a": "2"}}),
    ],
)
def test_each_sort_of_patch_changes_what_it_names(core, content_type, patch):
    core.create_namespaced_config_map(NAMESPACE, config_map("patched", a="1", b="1"))
    try:
        extra = {"field_manager": "tests", "force": True} if "apply" in content_type else {}
        changed = core.patch_namespaced_config_map("patched", NAMESPACE, patch, _content_type=content_type, **extra)
        assert changed.data == {"a": "2", "b": "1"}
    finally:
        core.delete_namespaced_config_map("patched", NAMESPACE)


def test_a_dry_run_answers_and_stores_nothing(core):
    answer = core.create_namespaced_config_map(NAMESPACE, config_map("dry", a="1"), dry_run="All")
    assert answer.metadata.uid
    refused(404, "NotFound", core.read_namespaced_config_map, "dry", NAMESPACE)


def test_lists_are_selected_and_come_in_pieces(core):
    for index in range(5):
        core.create_namespaced_config_map(NAMESPACE, config_map(f"piece-{index}", {"set": "pieces", "even": str(index % 2 == 0)}))
    names, token = [], None
    while True:
        found = core.list_namespaced_config_map(NAMESPACE, label_selector="set=pieces", limit=2, _continue=token)
        names.append([item.metadata.name for item in found.items])
        token = found.metadata._continue
        if not token:
            break
        assert found.metadata.remaining_item_count is None  # with a selector nobody knows
    assert names == [["piece-0", "piece-1"], ["piece-2", "piece-3"], ["piece-4"]]
    even = core.list_config_map_for_all_namespaces(label_selector="set in (pieces), even!=False")
    assert [item.metadata.name for item in even.items] == ["piece-0", "piece-2", "piece-4"]
    one = core.list_namespaced_config_map(NAMESPACE, field_selector="metadata.name=piece-3")
    assert [item.metadata.name for item in one.items] == ["piece-3"]
    unlimited = core.list_namespaced_config_map(NAMESPACE, limit=1)
    assert unlimited.metadata.remaining_item_count >= 5
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="set=pieces")
    assert not core.list_namespaced_config_map(NAMESPACE, label_selector="set=pieces").items


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("secret", {"metadata": {"name": "verbs"}, "stringData": {"password": "x"}}),
        ("service", {"metadata": {"name": "verbs"}, "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}}),
        ("service_account", {"metadata": {"name": "verbs"}}),
        ("persistent_volume_claim", {"metadata": {"name": "verbs"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
        ("limit_range", {"metadata": {"name": "verbs"}, "spec": {"limits": [{"type": "Pod", "max": {"cpu": "4"}}]}}),
        ("resource_quota", {"metadata": {"name": "verbs"}, "spec": {"hard": {"secrets": "100"}}}),
        ("endpoints", {"metadata": {"name": "verbs-apart"}, "subsets": []}),
        ("pod_template", {"metadata": {"name": "verbs"}, "template": {"spec": {"containers": [{"name": "a", "image": "busybox:1"}]}}}),
    ],
)
def test_core_kinds_are_created_read_listed_patched_and_deleted(core, kind, body):
    name = body["metadata"]["name"]

    def ask(verb, *args, **kwargs):
        return getattr(core, f"{verb}_namespaced_{kind}")(*args, **kwargs)

    made = ask("create", NAMESPACE, body)
    assert name in [item.metadata.name for item in ask("list", NAMESPACE).items]
    patched = ask("patch", name, NAMESPACE, {"metadata": {"annotations": {"by": "tests"}}})
    assert patched.metadata.annotations["by"] == "tests" and patched.metadata.uid == made.metadata.uid
    body = ask("read", name, NAMESPACE)
    body.metadata.resource_version = None  # whatever a controller may have done to it meanwhile
    replaced = ask("replace", name, NAMESPACE, body)
    assert replaced.metadata.uid == made.metadata.uid
    ask("delete", name, NAMESPACE)
    world.until(lambda: name not in [item.metadata.name for item in ask("list", NAMESPACE).items])


def test_kinds_of_other_groups_are_served_alike(api):
    batch, networking, rbac = client.BatchV1Api(api), client.NetworkingV1Api(api), client.RbacAuthorizationV1Api(api)
    policy, scheduling, storage = client.PolicyV1Api(api), client.SchedulingV1Api(api), client.StorageV1Api(api)
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "busybox:1", "command": ["true"]}]}}
    made = [
        batch.create_namespaced_cron_job(NAMESPACE, {
            "metadata": {"name": "k"}, "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}}),
        networking.create_namespaced_network_policy(NAMESPACE, {"metadata": {"name": "k"}, "spec": {"podSelector": {}}}),
        rbac.create_namespaced_role(NAMESPACE, {"metadata": {"name": "k"}, "rules": []}),
        policy.create_namespaced_pod_disruption_budget(NAMESPACE, {"metadata": {"name": "k"}, "spec": {
            "minAvailable": 1, "selector": {"matchLabels": {"app": "none"}}}}),
        scheduling.create_priority_class({"metadata": {"name": "k"}, "value": 5}),
        storage.create_storage_class({"metadata": {"name": "k"}, "provisioner": "example.com/none"}),
    ]
    assert all(found.metadata.uid for found in made)
    refused(409, "AlreadyExists", scheduling.create_priority_class, {"metadata": {"name": "k"}, "value": 5})
    access = client.AuthorizationV1Api(api).create_self_subject_access_review({
        "spec": {"resourceAttributes": {"verb": "create", "resource": "pods", "namespace": NAMESPACE}}})
    assert access.status.allowed is True
    me = client.AuthenticationV1Api(api).create_self_subject_review(client.V1SelfSubjectReview())
    assert me.status.user_info.username == "kubernetes-admin"


def test_a_refusal_is_an_exception_with_a_status(core, apps):
    body = refused(422, "Invalid", core.create_namespaced_pod, NAMESPACE, pod("Upper_Case"))
    assert body["details"]["causes"][0]["field"] == "metadata.name"
    body = refused(404, "NotFound", apps.read_namespaced_deployment, "nobody", NAMESPACE)
    assert (body["message"], body["details"]) == (
        'deployments.apps "nobody" not found', {"name": "nobody", "group": "apps", "kind": "deployments"})
    refused(400, "BadRequest", core.list_namespaced_pod, NAMESPACE, label_selector="a in (b")


# -- subresources ---------------------------------------------------------------------------------


def test_scale_and_status_are_resources_of_their_own(apps):
    apps.create_namespaced_deployment(NAMESPACE, deployment("scaled"))
    assert apps.read_namespaced_deployment_scale("scaled", NAMESPACE).spec.replicas == 2
    scale = apps.read_namespaced_deployment_scale("scaled", NAMESPACE)
    scale.spec.replicas, scale.metadata.resource_version = 1, None
    assert apps.replace_namespaced_deployment_scale("scaled", NAMESPACE, scale).spec.replicas == 1
    assert apps.patch_namespaced_deployment_scale("scaled", NAMESPACE, {"spec": {"replicas": 3}}).spec.replicas == 3
    world.until(lambda: apps.read_namespaced_deployment_status("scaled", NAMESPACE).status.ready_replicas == 3)
    before = apps.read_namespaced_deployment("scaled", NAMESPACE)
    patched = apps.patch_namespaced_deployment_status("scaled", NAMESPACE, {"spec": {"replicas": 9}, "metadata": {"annotations": {"a": "b"}}})
    assert patched.spec.replicas == 3 and patched.metadata.generation == before.metadata.generation
    apps.delete_namespaced_deployment("scaled", NAMESPACE, propagation_policy="Foreground")
    world.until(lambda: not apps.list_namespaced_replica_set(NAMESPACE, label_selector="app=scaled").items)


def test_orphaned_pods_outlive_their_replica_set(core, apps):
    body = deployment("orphans", 1)
    apps.create_namespaced_replica_set(NAMESPACE, {**body, "kind": "ReplicaSet"})
    pods = world.until(lambda: core.list_namespaced_pod(NAMESPACE, label_selector="app=orphans").items)
    apps.delete_namespaced_replica_set("orphans", NAMESPACE, body=client.V1DeleteOptions(propagation_policy="Orphan"))

    def orphan():
        found = core.read_namespaced_pod(pods[0].metadata.name, NAMESPACE)
        return found if not found.metadata.owner_references else None

    assert world.until(orphan).metadata.deletion_timestamp is None
    core.delete_namespaced_pod(pods[0].metadata.name, NAMESPACE, grace_period_seconds=0)
    refused(404, "NotFound", core.read_namespaced_pod, pods[0].metadata.name, NAMESPACE)


def test_a_precondition_guards_a_delete(core):
    core.create_namespaced_config_map(NAMESPACE, config_map("guarded"))
    options = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="00000000-0000-0000-0000-000000000000"))
    refused(409, "Conflict", core.delete_namespaced_config_map, "guarded", NAMESPACE, body=options)
    core.delete_namespaced_config_map("guarded", NAMESPACE)


def test_a_pod_is_bound_by_hand_and_evicted(core):
    core.create_namespaced_pod(NAMESPACE, pod("bound", TICKS, schedulerName="by-hand"))
    binding = client.V1Binding(metadata=client.V1ObjectMeta(name="bound"), target=client.V1ObjectReference(kind="Node", name="k8snode2"))
    core.create_namespaced_pod_binding("bound", NAMESPACE, binding, _preload_content=False)
    assert wait_ready(core, "bound").spec.node_name == "k8snode2"
    refused(409, "Conflict", core.create_namespaced_pod_binding, "bound", NAMESPACE, binding)
    core.create_namespaced_pod_eviction("bound", NAMESPACE, client.V1Eviction(metadata=client.V1ObjectMeta(name="bound")))
    world.until(lambda: "bound" not in [found.metadata.name for found in core.list_namespaced_pod(NAMESPACE).items])


def test_a_token_of_an_account_is_who_it_says(api, core):
    wanted = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=3600))
    token = core.create_namespaced_service_account_token("default", NAMESPACE, wanted).status.token
    other = client.Configuration(host=api.configuration.host)
    other.api_key["authorization"], other.api_key_prefix["authorization"] = token, "Bearer"
    mine = client.AuthenticationV1Api(client.ApiClient(other)).create_self_subject_review(client.V1SelfSubjectReview())
    assert mine.status.user_info.username == "system:serviceaccount:default:default"
    other.api_key["authorization"] = token[:-6] + "AAAAAA"
    refused(401, "Unauthorized", client.CoreV1Api(client.ApiClient(other)).list_namespace)


# -- watches --------------------------------------------------------------------------------------


def test_a_watch_goes_on_where_a_list_ended(core):
    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.create_namespaced_config_map(NAMESPACE, config_map("seen", a="1"))
    core.patch_namespaced_config_map("seen", NAMESPACE, {"data": {"a": "2"}})
    core.delete_namespaced_config_map("seen", NAMESPACE)
    watching = watch.Watch()
    events = []
    for event in watching.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=version, timeout_seconds=20):
        events.append((event["type"], event["object"].metadata.name, (event["object"].data or {}).get("a")))
        if event["type"] == "DELETED":
            watching.stop()
    assert events == [("ADDED", "seen", "1"), ("MODIFIED", "seen", "2"), ("DELETED", "seen", "2")]
    middle = watch.Watch()
    resumed = next(iter(middle.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=watching.resource_version, timeout_seconds=1)),
                   None)
    assert resumed is None  # nothing after the delete


def test_a_watch_ends_at_its_timeout_and_sends_bookmarks_when_asked(core):
    core.create_namespaced_config_map(NAMESPACE, config_map("marked", {"set": "marked"}))
    asked = {"label_selector": "set=marked", "allow_watch_bookmarks": True, "timeout_seconds": 2, "send_initial_events": True,
             "resource_version_match": "NotOlderThan"}
    events = list(watch.Watch().stream(core.list_namespaced_config_map, NAMESPACE, **asked))
    assert [event["type"] for event in events] == ["ADDED", "BOOKMARK"]
    mark = events[1]["raw_object"]["metadata"]
    assert mark["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(mark["resourceVersion"]) >= int(events[0]["object"].metadata.resource_version)
    core.delete_namespaced_config_map("marked", NAMESPACE)


def test_a_selector_turns_a_relabelled_object_into_a_deleted_one(core):
    core.create_namespaced_config_map(NAMESPACE, config_map("moves", {"side": "left"}))
    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.patch_namespaced_config_map("moves", NAMESPACE, {"metadata": {"labels": {"side": "right"}}})
    seen = {}
    for side in ("left", "right"):
        event = next(iter(watch.Watch().stream(core.list_namespaced_config_map, NAMESPACE, label_selector=f"side={side}",
                                               resource_version=version, timeout_seconds=5)))
        seen[side] = event["type"]
    assert seen == {"left": "DELETED", "right": "ADDED"}
    core.delete_namespaced_config_map("moves", NAMESPACE)


# -- exec and logs --------------------------------------------------------------------------------


def test_exec_keeps_the_streams_apart_and_tells_the_exit_code(core, ticker):
    asked = {"command": ["sh"], "stdin": True, "stdout": True, "stderr": True, "tty": False, "_preload_content": False}
    shell = stream(core.connect_get_namespaced_pod_exec, "ticker", NAMESPACE, **asked)
    shell.write_stdin("echo out\necho bad >&2\nexit 7\n")
    out = err = ""
    while shell.is_open():
        shell.update(timeout=1)
        out += shell.read_stdout() if shell.peek_stdout() else ""
        err += shell.read_stderr() if shell.peek_stderr() else ""
    assert (out, err, shell.returncode) == ("out\n", "bad\n", 7)


def test_exec_as_one_call_returns_all_output(core, ticker):
    answer = stream(core.connect_get_namespaced_pod_exec, "ticker", NAMESPACE, command=["sh", "-c", "echo one; echo two >&2"],
                    stdin=False, stdout=True, stderr=True, tty=False)
    assert sorted(answer.split()) == ["one", "two"]


def test_exec_into_nothing_is_refused(core, ticker):
    with pytest.raises(client.ApiException) as refusal:
        stream(core.connect_get_namespaced_pod_exec, "nobody", NAMESPACE, command=["true"], stdout=True)
    assert 'Handshake status 404 Not Found' in refusal.value.reason and 'pods \\"nobody\\" not found' in refusal.value.reason
    with pytest.raises(client.ApiException) as refusal:
        stream(core.connect_get_namespaced_pod_exec, "ticker", NAMESPACE, container="nope", command=["true"], stdout=True)
    assert 'Handshake status 400 Bad Request' in refusal.value.reason and "container nope is not valid for pod ticker" in refusal.value.reason


def test_logs_are_read_and_followed(core, ticker):
    world.until(lambda: core.read_namespaced_pod_log("ticker", NAMESPACE).count("\n") >= 3)
    tail = core.read_namespaced_pod_log("ticker", NAMESPACE, tail_lines=2, timestamps=True).splitlines()
    assert len(tail) == 2 and all(line.split(" ", 1)[1].startswith("tick ") for line in tail)
    following = watch.Watch()
    lines = []
    for line in following.stream(core.read_namespaced_pod_log, "ticker", NAMESPACE):
        lines.append(line)
        if len(lines) == 5:
            following.stop()
    assert lines == [f"tick {index}" for index in range(5)]
