"""The decisions of a real kube-scheduler that this one does not make yet: `python -m tests.conformance.unmet_scheduling` lists them anew.

The list may only become shorter: the test fails when a listed case is met or an unlisted one is not.
"""
from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The recorded cluster had no such controller: in all five cases that bind a Pod to a node whose NoExecute taint it does not
# tolerate (test_scheduling_in_process names them) the Pod stayed.
NOT_RECORDED = ("taint-eviction-controller",)
HERE = Path(__file__).parent
CASES, LIST = HERE / "referee" / "scheduling", HERE / "unmet_scheduling.txt"


def names() -> list[str]:
    return sorted(path.stem for path in CASES.glob("*.jsonl"))


def cases(name: str) -> list[dict]:
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").read_text().splitlines() if line]


@contextmanager
def staged(without: tuple[str, ...] = NOT_RECORDED, **options) -> Iterator:
    """A cluster without Nodes, and who plays a case on it; whoever sleeps lets it run."""
    import answers
    import scheduling

    from tests.conformance.simulated import Simulated
    cluster = Simulated(without=without, **options)
    before, answers.time, scheduling.time = answers.time, cluster, cluster
    try:
        yield scheduling.Stage(cluster)
    finally:
        answers.time = scheduling.time = before


def play(name: str) -> dict[str, list[str]]:
    """{case id: differences} of one file, played one after another on one cluster."""
    with staged() as stage:
        import scheduling
        return {case["id"]: scheduling.run(stage, case) for case in cases(name)}


def listed() -> list[str]:
    """The ids in the list; its first line is its figure."""
    return [line for line in LIST.read_text().splitlines()[1:] if line and not line.startswith("#")]


def figure(unmet: int, total: int) -> str:
    return f"# {total - unmet} of {total} decisions met, {100 * (total - unmet) / total:.1f} %; not yet:"


def main() -> None:
    sys.path.insert(0, str(HERE / "referee"))
    chosen = sys.argv[1:] or names()
    results = {name: play(name) for name in chosen}
    for found in results.values():
        for case, differences in found.items():
            print("\n     ".join([f"{'FAIL' if differences else 'ok'}  {case}", *differences]))
    unmet = [case for found in results.values() for case, differences in found.items() if differences]
    total = sum(len(found) for found in results.values())
    print(figure(len(unmet), total))
    if chosen == names():
        LIST.write_text("\n".join([figure(len(unmet), total), *unmet]) + "\n")


if __name__ == "__main__":
    main()
