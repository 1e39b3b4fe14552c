"""horizontal-pod-autoscaler-controller: the load is weighed every 15 s, and the workload follows.

Source: pkg/controller/podautoscaler/{horizontal,replica_calculator}_test.go.
"""

import pytest

from cluster.controllers import _hpa_load, _hpa_metrics
from cluster.controllers._hpa_limits import History, by_rules, down_limit, limited, up_limit
from cluster.controllers._hpa_load import Load, Measured, MetricError
from cluster.controllers._hpa_metrics import Question, Refusal
from cluster.controllers._hpa_replicas import Tolerances, by_average, by_utilization, by_value, by_value_each
from cluster.controllers.horizontal_pod_autoscaler import Look
from tests.controllers.rig import Rig
from tests.controllers.world import TEMPLATE, World

NO_METRICS = ("failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: "
              "the server could not find the requested resource (get pods.metrics.k8s.io)")
REQUESTS = {"resources": {"requests": {"cpu": "200m"}}}
LATER_MS = 1_767_258_600_000  # 2026-01-01T09:10:00Z


@pytest.fixture
def world():
    world = World()
    container = {**TEMPLATE["spec"]["containers"][0], **REQUESTS}
    template = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "containers": [container]}}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}}
    world.create("deployments", body)
    return world


def autoscaler(world, *, load="", **spec):
    meta = {"name": "web", "annotations": {_hpa_load.LOAD: load} if load else {}}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 10, **spec}
    world.create("horizontalpodautoscalers", {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta,
                                              "spec": spec}, settle=False)


def put_load(world, load):
    patch = {"metadata": {"annotations": {_hpa_load.LOAD: load}}}
    world.do(world.client.patch("horizontalpodautoscalers", "web", patch, namespace="default", patch_type="merge"), settle=False)


def start_all(world):
    """What kubelets would report: the Pods run, and have started now."""
    now = world.engine.clock.text(world.engine.now_ms)
    for pod in world.list("pods"):
        if (pod.get("status") or {}).get("phase") != "Running":
            status = {"phase": "Running", "startTime": now, "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}]}
            world.do(world.client.patch("pods", pod["metadata"]["name"], {"status": status}, namespace="default", subresource="status"),
                     settle=False)


def run(world, seconds):
    for _ in range(seconds // 5):
        world.run(5_000)
        start_all(world)


def size(world):
    return world.get("deployments", "web")["spec"]["replicas"]


def conditions(world):
    found = world.get("horizontalpodautoscalers", "web")["status"].get("conditions") or []
    return {one["type"]: (one["status"], one["reason"]) for one in found}


def test_without_metrics_it_first_goes_to_its_bounds_and_then_says_what_is_missing(world):
    start_all(world)
    autoscaler(world, minReplicas=3)
    world.run(14_000)
    assert size(world) == 2 and conditions(world) == {}
    world.run(2_000)
    assert size(world) == 3
    assert world.events("SuccessfulRescale") == ["New size: 3; reason: Current number of replicas below Spec.MinReplicas"]
    assert conditions(world) == {"AbleToScale": ("True", "SucceededRescale")}
    world.run(15_000)
    assert world.events("FailedGetResourceMetric") == [NO_METRICS]
    assert world.events("FailedComputeMetricsReplicas") == [
        f"invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {NO_METRICS}"
    ]
    assert conditions(world) == {"AbleToScale": ("True", "SucceededGetScale"), "ScalingActive": ("False", "FailedGetResourceMetric")}
    assert world.get("horizontalpodautoscalers", "web")["status"]["currentMetrics"] == [{"type": ""}]


@pytest.mark.slow
def test_a_workload_grows_with_its_load_and_shrinks_when_five_minutes_were_quiet(world):
    start_all(world)
    autoscaler(world, load="cpu=1200m")
    run(world, 420)
    assert size(world) == 8, "1200m over 8 Pods are 75 % of 200m, within a tenth of 80 %"
    status = world.get("horizontalpodautoscalers", "web")["status"]
    assert status["currentMetrics"] == [{"type": "Resource", "resource": {"name": "cpu", "current": {
        "averageUtilization": 75, "averageValue": "150m"}}}]
    sizes = [event.split(";")[0] for event in world.events("SuccessfulRescale")]
    assert sizes[0] == "New size: 4", "no more than doubled at a time, or four"
    put_load(world, "cpu=150m")
    run(world, 240)
    assert size(world) == 8 and conditions(world)["AbleToScale"] == ("True", "ScaleDownStabilized")
    run(world, 120)
    assert size(world) == 1 and world.events("SuccessfulRescale")[-1] == "New size: 1; reason: All metrics below target"


def test_a_target_that_is_not_there_or_cannot_be_scaled_is_told_of(world):
    autoscaler(world, scaleTargetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "nobody"})
    world.run(16_000)
    assert world.events("FailedGetScale") == ['deployments.apps "nobody" not found']
    assert conditions(world) == {"AbleToScale": ("False", "FailedGetScale")}


def test_a_workload_scaled_to_nothing_is_left_alone(world):
    autoscaler(world)
    world.do(world.client.patch("deployments", "web", {"spec": {"replicas": 0}}, namespace="default", patch_type="merge"), settle=False)
    world.run(16_000)
    assert size(world) == 0 and conditions(world)["ScalingActive"] == ("False", "ScalingDisabled")


@pytest.mark.parametrize("present", [0, 12])
def test_a_condition_of_a_feature_that_is_off_goes(present):
    """Source: horizontal_test.go (TestScaledToZeroConditionHandledOnNormalRescale, TestScaleUpFromZeroCMObject: the gate is off)."""
    old = {"type": "ScaledToZero", "status": "True", "reason": "ScaledToZero", "lastTransitionTime": "2026-01-01T08:00:00Z"}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    given = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "status": {"conditions": [old]},
             "spec": {"scaleTargetRef": target, "maxReplicas": 10}}
    scale = {"metadata": {"name": "web", "namespace": "default"}, "spec": {"replicas": present}, "status": {"replicas": present}}
    rig = Rig({"controller": "horizontal-pod-autoscaler-controller", "now": "2026-01-01T09:00:00Z", "objects": [given],
               "answers": {"get deployments/scale web": {"code": 200, "body": scale}}})
    rig.look({"key": "default/web"})
    written = rig.requests[-1]["body"]["status"]["conditions"]
    assert [one["type"] for one in written] == (["AbleToScale"] if present else ["AbleToScale", "ScalingActive"])


def test_two_autoscalers_of_the_same_pods_touch_nothing(world):
    start_all(world)
    autoscaler(world, load="cpu=2")
    body = world.get("horizontalpodautoscalers", "web")
    world.create("horizontalpodautoscalers", {**body, "metadata": {"name": "other", "annotations": body["metadata"]["annotations"]}},
                 settle=False)
    run(world, 60)
    assert conditions(world)["ScalingActive"] == ("False", "AmbiguousSelector")
    assert "pods by selector app=web are controlled by multiple HPAs: [default/other default/web]" in world.events("AmbiguousSelector")


@pytest.mark.parametrize(("selector", "reason"), [("", "SelectorRequired"), ("a in (", "InvalidSelector")])
def test_a_scale_without_a_selector_that_can_be_read_is_told_of(world, selector, reason):
    controller = world.manager.controllers["horizontal-pod-autoscaler-controller"]
    look = Look({"metadata": {"name": "x", "namespace": "default"}, "spec": {}}, "2026-01-01T09:00:00Z")
    pods, failure = controller._pods_of("default/x", look, selector)
    world.run(100)
    assert pods == [] and failure and world.events(reason) == [failure]
    assert [(one["type"], one["reason"]) for one in look.conditions] == [("ScalingActive", "InvalidSelector")]


# -- the load ---------------------------------------------------------------------------------------------------------


def pod(name, *, ready="True", phase="Running", started="2026-01-01T09:00:00Z", request="200m", limit=None, usage="", going=False):
    resources = {"requests": {"cpu": request} if request else {}, "limits": {"cpu": limit} if limit else {}}
    meta = {"name": name, "annotations": {_hpa_load.USAGE: usage} if usage else {}, **({"deletionTimestamp": "x"} if going else {})}
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": started}] if ready else []
    return {"metadata": meta, "spec": {"containers": [{"name": "c", "resources": resources}]},
            "status": {"phase": phase, "startTime": started, "conditions": conditions}}


def load(text, *pods):
    return Load({"metadata": {"annotations": {_hpa_load.LOAD: text}}}, list(pods), LATER_MS)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("cpu=1500m,memory=1Gi", {"cpu": 1500, "memory": 1073741824000}), ("requests=90", {"requests": 90000}), ("", {}), ("cpu", {}),
     ("cpu=much, memory = 1 ", {"memory": 1000}), ("cpu=-1", {"cpu": 0})],
)
def test_an_annotation_names_amounts(text, wanted):
    assert _hpa_load.read(text) == wanted


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (load("cpu=600m", pod("a"), pod("b")), {"a": 300, "b": 300}),
        (load("cpu=600m", pod("a"), pod("b", ready="False")), {"a": 600, "b": 0}),
        (load("cpu=600m", pod("a"), pod("b", phase="Pending")), {"a": 300}),
        (load("cpu=600m", pod("a"), pod("b", started="2026-01-01T09:09:50Z")), {"a": 300}),
        (load("cpu=600m", pod("a", limit="250m"), pod("b")), {"a": 250, "b": 300}),
        (load("cpu=600m", pod("a", usage="cpu=50m"), pod("b")), {"a": 50, "b": 300}),
        (load("", pod("a", usage="cpu=50m"), pod("b")), {"a": 50}),
    ],
)
def test_ready_pods_share_the_load(there, wanted):
    assert {name: one.value for name, one in there.of_pods("cpu").items()} == wanted


def test_what_nobody_measures_is_said_as_the_real_server_says_it():
    with pytest.raises(MetricError, match=r"get pods\.metrics\.k8s\.io"):
        load("", pod("a")).of_pods("cpu")
    with pytest.raises(MetricError, match="no metrics returned from resource metrics API"):
        load("requests=5", pod("a")).of_pods("cpu")
    with pytest.raises(MetricError, match=r"get queue\.external\.metrics\.k8s\.io"):
        load("requests=5").external("queue")


# -- the calculation --------------------------------------------------------------------------------------------------


def measured(**values):
    return {name: Measured(value, LATER_MS) for name, value in values.items()}


def utilization(pods, metrics, *, target=50, current=None, up=0.1, down=0.1):
    found = by_utilization(pods, metrics, dict.fromkeys([one["metadata"]["name"] for one in pods], 200), target=target,
                           current=len(pods) if current is None else current, tolerances=Tolerances(down, up), resource="cpu",
                           now_ms=LATER_MS)
    return found.replicas, found.percent


@pytest.mark.parametrize(
    ("pods", "metrics", "options", "wanted"),
    [
        ([pod("a"), pod("b")], measured(a=200, b=200), {}, (4, 100)),
        ([pod("a"), pod("b")], measured(a=105, b=105), {}, (2, 52)),
        ([pod("a"), pod("b")], measured(a=105, b=105), {"up": 0.01}, (3, 52)),
        ([pod("a"), pod("b")], measured(a=20, b=20), {}, (1, 10)),
        ([pod("a"), pod("b")], measured(a=92, b=92), {"down": 0.05}, (2, 46)),
        ([pod("a"), pod("b", ready="False", started="2026-01-01T09:09:00Z")], measured(a=200, b=0), {}, (2, 100)),
        ([pod("a"), pod("b", phase="Pending")], measured(a=400), {}, (4, 200)),
        ([pod("a"), pod("b")], measured(a=20), {}, (2, 10)),
        ([pod("a"), pod("b"), pod("c", going=True)], measured(a=200, b=200, c=900), {"current": 2}, (4, 100)),
        ([pod("a"), pod("b", phase="Failed")], measured(a=200, b=200), {"current": 1}, (2, 100)),
    ],
    ids=["grows", "within", "less tolerant", "shrinks", "less tolerant down", "an unready one counts as idle", "a pending one counts as idle",
         "a missing one counts as busy", "a going one is ignored", "a failed one is ignored"],
)
def test_a_share_of_the_requests_asks_for_so_many(pods, metrics, options, wanted):
    assert utilization(pods, metrics, **options) == wanted


def test_pods_that_all_are_unready_say_nothing():
    with pytest.raises(MetricError, match="did not receive metrics for targeted pods"):
        utilization([pod("a", phase="Pending")], {})
    with pytest.raises(MetricError, match="no pods returned by selector"):
        utilization([], {})


def test_amounts_and_shared_figures_ask_for_so_many():
    pods, tolerances = [pod("a"), pod("b")], Tolerances()
    common = {"current": 2, "tolerances": tolerances}
    assert by_average(pods, measured(a=3000, b=5000), target=2000, resource="", now_ms=LATER_MS, **common)[:2] == (4, 4000)
    assert by_value(pods, 9000, target=3000, **common)[:2] == (6, 9000)
    assert by_value(pods, 3100, target=3000, **common)[:2] == (2, 3100)
    assert by_value_each(9000, target=3000, present=2, tolerances=tolerances)[:2] == (3, 4500)


@pytest.mark.parametrize(
    ("metric", "text", "wanted"),
    [
        ({"type": "Pods", "pods": {"metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "10"}}}, "hits=60",
         (6, "pods metric hits")),
        ({"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "30"}}},
         "queue=300", (10, "external metric queue(nil)")),
        ({"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "30"}}}, "queue=60",
         (4, "external metric queue(nil)")),
        ({"type": "Object", "object": {"metric": {"name": "rate"}, "describedObject": {"kind": "Service", "name": "web"},
                                       "target": {"type": "Value", "value": "10"}}}, "rate=30", (6, "Service metric rate")),
        ({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "100m"}}}, "cpu=600m",
         (6, "cpu resource")),
        ({"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "c", "target": {
            "type": "Utilization", "averageUtilization": 50}}}, "cpu=600m", (6, "cpu container resource utilization (percentage of request)")),
    ],
    ids=["pods", "external each", "external", "object", "resource amount", "container"],
)
def test_each_sort_of_metric_proposes(metric, text, wanted):
    found = _hpa_metrics.propose(metric, Question(load(text, pod("a"), pod("b")), 2, 2, Tolerances(), "default"))
    assert (found.replicas, found.name) == wanted and found.status["type"] == metric["type"]


@pytest.mark.parametrize(
    ("there", "container", "words"),
    [
        (load("cpu=1", pod("a", request="")), "", "failed to get cpu utilization: missing request for cpu in container c of Pod a"),
        (load("cpu=1", pod("a")), "x", "failed to get cpu utilization: container x not found in Pod a"),
    ],
)
def test_a_pod_that_asks_for_nothing_has_no_share_of_it(there, container, words):
    target = {"type": "Utilization", "averageUtilization": 50}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    if container:
        metric = {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": container, "target": target}}
    found = _hpa_metrics.propose(metric, Question(there, 1, 1, Tolerances(), "default"))
    assert isinstance(found, Refusal)
    assert found.why == words or (container and "did not receive metrics" in found.why)


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("current", "wanted", "found"),
    [(2, 9, (4, "ScaleUpLimit")), (3, 9, (6, "ScaleUpLimit")), (6, 11, (10, "TooManyReplicas")), (6, 0, (2, "TooFewReplicas")),
     (3, 5, (5, "DesiredWithinRange"))],
)
def test_without_a_behavior_a_workload_at_most_doubles(current, wanted, found):
    replicas, (reason, _) = by_rules(current, wanted, 2, 10)
    assert (replicas, reason) == found


PODS, PERCENT = {"type": "Pods", "value": 2, "periodSeconds": 60}, {"type": "Percent", "value": 50, "periodSeconds": 60}


@pytest.mark.parametrize(
    ("act", "rules", "wanted"),
    [
        (up_limit, {"policies": [PODS, PERCENT]}, 15), (up_limit, {"policies": [PODS, PERCENT], "selectPolicy": "Min"}, 12),
        (up_limit, {"policies": [PODS], "selectPolicy": "Disabled"}, 10),
        (down_limit, {"policies": [PODS, PERCENT]}, 5), (down_limit, {"policies": [PODS, PERCENT], "selectPolicy": "Min"}, 8),
        (down_limit, {"policies": [PODS], "selectPolicy": "Disabled"}, 10),
    ],
)
def test_policies_limit_the_rate(act, rules, wanted):
    assert act(History(), rules, 10, 1_000_000) == wanted


def test_what_was_added_within_the_period_counts():
    history, behavior = History(), {"scaleUp": {"policies": [PODS]}, "scaleDown": {"policies": [PODS]}}
    history.scaled(behavior, 8, 10, 990_000)
    assert up_limit(history, behavior["scaleUp"], 10, 1_000_000) == 10
    assert up_limit(history, behavior["scaleUp"], 10, 1_060_000) == 12
    history.scaled(behavior, 10, 12, 1_060_000)
    assert history.ups == [[2, 1_060_000]], "what is too old to count makes room"


def test_windows_stabilise_both_ways():
    rules = {"policies": [{"type": "Percent", "value": 900, "periodSeconds": 15}]}
    spec = {"maxReplicas": 100, "behavior": {"scaleUp": {**rules, "stabilizationWindowSeconds": 60}, "scaleDown": {
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}], "stabilizationWindowSeconds": 120}}}
    history = History()
    steps = [(0, 5, 5), (30_000, 9, 5), (50_000, 20, 5), (70_000, 20, 9), (100_000, 20, 20), (110_000, 3, 20), (200_000, 3, 20), (225_000, 3, 3)]
    current = 5
    for now_ms, wanted, expected in steps:
        found = limited(history, spec, current=current, wanted=wanted, least=1, now_ms=1_000_000 + now_ms)
        assert found.replicas == expected, (now_ms, found)
        current = found.replicas
