"""Owns what a kubelet tells of itself: /stats/summary, by which it also judges what is low, and /configz, with what it was configured.

A simplification: of processors, networks and inodes nothing is measured, so nothing is told of them; of the configuration only what acts.
Source: kubernetes pkg/kubelet/server/stats/summary.go, k8s.io/kubelet pkg/apis/stats/v1alpha1/types.go; k8s.io/component-base configz.
"""

from __future__ import annotations

from typing import Any

from cluster.runtime import pids
from cluster.runtime.disk_use import log_bytes, stored_bytes
from cluster.runtime.filesystem import size_of

from . import configuration
from .gotime import duration
from .thresholds import DEFAULT_HARD, DISK, IMAGE_FS, MEMORY, NODE_FS


def of_node(kubelet: Any) -> dict[str, Any]:
    """The Summary."""
    text, now_text, runtime = kubelet.engine.clock.text, kubelet.moment.now_text, kubelet.runtime
    capacities, pressure = kubelet.configuration.capacities, kubelet.pressure
    memory = capacities[MEMORY] - pressure.available(MEMORY)
    disk = {"time": now_text, "availableBytes": max(0, pressure.available(DISK)), "capacityBytes": capacities[DISK],
            "usedBytes": capacities[DISK] - pressure.available(DISK)}  # fmt: skip
    node = {
        "nodeName": kubelet.node,
        "startTime": text(runtime.state.booted_ms),
        "memory": {"time": now_text, "availableBytes": capacities[MEMORY] - memory, "usageBytes": memory, "workingSetBytes": memory},
        "fs": disk,
        "runtime": {"imageFs": disk, "containerFs": disk},
        "rlimit": {"time": now_text, "maxpid": pids.most(capacities[MEMORY]), "curproc": pids.running(runtime.state)},
    }
    return {"node": node, "pods": [_pod(kubelet, uid, now_text) for uid in runtime.uids() if _is_known(kubelet, uid)]}


def _is_known(kubelet: Any, uid: str) -> bool:
    return kubelet.pod(uid) is not None and any(each.state == "running" for each in kubelet.runtime.containers(uid))


def _pod(kubelet: Any, uid: str, now_text: str) -> dict[str, Any]:
    meta, state = kubelet.pod(uid)["metadata"], kubelet.runtime.state
    running = [each for each in kubelet.runtime.containers(uid) if each.id in state.processes]
    memory = sum(state.processes[each.id].memory_bytes for each in running)
    volumes = [(key.partition("/")[2], volume) for key, volume in state.volumes.items() if key.startswith(uid + "/") and volume.kind == "emptyDir"]
    return {
        "podRef": {"name": meta["name"], "namespace": meta["namespace"], "uid": uid},
        "startTime": kubelet.engine.clock.text(state.sandboxes[state.sandboxes_of[uid][-1]].created_ms),
        "containers": [_container(kubelet, each, now_text) for each in running],
        "memory": {"time": now_text, "usageBytes": memory, "workingSetBytes": memory},
        "volume": [{"time": now_text, "name": name, "usedBytes": size_of(volume.nodes)} for name, volume in volumes],
        "ephemeral-storage": {"time": now_text, "usedBytes": stored_bytes(state, uid)},
        "process_stats": {"process_count": pids.of_pod(state, uid)},
    }


def _container(kubelet: Any, container: Any, now_text: str) -> dict[str, Any]:
    state = kubelet.runtime.state
    process = state.processes[container.id]
    return {
        "name": container.name,
        "startTime": kubelet.engine.clock.text(container.started_ms),
        "memory": {"time": now_text, "usageBytes": process.memory_bytes, "workingSetBytes": process.memory_bytes},
        "rootfs": {"time": now_text, "usedBytes": size_of(process.files)},
        "logs": {"time": now_text, "usedBytes": log_bytes(state, container.id)},
    }


def configured(kubelet: Any) -> dict[str, Any]:
    """What acts of the configuration, with the defaults of what it does not say."""
    made, machine, raw = kubelet.configuration, kubelet.hardware, kubelet.state.configuration
    usual = {
        "staticPodPath": "/etc/kubernetes/manifests", "registryPullQPS": made.pulls_s, "registryBurst": made.pull_burst,
        "imageMinimumGCAge": duration(made.gc_age_ms), "imageGCHighThresholdPercent": made.machine.image_gc_percent,
        "imageGCLowThresholdPercent": made.gc_low_percent, "maxPods": made.machine.pods, "podPidsLimit": made.pids or -1,
        "serializeImagePulls": kubelet.images.puller.slots == 1,
        "evictionHard": DEFAULT_HARD | {NODE_FS: f"{machine.eviction_disk_percent}%", IMAGE_FS: f"{machine.eviction_image_percent}%"},
        "evictionPressureTransitionPeriod": duration(made.transition_ms), "mergeDefaultEvictionSettings": False,
        "containerLogMaxSize": configuration.LOG_SIZE, "containerLogMaxFiles": configuration.LOG_FILES,
        "shutdownGracePeriod": "0s", "shutdownGracePeriodCriticalPods": "0s",
        "crashLoopBackOff": {configuration.RESTART: duration(made.crash_most_ms)},
    }  # fmt: skip
    return {"kubeletconfig": usual | raw}
