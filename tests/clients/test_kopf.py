"""kopf: an operator in a process of its own reconciles a custom resource, with finalizer, Events, timer, daemon, and a restart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from kubernetes import client, config

from tests.clients import world

pytestmark = pytest.mark.slow
GROUP, VERSION, PLURAL, NAMESPACE = "tests.example.com", "v1", "gardens", "default"
FINALIZER = "tests.example.com/gardener"
GARDENS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gardens.tests.example.com}
spec:
  group: tests.example.com
  names: {kind: Garden, plural: gardens, singular: garden}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, required: [size], properties: {size: {type: integer}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""


class Operator:
    """`kopf run` in standalone mode, with the sandbox's kubeconfig; its log goes to a file."""

    def __init__(self, kubeconfig: Path, log: Path):
        self.environment, self.log = {**os.environ, "KUBECONFIG": str(kubeconfig)}, log

    def start(self) -> None:
        program = Path(__file__).parent / "kopf_operator.py"
        command = [sys.executable, "-m", "kopf", "run", "--standalone", "--namespace", NAMESPACE, "--verbose", str(program)]
        with self.log.open("a") as out:
            self.process = subprocess.Popen(command, env=self.environment, stdout=out, stderr=subprocess.STDOUT)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


class Cluster:
    """What the tests ask of the cluster."""

    def __init__(self, started: world.World, place: Path):
        api = config.new_client_from_config_dict(started.kubeconfig)
        self.core, self.apps, self.objects = client.CoreV1Api(api), client.AppsV1Api(api), client.CustomObjectsApi(api)
        self.definitions = client.ApiextensionsV1Api(api)
        self.log = place / "kopf.log"
        self.operator = Operator(started.write_kubeconfig(place / "config"), self.log)

    def plant(self, name: str, size: int) -> None:
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Garden", "metadata": {"name": name}, "spec": {"size": size}}
        self.objects.create_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, body)

    def garden(self, name: str) -> dict:
        """The object, {} once it is gone."""
        try:
            return self.objects.get_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, name)
        except client.ApiException as refusal:
            assert refusal.status == 404
            return {}

    def status(self, name: str) -> dict:
        return self.garden(name).get("status") or {}

    def resize(self, name: str, size: int) -> None:
        self.objects.patch_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, name, {"spec": {"size": size}},
                                                    _content_type="application/merge-patch+json")

    def replicas(self, name: str) -> int | None:
        found = [item for item in self.apps.list_namespaced_deployment(NAMESPACE).items if item.metadata.name == name]
        return found[0].spec.replicas if found else None

    def reasons(self) -> list[str]:
        return [event.reason for event in self.core.list_namespaced_event(NAMESPACE).items]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with world.running(tmp_path_factory.mktemp("data")) as started:
        found = Cluster(started, tmp_path_factory.mktemp("kopf"))
        found.definitions.create_custom_resource_definition(yaml.safe_load(GARDENS))
        world.until(lambda: any(condition.type == "Established" and condition.status == "True" for condition in
                                found.definitions.read_custom_resource_definition("gardens.tests.example.com").status.conditions or []))
        yield found


@pytest.fixture(scope="module")
def operated(cluster):
    """The cluster with its operator at work."""
    cluster.operator.start()
    try:
        yield cluster
    finally:
        cluster.operator.stop()


def test_a_garden_gets_its_deployment_owner_status_finalizer_and_event(operated):
    operated.plant("rose", 2)
    world.until(lambda: operated.status("rose").get("plant"))
    garden = operated.garden("rose")
    assert garden["status"]["plant"] == {"planted": 2} and garden["metadata"]["finalizers"] == [FINALIZER]
    owner = operated.apps.read_namespaced_deployment("rose", NAMESPACE).metadata.owner_references[0]
    assert (owner.kind, owner.uid, owner.controller) == ("Garden", garden["metadata"]["uid"], True)
    world.until(lambda: operated.apps.read_namespaced_deployment("rose", NAMESPACE).status.ready_replicas == 2)
    world.until(lambda: "Planted" in operated.reasons())


def test_a_change_of_the_spec_is_carried_on(operated):
    operated.resize("rose", 3)
    world.until(lambda: operated.status("rose").get("size") == 3)
    assert operated.replicas("rose") == 3


def test_timer_and_daemon_keep_at_it(operated):
    first = world.until(lambda: operated.status("rose").get("watered"))
    world.until(lambda: operated.status("rose").get("watered", 0) > first)
    world.until(lambda: "Guarding" in operated.reasons())


def test_pods_of_the_garden_are_watched(operated):
    pod = world.until(lambda: operated.core.list_namespaced_pod(NAMESPACE, label_selector="garden=rose").items)[0]
    operated.core.delete_namespaced_pod(pod.metadata.name, NAMESPACE, grace_period_seconds=0)
    world.until(lambda: "Wilted" in operated.reasons())


def test_a_deleted_garden_waits_for_its_finalizer_and_takes_its_children_along(operated):
    operated.plant("tulip", 1)
    world.until(lambda: operated.status("tulip").get("plant"))
    operated.objects.delete_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, "tulip")
    world.until(lambda: not operated.garden("tulip"))
    assert operated.core.read_namespaced_config_map("tulip-felled", NAMESPACE)
    world.until(lambda: operated.replicas("tulip") is None)


def test_an_operator_that_comes_back_finds_what_it_missed(operated):
    for name in ("fern", "ivy"):
        operated.plant(name, 1)
    world.until(lambda: operated.status("fern").get("plant") and operated.status("ivy").get("plant"))
    operated.operator.stop()
    operated.plant("moss", 1)
    operated.resize("fern", 2)
    operated.objects.delete_namespaced_custom_object(GROUP, VERSION, NAMESPACE, PLURAL, "ivy")
    assert operated.garden("ivy")["metadata"]["deletionTimestamp"]
    assert not operated.status("moss") and operated.replicas("fern") == 1
    operated.operator.start()
    world.until(lambda: operated.status("moss").get("plant") and operated.replicas("fern") == 2 and not operated.garden("ivy"))


def test_nothing_went_wrong_in_the_operator(operated):
    assert "Traceback" not in operated.log.read_text()
