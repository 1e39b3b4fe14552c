"""What a learner sees of workloads: rollouts, ordinals, indexes, the dial, the meter, the gate; queues, comparisons, victims."""

import json
import urllib.error

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.learner import Learner, call, visit

WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx/nginx:v1"}]}
"""
OTHERS = """apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "busybox:1", command: [sleep, "1000000"], volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  completions: 3
  completionMode: Indexed
  template: {spec: {restartPolicy: Never, containers: [{name: c, image: "busybox:1", command: [sh, -c, "sleep 1"]}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "busybox:1"}]}}}}
"""
GUARDS = """apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 8
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 3, selector: {matchLabels: {app: web}}}
"""
ROWS = "Object.values(podlife.state().cells.objects).filter((one) => one.resource === 'replicasets')"
TWO_FRAMES = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
LANGUAGES = [("en-GB", "en"), ("zh-CN", "zh")]


def apply(learner: Learner, text: str) -> None:
    learner.sandbox.ask("kubectl", {"action": "apply", "files": [{"name": "file.yaml", "text": text}]})
    learner.under_way()


def settled_with(learner: Learner, text: str) -> None:
    apply(learner, text)
    learner.sandbox.control("settle")
    learner.until("podlife.state().run.settled && podlife.state().run.mode === 'held'", 30_000)
    learner.page.evaluate(TWO_FRAMES)  # things stand where they are drawn next


def label(learner: Learner, thing: str) -> str:
    """What the stage says of a thing to who does not see it."""
    return learner.page.evaluate("(id) => podlife.stage.targets().find((one) => one.id === id)?.label ?? ''", thing)


def assert_accessible(learner: Learner) -> None:
    found = Axe().run(learner.page, options={"resultTypes": ["violations"]}).response["violations"]
    assert not [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in found]


@pytest.mark.parametrize(("locale", "language"), LANGUAGES)
def test_two_replica_sets_trade_places_and_stepping_back_shows_the_one(browser, server, locale, language):
    with visit(browser, server, locale=locale) as learner:
        settled_with(learner, WEB)
        before = learner.now()["step"]
        assert len(learner.objects("replicasets")) == 1
        apply(learner, WEB.replace("nginx:v1", "nginx:v2"))
        both = f"{ROWS}.length === 2 && {ROWS}.every((one) => one.drawing.found > 0)"
        for _ in range(12):
            learner.sandbox.control("step", 20)
            learner.page.wait_for_timeout(300)
            if learner.page.evaluate(f"() => {both}"):
                break
        learner.until(both)
        drawing = learner.objects("deployments")["deployments/default/web"]["drawing"]
        assert (drawing["least"], drawing["most"]) == (3, 4) and drawing["total"] <= 4
        assert {"en": "at most 4", "zh": "最多 4"}[language] in label(learner, "deployments/default/web")
        rows = sorted(learner.objects("replicasets"), key=lambda subject: -learner.objects("replicasets")[subject]["created_ms"])
        chip, new, old = (learner.place(thing) for thing in ("deployments/default/web", *rows))
        assert chip["y"] < new["y"] < old["y"]
        go_back_to(learner, before)
        assert learner.place(rows[0]) is None and learner.place(rows[1])


def go_back_to(learner: Learner, step: int) -> None:
    learner.page.once("dialog", lambda dialog: dialog.accept(str(step)))
    learner.page.keyboard.press("g")
    learner.until(f"podlife.state().step === {step}")


@pytest.mark.parametrize(("locale", "language"), LANGUAGES)
def test_ordinals_indexes_and_the_dial_are_drawn_and_told(browser, server, locale, language):
    with visit(browser, server, locale=locale, bypass_csp=True) as learner:
        settled_with(learner, OTHERS)
        told = {"statefulsets/default/db": ("2 of 2 ready", "就绪 2/2"), "jobs/default/sum": ("3 of 3 done", "完成 3/3"),
                "cronjobs/default/tick": ("next 03:00", "下次 03:00")}  # fmt: skip
        for thing, words in told.items():
            assert words[language == "zh"] in label(learner, thing)
        learner.select("statefulsets/default/db")
        said = learner.tab("work")
        assert all(text in said for text in ("db-0", "db-1", "data-db-0", "Bound", "statefulset", {"en": "wanted", "zh": "期望"}[language]))
        learner.select("jobs/default/sum")
        assert {"en": "done", "zh": "完成"}[language] in learner.tab("work")
        learner.select("cronjobs/default/tick")
        assert "UTC" in learner.tab("work")
        assert_accessible(learner)


@pytest.mark.parametrize(("locale", "language"), LANGUAGES)
def test_an_eviction_stands_at_the_budgets_gate_and_is_held_back(browser, server, locale, language):
    with visit(browser, server, locale=locale) as learner:
        settled_with(learner, WEB)
        settled_with(learner, GUARDS)
        assert label(learner, "horizontalpodautoscalers/default/web")
        name = next(iter(learner.objects("pods"))).rpartition("/")[2]
        learner.sandbox.get("/version")
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "default"}}
        learner.sandbox.control("run")
        with pytest.raises(urllib.error.HTTPError, match="429"):
            call(f"{learner.sandbox._server}/api/v1/namespaces/default/pods/{name}/eviction", body)
        learner.sandbox.control("settle")
        budget = "poddisruptionbudgets/default/web"
        learner.until("Object.keys(podlife.state().cells.asked ?? {}).length === 1")
        assert learner.state("asked")["cells"]["asked"][budget]["is_open"] is False
        learner.select(budget)
        assert {"en": "held back: 429", "zh": "拦下：429"}[language] in learner.tab("work")


SMALL = """apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: low}
spec:
  replicas: 2
  selector: {matchLabels: {app: low}}
  template:
    metadata: {labels: {app: low}}
    spec: {containers: [{name: c, image: "busybox:1", command: [sleep, "9999"], resources: {requests: {cpu: 3500m}}}]}
"""
URGENT = """apiVersion: v1
kind: Pod
metadata: {name: urgent}
spec:
  priorityClassName: high
  containers: [{name: c, image: "busybox:1", command: [sleep, "9999"], resources: {requests: {cpu: 3000m}}}]
"""


def test_the_decision_names_the_victims_of_a_preemption(browser, server):
    with visit(browser, server) as learner:
        settled_with(learner, SMALL)
        settled_with(learner, URGENT)
        learner.select("pods/default/urgent")
        said = learner.tab("decision")
        assert "Room for it on k8snode" in said and "priority is 1000" in said and "gone" in said
        assert "NodeResourcesFit" in said


def test_queues_and_comparisons_are_told_key_by_key(browser, server):
    with visit(browser, server) as learner:
        apply(learner, WEB)
        waits = "Object.values(podlife.state().cells.controllers).find((one) => one.queue > 0)"
        for _ in range(60):
            learner.step()
            if learner.page.evaluate(f"() => Boolean({waits})"):
                break
        found = learner.page.evaluate(f"() => {waits}")
        assert found["waiting"]
        assert f"{found['queue']} in the queue, {found['waiting'][0].rpartition('/')[2]}" in label(learner, f"controller/{found['name']}")
        learner.select(f"controller/{found['name']}")
        assert found["waiting"][0].rpartition("/")[2] in learner.page.locator("[data-queue]").inner_text()
        learner.settle()
        learner.page.keyboard.press("Escape")
        learner.select("kube-controller-manager")
        said = learner.page.locator("#inspector-panel").inner_text()
        assert "replicaset" in said and "3 / 3" in said


def test_what_finds_no_room_on_the_shelf_is_one_press_away_also_by_keyboard(browser, server):
    with visit(browser, server) as learner:
        jobs = [OTHERS.split("---")[1].replace("name: sum", f"name: sum-{index}").replace("completions: 3", "completions: 8\n  suspend: true")
                for index in range(8)]  # fmt: skip
        settled_with(learner, "---".join(jobs))
        away = [f"jobs/default/sum-{index}" for index in range(8) if not learner.place(f"jobs/default/sum-{index}")]
        assert away and learner.place("shelf/more")
        learner.page.locator('.grid [tabindex="0"]').focus()
        for _ in range(3):  # control plane, network, shelf
            learner.page.keyboard.press("ArrowDown")
        learner.page.keyboard.press("End")
        assert "more" in learner.page.evaluate("document.activeElement.getAttribute('aria-label')")
        learner.page.keyboard.press("Enter")
        learner.until(f"podlife.stage.rectOf({json.dumps(away[-1])})")


def test_the_phone_draws_a_workload_in_its_sheet(browser, server):
    with visit(browser, server, width=390, height=844, has_touch=True, is_mobile=True, bypass_csp=True) as learner:
        settled_with(learner, WEB)
        box = learner.place("deployments/default/web")
        learner.page.touchscreen.tap(box["x"] + 10, box["y"] + 10)
        learner.page.tap('[data-sheet="inspect"]')
        learner.page.tap("#tab-work")
        learner.page.locator("canvas.work-drawing").wait_for(state="visible")
        assert "at most 4" in learner.page.locator("#inspector-panel").inner_text()
        assert learner.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert_accessible(learner)


SERVED = """apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: c, image: "busybox:1", command: [sh, -c, "wget -T 1 http://web; sleep 9999"], resources: {requests: {cpu: 2}}}]}
"""


@pytest.mark.parametrize(("locale", "language"), LANGUAGES)
def test_what_joins_services_to_pods_stands_on_the_stage_and_is_seen_to_be_off(browser, server, locale, language):
    with visit(browser, server, locale=locale, bypass_csp=True) as learner:
        settled_with(learner, SERVED)
        assert "web → 0" in label(learner, "kube-proxy") and "web ✓" in label(learner, "coredns")
        learner.sandbox.ask("fault", {"action": "component-stop", "args": ["coredns"]})
        learner.sandbox.control("step", 4)
        learner.until("podlife.state().cells.components.coredns.off")
        learner.page.evaluate(TWO_FRAMES)
        assert {"en": "off since", "zh": "停止"}[language] in label(learner, "coredns")
        learner.select("coredns")
        assert {"en": "Switch on", "zh": "开启"}[language] in learner.page.locator("#inspector-panel").inner_text()
        assert_accessible(learner)


def test_a_node_tells_what_its_pods_request_of_what_it_has(browser, server):
    with visit(browser, server, bypass_csp=True) as learner:
        settled_with(learner, SERVED)
        node = learner.objects("pods")["pods/default/client"]["node"]
        learner.select(f"nodes//{node}")
        said = learner.tab("room")
        assert "cpu\t2\t4" in said and "KubeletReady" in said and "kubectl cordon" in said
        assert_accessible(learner)
