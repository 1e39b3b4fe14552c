"""Playbooks: static Pods run by their manifests, whatever becomes of their mirrors.

Sources: kubernetes pkg/kubelet/config/{file,common}.go, pkg/kubelet/pod/mirror_client.go.
"""

import pytest

from cluster.kubelet import static_pods
from cluster.runtime.filesystem import MANIFESTS
from tests.kubelet.world import World

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: app, image: "busybox:1", command: [sh, -c, "echo one; sleep 1000"]}
"""
NAME = "web-k8snode1"


class Folder(World):
    """A node with a Pod that writes into its folder of manifests."""

    def __init__(self):
        super().__init__()
        volume = {"name": "m", "hostPath": {"path": MANIFESTS}}
        self.create("writer", ["sleep", "1000"], container={"volumeMounts": [{"name": "m", "mountPath": "/m"}]}, volumes=[volume])
        self.run(2_000)

    @property
    def files(self):
        runtime = self.node.runtime
        process = runtime.state.processes[runtime.running("default/writer", "app")]
        return runtime._world(process, runtime.state.containers[process.container])

    def write(self, text: str = MANIFEST, name: str = "web.yaml", *, seconds: int = 4) -> None:
        assert self.files.put_file(f"/m/{name}", text)
        self.run(seconds * 1000)

    def containers(self) -> list[str]:
        return [each.id for each in self.node.runtime.state.containers.values() if each.pod == f"default/{NAME}"]


def test_a_manifest_is_run_and_its_mirror_tells_of_it():
    world = Folder()
    world.write()
    meta, status = world.pod(NAME)["metadata"], world.pod(NAME)["status"]
    own = meta["annotations"]["kubernetes.io/config.hash"]
    assert (meta["annotations"]["kubernetes.io/config.mirror"], meta["annotations"]["kubernetes.io/config.source"]) == (own, "file")
    assert len(own) == 32 and meta["uid"] != own and own in world.node.kubelet.state.workers
    [owner] = meta["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("Node", "k8snode1", True)
    assert (status["phase"], status["containerStatuses"][0]["ready"]) == ("Running", True)
    assert {"operator": "Exists", "effect": "NoExecute"} in world.pod(NAME)["spec"]["tolerations"]
    assert "one" in world.node.logs("default", NAME, "app", {})


def test_who_deletes_the_mirror_gets_another_one_and_the_containers_go_on():
    world = Folder()
    world.write()
    uid, containers = world.pod(NAME)["metadata"]["uid"], world.containers()
    world.delete(NAME)
    world.run(2_000)
    assert world.pod(NAME)["metadata"]["uid"] != uid and world.containers() == containers
    assert world.pod(NAME)["status"]["phase"] == "Running"


def test_another_manifest_of_that_name_begins_when_the_first_has_ended():
    world = Folder()
    world.write()
    first = world.pod(NAME)["metadata"]["annotations"]["kubernetes.io/config.mirror"]
    world.write(MANIFEST.replace("echo one", "echo two"), seconds=8)
    assert world.pod(NAME)["metadata"]["annotations"]["kubernetes.io/config.mirror"] != first
    assert "two" in world.node.logs("default", NAME, "app", {}) and [event[0] for event in world.events(NAME)].count("Started") == 2
    [stopped] = [fact.at_ms for fact in world.facts("ContainerExited")]
    assert stopped < [fact.at_ms for fact in world.facts("ContainerStarted")][-1]


def test_without_its_manifest_a_static_pod_ends_and_its_mirror_goes():
    world = Folder()
    world.write()
    assert world.files.remove_file("/m/web.yaml")
    world.run(6_000)
    assert world.pod(NAME) is None and not world.containers() and not world.node.kubelet.state.static


def test_a_restarted_kubelet_finds_its_static_pods_running():
    world = Folder()
    world.write()
    containers = world.containers()
    world.node.stop()
    world.run(2_000)
    world.node.start()
    world.run(5_000)
    assert world.containers() == containers and world.pod(NAME)["status"]["phase"] == "Running"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Object 'Kind' is missing"),
        ("apiVersion: v1\nkind: Pod\nspec: {containers: []}\n", "name is needed for the pod"),
        (MANIFEST.replace("image:", "imago:"), "spec.containers[0].image: Required value"),
        (MANIFEST.replace("spec:", "spec:\n  serviceAccountName: x"), "static pods may not reference serviceaccounts"),
        (MANIFEST.replace("spec:", "spec:\n  volumes: [{name: c, configMap: {name: c}}]"), "static pods may not reference configmaps"),
    ],
)
def test_what_is_no_static_pod_is_only_logged(text, words):
    world = Folder()
    world.write(text, seconds=1)
    [fact] = world.facts("ManifestRefused")
    assert words in fact.data["message"] and fact.data["path"] == f"{MANIFESTS}/web.yaml" and not world.node.kubelet.state.static


@pytest.mark.parametrize(("path", "counts"), [("/x.yaml", True), ("/x", True), ("/.x.yaml", False), ("/sub/x.yaml", False)])
def test_which_files_of_the_folder_are_manifests(path, counts):
    assert static_pods.is_manifest(MANIFESTS + path) is counts
