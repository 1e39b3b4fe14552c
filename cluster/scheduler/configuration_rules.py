"""What a KubeSchedulerConfiguration may say, in upstream's words where it may not.

Source: kubernetes pkg/scheduler/apis/config/validation/{validation,validation_pluginargs}.go, k8s.io/kube-scheduler config/v1/types*.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster.meta import names
from cluster.meta.fields import FieldError, aggregate, duplicate, forbidden, invalid, not_supported, required

from .strategies import POINTS as BEST_POINTS
from .strategies import RATIO, STRATEGIES

GROUP_VERSION, KIND = "kubescheduler.config.k8s.io/v1", "KubeSchedulerConfiguration"
# In the order in which upstream fills them.
POINTS = ("preFilter", "filter", "postFilter", "reserve", "preScore", "score", "preBind", "bind", "postBind", "permit", "preEnqueue", "queueSort",
          "placementGenerate", "placementScore")  # fmt: skip
REMOVED = ("AzureDiskLimits", "CinderLimits", "EBSLimits", "GCEPDLimits")
PLUGIN_SET = {name: [{"name": str, "weight": int}] for name in ("enabled", "disabled")}
SPREADS = {"maxSkew": int, "topologyKey": str, "whenUnsatisfiable": str, "labelSelector": dict, "minDomains": int, "nodeAffinityPolicy": str,
           "nodeTaintsPolicy": str, "matchLabelKeys": [str]}  # fmt: skip
HEAD = {"apiVersion": str, "kind": str}
RESOURCES = [{"name": str, "weight": int}]
SHAPE = [{"utilization": int, "score": int}]
ARGS = {
    "DefaultPreemption": HEAD | {"minCandidateNodesPercentage": int, "minCandidateNodesAbsolute": int},
    "InterPodAffinity": HEAD | {"hardPodAffinityWeight": int, "ignorePreferredTermsOfExistingPods": bool},
    "NodeAffinity": HEAD | {"addedAffinity": dict},
    "NodeResourcesBalancedAllocation": HEAD | {"resources": RESOURCES},
    "NodeResourcesFit": HEAD | {
        "ignoredResources": [str], "ignoredResourceGroups": [str],
        "scoringStrategy": {"type": str, "resources": RESOURCES, "requestedToCapacityRatio": {"shape": SHAPE}},
    },
    "PodTopologySpread": HEAD | {"defaultConstraints": [SPREADS], "defaultingType": str},
    "VolumeBinding": HEAD | {"bindTimeoutSeconds": int, "shape": SHAPE},
}  # fmt: skip
PROFILE = {
    "schedulerName": str, "percentageOfNodesToScore": int, "plugins": {name: PLUGIN_SET for name in (*POINTS, "multiPoint")},
    "pluginConfig": [{"name": str, "args": dict}],
}  # fmt: skip
SHAPE_OF_ALL = HEAD | {
    "parallelism": int, "leaderElection": dict, "clientConnection": dict, "percentageOfNodesToScore": int, "podInitialBackoffSeconds": int,
    "podMaxBackoffSeconds": int, "profiles": [PROFILE], "extenders": [dict], "delayCacheUntilActive": bool, "enableProfiling": bool,
    "enableContentionProfiling": bool,
}  # fmt: skip
WORDS = {str: "a string", int: "an integer of 32 bits", bool: "true or false", dict: "an object"}


class ConfigurationError(ValueError):
    """A configuration with which kube-scheduler would not start."""


def check(config: dict) -> None:
    """Raise ConfigurationError for what the decoder or the validation refuses."""
    _check_head(config)
    wrong = list(_misfits(config, SHAPE_OF_ALL, ""))
    for index, profile in enumerate(config.get("profiles") or () if not wrong else ()):
        for number, entry in enumerate(profile.get("pluginConfig") or ()):
            shape = ARGS.get(entry.get("name"))
            if shape is not None:
                wrong += _misfits(entry.get("args") or {}, shape, f"profiles[{index}].pluginConfig[{number}].args")
    if wrong:
        raise ConfigurationError("strict decoding error: " + ", ".join(wrong))
    errors = list(_complaints(config))
    if errors:
        raise ConfigurationError(aggregate(errors))


def _check_head(config: dict) -> None:
    version, kind = config.get("apiVersion"), config.get("kind")
    if not kind:
        raise ConfigurationError("Object 'Kind' is missing")
    if (version, kind) != (GROUP_VERSION, KIND):
        raise ConfigurationError(f'no kind "{kind}" is registered for version "{version or ""}"')


def _misfits(value: object, shape: object, path: str) -> Iterator[str]:
    """Fields that are not known, and values of the wrong type."""
    if value is None:
        return
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{path}: must be an object"
            return
        for name, each in value.items():
            where = f"{path}.{name}" if path else str(name)
            if name in shape:
                yield from _misfits(each, shape[name], where)
            else:
                yield f'unknown field "{where}"'
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path}: must be a list"
            return
        for index, each in enumerate(value):
            yield from [f"{path}[{index}]: must not be null"] if each is None else _misfits(each, shape[0], f"{path}[{index}]")
    elif type(value) is not shape or (shape is int and not -(1 << 31) <= value < 1 << 31):
        yield f"{path}: must be {WORDS[shape]}"


def _complaints(config: dict) -> Iterator[FieldError]:
    """Source: ValidateKubeSchedulerConfiguration."""
    if config.get("parallelism", 16) <= 0:
        yield invalid("parallelism", config["parallelism"], "should be an integer value greater than zero")
    profiles, seen = config.get("profiles") or [{}], {}
    for index, profile in enumerate(profiles):
        path, name = f"profiles[{index}]", name_of(profile, len(profiles))
        yield from _profile(profile, path, name)
        if name in seen:
            yield duplicate(f"{path}.schedulerName", {})  # upstream's value is a path, which prints as that
        seen[name] = index
    yield from _percentage(config, "percentageOfNodesToScore")
    first, last = config.get("podInitialBackoffSeconds", 1), config.get("podMaxBackoffSeconds", 10)
    if first <= 0:
        yield invalid("podInitialBackoffSeconds", first, "must be greater than 0")
    if last < first:
        yield invalid("podMaxBackoffSeconds", last, "must be greater than or equal to PodInitialBackoffSeconds")


def name_of(profile: dict, count: int) -> str:
    """A single profile without a name is the default one."""
    given = profile.get("schedulerName")
    return "default-scheduler" if given is None and count == 1 else given or ""


def _percentage(holder: dict, path: str) -> Iterator[FieldError]:
    found = holder.get("percentageOfNodesToScore")
    if found is not None and not 0 <= found <= 100:
        yield invalid(path, found, "not in valid range [0-100]")


def _profile(profile: dict, path: str, name: str) -> Iterator[FieldError]:
    """Source: validateKubeSchedulerProfile, validatePluginConfig."""
    if not name:
        yield required(f"{path}.schedulerName")
    yield from _percentage(profile, f"{path}.percentageOfNodesToScore")
    words = f'was invalid in version "{GROUP_VERSION}" (KubeSchedulerConfiguration is version "{GROUP_VERSION}")'
    for point in POINTS:
        for index, each in enumerate(((profile.get("plugins") or {}).get(point) or {}).get("enabled") or ()):
            if each.get("name") in REMOVED:
                yield invalid(f"{path}.plugins.{point}.enabled[{index}]", each["name"], words)
    seen: dict[str, None] = {}
    for index, entry in enumerate(profile.get("pluginConfig") or ()):
        where, plugin = f"{path}.pluginConfig[{index}]", entry.get("name", "")
        if plugin in seen:
            yield duplicate(where, plugin)
        seen[plugin] = None
        if plugin in REMOVED:
            yield invalid(where, plugin, words)
        elif plugin in RULES:
            yield from RULES[plugin](entry.get("args") or {}, f"{where}.args")


def _affinity(args: dict, path: str) -> Iterator[FieldError]:
    weight = args.get("hardPodAffinityWeight", 1)
    if not 0 <= weight <= 100:
        yield invalid(f"{path}.hardPodAffinityWeight", weight, "not in valid range [0, 100]")


def _spread(args: dict, path: str) -> Iterator[FieldError]:
    """Source: ValidatePodTopologySpreadArgs."""
    kind, constraints = args.get("defaultingType") or "System", args.get("defaultConstraints") or []
    if kind not in ("System", "List"):
        yield not_supported(f"{path}.defaultingType", kind, ("System", "List"))
    elif kind == "System" and constraints:
        yield invalid(f"{path}.defaultingType", kind, "when .defaultConstraints are not empty")
    seen: dict[tuple[str, str], None] = {}
    for index, each in enumerate(constraints):
        where, key, action = f"{path}.defaultConstraints[{index}]", each.get("topologyKey", ""), each.get("whenUnsatisfiable", "")
        yield from _constraint(each, where, key, action)
        if (key, action) in seen:
            yield duplicate(where, f"{{{key}, {action}}}")
        seen[key, action] = None


def _constraint(each: dict, path: str, key: str, action: str) -> Iterator[FieldError]:
    if each.get("maxSkew", 0) <= 0:
        yield invalid(f"{path}.maxSkew", each.get("maxSkew", 0), "not in valid range (0, inf)")
    if not key:
        yield required(f"{path}.topologyKey", "can not be empty")
    for message in names.qualified_name(key) if key else ():
        yield invalid(f"{path}.topologyKey", key, message)
    if not action:
        yield required(f"{path}.whenUnsatisfiable", "can not be empty")
    elif action not in ("DoNotSchedule", "ScheduleAnyway"):
        yield not_supported(f"{path}.whenUnsatisfiable", action, ("DoNotSchedule", "ScheduleAnyway"))
    if each.get("labelSelector") is not None:
        yield forbidden(f"{path}.labelSelector", "constraint must not define a selector, as they deduced for each pod")


RULES = {"InterPodAffinity": _affinity, "PodTopologySpread": _spread}


def fit_complaints(args: dict) -> Iterator[FieldError]:
    """What the plugin itself refuses when it is made, so that paths begin with its own fields. Source: ValidateNodeResourcesFitArgs."""
    strategy = args.get("scoringStrategy") or {}
    kind, ratio, path = strategy.get("type", "" if strategy else STRATEGIES[0]), strategy.get("requestedToCapacityRatio"), "scoringStrategy"
    if kind not in STRATEGIES:
        yield not_supported(f"{path}.type", kind, STRATEGIES)
    for index, each in enumerate(strategy.get("resources") or ()):
        weight = each.get("weight") or 1
        if not 0 < weight <= 100:
            yield invalid(f"{path}.resources[{index}].weight", weight, f"resource weight of {each.get('name', '')} not in valid range (0, 100]")
    if kind == RATIO:
        if ratio is None:
            yield required(f"{path}.requestedToCapacityRatio", "must be specified when type is RequestedToCapacityRatio")
        else:
            yield from _shape(ratio.get("shape") or (), f"{path}.requestedToCapacityRatio.shape")
    elif ratio is not None:
        yield forbidden(f"{path}.requestedToCapacityRatio", "must be nil when type is not RequestedToCapacityRatio")


def _shape(shape: list[dict], path: str) -> Iterator[FieldError]:
    """Source: validateFunctionShape."""
    if not shape:
        yield required(path, "at least one point must be specified")
    uses = [point.get("utilization", 0) for point in shape]
    for index in range(1, len(uses)):
        if uses[index - 1] >= uses[index]:
            yield invalid(f"{path}[{index}].utilization", uses[index], "values must be sorted in increasing order")
            break
    for index, point in enumerate(shape):
        if not 0 <= uses[index] <= 100:
            yield invalid(f"{path}[{index}].utilization", uses[index], "not in valid range [0, 100]")
        if not 0 <= point.get("score", 0) <= BEST_POINTS:
            yield invalid(f"{path}[{index}].score", point.get("score", 0), f"not in valid range [0, {BEST_POINTS}]")
