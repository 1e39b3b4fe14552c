"""CSIDriver: a storage driver, and how Kubernetes has to deal with it."""
from __future__ import annotations

from cluster.kinds import _pod_volume_sources, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields

DEFAULTS = {"attachRequired": True, "podInfoOnMount": False, "storageCapacity": False, "fsGroupPolicy": "ReadWriteOnceWithFSType",
            "requiresRepublish": False, "seLinuxMount": False}
FS_GROUP_POLICIES, MODES = ("File", "None", "ReadWriteOnceWithFSType"), ("Persistent", "Ephemeral")
_LEAST_S, _MOST_S, _LEAST_PERIOD_S = 600, 1 << 32, 10
_TOKENS_ADVISED = ("spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible "
                   "logging of tokens in volume attributes")


def default(draft: dict) -> None:
    """Source: pkg/apis/storage/v1/defaults.go (SetDefaults_CSIDriver)."""
    spec = draft["spec"] = draft.get("spec") or {}
    for name, value in DEFAULTS.items():
        if spec.get(name) is None:
            spec[name] = value
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]


def prepare_update(draft: dict, old: dict) -> None:
    """A changed spec counts as a generation, though a new driver begins without one. Source: pkg/registry/storage/csidriver/strategy.go."""
    if draft["spec"] != old["spec"]:
        draft["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def validate(driver: dict) -> list[FieldError]:
    """Source: pkg/apis/storage/validation/validation.go (ValidateCSIDriver)."""
    errors: list[FieldError] = []
    spec = driver["spec"]
    _rules.one_of(errors, "spec.fsGroupPolicy", spec.get("fsGroupPolicy"), FS_GROUP_POLICIES)
    _token_requests(errors, spec.get("tokenRequests") or [])
    errors += [fields.not_supported("spec.volumeLifecycleModes", mode, MODES) for mode in spec["volumeLifecycleModes"] if mode not in MODES]
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < _LEAST_PERIOD_S:
        errors.append(fields.invalid("spec.nodeAllocatableUpdatePeriodSeconds", period, "must be greater than or equal to 10 seconds"))
    if spec.get("serviceAccountTokenInSecrets") is not None and not spec.get("tokenRequests"):
        errors.append(fields.invalid("spec.serviceAccountTokenInSecrets", spec["serviceAccountTokenInSecrets"],
                                     "serviceAccountTokenInSecrets is set but no tokenRequests are specified"))
    return errors


def _token_requests(errors: list[FieldError], requests: list[dict]) -> None:
    seen: list[str] = []
    for index, request in enumerate(requests):
        audience, path = request.get("audience", ""), f"spec.tokenRequests[{index}]"
        if audience in seen:
            errors.append(fields.duplicate(f"{path}.audience", audience))
            continue
        seen.append(audience)
        seconds = request.get("expirationSeconds")
        if seconds is not None and seconds < _LEAST_S:
            errors.append(fields.invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"))
        elif seconds is not None and seconds > _MOST_S:
            errors.append(fields.invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds"))


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """Whether volumes are attached, and how long they live, stays. Source: ValidateCSIDriverUpdate (`attachedRequired` is its word)."""
    errors = validate(new)
    for field, shown in (("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes")):
        if new["spec"].get(field) != old["spec"].get(field):
            errors.append(fields.invalid(f"spec.{shown}", new["spec"].get(field), _rules.IMMUTABLE))
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Tokens are better kept in secrets. Source: pkg/registry/storage/csidriver/strategy.go (WarningsOnCreate, WarningsOnUpdate)."""
    spec = new["spec"]
    is_news = old is None or spec.get("tokenRequests") != old["spec"].get("tokenRequests")
    is_asked = is_news and bool(spec.get("tokenRequests")) and spec.get("serviceAccountTokenInSecrets") is None
    return [_TOKENS_ADVISED] if is_asked else []


def name_check(name: str, prefix: bool = False) -> list[str]:
    """The driver's own name. Source: ValidateCSIDriverName."""
    errors: list[FieldError] = []
    _pod_volume_sources.csi_driver(errors, "metadata.name", name)
    return [error.detail for error in errors]


def cells(driver: dict, now_unix_ms: int) -> list:
    """As kubectl get csidrivers shows it. Source: pkg/printers/internalversion/printers.go (printCSIDriver)."""
    spec = driver["spec"]
    tokens = spec.get("tokenRequests")
    audiences = "<unset>" if tokens is None else ",".join(token.get("audience", "") for token in tokens)
    return [driver["metadata"]["name"], spec.get("attachRequired", True), spec.get("podInfoOnMount", False), spec.get("storageCapacity", False),
            audiences, spec.get("requiresRepublish", False), ",".join(spec.get("volumeLifecycleModes") or ()) or "<none>",
            age(driver, now_unix_ms)]


KIND = Kind(
    unconditional_update=False,
    metadata_on_update=("update",),
    kind="CSIDriver", plural="csidrivers", singular="csidriver", group="storage.k8s.io", namespaced=False,
    storage_version_hash="hL6j/rwBV5w=",
    columns=(NAME, column("AttachRequired", "storage.v1.CSIDriverSpec#attachRequired", type="boolean"),
             column("PodInfoOnMount", "storage.v1.CSIDriverSpec#podInfoOnMount", type="boolean"),
             column("StorageCapacity", "storage.v1.CSIDriverSpec#storageCapacity", type="boolean"),
             column("TokenRequests", "storage.v1.CSIDriverSpec#tokenRequests"),
             column("RequiresRepublish", "storage.v1.CSIDriverSpec#requiresRepublish", type="boolean"),
             column("Modes", "storage.v1.CSIDriverSpec#volumeLifecycleModes"), AGE),
    cells=cells, default=default, prepare_update=prepare_update, validate=validate, validate_update=validate_update, warn=warn,
    icon="disc", title={"en": "A storage driver, and how Kubernetes deals with it.",
                        "zh": "一个存储驱动，以及 Kubernetes 与它打交道的方式。"},
)
