"""Fields behind feature gates that are off in 1.36: taken, then dropped without a word.

Source: pkg/api/pod/util.go (dropDisabledFields), pkg/features/kube_features.go.
"""
from __future__ import annotations

_OFF_PROJECTIONS = ("clusterTrustBundle", "podCertificate")


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
                container["lifecycle"].pop("stopSignal", None)  # ContainerStopSignals
