"""The network room: who reaches whom. Addresses and routes (network.py), Services (kube_proxy.py), names (resolver.py, coredns.py),
NetworkPolicies (policies.py). Programs come in by `world.network`, see cluster/runtime/wire.py."""

from .coredns import CoreDns
from .kube_proxy import KubeProxy
from .network import Network
from .policies import PolicyAgent

__all__ = ["CoreDns", "KubeProxy", "Network", "PolicyAgent"]
