"""ComponentStatus: whether the control plane's parts are well. Worked out when somebody asks, and deprecated."""
from __future__ import annotations

from cluster.kinds._columns import NAME, column
from cluster.kinds.base import Kind

COMPONENTS = ("controller-manager", "etcd-0", "scheduler")


def computed() -> list[dict]:
    """All parts, each well: a part that is switched off here is told by its own signs.

    Source: pkg/registry/core/componentstatus/rest.go.
    """
    return [{"kind": "ComponentStatus", "apiVersion": "v1", "metadata": {"name": name},
             "conditions": [{"type": "Healthy", "status": "True", "message": "ok"}]} for name in COMPONENTS]


def cells(component: dict, now_unix_ms: int) -> list:
    """Name, Healthy or Unhealthy, message, error. Source: pkg/printers/internalversion/printers.go (printComponentStatus)."""
    for found in component.get("conditions") or ():
        if found.get("type") == "Healthy":
            word = "Healthy" if found.get("status") == "True" else "Unhealthy"
            return [component["metadata"]["name"], word, found.get("message", ""), found.get("error", "")]
    return [component["metadata"]["name"], "Unknown", "", ""]


KIND = Kind(
    kind="ComponentStatus", plural="componentstatuses", singular="componentstatus", namespaced=False, short_names=("cs",),
    verbs=("get", "list"), deprecation="v1 ComponentStatus is deprecated in v1.19+", computed=computed,
    columns=(NAME, column("Status", "Status of the component conditions"), column("Message", "Message of the component conditions"),
             column("Error", "Error of the component conditions")),
    cells=cells, icon="heart-pulse",
    title={"en": "Whether scheduler, controller manager and etcd are well; deprecated.",
           "zh": "scheduler、controller manager 和 etcd 是否健康；已弃用。"},
)
