"""PriorityLevelConfiguration: how many of the API server's requests of one importance are served at a time, and how others wait."""
from __future__ import annotations

from math import ceil, log2

from cluster.kinds import _flow_bootstrap, _kept, _rules, flowschema
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import fields

TYPES, RESPONSES = ("Exempt", "Limited"), ("Queue", "Reject")
SHARES, QUEUING = 30, {"queues": 64, "handSize": 8, "queueLengthLimit": 50}
MOST_QUEUES, MOST_BITS = 10_000_000, 60
ROUND_TRIP = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"
_NOT_NEGATIVE, _PERCENT = "must be a non-negative integer", "must be between 0 and 100, inclusive"
Errors = list[FieldError]


def default(draft: dict) -> None:
    """Source: pkg/apis/flowcontrol/v1/defaults.go."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec.setdefault("type", "")
    for part, shares in (("exempt", 0), ("limited", SHARES)):
        found = spec.get(part)
        if found is not None:
            for name, value in (("nominalConcurrencyShares", shares), ("lendablePercent", 0)):
                if found.get(name) is None:
                    found[name] = value
    limited = spec.get("limited")
    if limited is not None:
        response = limited["limitResponse"] = {"type": "", **(limited.get("limitResponse") or {})}
        queuing = response.get("queuing")
        if queuing is not None:
            queuing.update({name: value for name, value in QUEUING.items() if not queuing.get(name)})
    if draft.get("status") is None:
        draft["status"] = {}


def validate(level: dict) -> Errors:
    """Source: pkg/apis/flowcontrol/validation/validation.go (ValidatePriorityLevelConfiguration)."""
    errors: Errors = []
    meta, spec = level["metadata"], level["spec"]
    name = meta.get("name", "")
    if ROUND_TRIP in (meta.get("annotations") or {}):
        errors.append(fields.forbidden("metadata.annotations", f"annotation '{ROUND_TRIP}' is forbidden"))
    _spec(errors, name, spec)
    _fixed(errors, name, spec)
    return errors + flowschema.validate_status(level, level)


def _spec(errors: Errors, name: str, spec: dict) -> None:
    kind, limited, exempt = spec["type"], spec.get("limited"), spec.get("exempt")
    if (name == "exempt") != (kind == "Exempt"):
        errors.append(fields.invalid("spec.type", kind, "must be 'Exempt' if and only if `name` is 'exempt'"))
    _rules.one_of_or_required(errors, "spec.type", kind, TYPES)
    if kind == "Exempt":
        if limited is not None:
            errors.append(fields.forbidden("spec.limited", "must be nil if the type is not Limited"))
        if exempt is not None:
            _shares(errors, exempt, "spec.exempt")
    elif kind == "Limited":
        if exempt is not None:
            errors.append(fields.forbidden("spec.exempt", "must be nil if the type is Limited"))
        if limited is None:
            errors.append(fields.required("spec.limited", "must not be empty when type is Limited"))
        else:
            _limited(errors, limited)


def _shares(errors: Errors, found: dict, path: str) -> None:
    if found["nominalConcurrencyShares"] < 0:
        errors.append(fields.invalid(f"{path}.nominalConcurrencyShares", found["nominalConcurrencyShares"], _NOT_NEGATIVE))
    if not 0 <= found["lendablePercent"] <= 100:
        errors.append(fields.invalid(f"{path}.lendablePercent", found["lendablePercent"], _PERCENT))


def _limited(errors: Errors, limited: dict) -> None:
    """Source: ValidateLimitedPriorityLevelConfiguration."""
    path = "spec.limited"
    if limited["nominalConcurrencyShares"] < 0:
        errors.append(fields.invalid(f"{path}.nominalConcurrencyShares", limited["nominalConcurrencyShares"], _NOT_NEGATIVE))
    _response(errors, limited["limitResponse"], f"{path}.limitResponse")
    if not 0 <= limited["lendablePercent"] <= 100:
        errors.append(fields.invalid(f"{path}.lendablePercent", limited["lendablePercent"], _PERCENT))
    borrows = limited.get("borrowingLimitPercent")
    if borrows is not None and borrows < 0:
        errors.append(fields.invalid(f"{path}.borrowingLimitPercent", borrows, f"if specified, {_NOT_NEGATIVE}"))


def _response(errors: Errors, response: dict, path: str) -> None:
    kind, queuing = response["type"], response.get("queuing")
    _rules.one_of_or_required(errors, f"{path}.type", kind, RESPONSES)
    if kind == "Reject" and queuing is not None:
        errors.append(fields.forbidden(f"{path}.queuing", "must be nil if limited.limitResponse.type is not Limited"))
    if kind == "Queue" and queuing is None:
        errors.append(fields.required(f"{path}.queuing", "must not be empty if limited.limitResponse.type is Limited"))
    elif kind == "Queue":
        _queuing(errors, queuing, f"{path}.queuing")


def _queuing(errors: Errors, queuing: dict, path: str) -> None:
    """Source: ValidatePriorityLevelQueuingConfiguration; k8s.io/apiserver pkg/util/shufflesharding."""
    queues, hand = queuing["queues"], queuing["handSize"]
    if queuing["queueLengthLimit"] <= 0:
        errors.append(fields.invalid(f"{path}.queueLengthLimit", queuing["queueLengthLimit"], "must be positive"))
    if queues <= 0:
        errors.append(fields.invalid(f"{path}.queues", queues, "must be positive"))
    elif queues > MOST_QUEUES:
        errors.append(fields.invalid(f"{path}.queues", queues, f"must not be greater than {MOST_QUEUES}"))
    if hand <= 0:
        errors.append(fields.invalid(f"{path}.handSize", hand, "must be positive"))
    elif hand > queues:
        errors.append(fields.invalid(f"{path}.handSize", hand, f"should not be greater than queues ({queues})"))
    elif entropy_bits(queues, hand) > MOST_BITS:
        errors.append(fields.invalid(f"{path}.handSize", hand, f"required entropy bits of deckSize {queues} and handSize {hand} "
                                                               f"should not be greater than {MOST_BITS}"))


def entropy_bits(queues: int, hand: int) -> int:
    """How much chance it takes to deal a hand. Source: RequiredEntropyBits."""
    return ceil(log2(queues) * hand)


def _fixed(errors: Errors, name: str, spec: dict) -> None:
    """Source: ValidateIfMandatoryPriorityLevelConfigurationObject."""
    if name not in _flow_bootstrap.LEVELS_MANDATORY:
        return
    wanted = _flow_bootstrap.levels()[name]
    if name == "exempt":
        if {**spec, "exempt": wanted["exempt"]} != wanted:
            errors.append(fields.invalid("spec", spec, "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"))
    elif spec != wanted:
        errors.append(fields.invalid("spec", spec, f"spec of '{name}' must equal the fixed value"))


def cells(level: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printPriorityLevelConfiguration)."""
    limited = level["spec"].get("limited")
    queuing = ((limited or {}).get("limitResponse") or {}).get("queuing") or {}
    shares = "<none>" if limited is None else limited.get("nominalConcurrencyShares")
    return [level["metadata"]["name"], level["spec"].get("type", ""), shares,
            *(queuing.get(name, "<none>") for name in ("queues", "handSize", "queueLengthLimit")), age(level, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("whole",),
    kind="PriorityLevelConfiguration", plural="prioritylevelconfigurations", singular="prioritylevelconfiguration",
    group="flowcontrol.apiserver.k8s.io", namespaced=False, subresources=("status",), storage_version_hash="Kir5PVfvNeI=", has_generation=True,
    columns=(NAME, column("Type", "flowcontrol.v1.PriorityLevelConfigurationSpec#type"),
             column("NominalConcurrencyShares", "flowcontrol.v1.LimitedPriorityLevelConfiguration#nominalConcurrencyShares"),
             column("Queues", "flowcontrol.v1.QueuingConfiguration#queues"), column("HandSize", "flowcontrol.v1.QueuingConfiguration#handSize"),
             column("QueueLengthLimit", "flowcontrol.v1.QueuingConfiguration#queueLengthLimit"), AGE),
    cells=cells, default=default, prepare_create=flowschema.prepare_create, prepare_update=flowschema.prepare_update,
    prepare_status=_kept.all_but_managed_fields, validate=validate, validate_update=lambda new, old: validate(new),
    validate_status=flowschema.validate_status, reset_fields={"": ("status",), "status": ("metadata", "spec")}, icon="gauge",
    title=stored_only({"en": "How many requests of one importance the API server serves at a time, and how the others wait.",
                       "zh": "API 服务器同时处理多少个同等重要的请求，其余的如何等待。"}),
)
