"""Profiles: what a KubeSchedulerConfiguration makes of the plugins, what it may not say, and two of them at work side by side.

Source: kubernetes pkg/scheduler/apis/config/v1/default_plugins_test.go, apis/config/validation/*_test.go, framework/runtime/framework_test.go.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cluster.picture.control import ControlPictures
from cluster.picture.folds import FOLDS
from cluster.scheduler.configuration import KNOWN, profiles_of
from cluster.scheduler.configuration_rules import ConfigurationError
from cluster.scheduler.cycle import FIRST, nodes_to_find
from cluster.scheduler.framework import plugins
from cluster.scheduler.plugins import inter_pod_affinity, pod_topology_spread
from cluster.scheduler.scoring import run_scores

from .bench import Bench
from .test_plugin_tables import HOST, cycle, node, pod


def config(*profiles, **more):
    return {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", "profiles": list(profiles), **more}


def names(*wanted):
    return [{"name": each} for each in wanted]


def with_args(plugin, **args):
    return {"pluginConfig": [{"name": plugin, "args": args}]}


def only(*found, **more):
    [profile] = profiles_of(config(*found, **more)).values()
    return profile


def scoring(profile):
    return {plugin.name: plugin.weight for plugin in profile.scoring}


USUAL = {plugin.name: plugin.weight for plugin in plugins() if plugin.weight}
FILTERS = [plugin.name for plugin in plugins() if plugin.filter is not None]


def test_a_configuration_that_says_nothing_is_the_default():
    profile = only()
    assert profile.name == "default-scheduler" and profile.holds_gated and profile.percent == 0
    assert scoring(profile) == USUAL and [plugin.name for plugin in profile.filtering if plugin.filter] == FILTERS
    assert {plugin.name: plugin.weight for plugin in plugins()} == {name: KNOWN[name][0] for name in (plugin.name for plugin in plugins())}


def without(name):
    return {each: weight for each, weight in USUAL.items() if each != name}


WHOLE = names("PrioritySort", "DefaultBinder")


@pytest.mark.parametrize(("chosen", "scores", "filters"), [
    ({"score": {"disabled": names("*")}}, {}, FILTERS),
    ({"score": {"disabled": names("*"), "enabled": [{"name": "ImageLocality", "weight": 5}]}}, {"ImageLocality": 5}, FILTERS),
    ({"score": {"enabled": [{"name": "ImageLocality", "weight": 5}]}}, {"ImageLocality": 5} | without("ImageLocality"), FILTERS),
    ({"score": {"disabled": names("ImageLocality")}}, without("ImageLocality"), FILTERS),
    ({"multiPoint": {"enabled": [{"name": "TaintToleration", "weight": 7}]}}, USUAL | {"TaintToleration": 7}, FILTERS),
    ({"multiPoint": {"enabled": names("TaintToleration")}}, USUAL | {"TaintToleration": 1}, FILTERS),
    ({"multiPoint": {"disabled": names("*"), "enabled": [*names("NodePorts", "NodeName"), *WHOLE]}}, {}, ["NodePorts", "NodeName"]),
    ({"filter": {"disabled": names("NodeResourcesFit")}}, USUAL, [name for name in FILTERS if name != "NodeResourcesFit"]),
    ({"filter": {"enabled": names("NodePorts")}}, USUAL, ["NodePorts", *[name for name in FILTERS if name != "NodePorts"]]),
    ({"multiPoint": {"disabled": names("TaintToleration")}, "filter": {"enabled": names("TaintToleration")}},
     without("TaintToleration"), [*[name for name in FILTERS if name != "TaintToleration"], "TaintToleration"]),
])
def test_plugins_are_enabled_disabled_and_weighed_by_point(chosen, scores, filters):
    profile = only({"plugins": chosen})
    assert scoring(profile) == scores and list(scoring(profile)) == list(scores)
    assert [plugin.name for plugin in profile.filtering if plugin.filter] == filters


def test_who_is_not_preempted_for_and_whose_gates_nobody_heeds():
    profile = only({"plugins": {"postFilter": {"disabled": names("*")}, "preEnqueue": {"disabled": names("SchedulingGates")}}})
    assert not any(plugin.post_filter for plugin in profile.filtering) and not profile.holds_gated
    assert any(plugin.post_filter for plugin in only().filtering)


@pytest.mark.parametrize(("found", "words"), [
    (config({}, {"schedulerName": "b"}), "profiles[0].schedulerName: Required value"),
    (config({"schedulerName": "a"}, {"schedulerName": "a"}), "profiles[1].schedulerName: Duplicate value: {}"),
    (config({"percentageOfNodesToScore": 101}), "profiles[0].percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]"),
    (config(percentageOfNodesToScore=-1), "percentageOfNodesToScore: Invalid value: -1: not in valid range [0-100]"),
    (config(parallelism=0), "parallelism: Invalid value: 0: should be an integer value greater than zero"),
    (config(podInitialBackoffSeconds=0), "podInitialBackoffSeconds: Invalid value: 0: must be greater than 0"),
    (config(with_args("InterPodAffinity", hardPodAffinityWeight=-1)),
     "profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: -1: not in valid range [0, 100]"),
    (config(with_args("PodTopologySpread", defaultConstraints=[{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway"}])),
     'profiles[0].pluginConfig[0].args.defaultingType: Invalid value: "System": when .defaultConstraints are not empty'),
    (config(with_args("PodTopologySpread", defaultingType="List",
                      defaultConstraints=[{"maxSkew": -1, "topologyKey": "a", "whenUnsatisfiable": "no"}])),
     '[profiles[0].pluginConfig[0].args.defaultConstraints[0].maxSkew: Invalid value: -1: not in valid range (0, inf), '
     'profiles[0].pluginConfig[0].args.defaultConstraints[0].whenUnsatisfiable: Unsupported value: "no": '
     'supported values: "DoNotSchedule", "ScheduleAnyway"]'),
    (config({"plugins": {"score": {"enabled": names("EBSLimits")}}}),
     'profiles[0].plugins.score.enabled[0]: Invalid value: "EBSLimits": was invalid in version "kubescheduler.config.k8s.io/v1" '
     '(KubeSchedulerConfiguration is version "kubescheduler.config.k8s.io/v1")'),
    (config({"plugin": {}}), 'strict decoding error: unknown field "profiles[0].plugin"'),
    (config({"percentageOfNodesToScore": "many"}), "strict decoding error: profiles[0].percentageOfNodesToScore: must be an integer of 32 bits"),
    ({"apiVersion": "v1", "kind": "Pod"}, 'no kind "Pod" is registered for version "v1"'),
])
def test_what_the_validation_refuses(found, words):
    with pytest.raises(ConfigurationError) as refusal:
        profiles_of(found)
    assert str(refusal.value) == words


FIT = 'initializing plugin "NodeResourcesFit": scoringStrategy.'
BEGIN = "initializing profiles: creating profile for scheduler name default-scheduler: "


def fit(**strategy):
    return with_args("NodeResourcesFit", scoringStrategy=strategy)


def shaped(*points):
    shape = [{"utilization": use, "score": score} for use, score in points]
    return fit(type="RequestedToCapacityRatio", requestedToCapacityRatio={"shape": shape})


@pytest.mark.parametrize(("profile", "words"), [
    ({"plugins": {"filter": {"enabled": names("Foo")}}}, 'FilterPlugin "Foo" does not exist'),
    ({"plugins": {"multiPoint": {"enabled": names("Foo")}}}, 'PreFilterPlugin "Foo" does not exist'),
    ({"plugins": {"score": {"enabled": names("NodePorts")}}}, 'plugin "NodePorts" does not extend ScorePlugin plugin'),
    ({"plugins": {"score": {"enabled": names("ImageLocality", "ImageLocality")}}}, 'plugin "ImageLocality" already registered as "ScorePlugin"'),
    ({"plugins": {"multiPoint": {"disabled": names("*")}}},
     'only one queue sort plugin required for profile with scheduler name "default-scheduler", but got 0'),
    ({"plugins": {"bind": {"disabled": names("*")}}}, 'at least one bind plugin is needed for profile with scheduler name "default-scheduler"'),
    (fit(type="Best"), FIT + 'type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"'),
    (fit(type="MostAllocated", resources=[{"name": "cpu", "weight": 101}]),
     FIT + "resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range (0, 100]"),
    (fit(type="RequestedToCapacityRatio"), FIT + "requestedToCapacityRatio: Required value: must be specified when type is RequestedToCapacityRatio"),
    (fit(type="MostAllocated", requestedToCapacityRatio={}),
     FIT + "requestedToCapacityRatio: Forbidden: must be nil when type is not RequestedToCapacityRatio"),
    (shaped(), FIT + "requestedToCapacityRatio.shape: Required value: at least one point must be specified"),
    (shaped((1, 1), (1, 2)),
     FIT + "requestedToCapacityRatio.shape[1].utilization: Invalid value: 1: values must be sorted in increasing order"),
    (shaped((0, 11)), FIT + "requestedToCapacityRatio.shape[0].score: Invalid value: 11: not in valid range [0, 10]"),
    (shaped((0, 1), (101, 1)), FIT + "requestedToCapacityRatio.shape[1].utilization: Invalid value: 101: not in valid range [0, 100]"),
])
def test_profiles_with_which_the_scheduler_would_not_start(profile, words):
    with pytest.raises(ConfigurationError) as refusal:
        profiles_of(config(profile))
    assert str(refusal.value) == BEGIN + words


@pytest.mark.parametrize(("found", "what"), [
    (config(extenders=[{"urlPrefix": "http://x"}]), "extenders"),
    (config(podMaxBackoffSeconds=20), "podMaxBackoffSeconds"),
    (config(with_args("NodeAffinity", addedAffinity={"a": 1})), "addedAffinity"),
    (config({"plugins": {"preFilter": {"disabled": names("NodePorts")}}}), '"NodePorts" at filter without preFilter'),
    (config({"plugins": {"reserve": {"disabled": names("*")}}}), '"VolumeBinding" at only one of filter and reserve'),
])
def test_what_nothing_here_plays_is_refused_rather_than_passed_over(found, what):
    with pytest.raises(ConfigurationError, match="not simulated") as refusal:
        profiles_of(found)
    assert what in str(refusal.value)


@pytest.mark.parametrize(("nodes", "percent", "enough"), [
    (10, 0, 10), (50, 40, 50), (1000, 0, 420), (1000, 40, 400), (6000, 0, 300), (6000, 40, 2400), (125, 1, 100),
])
def test_so_many_nodes_are_enough(nodes, percent, enough):
    """Source: schedule_one_test.go (TestNumFeasibleNodesToFind)."""
    assert nodes_to_find(nodes, percent) == enough
    assert only({"percentageOfNodesToScore": percent}, percentageOfNodesToScore=7).percent == percent
    assert only(percentageOfNodesToScore=7).percent == 7


def test_where_nothing_scores_the_first_node_that_fits_is_taken():
    """Source: schedule_one_test.go (TestSchedulerSchedulePod: no score plugins); the search goes on behind it, so nodes take turns."""
    profiles = profiles_of(config({"plugins": {"score": {"disabled": names("*")}}}))
    assert [nodes_to_find(count, FIRST) for count in (0, 1, 5, 5000)] == [0, 1, 1, 1]
    bench = Configured(profiles)
    for name in ("n1", "n2", "n3"):
        bench.node(name)
    for index in range(4):
        bench.pod(f"p{index}", cpu="100m")
        bench.engine.settle()
    assert [bench.node_of(f"p{index}") for index in range(4)] == ["n1", "n2", "n3", "n1"]


def near(name, key):
    term = {"labelSelector": {"matchLabels": {"app": "a"}}, "topologyKey": key}
    return pod(name, labels={"app": "a"}, affinity={"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})


@pytest.mark.parametrize(("weight", "raw"), [(None, [1, 0]), (7, [7, 0]), (0, "skip")])
def test_a_required_term_of_a_pod_that_is_there_is_worth_what_the_profile_says(weight, raw):
    found = only(with_args("InterPodAffinity", **({} if weight is None else {"hardPodAffinityWeight": weight})))
    plugin = next(each for each in found.scoring if each.name == inter_pod_affinity.PLUGIN.name)
    attempt = cycle(pod("p", labels={"app": "a"}), [node("a", labels={HOST: "a"}), node("b", labels={HOST: "b"})], [("a", near("q", HOST))])
    columns = run_scores(attempt, (plugin,), [0, 1]).spread_out().columns
    assert (columns[0].raw if columns else "skip") == raw


@pytest.mark.parametrize(("action", "rejected"), [("DoNotSchedule", ["a"]), ("ScheduleAnyway", [])])
def test_a_profiles_own_constraints_hold_for_pods_that_have_none(action, rejected):
    listed = [{"maxSkew": 1, "topologyKey": HOST, "whenUnsatisfiable": action}]
    found = only(with_args("PodTopologySpread", defaultingType="List", defaultConstraints=listed))
    plugin = next(each for each in found.filtering if each.name == pod_topology_spread.PLUGIN.name)
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "set", "uid": "set", "controller": True}
    owning = {"metadata": {"name": "set"}, "spec": {"selector": {"matchLabels": {"app": "a"}}}}
    info = pod("p", labels={"app": "a"})
    info.pod["metadata"]["ownerReferences"] = [owner]
    nodes = [node("a", labels={HOST: "a"}), node("b", labels={HOST: "b"})]
    attempt = cycle(info, nodes, [("a", pod("q", labels={"app": "a"}))], {("replicasets", "default/set"): owning})
    is_skipped = plugin.pre_filter(attempt) == "skip"
    assert [each.name for each in attempt.cache.nodes if not is_skipped and plugin.filter(attempt, each)] == rejected
    assert (plugin.pre_score(attempt) == "skip") is (action == "DoNotSchedule")


class Configured(Bench):
    """A control plane whose scheduler has profiles."""

    def __init__(self, profiles):
        super().__init__()
        self.scheduler.profiles = profiles


TWO = profiles_of(config({"schedulerName": "default-scheduler"}, {"schedulerName": "packer", **fit(type="MostAllocated"), "plugins": {
    "score": {"disabled": names("NodeResourcesBalancedAllocation")}, "postFilter": {"disabled": names("*")}}}))


def test_two_profiles_place_like_pods_differently_from_one_queue():
    bench = Configured(TWO)
    for name in ("n1", "n2"):
        bench.node(name)
    bench.pod("first", cpu="1", nodeName="n1")
    for index in range(2):
        bench.pod(f"packed{index}", cpu="500m", schedulerName="packer")
        bench.pod(f"spread{index}", cpu="500m")
    bench.pod("orphan", cpu="500m", schedulerName="nobody")
    bench.pod("huge", cpu="50", schedulerName="packer")
    assert bench.engine.settle()
    assert [bench.node_of(name) for name in ("packed0", "packed1", "spread0", "spread1", "orphan")] == ["n1", "n1", "n2", "n2", None]
    said = [bench.events(name, "Scheduled")[0]["reportingComponent"] for name in ("packed0", "spread0")]
    [failed] = bench.events("huge")
    assert said == ["packer", "default-scheduler"] and failed["reportingComponent"] == "packer"
    assert failed["message"] == "0/2 nodes are available: 2 Insufficient cpu."


def test_a_profiles_own_filters_are_in_the_trace_and_in_the_picture():
    bench = Configured(profiles_of(config({"plugins": {"filter": {"disabled": names("NodeName", "NodePorts")}}})))
    bench.node("n1")
    bench.pod("web", cpu="50")
    assert bench.engine.settle()
    expected = [name for name in FILTERS if name not in ("NodeName", "NodePorts")]
    [fact] = bench.facts("NodeFiltered")
    assert list(fact.data["filters"]) == expected
    picture = SimpleNamespace(control=ControlPictures(), plugins=tuple(FILTERS))
    for kind in ("SchedulingStarted", "NodeFiltered"):
        [fact] = bench.facts(kind)
        FOLDS[kind](picture, fact)
    tables = picture.control.deciding.cell()["filters"]
    assert [table["plugin"] for table in tables] == expected
    assert {table["plugin"]: table["verdicts"]["n1"] for table in tables}["NodeResourcesFit"] == "fail"


NONE_HELP = "0/1 nodes are available: 1 Preemption is not helpful for scheduling."


@pytest.mark.parametrize(("disabled", "said"), [
    ((), f" no new claims to deallocate, preemption: {NONE_HELP}"), (("DefaultPreemption",), " no new claims to deallocate"),
    (("DynamicResources",), f" preemption: {NONE_HELP}"), (("*",), ""),
])
def test_what_is_said_after_no_node_fits_depends_on_who_is_asked(disabled, said):
    """Source: pkg/scheduler/framework/runtime/framework.go (RunPostFilterPlugins)."""
    bench = Configured(profiles_of(config({"plugins": {"postFilter": {"disabled": names(*disabled)}}})))
    bench.node("n1")
    bench.pod("huge", cpu="50")
    assert bench.engine.settle()
    [failed] = bench.events("huge")
    assert failed["message"] == "0/1 nodes are available: 1 Insufficient cpu." + said
