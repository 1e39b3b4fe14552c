"""ComponentStatus: whether the control plane's parts are well. Worked out when somebody asks, and deprecated."""
from __future__ import annotations

from collections.abc import Callable

from cluster.kinds._columns import NAME, column
from cluster.kinds.base import Kind
from cluster.store.etcd import REFUSED

COMPONENTS = {"controller-manager": ("kube-controller-manager", 10257), "etcd-0": ("etcd", 2379), "scheduler": ("kube-scheduler", 10259)}


def computed(is_on: Callable[[str], bool]) -> list[dict]:
    """All parts, and whether each is well. is_on: whether a component, by its name, runs.

    Source: pkg/registry/core/componentstatus/{rest,validator}.go; pkg/probe/http/http.go.
    """
    return [{"kind": "ComponentStatus", "apiVersion": "v1", "metadata": {"name": name}, "conditions": [_condition(component, port, is_on(component))]}
            for name, (component, port) in COMPONENTS.items()]


def _condition(component: str, port: int, is_well: bool) -> dict:
    if is_well:
        return {"type": "Healthy", "status": "True", "message": "ok"}
    if component == "etcd":
        return {"type": "Healthy", "status": "False", "error": REFUSED}
    refused = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    return {"type": "Healthy", "status": "False", "message": f'Get "https://127.0.0.1:{port}/healthz": {refused}'}


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
