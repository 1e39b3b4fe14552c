"""ValidatingAdmissionPolicy: rules, as expressions, that objects must keep; a binding says where they count."""
from __future__ import annotations

from cluster.kinds import _admission_rules, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_NOTHING = "validations or auditAnnotations must contain at least one item"
_MOST_ANNOTATIONS = 20


def default(draft: dict) -> None:
    """Source: SetDefaults_ValidatingAdmissionPolicySpec, SetDefaults_MatchResources, SetDefaults_Rule."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec.setdefault("failurePolicy", "Fail")
    matching = spec.get("matchConstraints")
    if matching is not None:
        _admission_rules.default_matching(matching)
        for side in ("resourceRules", "excludeResourceRules"):
            _admission_rules.default_rules(matching.get(side))
    draft.setdefault("status", {})


def prepare_create(draft: dict) -> None:
    """Nothing has been checked yet."""
    draft["status"] = {}


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec counts as a generation."""
    draft["status"] = old.get("status") or {}
    _admission_rules.raise_generation(draft, old, "spec")


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]


def validate(policy: dict) -> list[FieldError]:
    """Source: validateValidatingAdmissionPolicySpec. Expressions are compiled in apiserver/compiling.py."""
    errors: list[FieldError] = []
    spec = policy["spec"]
    _rules.one_of(errors, "spec.failurePolicy", spec["failurePolicy"], _admission_rules.FAILURE_POLICIES)
    if spec.get("paramKind") is not None:
        param_kind(errors, spec["paramKind"])
    if spec.get("matchConstraints") is None:
        errors.append(fields.required("spec.matchConstraints"))
    else:
        _admission_rules.matching(errors, spec["matchConstraints"], "spec.matchConstraints")
        if not spec["matchConstraints"].get("resourceRules"):
            errors.append(fields.required("spec.matchConstraints.resourceRules"))
    _admission_rules.conditions(errors, spec.get("matchConditions") or [], "spec.matchConditions")
    variables(errors, spec.get("variables") or [])
    if not spec.get("validations") and not spec.get("auditAnnotations"):
        errors += [fields.required("spec.validations", _NOTHING), fields.required("spec.auditAnnotations", _NOTHING)]
    for index, validation in enumerate(spec.get("validations") or ()):
        _validation(errors, validation, f"spec.validations[{index}]")
    _annotations(errors, spec.get("auditAnnotations") or [], policy["metadata"].get("name", ""))
    return errors


def param_kind(errors: list[FieldError], found: dict) -> None:
    """The kind of the parameters. Source: validateParamKind."""
    version, kind = found.get("apiVersion") or "", found.get("kind") or ""
    group, _, plain = version.rpartition("/")
    if not version:
        errors.append(fields.required("spec.paramKind.apiVersion"))
    else:
        if group and (wrong := names.dns1123_subdomain(group)):
            errors.append(fields.invalid("spec.paramKind.apiVersion", group, ",".join(wrong)))
        if not plain:
            errors.append(fields.invalid("spec.paramKind.apiVersion", version, "version must be specified"))
        elif wrong := names.dns1035_label(plain):
            errors.append(fields.invalid("spec.paramKind.apiVersion", plain, ",".join(wrong)))
    if not kind:
        errors.append(fields.required("spec.paramKind.kind"))
    elif wrong := names.dns1035_label(kind.lower()):
        errors.append(fields.invalid("spec.paramKind.kind", kind, f"may have mixed case, but should otherwise match: {','.join(wrong)}"))


def variables(errors: list[FieldError], found: list[dict]) -> None:
    """Names and expressions. Source: validateVariable."""
    for index, variable in enumerate(found):
        path, name = f"spec.variables[{index}]", variable.get("name") or ""
        if not name.strip():
            errors.append(fields.required(f"{path}.name", "name is not specified"))
        elif not (name.isidentifier() and name.isascii()):
            errors.append(fields.invalid(f"{path}.name", name, "must be a valid CEL identifier"))
        if not (variable.get("expression") or "").strip():
            errors.append(fields.required(f"{path}.expression", "expression is not specified"))


def _validation(errors: list[FieldError], validation: dict, path: str) -> None:
    if not (validation.get("expression") or "").strip():
        errors.append(fields.required(f"{path}.expression", "expression is not specified"))
    for name in ("messageExpression", "message"):
        text = validation.get(name) or ""
        if text and not text.strip():
            errors.append(fields.invalid(f"{path}.{name}", text, "must be non-empty if specified"))
        elif name == "message" and "\n" in text.strip():
            errors.append(fields.invalid(f"{path}.message", text, "must not contain line breaks"))
    if validation.get("reason") is not None:
        _rules.one_of(errors, f"{path}.reason", validation["reason"], REASONS)


def _annotations(errors: list[FieldError], annotations: list[dict], policy: str) -> None:
    if len(annotations) > _MOST_ANNOTATIONS:
        errors.append(fields.invalid("spec.auditAnnotations", annotations, f"must not have more than {_MOST_ANNOTATIONS} auditAnnotations"))
    seen: list[str] = []
    for index, annotation in enumerate(annotations):
        path, key = f"spec.auditAnnotations[{index}]", annotation.get("key") or ""
        if policy:
            _rules.qualified(errors, f"{path}.key", f"{policy}/{key}")
        else:
            errors.append(fields.invalid(f"{path}.key", key, "requires metadata.name be non-empty"))
        if not (annotation.get("valueExpression") or "").strip():
            errors.append(fields.required(f"{path}.valueExpression", "valueExpression is not specified"))
        if key in seen:
            errors.append(fields.duplicate(f"{path}.key", key))
        seen.append(key)


def cells(policy: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printValidatingAdmissionPolicy)."""
    spec, param = policy["spec"], policy["spec"].get("paramKind")
    shown = "<unset>" if param is None else f"{param.get('apiVersion', '')}/{param.get('kind', '')}"
    return [policy["metadata"]["name"], len(spec.get("validations") or ()), shown, age(policy, now_unix_ms)]


KIND = Kind(
    unconditional_update=False,
    metadata_on_update=("whole",), plain_metadata=True,
    kind="ValidatingAdmissionPolicy", plural="validatingadmissionpolicies", singular="validatingadmissionpolicy",
    group="admissionregistration.k8s.io", namespaced=False, categories=("api-extensions",), subresources=("status",),
    storage_version_hash="6OxvlMmQ6is=", has_generation=True,
    columns=(NAME, column("Validations", "Validations indicates the number of validation rules defined in this configuration", type="integer"),
             column("ParamKind", "ParamKind specifies the kind of resources used to parameterize this policy"), AGE),
    cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=lambda new, old: validate(new), validate_status=lambda new, old: validate(new),
    reset_fields={"": ("status",), "status": ("spec",)}, icon="shield",
    title={"en": "Rules, as CEL expressions, that objects must keep where a binding says so.",
           "zh": "以 CEL 表达式写成的规则；在绑定所指之处，对象必须遵守。"},
)
