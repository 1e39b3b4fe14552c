"""What the columns of `kubectl get` share: published descriptions, ages, and lists of containers.

Source: pkg/printers/internalversion/printers.go, k8s.io/apimachinery pkg/util/duration.
"""
from __future__ import annotations

from cluster.engine.clock import unix_ms
from cluster.kinds.base import Column

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def column(name: str, description: str, *, type: str = "string", priority: int = 0, format: str = "") -> Column:
    """A column whose description is text, or `definition#field` of the published schemas."""
    if "#" in description and " " not in description:
        return Column(name, type, format, priority=priority, described_by=description)
    return Column(name, type, format, description, priority)


NAME = column("Name", "meta.v1.ObjectMeta#name", format="name")
AGE = column("Age", "meta.v1.ObjectMeta#creationTimestamp")
CONTAINERS = column("Containers", "Names of each container in the template.", priority=1)
IMAGES = column("Images", "Images referenced by each container in the template.", priority=1)


def since(timestamp: str | None, now_unix_ms: int) -> str:
    """The time since a timestamp as kubectl writes it, `<unknown>` without one."""
    return human_duration(now_unix_ms - unix_ms(timestamp)) if timestamp else "<unknown>"


def age(obj: dict, now_unix_ms: int) -> str:
    """The AGE cell."""
    return since(obj["metadata"].get("creationTimestamp"), now_unix_ms)


def human_duration(length_ms: int) -> str:
    """A length of time in at most two units: 90s, 5m30s, 3h12m, 2d4h, 400d, 3y20d."""
    if length_ms <= -2_000:
        return "<invalid>"
    seconds = max(length_ms, 0) // 1_000
    if seconds < 2 * MINUTE_S:
        return f"{seconds}s"
    if seconds < 3 * HOUR_S:
        minutes = seconds // MINUTE_S
        return _two(minutes, "m", seconds % MINUTE_S, "s") if minutes < 10 else f"{minutes}m"
    if seconds < 2 * DAY_S:
        hours = seconds // HOUR_S
        return _two(hours, "h", seconds % HOUR_S // MINUTE_S, "m") if hours < 8 else f"{hours}h"
    return _days_duration(seconds // HOUR_S)


def _days_duration(hours: int) -> str:
    days = hours // 24
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    if days < 365 * 8:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def container_cells(containers: list[dict] | None) -> tuple[str, str]:
    """The CONTAINERS and IMAGES cells of a template's containers."""
    containers = containers or []
    names = ",".join(container.get("name", "") for container in containers)
    return names, ",".join(container.get("image", "") for container in containers)
