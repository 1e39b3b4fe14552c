"""gcr.io/google-samples/kubernetes-bootcamp: says on port 8080 in which Pod it runs; the tag is its version.

Source: kubernetes.io/docs/tutorials/kubernetes-basics.
"""

from __future__ import annotations

from cluster.runtime.http import Asked, Malformed
from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.servers import Served
from cluster.runtime.words import go_answer
from cluster.runtime.world import ContainerWorld


def server(me: Running) -> Act:
    me.listen(8080, "bootcamp")
    me.say(f"Kubernetes Bootcamp App Started At: {me.world.date_text} | Running On:  {me.process.hostname} ")
    return Act()


def answer(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    version = tag.lstrip("v") or "1"
    body = f"Hello Kubernetes bootcamp! | Running on: {world.process.hostname} | v={version}\n"
    served = go_answer(world, asked, body, kind="text/plain")
    up = f"App Uptime: {world.now_ms / 1000} seconds | Log Time: {world.date_text}"
    line = f"Running On: {world.process.hostname} | Total Requests: {_counted(world)} | {up}"
    return served._replace(lines=(("stdout", line + "\n"),))


def _counted(world: ContainerWorld) -> int:
    notes = world.process.notes
    notes["count"] = notes.get("count", 0) + 1
    return notes["count"]


IMAGE = Image(
    repositories=("gcr.io/google-samples/kubernetes-bootcamp", "docker.io/jocatalin/kubernetes-bootcamp"),
    size_bytes=0,
    command=("node", "server.js"),
    exit_codes={},
    programs={"node": server},
    answers={"bootcamp": answer},
)
