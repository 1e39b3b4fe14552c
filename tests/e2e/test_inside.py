"""What a learner sees of a Pod's inside: its init containers and volumes on the stage, its log and files in the inspector, a shell."""

import pytest

from tests.e2e.learner import visit

POD = """apiVersion: v1
kind: Pod
metadata:
  name: writer
spec:
  initContainers:
  - name: prepare
    image: busybox:1
    command: [sh, -c, "echo prepared > /shared/note"]
    volumeMounts: [{name: shared, mountPath: /shared}]
  containers:
  - name: app
    image: busybox:1
    command: [sh, -c, "echo hello; echo oops >&2; sleep 1000"]
    volumeMounts: [{name: shared, mountPath: /shared}]
    readinessProbe: {exec: {command: ["true"]}}
  volumes: [{name: shared, emptyDir: {}}]
"""


@pytest.mark.parametrize(("locale", "words"), [("en-GB", ["running", "9 bytes", "open a shell"]), ("zh-CN", ["运行中", "9 字节", "打开 shell"])])
def test_the_log_the_files_and_a_shell_are_one_tab_away(browser, server, locale, words):
    with visit(browser, server, locale=locale) as learner:
        learner.settled_with(POD)
        (pod,) = learner.objects("pods").values()
        assert [(each["name"], each["pip"]) for each in pod["init"]] == [("prepare", "done")]
        assert pod["volumes"] == [{"name": "shared", "type": "emptyDir", "claim": "", "mounts": ["prepare", "app"]}]
        (truth,) = learner.state("node_pods")["cells"]["node_pods"].values()
        assert {each["name"]: each["probes"] for each in truth["containers"]} == {"prepare": {}, "app": {"readiness": "ok"}}
        learner.select("pods/default/writer")
        said = learner.tab("inside")
        assert all(text in said for text in ["hello", "oops", "/shared", "/note", *words[::2]])
        learner.page.click(".inside .shelf .file summary")
        assert "prepared" in learner.page.locator(".inside .shelf pre").inner_text()
        learner.terminal  # noqa: B018 - it is loaded when it is first seen
        learner.page.click('.inside [data-act="shell"]')
        learner.until("podlife.terminal.text().includes('kubectl exec -it writer -c app -- sh')")


def test_the_volumes_of_a_chosen_pod_show_their_files_on_the_stage(browser, server):
    with visit(browser, server) as learner:
        learner.settled_with(POD)
        learner.select("pods/default/writer")
        learner.until("podlife.stage.filesIn('pods/default/writer', 'shared').join() === 'note'")
        learner.page.keyboard.press("ArrowLeft")
        learner.until("podlife.stage.filesIn('pods/default/writer', 'shared').length === 0")
