"""The seed's Deployment, from paste to Running, pressing Step alone; what the page shows agrees with the API at each pause."""

import re

import pytest

from tests.e2e.learner import Learner, is_whole, visit
from webui.examples import NGINX

MOST_STEPS = 250
BETWEEN_LOOKS = 6
HAN = re.compile(r"[\u4e00-\u9fff]")
LISTS = {
    "pods": "/api/v1/namespaces/default/pods",
    "replicasets": "/apis/apps/v1/namespaces/default/replicasets",
    "deployments": "/apis/apps/v1/namespaces/default/deployments",
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_step_alone_leads_from_paste_to_two_running_pods(browser, server, language):
    with visit(browser, server, locale="zh-CN" if language == "zh" else "en-GB") as learner:
        learner.write(NGINX)
        learner.apply()
        rows = step_to_the_end(learner, look=assert_agrees if language == "en" else lambda learner: None)
        assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
        assert rows[0]["kind"] == "UserActed"
        for row in rows:
            assert_told(row, language)
        assert_both_run(learner)


def step_to_the_end(learner: Learner, look) -> list[dict]:
    """Press Step until nothing is left to do, by button and by key; looks at the whole picture now and then."""
    rows: list[dict] = []
    while len(rows) < MOST_STEPS:
        fresh = learner.steps(BETWEEN_LOOKS)
        state = learner.step(by_key=True)
        fresh.append({**state["row"], "words": learner.words})
        rows += fresh
        look(learner)
        if state["run"]["settled"]:  # the last press may have had nothing left to show
            return list({row["step"]: row for row in rows}.values())
    raise AssertionError(f"not settled after {MOST_STEPS} steps")


def assert_told(row: dict, language: str) -> None:
    """Each step has its sentence, whole, in the chosen language, and it is what the page shows."""
    caption = row["caption"][language]
    assert is_whole(caption), row
    assert row["words"] == caption.replace("**", "")
    assert bool(HAN.search(caption)) == (language == "zh")


def assert_agrees(learner: Learner) -> None:
    """The picture's cells say what a GET says of the same objects at this moment."""
    state = learner.state("objects")
    for resource, path in LISTS.items():
        stored = {f"{resource}/default/{each['metadata']['name']}": each for each in learner.sandbox.items(path)}
        cells = {key: cell for key, cell in state["cells"]["objects"].items() if key.startswith(f"{resource}/default/")}
        assert cells.keys() == stored.keys()
        for subject, obj in stored.items():
            assert cells[subject]["revision"] == int(obj["metadata"]["resourceVersion"])
            assert cells[subject]["uid"] == obj["metadata"]["uid"]
            inspected = learner.sandbox.object_at(subject, state["seq"])
            assert f'resourceVersion: "{obj["metadata"]["resourceVersion"]}"' in inspected["yaml"]
    assert_words_are_kubectls(learner, state["cells"]["objects"])


def assert_words_are_kubectls(learner: Learner, objects: dict[str, dict]) -> None:
    """STATUS, READY, RESTARTS, IP and NODE as `kubectl get pods -o wide` prints them."""
    for row in learner.sandbox.table(LISTS["pods"]):
        cell = objects[f"pods/default/{row['Name']}"]
        assert (cell["status"]["word"], cell["ready"]) == (row["Status"], row["Ready"])
        assert (cell["ip"] or "<none>", cell["node"] or "<none>") == (row["IP"], row["Node"])
        assert str(cell["restarts"]) == str(row["Restarts"]).split(" ")[0]
    for row in learner.sandbox.table(LISTS["deployments"]):
        assert objects[f"deployments/default/{row['Name']}"]["ready"] == row["Ready"]


def assert_both_run(learner: Learner) -> None:
    pods = learner.objects("pods")
    assert len(pods) == 2
    for subject, pod in pods.items():
        assert (pod["status"]["word"], pod["ready"]) == ("Running", "1/1")
        box, node = learner.place(subject), learner.place(f"nodes//{pod['node']}")
        assert box and node and node["x"] <= box["x"] < node["x"] + node["width"] and node["y"] < box["y"]
    assert [each["ready"] for each in learner.objects("deployments").values()] == ["2/2"]
    truth = learner.state("node_pods")["cells"]["node_pods"].values()
    assert {one["plate"]["ip"] for one in truth} == {pod["ip"] for pod in pods.values()}


def test_scaling_and_deleting_the_deployment_takes_its_pods_along(browser, server):
    with visit(browser, server) as learner:
        learner.settled_with(NGINX)
        assert len(learner.objects("pods")) == 2
        learner.select("deployments/default/nginx-test")
        learner.act('[data-act="scale-up"]')
        learner.step()
        assert "$ kubectl scale deployments nginx-test --replicas=3" in learner.terminal
        learner.settle()
        assert [pod["status"]["word"] for pod in learner.objects("pods").values()] == ["Running"] * 3
        assert "deployment.apps/nginx-test scaled" in learner.terminal
        scale_to(learner, "0")
        assert not learner.objects("pods")
        assert [each["ready"] for each in learner.objects("deployments").values()] == ["0/0"]
        scale_to(learner, "2")
        assert len(learner.objects("pods")) == 2
        learner.act('[data-act="delete"]')
        learner.settle()
        for resource in LISTS:
            assert not learner.objects(resource)
            assert not learner.sandbox.items(LISTS[resource])
        assert 'deployment.apps "nginx-test" deleted' in learner.terminal


def scale_to(learner: Learner, count: str) -> None:
    field = learner.page.locator(".scale input")
    field.fill(count)
    field.press("Enter")
    learner.under_way()
    learner.settle()
