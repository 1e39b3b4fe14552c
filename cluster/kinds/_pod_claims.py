"""What a claim for storage says: a PersistentVolumeClaim's spec, and the template inside a generic ephemeral volume.

Source: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimTemplate, ValidatePersistentVolumeClaimSpec).
"""
from __future__ import annotations

from cluster.kinds import _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields, labels, names, objectmeta

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
_META_FIELDS = ("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
                "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers", "managedFields")
_SHOWN = {"uid": "uID"}  # upstream lowers the first letter of the Go field's name


def template(errors: Errors, claim: dict, path: str) -> None:
    """Metadata, then the claim's spec."""
    errors += template_metadata(claim.get("metadata") or {}, path)
    spec(errors, claim.get("spec") or {}, f"{path}.spec")


def template_metadata(meta: dict, path: str) -> Errors:
    """It may hold labels and annotations alone. Source: pkg/apis/core/validation/validation.go (ValidateTemplateObjectMeta)."""
    errors = [*objectmeta.validate_annotations(meta.get("annotations"), f"{path}.metadata.annotations"),
              *objectmeta.validate_labels(meta.get("labels"), f"{path}.metadata.labels")]
    return errors + [fields.forbidden(f"{path}.metadata.{_SHOWN.get(field, field)}", "cannot be set") for field in _META_FIELDS
                     if meta.get(field) is not None and (meta[field] not in ("", 0) or field == "deletionGracePeriodSeconds")]


def spec(errors: Errors, claim: dict, path: str, *, any_group: bool = False, loose_selector: bool = False) -> None:
    """A PersistentVolumeClaim's spec.

    any_group, loose_selector: the stored claim names a data source's group, or selects by values that are no labels', and so may this.
    """
    modes = claim.get("accessModes") or ()
    if not modes:
        errors.append(fields.required(f"{path}.accessModes", "at least 1 access mode is required"))
    if claim.get("selector") is not None:
        errors += labels.validate_label_selector(claim["selector"], f"{path}.selector", allow_invalid_values=loose_selector)
    access_modes(errors, modes, f"{path}.accessModes")
    _storage(errors, ((claim.get("resources") or {}).get("requests") or {}), f"{path}.resources[storage]")
    if claim.get("storageClassName"):
        name = claim["storageClassName"]
        _rules.all_of(errors, f"{path}.storageClassName", name, names.is_subdomain_name(name))
    if claim.get("volumeMode") is not None:
        _rules.one_of(errors, f"{path}.volumeMode", claim["volumeMode"], VOLUME_MODES)
    _data_source(errors, claim, path, any_group)
    if claim.get("volumeAttributesClassName"):
        name = claim["volumeAttributesClassName"]
        _rules.all_of(errors, f"{path}.volumeAttributesClassName", name, names.is_subdomain_name(name))


def access_modes(errors: Errors, modes: list[str] | tuple, path: str) -> None:
    """Known modes; ReadWriteOncePod stands alone."""
    for mode in modes:
        _rules.one_of(errors, path, mode, ACCESS_MODES)
    others = [mode for mode in modes if mode in ACCESS_MODES and mode != "ReadWriteOncePod"]
    if "ReadWriteOncePod" in modes and others:
        errors.append(fields.forbidden(path, "may not use ReadWriteOncePod with other access modes"))


def _storage(errors: Errors, requests: dict, path: str) -> None:
    if "storage" not in requests:
        errors.append(fields.required(path))
        return
    amount = _rules.amount(requests["storage"])
    if amount.nano <= 0:
        errors.append(fields.invalid(path, amount.text, _rules.POSITIVE))


def _data_source(errors: Errors, claim: dict, path: str, any_group: bool) -> None:
    for field in ("dataSource", "dataSourceRef"):
        source = claim.get(field)
        if source is None:
            continue
        for name in ("name", "kind"):
            if not source.get(name):
                errors.append(fields.required(f"{path}.{field}.{name}"))
        group = source.get("apiGroup") or ""
        if not group and source.get("kind") != "PersistentVolumeClaim":
            errors.append(fields.invalid(f"{path}.{field}", source.get("kind", ""),
                                         "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
        if group and not any_group:
            _rules.all_of(errors, f"{path}.{field}.apiGroup", group, names.dns1123_subdomain(group))
        if field == "dataSourceRef" and source.get("namespace"):
            _rules.label(errors, f"{path}.dataSourceRef.namespace", source["namespace"])
    _both_sources(errors, claim.get("dataSource"), claim.get("dataSourceRef"), path)


def _both_sources(errors: Errors, source: dict | None, reference: dict | None, path: str) -> None:
    """The two say the same. What upstream shows as the value prints as an empty object."""
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        errors.append(fields.invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified"))
    elif any(source.get(field) != reference.get(field) for field in ("apiGroup", "kind", "name")):
        errors.append(fields.invalid(path, {}, "must match dataSourceRef"))
