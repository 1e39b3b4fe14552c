"""A learner types: the real kubectl in the page, its writes drawn and stepped like everything else."""

import json

import pytest

from tests.e2e.learner import Learner, visit

WORDS = {"en": "time is held, the reply comes", "zh": "时间已暂停"}
READ = {"en": "what does this server have", "zh": "这个服务器有什么"}
REFUSED = {"en": "kubectl proxy would open a port", "zh": "kubectl proxy 会在服务器上打开端口"}


class Typist:
    """Types into the page's terminal and waits for what it shows."""

    def __init__(self, learner: Learner):
        self.learner, self.keys = learner, learner.page.keyboard
        learner.until("document.documentElement.dataset.terminal === 'ready'", 20_000)
        self.focus()

    def focus(self) -> None:
        self.learner.page.evaluate("podlife.terminal.focus()")

    def types(self, line: str) -> None:
        self.keys.type(line)
        self.keys.press("Enter")

    def sees(self, text: str, limit: int = 20_000) -> None:
        self.learner.until(f"podlife.terminal.text().replaceAll('\\n', ' ').includes({json.dumps(text)})", limit)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_apply_typed_is_stepped_like_apply_pressed(browser, server, language):
    with visit(browser, server, locale="zh-CN" if language == "zh" else "en-GB") as learner:
        typist = Typist(learner)
        typist.types("kubectl apply -f nginx-deploy.yaml")
        typist.sees(WORDS[language])
        assert learner.now()["step"] == 0
        assert learner.sandbox.items("/api/v1/namespaces")  # reads answer
        rows = learner.steps(30)
        said = [row["caption"][language] for row in rows if row["kind"] == "RequestSent" and row["actor"] == "kubectl"]
        assert [one for one in said if READ[language] in one] and "POST …/deployments" in said[-1]
        assert "GET …/deployments/nginx-test" in said[-2] and "kubernetes-admin" in said[-2]
        assert any(row["kind"] == "ObjectStored" or "deployments" in (row.get("subject") or "") for row in rows)
        typist.sees("deployment.apps/nginx-test created")
        assert "deployments/default/nginx-test" in learner.objects("deployments")
        typist.focus()
        typist.types("kubectl proxy")
        typist.sees(REFUSED[language])


def test_a_stream_tab_pipes_and_the_way_out(browser, server):
    with visit(browser, server) as learner:
        typist = Typist(learner)
        learner.sandbox.control("run")
        typist.types("kubectl get no | grep -c Ready")
        typist.sees("-c Ready 2 $")
        typist.keys.type("kubectl get deploym")
        typist.keys.press("Tab")
        typist.sees("kubectl get deployments.apps")
        typist.keys.press("Control+u")
        typist.types("kubectl get pods -w")
        learner.act('[data-act="apply"]')
        learner.sandbox.control("settle")
        typist.sees("Running", 40_000)
        typist.sees("$ kubectl apply -f nginx-deploy.yaml")
        typist.focus()
        typist.keys.press("Control+c")
        typist.types("vim pod-tomcat.yaml")
        typist.sees("pod-tomcat.yaml is open in the editor")
        assert learner.page.locator('.file-tabs [aria-selected="true"]').inner_text().startswith("pod-tomcat.yaml")
        typist.focus()
        typist.keys.press("Escape")
        assert not learner.page.evaluate("document.activeElement.closest('.xterm') !== null")
        learner.page.keyboard.press("Tab")
        assert not learner.page.evaluate("document.activeElement.closest('.terminal') !== null")
