"""What webhook configurations and admission policies share: which requests they are about, and where their hooks are.

Source: pkg/apis/admissionregistration/validation/validation.go, pkg/apis/admissionregistration/v1/defaults.go;
k8s.io/apiserver pkg/util/webhook/validation.go.
"""
from __future__ import annotations

from urllib.parse import urlsplit

from cluster.kinds import _rules
from cluster.meta import fields, labels, names
from cluster.meta.fields import FieldError

OPERATIONS, SCOPES = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE"), ("*", "Cluster", "Namespaced")
FAILURE_POLICIES, MATCH_POLICIES = ("Fail", "Ignore"), ("Equivalent", "Exact")
SIDE_EFFECTS, VERSIONS, REINVOCATIONS = ("None", "NoneOnDryRun"), ("v1", "v1beta1"), ("IfNeeded", "Never")
_MOST_CONDITIONS, _MOST_TIMEOUT_S = 64, 30
_FORM = "; desired format: https://host[/path]"
Errors = list[FieldError]


def raise_generation(draft: dict, old: dict, part: str) -> None:
    """A changed part counts as a generation."""
    if draft.get(part) != old.get(part):
        draft["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def default_matching(found: dict) -> None:
    """What is matched unless something else is said."""
    found.setdefault("matchPolicy", "Equivalent")
    for name in ("namespaceSelector", "objectSelector"):
        if found.get(name) is None:
            found[name] = {}


def default_rules(rules: list[dict] | None) -> None:
    """A rule is about every scope unless it says otherwise."""
    for rule in rules or ():
        if rule.get("scope") is None:
            rule["scope"] = "*"


def default_hook(hook: dict) -> None:
    """Source: SetDefaults_ValidatingWebhook, SetDefaults_MutatingWebhook, SetDefaults_ServiceReference."""
    hook.setdefault("failurePolicy", "Fail")
    default_matching(hook)
    default_rules(hook.get("rules"))
    if hook.get("timeoutSeconds") is None:
        hook["timeoutSeconds"] = 10
    service = (hook.get("clientConfig") or {}).get("service")
    if service is not None and service.get("port") is None:
        service["port"] = 443


def rule(errors: Errors, found: dict, path: str) -> None:
    """Operations, groups, versions, resources and scope of one rule. Source: validateRuleWithOperations."""
    operations = found.get("operations") or []
    if not operations:
        errors.append(fields.required(f"{path}.operations"))
    if len(operations) > 1 and "*" in operations:
        errors.append(fields.invalid(f"{path}.operations", operations, "if '*' is present, must not specify other operations"))
    errors += [fields.not_supported(f"{path}.operations[{index}]", operation, OPERATIONS)
               for index, operation in enumerate(operations) if operation not in OPERATIONS]
    for name, words in (("apiGroups", "API groups"), ("apiVersions", "API versions")):
        given = found.get(name) or []
        if not given:
            errors.append(fields.required(f"{path}.{name}"))
        if len(given) > 1 and "*" in given:
            errors.append(fields.invalid(f"{path}.{name}", given, f"if '*' is present, must not specify other {words}"))
    errors += [fields.required(f"{path}.apiVersions[{index}]") for index, version in enumerate(found.get("apiVersions") or ()) if not version]
    _resources(errors, found.get("resources") or [], f"{path}.resources")
    if found.get("scope") is not None:
        _rules.one_of(errors, f"{path}.scope", found["scope"], SCOPES)


def _resources(errors: Errors, resources: list[str], path: str) -> None:
    """Source: validateResources."""
    if not resources:
        errors.append(fields.required(path))
    whole: list[str] = []      # x of x/*
    everywhere: list[str] = []  # y of */y
    for index, given in enumerate(resources):
        here = f"{path}[{index}]"
        if not given:
            errors.append(fields.required(here))
        resource, slash, sub = given.partition("/")
        if not slash:
            continue
        if resource in whole:
            errors.append(fields.invalid(here, given, f"if '{resource}/*' is present, must not specify {given}"))
        if sub in everywhere:
            errors.append(fields.invalid(here, given, f"if '*/{sub}' is present, must not specify {given}"))
        whole += [resource] if sub == "*" else []
        everywhere += [sub] if resource == "*" else []
    if len(resources) > 1 and "*/*" in resources:
        errors.append(fields.invalid(path, resources, "if '*/*' is present, must not specify other resources"))
    plain = [given for given in resources if given and "/" not in given]
    if "*" in plain and plain[-1] != "*":
        errors.append(fields.invalid(path, resources, "if '*' is present, must not specify other resources without subresources"))


def conditions(errors: Errors, found: list[dict], path: str) -> None:
    """Match conditions: named, each once, with an expression (which is not compiled here). Source: validateMatchConditions."""
    if len(found) > _MOST_CONDITIONS:
        errors.append(fields.too_many(path, len(found), _MOST_CONDITIONS))
    seen: list[str] = []
    for index, condition in enumerate(found):
        if not (condition.get("expression") or "").strip():
            errors.append(fields.required(f"{path}[{index}].expression"))
        name = condition.get("name") or ""
        if not name:
            errors.append(fields.required(f"{path}[{index}].name"))
            continue
        _rules.qualified(errors, f"{path}[{index}].name", name)
        if name in seen:
            errors.append(fields.duplicate(f"{path}[{index}].name", name))
        seen.append(name)


def hooks(configuration: dict) -> list[FieldError]:
    """Source: ValidateValidatingWebhookConfiguration, ValidateMutatingWebhookConfiguration."""
    errors: Errors = []
    seen: list[str] = []
    for index, hook in enumerate(configuration.get("webhooks") or ()):
        path = f"webhooks[{index}]"
        _hook(errors, hook, path)
        _review_versions(errors, hook.get("admissionReviewVersions") or [], f"{path}.admissionReviewVersions")
        name = hook.get("name") or ""
        if name and name in seen:
            errors.append(fields.duplicate(f"{path}.name", name))
        seen.append(name)
    return errors


def _hook(errors: Errors, hook: dict, path: str) -> None:
    _full_name(errors, hook.get("name") or "", f"{path}.name")
    for index, each in enumerate(hook.get("rules") or ()):
        rule(errors, each, f"{path}.rules[{index}]")
    _rules.one_of(errors, f"{path}.failurePolicy", hook["failurePolicy"], FAILURE_POLICIES)
    _rules.one_of(errors, f"{path}.matchPolicy", hook["matchPolicy"], MATCH_POLICIES)
    if hook.get("sideEffects") is None:
        errors.append(fields.required(f"{path}.sideEffects", f"must specify one of {', '.join(SIDE_EFFECTS)}"))
    else:
        _rules.one_of(errors, f"{path}.sideEffects", hook["sideEffects"], SIDE_EFFECTS)
    if not 1 <= hook["timeoutSeconds"] <= _MOST_TIMEOUT_S:
        errors.append(fields.invalid(f"{path}.timeoutSeconds", hook["timeoutSeconds"], "the timeout value must be between 1 and 30 seconds"))
    for name in ("namespaceSelector", "objectSelector"):
        errors += labels.validate_label_selector(hook[name], f"{path}.{name}")
    if hook.get("reinvocationPolicy") is not None:
        _rules.one_of(errors, f"{path}.reinvocationPolicy", hook["reinvocationPolicy"], REINVOCATIONS)
    _client(errors, hook.get("clientConfig") or {}, f"{path}.clientConfig")
    conditions(errors, hook.get("matchConditions") or [], f"{path}.matchConditions")


def _full_name(errors: Errors, name: str, path: str) -> None:
    """Source: k8s.io/apimachinery pkg/util/validation/validation.go (IsFullyQualifiedName)."""
    if not name:
        errors.append(fields.required(path))
    elif complaints := names.dns1123_subdomain(name):
        errors.append(fields.invalid(path, name, ",".join(complaints)))
    elif name.count(".") < 2:
        errors.append(fields.invalid(path, name, "should be a domain with at least three segments separated by dots"))


def _review_versions(errors: Errors, versions: list[str], path: str) -> None:
    """Source: validateAdmissionReviewVersions."""
    if not versions:
        errors.append(fields.required(path, f"must specify one of {', '.join(VERSIONS)}"))
        return
    for index, version in enumerate(versions):
        here = f"{path}[{index}]"
        if version in versions[:index]:
            errors.append(fields.invalid(here, version, "duplicate version"))
        else:
            _rules.all_of(errors, here, version, names.dns1035_label(version))
    if not any(version in VERSIONS for version in versions):
        errors.append(fields.invalid(path, versions, f"must include at least one of {', '.join(VERSIONS)}"))


def _client(errors: Errors, config: dict, path: str) -> None:
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        errors.append(fields.required(path, "exactly one of url or service is required"))
    elif url is not None:
        webhook_url(errors, url, f"{path}.url")
    else:
        _service(errors, service, f"{path}.service")


def webhook_url(errors: Errors, url: str, path: str) -> None:
    """Source: ValidateWebhookURL."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme != "https":
        errors.append(fields.invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}"))
    if not host:
        errors.append(fields.invalid(path, host, f"host must be specified{_FORM}"))
    if "@" in parts.netloc:
        errors.append(fields.invalid(path, parts.netloc.rpartition("@")[0], "user information is not permitted in the URL"))
    if parts.fragment:
        errors.append(fields.invalid(path, parts.fragment, "fragments are not permitted in the URL"))
    if parts.query:
        errors.append(fields.invalid(path, parts.query, "query parameters are not permitted in the URL"))


def _service(errors: Errors, service: dict, path: str) -> None:
    """Source: ValidateWebhookService; its caller there gives name and namespace in each other's place, so the paths are crossed."""
    for field, value in (("name", service.get("namespace")), ("namespace", service.get("name"))):
        if not value:
            errors.append(fields.required(f"{path}.{field}"))
    wrong = names.port_number(service["port"])
    if wrong:
        errors.append(fields.invalid(f"{path}.port", service["port"], f"port is not valid: {', '.join(wrong)}"))
    _service_path(errors, service.get("path") or "", f"{path}.path")


def _service_path(errors: Errors, given: str, path: str) -> None:
    if given in ("", "/"):
        return
    if given == "//":
        errors.append(fields.invalid(path, given, "segment[0] may not be empty"))
        return
    if not given.startswith("/"):
        errors.append(fields.invalid(path, given, "must start with a '/'"))
    for index, segment in enumerate(given[1:].removesuffix("/").split("/")):
        complaints = [f": {why}" for why in names.dns1123_subdomain(segment)] if segment else [" may not be empty"]
        errors += [fields.invalid(path, given, f"segment[{index}]{why}") for why in complaints]


def matching(errors: Errors, found: dict, path: str) -> None:
    """Which requests a policy is about. Source: validateMatchResources."""
    _rules.one_of(errors, f"{path}.matchPolicy", found["matchPolicy"], MATCH_POLICIES)
    for name in ("namespaceSelector", "objectSelector"):
        errors += labels.validate_label_selector(found[name], f"{path}.{name}")
    for side in ("resourceRules", "excludeResourceRules"):
        for index, each in enumerate(found.get(side) or ()):
            here = f"{path}.{side}[{index}]"
            for place, name in enumerate(each.get("resourceNames") or ()):
                _rules.all_of(errors, f"{here}.resourceNames[{place}]", name, names.path_segment(name))
                if name in each["resourceNames"][:place]:
                    errors.append(fields.duplicate(f"{here}.resourceNames[{place}]", name))
            rule(errors, each, here)
