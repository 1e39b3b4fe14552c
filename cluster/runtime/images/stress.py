"""stress: takes memory or CPU. `--vm-bytes` above the container's limit ends it as OOMKilled, as in the Kubernetes documentation's example.

A simplification: one process holds what all workers hold; CPU is not counted.
Source: the logs of stress 1.0.4.
"""

from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.words import duration_of, flags, number_of, size_of

DEFAULT_BYTES = 256 << 20
GROWS_MS = 200  # until a worker has touched all of its memory


def stress(me: Running) -> Act:
    """Dispatch workers, hold their memory, end after --timeout."""
    found, _ = flags(me.argv[1:], plain=("v", "verbose", "q", "quiet", "vm-keep"))
    counts = {name: number_of(found.get(name, found.get(name[0], "0")), 0) for name in ("cpu", "io", "vm", "hdd")}
    counts["vm"] = number_of(found.get("vm", found.get("m", "0")), 0)
    if me.step == 0:
        me.say("stress: info: [1] dispatching hogs: {cpu} cpu, {io} io, {vm} vm, {hdd} hdd".format(**counts))
        for _ in range(min(64, sum(counts.values()))):
            me.child(" ".join(me.argv))
        return Act(GROWS_MS)
    if me.step == 1:
        me.uses(counts["vm"] * size_of(found.get("vm-bytes", ""), DEFAULT_BYTES))
        timeout_ms = duration_of(found.get("timeout", found.get("t", "")))
        return Act(max(0, timeout_ms - GROWS_MS)) if timeout_ms else Act()
    me.say(f"stress: info: [1] successful run completed in {duration_of(found.get('timeout', found.get('t', ''))) // 1000}s")
    return Act(code=0)


IMAGE = Image(
    repositories=("docker.io/polinux/stress", "docker.io/progrium/stress"),
    size_bytes=0,
    entrypoint=(),
    command=("stress",),
    dashed="stress",
    exit_codes={"TERM": 143, "INT": 130},
    programs={"stress": stress},
)
