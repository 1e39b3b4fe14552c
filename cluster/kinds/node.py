"""Node: a machine that runs Pods, as its kubelet reports it."""
from __future__ import annotations

import re
from functools import lru_cache

from cluster.kinds import _addresses, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._rules import rounded
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, names, quantity

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_ROLE_PREFIX, _ROLE_LABEL = "node-role.kubernetes.io/", "kubernetes.io/role"
_INFO = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion", "kubeletVersion",
         "kubeProxyVersion", "operatingSystem", "architecture")
_FEATURE = re.compile(r"[A-Z][A-Za-z0-9]*(/[A-Za-z][A-Za-z0-9]*)*\Z")
_CIDR_FIXED = 'node updates may not change podCIDR except from "" to valid'
_PROVIDER_FIXED = 'node updates may not change providerID except from "" to valid'


def default(draft: dict) -> None:
    """Allocatable follows capacity; podCIDR and podCIDRs agree; facts about the machine are always written.

    Source: pkg/apis/core/v1/defaults.go (SetDefaults_NodeStatus), conversion.go (NodeSpec).
    """
    spec = draft["spec"] = draft.get("spec") or {}
    first, ranges = spec.get("podCIDR"), spec.get("podCIDRs")
    if first and (not ranges or ranges[0] != first):
        spec["podCIDRs"] = [first]
    elif ranges:
        spec["podCIDR"] = ranges[0]
    status = draft["status"] = draft.get("status") or {}
    for field in ("capacity", "allocatable"):
        if status.get(field):
            status[field] = {key: rounded(value) for key, value in status[field].items()}
    if status.get("capacity") and status.get("allocatable") is None:
        status["allocatable"] = status["capacity"]
    _always_written(status)


def _always_written(status: dict) -> None:
    info = status.get("nodeInfo") or {}
    status["nodeInfo"] = {**{key: "" for key in _INFO}, **info}
    endpoints = status.get("daemonEndpoints") or {}
    status["daemonEndpoints"] = {**endpoints, "kubeletEndpoint": {"Port": 0, **(endpoints.get("kubeletEndpoint") or {})}}
    for condition in status.get("conditions") or ():
        condition.setdefault("lastHeartbeatTime", None)
        condition.setdefault("lastTransitionTime", None)


def prepare_create(draft: dict) -> None:
    """A client may set the status; configSource is gone for good."""
    draft["spec"].pop("configSource", None)
    draft["status"].pop("config", None)


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status", {})
    if not (old.get("spec") or {}).get("configSource"):
        draft["spec"].pop("configSource", None)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept; metadata may change."""
    draft["spec"] = old.get("spec", {})
    if not (old.get("status") or {}).get("config"):
        draft["status"].pop("config", None)


def validate(node: dict, *, spec: bool = True, status: bool = True) -> list[FieldError]:
    """What is wrong with a Node, or with the parts of it that are to be looked at.

    Source: pkg/apis/core/validation/validation.go (ValidateNode).
    """
    errors: list[FieldError] = []
    wanted, said = (node.get("spec") if spec else None) or {}, (node.get("status") if status else None) or {}
    _taints(errors, wanted.get("taints") or ())
    _resources(errors, said)
    _features(errors, said)
    _ranges(errors, wanted.get("podCIDRs") or ())
    return errors


def _ranges(errors: list[FieldError], ranges: list[str]) -> None:
    for index, value in enumerate(ranges):
        _addresses.cidr(errors, f"spec.podCIDRs[{index}]", value)
    bad = next((index for index, value in enumerate(ranges) if not _addresses.is_range(value)), None)
    if len(ranges) > 1 and bad is not None:
        errors.append(FieldError("InternalError", "spec.podCIDRs", None, "invalid PodCIDRs. failed to check with dual stack with "
                                 f"error:invalid CIDR[{bad}]: <nil> (invalid CIDR address: {ranges[bad]})"))
    if len(ranges) > 1 and (bad is not None or not _is_dual(ranges)):
        errors.append(fields.invalid("spec.podCIDRs", list(ranges),
                                     "may specify no more than one CIDR for each IP family"))


def _is_dual(ranges: list[str]) -> bool:
    families = [_addresses.family(value.partition("/")[0]) for value in ranges]
    return len(ranges) == 2 and sorted(families) == [4, 6]


def _taints(errors: list[FieldError], node_taints: list[dict]) -> None:
    seen = []
    for index, taint in enumerate(node_taints):
        path = f"metadata.taints[{index}]"
        key, value, effect = taint.get("key", ""), taint.get("value", ""), taint.get("effect", "")
        _rules.qualified(errors, f"{path}.key", key)
        complaints = names.label_value(value)
        if complaints:
            errors.append(fields.invalid(f"{path}.value", value, ";".join(complaints)))
        if not effect:
            errors.append(fields.required(f"{path}.effect"))
        else:
            _rules.one_of(errors, f"{path}.effect", effect, EFFECTS)
        if (key, effect) in seen:
            shown = {"Key": key, "Value": value, "Effect": effect, "TimeAdded": taint.get("timeAdded")}
            errors.append(FieldError("Duplicate", path, shown, "taints must be unique by key and effect pair"))
        seen.append((key, effect))


def _resources(errors: list[FieldError], status: dict) -> None:
    for field in ("capacity", "allocatable"):
        amounts = status.get(field) or {}
        if not _are_amounts(tuple(amounts.items())):
            for name, value in amounts.items():
                _rules.quantity_value(errors, f"status.{field}.{name}", name, value)


@lru_cache(maxsize=1024)
def _are_amounts(amounts: tuple[tuple[str, str], ...]) -> bool:
    """Whether nothing is wrong with amounts: most nodes have what many others have."""
    errors: list[FieldError] = []
    for name, value in amounts:
        _rules.quantity_value(errors, "", name, value)
    return not errors


def _features(errors: list[FieldError], status: dict) -> None:
    declared = status.get("declaredFeatures") or ()
    for index, feature in enumerate(declared):
        path = f"status.declaredFeatures[{index}]"
        if index and declared[index - 1] == feature:
            errors.append(fields.duplicate(path, feature))
        elif index and declared[index - 1] > feature:
            errors.append(fields.invalid(path, feature, "list must be sorted alphabetically"))
        if len(feature) > 253:
            errors.append(fields.invalid(path, feature,
                                         f'invalid feature name "{feature}": must be no more than 253 characters'))
        elif not _FEATURE.match(feature):
            errors.append(fields.invalid(path, feature, f'invalid feature name "{feature}": {_FEATURE_RULE}'))


_FEATURE_RULE = ("must start with an UpperCamelCase segment, with subsequent segments separated by '/' "
                 "(e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes")


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """Source: the node strategy calls ValidateNode and ValidateNodeUpdate, one after the other.

    What the update leaves as it is, which mostly is the status, was looked at when it was stored.
    """
    spec, status = new.get("spec") is not old.get("spec"), new.get("status") is not old.get("status")
    return validate(new, spec=spec, status=status) + _validate_fixed(new, old)


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """What may not change, and what a status may not hold.

    Source: ValidateNodeUpdate.
    """
    errors: list[FieldError] = []
    _rules.kube_finalizers(errors, new["metadata"])
    return errors + _validate_fixed(new, old)


def _validate_fixed(new: dict, old: dict) -> list[FieldError]:
    errors: list[FieldError] = []
    status, spec, old_spec = new.get("status") or {}, new.get("spec") or {}, old.get("spec") or {}
    if status is not old.get("status"):
        _resources(errors, status)
        _features(errors, status)
    _addresses_once(errors, status.get("addresses") or ())
    if spec is old_spec:
        return errors
    _fixed_fields(errors, spec, old_spec)
    _taints(errors, spec.get("taints") or ())
    if spec.get("externalID", "") != old_spec.get("externalID", ""):
        errors.append(fields.forbidden("spec.externalID", "may not be updated"))
    return errors


def is_sound(node: dict) -> bool:
    """Whether nothing that an update would be refused for lies in a stored Node: a creation does not look at addresses that come twice."""
    addresses = (node.get("status") or {}).get("addresses") or ()
    return len({(address.get("type"), address.get("address")) for address in addresses}) == len(addresses)


def _addresses_once(errors: list[FieldError], addresses: list[dict]) -> None:
    seen = []
    for index, address in enumerate(addresses):
        if address in seen:
            shown = {"Type": address.get("type", ""), "Address": address.get("address", "")}
            errors.append(fields.duplicate(f"status.addresses[{index}]", shown))
        seen.append(address)


def _fixed_fields(errors: list[FieldError], spec: dict, old_spec: dict) -> None:
    ranges, old_ranges = spec.get("podCIDRs") or [], old_spec.get("podCIDRs") or []
    if old_ranges and len(ranges) != len(old_ranges):
        errors.append(fields.forbidden("spec.podCIDRs", _CIDR_FIXED))
    elif old_ranges:
        errors += [fields.forbidden("spec.podCIDRs", _CIDR_FIXED)
                   for new, old in zip(ranges, old_ranges, strict=True) if new != old]
    if old_spec.get("providerID") and old_spec["providerID"] != spec.get("providerID", ""):
        errors.append(fields.forbidden("spec.providerID", _PROVIDER_FIXED))


def warn(new: dict, old: dict | None) -> list[str]:
    """Fields that are gone or deprecated."""
    spec = new.get("spec") or {}
    warnings = []
    if spec.get("configSource"):
        warnings.append("spec.configSource: the feature is removed")
    if spec.get("externalID"):
        warnings.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
    for index, value in enumerate(spec.get("podCIDRs") or ()):
        warnings += _addresses.warnings_for_cidr(f"spec.podCIDRs[{index}]", value)
    return warnings


def condition(node: dict, kind: str) -> dict | None:
    """The condition of a type, e.g. condition(node, "Ready")."""
    for found in (node.get("status") or {}).get("conditions") or ():
        if found.get("type") == kind:
            return found
    return None


def is_ready(node: dict) -> bool:
    """Its kubelet says that it is ready."""
    found = condition(node, "Ready")
    return found is not None and found.get("status") == "True"


def is_schedulable(node: dict) -> bool:
    """It is not cordoned."""
    return not (node.get("spec") or {}).get("unschedulable")


def taints(node: dict) -> list[dict]:
    """Its taints."""
    return (node.get("spec") or {}).get("taints") or []


def allocatable(node: dict) -> dict[str, int]:
    """What Pods may use: cpu in thousandths, all else in whole units (bytes, Pods)."""
    found = (node.get("status") or {}).get("allocatable") or {}
    return {name: quantity.millis(value) if name == "cpu" else quantity.value(value) for name, value in found.items()}


def address(node: dict, kind: str) -> str:
    """The first address of a type (InternalIP, ExternalIP, Hostname), or ""."""
    for found in (node.get("status") or {}).get("addresses") or ():
        if found.get("type") == kind:
            return found.get("address", "")
    return ""


def status_word(node: dict) -> str:
    """The STATUS column: Ready, NotReady or Unknown, and SchedulingDisabled when cordoned."""
    found = condition(node, "Ready")
    word = "Unknown" if found is None else "Ready" if found.get("status") == "True" else "NotReady"
    return word if is_schedulable(node) else f"{word},SchedulingDisabled"


def roles(node: dict) -> list[str]:
    """Its roles by label, sorted."""
    found = []
    for key, value in (node["metadata"].get("labels") or {}).items():
        if key.startswith(_ROLE_PREFIX):
            found.append(key[len(_ROLE_PREFIX):])
        elif key == _ROLE_LABEL:
            found.append(value)
    return sorted({role: None for role in found if role})


def cells(node: dict, now_unix_ms: int) -> list:
    """As kubectl get nodes -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printNode).
    """
    info = (node.get("status") or {}).get("nodeInfo") or {}
    kernel = info.get("kernelVersion") or "<unknown>"
    if info.get("architecture"):
        kernel = f"{kernel} ({info['architecture']})"
    return [node["metadata"]["name"], status_word(node), ",".join(roles(node)) or "<none>", age(node, now_unix_ms),
            info.get("kubeletVersion",
                     ""), address(node, "InternalIP") or "<none>", address(node, "ExternalIP") or "<none>",
            info.get("osImage") or "<unknown>", kernel, info.get("containerRuntimeVersion") or "<unknown>"]


COLUMNS = (
    NAME, column("Status", "The status of the node"), column("Roles", "The roles of the node"), AGE,
    column("Version", "core.v1.NodeSystemInfo#kubeletVersion"),
    column("Internal-IP", "core.v1.NodeStatus#addresses", priority=1),
    column("External-IP", "core.v1.NodeStatus#addresses", priority=1),
    column("OS-Image", "core.v1.NodeSystemInfo#osImage", priority=1),
    column("Kernel-Version", "core.v1.NodeSystemInfo#kernelVersion", priority=1),
    column("Container-Runtime", "core.v1.NodeSystemInfo#containerRuntimeVersion", priority=1),
)

KIND = Kind(
    metadata_on_update=("whole", "update"),
    kind="Node", plural="nodes", singular="node", namespaced=False, short_names=("no",),
    subresources=("proxy", "status"), storage_version_hash="XwShjMxG9Fs=", prefix="/registry/minions",
    columns=COLUMNS, cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update,
    prepare_status=prepare_status, validate=validate, validate_update=validate_update, validate_status=validate_status,
    warn=warn, selectable={"spec.unschedulable": lambda node: "false" if is_schedulable(node) else "true"},
    reset_fields={"": ("status",), "status": ("spec",)}, icon="server",
    title={"en": "A machine that runs Pods. Its kubelet registers it and keeps reporting how it is.",
           "zh": "运行 Pod 的机器。由其 kubelet 注册，并持续上报状态。"},
)
