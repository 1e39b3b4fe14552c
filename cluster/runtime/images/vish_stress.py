"""vish/stress: takes memory piece by piece until it has what it wants, or more than its container may have.

Source: github.com/vishh/stress main.go, which is also `agnhost stress`.
"""

from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.words import Stamp, duration_of, flags, size_of


def allocate(me: Running) -> Act:
    """`-mem-total` in steps of `-mem-alloc-size`, a pause of `-mem-alloc-sleep` after each."""
    found, _ = flags(me.argv[1:], plain=("logtostderr",))
    total_text, piece_text, pause_text = (found.get(name, other) for name, other in (
        ("mem-total", "0"), ("mem-alloc-size", "4Ki"), ("mem-alloc-sleep", "1ms")))  # fmt: skip
    total, piece, pause_ms = size_of(total_text), max(1, size_of(piece_text, 4096)), duration_of(pause_text, 1)
    lead = f"I{Stamp(me.world).klog}       1 main.go:"
    if me.step == 0:
        me.say(f'{lead}26] Allocating "{total_text}" memory, in "{piece_text}" chunks, with a {pause_text} sleep between allocations', "stderr")
        reached = min(total, me.process.memory_limit or total)  # one look, where the limit is passed or all is there
        return Act((reached // piece + 1) * pause_ms)
    me.uses(total)
    if not me.process.memory_limit or total <= me.process.memory_limit:
        me.say(f'{lead}39] Allocated "{total_text}" memory', "stderr")
    return Act()


IMAGE = Image(
    repositories=("docker.io/vish/stress",),
    size_bytes=0,
    entrypoint=("/stress", "-logtostderr"),
    command=("/stress", "-logtostderr"),
    exit_codes={"TERM": 2, "INT": 2},
    programs={"stress": allocate},
)
