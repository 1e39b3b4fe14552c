"""MutatingAdmissionPolicyBinding: where a policy's changes are made, and with which parameters."""
from __future__ import annotations

from cluster.kinds import validatingadmissionpolicybinding
from cluster.kinds._columns import AGE, NAME, column
from cluster.kinds.base import FieldError, Kind
from cluster.kinds.mutatingadmissionpolicy import only_mutable


def validate(binding: dict) -> list[FieldError]:
    """Source: validateMutatingAdmissionPolicyBindingSpec."""
    spec = binding["spec"]
    errors = validatingadmissionpolicybinding.binding_errors(spec)
    if spec.get("matchResources") is not None:
        only_mutable(errors, spec["matchResources"], "spec.matchResources")
    return errors


KIND = Kind(
    unconditional_update=False,
    metadata_on_update=("whole",), plain_metadata=True,
    kind="MutatingAdmissionPolicyBinding", plural="mutatingadmissionpolicybindings", singular="mutatingadmissionpolicybinding",
    group="admissionregistration.k8s.io", namespaced=False, categories=("api-extensions",), storage_version_hash="90V5FRZZ3Zg=",
    has_generation=True,
    columns=(NAME, column("PolicyName", "PolicyName indicates the policy definition which the policy binding binded to"),
             column("ParamRef", "ParamRef indicates the param resource which sets the configuration param"), AGE),
    cells=validatingadmissionpolicybinding.cells, default=validatingadmissionpolicybinding.default,
    prepare_update=validatingadmissionpolicybinding.prepare_update, validate=validate, validate_update=lambda new, old: validate(new),
    icon="link", title={"en": "Where the changes of an admission policy are made.", "zh": "准入策略的改动在何处生效。"},
)
