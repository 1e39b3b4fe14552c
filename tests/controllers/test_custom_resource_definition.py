"""What a definition says of itself while its objects go, as on the real server 1.36.3."""

from __future__ import annotations

from tests.controllers.world import World

KEY = "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com"


def test_a_definition_tells_that_its_objects_are_being_deleted():
    """Source: apiextensions-apiserver pkg/controller/finalizer/crd_finalizer.go (sync)."""
    world = World()
    world.define_widgets()
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a", "finalizers": ["example.com/x"]}}
    world.create("widgets.example.com", widget)
    world.do(world.client.delete("customresourcedefinitions", "widgets.example.com"), settle=False)
    world.run(1_000)
    found = [one for one in world.store.get(KEY).value["status"]["conditions"] if one["type"] == "Terminating"]
    assert [(one["status"], one["reason"], one["message"]) for one in found] == [
        ("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
    ]
    world.do(world.client.patch("widgets.example.com", "a", {"metadata": {"finalizers": None}}, "default", "merge"), settle=False)
    world.run(11_000)
    assert world.store.get(KEY) is None
