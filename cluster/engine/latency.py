"""The one table of how long things take, in virtual milliseconds; a lesson may override entries.

Each entry is (low, typical, high): draws cluster at `typical`, lie within [low, high], and come from the stream
`latency/<name>`. Figures: the recordings of a real 1.36 cluster (p10, p50, p90) unless noted.
"""
from __future__ import annotations

from functools import lru_cache

from .rng import Stream

TABLE: dict[str, tuple[int, int, int]] = {
    "request": (1, 1, 2),              # a client's request to the API server
    "store": (1, 2, 4),                # etcd's commit
    "removal": (3, 5, 8),              # from an object's mark to its removal, where one request does both
    "reply": (1, 1, 2),                # the answer's way back
    "watch_delivery": (1, 2, 6),       # from commit to a watcher
    "queue": (0, 1, 1),                # a work queue hands a key to a worker
    "schedule": (1, 2, 5),             # one scheduling cycle
    "sandbox_start": (350, 395, 480),  # pause container, network namespace and CNI add
    "container_create": (18, 25, 40),
    "container_start": (50, 75, 100),
    "exec_probe": (22, 30, 45),        # a probe's command that ends at once, from the kubelet's call to its end
    "resize": (4, 7, 12),              # a running container's cgroup gets other limits
    "container_stop": (10, 25, 50),    # from the process's end to the runtime's report
    "sandbox_stop": (50, 72, 105),     # CNI delete and the pause container's end
    "process_exit": (18, 28, 45),      # a program that ends by itself or is killed, until the shim knows
    "pull_refused": (4, 7, 20),        # the registry cannot be reached or has no such image
    "pleg_event": (1, 3, 6),           # from a relist that found something to the Pod's sync
    "volume_mount": (80, 150, 250),    # from a pass's start to the first try to set up its volumes
    "provision": (900, 1800, 3500),    # a provisioner makes or deletes a volume (local-path-provisioner's helper Pod)
    "pod_cleanup": (2, 5, 14),         # cgroups and volume folders of an ended Pod
    "kubelet_register": (80, 120, 180),  # from a kubelet's first lists to its Node
    "node_ready": (190, 200, 230),     # a registered kubelet until it reports Ready
    "kubectl_start": (20, 40, 60),     # the program starts and reads its files
    "kubelet_sync": (3, 12, 30),
    "status_sync": (3, 8, 20),
    "orphan_finish": (8, 11, 14),      # from the last dependent's patch to the look at the owner's finalizer
    "eviction_finish": (3, 7, 10),     # a client's work on the answer to a delete: the watch is mostly faster
    "event_record": (2, 8, 20),
    "connect": (1, 1, 2),              # a connection within the cluster, its request and its answer
    "proxy_sync": (5, 10, 25),         # from news of a Service to the rules in the kernels
    "dns": (1, 1, 3),                  # a question to the cluster's DNS
}


MULTIPLIER, INCREMENT = 6364136223846793005, 1442695040888963407
SHARES = 1024   # a span's draws are looked up among so many


class Draws:
    """Latencies in ms from one stream, triangular over (low, typical, high); `Engine.latency` draws them. table: None where there is no width.

    A latency is drawn for each event, so chance is one multiplication here (Knuth's linear congruential generator, of
    which the highest bits are good) and its shape a table.
    """

    __slots__ = ("stream", "span", "low", "table")

    def __init__(self, stream: Stream, span: tuple[int, int, int]):
        self.stream, self.span, self.low = stream, span, span[0]
        self.table = quantiles(*span) if span[2] > span[0] else None


@lru_cache(maxsize=256)
def quantiles(low: int, typical: int, high: int) -> tuple[int, ...]:
    """The latencies at the middle of each of SHARES equal shares of a triangular distribution."""
    width = high - low
    peak = (typical - low) / width
    shares = [(number + 0.5) / SHARES for number in range(SHARES)]
    return tuple(round(low + (share * width * (typical - low)) ** 0.5) if share < peak
                 else round(high - ((1 - share) * width * (high - typical)) ** 0.5) for share in shares)
