"""What a write of the status leaves alone, beside the spec.

Source: k8s.io/apimachinery pkg/apis/meta/v1/helpers.go (ResetObjectMetaForStatus).
"""
from __future__ import annotations

KEPT_META = ("deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generation", "labels", "annotations", "ownerReferences", "selfLink")


def keep_meta(draft: dict, old: dict, names: tuple[str, ...] = KEPT_META) -> None:
    """Put the parts of the metadata that such a write may not touch back, in place."""
    meta, before = draft["metadata"], old["metadata"]
    for field in names:
        meta.pop(field, None)
        if field in before:
            meta[field] = before[field]


def keep_spec_and_meta(draft: dict, old: dict) -> None:
    """The same with the spec."""
    draft["spec"] = old["spec"]
    keep_meta(draft, old)


def all_but_managed_fields(draft: dict, old: dict) -> None:
    """All metadata is put back, and the spec: only who owns what may be new. Source: pkg/registry/flowcontrol/flowschema/strategy.go."""
    managed = draft["metadata"].get("managedFields")
    draft["spec"], draft["metadata"] = old["spec"], dict(old["metadata"])
    draft["metadata"].pop("managedFields", None)
    if managed:
        draft["metadata"]["managedFields"] = managed
