"""Lease: a renewable claim, by which nodes show that they live and controllers agree on a leader."""
from __future__ import annotations

from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

_STRATEGIES = ("OldestEmulationVersion",)


def default(draft: dict) -> None:
    """A Lease always shows a spec."""
    if draft.get("spec") is None:
        draft["spec"] = {}


def validate(lease: dict) -> list[FieldError]:
    """Numbers and the coordination strategy.

    Source: pkg/apis/coordination/validation/validation.go (ValidateLeaseSpec).
    """
    spec = lease.get("spec") or {}
    errors: list[FieldError] = []
    duration, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if duration is not None and duration <= 0:
        errors.append(fields.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"))
    if transitions is not None and transitions < 0:
        errors.append(fields.invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"))
    return errors + _coordination(spec)


def only_renews(old: dict, new: dict) -> bool:
    """Whether a Lease stays whose it is (uid, owners) and does not go; its holder, spec and labels are not looked at.

    Where that is not plain to see, the answer is no.
    """
    try:
        before, after = old["metadata"], new["metadata"]
        return after["uid"] == before["uid"] and after["ownerReferences"] is before["ownerReferences"] and "deletionTimestamp" not in after
    except KeyError:
        return False


def _coordination(spec: dict) -> list[FieldError]:
    strategy = spec.get("strategy")
    errors = []
    if strategy is not None:
        errors += _strategy(strategy)
    if spec.get("preferredHolder") and not strategy:
        errors.append(fields.forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined"))
    return errors


def _strategy(strategy: str) -> list[FieldError]:
    """A name of Kubernetes' own, or a qualified name of somebody else's."""
    path = "spec.strategy.strategy"
    if "/" in strategy:
        return [fields.invalid(path, strategy, why) for why in names.qualified_name(strategy)]
    return [] if strategy in _STRATEGIES else [fields.not_supported(path, strategy, _STRATEGIES)]


def prepare_create(draft: dict) -> None:
    """Coordinated leader election is off: its fields are dropped."""
    for field in ("strategy", "preferredHolder"):
        draft["spec"].pop(field, None)


def prepare_update(draft: dict, old: dict) -> None:
    """As for a create, but what is stored may stay."""
    for field in ("strategy", "preferredHolder"):
        if (old.get("spec") or {}).get(field) is None:
            draft["spec"].pop(field, None)


def cells(lease: dict, now_unix_ms: int) -> list:
    """Name, holder, age."""
    holder = (lease.get("spec") or {}).get("holderIdentity") or ""
    return [lease["metadata"]["name"], holder, age(lease, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("update",), plain_metadata=True,
    kind="Lease", plural="leases", singular="lease", group="coordination.k8s.io",
    storage_version_hash="gqkMMb/YqFM=",
    columns=(NAME, column("Holder", "coordination.v1.LeaseSpec#holderIdentity"), AGE), cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, validate=validate, validate_update=lambda new, old: validate(new),
    create_on_update=True, unconditional_update=False, icon="heart-pulse",
    title={"en": "A claim that must be renewed: a node's heartbeat, or the seat of the leader.",
           "zh": "需要不断续期的声明：节点的心跳，或领导者的席位。"},
)
