"""Namespace: a room of its own for names, and the way to delete everything in it at once."""
from __future__ import annotations

from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names
from cluster.meta.objectmeta import STANDARD_FINALIZERS

NAME_LABEL = "kubernetes.io/metadata.name"
FINALIZER = "kubernetes"


def default(draft: dict) -> None:
    """The phase, and the label that repeats the name.

    Source: pkg/apis/core/v1/defaults.go (SetDefaults_Namespace, SetDefaults_NamespaceStatus).
    """
    label_with_name(draft)
    if draft.get("spec") is None:
        draft["spec"] = {}
    status = draft.get("status") or {}
    draft["status"] = status if status.get("phase") else {**status, "phase": "Active"}


def label_with_name(draft: dict) -> None:
    """Set the name label; a name made by the server gets it once it is known."""
    meta = draft["metadata"]
    if meta.get("name"):
        meta["labels"] = {**(meta.get("labels") or {}), NAME_LABEL: meta["name"]}


def prepare_create(draft: dict) -> None:
    """Active, and held by the finalizer that lets the namespace controller empty it first."""
    draft["status"] = {"phase": "Active"}
    finalizers = draft["spec"].get("finalizers") or []
    draft["spec"]["finalizers"] = finalizers if FINALIZER in finalizers else [*finalizers, FINALIZER]
    label_with_name(draft)


def prepare_update(draft: dict, old: dict) -> None:
    """Finalizers change by /finalize alone, the status by /status."""
    finalizers = (old.get("spec") or {}).get("finalizers")
    draft["spec"].pop("finalizers", None)
    if finalizers:
        draft["spec"]["finalizers"] = finalizers
    draft["status"] = old.get("status", {})
    label_with_name(draft)


def prepare_status(draft: dict, old: dict) -> None:
    """Only the status changes, beside labels and annotations."""
    draft["spec"] = old.get("spec", {})


def prepare_finalize(draft: dict, old: dict) -> None:
    """/finalize changes the finalizers and leaves the status."""
    draft["status"] = old.get("status", {})


def validate(namespace: dict) -> list[FieldError]:
    """Source: pkg/apis/core/validation/validation.go (ValidateNamespace)."""
    errors: list[FieldError] = []
    for name in (namespace.get("spec") or {}).get("finalizers") or ():
        errors += _finalizer(name, "spec.finalizers")
    return errors


def validate_finalize(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateNamespaceFinalizeUpdate."""
    finalizers = (new.get("spec") or {}).get("finalizers") or ()
    return [error for index, name in enumerate(finalizers) for error in _finalizer(name, f"spec.finalizers[{index}]")]


def _finalizer(name: str, path: str) -> list[FieldError]:
    errors = [fields.invalid(path, name, why) for why in names.qualified_name(name)]
    if "/" not in name and name not in STANDARD_FINALIZERS:
        errors.append(fields.invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified"))
    return errors


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """The phase follows the deletion.

    Source: ValidateNamespaceStatusUpdate.
    """
    deleted = bool(new["metadata"].get("deletionTimestamp"))
    phase, wanted = (new.get("status") or {}).get("phase", ""), "Terminating" if deleted else "Active"
    if phase == wanted:
        return []
    word = "is not empty" if deleted else "is empty"
    return [fields.invalid("status.Phase", phase, f"may only be '{wanted}' if `deletionTimestamp` {word}")]


def is_terminating(namespace: dict) -> bool:
    """It is being deleted; nothing new may come into it."""
    return (namespace.get("status") or {}).get("phase") == "Terminating"


def cells(namespace: dict, now_unix_ms: int) -> list:
    """Name, phase, age."""
    return [namespace["metadata"]["name"], _phase(namespace), age(namespace, now_unix_ms)]


def _phase(namespace: dict) -> str:
    return (namespace.get("status") or {}).get("phase", "")


KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="Namespace", plural="namespaces", singular="namespace", namespaced=False, short_names=("ns",),
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"), subresources=("finalize", "status"),
    storage_version_hash="Q3oi5N2YM8M=",
    columns=(NAME, column("Status", "The status of the namespace"), AGE), cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=lambda new, old: validate(new), validate_status=validate_status,
    prepare_for={"finalize": prepare_finalize}, validate_for={"finalize": validate_finalize},
    name_check=names.is_label_name, selectable={"status.phase": _phase},
    reset_fields={"": ("status",), "status": ("spec",), "finalize": ("status",)}, icon="folder",
    title={"en": "A room for names: objects in it are listed, limited and deleted together.",
           "zh": "名称的房间：其中的对象一起列出、一起限额、一起删除。"},
)
