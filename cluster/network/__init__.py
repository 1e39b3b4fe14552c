"""The network room: who reaches whom. Addresses and routes (network.py), Services (kube_proxy.py), names (resolver.py, coredns.py),
NetworkPolicies (policies.py). Programs come in by `world.network`, see cluster/runtime/wire.py."""

from .network import Network

__all__ = ["Network"]
