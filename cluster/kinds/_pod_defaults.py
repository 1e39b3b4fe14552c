"""What the API server fills into Pods and Pod templates.

Source: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go and conversion.go.
"""
from __future__ import annotations

import re

from cluster.kinds import _pod_resources
from cluster.kinds._rules import rounded
from cluster.meta.remembering import remembered

_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?)"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
# An image's name: [host/]part[/part…][:tag][@digest].
_IMAGE = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::(?P<tag>\w[\w.-]{{0,127}}))?"
                    r"(?P<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?\Z", re.ASCII)
MOST_IMAGE = 255 - len("library/")     # of a name without a host and a tag; longer ones cannot be read
_VOLUME_DEFAULTS: dict[str, dict] = {
    "secret": {"defaultMode": 420}, "configMap": {"defaultMode": 420}, "downwardAPI": {"defaultMode": 420},
    "projected": {"defaultMode": 420}, "hostPath": {"type": ""}, "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def pod(draft: dict) -> None:
    """Fill in a Pod: what belongs to Pods alone, then what every Pod spec gets."""
    spec = draft.setdefault("spec", {})
    for container in _main_containers(spec):
        _requests_from_limits(container)
    if spec.get("resources"):
        _pod_level(spec)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    if spec.get("hostNetwork"):
        _host_ports(spec)
    pod_spec(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1


def _main_containers(spec: dict) -> list[dict]:
    return [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]


def template(draft: dict) -> None:
    """Fill in a Pod template in place: {metadata, spec}."""
    if draft.get("metadata") is None:
        draft["metadata"] = {}
    if draft.get("spec") is None:
        draft["spec"] = {}
    pod_spec(draft["spec"])


def pod_spec(spec: dict) -> None:
    """Fill in what Pods and Pod templates share."""
    _fill(spec, "dnsPolicy", "ClusterFirst")
    _fill(spec, "restartPolicy", "Always")
    _fill(spec, "schedulerName", "default-scheduler")
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    _service_account(spec)
    for volume in spec.get("volumes") or ():
        _volume(volume)
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(name) or ():
            _container(container)
    if spec.get("overhead"):
        _round(spec, "overhead")
    if spec.get("resources"):
        _resources(spec["resources"])


def _fill(obj: dict, key: str, value: object) -> None:
    """Set a field that is absent or empty; Go's zero value counts as absent."""
    if not obj.get(key):
        obj[key] = value


def _service_account(spec: dict) -> None:
    """The old name of serviceAccountName follows the new one."""
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name


def _requests_from_limits(container: dict) -> None:
    limits = (container.get("resources") or {}).get("limits")
    if limits:
        container["resources"]["requests"] = {**limits, **(container["resources"].get("requests") or {})}


def _pod_level(spec: dict) -> None:
    """Fill in the Pod's own requests and limits from its containers'.

    Source: pkg/apis/core/v1/defaults.go (defaultHugePagePodLimits, defaultPodRequests).
    """
    resources = spec["resources"]
    limits, requests = dict(resources.get("limits") or {}), dict(resources.get("requests") or {})
    if limits or requests:
        for name, total in _pod_resources.aggregate(spec, "limits").items():
            if name.startswith("hugepages-") and name not in requests:
                limits.setdefault(name, total)
    if limits:
        for name, total in _pod_resources.aggregate(spec, "requests").items():
            if name in _pod_resources.POD_LEVEL:
                requests.setdefault(name, total)
        for name, value in limits.items():
            if _pod_resources.is_pod_level(name):
                requests.setdefault(name, value)
    for name, amounts in (("limits", limits), ("requests", requests)):
        if amounts:
            resources[name] = amounts


def _host_ports(spec: dict) -> None:
    for container in _main_containers(spec):
        for port in container.get("ports") or ():
            if "containerPort" in port:
                _fill(port, "hostPort", port["containerPort"])


@remembered(1024)
def pull_policy(image: str) -> str:
    """Always for an image without tag or with the tag latest, IfNotPresent for any other, for a digest and for no name.

    Source: pkg/util/parsers/parsers.go (ParseImageName), github.com/distribution/reference.
    """
    found = _IMAGE.match(image)
    if not found or len(image) > MOST_IMAGE:
        return "IfNotPresent"
    tag = found["tag"] or ("" if found["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def _container(container: dict) -> None:
    _fill(container, "imagePullPolicy", pull_policy(container.get("image") or ""))
    _fill(container, "terminationMessagePath", "/dev/termination-log")
    _fill(container, "terminationMessagePolicy", "File")
    for port in container.get("ports") or ():
        _fill(port, "protocol", "TCP")
    for variable in container.get("env") or ():
        _env_source(variable.get("valueFrom"))
    if container.get("resources"):
        _resources(container["resources"])
    else:
        container["resources"] = {}
    for name in _PROBES:
        if container.get(name) is not None:
            _probe(container[name])
    for hook in ("postStart", "preStop"):
        handler = (container.get("lifecycle") or {}).get(hook)
        if handler and handler.get("httpGet") is not None:
            _http_get(handler["httpGet"])


def _env_source(source: dict | None) -> None:
    if not source:
        return
    _field_ref(source)
    if source.get("fileKeyRef") is not None and source["fileKeyRef"].get("optional") is None:
        source["fileKeyRef"]["optional"] = False
    if source.get("resourceFieldRef") is not None and source["resourceFieldRef"].get("divisor") is None:
        source["resourceFieldRef"]["divisor"] = "0"


def _field_ref(source: dict) -> None:
    if source.get("fieldRef") is not None:
        _fill(source["fieldRef"], "apiVersion", "v1")


def _resources(resources: dict) -> None:
    for name in ("limits", "requests"):
        if resources.get(name):
            _round(resources, name)


def _round(holder: dict, name: str) -> None:
    """Write quantities in canonical form, rounded up to whole milli-units."""
    holder[name] = {key: rounded(value) for key, value in holder[name].items()}


def _probe(probe: dict) -> None:
    _fill(probe, "timeoutSeconds", 1)
    _fill(probe, "periodSeconds", 10)
    _fill(probe, "successThreshold", 1)
    _fill(probe, "failureThreshold", 3)
    if probe.get("httpGet") is not None:
        _http_get(probe["httpGet"])
    if probe.get("grpc") is not None and probe["grpc"].get("service") is None:
        probe["grpc"]["service"] = ""


def _http_get(action: dict) -> None:
    _fill(action, "path", "/")
    _fill(action, "scheme", "HTTP")


def _volume(volume: dict) -> None:
    sources = [name for name in volume if name != "name" and volume[name] is not None]
    if not sources:
        volume["emptyDir"] = {}
    for name in sources:
        volume_source(name, volume[name])


def volume_source(name: str, source: dict) -> None:
    """A source of a Pod's volume, or of a PersistentVolume."""
    for key, value in _VOLUME_DEFAULTS.get(name, {}).items():
        if source.get(key) is None or (source[key] == "" != value and name != "azureDisk"):   # whose fields are pointers
            source[key] = value
    _nested_source(name, source)


def _nested_source(name: str, source: dict) -> None:
    if name == "downwardAPI":
        _downward_items(source)
    elif name == "projected":
        for projection in source.get("sources") or ():
            _projection(projection)
    elif name == "image":
        _fill(source, "pullPolicy", pull_policy(source.get("reference") or ""))
    elif name == "ephemeral" and source.get("volumeClaimTemplate") is not None:
        claim_template(source["volumeClaimTemplate"])


def _downward_items(source: dict) -> None:
    for item in source.get("items") or ():
        _env_source(item)


def _projection(projection: dict) -> None:
    if projection.get("downwardAPI") is not None:
        _downward_items(projection["downwardAPI"])
    token = projection.get("serviceAccountToken")
    if token is not None:
        if token.get("expirationSeconds") is None:
            token["expirationSeconds"] = 3600
        token.setdefault("path", "")


def claim_template(claim: dict) -> None:
    """A claim inside of a volume or a StatefulSet."""
    claim.setdefault("metadata", {})
    spec = claim.setdefault("spec", {})
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    if spec.get("resources"):
        _resources(spec["resources"])
    else:
        spec["resources"] = {}


def pod_status(status: dict) -> None:
    """Fields that a status always shows, and the two forms of the address."""
    for found in status.get("conditions") or ():
        condition(found)
    pod_ips(status)
    for name in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for container in (status[name] or ()) if name in status else ():
            _container_status(container)


def is_complete(status: dict) -> bool:
    """Whether `pod_status` would leave what is within a status as it is; its conditions are not looked at."""
    for name in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for container in (status[name] or ()) if name in status else ():
            if not (container.keys() >= _STATUS_NAMES and _is_state(container.get("state")) and _is_state(container.get("lastState"))):
                return False
    return True


def _is_state(state: dict | None) -> bool:
    if not state:
        return state is not None
    if state.get("terminated") is not None:
        return state["terminated"].keys() >= _ENDED_NAMES
    return state.get("running") is None or "startedAt" in state["running"]


def completed(found: dict) -> dict:
    """A condition with the times that it always shows."""
    return found if found.keys() >= _CONDITION_TIMES else condition({**found})


def condition(found: dict) -> dict:
    """The same, in place."""
    if not found.keys() >= _CONDITION_TIMES:
        found.setdefault("lastProbeTime", None)
        found.setdefault("lastTransitionTime", None)
    return found


def pod_ips(status: dict) -> None:
    """podIP is the first of podIPs; where they differ, podIP counts."""
    address, addresses = status.get("podIP"), status.get("podIPs")
    if address and (not addresses or addresses[0].get("ip") != address):
        status["podIPs"] = [{"ip": address}]
    elif addresses and not address:
        status["podIP"] = addresses[0].get("ip", "")


_STATUS_FIELDS = (("name", ""), ("ready", False), ("restartCount", 0), ("image", ""), ("imageID", ""))
_STATUS_NAMES = frozenset(name for name, _ in _STATUS_FIELDS)
_ENDED_FIELDS = (("startedAt", None), ("finishedAt", None), ("exitCode", 0))
_ENDED_NAMES = frozenset(name for name, _ in _ENDED_FIELDS)
_CONDITION_TIMES = frozenset(("lastProbeTime", "lastTransitionTime"))


def _container_status(container: dict) -> None:
    if not container.keys() >= _STATUS_NAMES:
        for field, value in _STATUS_FIELDS:
            container.setdefault(field, value)
    for field in ("state", "lastState"):
        state = container.get(field)
        if not state:
            container[field] = {}
        elif state.get("terminated") is not None:
            for key, value in _ENDED_FIELDS:
                state["terminated"].setdefault(key, value)
        elif state.get("running") is not None:
            state["running"].setdefault("startedAt", None)
