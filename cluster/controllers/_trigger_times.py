"""When what made an endpoints object change happened: the annotation endpoints.kubernetes.io/last-change-trigger-time.

Source: k8s.io/endpointslice util/trigger_time_tracker.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ._pods import ready_condition

FEW = 100
ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time"


@dataclass
class TriggerTimes:
    """What was seen at the last sync: Service -> its own time, and by Pod the time of its Ready condition."""

    services: dict[str, str] = field(default_factory=dict)
    pods: dict[str, dict[str, str]] = field(default_factory=dict)

    def compute(self, key: str, service: dict, changed: list[dict], members: dict[str, dict]) -> str:
        """The earliest of the times that are new since the last sync; of a Service never seen, its creation; "" for none.

        changed: its Pods that may have changed, each new one among them. members: all of its Pods, by their keys; of few all
        are looked at, so that it does not matter what a restarted controller counts as changed.
        """
        if len(members) <= FEW:
            changed = list(members.values())
        created, was_known, known = service["metadata"]["creationTimestamp"], key in self.services, self.pods.setdefault(key, {})
        fresh = [created] if created > self.services.get(key, "") else []
        for pod in changed:
            name, moment = pod["metadata"]["name"], moment_of(pod)
            if moment > known.get(name, ""):
                fresh.append(moment)
            known[name] = moment
        if len(known) > len(members):  # who saw them last may not know which are gone: what a look began with is not kept
            self.pods[key] = {name: known[name] for name in known if f"{service['metadata']['namespace']}/{name}" in members}
        self.services[key] = created
        return min(fresh, default="") if was_known else created

    def forget(self, key: str) -> None:
        self.services.pop(key, None)
        self.pods.pop(key, None)


def moment_of(pod: dict) -> str:
    condition = ready_condition(pod)
    return (condition or {}).get("lastTransitionTime") or ""


def annotated(meta: dict, moment: str) -> dict:
    """Metadata with the annotation set, or taken away where there is no time."""
    annotations = {key: value for key, value in (meta.get("annotations") or {}).items() if key != ANNOTATION}
    if moment:
        annotations[ANNOTATION] = moment
    rest = {key: value for key, value in meta.items() if key != "annotations"}
    return {**rest, "annotations": annotations} if annotations else rest
