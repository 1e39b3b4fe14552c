"""PodTemplate: a Pod's description on its own, for others to copy."""
from __future__ import annotations

from cluster.kinds import _pod_defaults, _pod_gates, _pod_validation, _pod_warnings
from cluster.kinds._columns import NAME, column, container_cells
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import labels


def default(draft: dict) -> None:
    """What every Pod template gets."""
    template = draft["template"] = draft.get("template") or {}
    _pod_defaults.template(template)


def prepare_create(draft: dict) -> None:
    """Fields of features that are off go."""
    draft["metadata"]["generation"] = 1
    _pod_gates.drop_disabled(draft["template"]["spec"])


def prepare_update(draft: dict, old: dict) -> None:
    """A changed template raises the generation. Source: pkg/registry/core/podtemplate/strategy.go."""
    _pod_gates.drop_disabled(draft["template"]["spec"])
    generation = old["metadata"].get("generation", 0)
    draft["metadata"]["generation"] = generation + (draft["template"] != old["template"])


def validate(pod_template: dict) -> list[FieldError]:
    """Source: pkg/apis/core/validation/validation.go (ValidatePodTemplate)."""
    errors: list[FieldError] = []
    _pod_validation.template(errors, pod_template["template"], "template")
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """As for a create."""
    return validate(new)


def warn(new: dict, old: dict | None) -> list[str]:
    """Warnings about the template, if it is new or changed."""
    if old is not None and new["metadata"].get("generation") == old["metadata"].get("generation"):
        return []
    return _pod_warnings.template(new["template"], old and old["template"], "template")


def cells(pod_template: dict, now_unix_ms: int) -> list:
    """Name, containers, images, labels. Source: pkg/printers/internalversion/printers.go (printPodTemplate)."""
    template = pod_template["template"]
    return [pod_template["metadata"]["name"], *container_cells(template["spec"].get("containers")),
            str(labels.from_labels((template.get("metadata") or {}).get("labels"))) or "<none>"]


KIND = Kind(
    metadata_on_update=("update",),
    kind="PodTemplate", plural="podtemplates", singular="podtemplate", storage_version_hash="LIXB2x4IFpk=", has_generation=True,
    columns=(NAME, column("Containers", "Names of each container in the template."),
             column("Images", "Images referenced by each container in the template."), column("Pod Labels", "The labels for the pod template.")),
    cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update, validate=validate,
    validate_update=validate_update, warn=warn, icon="file-text",
    title=stored_only({"en": "A Pod's description on its own, for others to copy.", "zh": "独立存放的 Pod 描述，供其他对象复制。"}),
)
