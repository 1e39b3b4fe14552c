"""Owns what a container is started with: its variables, command line, mounts and surroundings, or why it cannot be made.

Source: kubernetes pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables, GenerateRunContainerOptions), pkg/kubelet/envvars/envvars.go,
pkg/kubelet/kuberuntime/kuberuntime_container.go (generateContainerConfig).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct, field

from cluster.meta.gotext import quote
from cluster.runtime.filesystem import FILE, Mount, absolute, joined, real_path
from cluster.runtime.state import Surroundings

from . import downward, env_file, node_status, surroundings
from .volume_contents import NotReady, entries_of

_REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")
Look = Callable[[str, str], dict | None]


class Unset(Exception):
    """A variable cannot be had; the message is upstream's."""


class Prepared(Struct):
    """What a container is started with. problem: why it cannot be made."""

    env: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    hostname: str = ""
    mounts: dict[str, Mount] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)
    problem: str = ""


def prepare(kubelet, pod: dict, spec: dict, image: str, address: str) -> Prepared:
    """All that one container needs. image: its full name. address: the Pod's."""
    try:
        values = _values(kubelet, pod, spec, address)
        name = surroundings.hostname(pod, kubelet.node)
        return Prepared(
            values,
            [expanded(text, values) for text in spec["command"] or ()] if "command" in spec else [],
            [expanded(text, values) for text in spec["args"] or ()] if "args" in spec else [],
            surroundings.full_name(pod, name),
            kubelet.volumes.mounts(pod, spec, values, expanded),
            surroundings.around(pod, spec, image, name=name, address=address,
                                node_hosts=node_hosts(kubelet) if pod["spec"].get("hostNetwork") else "",
                                node_resolver=kubelet.runtime.resolver, users=kubelet.runtime.state.user_ranges),
        )  # fmt: skip
    except (Unset, NotReady, surroundings.Refused) as error:
        return Prepared(problem=str(error))


def _values(kubelet, pod: dict, spec: dict, address: str) -> dict[str, str]:
    """The environment of a container on its node, not to be changed. Raises Unset."""
    namespace = pod["metadata"]["namespace"]
    services = kubelet.services.variables(namespace, pod["spec"].get("enableServiceLinks") is not False)
    if "env" not in spec and "envFrom" not in spec:
        return services
    return variables(
        pod,
        spec,
        services=services,
        look=lambda resource, name: kubelet.objects.get(resource, namespace, name),
        find=lambda volume, path: read_in(kubelet, pod, volume, path),
        facts={"pod_ip": address, "host_ip": kubelet.node_ip},
        allocatable=lambda: node_status.allocatable(kubelet.machine),
    )


def node_hosts(kubelet) -> str:
    """The node's own /etc/hosts, which Pods in its network see."""
    found = kubelet.runtime.host().nodes.get("/etc/hosts")
    return found.text if found is not None else ""


def variables(
    pod: dict,
    spec: dict,
    *,
    services: dict[str, str],
    look: Look,
    find: Callable[[str, str], str | None],
    facts: dict[str, str],
    allocatable: Callable[[], dict],
) -> dict[str, str]:
    """The environment of a container. find: (volume, path) -> the text of a file. Raises Unset."""
    found: dict[str, str] = {}
    for source in spec.get("envFrom") or ():
        found.update(_from_object(source, pod, look))
    for entry in spec.get("env") or ():
        source = entry.get("valueFrom")
        if entry.get("value") or not source:
            found[entry["name"]] = expanded(entry.get("value") or "", found, services)
            continue
        text = _valued(source, pod, spec, look, find, facts, allocatable)
        if text is not None:
            found[entry["name"]] = text
    return {**found, **{name: text for name, text in services.items() if name not in found}} if found else dict(services)


def _from_object(source: dict, pod: dict, look: Look) -> dict[str, str]:
    resource, reference = ("configmaps", source["configMapRef"]) if source.get("configMapRef") else ("secrets", source.get("secretRef") or {})
    object_ = _looked_up(resource, reference, look)
    if object_ is None:
        return {}
    entries = object_.get("data") or {} if resource == "configmaps" else entries_of(object_)
    return {source.get("prefix", "") + key: entries[key] for key in sorted(entries)}


def _looked_up(resource: str, reference: dict, look: Look) -> dict | None:
    name = reference.get("name", "")
    found = look(resource, name)
    if found is None and not reference.get("optional"):
        raise Unset(f'{"configmap" if resource == "configmaps" else "secret"} "{name}" not found')
    return found


def _valued(source: dict, pod: dict, spec: dict, look: Look, find, facts: dict[str, str], allocatable) -> str | None:
    """A value from somewhere; None: the variable is left out."""
    try:
        if source.get("fieldRef"):
            return downward.field(pod, source["fieldRef"].get("fieldPath", ""), **facts)
        if source.get("resourceFieldRef"):
            return downward.resource(pod, spec, source["resourceFieldRef"], allocatable())
    except downward.Unreadable as error:
        raise Unset(str(error)) from error
    if source.get("configMapKeyRef"):
        return _key("configmaps", source["configMapKeyRef"], pod, look)
    if source.get("secretKeyRef"):
        return _key("secrets", source["secretKeyRef"], pod, look)
    return _from_file(source["fileKeyRef"], pod, find) if source.get("fileKeyRef") else ""


def _key(resource: str, reference: dict, pod: dict, look: Look) -> str | None:
    found = _looked_up(resource, reference, look)
    if found is None:
        return None
    entries = found.get("data") or {} if resource == "configmaps" else entries_of(found)
    if reference["key"] in entries:
        return entries[reference["key"]]
    if reference.get("optional"):
        return None
    kind = "ConfigMap" if resource == "configmaps" else "Secret"
    raise Unset(f"couldn't find key {reference['key']} in {kind} {pod['metadata']['namespace']}/{reference.get('name', '')}")


def _from_file(reference: dict, pod: dict, find) -> str | None:
    """A variable out of a file of a volume (EnvFiles)."""
    text = find(reference["volumeName"], reference["path"])
    try:
        if text is None:
            raise env_file.Malformed("no such file")
        value = env_file.value_of(text, reference["key"])
    except env_file.Malformed as error:
        raise Unset("couldn't parse env file") from error
    if value:
        return value
    if reference.get("optional"):
        return None
    where = f"/var/lib/kubelet/pods/{pod['metadata']['uid']}/volumes/kubernetes.io~empty-dir/{reference['volumeName']}/{reference['path']}"
    raise Unset(f"environment variable key {quote(reference['key'])} not found in file {quote(where)}")


def read_in(kubelet, pod: dict, volume: str, path: str) -> str | None:
    """The text of a file in a Pod's volume."""
    mounted = kubelet.volumes.table.get(pod["metadata"]["uid"])
    key, root, _ = (mounted.places.get(volume) if mounted else None) or (f"{pod['metadata']['uid']}/{volume}", "/", "")
    tree = kubelet.runtime.volume(key).nodes
    node = tree.get(real_path(tree, joined(root, absolute(path))))
    return node.text if node is not None and node.kind == FILE else None


def expanded(text: str, values: dict[str, str], more: dict[str, str] | None = None) -> str:
    """`$(NAME)` replaced; `$$` is a dollar sign; unknown names stay as written.

    Source: k8s.io/kubernetes third_party/forked/golang/expansion.
    """
    if "$" not in text:
        return text
    return _REFERENCE.sub(lambda found: "$" if found[0] == "$$" else values.get(found[1], (more or {}).get(found[1], found[0])), text)
