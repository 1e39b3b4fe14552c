"""What becomes of a recommendation: stabilised, limited in its rate, kept within bounds. Pure, but for the history it is given.

Source: pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

DOWNSCALE_WINDOW_S = 300  # --horizontal-pod-autoscaler-downscale-stabilization
UP_FACTOR, UP_LEAST = 2, 4
READY = ("ReadyForNewScale", "recommended size matches current size")
LOWER = "recent recommendations were lower than current one, applying the lowest recent recommendation"
HIGHER = "recent recommendations were higher than current one, applying the highest recent recommendation"
WITHIN = ("DesiredWithinRange", "the desired count is within the acceptable range")
TOO_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
TOO_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
UP_LIMIT = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
DOWN_LIMIT = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")

Words = tuple[str, str]  # (reason, message)


@dataclass
class History:
    """Of one autoscaler: [replicas, at_ms] of recommendations, [change, at_ms] of what was added and taken away."""

    recommendations: list[list[int]] = field(default_factory=list)
    ups: list[list[int]] = field(default_factory=list)
    downs: list[list[int]] = field(default_factory=list)

    def recommend(self, replicas: int, now_ms: int, older_than_ms: int) -> None:
        """Keep a recommendation; it takes the place of the last one that is too old to count."""
        _keep(self.recommendations, replicas, now_ms, older_than_ms)

    def scaled(self, behavior: dict | None, before: int, after: int, now_ms: int) -> None:
        """Keep a change of size, as long as a policy asks for it. Source: storeScaleEvent."""
        if behavior is None or before == after:
            return
        rows, rules = (self.ups, behavior["scaleUp"]) if after > before else (self.downs, behavior["scaleDown"])
        longest = max((policy["periodSeconds"] for policy in rules.get("policies") or ()), default=0)
        _keep(rows, abs(after - before), now_ms, now_ms - longest * 1000)


def _keep(rows: list[list[int]], value: int, now_ms: int, older_than_ms: int) -> None:
    old = [index for index, (_, at_ms) in enumerate(rows) if at_ms < older_than_ms]
    if old:
        rows[old[-1]] = [value, now_ms]
    else:
        rows.append([value, now_ms])


class Limited(NamedTuple):
    """The size that it comes to; able: words of AbleToScale; is_limited and limit: ScalingLimited's."""

    replicas: int
    able: Words
    is_limited: bool
    limit: Words


def limited(history: History, spec: dict, *, current: int, wanted: int, least: int, now_ms: int) -> Limited:
    """The size for a recommendation of `wanted`."""
    behavior, most = spec.get("behavior"), spec["maxReplicas"]
    if behavior is None:
        stable, able = _stable(history, wanted, now_ms)
        replicas, words = by_rules(current, stable, least, most)
    else:
        stable, able = _stable_by_behavior(history, behavior, current, wanted, now_ms)
        replicas, words = _by_behavior(history, behavior, current, stable, least, most, now_ms)
    return Limited(replicas, able, replicas != stable, words)


def _stable(history: History, wanted: int, now_ms: int) -> tuple[int, Words]:
    """Source: stabilizeRecommendation."""
    cutoff_ms = now_ms - DOWNSCALE_WINDOW_S * 1000
    highest = max([wanted, *(replicas for replicas, at_ms in history.recommendations if at_ms >= cutoff_ms)])
    history.recommend(wanted, now_ms, cutoff_ms)
    return highest, ("ScaleDownStabilized", HIGHER) if highest != wanted else READY


def by_rules(current: int, wanted: int, least: int, most: int) -> tuple[int, Words]:
    """Source: convertDesiredReplicasWithRules."""
    rate = max(UP_FACTOR * current, UP_LEAST)
    if wanted < least:
        return least, TOO_FEW
    if wanted > min(rate, most):
        return min(rate, most), UP_LIMIT if most > rate else TOO_MANY
    return wanted, WITHIN


def _stable_by_behavior(history: History, behavior: dict, current: int, wanted: int, now_ms: int) -> tuple[int, Words]:
    """Source: stabilizeRecommendationWithBehaviors."""
    up_ms = now_ms - (behavior["scaleUp"].get("stabilizationWindowSeconds") or 0) * 1000
    down_s = behavior["scaleDown"].get("stabilizationWindowSeconds")
    down_ms = now_ms - (DOWNSCALE_WINDOW_S if down_s is None else down_s) * 1000
    lowest = min([wanted, *(replicas for replicas, at_ms in history.recommendations if at_ms > up_ms)])
    highest = max([wanted, *(replicas for replicas, at_ms in history.recommendations if at_ms > down_ms)])
    stable = min(max(current, lowest), highest)
    history.recommend(wanted, now_ms, min(up_ms, down_ms))
    if stable == wanted:
        return stable, READY
    return stable, ("ScaleUpStabilized", LOWER) if wanted >= current else ("ScaleDownStabilized", HIGHER)


def _by_behavior(history: History, behavior: dict, current: int, wanted: int, least: int, most: int, now_ms: int) -> tuple[int, Words]:
    """Source: convertDesiredReplicasWithBehaviorRate."""
    if wanted > current:
        rate = max(up_limit(history, behavior["scaleUp"], current, now_ms), current)
        allowed, words = (rate, UP_LIMIT) if most > rate else (most, TOO_MANY)
        return (allowed, words) if wanted > allowed else (wanted, WITHIN)
    if wanted < current:
        rate = min(down_limit(history, behavior["scaleDown"], current, now_ms), current)
        allowed, words = (rate, DOWN_LIMIT) if least < rate else (least, TOO_FEW)
        return (allowed, words) if wanted < allowed else (wanted, WITHIN)
    return wanted, WITHIN


def up_limit(history: History, rules: dict, current: int, now_ms: int) -> int:
    """Source: calculateScaleUpLimitWithScalingRules."""

    def allowed(policy: dict, start: int) -> int:
        return start + policy["value"] if policy["type"] == "Pods" else ceil(start * (1 + policy["value"] / 100))

    return _limit(history, rules, current, now_ms, allowed, {"Max": max, "Min": min})


def down_limit(history: History, rules: dict, current: int, now_ms: int) -> int:
    """Source: calculateScaleDownLimitWithBehaviors."""

    def allowed(policy: dict, start: int) -> int:
        return start - policy["value"] if policy["type"] == "Pods" else int(start * (1 - policy["value"] / 100))

    return _limit(history, rules, current, now_ms, allowed, {"Max": min, "Min": max})


def _limit(history: History, rules: dict, current: int, now_ms: int, allowed: Callable[[dict, int], int], select: dict) -> int:
    if rules.get("selectPolicy") == "Disabled":
        return current
    found = []
    for policy in rules.get("policies") or ():
        since_ms = now_ms - policy["periodSeconds"] * 1000
        added, taken = (sum(change for change, at_ms in rows if at_ms > since_ms) for rows in (history.ups, history.downs))
        found.append(allowed(policy, current - added + taken))
    return select[rules.get("selectPolicy") or "Max"](found) if found else current
