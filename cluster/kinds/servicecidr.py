"""ServiceCIDR: a range from which Services get their addresses."""
from __future__ import annotations

from cluster.kinds import _addresses, _kept, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields

DEFAULT_NAME = "kubernetes"
FINALIZER = "networking.k8s.io/service-cidr-finalizer"
_MOST = 2
_ONE_EACH = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"


def default(draft: dict) -> None:
    """A range always shows spec and status."""
    for part in ("spec", "status"):
        if draft.get(part) is None:
            draft[part] = {}


def prepare_create(draft: dict) -> None:
    """Whether it is ready is its controller's to say."""
    draft["status"] = {}


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status") or {}


def validate(cidr: dict) -> list[FieldError]:
    """Source: pkg/apis/networking/validation/validation.go (ValidateServiceCIDR)."""
    errors: list[FieldError] = []
    return errors + _ranges(cidr["spec"])


def _ranges(spec: dict) -> list[FieldError]:
    errors: list[FieldError] = []
    path, found = "spec.cidrs", spec.get("cidrs") or []
    if not found:
        return [fields.required(path, "at least one CIDR required")]
    if len(found) > _MOST:
        return [fields.invalid(path, {"CIDRs": found}, "may only hold up to 2 values")]
    for index, each in enumerate(found):
        _range(errors, f"{path}[{index}]", each)
    families = [_addresses.family(each.partition("/")[0]) for each in found if _addresses.is_range(each)]
    if len(families) == _MOST and families[0] == families[1]:
        errors.append(fields.invalid(path, found, _ONE_EACH))
    return errors


def _range(errors: list[FieldError], path: str, value: str) -> None:
    """A range in its canonical form. Source: k8s.io/apimachinery pkg/util/validation/ip.go (IsValidCIDR)."""
    before = len(errors)
    _addresses.cidr(errors, path, value)
    text, _, length = value.partition("/")
    if len(errors) == before and str(_addresses.parse(text)) != text:
        errors.append(fields.invalid(path, value, f'must be in canonical form ("{_addresses.parse(text)}/{length}")'))


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """Ranges stay; one of the other family may be added. Source: ValidateServiceCIDRUpdate."""
    path, found, before = "spec.cidrs", new["spec"].get("cidrs") or [], old["spec"].get("cidrs") or []
    if len(found) == len(before):
        return [fields.invalid(f"{path}[{index}]", each, _rules.IMMUTABLE)
                for index, (each, was) in enumerate(zip(found, before, strict=True)) if each != was]
    if len(before) == 1 and len(found) == _MOST:
        first = [fields.invalid(f"{path}[0]", found[0], _rules.IMMUTABLE)] if found[0] != before[0] else []
        return first + _ranges(new["spec"])
    return [fields.invalid(path, new["spec"].get("cidrs"), _rules.IMMUTABLE)]


def ready(now: str, message: str) -> dict:
    """The condition of a range from which addresses are given out."""
    return {"type": "Ready", "status": "True", "lastTransitionTime": now, "reason": "", "message": message}


def is_ready(cidr: dict) -> bool:
    """Whether addresses are given out from a range."""
    found = next((one for one in (cidr.get("status") or {}).get("conditions") or () if one.get("type") == "Ready"), {})
    return found.get("status") == "True" and not cidr["metadata"].get("deletionTimestamp")


def cells(cidr: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printServiceCIDR)."""
    return [cidr["metadata"]["name"], ",".join(cidr["spec"].get("cidrs") or ()), age(cidr, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("update",),
    kind="ServiceCIDR", plural="servicecidrs", singular="servicecidr", group="networking.k8s.io", namespaced=False,
    subresources=("status",), storage_version_hash="gNLvruQhW2g=",
    columns=(NAME, column("CIDRs", "networking.v1.ServiceCIDRSpec#cidrs"), AGE),
    cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=_kept.keep_spec_and_meta,
    validate=validate, validate_update=validate_update, validate_status=lambda new, old: [],
    reset_fields={"": ("status",), "status": ("metadata", "spec")}, icon="network",
    title={"en": "A range from which Services get their addresses.", "zh": "Service 获得地址的网段。"},
)
