"""What a learner does outside the API: switches, the registry and Git repositories, from the page; each is a step."""

import pytest

from tests.e2e.learner import visit
from tests.e2e.test_access import PHONE, WIDE, assert_accessible

POD = """apiVersion: v1
kind: Pod
metadata: {name: late}
spec: {containers: [{name: app, image: "nginx:1.27", readinessProbe: {httpGet: {path: /, port: 80}}}]}
"""


def outside(learner, tab: str) -> None:
    learner.page.click('[data-act="outside"]')
    learner.tab(tab)


def steps_until(learner, kind: str, most: int = 60) -> str:
    """Step until a step of this kind; its caption."""
    for _ in range(most):
        if learner.step()["row"]["kind"] == kind:
            return learner.words
    raise AssertionError(f"no step {kind}")


def switch(learner, name: str, words: str) -> None:
    button = learner.page.locator(f'[data-act="switch"][data-id="{name}"]')
    assert button.inner_text() == words
    button.click()
    learner.under_way()


@pytest.mark.parametrize(
    ("locale", "off", "on", "word"),
    [("en-GB", "Switch off", "Switch on", "off since 00:00"), ("zh-CN", "关停", "开启", "自 00:00 停止")],
)
def test_a_component_is_switched_off_and_on_and_says_what_it_lists(browser, server, locale, off, on, word):
    with visit(browser, server, locale=locale) as learner:
        outside(learner, "switches")
        switch(learner, "kube-scheduler", off)
        assert "kube-scheduler" in steps_until(learner, "ComponentStopped")
        assert learner.state("components")["cells"]["components"]["kube-scheduler"]["off"]
        labels = {each["id"]: each["label"] for each in learner.page.evaluate("podlife.stage.targets()")}
        assert word in labels["kube-scheduler"] and word in learner.page.locator("#inspector-panel").inner_text()
        switch(learner, "kube-scheduler", on)
        assert "kube-scheduler" in steps_until(learner, "ComponentListed")
        assert not learner.state("components")["cells"]["components"]["kube-scheduler"]["off"]


def test_one_controller_and_the_parts_of_a_node_have_switches_where_they_stand(browser, server):
    with visit(browser, server) as learner:
        for name, kind in (("controller/deployment-controller", "controllers"), ("containerd/k8snode1", "nodes"), ("kubelet/k8snode2", "nodes")):
            box = learner.place(name)
            learner.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 8)
            switch(learner, name, "Switch off")
            steps_until(learner, "ComponentStopped")
            cells = learner.state(kind)["cells"][kind]
            role, _, rest = name.partition("/")
            assert (cells[rest] if role == "controller" else cells[rest][role])["off"]


def test_the_registry_is_stocked_slowed_and_broken(browser, server):
    with visit(browser, server) as learner:
        outside(learner, "registry")
        learner.page.fill('[name="image"]', "shop:2")
        learner.page.fill('[name="size"]', "12")
        learner.page.click('[data-act="registry-push"]')
        learner.under_way()
        assert "shop:2" in steps_until(learner, "RegistryPushed")
        learner.until("document.querySelector('[data-part=registry-images]').innerText.includes('shop:2')")
        assert "12 MiB" in learner.page.locator('[data-part="registry-images"]').inner_text()
        learner.page.fill('[name="speed"]', "2")
        learner.page.click('[data-act="registry-slow"]')
        learner.under_way()
        steps_until(learner, "RegistrySlowed")
        learner.page.select_option('[name="mode"]', "unavailable")
        learner.page.click('[data-act="registry-break"]')
        learner.under_way()
        steps_until(learner, "RegistryBroken")
        learner.until("document.querySelector('[data-part=registry-state]').innerText.includes('503')")
        learner.page.click('[data-act="registry-mend"]')
        learner.under_way()
        learner.until("document.querySelector('[data-part=registry-state]').innerText.includes('20 MiB')")


def test_a_commit_is_pushed_to_a_branch_of_its_own(browser, server):
    with visit(browser, server) as learner:
        outside(learner, "git")
        learner.page.click('[data-act="git-edit"]')
        assert "Hello" in learner.page.locator('[name="text"]').input_value()
        learner.page.fill('[name="text"]', "<h1>Two</h1>")
        learner.page.fill('[name="branch"]', "next")
        learner.page.fill('[name="message"]', "A second page")
        learner.page.click('[data-act="git-push"]')
        learner.under_way()
        assert "A second page" in steps_until(learner, "CommitPushed")
        learner.until("document.querySelector('[data-part=git-commits]').innerText.includes('A second page')")
        assert learner.page.locator('[data-act="git-choose"] option').count() == 2
        trees = {each["branch"]: each["files"] for each in learner.sandbox.ask("repositories")["trees"]}
        assert trees["next"] == {"index.html": "<h1>Two</h1>"} != trees["main"]


def test_a_pull_is_seen_to_come_and_a_probe_to_answer(browser, server):
    with visit(browser, server) as learner:
        learner.sandbox.ask("fault", {"action": "registry-slow", "args": ["5"]})
        learner.write(POD)
        learner.apply()
        steps_until(learner, "ImagePullStarted", 90)
        (pod,) = learner.state("node_pods")["cells"]["node_pods"].values()
        pull = pod["pulling"]
        assert (pull["container"], pull["image"], pull["done"]) == ("app", "nginx:1.27", 0) and pull["until_ms"] - pull["mark_ms"] > 14_000
        steps_until(learner, "ImagePulled")
        steps_until(learner, "ProbeVerdict")
        (pod,) = learner.state("node_pods")["cells"]["node_pods"].values()
        assert pod["pulling"] is None and pod["containers"][0]["pulse"]["kind"] == "readiness"


@pytest.mark.parametrize(("size", "theme", "language"), [(WIDE, "light", "en"), (WIDE, "dark", "zh"), (PHONE, "dark", "en")])
def test_axe_finds_nothing_outside_the_api(browser, server, size, theme, language):
    locale = "zh-CN" if language == "zh" else "en-GB"
    with visit(browser, server, locale=locale, width=size[0], height=size[1], color_scheme=theme, bypass_csp=True) as learner:
        learner.sandbox.ask("fault", {"action": "component-stop", "args": ["etcd"]})
        learner.sandbox.control("settle")
        if size == PHONE:
            learner.page.click('[data-act="menu"]')
            learner.page.click('.menu-list [data-act="outside"]')
        else:
            learner.page.keyboard.press("o")
        for tab in ("switches", "registry", "git"):
            learner.tab(tab)
            assert_accessible(learner, tab)
