"""FlowSchema: which requests to the API server belong to which priority level."""
from __future__ import annotations

from cluster.kinds import _flow_bootstrap, _kept, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import fields, names

PRECEDENCE, MOST_PRECEDENCE = 1000, 10000
METHODS, KINDS = ("ByNamespace", "ByUser"), ("Group", "ServiceAccount", "User")
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
MEMBERS = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
_NAMESPACES = "each member of this list must be '*' or a DNS-1123 label; "
Errors = list[FieldError]


def default(draft: dict) -> None:
    """Source: pkg/apis/flowcontrol/v1/defaults.go (SetDefaults_FlowSchemaSpec)."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec["priorityLevelConfiguration"] = {"name": "", **(spec.get("priorityLevelConfiguration") or {})}
    if not spec.get("matchingPrecedence"):
        spec["matchingPrecedence"] = PRECEDENCE
    if draft.get("status") is None:
        draft["status"] = {}


def prepare_create(draft: dict) -> None:
    """Nothing is known of its priority level yet."""
    draft["status"] = {}


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec counts as a generation."""
    draft["status"] = old.get("status") or {}
    if draft["spec"] != old["spec"]:
        draft["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def validate(schema: dict) -> Errors:
    """Source: pkg/apis/flowcontrol/validation/validation.go (ValidateFlowSchema)."""
    errors: Errors = []
    name, spec = schema["metadata"].get("name", ""), schema["spec"]
    _precedence(errors, name, spec["matchingPrecedence"])
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in METHODS:
        shown = {"Type": method.get("type") or ""}      # Go prints its own struct
        errors.append(fields.not_supported("spec.distinguisherMethod.type", shown, METHODS))
    level = spec["priorityLevelConfiguration"].get("name")
    if level:
        _rules.all_of(errors, "spec.priorityLevelConfiguration.name", level, names.is_subdomain_name(level))
    else:
        errors.append(fields.required("spec.priorityLevelConfiguration.name", "must reference a priority level"))
    for index, rule in enumerate(spec.get("rules") or ()):
        _rule(errors, rule, f"spec.rules[{index}]")
    if name in _flow_bootstrap.SCHEMAS_MANDATORY and spec != _flow_bootstrap.schemas()[name]:
        errors.append(fields.invalid("spec", spec, f"spec of '{name}' must equal the fixed value"))
    return errors + validate_status(schema, schema)


def _precedence(errors: Errors, name: str, value: int) -> None:
    path = "spec.matchingPrecedence"
    if value <= 0:
        errors.append(fields.invalid(path, value, "must be a positive value"))
    if value > MOST_PRECEDENCE:
        errors.append(fields.invalid(path, value, f"must not be greater than {MOST_PRECEDENCE}"))
    if value == 1 and name != "exempt":
        errors.append(fields.invalid(path, value, "only the schema named 'exempt' may have matchingPrecedence 1"))


def _rule(errors: Errors, rule: dict, path: str) -> None:
    """Source: ValidateFlowSchemaPolicyRulesWithSubjects."""
    for index, subject in enumerate(rule.get("subjects") or ()):
        _subject(errors, subject, f"{path}.subjects[{index}]")
    if not rule.get("subjects"):
        errors.append(fields.required(f"{path}.subjects", "subjects must contain at least one value"))
    if not rule.get("resourceRules") and not rule.get("nonResourceRules"):
        errors.append(fields.required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"))
    for index, each in enumerate(rule.get("resourceRules") or ()):
        _resources(errors, each, f"{path}.resourceRules[{index}]")
    for index, each in enumerate(rule.get("nonResourceRules") or ()):
        _paths(errors, each, f"{path}.nonResourceRules[{index}]")


def _subject(errors: Errors, subject: dict, path: str) -> None:
    kind = subject.get("kind") or ""
    if kind not in MEMBERS:
        errors.append(fields.not_supported(f"{path}.kind", kind, KINDS))
        return
    found = subject.get(MEMBERS[kind])
    if found is None:
        errors.append(fields.required(f"{path}.{MEMBERS[kind]}", f"{MEMBERS[kind]} is required when subject kind is '{kind}'"))
    elif not found.get("name"):
        errors.append(fields.required(f"{path}.{MEMBERS[kind]}.name"))
    if kind == "ServiceAccount" and found is not None:
        _account(errors, found, f"{path}.serviceAccount")
    errors += [fields.forbidden(f"{path}.{member}", f"{member} is forbidden when subject kind is not '{other}'")
               for other, member in MEMBERS.items() if other != kind and subject.get(member) is not None]


def _account(errors: Errors, account: dict, path: str) -> None:
    name, namespace = account.get("name"), account.get("namespace")
    if name and name != "*":
        _rules.all_of(errors, f"{path}.name", name, names.is_subdomain_name(name))
    if namespace:
        _rules.all_of(errors, f"{path}.namespace", namespace, names.is_label_name(namespace))
    else:
        errors.append(fields.required(f"{path}.namespace", "must specify namespace for service account"))


def _verbs(errors: Errors, verbs: list[str], path: str) -> None:
    if not verbs:
        errors.append(fields.required(path, "verbs must contain at least one value"))
    elif "*" in verbs:
        _alone(errors, verbs, path, "verbs")
    elif any(verb not in VERBS for verb in verbs):
        errors.append(fields.not_supported(path, verbs, VERBS))


def _alone(errors: Errors, items: list[str], path: str, words: str) -> None:
    if len(items) > 1 and "*" in items:
        errors.append(fields.invalid(path, items, f"if '*' is present, must not specify other {words}"))


def _resources(errors: Errors, rule: dict, path: str) -> None:
    """Source: ValidateFlowSchemaResourcePolicyRule."""
    _verbs(errors, rule.get("verbs") or [], f"{path}.verbs")
    for name, words, one in (("apiGroups", "api groups", "api group"), ("resources", "resources", "resource")):
        if not rule.get(name):
            errors.append(fields.required(f"{path}.{name}", f"resource rules must supply at least one {one}"))
        _alone(errors, rule.get(name) or [], f"{path}.{name}", words)
    namespaces = rule.get("namespaces") or []
    if not namespaces and not rule.get("clusterScope"):
        errors.append(fields.required(f"{path}.namespaces", "resource rules that are not cluster scoped must supply at least one namespace"))
    elif "*" in namespaces:
        _alone(errors, namespaces, f"{path}.namespaces", "namespaces")
    else:
        errors += [fields.invalid(f"{path}.namespaces[{index}]", each, _NAMESPACES + why)
                   for index, each in enumerate(namespaces) for why in names.is_label_name(each)]


def _paths(errors: Errors, rule: dict, path: str) -> None:
    """Source: ValidateFlowSchemaNonResourcePolicyRule."""
    _verbs(errors, rule.get("verbs") or [], f"{path}.verbs")
    urls, here = rule.get("nonResourceURLs") or [], f"{path}.nonResourceURLs"
    if not urls:
        errors.append(fields.required(here, "nonResourceURLs must contain at least one value"))
    elif "*" in urls:
        _alone(errors, urls, here, "non-resource URLs")
    else:
        errors += [fields.invalid(f"{here}[{index}]", url, why) for index, url in enumerate(urls) if (why := _path_complaint(url))]


def _path_complaint(url: str) -> str:
    """Source: ValidateNonResourceURLPath."""
    if not url:
        return "must not be empty"
    if url == "/":
        return ""
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    stars = url.count("*")
    return "wildcard can only do suffix matching" if stars > 1 or (stars == 1 and not url.endswith("/*")) else ""


def validate_status(new: dict, old: dict) -> Errors:
    """Conditions with a type, each once. Source: ValidateFlowSchemaStatus."""
    errors: Errors = []
    seen: list[str] = []
    for index, condition in enumerate((new.get("status") or {}).get("conditions") or ()):
        path, kind = f"status.conditions[{index}].type", condition.get("type") or ""
        if kind in seen:
            errors.append(fields.duplicate(path, kind))
        if not kind:
            errors.append(fields.required(path))
        seen.append(kind)
    return errors


def cells(schema: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printFlowSchema)."""
    spec = schema["spec"]
    dangling = next((one.get("status", "") for one in (schema.get("status") or {}).get("conditions") or () if one.get("type") == "Dangling"), "?")
    return [schema["metadata"]["name"], spec["priorityLevelConfiguration"].get("name", ""), spec["matchingPrecedence"],
            (spec.get("distinguisherMethod") or {}).get("type") or "<none>", age(schema, now_unix_ms), dangling]


def dangling(level: str, is_there: bool, since: str) -> dict:
    """The condition that tells whether the priority level exists. Source: apf_controller.go (presyncFlowSchemaStatus)."""
    said = "and it exists" if is_there else "but there is no such object"
    return {"type": "Dangling", "status": "False" if is_there else "True", "lastTransitionTime": since,
            "reason": "Found" if is_there else "NotFound",
            "message": f'This FlowSchema references the PriorityLevelConfiguration object named "{level}" {said}'}


KIND = Kind(
    metadata_on_update=("whole",),
    kind="FlowSchema", plural="flowschemas", singular="flowschema", group="flowcontrol.apiserver.k8s.io", namespaced=False,
    subresources=("status",), storage_version_hash="GJVAJZSZBIw=", has_generation=True,
    columns=(NAME, column("PriorityLevel", "flowcontrol.v1.PriorityLevelConfigurationReference#name"),
             column("MatchingPrecedence", "flowcontrol.v1.FlowSchemaSpec#matchingPrecedence"),
             column("DistinguisherMethod", "flowcontrol.v1.FlowSchemaSpec#distinguisherMethod"), AGE,
             column("MissingPL", "references a broken or non-existent PriorityLevelConfiguration")),
    cells=cells, row_order=lambda schema: (schema["spec"]["matchingPrecedence"], schema["metadata"]["name"]),
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=_kept.all_but_managed_fields,
    validate=validate, validate_update=lambda new, old: validate(new), validate_status=validate_status,
    reset_fields={"": ("status",), "status": ("metadata", "spec")}, icon="route",
    title=stored_only({"en": "Which requests to the API server belong to which priority level.",
                       "zh": "哪些发往 API 服务器的请求属于哪个优先级。"}),
)
