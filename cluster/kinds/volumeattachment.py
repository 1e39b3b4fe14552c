"""VolumeAttachment: the wish that a volume be attached to a node, and what became of it."""
from __future__ import annotations

from cluster.kinds import _kept, _pod_volume_sources, _rules, _volume_sources
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

_MAX_BYTES, _MAX_MESSAGE = 256 * 1024, 1024


def default(draft: dict) -> None:
    """What is always written."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec["source"] = spec.get("source") or {}
    if spec["source"].get("inlineVolumeSpec") is not None:
        _volume_sources.default(spec["source"]["inlineVolumeSpec"])
    spec.setdefault("attacher", "")
    spec.setdefault("nodeName", "")
    status = draft["status"] = draft.get("status") or {}
    status["attached"] = bool(status.get("attached"))


def prepare_create(draft: dict) -> None:
    """Nothing is attached yet."""
    draft["status"] = {"attached": False}


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status", {"attached": False})


def validate(attachment: dict) -> list[FieldError]:
    """Source: pkg/apis/storage/validation/validation.go (ValidateVolumeAttachment)."""
    errors: list[FieldError] = []
    spec, status = attachment["spec"], attachment.get("status") or {}
    _pod_volume_sources.csi_driver(errors, "spec.attacher", spec.get("attacher") or "")
    _source(errors, spec["source"], "spec.source")
    _rules.subdomain(errors, "spec.nodeName", spec.get("nodeName") or "")
    _status(errors, status)
    name = spec["source"].get("persistentVolumeName")
    if name is not None:
        _rules.all_of(errors, "spec.source.persistentVolumeName", name, names.is_subdomain_name(name))
    return errors


def _source(errors: list[FieldError], source: dict, path: str) -> None:
    name, inline = source.get("persistentVolumeName"), source.get("inlineVolumeSpec")
    one = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    if name is None and inline is None:
        errors.append(fields.required(path, one))
    elif name is not None and inline is not None:
        errors.append(fields.forbidden(path, one))
    elif name == "":
        errors.append(fields.required(f"{path}.persistentVolumeName", "must specify non empty persistentVolumeName"))
    elif inline is not None:
        _volume_sources.spec(errors, inline, "", f"{path}.inlineVolumeSpec", inline=True)


def _status(errors: list[FieldError], status: dict) -> None:
    found = status.get("attachmentMetadata") or {}
    if sum(len(key.encode()) + len((value or "").encode()) for key, value in found.items()) > _MAX_BYTES:
        errors.append(fields.too_long("status.attachmentMetadata", _MAX_BYTES))
    for field in ("attachError", "detachError"):
        error = status.get(field) or {}
        if len((error.get("message") or "").encode()) > _MAX_MESSAGE:
            errors.append(fields.too_long(f"status.{field}.message", _MAX_BYTES))
        if (error.get("errorCode") or 0) < 0:
            errors.append(fields.invalid(f"status.{field}.errorCode", error["errorCode"], names.in_range(0, 2**31 - 1)))


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The spec stays."""
    errors = validate(new)
    if not _volume_sources.alike(new["spec"], old["spec"]):
        spec = new["spec"]
        shown = {"Attacher": spec.get("attacher", ""), "Source": {"PersistentVolumeName": spec["source"].get("persistentVolumeName"),
                 "InlineVolumeSpec": spec["source"].get("inlineVolumeSpec")}, "NodeName": spec.get("nodeName", "")}
        errors.append(fields.invalid("spec", shown, _rules.IMMUTABLE))
    return errors


def cells(attachment: dict, now_unix_ms: int) -> list:
    """As kubectl get volumeattachments shows it."""
    spec = attachment["spec"]
    return [attachment["metadata"]["name"], spec.get("attacher", ""), spec["source"].get("persistentVolumeName") or "",
            spec.get("nodeName", ""), bool((attachment.get("status") or {}).get("attached")), age(attachment, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("whole",),
    kind="VolumeAttachment", plural="volumeattachments", singular="volumeattachment", group="storage.k8s.io", namespaced=False,
    subresources=("status",), storage_version_hash="tJx/ezt6UDU=", unconditional_update=False,
    columns=(NAME, column("Attacher", "storage.v1.VolumeAttachmentSpec#attacher", format="name"),
             column("PV", "storage.v1.VolumeAttachmentSource#persistentVolumeName"),
             column("Node", "storage.v1.VolumeAttachmentSpec#nodeName"),
             column("Attached", "storage.v1.VolumeAttachmentStatus#attached", type="boolean"), AGE),
    cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=_kept.keep_spec_and_meta,
    validate=validate, validate_update=validate_update, validate_status=validate_update,
    reset_fields={"": ("status",), "status": ("metadata", "spec")}, icon="plug",
    title={"en": "The wish that a volume be attached to a node, and what became of it.", "zh": "将卷挂接到节点的意图及其结果。"},
)
