"""redis: 6379, over `nc` or redis-cli: PING, SET, GET and the other common commands; what it holds is in /data/dump.rdb when it ends.

A simplification: keys do not expire, dump.rdb is JSON, written at SAVE, SHUTDOWN and SIGTERM alone.
Sources: Redis 7.4's log; redis.io/docs/latest/develop/reference/protocol-spec.
"""

from __future__ import annotations

import json
import re

from cluster.runtime.image import Act, Image, Printed
from cluster.runtime.programs import Running
from cluster.runtime.servers import Said
from cluster.runtime.words import Stamp, flags, number_of
from cluster.runtime.world import ContainerWorld

VERSION, PORT = "7.4.5", 6379
DUMP = "/data/dump.rdb"
MOST_BYTES, MOST_KEYS, MOST_WORDS = 256 * 1024, 2_000, 1_000
OK, NIL = "+OK\r\n", "$-1\r\n"


def server(me: Running) -> Act:
    """Load what the last run left, then serve."""
    found, rest = flags(me.argv[1:])
    if rest and me.world.read_file(rest[0]) is None:
        me.say(f"{_line(me.world, 'C', '#')} Fatal error, can't open config file '{rest[0]}': No such file or directory", "stderr")
        return Act(code=1)
    port = number_of(found.get("port", ""), PORT)
    lead_c, lead_m = _line(me.world, "C", "*"), _line(me.world, "M", "*")
    me.say(f"{lead_c} oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
    me.say(f"{lead_c} Redis version={VERSION}, bits=64, commit=00000000, modified=0, pid=1, just started")
    if len(me.argv) > 1:
        me.say(f"{lead_c} Configuration loaded")
    else:
        me.say(f"{_line(me.world, 'C', '#')} Warning: no config file specified, using the default config. "
               "In order to specify a config file use redis-server /path/to/redis.conf")  # fmt: skip
    me.say(f"{lead_m} monotonic clock: POSIX clock_gettime")
    me.notes["data"], me.notes["password"] = _loaded(me), found.get("requirepass", "")
    if not me.listen(port, "redis"):
        me.say(f"{_line(me.world, 'M', '#')} Warning: Could not create server TCP listening socket *:{port}: bind: Address already in use")
        me.say(f"{_line(me.world, 'M', '#')} Failed listening on port {port} (tcp), aborting.")
        return Act(code=1)
    me.say(f"{lead_m} Running mode=standalone, port={port}.")
    me.say(f"{lead_m} Server initialized")
    if me.notes["data"]:
        me.say(f"{lead_m} DB loaded from disk: 0.000 seconds")
    me.say(f"{lead_m} Ready to accept connections tcp")
    return Act()


def _line(world: ContainerWorld, role: str, mark: str) -> str:
    return f"1:{role} {Stamp(world).redis} {mark}"


def _loaded(me: Running) -> dict[str, str]:
    try:
        data = json.loads(me.world.read_file(DUMP) or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def on_signal(me: Running, name: str) -> Act | None:
    """Save, then end."""
    if name not in ("TERM", "INT"):
        return None
    me.say(f"1:signal-handler ({me.world.unix_s}) Received SIG{name} scheduling shutdown...")
    lead = _line(me.world, "M", "*")
    me.say(f"{lead} User requested shutdown...")
    me.say(f"{lead} Saving the final RDB snapshot before exiting.")
    if _saved(me.world):
        me.say(f"{lead} DB saved on disk")
    me.say(f"{_line(me.world, 'M', '#')} Redis is now ready to exit, bye bye...")
    return Act(code=0)


def _saved(world: ContainerWorld) -> bool:
    return world.put_file(DUMP, json.dumps(world.process.notes.get("data") or {}))


def talk(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """One command of what came: an inline one, or an array of bulk strings."""
    words, rest = _command(received)
    if words is None:
        return Said(rest=received)
    if not words:
        return Said(rest=rest)
    name = words[0].upper()
    if name in ("QUIT", "SHUTDOWN"):
        if name == "SHUTDOWN":
            _saved(world)
            world.runtime.end_program(world.process, 0)
        return Said(OK if name == "QUIT" else "", rest, is_over=True)
    return Said(answer_to(world, words), rest)


def _command(text: str) -> tuple[list[str] | None, str]:
    """(the words of the first command, what follows); None while it is not all there."""
    if not text.startswith("*"):
        line, end, rest = text.partition("\n")
        return (line.rstrip("\r").split()[:MOST_WORDS], rest) if end else (None, text)
    head, end, rest = text.partition("\r\n")
    count = number_of(head[1:], 0)
    if not end or not 0 < count <= MOST_WORDS:
        return (None, text) if not end else ([], "")
    words = []
    for _ in range(count):
        head, end, rest = rest.partition("\r\n")
        length = number_of(head[1:], -1)
        if not end or len(rest) < length + 2:
            return None, text
        if length < 0:
            return [], ""
        words.append(rest[:length])
        rest = rest[length + 2 :]
    return words, rest


def answer_to(world: ContainerWorld, words: list[str]) -> str:
    """The reply to a command, as it is sent."""
    name, arguments = words[0].upper(), words[1:]
    notes = world.process.notes
    if name == "AUTH":
        notes["known"] = bool(arguments) and arguments[-1] == notes.get("password")
        return OK if notes["known"] else "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
    if notes.get("password") and not notes.get("known"):
        return "-NOAUTH Authentication required.\r\n"
    if name not in COMMANDS:
        said = " ".join(f"'{word}'" for word in arguments[:20])
        return f"-ERR unknown command '{words[0]}', with args beginning with: {said + ' ' if said else ''}\r\n"
    least, most, function = COMMANDS[name]
    if not least <= len(arguments) <= most:
        return f"-ERR wrong number of arguments for '{name.lower()}' command\r\n"
    return function(world, notes.setdefault("data", {}), arguments)


def _bulk(text: str | None) -> str:
    return NIL if text is None else f"${len(text)}\r\n{text}\r\n"


def _set(world: ContainerWorld, data: dict[str, str], arguments: list[str]) -> str:
    taken = sum(len(key) + len(value) for key, value in data.items())
    if taken + len(arguments[0]) + len(arguments[1]) > MOST_BYTES or len(data) >= MOST_KEYS:
        return "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
    data[arguments[0]] = arguments[1]
    return OK


def _increment(data: dict[str, str], key: str, by: int) -> str:
    value = data.get(key, "0")
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        return "-ERR value is not an integer or out of range\r\n"
    data[key] = str(int(value) + by)
    return f":{data[key]}\r\n"


def _delete(data: dict[str, str], keys: list[str]) -> str:
    return f":{sum(data.pop(key, None) is not None for key in keys)}\r\n"


def _keys(data: dict[str, str], pattern: str) -> str:
    lead = pattern.rstrip("*")
    found = [key for key in data if key == pattern or (pattern.endswith("*") and key.startswith(lead))]
    return f"*{len(found)}\r\n" + "".join(_bulk(key) for key in found)


def _flush(data: dict[str, str]) -> str:
    data.clear()
    return OK


def _save(world: ContainerWorld) -> str:
    return OK if _saved(world) else "-ERR\r\n"


def _info(world: ContainerWorld, data: dict[str, str]) -> str:
    keys = f"db0:keys={len(data)},expires=0,avg_ttl=0"
    return _bulk(f"# Server\r\nredis_version:{VERSION}\r\nredis_mode:standalone\r\nprocess_id:1\r\n\r\n# Keyspace\r\n{keys}\r\n")


COMMANDS = {  # name -> (least, most arguments, what it does)
    "PING": (0, 1, lambda world, data, words: _bulk(words[0]) if words else "+PONG\r\n"),
    "ECHO": (1, 1, lambda world, data, words: _bulk(words[0])),
    "SELECT": (1, 1, lambda world, data, words: OK),
    "SET": (2, 2, _set),
    "GET": (1, 1, lambda world, data, words: _bulk(data.get(words[0]))),
    "DEL": (1, MOST_WORDS, lambda world, data, words: _delete(data, words)),
    "EXISTS": (1, MOST_WORDS, lambda world, data, words: f":{sum(key in data for key in words)}\r\n"),
    "INCR": (1, 1, lambda world, data, words: _increment(data, words[0], 1)),
    "DECR": (1, 1, lambda world, data, words: _increment(data, words[0], -1)),
    "KEYS": (1, 1, lambda world, data, words: _keys(data, words[0])),
    "DBSIZE": (0, 0, lambda world, data, words: f":{len(data)}\r\n"),
    "FLUSHALL": (0, 1, lambda world, data, words: _flush(data)),
    "SAVE": (0, 0, lambda world, data, words: _save(world)),
    "INFO": (0, 1, lambda world, data, words: _info(world, data)),
}


def client(world: ContainerWorld, words: list[str]) -> Printed:
    """`redis-cli [-h HOST] [-p PORT] [-a PASSWORD] COMMAND …`."""
    host, port, password, rest = "127.0.0.1", PORT, "", list(words[1:])
    while rest and rest[0] in ("-h", "-p", "-a") and len(rest) > 1:
        flag, value = rest.pop(0), rest.pop(0)
        host, password = value if flag == "-h" else host, value if flag == "-a" else password
        port = number_of(value, PORT) if flag == "-p" else port
    asked = [*([["AUTH", password]] if password else []), rest or ["PING"]]
    text = "".join(f"*{len(each)}\r\n" + "".join(_bulk(word) for word in each) for each in asked)
    reply = world.network.exchange(host, port, text)
    if reply.error:
        return Printed(1, errors=f"Could not connect to Redis at {host}:{port}: Connection refused\n")
    said = reply.text.removeprefix(OK) if password else reply.text
    return Printed(0, _shown(said)[0])


def _shown(reply: str) -> tuple[str, str]:
    """(a reply as redis-cli prints it into a pipe, the rest)."""
    kind, head, rest = reply[:1], *reply[1:].partition("\r\n")[::2]
    if kind == "$":
        length = number_of(head, -1)
        return ("\n", rest) if length < 0 else (rest[:length] + "\n", rest[length + 2 :])
    if kind == "*":
        text = ""
        for _ in range(min(number_of(head, 0), MOST_KEYS)):
            shown, rest = _shown(rest)
            text += shown
        return text, rest
    return head + "\n", rest


IMAGE = Image(
    repositories=("docker.io/library/redis", "registry.k8s.io/redis", "registry.k8s.io/e2e-test-images/redis"),
    size_bytes=0,
    entrypoint=(),
    command=("redis-server",),
    dashed="redis-server",
    exit_codes={},
    programs={"redis-server": server},
    signals=on_signal,
    talks={"redis": talk},
    tools={"redis-cli": client},
)
