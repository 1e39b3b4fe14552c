"""hashicorp/http-echo: answers every request with its -text.

Source: github.com/hashicorp/http-echo main.go, handlers.go.
"""

from __future__ import annotations

from cluster.runtime.http import Asked, Malformed
from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.servers import Served
from cluster.runtime.words import Stamp, asked_for, flags, go_answer, number_of
from cluster.runtime.world import ContainerWorld


def server(me: Running) -> Act:
    found, rest = flags(me.argv[1:], plain=("version",))
    text = found.get("text") or me.env.get("ECHO_TEXT", "")
    if not text:
        me.say("Missing -text option!", "stderr")
        return Act(code=127)
    if rest:
        me.say("Too many arguments!", "stderr")
        return Act(code=127)
    listen = found.get("listen", ":5678")
    me.notes["text"] = text
    if not me.listen(number_of(listen.rpartition(":")[2], 5678), "http-echo"):
        me.say(f"{Stamp(me.world).go} [ERR] server exited with: listen tcp {listen}: bind: address already in use", "stderr")
        return Act(code=1)
    me.say(f"{Stamp(me.world).go} [INFO] server is listening on {listen}", "stderr")
    return Act()


def answer(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    path, _ = asked_for(asked)
    if path == "/health":
        return go_answer(world, asked, '{"status":"ok"}', kind="application/json")
    body = world.process.notes.get("text", "") + "\n"
    host = asked.headers.get("host", "") if isinstance(asked, Asked) else ""
    line = f'{Stamp(world).go} {host} {world.client}:{32768 + world.now_ms % 28000} "{getattr(asked, "method", "")} {path} HTTP/1.1" 200 {len(body)}'
    served = go_answer(world, asked, body, headers=(("X-App-Name", "http-echo"), ("X-App-Version", "1.0.0")))
    return served._replace(lines=(("stdout", line + "\n"),))


IMAGE = Image(
    repositories=("docker.io/hashicorp/http-echo",),
    size_bytes=0,
    entrypoint=("/http-echo",),
    command=("/http-echo",),
    exit_codes={"TERM": 0, "INT": 0},
    shell=False,
    programs={"http-echo": server},
    answers={"http-echo": answer},
)
