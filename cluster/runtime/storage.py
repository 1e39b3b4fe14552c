"""Owns storage that is on no node: what NFS servers, disks of a cloud and CSI drivers keep. Every node reaches all of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.engine import Actor, Engine

from .filesystem import Volume, folder

NAME, SHARED = "network-storage", "shared"
NETWORKED = (
    "nfs", "csi", "iscsi", "fc", "rbd", "cephfs", "glusterfs", "cinder", "azureDisk", "azureFile", "awsElasticBlockStore",
    "gcePersistentDisk", "vsphereVolume", "portworxVolume", "scaleIO", "storageos", "quobyte", "photonPersistentDisk",
)  # fmt: skip
NAMES = ("server", "driver", "volumeHandle", "path", "targetPortal", "image", "endpoints", "volumeID", "diskName", "shareName", "pdName",
         "volumePath", "volumeName")  # fmt: skip


@dataclass
class StorageState:
    """volumes: key -> what is kept; it stays until it is deleted, whatever becomes of nodes and Pods."""

    volumes: dict[str, Volume] = field(default_factory=dict)


class Storage(Actor):
    """The network storage of one cluster; it never acts by itself."""

    def __init__(self, engine: Engine):
        super().__init__(engine, NAME)
        self.state = StorageState()

    def fresh_state(self) -> StorageState:
        return self.state

    def volume(self, key: str) -> Volume:
        """The volume of a key; a new one is empty."""
        if key not in self.state.volumes:
            self.state.volumes[key] = Volume({"/": folder(mode=0o777)}, kind=key.split("/")[1])
        return self.state.volumes[key]


    def wipe_volume(self, spec: dict) -> None:
        """Delete what a PersistentVolume's spec is about."""
        self.state.volumes.pop(key_of(spec), None)


def key_of(source: dict) -> str:
    """The key under which the data of a volume's source lies; "" for a source that is not in the network."""
    for kind in NETWORKED:
        found = source.get(kind)
        if found is not None:
            return f"{SHARED}/{kind}/" + "/".join(str(found[name]) for name in NAMES if found.get(name))
    return ""


def is_read_only(source: dict) -> bool:
    """The source itself says that it is to be read only."""
    return any((source.get(kind) or {}).get("readOnly") for kind in NETWORKED)


def storage_of(engine: Engine) -> Storage:
    """A cluster's network storage, made when the first node asks for it."""
    return engine.actors.get(NAME) or Storage(engine)
