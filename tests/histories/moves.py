"""What may happen in a history. A move is plain data (its name, then numbers), so that a history can be printed, replayed and shortened."""

from __future__ import annotations

import json
import random

from cluster.kinds import locate
from cluster.meta.requests import Request, Response
from cluster.worker.simulation import Simulation, settings_for

from .workloads import KINDS, WEIGHTS, manifest

NODES = ("n1", "n2", "n3")
COMPONENTS = ("kube-controller-manager", "kube-scheduler")
MERGE = "application/merge-patch+json"
POLICIES = ("Background", "Background", "Foreground", "Orphan")
SCALED = ("deployments", "replicasets", "replicationcontrollers", "statefulsets")
TWEAKS = {
    "deployments": [{"paused": True}, {"paused": False}, {"strategy": {"type": "Recreate", "rollingUpdate": None}}, {"minReadySeconds": 3}],
    "statefulsets": [{"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}, {"ordinals": {"start": 1}},
                     {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
                     {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete", "whenDeleted": "Delete"}}],
    "daemonsets": [{"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}},
                   {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2, "maxSurge": 0}}}],
    "jobs": [{"parallelism": 0}, {"parallelism": 2}, {"suspend": True}, {"suspend": False}, {"activeDeadlineSeconds": 40}],
    "cronjobs": [{"suspend": True}, {"suspend": False}, {"schedule": "*/3 * * * *"}, {"successfulJobsHistoryLimit": 0}],
    "poddisruptionbudgets": [{"minAvailable": None, "maxUnavailable": "50%"}, {"maxUnavailable": None, "minAvailable": 2}],
    "horizontalpodautoscalers": [{"minReplicas": 1, "maxReplicas": 2}, {"maxReplicas": 5}],
    "resourcequotas": [{"hard": {"pods": "20"}}, {"hard": {"pods": "2"}}],
}
MOVES = {  # name: (how likely, the bounds of its numbers)
    "create": (8, (sum(WEIGHTS), 2, 1000)), "scale": (6, (99, 5)), "template": (5, (99, 1000)), "tweak": (5, (99, 9)), "delete": (4, (99, 4)),
    "delete_pod": (4, (99, 2)), "evict": (2, (99,)), "relabel": (3, (99, 4)), "stray": (2, (99,)), "kill": (2, (99,)), "break_sandbox": (1, (99,)),
    "kubelet": (5, (3, 2)), "remove_node": (1, (3,)), "cordon": (2, (3, 2)), "taint": (3, (3, 3)), "disk": (2, (3, 2)),
    "component": (5, (2, 2)), "wait": (5, (400_000,)),
}


def draw(chance: random.Random) -> list[list]:
    """A history: some workloads first, then whatever comes, with short waits between."""
    moves = [["create", *map(chance.randrange, MOVES["create"][1])] for _ in range(chance.randrange(3, 7))]
    names, likely = list(MOVES), [weight for weight, _ in MOVES.values()]
    for _ in range(chance.randrange(10, 30)):
        moves.append(["run", chance.choice([1, 20, 300, 3000, 15_000])])
        name = chance.choices(names, likely)[0]
        moves.append([name, *map(chance.randrange, MOVES[name][1])])
    return moves


class Cluster:
    """A whole simulation to which the moves are done."""

    def __init__(self, seed: int):
        self.simulation = Simulation(settings_for("learner", nodes=list(NODES), seed=seed, services=False), trace=False).boot()
        self.engine, self.server, self.store = self.simulation.engine, self.simulation.server, self.simulation.store
        self.doomed: dict[str, str] = {}  # uid: what it was, of everything that a deletion must take along
        self.taken: dict[str, bool] = {}  # names of Pods that a person deleted or evicted
        self.log: list[str] = []

    # -- looking ----------------------------------------------------------------------------------------------------

    def objects(self, resource: str) -> list[dict]:
        """All of a resource, in order of their keys."""
        folder = {"nodes": "minions"}.get(resource, resource)
        return [stored.value for _, stored in self.store.list(f"/registry/{folder}/")]

    def here(self, resource: str) -> list[dict]:
        return [obj for obj in self.objects(resource) if obj["metadata"].get("namespace") == "default"]

    def workloads(self) -> list[tuple[str, dict]]:
        """(resource, object) of what the history created itself."""
        return [(resource, obj) for resource in KINDS for obj in self.here(resource) if not obj["metadata"].get("ownerReferences")]

    def everything(self) -> list[dict]:
        return [stored.value for folder in sorted(self.store.folders) for _, stored in self.store.list(folder)]

    # -- doing ------------------------------------------------------------------------------------------------------

    def run(self, ms: int) -> None:
        self.engine.run_until(self.engine.now_ms + ms)

    def ask(self, verb: str, resource: str, name: str = "", body: dict | None = None, **parts) -> Response:
        """One request of a person, answered."""
        plural, group, version = locate(resource)
        request = Request(verb=verb, resource=plural, group=group, version=version, namespace=parts.pop("namespace", "default"), name=name,
                          raw=json.dumps(body).encode() if body is not None else None, path="/", groups=["system:masters"],
                          user_agent="history/1", **parts)
        self.simulation.apply("request", {field: getattr(request, field) for field in request.__struct_fields__})
        number = self.simulation.inputs
        while not any(entry[0] == "reply" and entry[1] == number for entry in self.server.outbox):
            assert self.engine.step() is not None, f"no answer to {verb} {resource} {name}"
        answer = next(entry[3] for entry in self.server.outbox if entry[0] == "reply" and entry[1] == number)
        self.server.outbox = []
        return answer

    def patch(self, resource: str, name: str, body: dict, **parts) -> Response:
        return self.ask("patch", resource, name, body, content_type=MERGE, **parts)

    def fault(self, action: str, *args: str) -> None:
        self.simulation.apply("fault", {"action": action, "args": list(args)})

    def do(self, move: list) -> None:
        """One move; its picks are counted round, so that it means something in any state."""
        name, *numbers = move
        answer = getattr(self, f"do_{name}")(*numbers)
        said = f" -> {answer.code} {answer.message}"[:150] if isinstance(answer, Response) else ""
        self.log.append(f"{self.engine.now_ms / 1000:9.3f} {move}{said}")

    def do_run(self, ms: int) -> None:
        self.run(ms)

    do_wait = do_run

    def do_create(self, kind: int, number: int, seed: int) -> Response:
        resource = random.Random(kind).choices(KINDS, WEIGHTS)[0]
        return self.ask("create", resource, body=manifest(resource, number, seed))

    def _workload(self, which: int, among: tuple = KINDS) -> tuple[str, dict] | None:
        found = [(resource, obj) for resource, obj in self.workloads() if resource in among]
        return found[which % len(found)] if found else None

    def _pod(self, which: int) -> dict | None:
        found = self.here("pods")
        return found[which % len(found)] if found else None

    def do_scale(self, which: int, count: int) -> Response | None:
        if found := self._workload(which, SCALED):
            return self.patch(found[0], found[1]["metadata"]["name"], {"spec": {"replicas": count}})

    def do_template(self, which: int, seed: int) -> Response | None:
        if found := self._workload(which, (*SCALED, "daemonsets")):
            spec = manifest(found[0], 0, seed)["spec"]["template"]["spec"]
            old = found[1]["spec"]["template"]["spec"]
            new = {"containers": [{**old["containers"][0], "image": spec["containers"][0]["image"], "command": spec["containers"][0]["command"]}],
                   "terminationGracePeriodSeconds": spec["terminationGracePeriodSeconds"], "nodeSelector": None}
            return self.patch(found[0], found[1]["metadata"]["name"],
                              {"spec": {"template": {"metadata": {"annotations": {"drawn": str(seed)}}, "spec": new}}})

    def do_tweak(self, which: int, how: int) -> Response | None:
        if found := self._workload(which, tuple(TWEAKS)):
            choices = TWEAKS[found[0]]
            return self.patch(found[0], found[1]["metadata"]["name"], {"spec": choices[how % len(choices)]})

    def do_delete(self, which: int, policy: int) -> Response | None:
        """Delete a workload; unless it orphans them, its dependents are to go too, down to the last."""
        if not (found := self._workload(which)):
            return None
        resource, obj = found
        if POLICIES[policy] != "Orphan":
            self._doom(obj["metadata"]["uid"])
        return self.ask("delete", resource, obj["metadata"]["name"], {"propagationPolicy": POLICIES[policy]})

    def _doom(self, uid: str) -> None:
        for obj in self.everything():
            owners = obj["metadata"].get("ownerReferences") or []
            if [owner["uid"] for owner in owners] == [uid]:
                self.doomed[obj["metadata"]["uid"]] = f"{obj['kind']} {obj['metadata']['name']}"
                self._doom(obj["metadata"]["uid"])

    def do_delete_pod(self, which: int, is_forced: int) -> Response | None:
        if pod := self._pod(which):
            self.taken[pod["metadata"]["name"]] = True
            return self.ask("delete", "pods", pod["metadata"]["name"], {"gracePeriodSeconds": 0} if is_forced else {})

    def do_evict(self, which: int) -> Response | None:
        if pod := self._pod(which):
            name = pod["metadata"]["name"]
            self.taken[name] = True
            body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "default"}}
            return self.ask("create", "pods", name, body, subresource="eviction")

    def do_relabel(self, which: int, to: int) -> Response | None:
        """A Pod gets another label: nobody's, or that of a workload, whose it may become."""
        if pod := self._pod(which):
            app = ("stray", "shared", "deployment-0", "replicaset-0")[to]
            return self.patch("pods", pod["metadata"]["name"], {"metadata": {"labels": {"app": app}}})

    def do_stray(self, which: int) -> Response | None:
        """A Pod without an owner that a workload may want."""
        if found := self._workload(which, (*SCALED, "daemonsets")):
            labels = found[1]["spec"]["template"]["metadata"]["labels"]
            body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "stray-", "labels": labels}, "spec": {
                "terminationGracePeriodSeconds": 0, "containers": [{"name": "app", "image": "busybox:1", "command": ["sleep", "1000000"]}]}}
            return self.ask("create", "pods", body=body)

    def _running(self, which: int) -> tuple[dict, str] | None:
        found = [pod for pod in self.here("pods") if pod["spec"].get("nodeName") in self.simulation.nodes
                 and "running" in ((pod["status"].get("containerStatuses") or [{}])[0].get("state") or {})]
        found = [pod for pod in found if not self.simulation.nodes[pod["spec"]["nodeName"]].why_not(
            "container-kill", f"default/{pod['metadata']['name']}", "app")]
        return (found[which % len(found)], "app") if found else None

    def do_kill(self, which: int) -> None:
        if found := self._running(which):
            pod, container = found
            self.fault("container-kill", pod["spec"]["nodeName"], f"default/{pod['metadata']['name']}", container)

    def do_break_sandbox(self, which: int) -> None:
        """The whole sandbox of a Pod dies."""
        if found := self._running(which):
            pod, _ = found
            self.fault("sandbox-kill", pod["spec"]["nodeName"], f"default/{pod['metadata']['name']}")

    def do_kubelet(self, node: int, is_on: int) -> None:
        self.fault("kubelet-start" if is_on else "kubelet-stop", NODES[node])

    def do_remove_node(self, node: int) -> Response:
        return self.ask("delete", "nodes", NODES[node], {}, namespace="")

    def do_cordon(self, node: int, is_closed: int) -> Response:
        return self.patch("nodes", NODES[node], {"spec": {"unschedulable": bool(is_closed)}}, namespace="")

    def do_taint(self, node: int, effect: int) -> Response | None:
        found = next((one for one in self.objects("nodes") if one["metadata"]["name"] == NODES[node]), None)
        if found is None:
            return None
        kept = [taint for taint in found["spec"].get("taints") or [] if taint["key"] != "dedicated"]
        added = [{"key": "dedicated", "value": "x", "effect": ("NoSchedule", "NoExecute")[effect]}] if effect < 2 else []
        return self.patch("nodes", NODES[node], {"spec": {"taints": kept + added}}, namespace="")

    def do_disk(self, node: int, is_there: int) -> Response:
        return self.patch("nodes", NODES[node], {"metadata": {"labels": {"disk": "ssd" if is_there else None}}}, namespace="")

    def do_component(self, which: int, is_on: int) -> None:
        self.fault("component-start" if is_on else "component-stop", COMPONENTS[which])

    def heal(self) -> None:
        """Everything is switched on again, and every machine is a node."""
        for component in COMPONENTS:
            self.fault("component-start", component)
        there = {node["metadata"]["name"] for node in self.objects("nodes")}
        for name in NODES:
            if name not in there:
                self.fault("kubelet-stop", name)
            self.fault("kubelet-start", name)

    def touch(self) -> None:
        """Give controllers a reason to look again at budgets and DaemonSets."""
        for resource in ("poddisruptionbudgets", "daemonsets"):
            for obj in self.here(resource):
                self.patch(resource, obj["metadata"]["name"], {"metadata": {"annotations": {"touched": str(self.engine.now_ms)}}})
        self.run(5000)
