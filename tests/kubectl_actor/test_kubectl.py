"""kubectl's own flow: what it reads, asks and sends, and what it prints and remembers."""

import json

import pytest

from cluster.kubectl.lastapplied import ANNOTATION
from tests.kubectl_actor.bench import Bench
from tests.kubectl_actor.test_bad_input import DEPLOYMENT, POD

HOME = "/api/v1/namespaces/default/pods"


@pytest.fixture
def bench():
    return Bench()


def kinds(bench):
    return [fact.kind for fact in bench.engine.trace.events if fact.actor == "kubectl"]


def test_apply_reads_discovers_asks_and_creates(bench):
    assert bench.apply(POD, name="pod.yaml") == (0, "pod/x created", "")
    assert [kind for kind in kinds(bench) if kind != "RequestSent"] == [
        "UserActed",
        "KubeconfigRead",
        "ManifestRead",
        "ApiDiscovered",
        "ApplyDecided",
        "KubectlPrinted",
        "KubectlExited",
    ]
    assert bench.requests() == [("raw", "/api"), ("raw", "/apis"), ("get", HOME + "/x"), ("create", HOME)]
    assert (
        bench.facts("UserActed")[0].data["command"] == "kubectl apply -f pod.yaml"
        and bench.facts("UserActed")[0].cause == 0
    )


def test_everything_is_caused_by_what_the_learner_did(bench):
    bench.apply(POD)
    by_seq = {fact.seq: fact for fact in bench.engine.trace.events}
    fact = bench.facts("KubectlExited")[0]
    while fact.cause:
        fact = by_seq[fact.cause]
    assert fact.kind == "UserActed"


def test_discovery_is_cached_for_six_hours_and_asked_again_for_an_unknown_kind(bench):
    bench.apply(POD)
    bench.apply(POD)
    assert bench.requests().count(("raw", "/api")) == 1
    bench.apply(POD.replace("kind: Pod", "kind: Pood"))
    assert bench.requests().count(("raw", "/api")) == 2
    bench.engine.run_until(7 * 3_600_000)
    bench.apply(POD)
    assert bench.requests().count(("raw", "/api")) == 3


def test_the_file_is_remembered_in_an_annotation_as_the_real_one_writes_it(bench):
    bench.apply(POD.replace("image: b", 'image: "b<1"').replace("    image", "    command: null\n    image"))
    pod = bench.stored("pods/default/x")
    assert pod["metadata"]["annotations"][ANNOTATION] == (
        '{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{},"name":"x","namespace":"default"},'
        '"spec":{"containers":[{"command":null,"image":"b\\u003c1","name":"a"}]}}\n'
    )
    [manager] = [entry["manager"] for entry in pod["metadata"]["managedFields"]]
    assert manager == "kubectl-client-side-apply"


def test_an_equal_file_changes_nothing(bench):
    bench.apply(DEPLOYMENT)
    before = bench.server.store.revision
    assert bench.apply(DEPLOYMENT) == (0, "deployment.apps/d unchanged", "")
    assert bench.server.store.revision == before
    assert [fact.data["decision"] for fact in bench.facts("ApplyDecided")] == ["create", "nothing"]


def test_a_changed_file_is_sent_as_a_patch_of_the_difference(bench):
    bench.apply(DEPLOYMENT)
    assert bench.apply(DEPLOYMENT.replace("replicas: 2", "replicas: 3")) == (0, "deployment.apps/d configured", "")
    patch = bench.facts("ApplyDecided")[-1].data["patch"]
    assert patch["spec"] == {"replicas": 3} and list(patch["metadata"]["annotations"]) == [ANNOTATION]
    assert bench.stored("deployments/default/d")["spec"]["replicas"] == 3


def test_a_field_dropped_from_the_file_goes_back_to_its_default_and_others_stay(bench):
    bench.apply(DEPLOYMENT)
    bench.run("scale", resource="deployment", name="d", replicas=5)
    assert bench.apply(DEPLOYMENT.replace("  replicas: 2\n", "  minReadySeconds: 7\n")) == (
        0,
        "deployment.apps/d configured",
        "",
    )
    spec = bench.stored("deployments/default/d")["spec"]
    assert (spec["replicas"], spec["minReadySeconds"]) == (1, 7)


def test_an_object_that_was_not_applied_before_gets_a_warning(bench):
    bench.server.store.put(
        "/registry/configmaps/default/c",
        {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": {"name": "c", "namespace": "default", "uid": "u", "creationTimestamp": "2026-01-01T09:00:00Z"},
            "data": {"a": "b"},
        },
    )
    code, out, err = bench.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {x: z}\n")
    assert (code, out) == (0, "configmap/c configured")
    assert err.startswith(
        f"Warning: resource configmaps/c is missing the {ANNOTATION} annotation which is required by kubectl apply."
    )
    assert bench.stored("configmaps/default/c")["data"] == {"a": "b", "x": "z"}


def test_objects_that_cannot_be_compared_are_left_alone(bench):
    bench.apply(POD)
    before = bench.server.store.revision
    code, out, err = bench.apply(POD.replace("- name: a", "- kind: a"))
    assert (code, out) == (1, "") and bench.server.store.revision == before
    assert err.startswith('error: error when applying patch:\n\nto:\nResource: "/v1, Resource=pods"')
    assert err.endswith("for: map: map[image:b kind:a] does not contain declared merge key: name")


def test_delete_says_so_and_is_done_when_the_object_is_gone(bench):
    bench.apply(POD)
    assert bench.run("delete", files=[{"name": "pod.yaml", "text": POD}]) == (
        0,
        'pod "x" deleted from default namespace',
        "",
    )
    assert bench.requests()[-2:] == [("delete", HOME + "/x"), ("get", HOME + "/x")]
    assert not bench.stored("pods/default/x")


def test_delete_waits_for_a_pod_that_is_still_stopping(bench):
    bench.apply(POD.replace("spec:", "spec:\n  nodeName: n1"))
    bench.apply(POD.replace("name: x", "name: x2"))
    code, out, _ = bench.run("delete", resource="pod", name="x")
    assert (code, out) == (None, 'pod "x" deleted from default namespace')
    json.dumps(bench.engine.snapshot())
    assert bench.run("delete", resource="pod", name="x2")[0] == 0
    assert bench.kubectl.state.waits
    assert bench.run("delete", resource="pod", name="x", force=True) == (
        0,
        'pod "x" force deleted from default namespace',
        "Warning: Immediate deletion does not wait for confirmation that the running resource has "
        "been terminated. The resource may continue to run on the cluster indefinitely.",
    )
    assert [command.code for command in bench.kubectl.state.commands] == [
        0,
        0,
        0,
        0,
        0,
    ] and not bench.kubectl.state.waits


def test_a_wait_survives_a_snapshot(bench):
    bench.apply(POD.replace("spec:", "spec:\n  nodeName: n1"))
    bench.run("delete", resource="po", name="x")
    bench.engine.restore(json.loads(json.dumps(bench.engine.snapshot())))
    bench.run("delete", resource="pods", name="x", grace_period=0)
    assert bench.kubectl.state.commands[1].code == 0


@pytest.mark.parametrize(
    "asked, sent",
    [
        ({}, {"propagationPolicy": "Background"}),
        ({"cascade": "orphan"}, {"propagationPolicy": "Orphan"}),
        ({"cascade": "foreground", "grace_period": 5}, {"gracePeriodSeconds": 5, "propagationPolicy": "Foreground"}),
        ({"force": True}, {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}),
    ],
)
def test_delete_sends_what_was_asked(bench, monkeypatch, asked, sent):
    seen = []
    submit = bench.server.submit
    monkeypatch.setattr(
        bench.server, "submit", lambda request, *args, **more: (seen.append(request), submit(request, *args, **more))
    )
    bench.apply(DEPLOYMENT)
    bench.run("delete", resource="deploy", name="d", **asked)
    [request] = [one for one in seen if one.verb == "delete"]
    assert json.loads(request.raw) == sent and request.raw.endswith(b"\n")


@pytest.mark.parametrize(
    "command, words",
    [
        ({"resource": "pod", "name": "zzz"}, 'Error from server (NotFound): pods "zzz" not found'),
        ({"resource": "foo", "name": "x"}, 'error: the server doesn\'t have a resource type "foo"'),
        ({"resource": "pod"}, "error: resource(s) were provided, but no name was specified"),
        (
            {"files": [{"name": "x.yaml", "text": POD}]},
            'Error from server (NotFound): error when deleting "x.yaml": pods "x" not found',
        ),
        (
            {"files": [{"name": "x.yaml", "text": POD.replace("kind: Pod\n", "")}]},
            "error: unable to decode \"x.yaml\": Object 'Kind' is missing in "
            '\'{"apiVersion":"v1","metadata":{"name":"x"},"spec":{"containers":[{"image":"b","name":"a"}]}}\'',
        ),
    ],
)
def test_a_delete_of_what_is_not_there(bench, command, words):
    assert bench.run("delete", **command) == (1, "", words)


def test_a_delete_of_nothing_is_no_failure(bench):
    assert bench.run("delete", files=[{"name": "x.yaml", "text": ""}]) == (0, "No resources found", "")


def test_scale_reads_the_object_and_patches_its_scale(bench):
    bench.apply(DEPLOYMENT)
    assert bench.run("scale", resource="deployment", name="d", replicas=4) == (0, "deployment.apps/d scaled", "")
    assert bench.stored("deployments/default/d")["spec"]["replicas"] == 4
    home = "/apis/apps/v1/namespaces/default/deployments/d"
    assert bench.requests()[-2:] == [("get", home), ("patch", home + "/scale")]


@pytest.mark.parametrize(
    "command, words",
    [
        (
            {"resource": "deploy", "name": "zz", "replicas": 2},
            'Error from server (NotFound): deployments.apps "zz" not found',
        ),
        ({"resource": "foo", "name": "zz", "replicas": 2}, 'error: the server doesn\'t have a resource type "foo"'),
        (
            {"resource": "deploy", "name": "d", "replicas": -1},
            "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ),
    ],
)
def test_a_scale_that_cannot_be(bench, command, words):
    assert bench.run("scale", **command) == (1, "", words)


def test_an_api_server_that_is_off_refuses_the_connection(bench):
    bench.engine.stop(bench.server)
    code, _, err = bench.apply(POD)
    assert (
        code == 1
        and err
        == "The connection to the server k8s-api.local:6443 was refused - did you specify the right host or port?"
    )


def test_fifty_commands_are_remembered(bench):
    for index in range(53):
        bench.run("delete", resource="pod", name=f"p{index}")
    lines = [command.line for command in bench.kubectl.state.commands]
    assert len(lines) == 50 and lines[-1] == "kubectl delete pod p52"


def test_the_namespace_of_the_command_is_enforced(bench):
    words = (
        'error: the namespace from the provided object "default" does not match the namespace "other". '
        "You must pass '--namespace=default' to perform this operation."
    )
    assert bench.apply(POD.replace("  name: x\n", "  name: x\n  namespace: default\n", 1), namespace="other") == (
        1,
        "",
        words,
    )


def test_a_cluster_scoped_object_has_no_namespace(bench):
    assert bench.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n") == (0, "namespace/shop created", "")
    assert "namespace" not in bench.stored("namespaces/shop")["metadata"]


DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com", "uid": "crd"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
    "status": {
        "acceptedNames": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "conditions": [{"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "True"}],
        "storedVersions": ["v1"],
    },
}
WIDGET = "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: w\nspec:\n  size: 1\n  parts: [a, b]\n"


def test_a_custom_resource_is_patched_by_a_merge_patch(bench):
    bench.server.begin([("/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com", DEFINITION)])
    assert bench.apply(WIDGET) == (0, "widget.example.com/w created", "")
    assert bench.apply(WIDGET) == (0, "widget.example.com/w unchanged", "")
    changed = WIDGET.replace("  size: 1\n", "  color: red\n").replace("[a, b]", "[b]")
    assert bench.apply(changed) == (0, "widget.example.com/w configured", "")
    assert bench.stored("example.com/widgets/default/w")["spec"] == {"color": "red", "parts": ["b"]}
