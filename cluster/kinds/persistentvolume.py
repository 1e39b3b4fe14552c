"""PersistentVolume: storage that outlives Pods."""
from __future__ import annotations

from cluster.kinds import _pod_warnings, _rules, _volume_sources
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._pod_update import shown_term, spec_diff
from cluster.kinds._rules import amount
from cluster.kinds._volume_sources import SOURCES, alike, class_of, modes_text
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields

PENDING = "Pending"
_MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options"
_MOUNTABLE = ("gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "quobyte", "iscsi", "cinder", "cephfs", "azureFile",
              "vsphereVolume", "azureDisk", "photonPersistentDisk")
_OLD_ANNOTATIONS = {"volume.beta.kubernetes.io/storage-class": 'deprecated since v1.8; use "storageClassName" attribute instead',
                    _MOUNT_OPTIONS: 'deprecated since v1.31; use "mountOptions" attribute instead'}
_OLD_SOURCES = (("cephfs", "cephfs", "v1.28, non-functional in v1.31+"), ("photonPersistentDisk",) * 2 + ("v1.11, non-functional in v1.16+",),
                ("scaleIO", "scaleIO", "v1.16, non-functional in v1.22+"), ("storageos", "storageOS", "v1.22, non-functional in v1.25+"),
                ("glusterfs", "glusterfs", "v1.25, non-functional in v1.26+"), ("rbd", "rbd", "v1.28, non-functional in v1.31+"))


def default(draft: dict) -> None:
    """Source: pkg/apis/core/v1/defaults.go (SetDefaults_PersistentVolume)."""
    spec = draft["spec"] = draft.get("spec") or {}
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    _volume_sources.default(spec)
    status = draft["status"] = draft.get("status") or {}
    status["phase"] = status.get("phase") or PENDING


def prepare_create(draft: dict) -> None:
    """A new volume waits to be looked at."""
    draft["status"] = {"phase": PENDING, "lastPhaseTransitionTime": draft["metadata"]["creationTimestamp"]}


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status", {})


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]


def stamp(draft: dict, old: dict, now: str) -> None:
    """When the phase changed. Source: pkg/registry/core/persistentvolume/strategy.go."""
    status, before = draft["status"], old.get("status") or {}
    known, field = before.get("lastPhaseTransitionTime"), "lastPhaseTransitionTime"
    if status.get("phase") == before.get("phase"):
        if status.get(field) is None and known is not None:
            status[field] = known
    elif status.get(field) in (None, known):
        status[field] = now


def validate(volume: dict, old: dict | None = None) -> list[FieldError]:
    """The spec, and whether its source can be mounted with options.

    Source: ValidatePersistentVolume; pkg/volume/validation/pv_validation.go.
    """
    errors: list[FieldError] = []
    meta, spec = volume["metadata"], volume["spec"]
    lenient = old is not None and _volume_sources.has_loose_values(old["spec"])
    _volume_sources.spec(errors, spec, meta.get("name", ""), lenient=lenient)
    if _MOUNT_OPTIONS in (meta.get("annotations") or ()) and all(spec.get(kind) is None for kind in _MOUNTABLE):
        errors.append(fields.forbidden(f"metadata.annotations.{_MOUNT_OPTIONS}", "may not specify mount options for this volume type"))
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The source and the mode stay; upstream's strategy looks at the spec twice.

    Source: ValidatePersistentVolumeUpdate.
    """
    errors, spec, before = validate(new, old), new["spec"], old["spec"]
    _volume_sources.spec(errors, spec, new["metadata"].get("name", ""), lenient=_volume_sources.has_loose_values(before))
    sources, old_sources = _sources(spec), _sources(before)
    if "controllerExpandSecretRef" in sources.get("csi", ()) and "csi" in old_sources and "controllerExpandSecretRef" not in old_sources["csi"]:
        sources["csi"] = {key: value for key, value in sources["csi"].items() if key != "controllerExpandSecretRef"}
    if not alike(sources, old_sources):
        errors.append(fields.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation\n"
                                       + spec_diff(old_sources, sources)))
    if spec.get("volumeMode") != before.get("volumeMode"):
        errors.append(fields.invalid("volumeMode", spec.get("volumeMode"), _rules.IMMUTABLE))
    if before.get("nodeAffinity") is not None and not alike(spec.get("nodeAffinity"), before["nodeAffinity"]):
        _affinity(errors, spec.get("nodeAffinity"), before["nodeAffinity"])
    if before.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        errors.append(fields.forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"))
    return errors


def _sources(spec: dict) -> dict:
    return {kind: spec[kind] for kind in SOURCES if spec.get(kind) is not None}


_RENEWED = {"beta.kubernetes.io/arch": "kubernetes.io/arch", "beta.kubernetes.io/os": "kubernetes.io/os",
            "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
            "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
            "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type"}


def _affinity(errors: list[FieldError], new: dict | None, old: dict) -> None:
    """Only old labels may give way to new ones. Source: validatePvNodeAffinity."""
    terms, old_terms = _terms(new), _terms(old)
    same = new is not None and len(terms) == len(old_terms) and all(
        alike(term, _renewed(before, term)) for term, before in zip(terms, old_terms, strict=True))
    if not same:
        required = new and new.get("required")
        sent = required and required.get("nodeSelectorTerms")
        shown = None if new is None else {"Required": {"NodeSelectorTerms": sent and [shown_term(term) for term in sent]} if required else None}
        errors.append(fields.invalid("nodeAffinity", shown, f"{_rules.IMMUTABLE}, except for updating from beta label to GA"))


def _terms(affinity: dict | None) -> list[dict]:
    return ((affinity or {}).get("required") or {}).get("nodeSelectorTerms") or []


def _renewed(before: dict, term: dict) -> dict:
    """A stored term, with today's name of a label where the new term has it."""
    old, new = before.get("matchExpressions") or [], term.get("matchExpressions") or []
    if len(old) != len(new):
        return before
    return {**before, "matchExpressions": [
        {**one, "key": other.get("key")} if _RENEWED.get(one.get("key", "")) == other.get("key") else one
        for one, other in zip(old, new, strict=True)]}


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Only metadata can be wrong."""
    errors: list[FieldError] = []
    _rules.kube_finalizers(errors, new["metadata"])
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Source: pkg/api/persistentvolume/util.go."""
    spec, annotations = new["spec"], new["metadata"].get("annotations") or {}
    warnings = [f"metadata.annotations[{key}]: {why}" for key, why in _OLD_ANNOTATIONS.items() if key in annotations]
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        warnings.append("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
                        "Instead, the recommended approach is to use dynamic provisioning.")
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for index, term in enumerate(terms):
        _pod_warnings.node_term(warnings, term, f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]", check_values=False)
    return warnings + [f"spec.{shown}: deprecated in {why}" for kind, shown, why in _OLD_SOURCES if spec.get(kind) is not None]


def cells(volume: dict, now_unix_ms: int) -> list:
    """As kubectl get pv -o wide shows it. Source: pkg/printers/internalversion/printers.go (printPersistentVolume)."""
    spec, status, meta = volume["spec"], volume.get("status") or {}, volume["metadata"]
    claim = spec.get("claimRef")
    return [meta["name"], amount((spec.get("capacity") or {}).get("storage")).text, modes_text(spec.get("accessModes")),
            spec.get("persistentVolumeReclaimPolicy", ""), "Terminating" if meta.get("deletionTimestamp") else status.get("phase", ""),
            f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim is not None else "", class_of(volume),
            spec.get("volumeAttributesClassName", "<unset>"), status.get("reason", ""), age(volume, now_unix_ms),
            spec.get("volumeMode") or "<unset>"]


COLUMNS = (
    NAME, column("Capacity", "core.v1.PersistentVolumeSpec#capacity"), column("Access Modes", "core.v1.PersistentVolumeSpec#accessModes"),
    column("Reclaim Policy", "core.v1.PersistentVolumeSpec#persistentVolumeReclaimPolicy"),
    column("Status", "core.v1.PersistentVolumeStatus#phase"), column("Claim", "core.v1.PersistentVolumeSpec#claimRef"),
    column("StorageClass", "StorageClass of the pv"), column("VolumeAttributesClass", "VolumeAttributesClass of the pv"),
    column("Reason", "core.v1.PersistentVolumeStatus#reason"), AGE,
    column("VolumeMode", "core.v1.PersistentVolumeSpec#volumeMode", priority=1),
)

KIND = Kind(
    metadata_on_update=("whole", "whole"),
    kind="PersistentVolume", plural="persistentvolumes", singular="persistentvolume", namespaced=False, short_names=("pv",),
    subresources=("status",), storage_version_hash="HN/zwEC+JgM=", columns=COLUMNS, cells=cells, default=default,
    prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status, stamp=stamp,
    validate=validate, validate_update=validate_update, validate_status=validate_status, warn=warn,
    reset_fields={"": ("status",), "status": ("spec",)}, icon="hard-drive",
    title={"en": "A piece of storage that outlives the Pods that use it.", "zh": "一块存储，比使用它的 Pod 活得更久。"},
)
