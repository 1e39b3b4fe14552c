"""traefik/whoami: tells on port 80 who was asked, and what.

Source: github.com/traefik/whoami app.go.
"""

from __future__ import annotations

from cluster.runtime.http import Asked, Malformed
from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.servers import Served
from cluster.runtime.words import Stamp, asked_for, flags, go_answer, number_of
from cluster.runtime.world import ContainerWorld


def server(me: Running) -> Act:
    found, _ = flags(me.argv[1:], plain=("verbose",))
    port = number_of(found.get("port") or me.env.get("WHOAMI_PORT_NUMBER", ""), 80)
    me.notes["name"] = found.get("name") or me.env.get("WHOAMI_NAME", "")
    me.say(f"{Stamp(me.world).go} Starting up on port {port}")
    if not me.listen(port, "whoami"):
        me.say(f"{Stamp(me.world).go} listen tcp :{port}: bind: address already in use", "stderr")
        return Act(code=1)
    return Act()


def answer(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    path, _ = asked_for(asked)
    if path == "/health":
        return go_answer(world, asked, "")
    name, addresses = world.process.notes.get("name", ""), world.runtime.addresses_of(world.container)
    lines = [f"Name: {name}"] if name else []
    lines += [f"Hostname: {world.process.hostname}", "IP: 127.0.0.1", *(f"IP: {address}" for address in addresses)]
    lines.append(f"RemoteAddr: {world.client}:{32768 + world.now_ms % 28000}")
    if isinstance(asked, Asked):
        lines.append(f"{asked.method} {asked.target} {asked.version}")
        lines += [f"{'Host' if header == 'host' else header.title()}: {value}" for header, value in asked.headers.items()]
    return go_answer(world, asked, "\n".join(lines) + "\n\n")


IMAGE = Image(
    repositories=("docker.io/traefik/whoami", "docker.io/containous/whoami"),
    size_bytes=0,
    entrypoint=("/whoami",),
    command=("/whoami",),
    exit_codes={"TERM": 2, "INT": 2},
    shell=False,
    programs={"whoami": server},
    answers={"whoami": answer},
)
