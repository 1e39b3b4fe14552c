"""ResourceClaim: a wish for devices, and which of them were given."""
from __future__ import annotations

from cluster.kinds import _devices, _goshape, _kept, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import fields

MOST_RESERVED = 256
_NO_NEW = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"


def default(draft: dict) -> None:
    """Source: pkg/apis/resource/v1/defaults.go."""
    spec = draft["spec"] = draft.get("spec") or {}
    _devices.default_claim(spec)
    if draft.get("status") is None:
        draft["status"] = {}


def prepare_create(draft: dict) -> None:
    """Nothing is given yet."""
    draft["status"] = {}


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status") or {}


def validate(claim: dict) -> list[FieldError]:
    """Source: pkg/apis/resource/validation/validation.go (ValidateResourceClaim)."""
    errors: list[FieldError] = []
    _devices.claim(errors, claim["spec"], "spec")
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """A claim stays as it is."""
    return [fields.invalid("spec", _goshape.of("resource.v1.ResourceClaimSpec", new["spec"]), _rules.IMMUTABLE)] if new["spec"] != old["spec"] else []


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Who uses it, and that what was given stays. Source: validateResourceClaimStatusUpdate; single devices are not looked at."""
    errors: list[FieldError] = []
    status, before = new.get("status") or {}, old.get("status") or {}
    reserved, path = status.get("reservedFor") or [], "status.reservedFor"
    _devices.listed(errors, reserved, MOST_RESERVED, path, _consumer, "uid")
    if reserved and status.get("allocation") is None:
        errors.append(fields.forbidden(path, "may not be specified when `allocated` is not set"))
    elif new["metadata"].get("deletionTimestamp") and any(each not in (before.get("reservedFor") or ()) for each in reserved):
        errors.append(fields.forbidden(path, _NO_NEW))
    if before.get("allocation") is not None and status.get("allocation") not in (None, before["allocation"]):
        errors.append(fields.invalid("status.allocation", status["allocation"], _rules.IMMUTABLE))
    return errors


def _consumer(errors: list[FieldError], found: dict, path: str) -> None:
    errors += [fields.required(f"{path}.{name}") for name in ("resource", "name", "uid") if not found.get(name)]


def state(claim: dict) -> str:
    """Source: pkg/printers/internalversion/printers.go (resourceClaimState)."""
    is_deleted, status = bool(claim["metadata"].get("deletionTimestamp")), claim.get("status") or {}
    states = ["deleted"] if is_deleted else []
    if status.get("allocation") is None:
        states += [] if is_deleted else ["pending"]
    else:
        states += ["allocated", *(["reserved"] if status.get("reservedFor") else [])]
    return ",".join(states)


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="ResourceClaim", plural="resourceclaims", singular="resourceclaim", group="resource.k8s.io", subresources=("status",),
    storage_version_hash="wgAZaHcZxUg=",
    columns=(NAME, column("State", "A summary of the current state (allocated, pending, reserved, etc.)."), AGE),
    cells=lambda claim, now_unix_ms: [claim["metadata"]["name"], state(claim), age(claim, now_unix_ms)],
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=_kept.keep_spec_and_meta,
    validate=validate, validate_update=validate_update, validate_status=validate_status,
    reset_fields={"": ("status",), "status": ("metadata", "spec")}, icon="cpu",
    title=stored_only({"en": "A wish for devices, and which of them were given.", "zh": "对设备的申领，以及分到的设备。"}),
)
