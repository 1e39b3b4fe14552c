"""Playbooks: volumes are set up, tried again, kept up to date, and gone with their Pod. Figures: the referee's notes on a real cluster."""

from __future__ import annotations

import base64
import json

import pytest

from cluster.kubelet import tokens, volume_sources
from cluster.kubelet.volume_contents import NotReady
from cluster.runtime import filesystem
from tests.kubelet.world import World, account

SLEEP = ["sleep", "1000"]


class Shelf(World):
    """A world with objects for volumes, and a look into them."""

    def create(self, name: str, command=None, *, container=None, volumes=(), **more) -> None:
        """As ever; volumes that no mount is given for are mounted under their names."""
        mounts = [mount(each["name"], f"/{each['name']}") for each in volumes]
        super().create(name, command, container={"volumeMounts": mounts, **(container or {})}, volumes=list(volumes), **more)

    def put(self, kind: str, name: str, **data) -> None:
        resource = "configmaps" if kind == "ConfigMap" else "secrets"
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, **data}
        self.ask(self.hand.client.create(resource, body))
        self.run(20)

    def start(self, name: str, *mounts: dict, volumes: list[dict] = (), container=None, **spec) -> None:
        self.create(name, SLEEP, container={**(container or {}), "volumeMounts": list(mounts)}, volumes=list(volumes), **spec)
        self.run(1_500)

    def inside(self, pod: str, container: str = "app"):
        """The files as a process of a container sees them."""
        runtime = self.node.runtime
        container_id = runtime.running(f"default/{pod}", container)
        return runtime._world(runtime.state.processes[container_id], runtime.state.containers[container_id])

    def read(self, pod: str, path: str) -> str | None:
        return self.inside(pod).read_file(path)


def mount(name: str, path: str, **more) -> dict:
    return {"name": name, "mountPath": path, **more}


def test_keys_of_objects_are_files_with_modes():
    world = Shelf()
    world.put("ConfigMap", "conf", data={"a": "1", "b": "2"}, binaryData={"c": base64.b64encode(b"\xff").decode()})
    world.put("Secret", "pass", data={"k": base64.b64encode(b"s3cret").decode()})
    volumes = [
        {"name": "all", "configMap": {"name": "conf"}},
        {"name": "some", "configMap": {"name": "conf", "items": [{"key": "a", "path": "deep/x", "mode": 0o400}]}},
        {"name": "pass", "secret": {"secretName": "pass", "defaultMode": 0o440}},
        {"name": "none", "secret": {"secretName": "absent", "optional": True}},
    ]
    world.start("web", *(mount(each["name"], f"/{each['name']}") for each in volumes), volumes=volumes)
    files = world.inside("web")
    assert [name for name in files.names("/all") if not name.startswith("..2026")] == ["..data", "a", "b", "c"]
    assert (files.read_file("/all/a"), files.read_file("/some/deep/x"), files.read_file("/pass/k")) == ("1", "1", "s3cret")
    assert (files.look("/some/deep/x").mode, files.look("/pass/k").mode, files.look("/all/b").mode) == (0o400, 0o440, 0o644)
    assert [name for name in files.names("/none") if not name.startswith("..2026")] == ["..data"]
    assert not files.write_file("/all/new", "x", append=False) and files.why == "Read-only file system"


def test_a_changed_object_reaches_the_volume_at_the_next_sync_and_never_a_sub_path():
    world = Shelf()
    world.put("ConfigMap", "conf", data={"a": "old"})
    world.start("web", mount("c", "/c"), mount("c", "/one/a", subPath="a"), volumes=[{"name": "c", "configMap": {"name": "conf"}}])
    world.ask(world.hand.client.patch("configmaps", "conf", {"data": {"a": "new"}}, "default"))
    world.run(55_000)
    assert world.read("web", "/c/a") == "old"
    world.run(36_000)
    assert (world.read("web", "/c/a"), world.read("web", "/one/a")) == ("new", "old")
    assert [fact.data["volume"] for fact in world.facts("VolumeUpdated")] == ["c"]


def test_a_label_reaches_the_downward_volume_at_once():
    world = Shelf()
    items = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
    world.start("web", mount("i", "/i"), volumes=[{"name": "i", "downwardAPI": {"items": items}}])
    world.ask(world.hand.client.patch("pods", "web", {"metadata": {"labels": {"tier": "x"}}}, "default"))
    world.run(2_500)
    assert world.read("web", "/i/labels") == 'tier="x"'


def test_a_missing_object_is_said_and_tried_again_after_half_a_second_doubled():
    world = Shelf()
    began_ms = world.engine.now_ms
    world.create("web", SLEEP, volumes=[{"name": "c", "configMap": {"name": "conf"}}])
    world.run(1_200)
    assert [(200 <= (fact.at_ms - began_ms) + 100 <= 1_000) for fact in world.facts("VolumeNotMounted")] == [True, True]
    assert world.events("web") == [("FailedMount", 'MountVolume.SetUp failed for volume "c" : configmap "conf" not found', 2)]
    world.put("ConfigMap", "conf", data={})
    world.run(2_000)
    assert "running" in world.state("web")["state"] and world.events("web")[0][2] == 2


def test_after_two_minutes_the_pass_is_given_up_and_begun_again_without_a_word():
    world = Shelf()
    world.create("web", SLEEP, volumes=[{"name": "c", "secret": {"secretName": "s"}}, {"name": "d", "emptyDir": {}}])
    world.run(124_000)
    words = "Unable to attach or mount volumes: unmounted volumes=[c], unattached volumes=[], failed to process volumes=[]: context deadline exceeded"
    assert world.facts("VolumeNotMounted")[-1].data["message"] == words
    assert [event[1] for event in world.events("web")] == ['MountVolume.SetUp failed for volume "c" : secret "s" not found']
    world.put("Secret", "s", data={})
    world.run(135_000)
    assert "running" in world.state("web")["state"]


def test_a_pod_that_waits_for_volumes_can_be_deleted_and_leaves_nothing():
    world = Shelf()
    world.create("web", SLEEP, volumes=[{"name": "c", "configMap": {"name": "conf"}}])
    world.run(5_000)
    world.delete("web", grace_s=30)
    world.run(3_000)
    kubelet = world.node.kubelet
    assert world.pod("web") is None and not kubelet.state.volumes and not kubelet.state.objects and not kubelet.state.workers


@pytest.mark.parametrize(
    ("volume", "why"),
    [
        ({"configMap": {"name": "conf", "items": [{"key": "x", "path": "x"}]}}, "configmap references non-existent config key: x"),
        ({"projected": {"sources": [{"secret": {"name": "no"}}, {"configMap": {"name": "no"}}]}},
         '[secret "no" not found, configmap "no" not found]'),
        ({"hostPath": {"path": "/none", "type": "Directory"}}, "hostPath type check failed: /none is not a directory"),
        ({"hostPath": {"path": "/etc", "type": "File"}}, "hostPath type check failed: /etc is not a file"),
        ({"hostPath": {"path": "/etc/hosts", "type": "Socket"}}, "hostPath type check failed: /etc/hosts is not a socket file"),
        ({"hostPath": {"path": "/no/x", "type": "FileOrCreate"}}, "open /no/x: no such file or directory"),
    ],
)  # fmt: skip
def test_a_volume_that_cannot_be_says_why(volume, why):
    world = Shelf()
    world.put("ConfigMap", "conf", data={"a": "1"})
    world.create("web", SLEEP, volumes=[{"name": "v", **volume}])
    world.run(400)
    assert world.events("web") == [("FailedMount", f'MountVolume.SetUp failed for volume "v" : {why}', 1)]


def test_an_empty_dir_outlives_containers_and_not_the_pod():
    world = Shelf()
    world.start("web", mount("d", "/d"), volumes=[{"name": "d", "emptyDir": {}}])
    assert world.inside("web").write_file("/d/f", "kept", append=False) and world.inside("web").write_file("/own", "lost", append=False)
    world.node.runtime.kill_container("default/web", "app")
    world.run(3_000)
    assert (world.read("web", "/d/f"), world.read("web", "/own")) == ("kept", None)
    world.delete("web", grace_s=0)
    world.run(3_000)
    world.start("web", mount("d", "/d"), volumes=[{"name": "d", "emptyDir": {}}])
    assert world.read("web", "/d/f") is None


def test_memory_is_full_at_its_limit_and_zeros_are_counted_not_kept():
    world = Shelf()
    volumes = [{"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}, {"name": "d", "emptyDir": {}}]
    world.start("web", mount("m", "/m"), mount("d", "/d"), volumes=volumes)
    files = world.inside("web")
    assert not files.put_file("/m/big", "", zeros=2 << 20) and files.why == "No space left on device"
    assert files.put_file("/d/big", "", zeros=100 << 20) and files.look("/d/big").size == 100 << 20 == files.used_bytes("/d")
    assert not files.put_file("/d/text", "x" * (5 << 20)) and files.why == "No space left on device"


def test_host_path_knows_devices_and_sockets():
    tree = {"/": filesystem.folder(), **{f"/{kind[0]}": filesystem.Node(kind=kind) for kind in ("character", "block", "socket")}}
    for kind, path in (("CharDevice", "/c"), ("BlockDevice", "/b"), ("Socket", "/s"), ("", "/c")):
        assert volume_sources.host_path(tree, {"path": path, "type": kind}, now_ms=0) == ["host", path, ""]
    for kind, path, words in (("BlockDevice", "/c", "a block device"), ("File", "/s", "a file"), ("Directory", "/b", "a directory")):
        with pytest.raises(NotReady, match=f"{path} is not {words}"):
            volume_sources.host_path(tree, {"path": path, "type": kind}, now_ms=0)


def test_pods_of_a_node_share_its_file_system_by_host_path():
    world = Shelf()
    volumes = [{"name": "h", "hostPath": {"path": "/srv/data", "type": "DirectoryOrCreate"}}]
    world.start("one", mount("h", "/h"), volumes=volumes)
    world.start("two", mount("h", "/in", readOnly=True), volumes=volumes)
    assert world.inside("one").write_file("/h/f", "x", append=False)
    assert world.read("two", "/in/f") == "x" and not world.inside("two").remove_file("/in/f")
    for name in ("one", "two"):
        world.delete(name, grace_s=0)
    world.run(3_000)
    assert world.node.runtime.host().nodes["/srv/data/f"].text == "x"


def test_the_token_is_made_when_somebody_looks_and_again_when_it_is_old():
    world = Shelf()
    world.start("web")
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert not [key for key in world.node.runtime.state.volumes if "kube-api-access" in key]
    first = world.read("web", f"{folder}/token")
    assert first.count(".") == 2 and world.read("web", f"{folder}/namespace") == "default"
    world.run(60_000)
    assert world.read("web", f"{folder}/token") == first
    world.run(50 * 60_000)
    assert world.read("web", f"{folder}/token") != first


def test_a_user_reads_what_its_group_may_and_writes_nowhere_on_a_read_only_root():
    world = Shelf()
    world.put("Secret", "pass", data={"k": base64.b64encode(b"x").decode()})
    volumes = [{"name": "s", "secret": {"secretName": "pass", "defaultMode": 0o400}}, {"name": "d", "emptyDir": {}}]
    context = {"securityContext": {"readOnlyRootFilesystem": True}}
    world.start("web", mount("s", "/s"), mount("d", "/d"), volumes=volumes, container=context, securityContext={"runAsUser": 7, "fsGroup": 9})
    files = world.inside("web")
    assert (files.read_file("/s/k"), files.look("/s/k").mode, files.look("/s/k").group) == ("x", 0o440, 9)
    assert files.write_file("/d/f", "", append=False) and (files.look("/d/f").owner, files.look("/d/f").group) == (7, 9)
    assert files.make_folder("/d/in") and files.put_file("/d/in/g", "") and files.look("/d/in/g").group == 9
    assert not files.write_file("/tmp/f", "", append=False) and files.why == "Read-only file system"


def test_without_the_group_it_is_denied():
    world = Shelf()
    world.put("Secret", "pass", data={"k": base64.b64encode(b"x").decode()})
    volumes = [{"name": "s", "secret": {"secretName": "pass", "defaultMode": 0o400}}]
    world.start("web", mount("s", "/s"), volumes=volumes, securityContext={"runAsUser": 7})
    files = world.inside("web")
    assert files.read_file("/s/k") is None and files.why == "Permission denied"
    assert not files.write_file("/etc/x", "", append=False) and files.why == "Permission denied"


def test_a_missing_variable_keeps_the_container_waiting_until_it_is_there():
    world = Shelf()
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "a"}}}]
    world.start("web", container={"env": env})
    assert world.state("web")["state"] == {"waiting": {"reason": "CreateContainerConfigError", "message": 'configmap "conf" not found'}}
    assert ("Failed", 'Error: configmap "conf" not found') in [event[:2] for event in world.events("web")]
    world.put("ConfigMap", "conf", data={"a": "1"})
    world.run(17_000)
    assert "running" in world.state("web")["state"] and world.inside("web").process.env["A"] == "1"


def test_a_restarted_kubelet_finds_the_volumes_of_its_pods():
    world = Shelf()
    world.put("ConfigMap", "conf", data={"a": "1"})
    world.start("web", mount("c", "/c"), mount("d", "/d"), volumes=[{"name": "c", "configMap": {"name": "conf"}}, {"name": "d", "emptyDir": {}}])
    world.inside("web").write_file("/d/f", "kept", append=False)
    world.engine.stop(world.node.kubelet)
    world.run(5_000)
    world.engine.start(world.node.kubelet)
    world.run(5_000)
    assert (world.read("web", "/c/a"), world.read("web", "/d/f"), world.state("web")["restartCount"]) == ("1", "kept", 0)


def test_a_container_begins_in_its_folder_which_is_made_for_it():
    world = Shelf()
    world.create("web", ["sh", "-c", "pwd; echo x > f; sleep 1000"], container={"workingDir": "/srv/app"})
    world.run(1_500)
    log = world.node.runtime.state.logs[world.node.runtime.running("default/web", "app")]
    assert [line[2] for line in log.lines] == ["/srv/app"] and world.read("web", "/srv/app/f") == "x\n"


def test_id_and_status_say_who_the_container_is():
    world = Shelf()
    context = {"runAsUser": 7, "runAsGroup": 8, "fsGroup": 9, "supplementalGroups": [12, 3]}
    world.create("web", ["sh", "-c", "id; id -u; whoami; sleep 1000"], securityContext=context)
    world.run(1_500)
    log = world.node.runtime.state.logs[world.node.runtime.running("default/web", "app")]
    assert [line[2] for line in log.lines] == ["uid=7 gid=8 groups=3,8,9,12", "7", "whoami: unknown uid 7"]
    assert world.state("web")["user"] == {"linux": {"uid": 7, "gid": 8, "supplementalGroups": [3, 8, 9, 12]}}


def test_an_empty_dir_beyond_its_limit_ends_its_pod():
    world = Shelf()
    world.start("web", mount("d", "/d"), volumes=[{"name": "d", "emptyDir": {"sizeLimit": "1Mi"}}])
    assert world.inside("web").put_file("/d/big", "", zeros=2 << 20)
    world.run(72_000)
    status = world.pod("web")["status"]
    message = 'Usage of EmptyDir volume "d" exceeds the limit "1Mi". '
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "Evicted", message)
    assert ("Evicted", message, 1) in world.events("web") and not world.node.runtime.state.processes


def test_what_is_below_the_limit_again_when_it_is_measured_is_left_alone():
    world = Shelf()
    limits = {"resources": {"limits": {"ephemeral-storage": "1Mi"}}}
    world.start("web", container=limits)
    assert world.inside("web").put_file("/tmp/big", "", zeros=2 << 20) and world.inside("web").remove_file("/tmp/big")
    world.run(72_000)
    assert world.pod("web")["status"]["phase"] == "Running"
    assert world.inside("web").put_file("/tmp/big", "", zeros=2 << 20)
    world.run(72_000)
    assert world.pod("web")["status"]["message"] == "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. "


SMALL = {"resources": {"limits": {"ephemeral-storage": "1Mi"}}}
LARGE = {"name": "other", "image": "busybox:1", "command": SLEEP, "resources": {"limits": {"ephemeral-storage": "8Mi"}}}


@pytest.mark.parametrize(
    ("path", "mib", "message"),
    [
        ("/tmp/big", 2, 'Container app exceeded its local ephemeral storage limit "1Mi". '),
        ("/d/big", 10, "Pod ephemeral local storage usage exceeds the total limit of containers 9Mi. "),
        ("/d/big", 2, None),
        ("/m/big", 10, None),
    ],
)
def test_what_a_pod_stores_is_held_against_all_of_its_limits_first(path, mib, message):
    """Source: kubernetes pkg/kubelet/eviction/eviction_manager.go (localStorageEviction)."""
    world = Shelf()
    volumes = [{"name": "d", "emptyDir": {}}, {"name": "m", "emptyDir": {"medium": "Memory"}}]
    world.start("web", mount("d", "/d"), mount("m", "/m"), volumes=volumes, container=SMALL, others=[LARGE])
    assert world.inside("web").put_file(path, "", zeros=mib << 20)
    world.run(72_000)
    assert world.pod("web")["status"].get("message") == message


@pytest.mark.parametrize(
    ("size", "mib", "code", "log"),
    [
        (None, 20, 0, ["0"]),
        (None, 40, 137, []),  # its pages count as the container's memory
        ("16Mi", 20, 0, ["sh: write error: No space left on device", "1"]),
    ],
)
def test_a_volume_in_memory_is_as_large_as_its_limit_or_its_pods(size, mib, code, log):
    world = Shelf()
    volume = {"name": "m", "emptyDir": {"medium": "Memory", **({"sizeLimit": size} if size else {})}}
    more = {"volumeMounts": [mount("m", "/m")], "resources": {"limits": {"memory": "32Mi"}}}
    script = f"dd if=/dev/zero of=/m/x bs=1M count={mib} 2>/dev/null; echo $?"
    world.create("web", ["sh", "-c", script], container=more, volumes=[volume], restartPolicy="Never")
    world.run(3_000)
    ended = world.state("web")["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (code, "OOMKilled" if code else "Completed")
    assert [line[2] for kept in world.node.runtime.state.logs.values() for line in kept.lines][-1:] == log[-1:]


def test_that_the_simulated_disk_is_full_is_told_once():
    world = Shelf()
    world.start("web", mount("d", "/d"), volumes=[{"name": "d", "emptyDir": {}}])
    for _ in range(3):
        assert not world.inside("web").put_file("/d/big", "x" * (5 << 20))
    assert [fact.data["limit_mib"] for fact in world.facts("DiskBounded")] == [4] and world.state("web")["ready"]


VAULT = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 600, "audience": "vault"}}]}}


def asked_for_tokens(world):
    return [fact for fact in world.facts("RequestSent") if fact.data.get("subresource") == "token"]


def claims_in(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_a_token_of_a_projected_volume_is_asked_for_and_stays_until_it_is_old():
    world = Shelf()
    world.start("web", mount("t", "/t"), volumes=[VAULT])
    first = world.read("web", "/t/token")
    assert [fact.subject for fact in asked_for_tokens(world)] == ["serviceaccounts/default/default"]
    assert claims_in(first)["kubernetes.io"]["pod"]["name"] == "web" and claims_in(first)["aud"] == ["vault"]
    world.run(200_000)
    assert world.read("web", "/t/token") == first and not world.facts("VolumeUpdated")
    world.run(400_000)
    assert world.read("web", "/t/token") != first and len(asked_for_tokens(world)) == 2


def test_a_token_that_is_not_renewed_is_good_to_its_end():
    world = Shelf()
    world.start("web", mount("t", "/t"), volumes=[VAULT])
    first = world.read("web", "/t/token")
    world.store.delete("/registry/serviceaccounts/default/default")
    world.run(570_000)
    assert world.read("web", "/t/token") == first and len(asked_for_tokens(world)) > 1
    assert not [event for event in world.events("web") if event[0] == "FailedMount"]
    world.run(200_000)
    message = next(event[1] for event in world.events("web") if event[0] == "FailedMount")
    assert message.startswith('MountVolume.SetUp failed for volume "t" : token "default"/"default"/[]string{"vault"}/600/v1.BoundObjectReference{')
    assert message.endswith('expired and refresh failed: serviceaccounts "default" not found')


@pytest.mark.parametrize("volumes, name", [([VAULT], "t"), ([], "kube-api-access-")])
def test_without_its_account_a_pods_volumes_wait(volumes, name):
    world = Shelf()
    world.create("web", SLEEP, volumes=volumes, automountServiceAccountToken=not volumes)
    while world.pod("web") is None:
        world.run(1)
    world.store.delete("/registry/serviceaccounts/default/default")
    world.run(4_000)
    message = next(event[1] for event in world.events("web") if event[0] == "FailedMount")
    assert message.startswith(f'MountVolume.SetUp failed for volume "{name}')
    assert message.endswith(' : failed to fetch token: serviceaccounts "default" not found')
    world.store.put(*account())
    world.run(5_000)
    assert world.state("web")["ready"]


def test_no_token_is_had_while_the_api_server_is_off():
    world = Shelf()
    world.start("web")
    pod = world.pod("web")
    assert tokens.refusal(world.node.kubelet, pod) == ""
    world.engine.stop(world.server)
    words = tokens.refusal(world.node.kubelet, pod)
    assert words.startswith('failed to fetch token: Post "https://') and words.endswith("connect: connection refused")
    assert tokens.refusal(world.node.kubelet, {**pod, "spec": {**pod["spec"], "volumes": []}}) == ""


@pytest.mark.slow
def test_the_token_of_every_pod_is_a_step_and_dates_from_its_start():
    world = Shelf()
    world.start("web")
    step = world.facts("TokenRequested")[0]
    assert (step.subject, step.data["account"]) == ("pods/default/web", "default")
    world.run(60 * 60_000)
    found = claims_in(world.read("web", "/var/run/secrets/kubernetes.io/serviceaccount/token"))
    began_s = world.engine.clock.unix_ms(world.engine.clock.parse_ms(world.pod("web")["status"]["startTime"])) // 1000
    assert found["iat"] - began_s == 3607 * 8 // 10 and found["kubernetes.io"]["warnafter"] - found["iat"] == 3607
    assert found["exp"] - found["iat"] == 365 * 86_400


def test_a_log_on_the_node_can_be_mounted_by_its_name():
    world = Shelf()
    world.create("talks", ["sh", "-c", "echo hello; sleep 1000"])
    world.run(5_000)
    uid = world.pod("talks")["metadata"]["uid"]
    path = f"/var/log/pods/default_talks_{uid}/app/0.log"
    world.start("reads", mount("log", "/log", readOnly=True), volumes=[{"name": "log", "hostPath": {"path": path, "type": "FileOrCreate"}}])
    assert world.inside("reads").read_file("/log").endswith("stdout F hello\n")


def test_a_claims_pod_waits_until_the_claim_is_bound():
    world = Shelf()
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"metadata": {"name": "data", "namespace": "default"}, "spec": wanted}
    world.ask(world.hand.client.create("persistentvolumeclaims", {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim}))
    world.start("web", mount("v", "/v"), volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}])
    lists = "unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]"
    words = f"Unable to attach or mount volumes: {lists}: error processing PVC default/data: PVC is not bound"
    assert world.events("web") == [("FailedMount", words, 1)]
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/srv/v"}}
    stored = world.store.get("/registry/persistentvolumeclaims/default/data").value
    reference = {"name": "data", "namespace": "default", "uid": stored["metadata"]["uid"], "kind": "PersistentVolumeClaim"}
    body = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {**spec, "claimRef": reference}}
    world.ask(world.hand.client.create("persistentvolumes", body))
    bound = {**stored, "spec": {**stored["spec"], "volumeName": "v"}}
    world.ask(world.hand.client.update("persistentvolumeclaims", bound))
    world.run(50)
    world.ask(world.hand.client.patch("persistentvolumeclaims", "data", {"status": {"phase": "Bound"}}, "default", subresource="status"))
    world.run(17_000)
    assert world.inside("web").write_file("/v/f", "kept", append=False)
    world.delete("web", grace_s=0)
    world.run(3_000)
    assert world.node.runtime.host().nodes["/srv/v/f"].text == "kept"


def test_a_disk_without_its_driver_is_never_attached():
    world = Shelf()
    world.create("web", SLEEP, volumes=[{"name": "v", "awsElasticBlockStore": {"volumeID": "vol-1"}}])
    world.run(124_000)
    lists = "unmounted volumes=[v], unattached volumes=[v], failed to process volumes=[]"
    [fact] = world.facts("VolumeNotMounted")
    assert fact.data["message"] == f"Unable to attach or mount volumes: {lists}: context deadline exceeded" and world.events("web") == []


def test_the_whole_node_can_be_mounted():
    world = Shelf()
    world.start("web", mount("n", "/host"), volumes=[{"name": "n", "hostPath": {"path": "/"}}])
    assert world.read("web", "/host/etc/hostname") == "k8snode1\n" and "var" in world.inside("web").names("/host")


def test_a_log_collector_reads_the_logs_of_its_node():
    world = Shelf()
    world.create("talks", ["sh", "-c", "echo one; sleep 5; echo two; sleep 1000"])
    world.start("reads", mount("logs", "/var/log", readOnly=True), volumes=[{"name": "logs", "hostPath": {"path": "/var/log"}}])
    files = world.inside("reads")
    [name] = [name for name in files.names("/var/log/containers") if name.startswith("talks_default_app-")]
    [line] = files.read_file(f"/var/log/containers/{name}").splitlines()
    assert line.split(" ", 1)[1] == "stdout F one" and line.startswith("2026-01-01T09:00:0") and len(line.split()[0]) == 30
    world.run(6_000)
    assert world.read("reads", f"/var/log/containers/{name}").count("\n") == 2
    world.delete("talks", grace_s=0)
    world.run(5_000)
    assert [name for name in world.inside("reads").names("/var/log/containers") if name.startswith("talks")] == []


def test_a_part_of_a_volume_is_seen_under_another_name():
    world = Shelf()
    env = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    mounts = [mount("d", "/all"), mount("d", "/own", subPathExpr="pods/$(POD)"), mount("d", "/all/deep", subPath="x")]
    world.start("web", *mounts, volumes=[{"name": "d", "emptyDir": {}}], container={"env": env})
    files = world.inside("web")
    assert files.write_file("/own/f", "mine", append=False) and files.read_file("/all/pods/web/f") == "mine"
    assert files.write_file("/all/deep/g", "x", append=False) and files.names("/all") == ["deep", "pods", "x"]


def test_a_part_that_is_made_belongs_to_the_group_of_its_pod():
    world = Shelf()
    volumes = [{"name": "d", "emptyDir": {}}]
    world.start("web", mount("d", "/own", subPath="a/b"), mount("d", "/all"), volumes=volumes, securityContext={"fsGroup": 123})
    files = world.inside("web")
    made, above = files.look("/own"), files.look("/all/a")
    assert (made.group, oct(made.mode)) == (123, "0o2777") and (above.group, oct(above.mode)) == (123, "0o2755")


@pytest.mark.parametrize("source, is_given", [
    ({"nfs": {"server": "s"}}, False), ({"hostPath": {"path": "/x"}}, False), ({"local": {"path": "/x"}}, True), ({"iscsi": {"iqn": "x"}}, True),
    ({"csi": {"driver": "d"}, "accessModes": ["ReadWriteOnce"]}, False), ({"csi": {"fsType": "ext4"}, "accessModes": ["ReadWriteOnce"]}, True),
    ({"csi": {"fsType": "ext4"}, "accessModes": ["ReadWriteMany"]}, False),
])  # fmt: skip
def test_only_what_has_a_file_system_of_its_own_is_given_to_the_group(source, is_given):
    assert volume_sources.takes_group(source) == is_given


@pytest.mark.parametrize("policy, group", [("Always", 9), ("OnRootMismatch", 5)])
def test_files_are_left_alone_where_their_folder_is_the_groups_already(policy, group):
    world = Shelf()
    share = {"name": "d", "iscsi": {"targetPortal": "10.0.0.9:3260", "iqn": "iqn.2026-01.com.example:disk", "lun": 0}}
    world.start("first", mount("d", "/d"), volumes=[share], securityContext={"fsGroup": 9})
    files = world.inside("first")
    assert files.put_file("/d/f", "x") and files.change("/d/f", group=5)
    world.start("second", mount("d", "/d"), volumes=[share], securityContext={"fsGroup": 9, "fsGroupChangePolicy": policy})
    assert world.inside("second").look("/d/f").group == group


def test_a_container_that_asks_for_no_services_hears_of_the_api_server_alone():
    world = Shelf()
    ports = {"ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db", "namespace": "default"}, "spec": ports}
    world.ask(world.hand.client.create("services", service))
    world.run(50)
    world.start("knows")
    world.start("alone", enableServiceLinks=False)
    knows, alone = (world.inside(name).process.env for name in ("knows", "alone"))
    assert knows["DB_SERVICE_PORT"] == "80" and "DB_SERVICE_PORT" not in alone
    assert alone["KUBERNETES_SERVICE_HOST"] == knows["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
