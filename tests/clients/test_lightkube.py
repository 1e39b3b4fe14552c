"""lightkube: the synchronous and the asynchronous client, waits, logs, apply, generic resources and manifests."""

from __future__ import annotations

import asyncio

import pytest
from lightkube import ApiError, AsyncClient, Client, KubeConfig, codecs
from lightkube import operators as op
from lightkube.core.exceptions import ConditionError, ObjectDeleted
from lightkube.generic_resource import create_namespaced_resource, get_generic_resource, load_in_cluster_generic_resources
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.apps_v1 import Deployment, DeploymentStatus
from lightkube.resources.core_v1 import ConfigMap, Namespace, Pod, Secret, Service
from lightkube.types import CascadeType, PatchType

from tests.clients import world

pytestmark = pytest.mark.slow
TICKS = ["sh", "-c", "i=0; while true; do echo tick $i; i=$((i+1)); sleep 1; done"]
MANIFESTS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.light.example.com}
spec:
  group: light.example.com
  names: {kind: Lamp, plural: lamps, singular: lamp}
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
          spec: {type: object, properties: {watts: {type: integer, maximum: 100}}}
          status: {type: object, properties: {"on": {type: boolean}}}
---
apiVersion: v1
kind: Service
metadata: {name: loaded}
spec: {selector: {app: loaded}, ports: [{port: 80}]}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {name: loaded}
  stringData: {key: value}
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    with world.running(tmp_path_factory.mktemp("data")) as started:
        yield KubeConfig.from_dict(started.kubeconfig)


@pytest.fixture(scope="module")
def client(settings):
    with Client(config=settings, field_manager="lightkube", timeout=30) as found:
        yield found


def config_map(name: str, labels: dict | None = None, **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, labels=labels), data=data)


def pod(name: str, command: list[str]) -> Pod:
    spec = PodSpec(containers=[Container(name="app", image="busybox:1", command=command)], terminationGracePeriodSeconds=1,
                   restartPolicy="Never")
    return Pod(metadata=ObjectMeta(name=name), spec=spec)


def deployment(name: str, replicas: int, image: str = "nginx/nginx:v1") -> Deployment:
    labels = {"app": name}
    template = PodTemplateSpec(metadata=ObjectMeta(labels=labels), spec=PodSpec(containers=[Container(name="app", image=image)]))
    spec = DeploymentSpec(replicas=replicas, selector=LabelSelector(matchLabels=labels), template=template)
    return Deployment(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


def test_an_object_is_created_read_replaced_patched_and_deleted(client):
    made = client.create(config_map("life", a="1"))
    assert made.metadata.managedFields[0].manager == "lightkube"
    made.data["a"] = "2"
    assert client.replace(made).data == {"a": "2"}
    with pytest.raises(ApiError) as conflict:
        client.replace(made)
    assert (conflict.value.status.code, conflict.value.status.reason) == (409, "Conflict")
    for sort, change in (
        (PatchType.STRATEGIC, {"data": {"b": "3"}}),
        (PatchType.MERGE, {"data": {"a": None}}),
        (PatchType.JSON, [{"op": "add", "path": "/data/c", "value": "4"}]),
    ):
        patched = client.patch(ConfigMap, "life", change, patch_type=sort)
    assert patched.data == {"b": "3", "c": "4"}
    assert client.set(ConfigMap, "life", labels={"set": "here"}).metadata.labels == {"set": "here"}
    client.delete(ConfigMap, "life")
    with pytest.raises(ApiError) as gone:
        client.get(ConfigMap, "life")
    assert (gone.value.status.code, gone.value.status.message) == (404, 'configmaps "life" not found')


def test_lists_take_selectors_and_come_in_chunks(client):
    for index in range(5):
        client.create(config_map(f"item-{index}", {"set": "items", "odd": str(index % 2)}))
    found = client.list(ConfigMap, labels={"set": "items"}, chunk_size=2)
    assert [item.metadata.name for item in found] == [f"item-{index}" for index in range(5)]
    assert found.resourceVersion
    odd = client.list(ConfigMap, labels={"set": "items", "odd": op.not_in(["0"])}, namespace="*")
    assert [item.metadata.name for item in odd] == ["item-1", "item-3"]
    one = client.list(ConfigMap, fields={"metadata.name": "item-2"})
    assert [item.metadata.name for item in one] == ["item-2"]
    client.create(Namespace(metadata=ObjectMeta(name="apart")))
    client.create(config_map("alone"), namespace="apart")
    client.deletecollection(ConfigMap, namespace="apart")
    assert "alone" not in [item.metadata.name for item in client.list(ConfigMap, namespace="apart")]


def test_a_watch_goes_on_from_a_version(client):
    found = client.list(ConfigMap)
    list(found)
    client.create(config_map("seen"))
    client.delete(ConfigMap, "seen")
    events = []
    for what, obj in client.watch(ConfigMap, resource_version=found.resourceVersion, server_timeout=20):
        events.append((what, obj.metadata.name))
        if what == "DELETED":
            break
    assert events == [("ADDED", "seen"), ("DELETED", "seen")]


def test_waits_end_well_badly_or_with_the_object(client):
    client.apply(deployment("waited", 2))
    found = client.wait(Deployment, "waited", for_conditions=["Available"])
    assert found.status.readyReplicas >= 1
    broken = deployment("stuck", 1, "nowhere.example.com/missing:1")
    broken.spec.progressDeadlineSeconds = 1
    client.apply(broken)
    world.until(lambda: any(item.reason == "ProgressDeadlineExceeded" for item in client.get(Deployment, "stuck").status.conditions or []))
    client.create(pod("fails", ["sh", "-c", "exit 1"]))
    world.until(lambda: client.get(Pod, "fails").status.phase == "Failed")
    client.create(pod("vanishes", TICKS))
    client.wait(Pod, "vanishes", for_conditions=["Ready"])
    client.delete(Pod, "vanishes")
    with pytest.raises(ObjectDeleted):
        client.wait(Pod, "vanishes", for_conditions=["DisruptionTarget"])
    with pytest.raises(ConditionError):
        client.wait(Deployment, "waited", for_conditions=["Nothing"], raise_for_conditions=["Progressing"])
    for name in ("waited", "stuck"):
        client.delete(Deployment, name, cascade=CascadeType.FOREGROUND)


def test_apply_keeps_what_others_own_and_can_be_forced(client):
    client.apply(config_map("shared", a="1"), field_manager="first")
    with pytest.raises(ApiError) as conflict:
        client.apply(config_map("shared", a="2"), field_manager="second")
    assert conflict.value.status.code == 409
    assert conflict.value.status.message == 'Apply failed with 1 conflict: conflict with "first": .data.a'
    assert client.apply(config_map("shared", a="2", b="3"), field_manager="second", force=True).data == {"a": "2", "b": "3"}
    assert client.apply(config_map("shared"), field_manager="second").data in (None, {})
    client.apply(config_map("dry"), dry_run=True)
    with pytest.raises(ApiError):
        client.get(ConfigMap, "dry")


def test_subresources_are_replaced_and_patched_alone(client):
    client.create(deployment("parts", 1))
    scale = client.get(Deployment.Scale, "parts")
    scale.spec.replicas, scale.metadata.resourceVersion = 3, None
    assert client.replace(scale, "parts").spec.replicas == 3
    assert client.patch(Deployment.Scale, "parts", {"spec": {"replicas": 2}}).spec.replicas == 2
    assert client.get(DeploymentStatus, "parts").spec.replicas == 2
    client.delete(Deployment, "parts")


def test_logs_are_read_and_followed_and_commands_run(client):
    client.create(pod("ticker", TICKS))
    client.wait(Pod, "ticker", for_conditions=["Ready"])
    lines = []
    for line in client.log("ticker", follow=True, newlines=False):
        lines.append(line)
        if len(lines) == 3:
            break
    assert lines == ["tick 0", "tick 1", "tick 2"]
    assert next(iter(client.log("ticker", tail_lines=1))).startswith("tick ")
    with pytest.raises(ApiError):
        list(client.log("nobody"))
    answer = client.exec("ticker", command=["sh", "-c", "cat; echo bad >&2; exit 3"], stdin="fed\n", stdout=True, stderr=True)
    assert (answer.stdout, answer.stderr, answer.exit_code) == ("fed\n", "bad\n", 3)


def test_manifests_and_generic_resources(client):
    loaded = codecs.load_all_yaml(MANIFESTS, create_resources_for_crds=True)
    assert [type(item).__name__ for item in loaded] == ["CustomResourceDefinition", "Service", "Secret"]
    for item in loaded:
        client.apply(item)
    client.wait(CustomResourceDefinition, "lamps.light.example.com", for_conditions=["Established"])
    assert client.get(Service, "loaded").spec.clusterIP and client.get(Secret, "loaded").data == {"key": "dmFsdWU="}
    lamps = get_generic_resource("light.example.com/v1", "Lamp")
    lamp = client.create(lamps(metadata=ObjectMeta(name="desk"), spec={"watts": 40}))
    assert lamp.spec["watts"] == 40
    with pytest.raises(ApiError) as refusal:
        client.create(lamps(metadata=ObjectMeta(name="sun"), spec={"watts": 101}))
    assert refusal.value.status.code == 422 and "spec.watts" in refusal.value.status.message
    assert client.patch(lamps.Status, "desk", {"status": {"on": True}}, patch_type=PatchType.MERGE).status == {"on": True}
    assert [item.metadata.name for item in client.list(lamps)] == ["desk"]
    load_in_cluster_generic_resources(client)
    assert create_namespaced_resource("light.example.com", "v1", "Lamp", "lamps") is lamps
    client.delete(lamps, "desk")


def test_the_asynchronous_client_does_the_same(settings):
    async def all_of_it():
        client = AsyncClient(config=settings, field_manager="lightkube", timeout=30)
        names = [f"wave-{index}" for index in range(10)]
        await asyncio.gather(*(client.create(config_map(name, {"set": "wave"})) for name in names))
        found = client.list(ConfigMap, labels={"set": "wave"}, chunk_size=3)
        assert [item.metadata.name async for item in found] == sorted(names)
        version = found.resourceVersion
        patched = await client.patch(ConfigMap, "wave-0", {"data": {"a": "1"}})
        assert patched.data == {"a": "1"}
        async for what, obj in client.watch(ConfigMap, labels={"set": "wave"}, resource_version=version):
            assert (what, obj.metadata.name, obj.data) == ("MODIFIED", "wave-0", {"a": "1"})
            break
        await client.apply(pod("async", TICKS))
        await client.wait(Pod, "async", for_conditions=["Ready"])
        async for line in client.log("async", follow=True, newlines=False):
            assert line == "tick 0"
            break
        with pytest.raises(ApiError) as refusal:
            await client.get(Namespace, "nowhere")
        assert refusal.value.status.reason == "NotFound"
        await asyncio.gather(*(client.delete(ConfigMap, name) for name in names))
        await client.delete(Pod, "async")
        await client.close()

    asyncio.run(all_of_it())
