"""ResourceClaimTemplate: the claim that each Pod of its own gets."""
from __future__ import annotations

from cluster.kinds import _devices, _goshape, _pod_claims, _rules
from cluster.kinds._columns import AGE, NAME, age
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import fields


def default(draft: dict) -> None:
    """As of the claim that is made of it."""
    outer = draft["spec"] = draft.get("spec") or {}
    outer["spec"] = outer.get("spec") or {}
    _devices.default_claim(outer["spec"])


def validate(template: dict) -> list[FieldError]:
    """Source: pkg/apis/resource/validation/validation.go (ValidateResourceClaimTemplate)."""
    errors = _pod_claims.template_metadata(template["spec"].get("metadata") or {}, "spec")
    _devices.claim(errors, template["spec"]["spec"], "spec.spec")
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """A template stays as it is."""
    shown = {**(new["spec"].get("metadata") or {}), "Spec": _goshape.of("resource.v1.ResourceClaimSpec", new["spec"]["spec"])}
    errors = validate(new)
    return [*errors, fields.invalid("spec", shown, _rules.IMMUTABLE)] if new["spec"] != old["spec"] else errors


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="ResourceClaimTemplate", plural="resourceclaimtemplates", singular="resourceclaimtemplate", group="resource.k8s.io",
    storage_version_hash="TuzjC49aUfM=", columns=(NAME, AGE),
    cells=lambda template, now_unix_ms: [template["metadata"]["name"], age(template, now_unix_ms)],
    default=default, validate=validate, validate_update=validate_update, icon="copies",
    title=stored_only({"en": "The claim of devices that each Pod gets for itself.", "zh": "每个 Pod 各自得到的设备申领。"}),
)
