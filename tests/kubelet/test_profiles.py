"""AppArmor and seccomp profiles. Sources: kubernetes pkg/security/apparmor, pkg/kubelet/kuberuntime/helpers.go; containerd contrib/seccomp."""

import pytest

from cluster.kubelet import admission_rules
from cluster.runtime.filesystem import Node

from .world import World

HOST = {"appArmorProfile": {"type": "RuntimeDefault"}}
NONE = {"appArmorProfile": {"type": "Unconfined"}}
KEY = "container.apparmor.security.beta.kubernetes.io/app"


@pytest.mark.parametrize(
    ("whole", "own", "notes", "is_refused"),
    [
        ({}, {}, {}, False),
        (HOST, {}, {}, True),
        (NONE, {}, {}, False),
        (NONE, {"appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}}, {}, True),
        (HOST, NONE, {}, True),
        ({}, {}, {KEY: "runtime/default"}, True),
        ({}, {}, {KEY: "unconfined", "other": "x"}, False),
    ],
)
def test_a_node_without_app_armor_refuses_who_wants_it(whole, own, notes, is_refused):
    spec = {"securityContext": whole, "containers": [{"name": "plain"}, {"name": "app", "securityContext": own}]}
    refused = admission_rules.app_armor({"metadata": {"annotations": notes}, "spec": spec})
    assert refused == (("AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host") if is_refused else None)


def test_a_refused_profile_fails_the_pod():
    world = World()
    world.create("web", ["sleep", "100"], securityContext=HOST)
    world.run(1_000)
    words = "Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host"
    assert world.pod("web")["status"]["message"] == words and world.pod("web")["status"]["reason"] == "AppArmor"


def test_a_seccomp_profile_must_be_on_the_node():
    world = World()
    profile = {"seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/audit.json"}}
    world.create("web", ["sleep", "100"], securityContext=profile)
    world.create("free", ["sleep", "100"], container={"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}, securityContext=profile)
    world.run(1_000)
    path = "/var/lib/kubelet/seccomp/profiles/audit.json"
    words = f'failed to create containerd container: cannot load seccomp profile "{path}": open {path}: no such file or directory'
    assert world.state("web")["state"]["waiting"] == {"reason": "CreateContainerError", "message": words}
    assert ("Failed", f"Error: {words}") in [event[:2] for event in world.events("web")] and "running" in world.state("free")["state"]
    world.node.runtime.host().nodes[path] = Node(text="{}")
    world.run(17_000)
    assert "running" in world.state("web")["state"]
