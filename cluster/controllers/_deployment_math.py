"""How many replicas each ReplicaSet of a Deployment may have: surge, unavailability, proportions.

Source: pkg/controller/deployment/util/deployment_util.go.
"""

from __future__ import annotations

import math

from cluster.meta.gotext import atoi

DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"


def scaled_value(value: int | str | None, total: int, *, round_up: bool) -> int:
    """An int-or-percent of a total. Source: intstr.GetScaledValueFromIntOrPercent."""
    if value is None:
        return 0
    if isinstance(value, str):
        share = (atoi(value.removesuffix("%")) or 0) * total
        return -(-share // 100) if round_up else share // 100
    return value


def fenceposts(max_surge: int | str | None, max_unavailable: int | str | None, desired: int) -> tuple[int, int]:
    """(surge, unavailable) in Pods; never both zero. Source: ResolveFenceposts."""
    surge = scaled_value(max_surge, desired, round_up=True)
    unavailable = scaled_value(max_unavailable, desired, round_up=False)
    return surge, 1 if surge == 0 and unavailable == 0 else unavailable


def is_rolling(deployment: dict) -> bool:
    """Whether the strategy is RollingUpdate."""
    return (deployment["spec"].get("strategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"


def _posts(deployment: dict) -> tuple[int, int]:
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    return fenceposts(rolling.get("maxSurge"), rolling.get("maxUnavailable"), replicas(deployment))


def replicas(obj: dict) -> int:
    """spec.replicas of a Deployment or ReplicaSet."""
    return obj["spec"].get("replicas", 1)


def max_surge(deployment: dict) -> int:
    """Pods above the desired number that a rolling update may have."""
    return _posts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: dict) -> int:
    """Pods that may be missing during a rolling update."""
    if not is_rolling(deployment) or replicas(deployment) == 0:
        return 0
    return min(_posts(deployment)[1], replicas(deployment))


def total(replica_sets: list[dict]) -> int:
    """The sum of spec.replicas."""
    return sum(replicas(replica_set) for replica_set in replica_sets)


def sum_status(replica_sets: list[dict], name: str) -> int:
    """The sum of one number in the statuses."""
    return sum((replica_set.get("status") or {}).get(name, 0) for replica_set in replica_sets)


def available(replica_set: dict) -> int:
    """status.availableReplicas."""
    return (replica_set.get("status") or {}).get("availableReplicas", 0)


def active(replica_sets: list[dict]) -> list[dict]:
    """Those that want at least one Pod."""
    return [replica_set for replica_set in replica_sets if replicas(replica_set) > 0]


def new_replicas(deployment: dict, all_sets: list[dict], new_replicas_now: int) -> int:
    """How large the new ReplicaSet may be now. Source: NewRSNewReplicas."""
    desired = replicas(deployment)
    if not is_rolling(deployment):
        return desired
    room = desired + max_surge(deployment) - total(all_sets)
    if room <= 0:
        return new_replicas_now
    return new_replicas_now + min(room, desired - new_replicas_now)


def is_saturated(deployment: dict, replica_set: dict | None) -> bool:
    """Whether the new ReplicaSet alone can carry the Deployment. Source: IsSaturated."""
    if replica_set is None:
        return False
    desired = replicas(deployment)
    noted = annotated(replica_set, DESIRED)
    return replicas(replica_set) == desired and noted == desired and available(replica_set) == desired


def annotated(replica_set: dict, name: str) -> int | None:
    """A non-negative number in an annotation; None if it is missing or none."""
    text = (replica_set["metadata"].get("annotations") or {}).get(name, "")
    number = atoi(text) if text.isdigit() else None
    return number if number is not None and number <= 2**31 - 1 else None


def newest_first(replica_sets: list[dict]) -> list[dict]:
    """Latest creation first."""
    return sorted(
        oldest_first(replica_sets), key=lambda item: item["metadata"].get("creationTimestamp", ""), reverse=True
    )


def oldest_first(replica_sets: list[dict]) -> list[dict]:
    """By creation, then name. Source: ReplicaSetsByCreationTimestamp."""
    return sorted(
        replica_sets, key=lambda item: (item["metadata"].get("creationTimestamp", ""), item["metadata"]["name"])
    )


def active_or_latest(new: dict | None, old: list[dict]) -> dict | None:
    """The one ReplicaSet to scale if at most one is active, else None. Source: FindActiveOrLatest."""
    older = newest_first(old)
    everyone = older + ([new] if new else [])
    if not everyone:
        return None
    living = active(everyone)
    if not living:
        return new or older[0]
    return living[0] if len(living) == 1 else None


def proportional_sizes(deployment: dict, replica_sets: list[dict]) -> list[tuple[dict, int]]:
    """(ReplicaSet, new size) for a Deployment scaled in the middle of a rollout. Source: sync.go scale."""
    desired = replicas(deployment)
    allowed = desired + max_surge(deployment) if desired > 0 else 0
    to_add = allowed - total(replica_sets)
    ordered, added, sizes = _by_size(replica_sets, growing=to_add > 0) if to_add else list(replica_sets), 0, []
    for replica_set in ordered:
        part = _proportion(deployment, replica_set, to_add, added) if to_add else 0
        sizes.append(replicas(replica_set) + part)
        added += part
    if sizes and to_add:
        sizes[0] = max(0, sizes[0] + to_add - added)
    return list(zip(ordered, sizes, strict=True))


def _by_size(replica_sets: list[dict], *, growing: bool) -> list[dict]:
    """Largest first; of equal size the newer first when growing, the older first when shrinking."""
    by_age = newest_first(replica_sets) if growing else oldest_first(replica_sets)
    return sorted(by_age, key=lambda replica_set: -replicas(replica_set))


def _proportion(deployment: dict, replica_set: dict, to_add: int, added: int) -> int:
    """Source: GetReplicaSetProportion."""
    if replicas(replica_set) == 0 or to_add == added:
        return 0
    fraction, left = _fraction(deployment, replica_set), to_add - added
    return min(fraction, left) if to_add > 0 else max(fraction, left)


def _fraction(deployment: dict, replica_set: dict) -> int:
    """Source: getReplicaSetFraction."""
    size, desired = replicas(replica_set), replicas(deployment)
    if desired == 0:
        return -size
    before = annotated(replica_set, MAXIMUM) or (deployment.get("status") or {}).get("replicas", 0)
    if not before:
        return 0
    return round_half_away(size * (desired + max_surge(deployment)) / before) - size


def round_half_away(value: float) -> int:
    """Source: k8s.io/utils/integer RoundToInt32."""
    return math.ceil(value - 0.5) if value < 0 else math.floor(value + 0.5)
