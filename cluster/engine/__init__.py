"""The engine room: virtual time, chance, events, trace. Knows nothing of Kubernetes."""
from .actor import Actor, Sleep
from .engine import Engine
from .trace import TraceEvent

__all__ = ["Actor", "Engine", "Sleep", "TraceEvent"]
