"""APIService: who serves a group's version: this API server itself (Local), or a Service in the cluster."""
from __future__ import annotations

from cluster.kinds import _kept, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names

MOST_GROUP, MOST_VERSION = 20000, 1000
STATUSES = ("True", "False", "Unknown")
KEPT = ("labels", "annotations", "finalizers", "ownerReferences")
PREFIX = "/registry/apiregistration.k8s.io/apiservices"


def default(draft: dict) -> None:
    """Source: pkg/apis/apiregistration/v1/defaults.go (SetDefaults_ServiceReference)."""
    spec = draft["spec"] = draft.get("spec") or {}
    for name in ("groupPriorityMinimum", "versionPriority"):
        if spec.get(name) is None:
            spec[name] = 0
    if spec.get("service") is not None and spec["service"].get("port") is None:
        spec["service"]["port"] = 443
    if draft.get("status") is None:
        draft["status"] = {}


def asked_by(draft: dict, who: dict, now: str) -> None:
    """What this server serves itself is available at once. Source: pkg/registry/apiservice/strategy.go (PrepareForCreate)."""
    draft["status"] = {"conditions": [local(now)]} if draft["spec"].get("service") is None else {}


def local(now: str) -> dict:
    """The condition of what this server serves itself."""
    return {"type": "Available", "status": "True", "lastTransitionTime": now, "reason": "Local",
            "message": "Local APIServices are always available"}


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status") or {}


def prepare_status(draft: dict, old: dict) -> None:
    """Of the metadata some parts are kept, and the spec."""
    draft["spec"] = old["spec"]
    _kept.keep_meta(draft, old, KEPT)


def validate(service: dict) -> list[FieldError]:
    """Source: pkg/apis/apiregistration/validation/validation.go (ValidateAPIService)."""
    errors: list[FieldError] = []
    meta, spec = service["metadata"], service["spec"]
    group, version = spec.get("group") or "", spec.get("version") or ""
    wanted = f"{version}.{group}"
    for field in ("generateName", "name"):
        if meta.get(field) and meta[field] != wanted and not names.path_segment(meta[field]):
            errors.append(fields.invalid(f"metadata.{field}", meta[field], f'must be `spec.version+"."+spec.group`: "{wanted}"'))
    if not group and version != "v1":
        errors.append(fields.required("spec.group", "only v1 may have an empty group and it better be legacy kube"))
    if group:
        _rules.all_of(errors, "spec.group", group, names.dns1123_subdomain(group))
    _rules.all_of(errors, "spec.version", version, names.dns1035_label(version))
    for name, most in (("groupPriorityMinimum", MOST_GROUP), ("versionPriority", MOST_VERSION)):
        if not 0 < spec[name] <= most:
            errors.append(fields.invalid(f"spec.{name}", spec[name], f"must be positive and less than {most}"))
    _backend(errors, spec)
    return errors


def _backend(errors: list[FieldError], spec: dict) -> None:
    service, bundle, skips = spec.get("service"), spec.get("caBundle") or "", bool(spec.get("insecureSkipTLSVerify"))
    if service is None:
        if bundle:
            size = len(bundle) * 3 // 4 - bundle.count("=")
            errors.append(fields.invalid("spec.caBundle", f"{size} bytes", "local APIServices may not have a caBundle"))
        if skips:
            errors.append(fields.invalid("spec.insecureSkipTLSVerify", True, "local APIServices may not have insecureSkipTLSVerify"))
        return
    for name in ("namespace", "name"):
        if not service.get(name):
            errors.append(fields.required(f"spec.service.{name}"))
    wrong = names.port_number(service["port"])
    if wrong:
        errors.append(fields.invalid("spec.service.port", service["port"], "port is not valid: " + ", ".join(wrong)))
    if skips and bundle:
        errors.append(fields.invalid("spec.insecureSkipTLSVerify", True, "may not be true if caBundle is present"))


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateAPIServiceStatus."""
    return [fields.not_supported(f"status.conditions[{index}].status", condition.get("status") or "", STATUSES)
            for index, condition in enumerate((new.get("status") or {}).get("conditions") or ()) if condition.get("status") not in STATUSES]


def is_local(service: dict) -> bool:
    """Whether this API server itself serves the group's version."""
    return service["spec"].get("service") is None


def available(service: dict) -> dict:
    """The condition that tells whether the version is served; {} where nobody has said so yet."""
    return next((one for one in (service.get("status") or {}).get("conditions") or () if one.get("type") == "Available"), {})


def cells(service: dict, now_unix_ms: int) -> list:
    """Source: pkg/registry/apiservice/etcd/etcd.go (ConvertToTable)."""
    backend, condition = service["spec"].get("service"), available(service)
    status = condition.get("status", "Unknown")
    if condition and status != "True" and condition.get("reason"):
        status = f"{status} ({condition['reason']})"
    where = f"{backend.get('namespace', '')}/{backend.get('name', '')}" if backend else "Local"
    return [service["metadata"]["name"], where, status, age(service, now_unix_ms)]


KIND = Kind(
    plain_metadata=True,
    kind="APIService", plural="apiservices", singular="apiservice", group="apiregistration.k8s.io", namespaced=False,
    categories=("api-extensions",), subresources=("status",), storage_version_hash="InPBPD7+PqM=", prefix=PREFIX,
    unconditional_update=False, name_check=names.is_path_segment_name,
    columns=(NAME, column("Service", "The reference to the service that hosts this API endpoint."),
             column("Available", "Whether this service is available."), AGE),
    cells=cells, default=default, asked_by=asked_by, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=lambda new, old: validate(new), validate_status=validate_status,
    reset_fields={"": ("status",), "status": ("spec", "metadata")}, icon="puzzle",
    title={"en": "Who serves a version of an API group: the API server itself (Local), or a Service in the cluster.",
           "zh": "由谁提供某个 API 组的某个版本：API 服务器自身（Local），或集群中的某个 Service。"},
)
