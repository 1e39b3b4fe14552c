"""The kubelets. `Node` is one machine: a kubelet with its containerd."""

from __future__ import annotations

from .kubelet import Kubelet
from .node import Node
from .node_status import Machine

__all__ = ["Kubelet", "Machine", "Node"]
