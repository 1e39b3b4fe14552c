"""ValidatingAdmissionPolicyBinding: where a policy counts, with which parameters, and what happens to those who break it."""
from __future__ import annotations

from cluster.kinds import _admission_rules, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, labels, names

ACTIONS, NOT_FOUND = ("Audit", "Deny", "Warn"), ("Deny", "Allow")
_EXCLUSIVE = "name and selector are mutually exclusive"


def default(draft: dict) -> None:
    """Source: SetDefaults_MatchResources, SetDefaults_Rule."""
    spec = draft["spec"] = draft.get("spec") or {}
    matching = spec.get("matchResources")
    if matching is not None:
        _admission_rules.default_matching(matching)
        for side in ("resourceRules", "excludeResourceRules"):
            _admission_rules.default_rules(matching.get(side))


def prepare_update(draft: dict, old: dict) -> None:
    """A changed spec counts as a generation."""
    _admission_rules.raise_generation(draft, old, "spec")


def validate(binding: dict) -> list[FieldError]:
    """Source: validateValidatingAdmissionPolicyBindingSpec."""
    errors = binding_errors(binding["spec"])
    _actions(errors, binding["spec"].get("validationActions") or [])
    return errors


def binding_errors(spec: dict) -> list[FieldError]:
    """What is wrong with what every binding of a policy says: which policy, its parameters, what it is about."""
    errors: list[FieldError] = []
    name = spec.get("policyName") or ""
    if name:
        _rules.all_of(errors, "spec.policyName", name, names.is_subdomain_name(name))
    else:
        errors.append(fields.required("spec.policyName"))
    if spec.get("paramRef") is not None:
        param(errors, spec["paramRef"])
    if spec.get("matchResources") is not None:
        _admission_rules.matching(errors, spec["matchResources"], "spec.matchResources")
    return errors


def param(errors: list[FieldError], found: dict) -> None:
    """Source: validateParamRef."""
    path, name, selector = "spec.paramRef", found.get("name") or "", found.get("selector")
    if name:
        _rules.all_of(errors, f"{path}.name", name, names.path_segment(name))
        if selector is not None:
            errors.append(fields.forbidden(f"{path}.name", _EXCLUSIVE))
    if selector is not None:
        errors += labels.validate_label_selector(selector, f"{path}.selector")
        if name:
            errors.append(fields.forbidden(f"{path}.selector", _EXCLUSIVE))
    if not name and selector is None:
        errors.append(fields.required(path, "one of name or selector must be specified"))
    action = found.get("parameterNotFoundAction")
    if not action:
        errors.append(fields.required(f"{path}.parameterNotFoundAction"))
    elif action not in NOT_FOUND:
        errors.append(fields.not_supported(f"{path}.parameterNotFoundAction", action, NOT_FOUND))


def _actions(errors: list[FieldError], actions: list[str]) -> None:
    """Source: validateValidationActions."""
    path = "spec.validationActions"
    for index, action in enumerate(actions):
        if action not in ACTIONS:
            errors.append(fields.not_supported(f"{path}[{index}]", action, ACTIONS))
        if action in actions[:index]:
            errors.append(fields.duplicate(f"{path}[{index}]", action))
    if "Deny" in actions and "Warn" in actions:
        errors.append(fields.invalid(path, actions, "must not contain both Deny and Warn (repeating the same validation failure "
                                                    "information in the API response and headers serves no purpose)"))
    if not actions:
        errors.append(fields.required(path, "at least one validation action is required"))


def cells(binding: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printValidatingAdmissionPolicyBinding)."""
    spec, param = binding["spec"], binding["spec"].get("paramRef") or {}
    shown = "<unset>"
    if param.get("name"):
        shown = f"{param.get('namespace') or '*'}/{param['name']}"
    elif param.get("selector") is not None:
        shown = labels.format_selector(param["selector"])
    return [binding["metadata"]["name"], spec.get("policyName", ""), shown, age(binding, now_unix_ms)]


KIND = Kind(
    unconditional_update=False,
    metadata_on_update=("whole",), plain_metadata=True,
    kind="ValidatingAdmissionPolicyBinding", plural="validatingadmissionpolicybindings", singular="validatingadmissionpolicybinding",
    group="admissionregistration.k8s.io", namespaced=False, categories=("api-extensions",), storage_version_hash="v9715VZqakg=",
    has_generation=True,
    columns=(NAME, column("PolicyName", "PolicyName indicates the policy definition which the policy binding binded to"),
             column("ParamRef", "ParamRef indicates the param resource which sets the configuration param"), AGE),
    cells=cells, default=default, prepare_update=prepare_update, validate=validate,
    validate_update=lambda new, old: validate(new), icon="link",
    title={"en": "Where an admission policy counts, and what happens to what breaks it.", "zh": "准入策略在何处生效，以及违反它会怎样。"},
)
