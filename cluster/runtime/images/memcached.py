"""memcached: 11211, the text protocol: set, get, delete, flush_all, version, stats; what it holds is gone with it.

Source: github.com/memcached/memcached doc/protocol.txt.
"""

from __future__ import annotations

from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.servers import Said
from cluster.runtime.words import flags, number_of
from cluster.runtime.world import ContainerWorld

VERSION, PORT = "1.6.39", 11211
MOST_BYTES, MOST_KEYS = 256 * 1024, 2_000


def server(me: Running) -> Act:
    found, _ = flags(me.argv[1:])
    port = number_of(found.get("p", found.get("port", "")), PORT)
    if not me.listen(port, "memcached"):
        me.say(f"bind(): Address already in use\nfailed to listen on TCP port {port}: Address already in use", "stderr")
        return Act(code=71)
    return Act()


def talk(world: ContainerWorld, tag: str, received: str, setting: str) -> Said:
    """One command of what came."""
    line, end, rest = received.partition("\r\n")
    if not end:
        return Said(rest=received)
    words, data = line.split(), world.process.notes.setdefault("data", {})
    name = words[0] if words else ""
    if name == "set" and len(words) >= 5:
        return _set(data, words, received, rest)
    if name in ("get", "gets") and len(words) > 1:
        found = [key for key in words[1:100] if key in data]
        return Said("".join(f"VALUE {key} {data[key][0]} {len(data[key][1])}\r\n{data[key][1]}\r\n" for key in found) + "END\r\n", rest)
    if name == "delete" and len(words) > 1:
        return Said("DELETED\r\n" if data.pop(words[1], None) else "NOT_FOUND\r\n", rest)
    if name == "flush_all":
        data.clear()
        return Said("OK\r\n", rest)
    if name == "quit":
        return Said(is_over=True)
    answers = {"version": f"VERSION {VERSION}\r\n", "stats": f"STAT pid 1\r\nSTAT version {VERSION}\r\nSTAT curr_items {len(data)}\r\nEND\r\n"}
    return Said(answers.get(name, "ERROR\r\n"), rest)


def _set(data: dict, words: list[str], received: str, rest: str) -> Said:
    length = number_of(words[4], -1)
    if length < 0:
        return Said("CLIENT_ERROR bad data chunk\r\n", rest)
    if len(rest) < length + 2:
        return Said(rest=received)
    value, after = rest[:length], rest[length + 2 :]
    if len(data) >= MOST_KEYS or length + sum(len(each[1]) for each in data.values()) > MOST_BYTES:
        return Said("SERVER_ERROR out of memory storing object\r\n", after)
    data[words[1][:250]] = [words[2], value]
    return Said("" if words[-1] == "noreply" else "STORED\r\n", after)


IMAGE = Image(
    repositories=("docker.io/library/memcached",),
    size_bytes=0,
    entrypoint=(),
    command=("memcached",),
    dashed="memcached",
    exit_codes={"TERM": 0, "INT": 0},
    programs={"memcached": server},
    talks={"memcached": talk},
)
