"""Owns the volumes of a kubelet's Pods: set up before their containers start, tried again when they cannot be, kept up to date.

Volumes that need nothing (emptyDir, the ServiceAccount's token) are made when a program first looks into them.
A simplification: the kubelet's look at kube-root-ca.crt is not played.
Source: kubernetes pkg/kubelet/volumemanager (volume_manager.go, reconciler, populator), pkg/util/goroutinemap/exponentialbackoff.
"""

from __future__ import annotations

from cluster.kinds._volume_binding import unique_name_of
from cluster.meta import quantity
from cluster.meta.gotext import quote
from cluster.runtime import reference
from cluster.runtime.filesystem import Mount, Volume, absolute, copied, image_tree, joined, real_path
from cluster.runtime.images import behaviour_of

from . import node_status, pod_amounts, references, resizing, sub_paths, tokens, volume_contents, volume_sources, volume_writer
from .state import Worker
from .volume_claims import claim_of, claim_problem, is_reachable, volume_problem
from .volume_contents import NotAttached, NotReady
from .volume_state import Failing, Mounted

FIRST_DELAY_MS, LONGEST_DELAY_MS = 500, 122_000
TIMEOUT_MS = 123_000  # podAttachAndMountTimeout
RESYNC_MS, JITTER = 60_000, 0.5
FOREGROUND_MS = 2_000  # a try that is further away does not keep the cluster from being settled
TIMED_OUT = "context deadline exceeded"
MADE = ("configMap", "secret", "downwardAPI", "projected")


class Volumes:
    """Part of one kubelet; `kubelet.state.volumes` holds Pod uid -> Mounted, of Pods that are not plain."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    @property
    def table(self) -> dict[str, Mounted]:
        return self.kubelet.state.volumes

    # -- within a pass ----------------------------------------------------------------------------------------------------

    def mount(self, worker: Worker, pod: dict) -> bool:
        """Set up what is not; True when all is there, else the pass goes on in `sync.mounted`, or is over."""
        mounted = self.kubelet.state.volumes.get(worker.uid)
        if mounted is None:
            if worker.mounted:
                return True
            if references.is_plain(pod) and not tokens.refusal(self.kubelet, pod):
                self._tell(worker, pod)
                return True
            mounted = self.table[worker.uid] = Mounted()
            worker.has_images = any("image" in volume for volume in pod["spec"].get("volumes") or ())
            self._note_disks(pod, mounted)
        if worker.mounted:
            self._refresh(worker, pod, mounted)
            return True
        mounted.since_ms = self.kubelet.now_ms
        missing = self.kubelet.objects.missing(worker.uid, pod)
        if missing or tokens.due(pod, mounted, self.kubelet.now_ms) or any(claim_of(pod, volume) for volume in references.used_volumes(pod)):
            self.kubelet.work(self._prepare(worker, pod, missing))
            return False
        return self._try(worker, pod, mounted)

    def _note_disks(self, pod: dict, mounted: Mounted) -> None:
        """Disks of clouds that the Pod names itself are to be attached."""
        for volume in references.used_volumes(pod):
            disk = volume_sources.of_driver(volume, pod["metadata"]["namespace"])
            if disk is not None:
                mounted.attachable[unique_name_of(disk)] = True

    def _prepare(self, worker: Worker, pod: dict, missing: list[str]):
        """Fetch what the volumes and the environment are made from."""
        yield from self.kubelet.objects.fetch(missing)
        yield from tokens.fetch(self.kubelet, pod, self.table[worker.uid])
        yield from self._look_at_claims(worker, pod)
        self.go_on(worker)

    def _look_at_claims(self, worker: Worker, pod: dict):
        """Find the PersistentVolumes behind claims. Source: desired_state_of_world_populator.go (getPVCExtractPV, getPVSpec)."""
        client, namespace = self.kubelet.client, pod["metadata"]["namespace"]
        for volume in references.used_volumes(pod):
            name, mounted = claim_of(pod, volume), self.table.get(worker.uid)
            if not name or mounted is None or volume["name"] in mounted.places:
                continue
            reply, found = (yield client.get("persistentvolumeclaims", name, namespace)), None
            problem = claim_problem(pod, volume, reply)
            if not problem:
                claim, reply = reply.body, (yield client.get("persistentvolumes", reply.body["spec"]["volumeName"]))
                problem = volume_problem(claim, reply)
                found = None if problem else volume_sources.translated(reply.body)
            lead = f"error processing PVC {namespace}/{name}: "
            mounted.claims[volume["name"]] = [found, lead + problem if problem else ""]
            if found is not None and found["spec"].get("csi") and volume_sources.needs_attaching(found["spec"]):
                mounted.attachable[unique_name_of(found)] = True

    def go_on(self, worker: Worker) -> None:
        """A pass that waited: try again, or give it up when the Pod has begun to end."""
        kubelet, mounted = self.kubelet, self.table.get(worker.uid)
        pod = kubelet.pod(worker.uid)
        if mounted is None or not worker.running or worker.mounted or mounted.since_ms < 0:
            return
        if pod is None or worker.cancelled:
            self.give_up(worker)
        elif self._try(worker, pod, mounted):
            kubelet.sync.mounted(worker)

    def give_up(self, worker: Worker) -> None:
        """The Pod ends while its volumes are waited for."""
        mounted = self.table.get(worker.uid)
        if mounted is not None and worker.running and not worker.mounted and mounted.since_ms >= 0:
            self.kubelet.cancel(mounted.retry)
            mounted.retry, mounted.since_ms = 0, -1
            self.kubelet.workers.done(worker)

    # -- setting up -------------------------------------------------------------------------------------------------------

    def _try(self, worker: Worker, pod: dict, mounted: Mounted) -> bool:
        """One try of what is due; what fails is tried again later."""
        kubelet, now_ms = self.kubelet, self.kubelet.now_ms
        unprocessed = self._unprocessed(pod, mounted)
        if unprocessed:
            self._fail(worker, pod, mounted, "; ".join(unprocessed.values()), sorted(unprocessed))
            return False
        for volume in references.used_volumes(pod):
            failing = mounted.failing.get(volume["name"])
            if volume["name"] in mounted.places or (failing is not None and failing.due_ms > now_ms):
                continue
            try:
                self._set_up(worker, pod, volume, mounted)
                mounted.failing.pop(volume["name"], None)
            except NotReady as error:
                self._note(worker, pod, volume, mounted, "" if isinstance(error, NotAttached) else str(error), error.step)
        if mounted.failing:
            self._wait(worker, mounted)
            return False
        mounted.since_ms, mounted.retry = -1, 0
        self._tell(worker, pod)
        self._plan_resync(worker, pod, mounted)
        kubelet.cancel(mounted.retry)
        return True

    def _unprocessed(self, pod: dict, mounted: Mounted) -> dict[str, str]:
        """volume -> why it is none that could be set up: its claim, or a plugin that is no more.

        Source: desired_state_of_world.go (AddPodToVolume).
        """
        found = {name: words for name, (_, words) in mounted.claims.items() if words}
        for volume in references.used_volumes(pod):
            name = volume["name"]
            persistent = mounted.claims[name][0] if name in mounted.claims else None
            if name not in found and volume_sources.has_no_plugin(persistent["spec"] if persistent else volume):
                shown = persistent["metadata"]["name"] if persistent else name
                found[name] = f"failed to get Plugin from volumeSpec for volume {quote(shown)} err=no volume plugin matched"
        return found

    def _tell(self, worker: Worker, pod: dict) -> None:
        worker.mounted = True
        if not self.kubelet.engine.trace.on:
            return
        tokens.tell(self.kubelet, worker, pod)
        self.kubelet.tell("VolumesMounted", worker, volumes=[volume["name"] for volume in pod["spec"].get("volumes") or ()])

    def _set_up(self, worker: Worker, pod: dict, volume: dict, mounted: Mounted) -> None:
        """Make one volume be there. Raises NotReady."""
        name, runtime, now_ms = volume["name"], self.kubelet.runtime, self.kubelet.now_ms
        if references.is_lazy(volume):
            refused = tokens.refusal(self.kubelet, pod) if name.startswith(references.TOKENS) else ""
            if refused:
                raise NotReady(refused)
            return
        if not MADE_FROM.isdisjoint(volume):
            self._write(pod, volume)
            mounted.places[name] = [f"{worker.uid}/{name}", "/", "ro"]
        elif volume.get("hostPath"):
            host = runtime.host_seen(absolute(volume["hostPath"].get("path", "/")))
            mounted.places[name] = volume_sources.host_path(host.nodes, volume["hostPath"], now_ms=now_ms)
        elif name in mounted.claims:
            mounted.places[name] = self._claimed(volume, mounted.claims[name][0])
        elif volume.get("image"):
            behaviour = behaviour_of(str(reference.parse(volume["image"].get("reference", ""))))
            runtime.state.volumes.setdefault(f"{worker.uid}/{name}", Volume(copied(image_tree(behaviour), "/"), kind="image"))
            mounted.places[name] = [f"{worker.uid}/{name}", "/", "ro"]
        else:
            self._check(pod, volume)
            mounted.places[name] = volume_sources.networked(volume) or [f"{worker.uid}/{name}", "/", ""]
        group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
        source = mounted.claims[name][0]["spec"] if name in mounted.claims else volume
        if group is not None and mounted.places[name][2] != "ro" and volume_sources.takes_group(source):
            key, root, _ = mounted.places[name]
            nodes, start = runtime.volume(key).nodes, root.rstrip("/") + "/"
            own = {path: node for path, node in nodes.items() if path == root or path.startswith(start)}
            is_left = pod["spec"]["securityContext"].get("fsGroupChangePolicy") == "OnRootMismatch" and volume_writer.is_given(nodes.get(root), group)
            if not is_left:
                volume_writer.give(own, group, read_only=False)

    def _check(self, pod: dict, volume: dict) -> None:
        """Whether a volume of the Pod's own can be set up at all. Raises NotReady."""
        disk = volume_sources.of_driver(volume, pod["metadata"]["namespace"])
        if disk is not None:
            volume_sources.wait_for_driver(disk, self._attached())
        volume_sources.check(volume, self.kubelet.machine.drivers)

    def _attached(self) -> list[str]:
        """What the controller says is attached to this node."""
        status = (self.kubelet.node_object() or {}).get("status") or {}
        return [each["name"] for each in status.get("volumesAttached") or ()]

    def _claimed(self, volume: dict, persistent: dict) -> list[str]:
        if not is_reachable(persistent, self.kubelet.node_object()):
            raise NotReady("no matching NodeSelectorTerms")
        tree = self.kubelet.runtime.host().nodes
        found = volume_sources.persistent(persistent, tree, now_ms=self.kubelet.now_ms, attached=self._attached())
        is_read_only = bool((volume.get("persistentVolumeClaim") or {}).get("readOnly"))
        return [found[0], found[1], "ro" if is_read_only else found[2]]

    def _write(self, pod: dict, volume: dict) -> bool:
        """Write what a volume is made of; whether anything changed. Raises NotReady."""
        kubelet, uid, namespace = self.kubelet, pod["metadata"]["uid"], pod["metadata"]["namespace"]
        payload = volume_contents.of(
            volume,
            pod,
            lambda resource, name: kubelet.objects.get(resource, namespace, name),
            node_status.allocatable(kubelet.machine),
            lambda source: tokens.text(pod, self.table[uid], volume["name"], source, kubelet.now_ms),
        )
        return self._store(f"{uid}/{volume['name']}", volume, pod, payload)

    def _store(self, key: str, volume: dict, pod: dict, payload: dict) -> bool:
        kubelet = self.kubelet
        kind = next(kind for kind in MADE if kind in volume)
        known = kubelet.runtime.state.volumes
        if key not in known:
            known[key] = Volume(kind=kind)
        moment = kubelet.moment.now_text.rstrip("Z").replace("-", "_").replace("T", "_").replace(":", "_")
        suffix = kubelet.engine.rng("volumes/" + kubelet.node).below(1 << 32)
        group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
        mode = 0o777 if kind == "configMap" else 0o1777
        return volume_writer.write(known[key].nodes, payload, name=f"..{moment}.{suffix}", now_ms=kubelet.now_ms, group=group, mode=mode)

    # -- what fails -------------------------------------------------------------------------------------------------------

    def in_use(self) -> list[str]:
        """What a Node's status names as in use: volumes that are attached, or are to be, for Pods that have not ended."""
        return sorted({name for mounted in self.table.values() for name in mounted.attachable})

    def _note(self, worker: Worker, pod: dict, volume: dict, mounted: Mounted, why: str, step: str) -> None:
        """A volume could not be set up: say so, and wait twice as long as before. why: "" when it is not attached yet."""
        kubelet, name = self.kubelet, volume["name"]
        before = mounted.failing.get(name)
        delay_ms = min(before.delay_ms * 2, LONGEST_DELAY_MS) if before else FIRST_DELAY_MS
        late_ms = 0 if before else kubelet.latency("volume_mount")
        mounted.failing[name] = Failing(delay_ms, kubelet.now_ms + late_ms + delay_ms, not why)
        if not why:
            return
        claimed, disk = mounted.claims.get(name), volume_sources.of_driver(volume, pod["metadata"]["namespace"])
        persistent = claimed[0] if claimed else disk
        shown = persistent["metadata"]["name"] if persistent else name
        kubelet.after(late_ms, "report_mount", worker.uid, name, f"MountVolume.{step} failed for volume {quote(shown)} : {why}", delay_ms)

    def report(self, uid: str, volume: str, message: str, delay_ms: int) -> None:
        """What a failed try leaves behind."""
        pod, worker = self.kubelet.pod(uid), self.kubelet.state.workers.get(uid)
        if pod is not None and worker is not None:
            self.kubelet.recorder.event(pod, "Warning", "FailedMount", message)
            self.kubelet.tell("VolumeNotMounted", worker, volume=volume, message=message, delay_ms=delay_ms)

    def _wait(self, worker: Worker, mounted: Mounted) -> None:
        kubelet = self.kubelet
        due_ms = min(failing.due_ms for failing in mounted.failing.values())
        ends_ms = mounted.since_ms + TIMEOUT_MS
        delay_ms = max(min(due_ms, ends_ms) - kubelet.now_ms, 1)
        kubelet.cancel(mounted.retry)
        mounted.retry = kubelet.after(delay_ms, "retry_mount", worker.uid, background=delay_ms > FOREGROUND_MS)

    def retry(self, uid: str) -> None:
        """The next try is due, or the pass has waited for too long."""
        mounted, worker, pod = self.table.get(uid), self.kubelet.state.workers.get(uid), self.kubelet.pod(uid)
        if mounted is None or worker is None or pod is None or mounted.since_ms < 0:
            return
        mounted.retry = 0
        if self.kubelet.now_ms >= mounted.since_ms + TIMEOUT_MS:
            self._fail(worker, pod, mounted, TIMED_OUT, [])
        elif tokens.due(pod, mounted, self.kubelet.now_ms):
            self.kubelet.work(self._fetch_tokens(worker, pod, mounted))
        else:
            self.go_on(worker)

    def _fetch_tokens(self, worker: Worker, pod: dict, mounted: Mounted):
        yield from tokens.fetch(self.kubelet, pod, mounted)
        self.go_on(worker)

    def _fail(self, worker: Worker, pod: dict, mounted: Mounted, why: str, unprocessed: list[str]) -> None:
        """The pass is over without its volumes; another follows. That time ran out is nothing to tell: what failed has been told.

        Source: kubelet.go (SyncPod: an error that is an interrupted wait leaves no Event).
        """
        kubelet = self.kubelet
        wanted = [volume["name"] for volume in references.used_volumes(pod)]
        unmounted = [name for name in wanted if name in mounted.failing or name in unprocessed]
        unattached = " ".join(sorted(name for name in unmounted if name in mounted.failing and mounted.failing[name].is_unattached))
        lists = f"unmounted volumes=[{' '.join(unmounted)}], unattached volumes=[{unattached}], failed to process volumes=[{' '.join(unprocessed)}]"
        message = f"Unable to attach or mount volumes: {lists}: {why}"
        if why != TIMED_OUT:
            kubelet.recorder.event(pod, "Warning", "FailedMount", message)
        kubelet.tell("VolumeNotMounted", worker, volume=" ".join(unmounted), message=message, delay_ms=0)
        mounted.since_ms, mounted.claims = -1, {}
        kubelet.cancel(mounted.retry)
        kubelet.workers.done(worker, retry_ms=kubelet.workers.retry_delay_ms(worker, None))

    # -- keeping up to date -----------------------------------------------------------------------------------------------

    def _refresh(self, worker: Worker, pod: dict, mounted: Mounted) -> None:
        """Write anew what has changed, as each pass does."""
        if not references.is_live(pod):
            return
        if tokens.due(pod, mounted, self.kubelet.now_ms):
            self.kubelet.work(self._renew(worker, pod, mounted))
        self._rewrite(worker, pod)
        self._plan_resync(worker, pod, mounted)

    def _renew(self, worker: Worker, pod: dict, mounted: Mounted):
        """Get other tokens for those that are old."""
        yield from tokens.fetch(self.kubelet, pod, mounted)
        if self.table.get(worker.uid) is mounted and worker.phase == "sync":
            self._rewrite(worker, pod)

    def _rewrite(self, worker: Worker, pod: dict) -> None:
        for volume in references.used_volumes(pod):
            if references.is_lazy(volume) or MADE_FROM.isdisjoint(volume):
                continue
            try:
                if self._write(pod, volume):
                    self.kubelet.tell("VolumeUpdated", worker, volume=volume["name"])
            except NotReady as error:
                message = f"MountVolume.SetUp failed for volume {quote(volume['name'])} : {error}"
                self.kubelet.recorder.event(pod, "Warning", "FailedMount", message)

    def _plan_resync(self, worker: Worker, pod: dict, mounted: Mounted) -> None:
        """Without any other cause a Pod is looked at again each minute or so; only what is live needs it here."""
        kubelet = self.kubelet
        kubelet.cancel(mounted.resync)
        mounted.resync = 0
        if references.is_live(pod):
            wait_ms = RESYNC_MS + int(RESYNC_MS * JITTER * kubelet.engine.rng("jitter/" + kubelet.node).random())
            mounted.resync = kubelet.after(wait_ms, "resync_volumes", worker.uid, background=True)

    def resync(self, uid: str) -> None:
        worker, mounted = self.kubelet.state.workers.get(uid), self.table.get(uid)
        if worker is None or mounted is None or worker.phase != "sync":
            return
        mounted.resync = 0
        worker.pending = worker.pending or "sync"
        self.kubelet.workers.begin(uid)

    # -- what containers get ----------------------------------------------------------------------------------------------

    def mounts(self, pod: dict, spec: dict, values: dict[str, str], expand) -> dict[str, Mount]:
        """What is mounted where in a container. Raises NotReady."""
        uid, found = pod["metadata"]["uid"], {}
        mounted = self.kubelet.state.volumes.get(uid)
        for index, mount in enumerate(spec.get("volumeMounts") or ()):
            name = mount["name"]
            key, root, only = mounted.places.get(name) if mounted and name in mounted.places else (f"{uid}/{name}", "/", "")
            part = sub_paths.part_of(mount, values, expand) if "subPath" in mount or "subPathExpr" in mount else ""
            if part:
                key, root = self._part(pod, spec, index, key, joined(root, absolute(part)), is_made=only == "ro" and key.startswith(uid))
            is_read_only = bool(mount.get("readOnly")) or only == "ro" or name.startswith(references.TOKENS)
            found[absolute(mount["mountPath"])] = Mount(key, root, is_read_only)
        return found

    def _part(self, pod: dict, spec: dict, index: int, key: str, path: str, *, is_made: bool) -> tuple[str, str]:
        """A part of a volume. What is made from objects is seen as it was when the container started, whatever becomes of it."""
        tree = self.kubelet.runtime.volume(key).nodes
        path = real_path(tree, path)
        if path not in tree:
            sub_paths.check_above(tree, path, spec["volumeMounts"][index], spec)
            sub_paths.make(tree, path, now_ms=self.kubelet.now_ms)
        if not is_made:
            return key, path
        own = f"{pod['metadata']['uid']}/{spec['name']}/subpath-{index}/{spec['volumeMounts'][index]['name']}"
        self.kubelet.runtime.state.volumes[own] = Volume(copied(tree, path), kind="configMap")
        return own, "/"

    def fill(self, key: str) -> None:
        """Somebody looks into a volume of a Pod for the first time, or its token has grown old."""
        uid, _, name = key.partition("/")
        pod = self.kubelet.pod(uid)
        volume = next((each for each in (pod or {"spec": {}})["spec"].get("volumes") or () if each["name"] == name), None)
        if pod is None or volume is None:
            return
        if "emptyDir" in volume:
            self._fill_empty(key, pod, volume["emptyDir"] or {})
        elif name.startswith(references.TOKENS) and "projected" in volume:
            self._fill_token(key, pod, volume)

    def _fill_empty(self, key: str, pod: dict, source: dict) -> None:
        made = self.kubelet.runtime.state.volumes[key]
        made.medium = source.get("medium", "")
        if source.get("sizeLimit"):
            made.limit_bytes = quantity.parse(str(source["sizeLimit"])).value
        if made.medium == "Memory":
            made.nodes["/"].mode |= 0o1000
            made.limit_bytes = self._size_in_memory(pod, made.limit_bytes)
        group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
        if group is not None:
            volume_writer.give(made.nodes, group, read_only=False)

    def _size_in_memory(self, pod: dict, wanted: int) -> int:
        """How large a volume in memory is made: as its limit says, but no more than its Pod, or all Pods, may hold.

        Source: pkg/volume/emptydir/empty_dir.go (calculateEmptyDirMemorySize).
        """
        most = quantity.parse(node_status.allocatable(self.kubelet.machine)["memory"]).value
        limit = resizing.memory_limit(pod["spec"]) if pod_amounts.is_declared(pod["spec"], "memory") else 0
        most = limit if 0 < limit <= most else most
        return wanted if 0 < wanted <= most else most

    def _fill_token(self, key: str, pod: dict, volume: dict) -> None:
        kubelet, namespace = self.kubelet, pod["metadata"]["namespace"]
        server, stale = kubelet.client.server, []

        def look(resource: str, name: str) -> dict | None:
            return server.held(resource, namespace, name) or EMPTY

        def token(source: dict) -> str:
            text, old_ms = tokens.of_account(kubelet, pod, source)
            stale.append(old_ms)
            return text

        try:
            payload = volume_contents.of(volume, pod, look, node_status.allocatable(kubelet.machine), token)
        except NotReady:
            return
        self._store(key, volume, pod, payload)
        made = kubelet.runtime.state.volumes[key]
        made.kind, made.stale_ms = "projected", min(stale, default=0)

    def forget(self, uid: str) -> None:
        """The Pod is gone."""
        mounted = self.table.pop(uid, None)
        if mounted is not None:
            self.kubelet.cancel(mounted.retry)
            self.kubelet.cancel(mounted.resync)
            self.kubelet.objects.forget(uid)


MADE_FROM = frozenset(MADE)
EMPTY = {"kind": "ConfigMap", "data": {"ca.crt": ""}}  # before its controller has made it
