"""Volumes that nobody mounts, that there is no plugin for, that are images, and mounts that cannot be made.

Sources: kubernetes pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go (processPodVolumes), cache/desired_state_of_world.go,
pkg/kubelet/kubelet_pods.go (makeMounts), pkg/kubelet/kuberuntime/kuberuntime_manager.go (getImageVolumes), pkg/volume/git_repo, pkg/volume/csi.
"""

import pytest

from cluster.kubelet import sub_paths
from cluster.kubelet.environment import expanded
from cluster.kubelet.volume_contents import NotReady
from cluster.runtime import mounting
from cluster.runtime.filesystem import HOST, Mount, Node, Volume, folder
from cluster.runtime.state import Container, Process, RuntimeState

from .test_volumes import SLEEP, Shelf, mount
from .world import World

CSI = "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name a.example.com not found in the list of registered CSI drivers"
GIT = "git-repo volume plugin has been disabled; if necessary, it may be re-enabled by enabling the feature-gate `GitRepoVolumeDriver`"


def test_a_volume_that_nobody_mounts_keeps_nobody_waiting():
    world = World()
    lost = {"name": "lost", "persistentVolumeClaim": {"claimName": "nope"}}
    world.create("web", SLEEP, volumes=[{"name": "unused", "configMap": {"name": "nope"}}, lost])
    world.run(1_500)
    assert world.pod("web")["status"]["phase"] == "Running" and "FailedMount" not in [event[0] for event in world.events("web")]


@pytest.mark.parametrize(
    ("source", "words"), [({"gitRepo": {"repository": "https://example.com/x"}}, GIT), ({"csi": {"driver": "a.example.com"}}, CSI)]
)
def test_a_volume_without_its_driver_is_tried_again_and_again(source, words):
    world = Shelf()
    world.create("web", SLEEP, volumes=[{"name": "v", **source}])
    world.run(1_300)
    assert world.events("web") == [("FailedMount", f'MountVolume.SetUp failed for volume "v" : {words}', 2)]


@pytest.mark.parametrize(
    "source",
    [{"flexVolume": {"driver": "example.com/x"}}, {"glusterfs": {"endpoints": "e", "path": "p"}}, {"rbd": {"monitors": ["m"], "image": "i"}}],
)
def test_a_plugin_that_is_no_more_is_told_at_once(source):
    world = Shelf()
    world.create("web", SLEEP, volumes=[{"name": "v", **source}])
    world.run(500)
    lists = "unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]"
    words = 'failed to get Plugin from volumeSpec for volume "v" err=no volume plugin matched'
    assert world.events("web") == [("FailedMount", f"Unable to attach or mount volumes: {lists}: {words}", 1)]


def test_a_volume_of_a_driver_is_in_use_and_is_mounted_only_once_it_is_attached():
    world = Shelf()
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "csi": {"driver": "a.example.com", "volumeHandle": "d1"}}
    wanted = {"accessModes": ["ReadWriteOnce"], "volumeName": "v", "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "default"}, "spec": wanted}
    world.ask(world.hand.client.create("persistentvolumeclaims", claim))
    world.run(50)
    stored = world.store.get("/registry/persistentvolumeclaims/default/c").value
    reference = {"name": "c", "namespace": "default", "uid": stored["metadata"]["uid"]}
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {**spec, "claimRef": reference}}
    world.ask(world.hand.client.create("persistentvolumes", volume))
    world.ask(world.hand.client.patch("persistentvolumeclaims", "c", {"status": {"phase": "Bound"}}, "default", subresource="status"))
    world.run(50)
    world.create("web", SLEEP, volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}])
    world.run(12_000)
    name = "kubernetes.io/csi/a.example.com^d1"
    assert world.store.get("/registry/minions/k8snode1").value["status"]["volumesInUse"] == [name] and world.events("web") == []
    attached = {"status": {"volumesAttached": [{"name": name, "devicePath": ""}]}}
    world.ask(world.hand.client.patch("nodes", "k8snode1", attached, patch_type="merge", subresource="status"))
    world.run(9_000)
    words = "kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name a.example.com not found in the list of"
    assert world.events("web")[0][:2] == ("FailedMount", f'MountVolume.MountDevice failed for volume "v" : {words} registered CSI drivers')


def test_a_disk_of_a_cloud_waits_to_be_attached_and_then_for_its_driver():
    world = Shelf()
    world.create("web", SLEEP, volumes=[{"name": "d", "awsElasticBlockStore": {"volumeID": "vol-1"}}])
    world.run(12_000)
    name = "kubernetes.io/csi/ebs.csi.aws.com^vol-1"
    assert world.store.get("/registry/minions/k8snode1").value["status"]["volumesInUse"] == [name] and world.events("web") == []
    attached = {"status": {"volumesAttached": [{"name": name, "devicePath": ""}]}}
    world.ask(world.hand.client.patch("nodes", "k8snode1", attached, patch_type="merge", subresource="status"))
    world.run(9_000)
    words = 'MountVolume.MountDevice failed for volume "ebs.csi.aws.com-vol-1" : kubernetes.io/csi: attacher.MountDevice failed to create '
    assert world.events("web")[0][:2] == ("FailedMount", words + "newCsiDriverClient: driver name ebs.csi.aws.com not found in the list of "
                                          "registered CSI drivers")  # fmt: skip


def test_an_image_that_is_a_volume_is_looked_for_by_each_pass():
    world = Shelf()
    world.create("web", SLEEP, volumes=[{"name": "v", "image": {"reference": "busybox:1"}}])
    world.run(2_000)
    words = 'Container image "busybox:1" already present on machine and can be accessed by the pod'
    told = [count for reason, message, count in world.events("web") if (reason, message) == ("Pulled", words)]
    assert len(told) == 2 and min(told) == 1 < max(told) and world.pod("web")["status"]["phase"] == "Running"


def test_a_container_waits_for_the_image_that_it_mounts_and_others_do_not():
    world = Shelf()
    other = {"name": "other", "image": "busybox:1", "command": SLEEP}
    world.create("web", SLEEP, volumes=[{"name": "v", "image": {"reference": "registry.invalid/a:b"}}], others=[other])
    world.run(3_000)
    app, other = world.pod("web")["status"]["containerStatuses"]
    assert app["state"]["waiting"]["reason"] in ("ErrImagePull", "ImagePullBackOff") and "no such host" in app["state"]["waiting"]["message"]
    assert "running" in other["state"] and ("Failed", "Error: ErrImagePull", 1) in world.events("web")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"subPath": "a/b"}, "a/b"),
        ({"subPathExpr": "logs/$(POD)/$$(POD)"}, "logs/web-0/$(POD)"),
        ({"subPathExpr": "$(NO)/$(EMPTY)"}, NotReady("missing value for EMPTY, NO")),
        ({"subPathExpr": "$(ROOT)"}, NotReady("error SubPath `/etc` must not be an absolute path")),
        ({"subPathExpr": "$(UP)/x"}, NotReady("unable to provision SubPath `../x`: must not contain '..'")),
    ],
)
def test_the_part_of_a_volume_that_is_mounted(asked, found):
    values = {"POD": "web-0", "EMPTY": "", "ROOT": "/etc", "UP": ".."}
    if isinstance(found, str):
        assert sub_paths.part_of(asked, values, expanded) == found
    else:
        with pytest.raises(NotReady) as raised:
            sub_paths.part_of(asked, values, expanded)
        assert str(raised.value) == str(found)


def test_a_part_below_a_file_cannot_be_made():
    world = Shelf()
    world.put("ConfigMap", "conf", data={"a": "1"})
    world.start("web", mount("v", "/v", subPath="a/b"), volumes=[{"name": "v", "configMap": {"name": "conf"}}])
    waiting = world.state("web")["state"]["waiting"]
    assert waiting["reason"] == "CreateContainerConfigError"
    assert waiting["message"] == 'failed to create subPath directory for volumeMount "v" of container "app"'


VOLUMES = {
    "u/data": Volume({"/": folder(), "/part": Node("x")}),
    "u/conf": Volume({"/": folder()}, kind="configMap"),
    "u/app/subpath-0/conf": Volume({"/": Node("x")}, kind="configMap"),
    HOST: Volume({"/": folder(), "/srv/f": Node()}),
}
PODS = "/var/lib/kubelet/pods/u"


@pytest.mark.parametrize(
    ("path", "made", "source", "flags"),
    [
        ("/etc", Mount("u/app/subpath-0/conf", "/", True), f"{PODS}/volume-subpaths/conf/app/0", "0x5001"),
        ("/tmp", Mount("u/data", "/part"), f"{PODS}/volume-subpaths/data/app/0", "0x5000"),
        ("/etc/nginx/conf.d/default.conf", Mount("u/conf", "/", True), f"{PODS}/volumes/kubernetes.io~configmap/conf", "0x5001"),
        ("/etc", Mount(HOST, "/srv/f"), "/srv/f", "0x5000"),
        ("/etc", Mount("u/data"), "", ""),
        ("/new", Mount("u/data", "/part"), "", ""),
    ],
)
def test_a_file_does_not_go_over_a_folder_nor_a_folder_over_a_file(path, made, source, flags):
    process = Process("c", "server", ["x"], behaviour="nginx_official", mounts={path: made})
    found = mounting.problem(RuntimeState(volumes=VOLUMES), process, Container("c", "app", "u", "default/web", "s", 0, "nginx", "", "created", 0))
    how = f"mount {source}:{path} (via /proc/self/fd/6), flags: {flags}: not a directory"
    assert found == (source and f'error during container init: error mounting "{source}" to rootfs at "{path}": {how}')
