"""Owns the collection of images that no container uses, when a node's disk fills up; and what is used of that disk.

Source: kubernetes pkg/kubelet/images/image_gc_manager.go, pkg/kubelet/kubelet.go (StartGarbageCollection).
"""

from __future__ import annotations

from cluster.runtime.containerd import PAUSE_IMAGE

from .thresholds import DISK

PERIOD_MS = 300_000  # ImageGCPeriod
UNITS = ("KiB", "MiB", "GiB", "TiB")


class ImageCollection:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    def run(self) -> None:
        """Each five minutes: note which images are used, and remove the longest unused ones when the disk is too full."""
        kubelet = self.kubelet
        kubelet.after(PERIOD_MS, "collect_images", background=True)
        unused = self._unused()
        capacity, available = kubelet.configuration.capacities[DISK], max(0, kubelet.pressure.available(DISK))
        percent = 100 - available * 100 // capacity
        failed = ""
        if percent >= kubelet.machine.image_gc_percent:
            wanted = capacity * (100 - kubelet.configuration.gc_low_percent) // 100 - available
            freed = self._free(unused, wanted)
            failed = "" if freed >= wanted else _insufficient(percent, capacity, freed)
        if failed:
            self._warn("FreeDiskSpaceFailed", failed)
            if kubelet.state.image_gc_failed:
                self._warn("ImageGCFailed", failed)
        kubelet.state.image_gc_failed = bool(failed)

    def remove_unused(self) -> None:
        """Remove every image that no container uses: the disk is nearly full (DeleteUnusedImages)."""
        self._free(self._unused(), 1 << 62)

    def remove_dead(self) -> None:
        """Remove what ended Pods have left of their containers: the disk is nearly full (DeleteAllUnusedContainers).

        Their logs go with them. Source: pkg/kubelet/kuberuntime/kuberuntime_gc.go (evictContainers).
        """
        kubelet = self.kubelet
        for uid in [uid for uid, worker in kubelet.state.workers.items() if worker.phase == "finished"]:
            for container in kubelet.runtime.containers(uid):
                if container.state != "running":
                    kubelet.runtime.remove_container(container.id)

    def _warn(self, reason: str, message: str) -> None:
        self.kubelet.recorder.event(self.kubelet.agent.reference, "Warning", reason, message)

    def _unused(self) -> list[str]:
        """The keys of images that no container uses, the longest unused first."""
        runtime, records, now_ms = self.kubelet.runtime, self.kubelet.state.image_records, self.kubelet.now_ms
        taken = {container.image_ref for container in runtime.state.containers.values()}
        keys = list(runtime.state.images)
        for gone in [key for key in records if key not in runtime.state.images]:
            del records[gone]
        for key in keys:
            record = records.setdefault(key, [now_ms, -1])
            if runtime.state.images[key].ref in taken or key == PAUSE_IMAGE:
                record[1] = now_ms
        return sorted((key for key in keys if records[key][1] != now_ms), key=lambda key: (records[key][1], records[key][0], key))

    def _free(self, unused: list[str], wanted: int) -> int:
        freed, records = 0, self.kubelet.state.image_records
        for key in unused:
            if freed >= wanted:
                break
            if self.kubelet.now_ms - records[key][0] >= self.kubelet.configuration.gc_age_ms:
                gone = self.kubelet.runtime.remove_image(key)
                freed += gone.size_bytes if gone else 0
                del records[key]
        return freed


def used_bytes(runtime) -> int:
    """What is taken of the node's disk by images, and by what a learner put there (the fault `disk-fill`)."""
    return sum(image.size_bytes for image in runtime.state.images.values()) + runtime.state.filled_bytes


def _insufficient(percent: int, capacity: int, freed: int) -> str:
    return (
        f"Insufficient free disk space on the node's image filesystem ({percent}% of {size_text(capacity)} used). "
        f"Failed to free sufficient space by deleting unused images (freed {freed} bytes). "
        "Investigate disk usage, as it could be used by active images, logs, volumes, or other data."
    )


def size_text(size_bytes: int) -> str:
    """100.0 GiB, as the collector writes it."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    size, unit = size_bytes / 1024, 0
    while size >= 1024 and unit < len(UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f} {UNITS[unit]}"
