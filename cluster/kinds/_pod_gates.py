"""Fields behind feature gates that are off in 1.36: taken, then dropped without a word.

Source: pkg/api/pod/util.go (dropDisabledFields), pkg/features/kube_features.go.
"""
from __future__ import annotations

from cluster.kinds._pod_visit import all_containers

APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_OFF_PROJECTIONS = ("clusterTrustBundle", "podCertificate")


def app_armor_fields(annotations: dict, spec: dict) -> None:
    """Give containers the AppArmor profile that an old annotation names, in place.

    Source: pkg/registry/core/pod/strategy.go (applyAppArmorVersionSkew).
    """
    if (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, _ in all_containers(spec, ""):
        profile = profile_of(annotations.get(APPARMOR + (container.get("name") or "")))
        own = (container.get("securityContext") or {}).get("appArmorProfile")
        if profile and own is None and profile != of_pod:
            container["securityContext"] = {**(container.get("securityContext") or {}), "appArmorProfile": profile}


def profile_of(annotation: str | None) -> dict | None:
    """The AppArmor profile that an annotation's value names, None if it names none."""
    if annotation in ("unconfined", "runtime/default"):
        return {"type": "Unconfined" if annotation == "unconfined" else "RuntimeDefault"}
    local = (annotation or "").removeprefix("localhost/")
    return {"type": "Localhost", "localhostProfile": local} if local and local != annotation else None


def drop_disabled(spec: dict) -> None:
    """Drop them from a Pod spec, in place."""
    spec.pop("schedulingGroup", None)  # GenericWorkload
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            for field in _OFF_PROJECTIONS:
                source.pop(field, None)
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            if container.get("lifecycle"):
                _drop_stop_signal(container)


def _drop_stop_signal(container: dict) -> None:
    """ContainerStopSignals; a lifecycle of nothing else goes too."""
    if container["lifecycle"].pop("stopSignal", None) is not None and not container["lifecycle"]:
        del container["lifecycle"]
