"""What a CustomResourceDefinition must be.

Upstream looks at its internal version, in which what all versions have in common is said once, at the top; messages name the
fields there.
Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go, pkg/apis/apiextensions/v1/conversion.go.
"""
from __future__ import annotations

from cluster.kinds import _admission_rules, _crd_go, _crd_names, _crd_schema
from cluster.meta import fields, names
from cluster.meta.fields import FieldError
from cluster.meta.gotext import quote

COMMUNITY = ("k8s.io", "kubernetes.io")
APPROVAL = "api-approved.kubernetes.io"
COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
MOVED = (("schema", "validation"), ("subresources", "subresources"), ("additionalPrinterColumns", "additionalPrinterColumns"),
         ("selectableFields", "selectableFields"))
MOST_SELECTABLE = 8
SELECTABLE = ("string", "boolean", "integer")
SELECTABLE_WORDS = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
NOT_STORED = ("missing from spec.versions; {0} was previously a storage version, and must remain in spec.versions until a storage "
              "migration ensures no data remains persisted in {0} and removes {0} from status.storedVersions")


def validate(crd: dict) -> list[FieldError]:
    """The complaints about a new definition."""
    meta, spec = crd["metadata"], crd["spec"]
    wanted = f"{spec['names'].get('plural', '')}.{spec.get('group', '')}"
    errors = [fields.invalid(f"metadata.{field}", meta[field], 'must be spec.names.plural+"."+spec.group') for field in ("generateName", "name")
              if meta.get(field) and meta[field] != wanted]
    return errors + _common(crd) + _approval(crd)


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The complaints about a changed definition."""
    errors = _spec(new["spec"])
    pairs = [("group", new["spec"].get("group"), old["spec"].get("group")),
             ("names.plural", new["spec"]["names"].get("plural"), old["spec"]["names"].get("plural"))]
    if _crd_names.is_true(old, "Established"):
        pairs = [("scope", new["spec"].get("scope"), old["spec"].get("scope")),
                 ("names.kind", new["spec"]["names"].get("kind"), old["spec"]["names"].get("kind")), *pairs]
    errors += [fields.invalid(f"spec.{path}", after, "field is immutable") for path, after, before in pairs if after != before]
    return errors + _status(new) + ([] if _annotation(new) == _annotation(old) else _approval(new))


def _common(crd: dict) -> list[FieldError]:
    return _spec(crd["spec"]) + _status(crd)


def _annotation(crd: dict) -> str | None:
    return (crd["metadata"].get("annotations") or {}).get(APPROVAL)


def _approval(crd: dict) -> list[FieldError]:
    """Groups of the community need its approval. Source: pkg/apihelpers/helpers.go."""
    group, found = crd["spec"].get("group", ""), _annotation(crd)
    if not any(group == one or group.endswith(f".{one}") for one in COMMUNITY):
        return []
    path = f"metadata.annotations[{APPROVAL}]"
    if not found:
        return [fields.required(path, f"protected groups must have approval annotation {quote(APPROVAL)}, "
                                      "see https://github.com/kubernetes/enhancements/pull/1111")]
    if found.startswith("unapproved") or found.startswith("https://"):
        return []
    return [fields.invalid(path, found, f"protected groups must have approval annotation {quote(APPROVAL)} with either a URL or a reason "
                                        "starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111")]


# -- status -------------------------------------------------------------------------------------------------------------


def _status(crd: dict) -> list[FieldError]:
    status = crd["status"]
    errors = _crd_names.errors(status.get("acceptedNames") or {}, "status.acceptedNames")
    stored, path = status.get("storedVersions") or [], "status.storedVersions"
    if not stored:
        return [*errors, fields.invalid(path, None, "must have at least one stored version")]
    versions = crd["spec"].get("versions") or []
    for version in versions:
        if version.get("storage") and version["name"] not in stored:
            errors.append(fields.invalid(path, stored, f"must have the storage version {version['name']}"))
    known = [version["name"] for version in versions]
    return errors + [fields.invalid(f"{path}[{index}]", name, NOT_STORED.format(name)) for index, name in enumerate(stored) if name not in known]


# -- spec ---------------------------------------------------------------------------------------------------------------


def _spec(spec: dict) -> list[FieldError]:
    errors = _group(spec) + _enum("spec.scope", spec.get("scope"), ("Cluster", "Namespaced"))
    top, versions = internal(spec)
    if not (top.get("validation") or {}).get("openAPIV3Schema"):
        errors += [fields.required(f"spec.versions[{index}].schema.openAPIV3Schema") for index, version in enumerate(versions)
                   if not (version.get("schema") or {}).get("openAPIV3Schema")]
    errors += _versions(spec, top, versions)
    for key in ("plural", "singular", "kind", "listKind"):
        if not spec["names"].get(key):
            errors.append(fields.required(f"spec.names.{key}"))
    errors += _crd_names.errors(spec["names"], "spec.names")
    has_status = any("status" in (one.get("subresources") or {}) for one in (top, *versions))
    errors += _crd_schema.errors(top.get("validation"), "spec.validation", has_status=has_status)
    errors += _subresources(top.get("subresources"), "spec.subresources")
    errors += _columns(top.get("additionalPrinterColumns"), "spec.additionalPrinterColumns")
    errors += _selectable(top.get("selectableFields"), top.get("validation"), "spec.selectableFields")
    if spec.get("preserveUnknownFields"):
        errors.append(fields.invalid("spec.preserveUnknownFields", True, "cannot set to true, set x-kubernetes-preserve-unknown-fields "
                                     "to true in spec.versions[*].schema instead"))
    return errors + _conversion(spec.get("conversion"))


def _group(spec: dict) -> list[FieldError]:
    group, path = spec.get("group") or "", "spec.group"
    if not group:
        return [fields.required(path)]
    complaints = names.dns1123_subdomain(group)
    if complaints:
        return [fields.invalid(path, group, ",".join(complaints))]
    return [] if "." in group else [fields.invalid(path, group, "should be a domain with at least one dot")]


def _enum(path: str, value: str | None, accepted: tuple[str, ...]) -> list[FieldError]:
    if not value:
        return [fields.required(path)]
    return [] if value in accepted else [fields.not_supported(path, value, accepted)]


def internal(spec: dict) -> tuple[dict, list[dict]]:
    """(what is said at the top, versions without it): what all versions say alike is moved up."""
    versions = [dict(version) for version in spec.get("versions") or ()]
    top: dict = {}
    for key, above in MOVED if versions else ():
        first = versions[0].get(key)
        if all((version.get(key) or None) == (first or None) for version in versions):
            if first is not None:
                top[above] = first
            for version in versions:
                version.pop(key, None)
    return top, versions


def _versions(spec: dict, top: dict, versions: list[dict]) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, version in enumerate(versions):
        path, name = f"spec.versions[{index}]", version.get("name") or ""
        complaints = names.dns1035_label(name)
        if complaints:
            errors.append(fields.invalid(f"{path}.name", name, ",".join(complaints)))
        errors += _version(version, top, path)
    known = [version.get("name") for version in versions]
    shown = None if spec.get("versions") is None else _crd_go.versions(versions)
    if len(dict.fromkeys(known)) != len(known):
        errors.append(fields.invalid("spec.versions", shown, "must contain unique version names"))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        errors.append(fields.invalid("spec.versions", shown, "must have exactly one version marked as storage version"))
    return errors


def _version(version: dict, top: dict, path: str) -> list[FieldError]:
    errors = []
    warning = version.get("deprecationWarning")
    if warning is not None and not version.get("deprecated"):
        errors.append(fields.invalid(f"{path}.deprecationWarning", warning, "can only be set for deprecated versions"))
    elif warning is not None and len(warning.encode()) > 256:
        errors.append(fields.invalid(f"{path}.deprecationWarning", warning, "must be <= 256 characters long"))
    elif warning == "":
        errors.append(fields.invalid(f"{path}.deprecationWarning", warning, "must not be an empty string"))
    elif warning is not None and not warning.isprintable():
        index = next(index for index, char in enumerate(warning) if not char.isprintable())
        errors.append(fields.invalid(f"{path}.deprecationWarning", warning, "must only contain printable UTF-8 characters; non-printable character "
                                                                            f"found at index {len(warning[:index].encode())}"))
    subresources = version.get("subresources") if version.get("subresources") is not None else top.get("subresources")
    errors += _crd_schema.errors(version.get("schema"), f"{path}.schema", has_status="status" in (subresources or {}))
    errors += _subresources(version.get("subresources"), f"{path}.subresources")
    errors += _columns(version.get("additionalPrinterColumns"), f"{path}.additionalPrinterColumns")
    return errors + _selectable(version.get("selectableFields"), version.get("schema") or top.get("validation"), f"{path}.selectableFields")


def _columns(columns: list[dict] | None, path: str) -> list[FieldError]:
    errors = []
    for index, column in enumerate(columns or ()):
        here, types = f"{path}[{index}]", ",".join(COLUMN_TYPES)
        if not column.get("name"):
            errors.append(fields.required(f"{here}.name"))
        if not column.get("type"):
            errors.append(fields.required(f"{here}.type", f"must be one of {types}"))
        elif column["type"] not in COLUMN_TYPES:
            errors.append(fields.invalid(f"{here}.type", column["type"], f"must be one of {types}"))
        if column.get("format") and column["format"] not in COLUMN_FORMATS:
            errors.append(fields.invalid(f"{here}.format", column["format"], f"must be one of {','.join(COLUMN_FORMATS)}"))
        errors += _path(column.get("jsonPath"), f"{here}.JSONPath")
    return errors


def _path(value: str | None, path: str) -> list[FieldError]:
    if not value:
        return [fields.required(path)]
    return [] if value.startswith(".") else [fields.invalid(path, value, "must be a simple json path starting with .")]


def _subresources(found: dict | None, path: str) -> list[FieldError]:
    scale = (found or {}).get("scale")
    if scale is None:
        return []
    errors: list[FieldError] = []
    for key, root in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        here, value = f"{path}.scale.{key}", scale.get(key)
        complaints = _path(value, here)
        if not complaints and not value.startswith(root):
            complaints = [fields.invalid(here, value, f"should be a json path under {root[:-1]}")]
        errors += complaints
    selector = scale.get("labelSelectorPath")
    if selector:
        here = f"{path}.scale.labelSelectorPath"
        complaints = _path(selector, here)
        if not complaints and not selector.startswith((".spec.", ".status.")):
            complaints = [fields.invalid(here, selector, "should be a json path under either .spec or .status")]
        errors += complaints
    return errors


def _selectable(found: list[dict] | None, schema: dict | None, path: str) -> list[FieldError]:
    errors, seen = [], []
    if found and not (schema or {}).get("openAPIV3Schema"):
        return [fields.invalid(path, "", "may only be set when validations.schema is included")]
    for index, field in enumerate(found or ()):
        here, value = f"{path}[{index}].jsonPath", field.get("jsonPath") or ""
        if not value:
            errors.append(fields.required(here))
            continue
        why = _unselectable((schema or {}).get("openAPIV3Schema") or {}, value)
        if why:
            errors.append(fields.invalid(here, value, why))
        if value in seen:
            errors.append(fields.duplicate(here, value))
        seen.append(value)
    if len(dict.fromkeys(seen)) > MOST_SELECTABLE:
        errors.append(fields.too_many(path, len(dict.fromkeys(seen)), MOST_SELECTABLE))
    return errors


def _unselectable(schema: dict, path: str) -> str:
    """Why a path is none that objects can be selected by, "" if it is one. Source: pkg/apis/apiextensions/validation (ValidateSelectableFields)."""
    if not path.startswith((".", "[")):
        return f"is an invalid path: expected [ or . but got: {path}"
    if "[" in path:
        return "is an invalid path: array notation is not allowed"
    found = _crd_schema.at(schema, path)
    if found is None:
        return "is an invalid path: does not refer to a valid field"
    if path.startswith(".metadata"):
        return "must not point to fields in metadata"
    return "" if found.get("type") in SELECTABLE else SELECTABLE_WORDS


def _conversion(conversion: dict | None) -> list[FieldError]:
    if conversion is None:
        return []
    path = "spec.conversion"
    errors = _enum(f"{path}.strategy", conversion.get("strategy"), ("None", "Webhook"))
    webhook = conversion.get("webhook") or {}
    if conversion.get("strategy") != "Webhook":
        if webhook.get("clientConfig") is not None:
            errors.append(fields.forbidden(f"{path}.webhookClientConfig", "should not be set when strategy is not set to Webhook"))
        if webhook.get("conversionReviewVersions"):
            errors.append(fields.forbidden(f"{path}.conversionReviewVersions", "should not be set when strategy is not set to Webhook"))
        return errors
    config = webhook.get("clientConfig")
    if config is None:
        errors.append(fields.required(f"{path}.webhookClientConfig", "required when strategy is set to Webhook"))
    elif (config.get("url") is None) == (config.get("service") is None):
        errors.append(fields.required(f"{path}.webhookClientConfig", "exactly one of url or service is required"))
    elif config.get("url") is not None:
        _admission_rules.webhook_url(errors, config["url"], f"{path}.webhookClientConfig.url")
    if not webhook.get("conversionReviewVersions"):
        errors.append(fields.required(f"{path}.conversionReviewVersions"))
    elif not any(one in ("v1", "v1beta1") for one in webhook["conversionReviewVersions"]):
        errors.append(fields.invalid(f"{path}.conversionReviewVersions", webhook["conversionReviewVersions"],
                                     "must include at least one of v1, v1beta1"))
    return errors
