"""Owns which ConfigMaps and Secrets a Pod depends on, for its containers' environment and its volumes.

Source: kubernetes pkg/api/v1/pod/util.go (VisitPodSecretNames, VisitPodConfigmapNames).
"""

from __future__ import annotations

KINDS = ("initContainers", "containers", "ephemeralContainers")
LIVE = frozenset(("configMap", "secret", "downwardAPI", "projected", "image"))
TOKENS = "kube-api-access-"  # the volume that admission gives every Pod


def containers_of(pod: dict) -> list[dict]:
    """Every container's spec, of all three kinds."""
    spec = pod["spec"]
    return [*(spec.get("initContainers") or ()), *spec["containers"], *(spec.get("ephemeralContainers") or ())]


def is_plain(pod: dict) -> bool:
    """Whether nothing has to be fetched or made before the Pod's containers can start."""
    spec = pod["spec"]
    for volume in spec.get("volumes") or ():
        if not is_lazy(volume) and is_used(pod, volume):
            return False
    for kind in KINDS:
        for container in spec.get(kind) or ():
            if ("env" in container or "envFrom" in container) and _has_references(container):
                return False
    return True


def is_used(pod: dict, volume: dict) -> bool:
    """Whether a container wants a volume; the kubelet leaves those alone that nobody mounts.

    Source: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go (processPodVolumes), pkg/volume/util/util.go.
    """
    name = volume["name"]
    return any(name in mounted_in(spec) for spec in containers_of(pod))


def mounted_in(spec: dict) -> list[str]:
    """The volumes that a container mounts, or has as devices."""
    return [each["name"] for each in (*(spec.get("volumeMounts") or ()), *(spec.get("volumeDevices") or ()))]


def used_volumes(pod: dict) -> list[dict]:
    """The volumes that a Pod's containers want, in the order of its spec."""
    wanted = {name for spec in containers_of(pod) for name in mounted_in(spec)}
    return [volume for volume in pod["spec"].get("volumes") or () if volume["name"] in wanted]


def is_lazy(volume: dict) -> bool:
    """Whether a volume is filled when somebody first looks into it: it needs nothing, and nothing of it can fail."""
    return "emptyDir" in volume or ("projected" in volume and volume["name"].startswith(TOKENS))


def _has_references(spec: dict) -> bool:
    if spec.get("envFrom"):
        return True
    return any(
        "configMapKeyRef" in source or "secretKeyRef" in source
        for source in (entry.get("valueFrom") for entry in spec.get("env") or ())
        if source
    )


def of(pod: dict) -> list[tuple[str, str]]:
    """(resource, name) of everything in the Pod's namespace that it needs, each once."""
    found: dict[tuple[str, str], None] = {}
    for spec in containers_of(pod):
        found.update(dict.fromkeys(_of_environment(spec)))
    for volume in pod["spec"].get("volumes") or ():
        if not is_lazy(volume):
            found.update(dict.fromkeys(_of_volume(volume)))
    return [reference for reference in found if reference[1]]


def _of_environment(spec: dict) -> list[tuple[str, str]]:
    found = []
    for each in spec.get("envFrom") or ():
        found += _named(each, "configMapRef", "secretRef")
    for entry in spec.get("env") or ():
        found += _named(entry.get("valueFrom") or {}, "configMapKeyRef", "secretKeyRef")
    return found


def _named(source: dict, config_map: str, secret: str, name: str = "name") -> list[tuple[str, str]]:
    found = [("configmaps", source[config_map].get("name", ""))] if source.get(config_map) else []
    return found + ([("secrets", source[secret].get(name, ""))] if source.get(secret) else [])


def _of_volume(volume: dict) -> list[tuple[str, str]]:
    found = _named(volume, "configMap", "secret", "secretName")
    for source in (volume.get("projected") or {}).get("sources") or ():
        found += _named(source, "configMap", "secret")
    return found


def is_live(pod: dict) -> bool:
    """Whether what is in the Pod's volumes may change while it runs, or is asked for anew by each pass."""
    live = (volume for volume in pod["spec"].get("volumes") or () if not is_lazy(volume) and not LIVE.isdisjoint(volume))
    return any(is_used(pod, volume) for volume in live)
