"""Quotas are counted and refuse; claims and volumes go when nobody uses them."""

from __future__ import annotations

from tests.controllers.world import TEMPLATE, World


def pod(name, **spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {**TEMPLATE["spec"], **spec}}


def quota(world, **hard):
    world.create("resourcequotas", {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}})


def used(world):
    return world.get("resourcequotas", "q")["status"]["used"]


def refusal(world, call):
    before = len(world.hand.answers)
    world.hand.ask(call)
    while len(world.hand.answers) == before:
        world.engine.step()
    return world.hand.answers[-1]


def test_a_quota_counts_what_is_there_and_what_comes_and_what_goes():
    world = World()
    world.create("pods", pod("a"))
    quota(world, pods="2", **{"count/pods": "9"})
    assert used(world) == {"pods": "1", "count/pods": "1"}
    world.create("pods", pod("b"))
    assert used(world)["pods"] == "2"
    world.do(world.client.delete("pods", "a", "default"))
    assert used(world) == {"pods": "1", "count/pods": "1"}


def test_a_resize_is_charged_at_once_and_given_back_once_it_is_in_force():
    world = World()
    quota(world, **{"requests.cpu": "4"})

    def body(amount):
        containers = [{**TEMPLATE["spec"]["containers"][0], "resources": {"requests": {"cpu": amount}}}]
        return {**pod("a"), "spec": {**TEMPLATE["spec"], "containers": containers}}

    world.create("pods", body("1"))
    name = body("1")["spec"]["containers"][0]["name"]

    def in_force(amount):
        found = {"name": name, "image": "x", "imageID": "", "ready": True, "restartCount": 0, "resources": {"requests": {"cpu": amount}}}
        told = {"status": {"phase": "Running", "containerStatuses": [found]}}
        world.do(world.client.patch("pods", "a", told, namespace="default", subresource="status"))

    def ask_for(amount):
        wanted = {"spec": {"containers": [{"name": name, "resources": {"requests": {"cpu": amount}}}]}}
        world.do(world.client.patch("pods", "a", wanted, namespace="default", subresource="resize"))

    seen = []
    for step, amount in ((in_force, "1"), (ask_for, "3"), (in_force, "3"), (ask_for, "2"), (in_force, "2")):
        step(amount)
        seen.append(used(world)["requests.cpu"])
    assert seen == ["1", "3", "3", "3", "2"]


def test_what_is_beyond_a_quota_is_refused_and_leaves_it_as_it_was():
    world = World()
    quota(world, pods="1")
    world.create("pods", pod("a"))
    body = {**pod("b"), "metadata": {"name": "b", "namespace": "default"}}
    answer = refusal(world, world.client.create("pods", body))
    assert (answer.code, answer.message) == (
        403, 'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1')
    assert used(world) == {"pods": "1"}


def test_two_that_come_at_once_do_not_both_get_the_last_place():
    world = World()
    quota(world, configmaps="2")  # one is there: the root certificate's
    for name in ("x", "y"):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}
        world.hand.ask(world.client.create("configmaps", body))
    world.settle()
    assert sorted(answer.code for answer in world.hand.answers[-2:]) == [201, 403]
    assert used(world) == {"configmaps": "2"}


CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"},
         "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
MOUNT = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}


def test_a_claim_that_nobody_uses_goes_at_once():
    world = World()
    world.create("persistentvolumeclaims", CLAIM)
    assert world.get("persistentvolumeclaims", "c")["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    world.do(world.client.delete("persistentvolumeclaims", "c", "default"))
    assert world.get("persistentvolumeclaims", "c") is None


def test_a_claim_stays_while_a_pod_on_a_node_uses_it():
    world = World(without=("pod-garbage-collector",))
    world.create("persistentvolumeclaims", CLAIM)
    world.create("pods", pod("a", nodeName="n1", **MOUNT))
    world.do(world.client.delete("persistentvolumeclaims", "c", "default"))
    assert world.get("persistentvolumeclaims", "c")["metadata"]["deletionTimestamp"]
    world.do(world.client.delete("pods", "a", "default", grace_period_seconds=0))
    assert world.get("persistentvolumeclaims", "c") is None


def test_a_bound_volume_stays_and_a_free_one_goes():
    world = World(without=("persistentvolume-binder-controller",))
    for name in ("free", "bound"):
        world.do(world.client.create("persistentvolumes", {
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}}))
    bound = world.do(world.client.get("persistentvolumes", "bound"))
    world.do(world.client.update("persistentvolumes", {**bound, "status": {**bound["status"], "phase": "Bound"}}, subresource="status"))
    for name in ("free", "bound"):
        world.do(world.client.delete("persistentvolumes", name))
    names = [obj["metadata"]["name"] for obj in world.do(world.client.list("persistentvolumes"))["items"]]
    assert names == ["bound"]


def test_a_class_of_attributes_stays_until_no_claim_names_it():
    """As kube-controller-manager 1.36.3 did it. Source: vacprotection/vac_protection_controller.go."""
    world = World()
    meta = {"name": "fast", "namespace": ""}
    made = world.create("volumeattributesclasses", {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttributesClass", "metadata": meta,
                                                    "driverName": "d", "parameters": {"a": "b"}})  # fmt: skip
    assert made["metadata"]["finalizers"] == ["kubernetes.io/vac-protection"]
    names = {"volumeAttributesClassName": "fast", "storageClassName": "s"}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **names}
    world.create("persistentvolumeclaims", {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": spec})
    world.do(world.client.delete("volumeattributesclasses", "fast"))
    assert world.store.get("/registry/volumeattributesclasses/fast").value["metadata"]["deletionTimestamp"]
    world.do(world.client.delete("persistentvolumeclaims", "c", "default"))
    assert world.store.get("/registry/volumeattributesclasses/fast") is None


def test_custom_resources_are_counted_too_from_their_definition_on_until_it_goes():
    """Source: pkg/controller/resourcequota/resource_quota_controller.go (Sync)."""
    world = World()
    world.define_widgets()

    def widget(name):
        world.create("widgets.example.com", {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}})
        return used(world)["count/widgets.example.com"]

    quota(world, **{"count/widgets.example.com": "2"})
    assert [widget("a"), widget("b")] == ["1", "2"]
    refused = refusal(world, world.client.create("widgets.example.com", {"kind": "Widget", "metadata": {"name": "c", "namespace": "default"}}))
    assert refused.code == 403 and "exceeded quota: q, requested: count/widgets.example.com=1, used: count/widgets.example.com=2" in refused.message
    world.do(world.client.delete("widgets.example.com", "a", "default"))
    assert used(world)["count/widgets.example.com"] == "1"
    world.do(world.client.delete("customresourcedefinitions", "widgets.example.com"))
    world.run(310_000)
    assert used(world)["count/widgets.example.com"] == "0"
