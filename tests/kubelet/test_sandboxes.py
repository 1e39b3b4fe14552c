"""Why a sandbox cannot be made, in upstream's and containerd's words, and that it is tried again.

Sources: kubernetes pkg/kubelet/kuberuntime/kuberuntime_sandbox.go, pkg/kubelet/util/util.go, pkg/kubelet/userns/userns_manager.go; containerd
internal/cri/server/sandbox_run.go.
"""

import pytest

from cluster.kubelet import sandboxes
from tests.kubelet.test_proc import said
from tests.kubelet.world import POLITE, World, conditions

LONG = "a" * 50


@pytest.mark.parametrize(
    ("hostname", "subdomain", "problem"),
    [
        ("web", "db", ""),
        (LONG, "", ""),
        (LONG, "db", f"FQDN {LONG}.db.default.svc.cluster.local is too long (64 characters is the max, 79 characters requested)"),
    ],
)
def test_a_host_name_with_its_domain_has_64_characters_at_most(hostname, subdomain, problem):
    spec = {"hostname": hostname, "subdomain": subdomain, "setHostnameAsFQDN": True}
    found = sandboxes.name_problem({"metadata": {"name": "x", "namespace": "default"}, "spec": spec}, "k8snode1")
    assert found == (problem and "failed to construct FQDN from pod hostname and cluster domain, " + problem)


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        ("", "runtime does not support user namespaces"),
        ("runc", 'RuntimeClass handler "runc" does not support user namespaces'),
        ("kata", 'RuntimeClass handler "kata" does not support user namespaces: the handler "kata" is not known'),
    ],
)
def test_a_runtime_without_user_namespaces_says_so(handler, words):
    assert sandboxes.users_problem(handler) == "can't set `spec.hostUsers: false`, " + words


def test_a_node_whose_runtime_makes_none_never_starts_a_pod_that_wants_one():
    world = World(profile="oracle")
    world.create("web", ["sleep", "1000"], hostUsers=False)
    world.run(3_000)
    told = "Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime does not support user namespaces"
    assert world.events("web")[0][:2] == ("FailedCreatePodSandBox", told)


def test_a_pod_with_users_of_its_own_shows_whom_they_are_on_the_node():
    world = World()
    for name, host_users in (("own", False), ("other", False), ("host", True)):
        world.create(name, POLITE, hostUsers=host_users)
    world.run(1_500)
    own, other, host = (said(world, name, "app", "cat /proc/self/uid_map") for name in ("own", "other", "host"))
    assert host == "         0          0 4294967295\n"
    first = int(own.split()[1])
    assert own == f"         0 {first:>10}      65536\n" and first and first % 65_536 == 0 and other.split()[1] not in (own.split()[1], "0")
    assert said(world, "own", "app", "cat /proc/1/gid_map; id -u") == own + "0\n"
    handlers = world.store.get("/registry/minions/k8snode1").value["status"]["runtimeHandlers"]
    assert all(each["features"]["userNamespaces"] for each in handlers)
    world.node.kill_sandbox("own")
    world.run(8_000)
    assert len(world.facts("SandboxStarted")) == 4
    assert said(world, "own", "app", "cat /proc/self/uid_map") == own  # the range is the Pod's
    world.delete("own")
    world.run(5_000)
    assert len(world.node.runtime.state.user_ranges) == 1


def with_class(handler: str) -> World:
    world = World()
    body = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "special"}, "handler": handler}
    world.ask(world.hand.client.create("runtimeclasses.node.k8s.io", body))
    world.run(100)
    world.create("web", ["sleep", "1000"], runtimeClassName="special")
    world.run(1_000)
    return world


def test_a_runtime_that_containerd_does_not_have_keeps_a_pod_from_starting():
    world = with_class("kata")
    world.run(16_000)
    told = [message for reason, message, _ in world.events("web") if reason == "FailedCreatePodSandBox"]
    assert len(told) == 2 and len(set(told)) == 2  # tried again after ten seconds and a bit, each try with an id of its own
    lead, _, rest = told[0].partition(' sandbox "')
    assert lead == "Failed to create pod sandbox: rpc error: code = Unknown desc = unable to get OCI runtime for"
    assert rest[64:] == '": no runtime for "kata" is configured'
    status = world.pod("web")["status"]
    assert (status["phase"], conditions(status)["PodReadyToStartContainers"]) == ("Pending", "False")
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}


def test_a_class_that_has_gone_since_is_not_found():
    world = with_class("kata")
    world.ask(world.hand.client.delete("runtimeclasses.node.k8s.io", "special"))
    world.run(16_000)
    assert world.events("web")[-1][:2] == ("FailedCreatePodSandBox", 'Failed to create pod sandbox: runtimeclass.node.k8s.io "special" not found')


def test_runc_by_its_name_is_as_good_as_none():
    world = with_class("runc")
    world.run(1_000)
    assert world.pod("web")["status"]["phase"] == "Running"


def test_a_resolver_that_leaves_something_out_says_so_by_each_pass():
    world = World()
    world.create("web", ["sleep", "100"], dnsConfig={"nameservers": ["1.1.1.1", "8.8.8.8", "9.9.9.9"]})
    world.run(3_000)
    [told] = [count for reason, message, count in world.events("web") if reason == "DNSConfigForming"]
    assert told >= 2 and world.pod("web")["status"]["phase"] == "Running"
