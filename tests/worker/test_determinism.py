"""Same seed and journal, same bytes: whatever is thrown at a cluster, and whenever it is snapshotted."""
from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.worker.simulation import Simulation, settings_for

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 2
      containers: [{name: app, image: "%s"}]
"""
CRASHER = """\
apiVersion: v1
kind: Pod
metadata: {name: crasher}
spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "busybox:1", command: [sh, -c, "sleep 1; exit 1"]}]}
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: job%d}
spec:
  completionMode: Indexed
  completions: 3
  parallelism: 2
  backoffLimitPerIndex: 1
  activeDeadlineSeconds: 60
  ttlSecondsAfterFinished: 5
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: "busybox:1", command: [sh, -c, "sleep 1; test $JOB_COMPLETION_INDEX -lt %d"]}]
"""
SETS = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: %d
  podManagementPolicy: %s
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "%s"}]}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "%s"}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "@every 7s"
  concurrencyPolicy: Replace
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "busybox:1", command: [sleep, "9"]}]}}}}
"""
moves = st.one_of(
    st.tuples(st.just("sets"), st.integers(0, 3), st.sampled_from(["OrderedReady", "Parallel"]), st.sampled_from(["busybox:1", "nginx/nginx:v1"])),
    st.tuples(st.just("job"), st.integers(0, 2), st.integers(0, 3)),
    st.tuples(st.just("apply"), st.integers(0, 4), st.sampled_from(["nginx/nginx:v1", "busybox:1", "other/thing:2"])),
    st.tuples(st.just("crash")),
    st.tuples(st.just("delete-pod"), st.integers(0, 5)),
    st.tuples(st.just("delete-deployment")),
    st.tuples(st.just("scale"), st.integers(0, 5)),
    st.tuples(st.just("kubelet"), st.sampled_from(["kubelet-stop", "kubelet-start"]), st.sampled_from(["k8snode1", "k8snode2"])),
    st.tuples(st.just("component"), st.sampled_from(["component-stop", "component-start"]),
              st.sampled_from(["kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd", "replicaset-controller"])),
    st.tuples(st.just("part"), st.sampled_from(["runtime-stop", "runtime-start", "cni-stop", "cni-start"]),
              st.sampled_from(["k8snode1", "k8snode2"])),
    st.tuples(st.just("steps"), st.integers(1, 300)),
    st.tuples(st.just("time"), st.integers(1, 20_000)),
)


def play(simulation: Simulation, move: tuple) -> None:
    """One move; what names an object that is not there is a move too: it is refused."""
    name, *args = move
    engine = simulation.engine
    if name == "steps":
        for _ in range(args[0]):
            engine.step()
    elif name == "time":
        engine.run_until(engine.now_ms + args[0])
    elif name == "apply":
        simulation.apply("kubectl", {"action": "apply", "files": [{"name": "web.yaml", "text": DEPLOYMENT % tuple(args)}]})
    elif name == "crash":
        simulation.apply("kubectl", {"action": "apply", "files": [{"name": "crasher.yaml", "text": CRASHER}]})
    elif name == "job":
        simulation.apply("kubectl", {"action": "apply", "files": [{"name": "job.yaml", "text": JOB % tuple(args)}]})
    elif name == "sets":
        text = SETS % (*args, args[-1])
        simulation.apply("kubectl", {"action": "apply", "files": [{"name": "sets.yaml", "text": text}]})
    elif name == "scale":
        simulation.apply("kubectl", {"action": "scale", "resource": "deployments", "namespace": "default", "name": "web", "replicas": args[0]})
    elif name == "delete-deployment":
        simulation.apply("kubectl", {"action": "delete", "resource": "deployments", "namespace": "default", "name": "web"})
    elif name == "delete-pod":
        pods = [key.rpartition("/")[2] for key, _ in simulation.store.list("/registry/pods/default/")]
        if pods:
            simulation.apply("kubectl", {"action": "delete", "resource": "pods", "namespace": "default", "name": pods[args[0] % len(pods)]})
    else:
        simulation.apply("fault", {"action": args[0], "args": [args[1]]})


def run(walk: list[tuple]) -> Simulation:
    simulation = Simulation(settings_for("learner", seed=7)).boot()
    for move in walk:
        play(simulation, move)
    simulation.engine.run_until(simulation.engine.now_ms + 5_000)
    return simulation


def fingerprint(simulation: Simulation) -> tuple[bytes, bytes]:
    return msgspec.json.encode(simulation.store.uncommitted), msgspec.json.encode(simulation.engine.trace.events)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(moves, min_size=2, max_size=10))
def test_two_runs_of_one_walk_give_the_same_bytes(walk):
    assert fingerprint(run(walk)) == fingerprint(run(walk))


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(moves, min_size=2, max_size=8), st.integers(0, 8))
def test_a_run_that_goes_on_from_a_snapshot_gives_the_same_bytes(walk, cut):
    whole = Simulation(settings_for("learner", seed=7)).boot()
    restored = None
    for number, move in enumerate(walk):
        if number == min(cut, len(walk) - 1):
            while not whole.engine.is_at_rest:
                whole.engine.step()
            frozen = msgspec.json.decode(msgspec.json.encode(whole.snapshot()))
            restored = Simulation(settings_for("learner", seed=7))
            restored.restore(frozen)
            whole.store.drain()
            whole.engine.trace.drain()
        for simulation in filter(None, (whole, restored)):
            play(simulation, move)
    for simulation in (whole, restored):
        simulation.engine.run_until(simulation.engine.now_ms + 30_000)
    assert fingerprint(whole) == fingerprint(restored)
