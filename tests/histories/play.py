"""Play random histories and judge where they end: `python -m tests.histories.play 0 1000` plays those of seeds 0 to 999.

Each fault found is printed with the shortest part of its history that still shows it.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections import Counter

from .judge import complaints
from .moves import Cluster, draw

PATIENCE_MS, LOOK_MS, QUIET_MS = 2_400_000, 60_000, 300_000
MOST_LOOKS = 75     # at one object by one controller within the quiet time
FIGURES = re.compile(r"(PodDisruptionBudget|DaemonSet) \S+: (status\.|its condition)")
BUSY = ("cronjobs/",)  # where there is never quiet
MOST_LOOKS_BUSY = 300


def begun(seed: int, moves: list[list]) -> Cluster:
    """The cluster after its history, healed."""
    cluster = Cluster(seed)
    for move in moves:
        cluster.do(move)
    cluster.heal()
    return cluster


def verdict(seed: int, moves: list[list]) -> list[str]:
    """What is wrong in the end: not once within 40 minutes was all well, or it did not stay so, or it never comes to rest."""
    cluster = begun(seed, moves)
    for _ in range(PATIENCE_MS // LOOK_MS):
        cluster.run(LOOK_MS)
        if not any(map(is_pressing, complaints(cluster))):
            break
    hot = restless(cluster) and restless(cluster)     # the first minutes of a crash loop are busy: what goes on for ever is still there later
    wrong = list(filter(is_pressing, complaints(cluster)))
    cluster.touch()
    return wrong + hot + [one for one in complaints(cluster) if one not in wrong]


def is_pressing(complaint: str) -> bool:
    """Whether it must not be so for even a moment.

    The other ones are figures that upstream leaves as they are until the object is looked at for another reason: of a budget that a
    Pod has left by its labels, or that is the second to select it (getPdbForPod); of a DaemonSet whose Pod is there and whose node
    changes so that the Pod may stay (syncNodeUpdate).
    """
    return not FIGURES.match(complaint)


def restless(cluster: Cluster) -> list[str]:
    """What controllers look at again and again while nothing happens."""
    trace = cluster.engine.trace
    trace.on, before = True, len(trace.events)
    cluster.run(QUIET_MS)
    looks = Counter((event.actor, event.subject) for event in trace.events[before:] if event.kind == "ReconcileStarted")
    trace.on = False
    trace.drain()
    return [f"{actor} looked at {subject} {count} times in five minutes" for (actor, subject), count in looks.items()
            if count > (MOST_LOOKS_BUSY if subject.startswith(BUSY) else MOST_LOOKS)]


def shortened(seed: int, moves: list[list]) -> list[list]:
    """The same history without what does not matter to its fault."""
    at = 0
    while at < len(moves):
        shorter = moves[:at] + moves[at + 1:]
        if verdict(seed, shorter):
            moves = shorter
        else:
            at += 1
    return moves


def main() -> None:
    first, count = int(sys.argv[1]), int(sys.argv[2])
    bad, begun_s = 0, time.process_time()
    for seed in range(first, first + count):
        moves = draw(random.Random(seed))
        found = verdict(seed, moves)
        if (seed - first) % 50 == 49:
            print(f"{seed + 1 - first} played, {time.process_time() - begun_s:.0f} s of processor time", flush=True)
        if not found:
            continue
        bad += 1
        print(f"seed {seed}: {len(moves)} moves", *found, sep="\n    ", flush=True)
        if "--short" in sys.argv:
            short = shortened(seed, moves)
            print(f"  {short}", *verdict(seed, short), sep="\n    ", flush=True)
    print(f"{count - bad} of {count} histories end well; {time.process_time() - begun_s:.0f} s of processor time")


if __name__ == "__main__":
    main()
