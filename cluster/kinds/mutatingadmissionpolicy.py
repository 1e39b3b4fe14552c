"""MutatingAdmissionPolicy: changes, as expressions, that the API server makes to what is written; a binding says where they count."""
from __future__ import annotations

from cluster.kinds import _admission_rules, _rules, validatingadmissionpolicy
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields

OPERATIONS, PATCH_TYPES = ("*", "CONNECT", "CREATE", "UPDATE"), ("ApplyConfiguration", "JSONPatch")
JSON_PATCH, APPLY = "JSONPatch", "ApplyConfiguration"
PARTS = {JSON_PATCH: "jsonPatch", APPLY: "applyConfiguration"}
Errors = list[FieldError]


def default(draft: dict) -> None:
    """Source: SetDefaults_MutatingAdmissionPolicySpec, SetDefaults_MatchResources, SetDefaults_Rule."""
    spec = draft["spec"] = draft.get("spec") or {}
    if spec.get("failurePolicy") is None:
        spec["failurePolicy"] = "Fail"
    spec.setdefault("reinvocationPolicy", "")
    matching = spec.get("matchConstraints")
    if matching is not None:
        _admission_rules.default_matching(matching)
        for side in ("resourceRules", "excludeResourceRules"):
            _admission_rules.default_rules(matching.get(side))


def prepare_update(draft: dict, old: dict) -> None:
    """A changed spec counts as a generation."""
    _admission_rules.raise_generation(draft, old, "spec")


def validate(policy: dict) -> Errors:
    """Source: validateMutatingAdmissionPolicySpec. Expressions are compiled in apiserver/compiling.py."""
    errors: Errors = []
    spec = policy["spec"]
    _rules.one_of(errors, "spec.failurePolicy", spec["failurePolicy"], _admission_rules.FAILURE_POLICIES)
    if spec.get("paramKind") is not None:
        validatingadmissionpolicy.param_kind(errors, spec["paramKind"])
    if spec.get("matchConstraints") is None:
        errors.append(fields.required("spec.matchConstraints"))
    else:
        _admission_rules.matching(errors, spec["matchConstraints"], "spec.matchConstraints")
        if not spec["matchConstraints"].get("resourceRules"):
            errors.append(fields.required("spec.matchConstraints.resourceRules"))
        only_mutable(errors, spec["matchConstraints"], "spec.matchConstraints")
    _admission_rules.conditions(errors, spec.get("matchConditions") or [], "spec.matchConditions")
    validatingadmissionpolicy.variables(errors, spec.get("variables") or [])
    if not spec.get("mutations"):
        errors.append(fields.required("spec.mutations", "mutations must contain at least one item"))
    for index, mutation in enumerate(spec.get("mutations") or ()):
        _mutation(errors, mutation, f"spec.mutations[{index}]")
    _rules.one_of_or_required(errors, "spec.reinvocationPolicy", spec.get("reinvocationPolicy"), _admission_rules.REINVOCATIONS)
    return errors


def only_mutable(errors: Errors, matching: dict, path: str) -> None:
    """What is deleted cannot be changed."""
    for rule in matching.get("resourceRules") or ():
        errors += [fields.not_supported(f"{path}.resourceRules.operations", operation, OPERATIONS)
                   for operation in rule.get("operations") or () if operation not in OPERATIONS]


def _mutation(errors: Errors, mutation: dict, path: str) -> None:
    """Source: validateMutation."""
    kind = mutation.get("patchType") or ""
    _rules.one_of_or_required(errors, f"{path}.patchType", kind, PATCH_TYPES)
    if kind not in PARTS:
        return
    mine, other = PARTS[kind], next(part for name, part in PARTS.items() if name != kind)
    if mutation.get(mine) is None:
        errors.append(fields.required(f"{path}.{mine}", f"must be specified when patchType is {kind}"))
    elif not (mutation[mine].get("expression") or "").strip():
        errors.append(fields.required(f"{path}.{mine}.expression"))
    if mutation.get(other) is not None:
        errors.append(fields.invalid(f"{path}.{other}", f"{{{other}}}", f"must not be specified when patchType is {kind}"))


def cells(policy: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printMutatingAdmissionPolicy)."""
    spec, param = policy["spec"], policy["spec"].get("paramKind")
    shown = "<unset>" if param is None else f"{param.get('apiVersion', '')}/{param.get('kind', '')}"
    return [policy["metadata"]["name"], len(spec.get("mutations") or ()), shown, age(policy, now_unix_ms)]


KIND = Kind(
    unconditional_update=False,
    metadata_on_update=("whole",), plain_metadata=True,
    kind="MutatingAdmissionPolicy", plural="mutatingadmissionpolicies", singular="mutatingadmissionpolicy",
    group="admissionregistration.k8s.io", namespaced=False, categories=("api-extensions",), storage_version_hash="LYmCf+UMVdg=",
    has_generation=True,
    columns=(NAME, column("Mutations", "Mutation indicates the number of mutations rules defined in this configuration", type="integer"),
             column("ParamKind", "ParamKind specifies the kind of resources used to parameterize this policy"), AGE),
    cells=cells, default=default, prepare_update=prepare_update, validate=validate, validate_update=lambda new, old: validate(new),
    icon="sliders",
    title={"en": "Changes, as CEL expressions, that the API server makes to what is written where a binding says so.",
           "zh": "以 CEL 表达式写成的改动；在绑定所指之处，API 服务器对写入的对象作这些改动。"},
)
