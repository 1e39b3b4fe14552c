"""Owns static Pods: manifests in a folder of the node, which the kubelet runs by itself, and their mirrors in the API.

A static Pod has a uid of its own, made from its file; what the API shows under another one is a mirror, which only tells of it. Who deletes
the mirror gets a new one; who removes the file ends the Pod. A simplification: the folder is looked at when something in it changes.
Source: kubernetes pkg/kubelet/config/{file,common}.go, pkg/kubelet/pod/mirror_client.go, kubelet.go (SyncPod, HandlePodCleanups).
"""

from __future__ import annotations

import hashlib

from cluster.apiserver import decode, goyaml
from cluster.kinds import pod as pods
from cluster.meta.objects import draft
from cluster.meta.status import StatusError
from cluster.runtime.filesystem import FILE, HOST, MANIFESTS

HASH, SOURCE, SEEN, MIRROR = (f"kubernetes.io/config.{name}" for name in ("hash", "source", "seen", "mirror"))
HEARD_MS = 10  # until a change of the folder has been noticed
TOLERANT = {"operator": "Exists", "effect": "NoExecute"}


class Refused(Exception):
    """A manifest that is none of a static Pod; the message is upstream's."""


class StaticPods:
    """Part of one kubelet; `kubelet.state.static` holds uid -> static Pod, as it was made from its file."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    @property
    def table(self) -> dict[str, dict]:
        return self.kubelet.state.static

    # -- the folder ---------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Something in the folder is otherwise."""
        self.kubelet.after(HEARD_MS, "look_at_manifests")

    def look(self) -> None:
        """Compare the folder with what runs. A Pod of the same name must have ended before another one begins."""
        found = self._read()
        self.kubelet.state.has_static = self.kubelet.state.has_static or bool(found)
        for uid in [uid for uid in self.table if uid not in found]:
            self._ends(uid)
        taken = [worker.key for worker in self.kubelet.state.workers.values()]
        for uid, pod in found.items():
            if uid not in self.table and key_of(pod) not in taken:
                self._begins(uid, pod)

    def _read(self) -> dict[str, dict]:
        """uid -> Pod of each manifest; of two with one name the first counts."""
        found: dict[str, dict] = {}
        host = self.kubelet.runtime.state.volumes.get(HOST)
        nodes = host.nodes if host is not None else {}
        for path in sorted(path for path, node in nodes.items() if is_manifest(path) and node.kind == FILE):
            try:
                pod = made_from(path, nodes[path].text, self.kubelet.node)
            except (Refused, StatusError) as error:
                self._refuse(path, str(error))
                continue
            if key_of(pod) not in [key_of(each) for each in found.values()]:
                found[pod["metadata"]["uid"]] = pod
        return found

    def _refuse(self, path: str, message: str) -> None:
        self.kubelet.trace("ManifestRefused", f"nodes//{self.kubelet.node}", node=self.kubelet.node, path=path, message=message[:300])

    def _begins(self, uid: str, pod: dict) -> None:
        kubelet = self.kubelet
        pod["metadata"]["annotations"][SEEN] = kubelet.engine.clock.micro_text(kubelet.now_ms)
        pod["metadata"]["creationTimestamp"] = kubelet.moment.now_text
        self.table[uid] = pod
        kubelet.trace("StaticPodFound", f"pods/{key_of(pod)}", node=kubelet.node, pod=key_of(pod), uid=uid)
        kubelet.work(self._mirror(uid))
        kubelet.added(self.pod(uid))

    def _ends(self, uid: str) -> None:
        kubelet, pod = self.kubelet, self.pod(uid)
        del self.table[uid]
        kubelet.trace("StaticPodGone", f"pods/{key_of(pod)}", node=kubelet.node, pod=key_of(pod), uid=uid)
        kubelet.removed(pod, pod)

    # -- mirrors ------------------------------------------------------------------------------------------------------

    def pod(self, uid: str) -> dict:
        """A static Pod with the status that its mirror has."""
        pod, mirror = self.table[uid], self.mirror(uid)
        return {**pod, "status": (mirror or pod).get("status") or {}}

    def mirror(self, uid: str) -> dict | None:
        """What the API shows of a static Pod."""
        found = self.kubelet.pods.get(key_of(self.table[uid]))
        return found if found is not None and mirrored(found) == uid else None

    def _mirror(self, uid: str):
        """Show a static Pod in the API, if that does not show it already."""
        kubelet = self.kubelet
        if uid not in self.table or not kubelet.state.is_registered or self.mirror(uid) is not None:
            return
        reply = yield kubelet.client.create("pods", mirror_of(self.table[uid], kubelet.node, kubelet.state.node_uid))
        if not reply.ok and reply.reason == "AlreadyExists":
            found = kubelet.pods.get(key_of(self.table[uid])) if uid in self.table else None
            if found is not None and mirrored(found):
                yield from self._delete(found)

    def show_all(self) -> None:
        """The node is known to the API: so can its static Pods be."""
        for uid in self.table:
            self.kubelet.work(self._mirror(uid))

    def heard(self, kind: str, pod: dict) -> None:
        """News of a mirror."""
        kubelet, uid = self.kubelet, mirrored(pod)
        if kind == "DELETED":
            kubelet.state.last_sent.pop(uid, None)
            for each in [each for each, static in self.table.items() if key_of(static) == key_of(pod)]:
                kubelet.work(self._mirror(each))
        elif uid not in self.table:
            if uid not in kubelet.state.workers:
                kubelet.work(self._delete(pod))
        elif pods.is_terminating(pod):
            kubelet.work(self._delete(pod))
        elif uid in kubelet.state.statuses:
            kubelet.statuses.mark(uid)

    def _delete(self, pod: dict):
        meta = pod["metadata"]
        yield self.kubelet.client.delete("pods", meta["name"], meta["namespace"], grace_period_seconds=0, uid=meta["uid"])

    def ended(self, key: str) -> None:
        """Nothing is left on the node of a Pod that was static: its mirror goes too, and another one of its name may begin."""
        found = self.kubelet.pods.get(key)
        if found is not None and mirrored(found) and mirrored(found) not in self.table:
            self.kubelet.work(self._delete(found))
        self.changed()


def is_manifest(path: str) -> bool:
    """Whether a path of the node is that of a manifest: files whose names begin with a dot are none, nor those of folders in the folder."""
    folder, _, name = path.rpartition("/")
    return folder == MANIFESTS and not name.startswith(".")


def made_from(path: str, text: str, node: str) -> dict:
    """The Pod that a manifest is about. Raises Refused, or StatusError for what cannot be read."""
    pod = decoded(path, text)
    meta = pod.setdefault("metadata", {})
    if not meta.get("name"):
        raise Refused("invalid pod: name is needed for the pod")
    meta["uid"] = meta.get("uid") or hashlib.md5(f"host:{node} file:{path} {text}".encode(), usedforsecurity=False).hexdigest()
    meta.update(name=f"{meta['name']}-{node.lower()}", namespace=meta.get("namespace") or "default", generation=1)
    meta["annotations"] = {**(meta.get("annotations") or {}), HASH: meta["uid"], SOURCE: "file"}
    spec = pod.setdefault("spec", {})
    spec["nodeName"] = node
    spec["tolerations"] = [*(each for each in spec.get("tolerations") or () if each != TOLERANT), TOLERANT]
    pods.default(pod)
    errors = pods.KIND.validate(pod)
    if errors:
        raise Refused("invalid pod: " + "; ".join(str(error) for error in errors[:5]))
    used = referenced(spec)
    if used:
        raise Refused(f"static pods may not reference {used}")
    pod["status"] = {"phase": "Pending"}
    return pod


def decoded(path: str, text: str) -> dict:
    """The Pod in a text of YAML or JSON. Raises Refused, or StatusError."""
    raw, problem = text.encode("utf-8", "replace"), ""
    try:
        value, _ = goyaml.parse(raw)
    except goyaml.YAMLError as error:
        value, problem = None, f"error converting YAML to JSON: {error}"
    kind = value.get("kind") if isinstance(value, dict) else None
    if not problem and kind != "Pod":
        problem = f'no kind "{kind}" is a Pod' if kind else f"Object 'Kind' is missing in '{text.strip()[:60] or 'null'}'"
    if problem:
        raise Refused(f"{path}: couldn't parse as pod({problem}), please check config file")
    return draft(decode.decode(raw, "application/yaml", "", "v1", "Pod", "Ignore")[0])


def referenced(spec: dict) -> str:
    """The sort of API objects that a Pod refers to, "" when it stands by itself. Source: pkg/api/pod/util.go (HasAPIObjectReference)."""
    if spec.get("serviceAccountName"):
        return "serviceaccounts"
    for volume in spec.get("volumes") or ():
        for kind, word in (("secret", "secrets"), ("configMap", "configmaps"), ("persistentVolumeClaim", "persistentvolumeclaims")):
            if volume.get(kind) is not None:
                return word
    containers = [*spec["containers"], *(spec.get("initContainers") or ())]
    sources = [each.get("valueFrom") or {} for spec in containers for each in spec.get("env") or ()]
    sources += [each for spec in containers for each in spec.get("envFrom") or ()]
    if any("secretKeyRef" in each or "secretRef" in each for each in sources):
        return "secrets"
    return "configmaps" if any("configMapKeyRef" in each or "configMapRef" in each for each in sources) else ""


def mirror_of(pod: dict, node: str, node_uid: str) -> dict:
    """The object that stands for a static Pod in the API."""
    meta = pod["metadata"]
    kept = {name: meta[name] for name in ("name", "namespace", "labels") if meta.get(name)}
    owner = {"apiVersion": "v1", "kind": "Node", "name": node, "uid": node_uid, "controller": True}
    annotations = {**meta["annotations"], MIRROR: meta["uid"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**kept, "annotations": annotations, "ownerReferences": [owner]}, "spec": pod["spec"]}


def mirrored(pod: dict) -> str:
    """The uid of the static Pod that a Pod of the API mirrors, "" for all others."""
    meta = pod["metadata"]
    return meta["annotations"].get(MIRROR, "") if meta.get("annotations") else ""


def key_of(pod: dict) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
