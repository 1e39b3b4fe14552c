"""Owns what a container finds around it: its variables, its mounts, its host name.

A simplification: variables from ConfigMaps and Secrets are empty until those kinds have their issue.
Source: kubernetes pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables, GeneratePodHostNameAndDomain).
"""

from __future__ import annotations

import re

from cluster.runtime.filesystem import Mount, absolute

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][\w.-]*)\)")


def hostname(pod: dict, node: str) -> str:
    """spec.hostname, else the Pod's name, cut at 63 signs; the node's in the node's network."""
    if pod["spec"].get("hostNetwork"):
        return node
    return (pod["spec"].get("hostname") or pod["metadata"]["name"])[:63].rstrip("-.")


def variables(pod: dict, spec: dict, *, pod_ip: str, host_ip: str) -> dict[str, str]:
    """The environment of a container."""
    found: dict[str, str] = {}
    for entry in spec.get("env") or ():
        source = entry.get("valueFrom")
        if source:
            found[entry["name"]] = _from_field(
                pod, (source.get("fieldRef") or {}).get("fieldPath", ""), pod_ip, host_ip
            )
        else:
            found[entry["name"]] = expanded(entry.get("value", ""), found)
    return found


def _from_field(pod: dict, path: str, pod_ip: str, host_ip: str) -> str:
    meta, spec = pod["metadata"], pod["spec"]
    simple = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta["namespace"],
        "metadata.uid": meta["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.podIP": pod_ip,
        "status.podIPs": pod_ip,
        "status.hostIP": host_ip,
        "status.hostIPs": host_ip,
    }
    if path in simple:
        return simple[path]
    field, _, key = path.partition("['")
    table = {"metadata.labels": meta.get("labels"), "metadata.annotations": meta.get("annotations")}.get(field) or {}
    return table.get(key.removesuffix("']"), "")


def expanded(text: str, values: dict[str, str]) -> str:
    """`$(NAME)` replaced; `$$` is a dollar sign; unknown names stay as written.

    Source: k8s.io/kubernetes third_party/forked/golang/expansion.
    """
    return _REFERENCE.sub(lambda found: "$" if found[0] == "$$" else values.get(found[1], found[0]), text)


def mounts(uid: str, spec: dict) -> dict[str, Mount]:
    """What is mounted where in a container."""
    return {
        absolute(mount["mountPath"]): Mount(f"{uid}/{mount['name']}", read_only=bool(mount.get("readOnly")))
        for mount in spec.get("volumeMounts") or ()
        if not mount.get("subPath")
    }
