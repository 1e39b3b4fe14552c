"""Our filters, scores and messages against what a real kube-scheduler decided (conformance/scheduling/*.jsonl)."""

import json
from pathlib import Path

import pytest

from cluster.meta.objects import draft
from cluster.scheduler.cache import Cache
from cluster.scheduler.cycle import decide
from cluster.scheduler.framework import Cycle, plugins
from cluster.scheduler.messages import NO_NODES, fit_error
from cluster.scheduler.pods import PodInfo
from cluster.scheduler.scheduler import rescue_of
from tests.scheduler.bench import MERGE, Bench

CASES = Path(__file__).parents[1] / "conformance" / "referee" / "scheduling"
# Not built yet: what these cases turn on comes with its own issue.
LATER = (
    "persistentVolumeClaim",
    "priorityClassName",
    "resourceClaims",
    "schedulerName",
)


def cases():
    found = []
    for path in sorted(CASES.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            case = json.loads(line)
            if (
                not case.get("setup")
                and case["plugin"] != "SchedulingGates"
                and not any(f'"{word}"' in line for word in LATER)
            ):
                found.append(case)
    return found


def with_defaults(pod):
    """What the API server fills in that scheduling depends on."""
    pod = draft(pod)
    pod["metadata"].setdefault("namespace", "default")
    pod["metadata"].setdefault("uid", pod["metadata"]["name"])
    spec = pod["spec"]
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        resources = container.get("resources") or {}
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
        for port in container.get("ports") or ():
            if spec.get("hostNetwork"):
                port.setdefault("hostPort", port["containerPort"])
    return pod


def cluster_of(case):
    cache = Cache()
    for node in case["nodes"]:
        cache.set_node(node)
    for pod in case.get("bound") or ():
        if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            cache.add_pod(PodInfo(with_defaults(pod)), pod["spec"]["nodeName"])
    return cache


def outcome(cache, pod, want):
    """What we decide, in the words of the case; the Pod is placed where the real one was."""
    if not cache.nodes:
        return {"message": NO_NODES, "feasible": []}
    cycle = Cycle(pod, cache)
    decision = decide(cycle, plugins(), start=0, choose=lambda count: 0)
    got = {"feasible": sorted(v.node for v in decision.verdicts if v.rejection is None)}
    if not decision.node:
        return {**got, "message": fit_error(decision, rescue_of(cycle, decision, lambda count: 0).message)}
    cache.add_pod(pod, want.get("node") or decision.node)
    scores = {
        node: {
            **{name: score[3] for name, score in decision.scores.of(index).items()},
            "total": decision.scores.totals[index],
        }
        for index, node in enumerate(decision.scores.nodes)
    }
    return {**got, "among": sorted(decision.ties), "scores": scores}


@pytest.mark.skipif(not CASES.exists(), reason="the recorded decisions are not here")
@pytest.mark.parametrize("case", [case for case in cases() if "then" not in case], ids=lambda case: case["id"])
def test_it_decides_as_the_real_scheduler_did(case):
    cache = cluster_of(case)
    for pod, want in zip(case["pending"], case["expect"]["pods"], strict=True):
        got = outcome(cache, PodInfo(with_defaults(pod)), want)
        assert got["feasible"] == sorted(want["feasible"])
        assert got.get("message") == want.get("message")
        if "among" in want:
            assert got["among"] == sorted(want["among"])
        for node, scores in (want.get("scores") or {}).items():
            ours = got["scores"][node]
            assert {name: ours.get(name, 0) for name in scores} == scores, node


@pytest.mark.skipif(not CASES.exists(), reason="the recorded decisions are not here")
@pytest.mark.parametrize("case", [case for case in cases() if "then" in case], ids=lambda case: case["id"])
def test_it_tries_again_as_the_real_scheduler_did(case):
    bench = Bench()
    for node in case["nodes"]:
        bench.add_node(node)
    for pod in [*(case.get("bound") or ()), *case["pending"]]:
        bench.add_pod(pod)
        bench.run(100)
    for step in case["then"]:
        path = step["path"].replace("${ns}", "default")
        bench.send(
            step["method"], path, step.get("body"), step.get("headers") or MERGE if step["method"] == "PATCH" else None
        )
    bench.run(12_000)
    assert {name: bench.node_of(name) for name in case["expect"]["finally"]} == case["expect"]["finally"]
    for want in case["expect"]["pods"]:
        assert [event["message"] for event in bench.events(want["pod"])][:1] == (
            [want["event"]] if "event" in want else []
        )
