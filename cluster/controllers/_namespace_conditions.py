"""What a namespace that is being deleted says about what is left in it.

Source: pkg/controller/namespace/deletion/status_condition_utils.go.
"""

from __future__ import annotations

# type -> (reason, message) when all is well, in the order in which they are written.
GOOD = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}


def troubles(remaining: dict[str, int], finalizers: dict[str, int], errors: list[str]) -> dict[str, tuple[str, str]]:
    """type -> (reason, message) of what is not well. remaining: `pods.` -> count; finalizers: name -> count."""
    found = {}
    if remaining:
        parts = sorted(f"{name} has {count} resource instances" for name, count in remaining.items())
        found["NamespaceContentRemaining"] = (
            "SomeResourcesRemain",
            f"Some resources are remaining: {', '.join(parts)}",
        )
    if finalizers:
        parts = sorted(f"{name} in {count} resource instances" for name, count in finalizers.items())
        message = f"Some content in the namespace has finalizers remaining: {', '.join(parts)}"
        found["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", message)
    if errors:
        message = f"Failed to delete all resource types, {len(errors)} remaining: {', '.join(sorted(errors))}"
        found["NamespaceDeletionContentFailure"] = ("ContentDeletionFailed", message)
    return found


def updated(conditions: list[dict], bad: dict[str, tuple[str, str]], now: str) -> list[dict]:
    """The conditions as they should be; equal to `conditions` if nothing changed."""
    result = list(conditions)
    for type_, good in GOOD.items():
        reason, message = bad.get(type_, good)
        new = {"type": type_, "status": "True" if type_ in bad else "False", "reason": reason, "message": message}
        for index, old in enumerate(result):
            if old["type"] == type_:
                since = old["lastTransitionTime"] if old["status"] == new["status"] else now
                result[index] = {**old, **new, "lastTransitionTime": since}
                break
        else:
            result.append({**new, "lastTransitionTime": now})
    return result
