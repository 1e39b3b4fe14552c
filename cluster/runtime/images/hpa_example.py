"""registry.k8s.io/hpa-example: Apache with a page that computes and says OK!, for autoscalers.

Source: kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale-walkthrough.
"""

from __future__ import annotations

from cluster.runtime.http import Asked, Malformed
from cluster.runtime.image import Image
from cluster.runtime.images import httpd
from cluster.runtime.servers import Served
from cluster.runtime.words import go_answer
from cluster.runtime.world import ContainerWorld


def answer(world: ContainerWorld, tag: str, asked: Asked | Malformed, setting: str) -> Served:
    return go_answer(world, asked, "OK!", kind="text/html; charset=UTF-8", headers=(("Server", "Apache/2.4.10 (Debian)"),))


IMAGE = Image(
    repositories=("registry.k8s.io/hpa-example", "k8s.gcr.io/hpa-example"),
    size_bytes=0,
    command=("apache2-foreground",),
    exit_codes={},
    stop_signal="WINCH",
    programs={"apache2-foreground": httpd.server},
    signals=httpd.on_signal,
    answers={"apache": answer},
)
