"""The answers of a real API server that this one does not give yet: `python -m tests.conformance.unmet` lists them anew.

The list may only become shorter: the tests fail when a listed case is met or an unlisted one is not.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
ANSWERS, LIST = HERE / "referee" / "answers", HERE / "unmet_answers.txt"
WITHOUT_KIND = ("Authorization", "CustomResource", "Discovery", "Protocol", "Review")


def cases(name: str) -> list[dict]:
    """The cases of one file that are about kinds which are served."""
    from cluster.kinds import registry
    served = {kind.kind for kind in registry().stored}
    found = [json.loads(line) for line in (ANSWERS / f"{name}.jsonl").read_text().splitlines() if line]
    return [case for case in found if case["kind"] in served or case["kind"] in WITHOUT_KIND]


def names() -> list[str]:
    return sorted(path.stem for path in ANSWERS.glob("*.jsonl"))


def play(name: str) -> dict[str, list[str]]:
    """{case id: differences} of one file, each case against a server of its own file."""
    import answers

    from tests.conformance.in_process import InProcess
    answers.time.sleep = lambda seconds: None      # nothing happens here while one waits
    player = answers.Player(InProcess())
    found = {case["id"]: answers.run(player, case) for case in cases(name)}
    player.close()
    return found


def listed() -> list[str]:
    """The ids in the list; its first line is its figure."""
    return [line for line in LIST.read_text().splitlines()[1:] if line and not line.startswith("#")]


def figure(unmet: int, total: int) -> str:
    return f"# {total - unmet} of {total} answers met, {100 * (total - unmet) / total:.1f} %; not yet:"


def main() -> None:
    sys.path.insert(0, str(HERE / "referee"))
    results = {name: play(name) for name in names()}
    unmet = [case for found in results.values() for case, differences in found.items() if differences]
    total = sum(len(found) for found in results.values())
    LIST.write_text("\n".join([figure(len(unmet), total), *unmet]) + "\n")
    print(figure(len(unmet), total))


if __name__ == "__main__":
    main()
