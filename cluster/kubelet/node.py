"""One machine of the cluster as the world outside sees it: switch its kubelet, break what runs, read logs."""

from __future__ import annotations

from typing import Any

from cluster.meta import quantity
from cluster.meta.status import StatusError
from cluster.runtime import registry
from cluster.runtime.containerd import Containerd
from cluster.runtime.filesystem import Node as FileNode
from cluster.runtime.filesystem import put
from cluster.runtime.hardware import Hardware
from cluster.runtime.network import to_number, to_text

from . import configuration, endpoints, logs
from .kubelet import Kubelet
from .node_status import Machine

IMPORTED = ("nginx/nginx:v1", "tomcat/tomcat-8.5-jre8:v1", "busybox:1")
FIRST_ADDRESS, POD_RANGE = "10.200.0.11", "10.244.0.0"
ORACLE_DISK = "270553174078"


class Node:
    """A kubelet with its containerd. settings: nodes (names, in order), node_cpu, node_memory, profile."""

    def __init__(self, engine, name: str, settings: Any):
        index = list(settings.nodes).index(name)
        is_oracle = settings.profile == "oracle"  # the recorded cluster had no registry, and its disk kept 1 % free
        machine = Machine(
            cpu=settings.node_cpu,
            memory=settings.node_memory,
            disk=ORACLE_DISK if is_oracle else "100Gi",
            eviction_disk_percent=1 if is_oracle else 10,
            image_gc_percent=100 if is_oracle else 85,
            eviction_image_percent=1 if is_oracle else 15,
            user_namespaces=not is_oracle,
            drivers=() if is_oracle else Machine.drivers,
        )
        self.engine, self.name = engine, name
        self.runtime = Containerd(
            engine,
            name,
            images=IMPORTED,
            pod_cidr=to_text(to_number(POD_RANGE) + index * 256) + "/24",
            node_ip=to_text(to_number(FIRST_ADDRESS) + index),
        )
        self.kubelet = Kubelet(engine, name, self.runtime, node_ip=self.runtime.node_ip, machine=machine,
                               parallel_pulls=getattr(settings, "parallel_pulls", 1))  # fmt: skip
        self.kubelet.is_on = False
        self.runtime.memory_bytes = quantity.parse(settings.node_memory).value
        cpus = -(-quantity.millis(settings.node_cpu) // 1000)
        self.runtime.hardware = Hardware(cpus, self.runtime.memory_bytes, quantity.parse(machine.disk).value)
        if is_oracle:
            self.runtime.registry.state.broken = {registry.EVERYTHING: "dns"}

    def start(self) -> None:
        """Start the kubelet, on a machine that boots when it has; containers that run are left alone."""
        self.runtime.state.holds_kubelet = False
        if not self.runtime.is_booting:
            self.engine.start(self.kubelet)

    def stop(self) -> None:
        """Stop the kubelet, for longer than a restart of the machine that is under way; containers go on."""
        self.runtime.state.holds_kubelet = self.runtime.is_booting or self.kubelet.shutdown.is_under_way
        self.engine.stop(self.kubelet)

    def switch_runtime(self, *, is_on: bool) -> None:
        """Stop or start containerd; containers go on."""
        self.runtime.switch(is_on=is_on)

    def switch_network(self, *, is_on: bool) -> None:
        """Take the network plugin away, or put it back; Pods that have a network keep it."""
        self.runtime.switch_network(is_on=is_on)

    def logs(self, namespace: str, pod: str, container: str, options: dict[str, str]) -> str:
        """A container's log as text. Raises StatusError."""
        return logs.read(self.kubelet, namespace, pod, container, options)

    def answer(self, path: str, query: dict[str, str]) -> endpoints.Reply | None:
        """What the kubelet answers over HTTP; None while it is off."""
        return endpoints.answer(self.kubelet, path, query) if self.kubelet.is_on else None

    def log_run(self, namespace: str, pod: str, container: str, options: dict[str, str]) -> str:
        """The id of the container whose log that is; "" when there is none."""
        found = self.kubelet.pods.get(f"{namespace}/{pod}")
        try:
            return logs.run_of(self.kubelet, found, container, options).id if found else ""
        except StatusError:
            return ""

    def key_of(self, pod: str) -> str:
        """The key of a Pod that runs here, given as `name` or `namespace/name`; "" when there is none."""
        keys = [self.runtime.state.sandboxes[ids[-1]].pod for ids in self.runtime.state.sandboxes_of.values()]
        wanted = pod if "/" in pod else f"default/{pod}"
        return wanted if wanted in keys else next((key for key in keys if key.rpartition("/")[2] == pod), "")

    def why_not(self, action: str, pod: str, container: str = "") -> tuple[str, str] | None:
        """Why container-kill or sandbox-kill cannot be done, in English and Chinese; None when it can."""
        key = self.key_of(pod)
        if not key:
            return f"pod {pod!r} does not run on {self.name}", f"Pod“{pod}”不在 {self.name} 上运行"
        if action == "container-kill":
            running = self._running(key)
            if container not in running:
                there = "、".join(running)
                return (
                    f"container {container!r} of pod {pod!r} does not run: running are {', '.join(running) or 'none'}",
                    f"Pod“{pod}”的容器“{container}”没有运行：{'正在运行的是 ' + there if there else '没有容器在运行'}",
                )
        return None

    def _running(self, key: str) -> list[str]:
        containers = self.runtime.state.containers
        return [containers[each].name for each in self.runtime.state.processes if containers[each].pod == key]

    def kill_container(self, pod: str, container: str) -> bool:
        """Kill a container's first process, behind the kubelet's back."""
        return self.runtime.kill_container(self.key_of(pod), container)

    def kill_sandbox(self, pod: str) -> bool:
        """Kill a Pod's pause container, behind the kubelet's back."""
        return self.runtime.kill_sandbox(self.key_of(pod))

    def reboot(self) -> None:
        """Restart the machine: nothing that runs outlives it. A kubelet that was told to lets its Pods end first."""
        self.runtime.state.holds_kubelet = False
        if not (self.kubelet.is_on and self.kubelet.shutdown.begin()):
            self.runtime.reboot()

    def fill_disk(self, size_bytes: int) -> None:
        """Put so much on the node's disk, in place of what was put there before."""
        self.runtime.state.filled_bytes = size_bytes
        self.runtime.usage_changed()

    def configure(self, text: str) -> None:
        """Write the kubelet's configuration, and start it anew."""
        put(self.runtime.host().nodes, configuration.PATH, FileNode(text, changed_ms=self.engine.now_ms))
        self.stop()
        self.start()

    def import_image(self, image: str) -> None:
        """`ctr images import` on this node."""
        self.runtime.import_image(image)
