"""Owns what a kubelet says of its node: labels, addresses, capacity, versions, images, conditions.

Source: kubernetes pkg/kubelet/nodestatus/setters.go, pkg/kubelet/kubelet_node_status.go (initialNode).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cluster.kinds import _rules
from cluster.meta import quantity
from cluster.runtime.hardware import RELEASE
from cluster.runtime.state import StoredImage

MAX_IMAGES = 50
PRESSURES = (
    (
        "MemoryPressure",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
        "NodeHasSufficientMemory",
    ),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", "NodeHasNoDiskPressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available", "NodeHasSufficientPID"),
)
UNDER_PRESSURE = {  # condition -> reason, message, Event
    "MemoryPressure": ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available", "NodeHasInsufficientMemory"),
    "DiskPressure": ("KubeletHasDiskPressure", "kubelet has disk pressure", "NodeHasDiskPressure"),
    "PIDPressure": ("KubeletHasInsufficientPID", "kubelet has insufficient PID available", "NodeHasInsufficientPID"),
}
FEATURES = [
    "ExtendWebSocketsToKubelet",
    "InPlacePodLevelResourcesVerticalScaling",
    "InPlacePodVerticalScalingInitContainers",
    "RestartAllContainersOnContainerExits",
]
READY = "kubelet is posting ready status"
NEW = "CSINode is not yet initialized"
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


@dataclass(frozen=True)
class Machine:
    """What a node is made of. eviction_disk_percent: the share of the disk that must be free (nodefs.available), or Pods are evicted;
    eviction_image_percent: the same, of images (imagefs.available); where the kubelet's configuration says nothing else.

    image_gc_percent: imageGCHighThresholdPercent, how full the disk is when unused images go.
    kept_memory, kept_disk: bytes that are no Pod's, because of hard thresholds and reservations; kept_cpu: the same in thousandths of a CPU.
    """

    cpu: str = "4"
    memory: str = "8Gi"
    disk: str = "100Gi"
    pods: int = 110
    eviction_disk_percent: int = 10
    image_gc_percent: int = 85
    eviction_image_percent: int = 15
    kept_memory: int = 0
    kept_disk: int = 0
    kept_cpu: int = 0
    user_namespaces: bool = True  # whether its runtime makes them
    drivers: tuple[str, ...] = ("nfs.csi.k8s.io",)  # CSI drivers that are registered with its kubelet
    kernel: str = RELEASE
    os_image: str = "Debian GNU/Linux 12 (bookworm)"
    kubelet_version: str = "v1.36.3"
    runtime_version: str = "containerd://2.2.9"


def initial(
    node: str, machine: Machine, *, address: str, ids: list[str], images: list[StoredImage], now_text: str
) -> dict:
    """The Node object with which a kubelet registers: tainted, because it is not ready yet."""
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node,
        "kubernetes.io/os": "linux",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node,
            "labels": labels,
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": {"taints": [dict(NOT_READY)]},
        "status": status(
            node, machine, address=address, ids=ids, images=images, old={}, trouble=NEW, now_text=now_text
        ),
    }


def status(
    node: str,
    machine: Machine,
    *,
    address: str,
    ids: list[str],
    images: list[StoredImage],
    old: dict,
    trouble: str,
    now_text: str,
    pressures: tuple[str, ...] = (),
    in_use: list[str] | None = None,
) -> dict:
    """The status of a node, fields in the order of the wire. old: the one that the API holds. trouble: why it is not ready."""
    machine_id, system_id, boot_id = ids
    volumes = {"volumesInUse": in_use or None} if in_use or old.get("volumesInUse") else {}
    runtime_features = {"recursiveReadOnlyMounts": True, "userNamespaces": machine.user_namespaces}
    return {
        "capacity": with_extended(capacity(machine), old),
        "allocatable": with_extended(allocatable(machine), old),
        "conditions": conditions(old.get("conditions") or [], trouble=trouble, now_text=now_text, pressures=pressures),
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": node}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "machineID": machine_id,
            "systemUUID": system_id,
            "bootID": boot_id,
            "kernelVersion": machine.kernel,
            "osImage": machine.os_image,
            "containerRuntimeVersion": machine.runtime_version,
            "kubeletVersion": machine.kubelet_version,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
        "images": image_list(images),
        "runtimeHandlers": [{"name": "", "features": runtime_features}, {"name": "runc", "features": runtime_features}],
        **volumes,
        "features": {"supplementalGroupsPolicy": True},
        "declaredFeatures": FEATURES,
    }


def _kibi(text: str) -> int:
    return quantity.parse(text).value // 1024


def _memory(kibi: int) -> str:
    """Kibibytes as the API prints them."""
    return quantity.from_value(kibi * 1024, quantity.BINARY).text


@lru_cache(maxsize=64)
def capacity(machine: Machine) -> dict[str, str]:
    """All that the machine has."""
    return {
        "cpu": machine.cpu,
        "ephemeral-storage": _memory(_kibi(machine.disk)),
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": _memory(_kibi(machine.memory)),
        "pods": str(machine.pods),
    }


@lru_cache(maxsize=64)
def allocatable(machine: Machine) -> dict[str, str]:
    """What Pods may use: capacity less what eviction keeps free. Source: pkg/kubelet/cm/node_container_manager_linux.go (hardEvictionReservation)."""
    disk = _kibi(machine.disk) * 1024 - machine.kept_disk
    return {
        "cpu": str(quantity.of(quantity.parse(machine.cpu).nano - machine.kept_cpu * 1_000_000)) if machine.kept_cpu else machine.cpu,
        "ephemeral-storage": str(disk),
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": quantity.from_value(_kibi(machine.memory) * 1024 - machine.kept_memory, quantity.BINARY).text,
        "pods": str(machine.pods),
    }


def with_extended(own: dict[str, str], old: dict) -> dict[str, str]:
    """A machine's amounts, and the extended resources that somebody has added to its status: all that there is of them may be used.

    Source: pkg/kubelet/nodestatus/setters.go (MachineInfo).
    """
    extended = {name: amount for name, amount in (old.get("capacity") or {}).items() if "/" in name and _rules.is_extended(name)}
    return dict(sorted((own | extended).items())) if extended else own


def image_list(images: list[StoredImage]) -> list[dict]:
    """The largest images first, each with its names. Not to be changed: most nodes have the same."""
    return _image_list(tuple([(-image.size_bytes, image.name or image.ref, image.ref, image.name) for image in images]))


@lru_cache(maxsize=256)
def _image_list(images: tuple[tuple[int, str, str, str], ...]) -> list[dict]:
    """The same. images: (size, negative, what it goes by, ref, name) of each."""
    ordered = sorted(images, key=lambda image: image[:2])[:MAX_IMAGES]
    return [{"names": names_of(ref, name), "sizeBytes": -size} for size, _, ref, name in ordered]


def names_of(ref: str, name: str) -> list[str]:
    """Its digest, if it came from a registry, and its tag, if that has not moved on."""
    names = [ref, name] if "@" in ref else [name]
    return [each for each in dict.fromkeys(names) if each]


def conditions(old: list[dict], *, trouble: str, now_text: str, pressures: tuple[str, ...] = ()) -> list[dict]:
    """The four conditions; trouble: why the node is not ready. The transition time is the old one while the status stays."""
    wanted = [
        (kind, "True", *UNDER_PRESSURE[kind][:2]) if kind in pressures else (kind, "False", reason, message)
        for kind, reason, message, _ in PRESSURES
    ]
    wanted.append(
        ("Ready", "True", "KubeletReady", READY)
        if not trouble
        else ("Ready", "False", "KubeletNotReady", trouble)
    )
    before = {each["type"]: each for each in old}
    made = []
    for kind, value, reason, message in wanted:
        earlier = before.get(kind)
        since = earlier.get("lastTransitionTime") if earlier and earlier.get("status") == value else None
        made.append(
            {
                "type": kind,
                "status": value,
                "lastHeartbeatTime": now_text,
                "lastTransitionTime": since or now_text,
                "reason": reason,
                "message": message,
            }
        )
    return made


def says(node: dict, trouble: str) -> bool:
    """Whether the Ready condition is that of a node with this trouble, "" for none."""
    found = next((each for each in (node.get("status") or {}).get("conditions") or () if each["type"] == "Ready"), {})
    return found.get("status") == ("False" if trouble else "True") and found.get("message") == (trouble or READY)


def condition_status(node: dict | None, kind: str) -> str:
    """True, False, Unknown, or "" when the condition is missing."""
    for each in ((node or {}).get("status") or {}).get("conditions") or ():
        if each["type"] == kind:
            return each.get("status", "")
    return ""
