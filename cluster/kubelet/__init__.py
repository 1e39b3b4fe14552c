"""The kubelets: `make_node` gives an engine a node with its kubelet and its containerd."""
from __future__ import annotations

from cluster.runtime.containerd import Containerd

from .kubelet import Kubelet
from .node_status import Machine

__all__ = ["Kubelet", "Machine", "make_node"]


def make_node(engine, name: str, *, node_ip: str, pod_cidr: str, machine: Machine | None = None, images: tuple[str, ...] = (),
              unpullable: tuple[str, ...] = (), resolver: str = "10.200.0.1") -> Kubelet:
    """Register `containerd/<name>` and `kubelet/<name>`; the caller starts the kubelet (`on_start`)."""
    runtime = Containerd(engine, name, pod_cidr=pod_cidr, images=images, unpullable=unpullable, resolver=resolver)
    return Kubelet(engine, name, runtime, node_ip=node_ip, machine=machine)
