"""fluent-bit: reads inputs (tail, http, tcp), and ships what came to outputs (http, tcp, stdout, null): a log agent, or a collector.

Taken from its flags (-i tail -p path=…, -o http -p host=…) or from a classic configuration file (-c). A simplification: no parsers and
filters, tags decide nothing but what stdout shows, records are not kept on disk; other plugins are refused as unknown ones are.
Sources: docs.fluentbit.io; Fluent Bit 4.0's log.
"""

from __future__ import annotations

import json
import posixpath
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

from cluster.runtime.http import Asked, Malformed
from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.servers import Said, Served
from cluster.runtime.words import Stamp, asked_for, flags, go_answer, number_of
from cluster.runtime.world import ContainerWorld

VERSION, CONFIG = "4.0.7", "/fluent-bit/etc/fluent-bit.conf"
INPUTS, OUTPUTS = ("tail", "http", "tcp"), ("http", "tcp", "stdout", "null")
PORTS = {"http": 9880, "tcp": 5170}
PERIOD_MS = 1_000  # Flush 1, and how often a file is looked at
MOST_WAITING, MOST_FILES = 500, 100
LONGEST_RECORD, DEEPEST = 4 * 1024, 50
RETRIES, RETRY_MS = 1, 8_000  # Retry_Limit, and the base of its back-off
Plugin = dict[str, str]


def agent(me: Running) -> Act:
    """Read the configuration at the start; then, each second, read what is new and ship what waits."""
    if me.step == 0:
        return _start(me)
    for number, plugin in enumerate(me.notes["inputs"]):
        if plugin["name"] == "tail":
            _tail(me, number, plugin)
    _flush(me)
    return Act(PERIOD_MS, is_background=True)


def _start(me: Running) -> Act:
    me.say(f"Fluent Bit v{VERSION}\n* Copyright (C) 2015-2025 The Fluent Bit Authors\n* Fluent Bit is a CNCF graduated project under the Fluent "
           "organization\n* https://fluentbit.io\n", "stderr")  # fmt: skip
    inputs, outputs, wrong = _configured(me)
    _log(me, "info", f"[fluent bit] version={VERSION}, pid=1")
    if wrong:
        _log(me, "error", wrong)
        return Act(code=1)
    me.notes.update(inputs=inputs, outputs=outputs, waiting=[], offsets={}, due_ms=0, tries=0)
    for number, plugin in enumerate(inputs):
        name = plugin["name"]
        _log(me, "info", f"[input:{name}:{name}.{number}] initializing")
        if name != "tail":
            port = number_of(plugin.get("port", ""), PORTS[name])
            if not me.listen(port, f"fluent-bit-{name}"):
                _log(me, "error", f"[input:{name}:{name}.{number}] could not bind address 0.0.0.0:{port}. Aborting")
                return Act(code=1)
            _log(me, "info", f"[input:{name}:{name}.{number}] listening on 0.0.0.0:{port}")
    _log(me, "info", "[sp] stream processor started")
    for number, plugin in enumerate(outputs):
        if plugin["name"] == "stdout":
            _log(me, "info", f"[output:stdout:stdout.{number}] worker #0 started")
    return Act(PERIOD_MS, is_background=True)


def _log(me: Running, level: str, words: str) -> None:
    me.say(f"[{Stamp(me.world).go}] [{level:>5}] {words}", "stderr")


# -- configuration ------------------------------------------------------------------------------------------------------


def _configured(me: Running) -> tuple[list[Plugin], list[Plugin], str]:
    """(inputs, outputs, what is wrong)."""
    found, _ = flags(me.argv[1:])
    path = found.get("c") or found.get("config")
    if path or len(me.argv) == 1:
        text = me.world.read_file(path or CONFIG)
        if text is None:
            return [], [], f"[config] could not open configuration file {path or CONFIG}"
        sections = _sections(text, me.env)
    else:
        sections = _from_flags(me.argv[1:])
    inputs = [plugin for kind, plugin in sections if kind == "INPUT"]
    outputs = [plugin for kind, plugin in sections if kind == "OUTPUT"]
    for word, plugins, known in (("input", inputs, INPUTS), ("output", outputs, OUTPUTS)):
        strange = next((plugin.get("name", "") for plugin in plugins if plugin.get("name") not in known), None)
        if strange is not None:
            return [], [], f"[config] section '{word}' tried to instance a plugin name that doesn't exist: {strange} (simulated: {', '.join(known)})"
    return inputs, outputs, "" if inputs else "[lib] no input plugins were given"


def _sections(text: str, env: dict[str, str]) -> list[tuple[str, Plugin]]:
    """The sections of a classic configuration file: [INPUT] and lines of a name and its value."""
    sections: list[tuple[str, Plugin]] = []
    for line in text.splitlines()[:1_000]:
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            sections.append((line[1:-1].upper(), {}))
        elif line and not line.startswith("#") and sections:
            name, _, value = line.partition(" ")
            for variable in [each for each in env if "${" + each + "}" in value]:
                value = value.replace("${" + variable + "}", env[variable])
            sections[-1][1][name.lower()] = value.strip()
    return sections


def _from_flags(words: list[str]) -> list[tuple[str, Plugin]]:
    sections: list[tuple[str, Plugin]] = []
    for flag, value in pairwise(words):
        if flag in ("-i", "--input", "-o", "--output"):
            kind = "INPUT" if flag in ("-i", "--input") else "OUTPUT"
            plugin = {"name": value.partition("://")[0]}
            host, _, port = value.partition("://")[2].partition(":")
            sections.append((kind, plugin | ({"host": host} if host else {}) | ({"port": port} if port else {})))
        elif flag in ("-p", "--prop") and sections:
            name, _, text = value.partition("=")
            sections[-1][1][name.lower()] = text
    return sections


# -- inputs -------------------------------------------------------------------------------------------------------------


def _tail(me: Running, number: int, plugin: Plugin) -> None:
    """New whole lines of the files that a path's pattern names; a file that got shorter begins anew."""
    offsets = me.notes["offsets"]
    for path in _matching(me.world, plugin.get("path", "")):
        text = me.world.read_file(path) or ""
        key = f"{number} {path}"
        if key not in offsets:
            if len(offsets) >= MOST_FILES:
                continue
            from_head = "looked" in me.notes or plugin.get("read_from_head", "").lower() in ("true", "on")
            offsets[key] = 0 if from_head else len(text)
            _log(me, "info", f"[input:tail:tail.{number}] inotify_fs_add(): watch_fd={len(offsets)} name={path}")
        begin = offsets[key] if offsets[key] <= len(text) else 0
        end = text.rfind("\n", begin) + 1
        for line in text[begin:end].splitlines() if end > begin else ():
            _take(me.notes, me.world, _tag(plugin, number, path), _record(plugin, path, line))
        offsets[key] = end if end > begin else begin
    me.notes["looked"] = True


def _record(plugin: Plugin, path: str, line: str) -> dict[str, Any]:
    name = plugin.get("path_key")
    return ({name: path} if name else {}) | {plugin.get("key", "log"): line}


def _tag(plugin: Plugin, number: int, path: str) -> str:
    tag = plugin.get("tag") or f"tail.{number}"
    return tag.replace("*", path.strip("/").replace("/", "."))


def _matching(world: ContainerWorld, patterns: str) -> list[str]:
    found = []
    for pattern in [each.strip() for each in patterns.split(",") if each.strip()][:20]:
        folder, name = posixpath.split(pattern)
        found += [f"{folder}/{each}" for each in world.names(folder) if fnmatchcase(each, name) and not world.is_folder(f"{folder}/{each}")]
    return found


def _take(notes: dict[str, Any], world: ContainerWorld, tag: str, record: Any) -> None:
    """Keep a record, as JSON, until it is shipped; of too many the oldest go, and one that is too large or too deep goes at once."""
    text = json.dumps(record)
    if len(text) > LONGEST_RECORD or max(text.count("["), text.count("{")) > DEEPEST:
        return
    notes["waiting"].append([tag, world.unix_s + world.now_ms % 1000 / 1000, text])
    del notes["waiting"][:-MOST_WAITING]


def receive_http(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    """The http input: JSON, one object or a list; the path is the tag."""
    path, _ = asked_for(asked)
    body = getattr(asked, "body", "")
    records = _parsed(body)
    if not isinstance(asked, Asked) or asked.method != "POST" or records is None:
        return go_answer(world, asked, "error: invalid payload\n" if isinstance(asked, Asked) else "", code=400)
    for record in records:
        _take(world.process.notes, world, path.strip("/").replace("/", ".") or "http.0", record)
    return go_answer(world, asked, "", code=201)


def _parsed(body: str) -> list[Any] | None:
    """The records of a JSON list, or of JSON objects one a line."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        read = None
    if isinstance(read, list):
        return read[:MOST_WAITING]
    if isinstance(read, dict):
        return [read]
    records = []
    for line in body.splitlines():
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError):
            return None
    return records or None


def receive_tcp(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """The tcp input: JSON objects, one after another; what is none is left out, as the real one does with its json format."""
    text, end, rest = received.rpartition("\n")
    for line in text.splitlines() if end else ():
        for record in _parsed(line) or ():
            _take(world.process.notes, world, "tcp.0", record)
    return Said(rest=rest if end else received)


# -- outputs ------------------------------------------------------------------------------------------------------------


def _flush(me: Running) -> None:
    """Ship what waits to each output; one that does not answer is tried again later, Retry_Limit times."""
    waiting = me.notes["waiting"]
    if not waiting or me.now_ms < me.notes["due_ms"]:
        return
    for number, plugin in enumerate(me.notes["outputs"]):
        why = _ship(me, plugin, waiting)
        if why:
            _log(me, "error", f"[output:{plugin['name']}:{plugin['name']}.{number}] {why}")
            _retry(me, plugin, number)
            return
    me.notes["waiting"], me.notes["tries"] = [], 0


def _retry(me: Running, plugin: Plugin, number: int) -> None:
    limit = plugin.get("retry_limit", "").lower()
    most = 10**9 if limit in ("false", "no_limits") else number_of(limit, RETRIES)
    me.notes["tries"] += 1
    name = f"{plugin['name']}.{number}"
    if me.notes["tries"] > most:
        _log(me, "error", f"[engine] chunk '1-{me.notes['tries']}.flb' cannot be retried: task_id=0, input=tail.0 > output={name}")
        me.notes["waiting"], me.notes["tries"] = [], 0
        return
    wait_ms = min(300_000, RETRY_MS << min(me.notes["tries"] - 1, 6))
    me.notes["due_ms"] = me.now_ms + wait_ms
    _log(me, "warn", f"[engine] failed to flush chunk '1-{me.notes['tries']}.flb', retry in {wait_ms // 1000} seconds: task_id=0, "
         f"input=tail.0 > output={name} (out_id={number})")  # fmt: skip


def _ship(me: Running, plugin: Plugin, waiting: list[list[Any]]) -> str:
    """Returns why it failed, "" when all is delivered."""
    if plugin["name"] == "null":
        return ""
    if plugin["name"] == "stdout":
        for number, (tag, moment, text) in enumerate(waiting):
            me.say(f"[{number}] {tag}: [[{moment:.9f}, {{}}], {_shown(json.loads(text))}]")
        return ""
    host, port = plugin.get("host", "127.0.0.1"), number_of(plugin.get("port", ""), 80 if plugin["name"] == "http" else 5170)
    read = [(moment, json.loads(text)) for _, moment, text in waiting]
    records = [{"date": moment, **(record if isinstance(record, dict) else {"log": record})} for moment, record in read]
    text = json.dumps(records) if plugin["name"] == "http" else "".join(json.dumps(record) + "\n" for record in records)
    if plugin["name"] == "http":
        head = [f"POST {plugin.get('uri', '/')} HTTP/1.1", f"Host: {host}:{port}", "Content-Type: application/json", f"Content-Length: {len(text)}",
                "User-Agent: Fluent-Bit", "Connection: close", "", ""]  # fmt: skip
        text = "\r\n".join(head) + text
    reply = me.world.network.exchange(host, port, text)
    if reply.error:
        return f"no upstream connections available to {host}:{port}"
    status = reply.text.split(" ")[1:2] if plugin["name"] == "http" else ["200"]
    return "" if status and status[0].startswith("2") else f"{host}:{port}, HTTP status={''.join(status) or '0'}"


def _shown(value: Any) -> str:
    """A record as stdout prints it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}"=>{_shown(each)}' for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def on_signal(me: Running, name: str) -> Act | None:
    """Ship what waits, then end: Grace is 5 seconds, what is left is lost."""
    if name not in ("TERM", "INT"):
        return None
    _log(me, "warn", "[engine] service will shutdown in max 5 seconds")
    if "waiting" in me.notes:
        me.notes["due_ms"] = 0
        _flush(me)
    _log(me, "info", "[engine] service has stopped (0 pending tasks)")
    return Act(900, 0)


IMAGE = Image(
    repositories=("docker.io/fluent/fluent-bit", "cr.fluentbit.io/fluent/fluent-bit"),
    size_bytes=0,
    entrypoint=(),
    command=("/fluent-bit/bin/fluent-bit", "-c", CONFIG),
    dashed="/fluent-bit/bin/fluent-bit",
    exit_codes={},
    shell=False,
    programs={"fluent-bit": agent},
    signals=on_signal,
    answers={"fluent-bit-http": receive_http},
    talks={"fluent-bit-tcp": receive_tcp},
    files={CONFIG: "[SERVICE]\n    Flush 1\n\n[INPUT]\n    Name cpu\n\n[OUTPUT]\n    Name stdout\n    Match *\n"},
)
