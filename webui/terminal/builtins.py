"""Owns the commands beside kubectl: ls, cat, vim, ctr, ssh, watch and a few more. Each gives its output piece by piece."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable

from webui.door import door

from . import confinement
from .words import Refusal

Output = AsyncIterator[str]
ARCHIVES = {
    "nginx.tar.gz": "nginx/nginx:v1",
    "tomcat.tar.gz": "tomcat/tomcat-8.5-jre8:v1",
    "busybox.tar.gz": "busybox:1",
}
KUBELETS = "k8s.io"  # containerd's namespace that the kubelet sees
LEAST_WATCH_S = 1.0


async def list_files(session, words: list[str]) -> Output:
    names = sorted(ARCHIVES) if session.node else session.names()
    wanted = [word for word in words[1:] if not word.startswith("-") and word not in (".", "./")]
    for name in wanted:
        if name not in names:
            raise Refusal("terminal.no_file", command="ls", name=name[:80])
    shown = wanted or names
    if shown:
        is_long = any(re.fullmatch(r"-[A-Za-z]*[l1][A-Za-z]*", word) for word in words[1:])
        yield ("\n" if is_long else "  ").join(shown) + "\n"


async def show_files(session, words: list[str]) -> Output:
    for name in words[1:]:
        text = session.file(name) if not session.node else None
        if text is None:
            raise Refusal("terminal.no_file", command=words[0], name=name[:80])
        yield text if text.endswith("\n") or not text else text + "\n"


async def open_file(session, words: list[str]) -> Output:
    """vim, vi, nano: the editor is the page's."""
    name = words[-1].removeprefix("./") if len(words) > 1 else ""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", name) or session.node:
        raise Refusal("terminal.no_file", command=words[0], name=name[:80])
    await session.tell({"type": "open", "name": name})
    await session.note("terminal.opened", name=name)
    return
    yield


async def clear(session, words: list[str]) -> Output:
    await session.tell({"type": "clear"})
    return
    yield


async def help_text(session, words: list[str]) -> Output:
    await session.note("terminal.help", "plain")
    return
    yield


async def echo(session, words: list[str]) -> Output:
    is_open = words[1:2] == ["-n"]
    yield " ".join(words[2 if is_open else 1 :]) + ("" if is_open else "\n")


async def pwd(session, words: list[str]) -> Output:
    yield "/root\n" if session.node else "~\n"


async def hostname(session, words: list[str]) -> Output:
    yield (session.node or "your-machine") + "\n"


async def log_in(session, words: list[str]) -> Output:
    """ssh NODE: `ctr` then means that node's containerd."""
    session.node = await node_named(session, words[-1].rpartition("@")[2] if len(words) > 1 else "")
    return
    yield


async def log_out(session, words: list[str]) -> Output:
    if session.node:
        session.node = ""
        yield "logout\n"


async def nodes_of(session) -> list[str]:
    answer = await door().ask({"do": "nodes", "sandbox": session.sandbox})
    session.nodes = answer.get("nodes") or []
    return session.nodes


async def node_named(session, name: str) -> str:
    nodes = await nodes_of(session)
    if name not in nodes:
        raise Refusal("terminal.which_node", nodes=", ".join(nodes))
    return name


async def ctr(session, words: list[str]) -> Output:
    """containerd's own client, on the node that one is logged in to, or that --node names."""
    namespace, node, rest = ctr_words(words)
    node = await node_named(session, node or session.node)
    if rest[:1] not in (["images"], ["image"], ["i"]) or len(rest) < 2:
        raise Refusal("terminal.ctr_usage")
    if rest[1] in ("ls", "list"):
        async for text in list_images(session, node, namespace, is_quiet="-q" in rest):
            yield text
    elif rest[1] == "import":
        async for text in import_images(session, node, namespace, [word for word in rest[2:] if not word.startswith("-")]):
            yield text
    else:
        raise Refusal("terminal.ctr_usage")


def ctr_words(words: list[str]) -> tuple[str, str, list[str]]:
    """(containerd namespace, node, the other words)."""
    namespace, node, rest, left = "default", "", [], list(words[1:])
    while left:
        word = left.pop(0)
        if found := re.fullmatch(r"(?:-n|--namespace)(?:=(.*))?", word):
            namespace = found[1] if found[1] is not None else (left.pop(0) if left else "")
        elif found := re.fullmatch(r"--node(?:=(.*))?", word):
            node = found[1] if found[1] is not None else (left.pop(0) if left else "")
        else:
            rest.append(word)
    return namespace, node, rest


async def list_images(session, node: str, namespace: str, *, is_quiet: bool) -> Output:
    answer = await door().ask({"do": "images", "sandbox": session.sandbox, "node": node})
    images = answer.get("images") or []
    if namespace != KUBELETS:
        images = []
        await session.note("terminal.ctr_namespace", namespace=namespace)
    if is_quiet:
        yield "".join(image["name"] + "\n" for image in images)
        return
    rows = [("REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS")]
    for image in images:
        size = f"{image['size_bytes'] / 2**20:.1f} MiB"
        rows.append((image["name"], "application/vnd.oci.image.manifest.v1+json", image["digest"], size, "linux/amd64", "-"))
    widths = [max(len(row[at]) for row in rows) for at in range(6)]
    yield "".join(" ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows)


async def import_images(session, node: str, namespace: str, names: list[str]) -> Output:
    if not names:
        raise Refusal("terminal.ctr_usage")
    for name in names:
        image = ARCHIVES.get(name.removeprefix("./"))
        if image is None:
            raise Refusal("terminal.no_archive", name=name[:80], archives=", ".join(ARCHIVES))
        if namespace != KUBELETS:
            await session.note("terminal.ctr_namespace", namespace=namespace)
            continue
        answer = await door().ask({"do": "fault", "sandbox": session.sandbox, "action": "image-import", "args": [node, image]})
        if not answer.get("ok"):
            raise Refusal("terminal.broken", text=answer["error"]["en"])
        found = await door().ask({"do": "images", "sandbox": session.sandbox, "node": node})
        full = next((each for each in found.get("images") or [] if each["name"].endswith("/" + image)), None)
        yield f"unpacking {full['name']} ({full['digest']})...done\n" if full else f"unpacking {image}...done\n"


async def watch(session, words: list[str]) -> Output:
    """`watch [-n S] kubectl …`: again and again, each on a clean screen."""
    seconds, rest = 2.0, words[1:]
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        if found := re.fullmatch(r"-n(\d*\.?\d*)|--interval(?:=(.*))?", flag):
            text = found[1] or found[2] or (rest.pop(0) if rest else "")
            if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text):
                raise Refusal("terminal.bad_number", text=text[:40])
            seconds = max(LEAST_WATCH_S, float(text))
        elif flag not in ("-d", "-t", "-c"):
            raise Refusal("terminal.filter_option", command="watch", option=flag)
    if rest[:1] not in (["kubectl"], ["k"]):
        raise Refusal("terminal.filter_usage", usage="watch [-n S] kubectl …")
    confinement.check(rest[1:])
    while True:
        parts = [f"Every {seconds:.1f}s: {' '.join(rest)}\n\n"]
        async for text in session.kubectl(rest[1:]):
            parts.append(text)
        lines = "".join(parts).split("\n")
        kept = "\n".join(lines[: session.rows - 1])
        session.written = 0
        yield f"\x1b[H\x1b[2J\x1b[3J{kept}"
        await asyncio.sleep(seconds)


BUILTINS: dict[str, Callable] = {
    "ls": list_files, "cat": show_files, "less": show_files, "more": show_files, "vim": open_file, "vi": open_file, "nano": open_file,
    "clear": clear, "help": help_text, "?": help_text, "echo": echo, "pwd": pwd, "hostname": hostname, "ssh": log_in, "exit": log_out,
    "logout": log_out, "ctr": ctr, "watch": watch,
}  # fmt: skip
