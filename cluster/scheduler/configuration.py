"""Makes profiles of a KubeSchedulerConfiguration: which plugin acts at which point, in which order, with what weight and arguments.

Source: kubernetes pkg/scheduler/apis/config/v1/{default_plugins,defaults}.go, framework/runtime/framework.go (NewFramework,
expandMultiPointPlugins, getValidScoreWeights).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import NamedTuple

from cluster.meta.fields import aggregate

from .configuration_rules import POINTS, ConfigurationError, check, fit_complaints, name_of
from .cycle import FIRST
from .framework import Plugin, plugins
from .plugins.inter_pod_affinity import InterPodAffinity
from .plugins.node_resources_fit import ByStrategy
from .plugins.pod_topology_spread import PodTopologySpread
from .profiles import Profile, standard
from .strategies import LEAST, Strategy

FOUR = ("preFilter", "filter", "preScore", "score")
# Upstream's plugins in their order: weight, and the points at which each acts.
KNOWN: dict[str, tuple[int, tuple[str, ...]]] = {
    "SchedulingGates": (0, ("preEnqueue",)),
    "PrioritySort": (0, ("queueSort",)),
    "NodeUnschedulable": (0, ("filter",)),
    "NodeName": (0, ("filter",)),
    "TaintToleration": (3, ("filter", "preScore", "score")),
    "NodeAffinity": (2, FOUR),
    "NodePorts": (0, FOUR[:2]),
    "NodeResourcesFit": (1, (*FOUR, "placementScore")),
    "VolumeRestrictions": (0, FOUR[:2]),
    "NodeVolumeLimits": (0, FOUR[:2]),
    "VolumeBinding": (0, (*FOUR, "reserve", "preBind")),
    "VolumeZone": (0, FOUR[:2]),
    "PodTopologySpread": (2, FOUR),
    "InterPodAffinity": (2, FOUR),
    "DynamicResources": (2, (*FOUR[:2], "postFilter", "score", "reserve", "preBind", "preEnqueue")),
    "DefaultPreemption": (0, ("postFilter", "preEnqueue")),
    "NodeResourcesBalancedAllocation": (1, FOUR[2:]),
    "ImageLocality": (1, ("score",)),
    "DefaultBinder": (0, ("bind",)),
    "NodeDeclaredFeatures": (0, FOUR[:2]),
}
FIXED = {
    "NodeAffinity": {"addedAffinity": None},
    "NodeResourcesFit": {"ignoredResources": [], "ignoredResourceGroups": []},
    "NodeResourcesBalancedAllocation": {"resources": [{"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1}]},
    "InterPodAffinity": {"ignorePreferredTermsOfExistingPods": False},
    "DefaultPreemption": {"minCandidateNodesPercentage": 10, "minCandidateNodesAbsolute": 100},
    "VolumeBinding": {"bindTimeoutSeconds": 600, "shape": []},
}  # arguments that are as upstream's defaults here, whatever is asked


class Enabled(NamedTuple):
    name: str
    weight: int = 0


class Sets(NamedTuple):
    """What stands at one point: the enabled in order, and the names that are disabled."""

    enabled: list[Enabled]
    disabled: list[str]


def profiles_of(config: dict | None) -> dict[str, Profile]:
    """schedulerName -> profile; upstream's default without a configuration. Raises ConfigurationError."""
    if not config:
        return standard()
    config = _without_nulls(config)
    check(config)
    _refuse_unplayed(config)
    found = config.get("profiles") or [{}]
    made = {}
    for profile in found:
        name = name_of(profile, len(found))
        try:
            made[name] = _profile(name, profile, config.get("percentageOfNodesToScore", 0))
        except ConfigurationError as error:
            raise ConfigurationError(f"initializing profiles: creating profile for scheduler name {name}: {error}") from None
    return made


def _without_nulls(value):
    """A null is as if the field were not there."""
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _refuse_unplayed(config: dict) -> None:
    """What upstream would heed and nothing here does is refused rather than passed over."""
    if config.get("extenders"):
        raise ConfigurationError("extenders: not simulated")
    for name, usual in (("podInitialBackoffSeconds", 1), ("podMaxBackoffSeconds", 10)):
        if config.get(name, usual) != usual:
            raise ConfigurationError(f"{name}: not simulated, it is always {usual}")
    for index, profile in enumerate(config.get("profiles") or ()):
        for number, entry in enumerate(profile.get("pluginConfig") or ()):
            for field, usual in FIXED.get(entry.get("name"), {}).items():
                if (entry.get("args") or {}).get(field, usual) != usual:
                    raise ConfigurationError(f"profiles[{index}].pluginConfig[{number}].args.{field}: not simulated")


def _profile(name: str, profile: dict, percent: int) -> Profile:
    chosen = profile.get("plugins") or {}
    multi, at = _multi_point(chosen.get("multiPoint") or {}), {point: _set(chosen.get(point) or {}) for point in POINTS}
    args = {entry.get("name"): entry.get("args") or {} for entry in profile.get("pluginConfig") or ()}
    complaints = list(fit_complaints(args.get("NodeResourcesFit", {})))
    if complaints:
        raise ConfigurationError(f'initializing plugin "NodeResourcesFit": {aggregate(complaints)}')
    acting = {point: _expanded(point, at[point], multi) for point in POINTS}
    _check_whole(name, acting)
    weights = {each.name: each.weight or 1 for each in (*multi.enabled, *reversed(at["score"].enabled))}
    return _made(name, acting, weights, args, profile.get("percentageOfNodesToScore", percent))


def _set(found: dict) -> Sets:
    enabled = [Enabled(each.get("name", ""), each.get("weight", 0)) for each in found.get("enabled") or ()]
    return Sets(enabled, [each.get("name", "") for each in found.get("disabled") or ()])


def _multi_point(found: dict) -> Sets:
    """Upstream's plugins, less what is disabled, with what is set anew in its place. Source: mergePluginSet."""
    own = _set(found)
    mine = {each.name: index for index, each in enumerate(own.enabled)}
    usual = [] if "*" in own.disabled else [Enabled(name, weight) for name, (weight, _) in KNOWN.items() if name not in own.disabled]
    replaced = {mine[each.name]: None for each in usual if each.name in mine}
    kept = [own.enabled[mine[each.name]] if each.name in mine else each for each in usual]
    return Sets(kept + [each for index, each in enumerate(own.enabled) if index not in replaced], own.disabled)


def _expanded(point: str, own: Sets, multi: Sets) -> list[str]:
    """Who acts at a point: first what sets a plugin of all points anew, then the rest of these, then what is enabled here alone."""
    here, kind = [each.name for each in own.enabled], f"{point[0].upper()}{point[1:]}Plugin"
    for index, name in enumerate(here):
        _must_exist(name, kind)
        if point not in KNOWN[name][1]:
            raise ConfigurationError(f'plugin "{name}" does not extend {kind} plugin')
        if name in here[:index]:
            raise ConfigurationError(f'plugin "{name}" already registered as "{kind}"')
    if "*" in own.disabled:
        return here
    everywhere: list[str] = []
    for name in (each.name for each in multi.enabled):
        _must_exist(name, kind)
        if point not in KNOWN[name][1] or name in own.disabled or name in here:
            continue
        if name in everywhere:
            raise ConfigurationError(f'plugin "{name}" already registered as "{kind}"')
        everywhere.append(name)
    known = {each.name: None for each in multi.enabled if each.name not in own.disabled}
    return [name for name in here if name in known] + everywhere + [name for name in here if name not in known]


def _must_exist(name: str, kind: str) -> None:
    if name not in KNOWN:
        raise ConfigurationError(f'{kind} "{name}" does not exist')


def _check_whole(name: str, acting: dict[str, list[str]]) -> None:
    """Whether a scheduler can work so; and whether one can be played whose plugins act at only some of their points."""
    sorts = len(acting["queueSort"])
    if sorts != 1:
        raise ConfigurationError(f'only one queue sort plugin required for profile with scheduler name "{name}", but got {sorts}')
    if not acting["bind"]:
        raise ConfigurationError(f'at least one bind plugin is needed for profile with scheduler name "{name}"')
    for plugin in plugins():
        for before, then in (("preFilter", "filter"), ("preScore", "score")):
            if plugin.name in acting[then] and plugin.name not in acting[before] and _prepares(plugin, before):
                raise ConfigurationError(f'plugin "{plugin.name}" at {then} without {before}: not simulated')
    for point in ("preFilter", "reserve", "preBind"):
        if ("VolumeBinding" in acting["filter"]) != ("VolumeBinding" in acting[point]):
            raise ConfigurationError(f'plugin "VolumeBinding" at only one of filter and {point}: not simulated')


def _prepares(plugin: Plugin, point: str) -> bool:
    method = {"preFilter": "pre_filter", "preScore": "pre_score"}[point]
    return point in KNOWN[plugin.name][1] and getattr(type(plugin), method) is not getattr(Plugin, method)


def _made(name: str, acting: dict[str, list[str]], weights: dict[str, int], args: dict[str, dict], percent: int) -> Profile:
    facets = {plugin.name: _facet(plugin, acting, weights, args) for plugin in plugins()}
    order = dict.fromkeys((*acting["filter"], *acting["preFilter"], *acting["postFilter"]))
    scoring = tuple(facets[each] for each in acting["score"] if each in facets and facets[each].weight)
    filtering, seeks_claims = tuple(facets[each] for each in order if each in facets), "DynamicResources" in acting["postFilter"]
    return Profile(name, filtering, scoring, percent if acting["score"] else FIRST, "SchedulingGates" in acting["preEnqueue"], seeks_claims,
                   tuple(plugin.name for plugin in filtering if plugin.filter is not None))  # fmt: skip


def _facet(plugin: Plugin, acting: dict[str, list[str]], weights: dict[str, int], args: dict[str, dict]) -> Plugin:
    """A plugin as one profile has it: silent where it does not act."""
    name, facet = plugin.name, copy(_with_arguments(plugin, args.get(plugin.name, {})))
    facet.weight = weights[name] if plugin.weight and name in acting["score"] else 0
    if name not in acting["filter"]:
        facet.filter = facet.sweep = None
    if name not in acting["preFilter"] and _prepares(plugin, "preFilter"):
        facet.pre_filter = None
    if name not in acting["postFilter"]:
        facet.post_filter = None
    return facet


def _with_arguments(plugin: Plugin, args: dict) -> Plugin:
    """The plugin with what a profile's pluginConfig says, as far as that differs from the default."""
    if plugin.name == "NodeResourcesFit":
        strategy = strategy_of(args)
        return plugin if strategy == Strategy() else ByStrategy(strategy)
    if plugin.name == "InterPodAffinity":
        return InterPodAffinity(args["hardPodAffinityWeight"]) if "hardPodAffinityWeight" in args else plugin
    if plugin.name == "PodTopologySpread" and args.get("defaultingType") == "List":
        return PodTopologySpread(tuple(args.get("defaultConstraints") or ()))
    return plugin


def strategy_of(args: dict) -> Strategy:
    """Of NodeResourcesFit's arguments. Source: SetDefaults_NodeResourcesFitArgs."""
    found = args.get("scoringStrategy") or {}
    resources = tuple(_resources(found)) or Strategy().resources
    shape = (found.get("requestedToCapacityRatio") or {}).get("shape") or ()
    return Strategy(found.get("type", LEAST), resources, tuple((point.get("utilization", 0), point.get("score", 0)) for point in shape))


def _resources(found: dict) -> Iterator[tuple[str, int]]:
    for each in found.get("resources") or ():
        yield each.get("name", ""), each.get("weight") or 1
