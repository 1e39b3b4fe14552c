"""Owns what a container may be told of its own Pod: fields, and its own requests and limits.

Source: kubernetes pkg/kubelet/kubelet_pods.go (podFieldSelectorRuntimeValue, containerResourceRuntimeValue),
pkg/fieldpath/fieldpath.go, pkg/api/v1/resource/helpers.go.
"""

from __future__ import annotations

from cluster.meta import quantity
from cluster.meta.gotext import quote

ALLOCATABLE = ("cpu", "memory", "ephemeral-storage")  # a limit that is not set counts as all that the node gives
POD_LEVEL = ("cpu", "memory")  # of these, what a Pod may have for all its containers together


class Unreadable(ValueError):
    """A field that there is not; the message is upstream's."""


def field(pod: dict, path: str, *, pod_ip: str, host_ip: str) -> str:
    """A field for an environment variable: those of a volume, and where the Pod runs."""
    spec = pod["spec"]
    if path in ("status.podIP", "status.podIPs"):
        return pod_ip
    if path in ("status.hostIP", "status.hostIPs"):
        return host_ip
    if path in ("spec.nodeName", "spec.serviceAccountName"):
        return spec.get(path.partition(".")[2], "")
    return metadata(pod, path)


def metadata(pod: dict, path: str) -> str:
    """A field for a file of a volume."""
    meta = pod["metadata"]
    name, bracket, key = path.partition("['")
    if bracket:
        if name not in ("metadata.labels", "metadata.annotations"):
            raise Unreadable(f"fieldPath {quote(path)} does not support subscript")
        return (meta.get(name.partition(".")[2]) or {}).get(key.removesuffix("']"), "")
    if path in ("metadata.labels", "metadata.annotations"):
        return listed(meta.get(path.partition(".")[2]) or {})
    if path in ("metadata.name", "metadata.namespace", "metadata.uid"):
        return meta.get(path.partition(".")[2], "")
    raise Unreadable(f"unsupported fieldPath: {path}")


def listed(table: dict[str, str]) -> str:
    """Labels or annotations as lines, sorted, without a newline at the end. Source: fieldpath.FormatMap."""
    return "\n".join(f"{key}={quote(table[key])}" for key in sorted(table))


def resource(pod: dict, spec: dict | None, source: dict, allocatable: dict) -> str:
    """A request or limit of a container, in units of the divisor, rounded up. spec: whose, where the source names nobody."""
    name = source.get("containerName")
    if name:
        known = (*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ()))
        spec = next((each for each in known if each["name"] == name), None)
    if spec is None:
        raise Unreadable(f"container {name} not found")
    kind, _, which = source["resource"].partition(".")
    amounts = (spec.get("resources") or {}).get(kind) or {}
    text = amounts.get(which)
    if kind == "limits" and which in ALLOCATABLE and (text is None or quantity.parse(str(text)).nano == 0):
        text = _default_limit(pod, which, allocatable)
    divisor = quantity.parse(str(source.get("divisor") or "0"))
    found = quantity.parse(str(text)) if text is not None else quantity.parse("0")
    if which == "cpu":
        return str(_up(found.millis, divisor.millis or 1000))
    return str(_up(found.value, divisor.value or 1))


def _default_limit(pod: dict, which: str, allocatable: dict) -> object:
    """The limit of a container that sets none: the Pod's own where that has one, else all that the node gives.

    Source: kubernetes pkg/kubelet/kubelet_resources.go (defaultPodLimitsForDownwardAPI).
    """
    text = ((pod["spec"].get("resources") or {}).get("limits") or {}).get(which) if which in POD_LEVEL else None
    return text if text is not None and quantity.parse(str(text)).nano else allocatable.get(which)


def _up(amount: int, divisor: int) -> int:
    return -(-amount // divisor)
