"""What every namespace gets, and how one goes.

Source: pkg/controller/namespace/deletion/namespaced_resources_deleter_test.go.
"""

from __future__ import annotations

import pytest

from tests.controllers.world import TEMPLATE, World


def namespace(world, name="shop"):
    world.do(world.client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))


def test_each_namespace_gets_a_service_account_and_the_root_certificate():
    world = World()
    namespace(world)
    for name in ("default", "kube-system", "shop"):
        assert world.get("serviceaccounts", "default", name) is not None
        assert "ca.crt" in world.get("configmaps", "kube-root-ca.crt", name)["data"]


def test_what_every_namespace_has_comes_back():
    world = World()
    world.do(world.client.delete("serviceaccounts", "default", "default"))
    world.do(world.client.delete("configmaps", "kube-root-ca.crt", "default"))
    assert world.get("serviceaccounts", "default") is not None
    assert world.get("configmaps", "kube-root-ca.crt") is not None


def test_nothing_happens_for_five_seconds_and_then_everything_goes():
    world = World()
    namespace(world)
    world.do(
        world.client.create(
            "pods",
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "a", "namespace": "shop"},
                "spec": TEMPLATE["spec"],
            },
        )
    )
    world.do(world.client.delete("namespaces", "shop"), settle=False)
    world.run(4_500)
    assert world.store.get("/registry/namespaces/shop").value["status"]["phase"] == "Terminating"
    assert world.get("pods", "a", "shop") is not None
    world.settle()
    assert world.store.get("/registry/namespaces/shop") is None
    assert world.list("pods", "shop") == [] and world.list("configmaps", "shop") == []


def test_a_finalizer_holds_the_namespace_and_is_named():
    world = World()
    namespace(world)
    held = {"name": "held", "namespace": "shop", "finalizers": ["example.com/hold"]}
    world.do(world.client.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}))
    world.do(world.client.delete("namespaces", "shop"), settle=False)
    world.run(7_000)
    conditions = world.store.get("/registry/namespaces/shop").value["status"]["conditions"]
    messages = {c["type"]: c["message"] for c in conditions if c["status"] == "True"}
    assert messages == {
        "NamespaceContentRemaining": "Some resources are remaining: configmaps. has 1 resource instances",
        "NamespaceFinalizersRemaining": (
            "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
        ),
    }
    world.do(
        world.client.patch(
            "configmaps", "held", {"metadata": {"finalizers": None}}, namespace="shop", patch_type="merge"
        )
    )
    assert world.store.get("/registry/namespaces/shop") is None


def test_a_kind_that_has_gone_meanwhile_is_not_found():
    """A component that still knows a definition's resource is answered as a client is."""
    world = World()
    with pytest.raises(AssertionError, match="the server could not find the requested resource"):
        world.do(world.client.list("widgets.example.com", "default"))
    assert world.hand.answers[-1].code == 404
