"""Prints what one write of each sort costs at the API server: `python -m tests.apiserver.measure [SORT to profile]`."""
from __future__ import annotations

import cProfile
import pstats
import sys
import time

from cluster.apiserver import pipeline
from cluster.meta.requests import Request, Response
from tests.conformance.in_process import InProcess

COUNT = 1000
TIME = "2026-01-01T09:00:00Z"
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "nginx-7c5ddbdf54", "uid": "u", "controller": True, "blockOwnerDeletion": True}
POD = {"metadata": {"generateName": "nginx-7c5ddbdf54-", "namespace": "default", "labels": {"app": "nginx", "pod-template-hash": "7c5ddbdf54"},
                    "ownerReferences": [OWNER]},
       "spec": {"containers": [{"name": "nginx", "image": "nginx/nginx:v1", "ports": [{"containerPort": 80}]}], "restartPolicy": "Always"}}
CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


class Bench:
    """A server, and requests as components send them."""

    def __init__(self):
        self.server = InProcess()
        self.server.trace = lambda kind, subject="", **data: 0
        self.names: list[str] = []

    def send(self, *, quiet: bool = False, **parts) -> Response:
        request = Request(user="system:kube-controller-manager", user_agent="x/v1", options={"fieldManager": "x"}, **parts)
        write = pipeline.arrive(request, self.server.context.enter(request, quiet))
        assert not isinstance(write, Response), write
        response = pipeline.commit(write, self.server.context)
        assert response.ok, response
        return response

    def live(self, index: int) -> dict:
        return self.server.store.get("/registry/pods/default/" + self.names[index]).value

    def create(self, index: int) -> None:
        self.names.append(self.send(verb="create", resource="pods", namespace="default", body=POD).body["metadata"]["name"])

    def bind(self, index: int) -> None:
        meta = self.live(index)["metadata"]
        body = {"metadata": {"name": meta["name"], "namespace": "default", "uid": meta["uid"]}, "target": {"kind": "Node", "name": "n1"}}
        self.send(verb="create", resource="pods", namespace="default", name=meta["name"], subresource="binding", body=body)

    def status(self, index: int, **more) -> None:
        pod = self.live(index)
        status = {**pod["status"], **running(index), **more}
        self.send(verb="update", resource="pods", namespace="default", name=pod["metadata"]["name"], subresource="status",
                  body={**pod, "status": status})

    def again(self, index: int) -> None:
        self.status(index, message=str(index))

    def patch(self, index: int) -> None:
        meta = self.live(index)["metadata"]
        self.send(verb="patch", resource="pods", namespace="default", name=meta["name"], subresource="status",
                  content_type="application/strategic-merge-patch+json",
                  body={"metadata": {"uid": meta["uid"]}, "status": {"phase": "Running", "reason": f"r{index}"}})

    def event(self, index: int) -> None:
        body = {"metadata": {"name": f"e{index}", "namespace": "default"}, "reason": "Scheduled", "message": "m", "type": "Normal",
                "involvedObject": {"kind": "Pod", "namespace": "default", "name": "p", "uid": "u"}, "source": {"component": "kubelet"},
                "count": 1, "firstTimestamp": TIME, "lastTimestamp": TIME}
        self.send(quiet=True, verb="create", resource="events", namespace="default", body=body)


def running(index: int) -> dict:
    address = f"10.244.1.{index % 200}"
    return {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "startTime": TIME,
            "conditions": [{"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": TIME} for kind in CONDITIONS],
            "containerStatuses": [{"name": "nginx", "image": "nginx/nginx:v1", "imageID": "x", "restartCount": 0, "ready": True,
                                   "started": True, "state": {"running": {"startedAt": TIME}}, "lastState": {}}]}


def main() -> None:
    bench = Bench()
    for sort in ("create", "bind", "status", "again", "patch", "event"):
        function, profile = getattr(bench, sort), cProfile.Profile()
        if sort in sys.argv:
            profile.enable()
        before = time.process_time()
        for index in range(COUNT):
            function(index)
        spent_us = (time.process_time() - before) / COUNT * 1e6
        profile.disable()
        print(f"{sort:8} {spent_us:6.0f} us")
        if sort in sys.argv:
            pstats.Stats(profile).sort_stats(sys.argv[2] if len(sys.argv) > 2 else "tottime").print_stats(40)


if __name__ == "__main__":
    main()
