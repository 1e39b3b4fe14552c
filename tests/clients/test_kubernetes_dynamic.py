"""PyPI `kubernetes` beyond its plain calls: the dynamic client with a custom resource, `create_from_yaml`, leader election."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys

import pytest
import yaml
from kubernetes import client, config, dynamic, utils
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError

from tests.clients import world

pytestmark = pytest.mark.slow
NAMESPACE = "default"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with world.running(tmp_path_factory.mktemp("data")) as started:
        connection = config.new_client_from_config_dict(started.kubeconfig)
        connection.world = started
        yield connection


WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.tests.example.com}
spec:
  group: tests.example.com
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, required: [size], properties: {size: {type: integer, minimum: 1}, colour: {type: string, default: red}}}
          status: {type: object, properties: {size: {type: integer}}}
"""


@pytest.fixture(scope="module")
def widgets(api):
    """The dynamic client's door to a custom resource of its own."""
    found = dynamic.DynamicClient(api)
    definitions = found.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    definitions.create(body=yaml.safe_load(WIDGETS))

    def door():
        try:
            return dynamic.DynamicClient(api).resources.get(api_version="tests.example.com/v1", kind="Widget")
        except dynamic.exceptions.ResourceNotFoundError:
            return None

    yield world.until(door)
    definitions.delete(name="widgets.tests.example.com")


def widget(name: str, size: int = 1, **spec) -> dict:
    return {"apiVersion": "tests.example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"size": size, **spec}}


def test_a_custom_resource_is_discovered_defaulted_and_checked(widgets):
    made = widgets.create(body=widget("one"), namespace=NAMESPACE)
    assert (made.spec.colour, made.metadata.generation) == ("red", 1)
    with pytest.raises(dynamic.exceptions.UnprocessibleEntityError) as refusal:
        widgets.create(body=widget("two", 0), namespace=NAMESPACE)
    assert "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1" in refusal.value.summary()
    made = widgets.replace(body={**made.to_dict(), "spec": {"size": 2}}, namespace=NAMESPACE)
    assert (made.spec.size, made.metadata.generation) == (2, 2)
    status = widgets.status.patch(body={"status": {"size": 2}, "spec": {"size": 9}}, name="one", namespace=NAMESPACE,
                                  content_type="application/merge-patch+json")
    assert (status.status.size, status.spec.size) == (2, 2)
    scaled = widgets.scale.patch(body={"spec": {"replicas": 4}}, name="one", namespace=NAMESPACE, content_type="application/merge-patch+json")
    assert (scaled.kind, scaled.spec.replicas) == ("Scale", 4)
    assert [item.metadata.name for item in widgets.get(namespace=NAMESPACE).items] == ["one"]
    widgets.delete(name="one", namespace=NAMESPACE)
    with pytest.raises(NotFoundError):
        widgets.get(name="one", namespace=NAMESPACE)


def test_apply_on_the_server_minds_who_owns_what(widgets):
    first = widgets.server_side_apply(body=widget("shared", 3), namespace=NAMESPACE, field_manager="first")
    assert first.metadata.managedFields[0].operation == "Apply"
    with pytest.raises(ConflictError) as conflict:
        widgets.server_side_apply(body=widget("shared", 5), namespace=NAMESPACE, field_manager="second")
    assert 'Apply failed with 1 conflict: conflict with "first": .spec.size' in conflict.value.summary()
    forced = widgets.server_side_apply(body=widget("shared", 5), namespace=NAMESPACE, field_manager="second", force_conflicts=True)
    assert forced.spec.size == 5
    owners = {entry.manager: entry.fieldsV1.to_dict() for entry in forced.metadata.managedFields}
    assert "f:size" in json.dumps(owners["second"]) and "f:size" not in json.dumps(owners.get("first", {}))
    widgets.delete(name="shared", namespace=NAMESPACE)


def test_a_custom_resource_is_watched(widgets):
    version = widgets.get(namespace=NAMESPACE).metadata.resourceVersion
    widgets.create(body=widget("watched"), namespace=NAMESPACE)
    widgets.delete(name="watched", namespace=NAMESPACE)
    seen = []
    for event in widgets.watch(namespace=NAMESPACE, resource_version=version, timeout=10):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            break
    assert seen == [("ADDED", "watched"), ("DELETED", "watched")]


# -- utilities ------------------------------------------------------------------------------------


def deployment(name: str, replicas: int = 2) -> dict:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "nginx/nginx:v1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def test_manifests_are_created_from_a_file(api, tmp_path):
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    manifest = tmp_path / "all.yaml"
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "from-file"}, "spec": {
        "selector": {"app": "from-file"}, "ports": [{"port": 80}]}}
    manifest.write_text(yaml.safe_dump_all([deployment("from-file", 1), service]))
    utils.create_from_yaml(api, str(manifest))
    address = core.read_namespaced_service("from-file", NAMESPACE).spec.cluster_ip
    assert ipaddress.ip_address(address) in ipaddress.ip_network("10.96.0.0/12")
    world.until(lambda: apps.read_namespaced_deployment("from-file", NAMESPACE).status.ready_replicas == 1)
    with pytest.raises(utils.FailToCreateError) as refusal:
        utils.create_from_yaml(api, str(manifest))
    assert "already exists" in str(refusal.value)
    apps.delete_namespaced_deployment("from-file", NAMESPACE)


CANDIDATE = """
import sys, time
from kubernetes import config
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock
config.load_kube_config(sys.argv[1])
def lead(*ignored):
    print("leads", flush=True)
    time.sleep(600)
lock = LeaseLock("tests-leader", "default", sys.argv[2])
choice = electionconfig.Config(lock, lease_duration=4, renew_deadline=3, retry_period=1, onstarted_leading=lead, onstopped_leading=None)
leaderelection.LeaderElection(choice).run()
"""


def test_two_candidates_elect_one_leader_and_the_second_takes_over(api, tmp_path):
    kubeconfig = api.world.write_kubeconfig(tmp_path / "config")
    leases = client.CoordinationV1Api(api)

    def stand(name):
        return subprocess.Popen([sys.executable, "-c", CANDIDATE, str(kubeconfig), name], stdout=subprocess.PIPE, text=True)

    def spec():
        return leases.read_namespaced_lease("tests-leader", NAMESPACE).spec

    first = stand("one")
    try:
        assert first.stdout.readline() == "leads\n" and spec().holder_identity == "one"
        second = stand("two")
        before = spec().renew_time
        world.until(lambda: spec().renew_time > before)
        assert spec().holder_identity == "one"
        first.kill()
        assert second.stdout.readline() == "leads\n" and spec().holder_identity == "two"
    finally:
        for process in (first, second):
            process.kill()
            process.wait(10)
