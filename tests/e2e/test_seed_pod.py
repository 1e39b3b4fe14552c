"""The seed's Pod: refused at its line, mended with one click, applied, deleted, and gone for good. Hostile names are text."""

from tests.e2e.learner import visit
from webui.examples import TOMCAT

WORDS = 'unknown field "spec.imagePullPolicy"'
POD = "pods/default/tomcat-test"
HOSTILE = """\
# <img src=x onerror="window.hit = 1">
apiVersion: v1
kind: Pod
metadata:
  name: "<img src=x onerror=window.hit=2>"
  annotations:
    note: "<img src=x onerror=window.hit=3>"
"""
QUOTING = """\
apiVersion: v1
kind: Pod
metadata:
  name: quoting
  annotations:
    note: "<img src=x onerror=window.hit=4>"
spec:
  containers:
  - name: app
    image: busybox:1
    command: [sh, -c, "echo '<img src=x onerror=window.hit=5>'; sleep 3600"]
"""


def test_the_pod_is_refused_mended_applied_deleted_and_stays_gone(browser, server):
    with visit(browser, server) as learner:
        learner.write(TOMCAT)
        assert_marked_at_its_line(learner)
        learner.apply()
        learner.settle()
        assert f"strict decoding error: {WORDS}" in learner.terminal
        assert not learner.objects("pods")
        learner.page.click(".problem-note button")
        learner.until("!document.querySelector('.problem-note')")
        text = learner.page.locator(".cm-content").inner_text()
        assert "    imagePullPolicy: IfNotPresent" in text
        learner.apply()
        learner.settle()
        assert "pod/tomcat-test created" in learner.terminal
        assert learner.objects("pods")[POD]["status"]["word"] == "Running"
        assert learner.place(POD)
        learner.act('[data-act="delete"]')
        learner.settle()
        assert 'pod "tomcat-test" deleted' in learner.terminal
        assert not learner.objects("pods") and not learner.state("node_pods")["cells"]["node_pods"]
        assert not learner.place(POD)


def assert_marked_at_its_line(learner) -> None:
    """The editor says what the API server would say, under the 14th line, before anything is sent."""
    learner.until("document.querySelector('.problem-note')")
    note = learner.page.locator(".problem-note")
    assert WORDS in note.inner_text()
    above = note.evaluate("(note) => note.previousElementSibling.textContent")
    assert above.strip() == "imagePullPolicy: IfNotPresent"
    assert "line 14" in learner.page.locator(".actions small").inner_text()
    assert learner.page.locator('.tab[aria-selected="true"] .error-badge').count() == 1


def test_markup_in_a_manifest_is_shown_as_text_everywhere(browser, server):
    with visit(browser, server) as learner:
        learner.write(HOSTILE)
        learner.until("document.querySelector('.problem-note')")
        learner.apply()
        learner.settle()
        assert "<img src=x onerror=window.hit=2>" in learner.terminal
        learner.settled_with(QUOTING)
        learner.select("pods/default/quoting")
        assert "<img src=x onerror=window.hit=5>" in learner.tab("object")
        learner.tab("diff")
        learner.tab("why")
        assert learner.page.evaluate("window.hit ?? 0") == 0
        assert learner.page.locator("img").count() == 0
