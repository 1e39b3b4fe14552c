"""A real Helm 3 against a real server: each command's exit code and words, and the objects that it leaves."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.clients import tools
from tests.servers import Server
from tests.webui.kubectl import Kubectl

pytestmark = pytest.mark.slow
CHARTS = Path(__file__).parent / "charts"
SHOP, WIDGETS = str(CHARTS / "shop"), str(CHARTS / "widgets")
WITHIN_S = 120
BARE = "storage.enabled=false"  # its claim has no storage to be bound to, and --wait waits for that
KINDS = {"ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding", "Deployment", "Service", "PersistentVolumeClaim",
         "HorizontalPodAutoscaler", "PodDisruptionBudget"}


class Helm:
    """helm("install", …) → its output; fails unless it ends with the code that is expected."""

    def __init__(self, binary: Path, kubectl: Kubectl):
        self.binary, self.kubectl = binary, kubectl
        home = kubectl.home
        self.environment = {**kubectl.environment, **{f"HELM_{name}_HOME": str(home / name) for name in ("CACHE", "CONFIG", "DATA")}}

    def __call__(self, *words: str, code: int = 0) -> str:
        done = subprocess.run([self.binary, *words], env=self.environment, capture_output=True, text=True, timeout=WITHIN_S)
        assert done.returncode == code, f"helm {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stderr if code else done.stdout

    def install(self, name: str, *words: str, code: int = 0) -> str:
        """A release of the shop in a namespace of its own name."""
        return self("install", name, SHOP, "-n", name, "--create-namespace", *words, code=code)

    def history(self, name: str) -> list[tuple[int, str, str]]:
        """(revision, status, description) of each revision."""
        rows = json.loads(self("history", name, "-n", name, "-o", "json"))
        return [(row["revision"], row["status"], row["description"]) for row in rows]

    def get(self, resource: str, name: str, namespace: str) -> dict | None:
        """An object, None if there is none."""
        done = self.kubectl("get", resource, name, "-n", namespace, "-o", "json", "--ignore-not-found")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def names(self, resource: str, namespace: str) -> list[str]:
        """Names of what there is, of one or more resources."""
        done = self.kubectl("get", resource, "-n", namespace, "-o", "name")
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def wait(self, namespace: str, *words: str) -> None:
        done = self.kubectl("wait", "-n", namespace, "--timeout=60s", *words)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def helm(tmp_path_factory):
    binary = tools.needed(tools.helm)
    with Server(tmp_path_factory.mktemp("data")) as server:
        kubectl = Kubectl(server.url, tmp_path_factory.mktemp("home"))
        kubectl.control("speed", 16)
        kubectl.control("run")
        yield Helm(binary, kubectl)
        assert "Traceback" not in server.output, server.output


def test_it_is_a_helm_3(helm):
    assert re.match(r"v3\.\d+", helm("version", "--short"))


def test_install_makes_every_object_between_its_hooks(helm):
    said = helm.install("made")
    assert "STATUS: deployed\nREVISION: 1\n" in said and "made runs 2 replicas of nginx:1.27 on Kubernetes v1.36." in said
    found = [helm.get(kind, "made", "made") for kind in sorted(KINDS)]
    assert {obj["kind"] for obj in found} == KINDS
    assert all(obj["metadata"]["annotations"]["meta.helm.sh/release-name"] == "made" for obj in found)
    before, after = (helm.get("job", f"made-{name}", "made") for name in ("prepare", "greet"))
    assert [job["status"]["succeeded"] for job in (before, after)] == [1, 1]
    deployed = helm.get("deployment", "made", "made")["metadata"]["creationTimestamp"]
    assert before["status"]["completionTime"] <= deployed <= after["metadata"]["creationTimestamp"]
    assert helm.get("job", "made-farewell", "made") is None
    helm.wait("made", "deployment/made", "--for=condition=Available")
    assert helm.kubectl("exec", "-n", "made", "deploy/made", "--", "hostname").stdout.startswith("made-")


def test_what_is_told_of_a_release_is_what_was_installed(helm):
    helm.install("told", "--set", "replicas=1,greeting=hey", "--description", "first try")
    manifest = helm("get", "manifest", "told", "-n", "told")
    assert set(re.findall(r"^kind: (\w+)$", manifest, re.MULTILINE)) == KINDS and "greeting: \"hey\"" in manifest
    hooks = re.findall(r"helm.sh/hook: (\S+)", helm("get", "hooks", "told", "-n", "told"))
    assert sorted(hooks) == ["post-install", "pre-delete", "pre-install,pre-upgrade", "test"]
    assert json.loads(helm("get", "values", "told", "-n", "told", "-o", "json")) == {"replicas": 1, "greeting": "hey"}
    assert "told runs 1 replicas" in helm("get", "notes", "told", "-n", "told")
    assert json.loads(helm("get", "metadata", "told", "-n", "told", "-o", "json"))["status"] == "deployed"
    assert json.loads(helm("status", "told", "-n", "told", "-o", "json"))["info"]["description"] == "first try"
    listed = json.loads(helm("list", "-A", "-o", "json", "--filter", "told"))
    assert [(row["name"], row["namespace"], row["revision"], row["chart"]) for row in listed] == [("told", "told", "1", "shop-1.2.3")]
    assert helm.get("secret", "sh.helm.release.v1.told.v1", "told")["type"] == "helm.sh/release.v1"


def test_an_upgrade_changes_objects_and_pods_and_a_rollback_takes_it_back(helm):
    helm.install("moved", "--wait", "--set", BARE)
    (first,) = helm.names("replicaset", "moved")
    prepared = helm.get("job", "moved-prepare", "moved")["metadata"]["uid"]
    said = helm("upgrade", "moved", SHOP, "-n", "moved", "--wait", "--set", f"{BARE},replicas=3,greeting=servus")
    assert 'Release "moved" has been upgraded.' in said and "REVISION: 2" in said
    assert helm.get("deployment", "moved", "moved")["status"]["readyReplicas"] == 3
    assert helm.get("configmap", "moved", "moved")["data"] == {"greeting": "servus"}
    assert len(helm.names("replicaset", "moved")) == 2                                # the checksum in the template changed
    assert helm.get("job", "moved-prepare", "moved")["metadata"]["uid"] != prepared  # the hook's Job was made anew
    assert helm("rollback", "moved", "1", "-n", "moved", "--wait") == "Rollback was a success! Happy Helming!\n"
    assert helm.history("moved") == [(1, "superseded", "Install complete"), (2, "superseded", "Upgrade complete"), (3, "deployed", "Rollback to 1")]
    deployment = helm.get("deployment", "moved", "moved")
    assert deployment["spec"]["replicas"] == 2 and deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert helm.get("configmap", "moved", "moved")["data"] == {"greeting": "hello"}
    assert helm.get("replicaset", first.partition("/")[2], "moved")["spec"]["replicas"] == 2


def test_the_charts_own_test_is_run_and_told_of(helm):
    helm.install("tried", "--set", BARE)
    said = helm("test", "tried", "-n", "tried", "--logs")
    assert "Phase:          Succeeded" in said and "POD LOGS: tried-test\nhello from tried-test\n" in said
    helm("upgrade", "tried", SHOP, "-n", "tried", "--set", f"{BARE},test.command=exit 3")
    assert "pod tried-test failed" in helm("test", "tried", "-n", "tried", code=1)
    assert helm.get("pod", "tried-test", "tried")["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


def test_uninstall_removes_all_but_hooks_and_what_is_kept(helm):
    helm.install("gone")
    said = helm("uninstall", "gone", "-n", "gone", "--wait")
    assert said == 'These resources were kept due to the resource policy:\n[PersistentVolumeClaim] gone\n\nrelease "gone" uninstalled\n'
    left = helm.names("deployment,replicaset,service,configmap,secret,serviceaccount,role,rolebinding,pvc,hpa,pdb,job", "gone")
    assert left == ["configmap/kube-root-ca.crt", "serviceaccount/default", "persistentvolumeclaim/gone",
                    "job.batch/gone-greet", "job.batch/gone-prepare"]
    assert "release: not found" in helm("status", "gone", "-n", "gone", code=1)
    assert "release: not found" in helm("uninstall", "gone", "-n", "gone", code=1)


def test_a_name_in_use_is_refused(helm):
    helm.install("twice", "--set", BARE)
    assert helm.install("twice", code=1) == "Error: INSTALLATION FAILED: cannot re-use a name that is still in use\n"


def test_an_object_of_somebody_else_is_not_taken_over(helm):
    helm.kubectl("create", "namespace", "owned")
    helm.kubectl("create", "configmap", "owned", "-n", "owned", "--from-literal=mine=yes")
    said = helm.install("owned", code=1)
    assert 'Unable to continue with install: ConfigMap "owned" in namespace "owned" exists and cannot be imported' in said
    assert helm.get("configmap", "owned", "owned")["data"] == {"mine": "yes"} and helm.get("deployment", "owned", "owned") is None


def test_values_that_the_api_refuses_are_told_in_its_words_and_fail_the_revision(helm):
    helm.install("wrong", "--set", BARE)
    refused = 'Deployment.apps "wrong" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    said = helm("upgrade", "wrong", SHOP, "-n", "wrong", "--set", f"{BARE},replicas=-1", code=1)
    assert said == f'Error: UPGRADE FAILED: cannot patch "wrong" with kind Deployment: {refused}\n'
    assert helm.history("wrong")[1][:2] == (2, "failed") and helm.get("deployment", "wrong", "wrong")["spec"]["replicas"] == 2
    odd = helm("upgrade", "wrong", SHOP, "-n", "wrong", "--set", f"{BARE},replicas=lots", code=1)
    assert odd.endswith("json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32\n")
    helm("upgrade", "wrong", SHOP, "-n", "wrong", "--set", f"{BARE},replicas=1")
    assert helm.history("wrong")[-1][:2] == (4, "deployed")


def test_an_install_that_the_api_refuses_says_so(helm):
    said = helm.install("refused", "--set", f"{BARE},replicas=-1", code=1)
    assert 'Deployment.apps "refused" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0' in said
    assert helm.history("refused")[0][1] == "failed"


def test_a_hook_that_fails_stops_the_install(helm):
    said = helm.install("stopped", "--set", "hook.command=exit 4,hook.backoffLimit=0", code=1)
    assert "INSTALLATION FAILED: failed pre-install: 1 error occurred:\n\t* job stopped-prepare failed: BackoffLimitExceeded" in said
    assert helm.get("deployment", "stopped", "stopped") is None and helm.history("stopped")[0][1] == "failed"


def test_an_atomic_upgrade_that_never_gets_ready_is_taken_back(helm):
    helm.install("atomic", "--wait", "--set", BARE)
    said = helm("upgrade", "atomic", SHOP, "-n", "atomic", "--atomic", "--timeout", "8s", "--set", f"{BARE},cpu=100", code=1)
    assert "UPGRADE FAILED: release atomic failed, and has been rolled back due to atomic being set: " in said
    assert [row[1] for row in helm.history("atomic")] == ["superseded", "failed", "deployed"]
    assert helm.get("deployment", "atomic", "atomic")["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "10m"


def test_a_dry_run_on_the_server_writes_nothing(helm):
    helm.kubectl("create", "namespace", "dry")
    assert "STATUS: pending-install" in helm("install", "dry", SHOP, "-n", "dry", "--dry-run=server")
    assert helm.names("all,secret,pvc", "dry") == []


def test_definitions_in_crds_are_served_before_their_objects_and_stay(helm):
    assert "STATUS: deployed" in helm("install", "gadget", WIDGETS, "--set", "size=5")
    widget = helm.get("widgets.example.com", "gadget", "default")
    assert widget["spec"] == {"size": 5} and widget["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
    said = helm("upgrade", "gadget", WIDGETS, "--set", "size=0", code=1)
    assert said.endswith('Widget.example.com "gadget" is invalid: spec.size: Invalid value: 0: '
                         "spec.size in body should be greater than or equal to 1\n")
    helm("upgrade", "gadget", WIDGETS, "--set", "size=7")
    assert helm.get("widgets.example.com", "gadget", "default")["spec"] == {"size": 7}
    helm("uninstall", "gadget")
    assert helm.get("widgets.example.com", "gadget", "default") is None
    assert helm.get("crd", "widgets.example.com", "default") is not None
