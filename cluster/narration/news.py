"""What a write changed, in the fewest words that tell: `phase=Running`, `podIP=10.244.0.2`, `Ready=True`.

The words are fields and values, so they stand in every language.
"""
from __future__ import annotations

from typing import Any

MOST = 3
NAMED = ("phase", "podIP", "replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "unavailableReplicas",
         "active", "succeeded", "failed", "observedGeneration")
COUNTS = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "unavailableReplicas", "active", "succeeded", "failed")


def telling(new: dict, old: dict) -> list[str]:
    """What differs, what matters most first: spec, labels, phase, readiness, containers, conditions, the rest."""
    found = [*_spec(new, old), *_meta(new["metadata"], old["metadata"])]
    status, before = new.get("status") or {}, old.get("status") or {}
    named = [f"{name}={_value(name, status)}" for name in NAMED if status.get(name) != before.get(name)]
    found += [text for text in named if not text.startswith("observedGeneration")]
    found += _containers(status, before) + _conditions(status, before)
    found += [text for text in named if text.startswith("observedGeneration")]
    return found + [f"status.{name}" for name in dict.fromkeys((*status, *before)) if _is_other(name) and status.get(name) != before.get(name)]


def _spec(new: dict, old: dict) -> list[str]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    names = [name for name in dict.fromkeys((*spec, *before)) if spec.get(name) != before.get(name)]
    return [f"spec.{name}={spec[name]}" if isinstance(spec.get(name), (int, str)) else f"spec.{name}" for name in names]


def _meta(meta: dict, before: dict) -> list[str]:
    found = []
    for part in ("labels", "annotations"):
        values, earlier = meta.get(part) or {}, before.get(part) or {}
        keys = [key for key in dict.fromkeys((*values, *earlier)) if values.get(key) != earlier.get(key)]
        found += [f"{part[:-1]} {key.rpartition('/')[2]}" for key in keys]
    return found + [name for name in ("ownerReferences", "finalizers") if meta.get(name) != before.get(name)]


def _value(name: str, status: dict) -> Any:
    return status.get(name, 0 if name in COUNTS else "")


def _containers(status: dict, before: dict) -> list[str]:
    earlier, found = {row["name"]: row for row in before.get("containerStatuses") or ()}, []
    for row in status.get("containerStatuses") or ():
        old = earlier.get(row["name"]) or {}
        state, was = _state(row), _state(old)
        if state != was:
            found.append(f"{row['name']} {state}")
        if row.get("restartCount", 0) > old.get("restartCount", 0):
            found.append(f"restartCount={row['restartCount']}")
    return found


def _state(row: dict) -> str:
    for name, detail in (row.get("state") or {}).items():
        return f"{name} ({detail['reason']})" if detail.get("reason") else name
    return ""


def _conditions(status: dict, before: dict) -> list[str]:
    earlier = {row["type"]: row for row in before.get("conditions") or ()}
    found = []
    for row in status.get("conditions") or ():
        old = earlier.get(row["type"]) or {}
        if row["status"] != old.get("status"):
            found.append(f"{row['type']}={row['status']}")
        elif row.get("reason") != old.get("reason"):
            found.append(f"{row['type']} {row.get('reason', '')}".strip())
    return sorted(found, key=lambda text: not text.startswith(("Ready", "Available")))


def _is_other(name: str) -> bool:
    return name not in NAMED and name not in ("conditions", "containerStatuses")
