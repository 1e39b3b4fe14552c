"""CustomResourceDefinition: a kind that a cluster's users add to its API.

Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go, pkg/registry/customresourcedefinition/strategy.go.
"""
from __future__ import annotations

from cluster.kinds import _crd_names, _crd_schema, _crd_validation
from cluster.kinds._columns import NAME, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import names

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


def default(draft: dict) -> None:
    """Names follow from the kind; the version that is stored is the first that ever was."""
    spec, status = draft.setdefault("spec", {}), draft.setdefault("status", {})
    wanted = spec.setdefault("names", {})
    if not wanted.get("singular"):
        wanted["singular"] = wanted.get("kind", "").lower()
    if not wanted.get("listKind") and wanted.get("kind"):
        wanted["listKind"] = wanted["kind"] + "List"
    if spec.get("conversion") is None:
        spec["conversion"] = {"strategy": "None"}
    for key in ("singular", "listKind"):
        if not wanted.get(key):
            wanted.pop(key, None)
    status.setdefault("conditions", None)
    status.setdefault("acceptedNames", {"plural": "", "kind": ""})
    if not status.get("storedVersions"):
        status["storedVersions"] = _stored_version(spec) or None


def _stored_version(spec: dict) -> list[str]:
    return next(([one["name"]] for one in spec.get("versions") or () if one.get("storage")), [])


def prepare_create(draft: dict) -> None:
    """A new definition's status says only which version is stored; its finalizer comes when it is deleted."""
    draft["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""},
                       "storedVersions": _stored_version(draft["spec"]) or None}


def prepare_update(draft: dict, old: dict) -> None:
    """The status stays, but for a version that is stored from now on."""
    draft["status"] = old["status"]
    if draft["spec"] != old["spec"]:
        draft["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    stored = _stored_version(draft["spec"])
    kept = old["status"].get("storedVersions") or []
    if stored and stored[0] not in kept:
        draft["status"] = {**old["status"], "storedVersions": [*kept, *stored]}


def prepare_status(draft: dict, old: dict) -> None:
    """Through /status the definition stays as it is; its metadata may change."""
    draft["spec"] = old["spec"]


def validate(crd: dict) -> list[FieldError]:
    return _crd_validation.validate(crd)


def validate_update(new: dict, old: dict) -> list[FieldError]:
    return _crd_validation.validate_update(new, old)


def validate_status(new: dict, old: dict) -> list[FieldError]:
    return _crd_names.errors(new["status"].get("acceptedNames") or {}, "status.acceptedNames")


def warn(new: dict, old: dict | None) -> list[str]:
    """Formats that nothing checks; said of those that are new."""
    before = _crd_schema.unknown_formats(old["spec"]) if old else []
    return [f'unrecognized format "{one}"' for one in _crd_schema.unknown_formats(new["spec"]) if one not in before]


def cells(crd: dict, now_unix_ms: int) -> list:
    """Name, and when it was made, as a timestamp: kubectl prints the table of a definition's definition so."""
    return [crd["metadata"]["name"], crd["metadata"].get("creationTimestamp")]


KIND = Kind(
    metadata_on_update=("update",), plain_metadata=True,
    kind="CustomResourceDefinition", plural="customresourcedefinitions", singular="customresourcedefinition", group="apiextensions.k8s.io",
    namespaced=False, short_names=("crd", "crds"), categories=("api-extensions",), subresources=("status",),
    storage_version_hash="jfWCUB31mvA=", prefix="/registry/apiextensions.k8s.io/customresourcedefinitions",
    columns=(NAME, column("Created At", "meta.v1.ObjectMeta#creationTimestamp", type="date")), cells=cells, default=default,
    prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status, validate=validate,
    validate_update=validate_update, validate_status=validate_status, warn=warn, name_check=names.is_subdomain_name,
    has_generation=True, unconditional_update=False, reset_fields={"": ("status",), "status": ("spec",)}, icon="puzzle",
    title={"en": "A new kind for this cluster: its names, its versions and the schema of its objects.",
           "zh": "为本集群添加一种新的 kind：它的名称、版本以及对象的 schema。"},
)
