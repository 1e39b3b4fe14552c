"""What a learner does to the simulated registry and repositories: the faults `registry-…` and `git-push`, their words checked and done.

Kept free of heavy imports at the top: the command line reads ARGUMENTS to describe itself. `manage.py registry` and `git` send them.
"""
from __future__ import annotations

import re
from typing import Any

from .refusals import Refused

MODES = ("dns", "down", "timeout", "unavailable", "denied", "limited")
EVERYTHING = "*"
_BRANCH = re.compile(r"[\w][\w./-]{0,99}")
MIB = 1024 * 1024
MOST_MIB_S, MOST_MIB = 100_000, 1_000_000
MOST_PODS, MOST_NAMED = 1_000, 200  # that are looked through, and told of, where images are listed
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "registry-push": ("IMAGE", "[SIZE_MIB | private]"), "registry-remove": ("IMAGE",), "registry-empty": (), "registry-slow": ("MIB_PER_SECOND",),
    "registry-break": ("[MODE]", "[DOMAIN]"), "registry-mend": ("[DOMAIN]",), "registry-block": ("IMAGE",), "registry-allow": ("IMAGE",),
    "git-push": ("URL[#BRANCH]", "MESSAGE", "PATH", "TEXT", "…"),
}


def check(engine: Any, action: str, args: list[str]) -> None:
    """Refuse what cannot be meant. Raises Refused."""
    if action in ("registry-push", "registry-remove", "registry-block", "registry-allow") and args[0] != EVERYTHING:
        _check_image(args[0])
    if action == "registry-push" and len(args) > 1 and args[1] != "private":
        _number(args[1], MOST_MIB)
    if action == "registry-slow":
        _number(args[0], MOST_MIB_S)
    if action == "registry-break" and args and args[0] not in MODES:
        raise Refused(f"unknown mode {args[0]!r}: choose one of {', '.join(MODES)}", f"未知方式“{args[0]}”：可选 {'、'.join(MODES)}")
    if action == "git-push":
        _check_push(engine, args)


def _check_image(image: str) -> None:
    from cluster.runtime import reference

    try:
        parsed = reference.parse(image)
    except reference.InvalidReference as error:
        raise Refused(f"{image!r} names no image: {error}", f"“{image}”不是镜像名：{error}") from None
    if parsed.digest:
        raise Refused(f"{image!r}: name a tag, not a digest", f"“{image}”：请写标签，不要写摘要")


def _check_push(engine: Any, args: list[str]) -> None:
    from cluster.runtime.repositories import CannotPush, place_of, repositories_of

    if len(args) % 2:
        usage = "git-push URL[#BRANCH] MESSAGE PATH TEXT [PATH TEXT …]"
        raise Refused(f"usage: {usage}", f"用法：{usage}")
    url, branch = place_of(args[0])
    if not url or not _BRANCH.fullmatch(branch) or ".." in branch:
        raise Refused(f"{args[0]!r} is no address of a repository, with a branch behind # if it is not main",
                      f"“{args[0]}”不是仓库地址（分支不是 main 时写在 # 之后）")
    for path in args[2::2]:
        if not path or path.startswith("/") or ".." in path.split("/") or path.endswith("/"):
            raise Refused(f"{path!r} is no path of a file in a repository", f"“{path}”不是仓库中的文件路径")
    try:
        repositories_of(engine).tree_after(url, dict(zip(args[2::2], args[3::2], strict=True)), branch)
    except CannotPush as error:
        raise Refused(str(error), error.zh) from None


def _number(text: str, most: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.001 <= number <= most:  # also what is no number at all
        raise Refused(f"{text!r} is no number of MiB: choose one from 0.001 to {most}", f"“{text}”不是以 MiB 计的数：可选 0.001 至 {most}")
    return number


def apply(engine: Any, action: str, args: list[str]) -> None:
    """Do it."""
    from cluster.runtime.registry import registry_of
    from cluster.runtime.repositories import CannotPush, place_of, repositories_of

    registry = registry_of(engine)
    if action == "git-push":
        try:
            url, branch = place_of(args[0])
            repositories_of(engine).push(url, dict(zip(args[2::2], args[3::2], strict=True)), args[1], branch)
        except CannotPush as error:
            engine.record("you", "CommitRefused", "", {"repository": args[0], "message": str(error), "message_zh": error.zh})
    elif action == "registry-push":
        is_private = args[1:] == ["private"]
        size = 0 if is_private or not args[1:] else int(_number(args[1], MOST_MIB) * MIB)
        registry.push(args[0], size_bytes=size, is_private=is_private)
    elif action == "registry-slow":
        registry.slow(max(1, int(_number(args[0], MOST_MIB_S) * MIB)))
    elif action == "registry-empty":
        registry.empty()
    elif action == "registry-break":
        registry.break_down(args[0] if args else "down", args[1] if args[1:] else EVERYTHING)
    elif action == "registry-mend":
        registry.mend(args[0] if args else EVERYTHING)
    elif args[0] == EVERYTHING:
        registry.break_down("dns") if action == "registry-block" else registry.mend()
    elif action in ("registry-remove", "registry-block"):
        registry.remove(args[0])
    else:
        registry.put_back(args[0])


def named(simulation: Any) -> tuple[str, ...]:
    """The full names of the images that nodes hold or Pods name: those that a learner may want to do something about."""
    from cluster.runtime import reference

    held = [image.name for node in simulation.nodes.values() for image in node.runtime.images() if image.name and "@" not in image.name]
    pods = [stored.value["spec"] for _, stored in simulation.store.list("/registry/pods/")][:MOST_PODS]
    wanted = [each.get("image", "") for spec in pods for part in ("initContainers", "containers") for each in spec.get(part) or ()]
    names = dict.fromkeys(held)
    for image in dict.fromkeys(wanted):
        try:
            names[str(reference.parse(image))] = None
        except reference.InvalidReference:
            continue
    return tuple(name for name in names if "@" not in name)[:MOST_NAMED]
