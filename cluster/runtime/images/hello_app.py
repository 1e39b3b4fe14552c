"""gcr.io/google-samples/hello-app: "Hello, world!", its version and its host name, on 8080 or $PORT.

Source: github.com/GoogleCloudPlatform/kubernetes-engine-samples hello-app/main.go.
"""

from __future__ import annotations

from cluster.runtime.http import Asked, Malformed
from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running
from cluster.runtime.servers import Served
from cluster.runtime.words import Stamp, asked_for, go_answer, number_of
from cluster.runtime.world import ContainerWorld


def server(me: Running) -> Act:
    port = number_of(me.env.get("PORT", ""), 8080)
    me.say(f"{Stamp(me.world).go} Server listening on port {port}", "stderr")
    if not me.listen(port, "hello-app"):
        me.say(f"{Stamp(me.world).go} listen tcp :{port}: bind: address already in use", "stderr")
        return Act(code=1)
    return Act()


def answer(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    path, _ = asked_for(asked)
    body = f"Hello, world!\nVersion: {'2.0.0' if tag.startswith('2') else '1.0.0'}\nHostname: {world.process.hostname}\n"
    return go_answer(world, asked, body, lines=(f"{Stamp(world).go} Serving request: {path}",))


IMAGE = Image(
    repositories=("gcr.io/google-samples/hello-app", "us-docker.pkg.dev/google-samples/containers/gke/hello-app"),
    size_bytes=0,
    command=("/hello-app",),
    exit_codes={"TERM": 2, "INT": 2},
    shell=False,
    programs={"hello-app": server},
    answers={"hello-app": answer},
)
