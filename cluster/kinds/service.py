"""Service: one lasting name and address for Pods that come and go."""
from __future__ import annotations

from cluster.kinds import _addresses, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._service_validation import (
    CLUSTER_IP,
    EXTERNAL_NAME,
    LOAD_BALANCER,
    NODE_PORT,
    NONE,
    TRAFFIC,
    balancer_status,
    change,
    is_headless,
    is_reached_from_outside,
    needs_health_check,
    whole,
)
from cluster.kinds.base import FieldError, Kind
from cluster.meta import labels, names

__all__ = ["KIND", "has_address", "is_headless", "is_reached_from_outside", "needs_health_check"]

AFFINITY_S = 10_800
_HINTS, _MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_PREFER_CLOSE, _PREFER_ZONE = "PreferClose", "PreferSameZone"


def default(draft: dict) -> None:
    """Source: pkg/apis/core/v1/defaults.go (SetDefaults_Service)."""
    spec = draft["spec"] = draft.get("spec") or {}
    _default_affinity(spec)
    kind = spec["type"] = spec.get("type") or CLUSTER_IP
    for port in spec.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port", 0)
    if is_reached_from_outside(spec) and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec.get("internalTrafficPolicy") is None and kind in (NODE_PORT, LOAD_BALANCER, CLUSTER_IP):
        spec["internalTrafficPolicy"] = "Cluster"
    if kind == LOAD_BALANCER and spec.get("allocateLoadBalancerNodePorts") is None:
        spec["allocateLoadBalancerNodePorts"] = True
    _default_status(draft, kind)


def _default_affinity(spec: dict) -> None:
    affinity = spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    if affinity == "ClientIP":
        client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if client.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": AFFINITY_S}}


def _default_status(draft: dict, kind: str) -> None:
    status = draft["status"] = draft.get("status") or {}
    balancer = status["loadBalancer"] = status.get("loadBalancer") or {}
    for entry in balancer.get("ingress") or () if kind == LOAD_BALANCER else ():
        if entry.get("ip") and entry.get("ipMode") is None:
            entry["ipMode"] = "VIP"


def has_address(spec: dict) -> bool:
    """It is of a type that has a clusterIP, even if that is None."""
    return spec.get("type") != EXTERNAL_NAME


def has_node_ports(spec: dict) -> bool:
    """It is of a type that may have node ports."""
    return spec.get("type") in (NODE_PORT, LOAD_BALANCER)


def node_ports(spec: dict) -> list[int]:
    """The node ports that its ports name."""
    return [port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")]


def prepare_create(draft: dict) -> None:
    """A new Service has no load balancer yet."""
    draft["status"] = {"loadBalancer": {}}
    _as_read(draft["spec"])


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; what the new type has no use for goes, if the caller did not change it.

    Source: pkg/registry/core/service/strategy.go (dropTypeDependentFields).
    """
    spec, before = draft["spec"], old["spec"]
    draft["status"] = old.get("status", {"loadBalancer": {}})
    if has_address(before) and not has_address(spec):
        _drop_addresses(spec, before)
    if has_node_ports(before) and not has_node_ports(spec) and not [p for p in node_ports(spec) if p not in node_ports(before)]:
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    for field, is_used in _OF_TYPE:
        if is_used(before) and not is_used(spec) and spec.get(field) == before.get(field):
            spec.pop(field, None)
    if spec.get("type") != LOAD_BALANCER:
        draft["status"] = {**draft["status"], "loadBalancer": {}}
    _as_read(spec)


# Fields that belong to some types of Service alone.
_OF_TYPE = (("healthCheckNodePort", needs_health_check), ("allocateLoadBalancerNodePorts", lambda spec: spec.get("type") == LOAD_BALANCER),
            ("loadBalancerClass", lambda spec: spec.get("type") == LOAD_BALANCER), ("externalTrafficPolicy", is_reached_from_outside))


def _drop_addresses(spec: dict, before: dict) -> None:
    if all((spec.get(field) or None) == (before.get(field) or None) for field in ("clusterIP", "clusterIPs")):
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    for field in ("ipFamilies", "ipFamilyPolicy"):
        if spec.get(field) == before.get(field):
            spec.pop(field, None)


def _as_read(spec: dict) -> None:
    """An ExternalName has no internal traffic; upstream stores the field and hides it. Source: storage.go (defaultOnRead)."""
    if spec.get("type") == EXTERNAL_NAME and spec.get("internalTrafficPolicy") in TRAFFIC:
        del spec["internalTrafficPolicy"]


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept."""
    draft["spec"] = old["spec"]


def validate(service: dict) -> list[FieldError]:
    """A new Service."""
    errors: list[FieldError] = []
    whole(errors, service, None)
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """What may change, and then the whole."""
    errors: list[FieldError] = []
    change(errors, new["spec"], old["spec"])
    whole(errors, new, old)
    return errors


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateServiceStatusUpdate."""
    errors: list[FieldError] = []
    _rules.kube_finalizers(errors, new["metadata"])
    balancer_status(errors, (new.get("status") or {}).get("loadBalancer") or {},
                    (old.get("status") or {}).get("loadBalancer") or {}, new["spec"])
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Source: pkg/api/service/warnings.go."""
    spec, warnings = new["spec"], []
    if _HINTS in (new["metadata"].get("annotations") or ()):
        warnings.append(f"annotation {_HINTS} is deprecated, please use {_MODE} instead")
    if spec.get("clusterIP") not in (None, "", NONE):
        for index, ip in enumerate(spec.get("clusterIPs") or ()):
            warnings += _addresses.warnings_for_ip(f"spec.clusterIPs[{index}]", ip)
    headless = spec.get("type") == CLUSTER_IP and spec.get("clusterIP") == NONE
    external = spec.get("externalIPs") or ()
    if headless:
        ignored = {"loadBalancerIP": spec.get("loadBalancerIP"), "externalIPs": external,
                   "SessionAffinity": spec.get("sessionAffinity") != "None"}
        warnings += [f"spec.{field} is ignored for headless services" for field, is_set in ignored.items() if is_set]
    for index, ip in enumerate(external):
        warnings += _addresses.warnings_for_ip(f"spec.externalIPs[{index}]", ip)
    if external and not headless and spec.get("type") != EXTERNAL_NAME:
        warnings.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
    return warnings + _more_warnings(spec, external)


def _more_warnings(spec: dict, external: list[str] | tuple) -> list[str]:
    warnings = []
    if spec.get("loadBalancerIP"):
        warnings += _addresses.warnings_for_ip("spec.loadBalancerIP", spec["loadBalancerIP"])
    for index, value in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        warnings += _addresses.warnings_for_cidr(f"spec.loadBalancerSourceRanges[{index}]", value)
    if spec.get("type") == EXTERNAL_NAME and external:
        warnings.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if spec.get("type") != EXTERNAL_NAME and spec.get("externalName"):
        warnings.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == _PREFER_CLOSE:
        warnings.append(f'spec.trafficDistribution: "{_PREFER_CLOSE}" is deprecated; use "{_PREFER_ZONE}"')
    return warnings


def cells(service: dict, now_unix_ms: int) -> list:
    """As kubectl get services -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printService).
    """
    spec = service["spec"]
    ports = ",".join(_port_text(port) for port in spec.get("ports") or ())
    return [service["metadata"]["name"], spec.get("type", ""), (spec.get("clusterIPs") or ["<none>"])[0], _outside(service),
            ports or "<none>", age(service, now_unix_ms), str(labels.from_labels(spec.get("selector"))) or "<none>"]


def _port_text(port: dict) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort", 0) > 0 else ""
    return f"{port.get('port', 0)}{node}/{port.get('protocol', '')}"


def _outside(service: dict) -> str:
    """The EXTERNAL-IP column."""
    spec = service["spec"]
    external = ",".join(spec.get("externalIPs") or ())
    kind = spec.get("type")
    if kind in (CLUSTER_IP, NODE_PORT):
        return external or "<none>"
    if kind == LOAD_BALANCER:
        ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        found = sorted({entry.get("ip") or entry.get("hostname") or "": None for entry in ingress})
        return ",".join(text for text in (*found, external) if text) or "<pending>"
    return spec.get("externalName", "") if kind == EXTERNAL_NAME else "<unknown>"


COLUMNS = (
    NAME, column("Type", "core.v1.ServiceSpec#type"), column("Cluster-IP", "core.v1.ServiceSpec#clusterIP"),
    column("External-IP", "core.v1.ServiceSpec#externalIPs"), column("Port(s)", "core.v1.ServiceSpec#ports"), AGE,
    column("Selector", "core.v1.ServiceSpec#selector", priority=1),
)

KIND = Kind(
    metadata_on_update=("update",),
    kind="Service", plural="services", singular="service", short_names=("svc",), categories=("all",),
    subresources=("proxy", "status"), prefix="/registry/services/specs", storage_version_hash="0/CO1lhkEBI=",
    columns=COLUMNS, cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update,
    prepare_status=prepare_status, validate=validate, validate_update=validate_update, validate_status=validate_status,
    warn=warn, name_check=names.is_label_name, create_on_update=True,
    selectable={"spec.clusterIP": lambda service: service["spec"].get("clusterIP", ""),
                "spec.type": lambda service: service["spec"].get("type", "")},
    reset_fields={"": ("status",), "status": ("spec",)}, icon="share-2",
    title={"en": "One lasting name and address for a group of Pods that come and go.",
                       "zh": "为一组来去不定的 Pod 提供一个长久的名称和地址。"},
)
