"""What a learner types, and what the real kubectl prints against the Kubernetes endpoint."""
from __future__ import annotations

import json
import subprocess
import threading

import pytest
import yaml

pytestmark = pytest.mark.slow
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "nginx/nginx:v1", ports: [{containerPort: 80}]}]}
"""
ECHO = """\
apiVersion: v1
kind: Pod
metadata: {name: echo}
spec: {restartPolicy: Never, containers: [{name: app, image: "busybox:1", command: [sh, -c, "echo hello; echo world"]}]}
"""


@pytest.fixture(scope="module", autouse=True)
def web(kubectl):
    assert kubectl("apply -f -", stdin=WEB) == "deployment.apps/web created\n"
    assert kubectl("rollout status deployment/web --timeout=60s").endswith('deployment "web" successfully rolled out\n')


def test_version_names_the_emulated_release(kubectl):
    assert json.loads(kubectl("version -o json"))["serverVersion"]["gitVersion"].startswith("v1.36.")


def test_get_prints_tables(kubectl):
    assert kubectl("get deploy,rs") == (
        "NAME  READY  UP-TO-DATE  AVAILABLE  AGE\ndeployment.apps/web  2/2  2  2  AGE\n\n"
        "NAME  DESIRED  CURRENT  READY  AGE\nreplicaset.apps/web-HASH  2  2  2  AGE\n")
    wide = kubectl("get pods -l app=web -o wide --sort-by=.spec.nodeName").splitlines()
    assert wide[0] == "NAME  READY  STATUS  RESTARTS  AGE  IP  NODE  NOMINATED NODE  READINESS GATES"
    assert sorted(wide[1:]) == [f"web-HASH-ID  1/1  Running  0  AGE  IP  {node}  <none>  <none>" for node in ("k8snode1", "k8snode2")]


def test_get_prints_objects(kubectl):
    deployment = yaml.safe_load(kubectl.run("get deployment web -o yaml").stdout)
    assert deployment["spec"]["replicas"] == 2 and deployment["status"]["readyReplicas"] == 2
    assert kubectl("get deployment web -o jsonpath={.status.readyReplicas}") == "2"
    assert kubectl("get pods -l app=web -o name").splitlines() == ["pod/web-HASH-ID"] * 2


def test_applying_again_changes_nothing(kubectl):
    assert kubectl("apply -f -", stdin=WEB) == "deployment.apps/web unchanged\n"


def test_describe_tells_events(kubectl):
    text = kubectl("describe deployment web")
    assert "Replicas:  2 desired | 2 updated | 2 total | 2 available | 0 unavailable" in text and "ScalingReplicaSet" in text
    assert "Scheduled" in kubectl("describe pods -l app=web")


def test_scale_label_annotate_and_patch(kubectl):
    assert kubectl("scale deployment web --replicas=3") == "deployment.apps/web scaled\n"
    assert kubectl("label deployment web tier=front") == "deployment.apps/web labeled\n"
    assert kubectl("label deployment web tier-") == "deployment.apps/web unlabeled\n"
    assert kubectl("annotate deployment web note=x") == "deployment.apps/web annotated\n"
    for kind, patch in (("merge", '{"spec":{"replicas":1}}'), ("json", '[{"op":"replace","path":"/spec/replicas","value":3}]'),
                        ("strategic", '{"spec":{"replicas":2}}')):
        assert kubectl(f"patch deployment web --type={kind} -p {patch}") == "deployment.apps/web patched\n"
    assert kubectl("get deployment web -o jsonpath={.spec.replicas}") == "2"


def test_a_rollout_goes_on_and_back(kubectl):
    assert kubectl("set image deployment/web app=tomcat/tomcat-8.5-jre8:v1") == "deployment.apps/web image updated\n"
    kubectl("rollout status deployment/web --timeout=60s")
    assert len(kubectl("rollout history deployment/web").strip().splitlines()) == 4
    assert kubectl("rollout undo deployment/web") == "deployment.apps/web rolled back\n"
    kubectl("rollout status deployment/web --timeout=60s")
    assert kubectl("get deployment web -o jsonpath={.spec.template.spec.containers[0].image}") == "nginx/nginx:v1"


def test_logs_of_an_ended_pod(kubectl):
    kubectl("apply -f -", stdin=ECHO)
    kubectl("wait --for=jsonpath={.status.phase}=Succeeded pod/echo --timeout=60s")
    assert kubectl("logs echo") == "hello\nworld\n" and kubectl("logs echo --tail=1") == "world\n"
    assert kubectl("delete pod echo") == 'pod "echo" deleted from default namespace\n'


def test_server_side_apply_owns_and_conflicts(kubectl):
    text = WEB.replace("name: web,", "name: ssa,").replace("app: web", "app: ssa")
    assert kubectl("apply --server-side -f -", stdin=text) == "deployment.apps/ssa serverside-applied\n"
    other = text.replace("replicas: 2", "replicas: 1")
    assert 'conflict with "kubectl": .spec.replicas' in kubectl.fails("apply --server-side --field-manager=other -f -", stdin=other)
    assert kubectl("apply --server-side --field-manager=other --force-conflicts -f -", stdin=other) == "deployment.apps/ssa serverside-applied\n"
    assert kubectl("delete deployment ssa") == 'deployment.apps "ssa" deleted from default namespace\n'


def test_the_server_explains_itself(kubectl):
    assert "Container image name" in kubectl("explain pod.spec.containers.image")
    listed = kubectl("api-resources --namespaced=true -o name").splitlines()
    assert {"pods", "deployments.apps", "replicasets.apps", "events"} <= set(listed)


def test_a_watch_tells_what_happens_until_it_is_ended(kubectl):
    words = [*kubectl.command, "get", "pods", "-l", "app=web", "-w", "--output-watch-events"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=kubectl.environment) as watching:
        stop = threading.Timer(30, watching.kill)
        stop.start()
        first = [watching.stdout.readline().split()[0] for _ in range(3)]
        kubectl("delete pod -l app=web --wait=false")
        seen = [watching.stdout.readline().partition(" ")[0] for _ in range(8)]
        watching.terminate()
        stop.cancel()
    assert first == ["EVENT", "ADDED", "ADDED"] and "ADDED" in seen and "MODIFIED" in seen


@pytest.mark.parametrize(("words", "stdin", "error"), [
    ("get pod nobody", "", 'Error from server (NotFound): pods "nobody" not found'),
    ("get gizmos", "", 'error: the server doesn\'t have a resource type "gizmos"'),
    ("apply --validate=false -f -", WEB.replace("kind: Deployment", "kind: Gizmo"), 'no matches for kind "Gizmo" in version "apps/v1"'),
    ("apply -f -", WEB.replace("name: web,", "name: Web_1,"), 'metadata.name: Invalid value: "Web_1"'),
    ("apply -f -", WEB.replace("replicas: 2", "replicass: 2"), 'unknown field "spec.replicass"'),
    ("create -f -", WEB, 'deployments.apps "web" already exists'),
    ("delete pod nobody", "", 'pods "nobody" not found'),
])
def test_what_is_refused_is_refused_in_kubectls_words(kubectl, words, stdin, error):
    assert error in kubectl.fails(words, stdin=stdin)


def test_nothing_of_this_is_logged_as_an_error(kubectl):
    assert "Traceback" not in kubectl.server.output
