"""ControllerRevision: an earlier state of a StatefulSet or DaemonSet, kept for going back to it."""
from __future__ import annotations

from cluster.kinds import _portions, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields


def default(draft: dict) -> None:
    """The revision is always written."""
    if draft.get("revision") is None:
        draft["revision"] = 0


def validate(revision: dict) -> list[FieldError]:
    """Source: pkg/apis/apps/validation/validation.go (ValidateControllerRevisionCreate)."""
    errors = _common(revision)
    data = revision.get("data")
    if data is None:
        errors.append(fields.required("data", "data is mandatory"))
    elif not isinstance(data, dict):
        errors.append(fields.required("data", "data must be a valid JSON object"))
    return errors


def _common(revision: dict) -> list[FieldError]:
    errors: list[FieldError] = []
    _rules.not_negative(errors, "revision", revision.get("revision"))
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The data stays."""
    errors = _common(new)
    _portions.immutable(errors, "data", new.get("data"), old.get("data"))
    return errors


def cells(revision: dict, now_unix_ms: int) -> list:
    """Name, controller, revision, age.

    Source: pkg/printers/internalversion/printers.go (printControllerRevision).
    """
    owners = [owner for owner in revision["metadata"].get("ownerReferences") or () if owner.get("controller")]
    return [revision["metadata"]["name"], _owner(owners[0]) if owners else "<none>", revision.get("revision") or 0,
            age(revision, now_unix_ms)]


def _owner(owner: dict) -> str:
    group = owner.get("apiVersion", "").rpartition("/")[0]
    kind = f"{owner.get('kind', '')}.{group}" if group else owner.get("kind", "")
    return f"{kind.lower()}/{owner.get('name', '')}"


KIND = Kind(
    kind="ControllerRevision", plural="controllerrevisions", singular="controllerrevision", group="apps",
    storage_version_hash="85nkx63pcBU=", cells=cells,
    columns=(NAME, column("Controller", "Controller of the object"),
             column("Revision", "apps.v1.ControllerRevision#revision"), AGE),
    default=default, validate=validate, validate_update=validate_update, icon="history",
    title={"en": "An earlier state of a StatefulSet or DaemonSet, kept so that one can go back to it.",
           "zh": "StatefulSet 或 DaemonSet 的早前状态，供回滚之用。"},
)
