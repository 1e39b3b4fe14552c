"""disruption-controller: what a budget allows, and what an eviction takes from it.

Source: pkg/controller/disruption/disruption_test.go, pkg/registry/core/pod/storage/eviction_test.go.
"""

import pytest

from cluster.controllers._selector_text import shown
from tests.controllers.world import World

SELECTOR = {"matchLabels": {"app": "web"}}


@pytest.fixture
def world():
    return World()


def budget(world, **spec):
    world.create("poddisruptionbudgets", {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
                                          "spec": {"selector": SELECTOR, **spec}})
    return status(world)


def status(world):
    return world.get("poddisruptionbudgets", "b")["status"]


def counts(found):
    return tuple(found[name] for name in ("expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"))


def evict(world, name, *, ok=True, **options):
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "default"}}
    call = world.client.create("pods", {**body, **options}, subresource="eviction", name=name)
    if ok:
        return world.do(call, settle=False)
    answered = len(world.hand.answers)
    world.hand.ask(call)
    while len(world.hand.answers) == answered:
        world.engine.step()
    return world.hand.answers[-1].body


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"minAvailable": 2}, (3, 3, 2, 1)),
        ({"minAvailable": "50%"}, (3, 3, 2, 1)),
        ({"maxUnavailable": 1}, (3, 3, 2, 1)),
        ({"maxUnavailable": "34%"}, (3, 3, 1, 2)),
        ({"maxUnavailable": 7}, (3, 3, 0, 3)),
        ({"minAvailable": 5}, (3, 3, 5, 0)),
    ],
)
def test_a_budget_counts_pods_in_numbers_and_shares(world, spec, wanted):
    world.deployment()
    world.make_all_ready()
    found = budget(world, **spec)
    assert counts(found) == wanted and found["observedGeneration"] == 1
    [condition] = found["conditions"]
    assert (condition["status"], condition["reason"]) == (("True", "SufficientPods") if wanted[3] else ("False", "InsufficientPods"))


def test_an_empty_budget_allows_nothing_and_says_so(world):
    assert counts(budget(world, minAvailable=0)) == (0, 0, 0, 0)
    assert world.events("NoPods")[0] == "No matching pods found"


def test_a_granted_eviction_notes_the_pod_first_then_marks_and_deletes_it(world):
    world.deployment()
    world.make_all_ready()
    budget(world, minAvailable=2)
    revision, name = world.store.revision, world.list("pods")[0]["metadata"]["name"]
    evict(world, name)
    assert world.writes(revision)[:3] == ["MODIFIED poddisruptionbudgets", "MODIFIED pods", "MODIFIED pods"]
    first = next(change.value for change in world.store.changes if change.revision > revision)
    assert list(first["status"]["disruptedPods"]) == [name] and first["status"]["disruptionsAllowed"] == 0
    refused = evict(world, world.list("pods")[-1]["metadata"]["name"], ok=False)
    assert (refused["code"], refused["reason"]) == (429, "TooManyRequests")
    assert refused["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    world.settle()
    assert "disruptedPods" not in status(world)


def test_a_refusal_names_the_budget_and_its_numbers(world):
    world.deployment(replicas=1)
    world.make_all_ready()
    budget(world, minAvailable=1)
    [pod] = world.list("pods")
    refused = evict(world, pod["metadata"]["name"], ok=False)
    assert refused["details"]["causes"] == [
        {"reason": "DisruptionBudget", "message": "The disruption budget b needs 1 healthy pods and has 1 currently"}
    ]
    assert [fact["so"] for fact in world.traced("BudgetAsked")] == ["refused"]
    assert world.list("pods") == [pod]


def test_a_budget_nobody_has_counted_yet_is_waited_for():
    world = World(without=("disruption-controller",))
    world.deployment(replicas=1)
    world.make_all_ready()
    budget(world, minAvailable=0)
    refused = evict(world, world.list("pods")[0]["metadata"]["name"], ok=False)
    assert refused["details"]["retryAfterSeconds"] == 10
    assert refused["details"]["causes"][0]["message"] == "The disruption budget b is still being processed by the server."


@pytest.mark.parametrize(("policy", "code"), [("AlwaysAllow", None), ("IfHealthyBudget", 429), (None, 429)])
def test_an_unhealthy_pod_goes_only_where_the_policy_lets_it(world, policy, code):
    world.deployment(replicas=2)
    pod, other = world.list("pods")
    world.make_ready(pod)
    world.do(world.client.patch("pods", other["metadata"]["name"], {"status": {"phase": "Running"}}, namespace="default",
                                subresource="status"))
    budget(world, minAvailable=2, **({"unhealthyPodEvictionPolicy": policy} if policy else {}))
    assert evict(world, other["metadata"]["name"], ok=False).get("code") == (code or 201)


def test_a_dry_run_asks_the_budget_and_changes_nothing(world):
    world.deployment()
    world.make_all_ready()
    budget(world, minAvailable=2)
    revision = world.store.revision
    for pod in world.list("pods"):
        evict(world, pod["metadata"]["name"], deleteOptions={"dryRun": ["All"]})
    assert world.store.revision == revision


def test_two_budgets_for_one_pod_are_more_than_an_eviction_can_deal_with(world):
    world.deployment(replicas=1)
    world.make_all_ready()
    budget(world, minAvailable=0)
    world.create("poddisruptionbudgets", {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "c"},
                                          "spec": {"selector": SELECTOR, "minAvailable": 0}})
    [pod] = world.list("pods")
    answer = evict(world, pod["metadata"]["name"], ok=False)
    assert (answer["code"], answer["status"]) == (500, "Failure") and world.list("pods")
    assert world.hand.answers[-1].code == 500  # the request itself fails, as the real server's does


def test_pods_without_a_controller_are_told_of_and_those_of_one_that_cannot_be_scaled_fail(world):
    world.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "labels": {"app": "web"}},
                          "spec": {"containers": [{"name": "a", "image": "b"}]}})
    budget(world, maxUnavailable=1)
    assert world.events("UnmanagedPods")[0].startswith("Pods selected by this PodDisruptionBudget (selector: "
                                                       "&LabelSelector{MatchLabels:map[string]string{app: web,},")
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},
           "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"restartPolicy": "Never", "containers": [
               {"name": "a", "image": "b"}]}}}}
    world.create("jobs", job)
    [condition] = status(world)["conditions"]
    assert (condition["reason"], condition["message"]) == ("SyncFailed", "jobs.batch does not implement the scale subresource")
    assert world.events("CalculateExpectedPodCountFailed")


def test_a_pod_that_was_to_go_and_did_not_is_given_up_after_two_minutes(world):
    world.deployment(replicas=2)
    world.make_all_ready()
    budget(world, minAvailable=0)
    pod, now = world.list("pods")[0], world.engine.clock.text(world.engine.now_ms)
    target = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "lastTransitionTime": now}
    world.do(world.client.patch("pods", pod["metadata"]["name"], {"status": {"conditions": [target]}}, namespace="default",
                                subresource="status"))
    world.run(121_000)
    found = {one["type"]: one["status"] for one in world.list("pods")[0]["status"]["conditions"]}
    assert found["DisruptionTarget"] == "False"


def test_a_mark_without_a_time_is_old_at_once(world):
    world.deployment(replicas=1)
    world.make_all_ready()
    target = {"type": "DisruptionTarget", "status": "True"}
    name = world.list("pods")[0]["metadata"]["name"]
    world.do(world.client.patch("pods", name, {"status": {"conditions": [target]}}, namespace="default", subresource="status"))
    world.run(1_000)
    found = {one["type"]: one["status"] for one in world.list("pods")[0]["status"]["conditions"]}
    assert found["DisruptionTarget"] == "False"


def test_a_selector_is_shown_as_go_prints_it():
    selector = {"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}]}
    assert shown(selector) == ("&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{"
                               "LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}")
