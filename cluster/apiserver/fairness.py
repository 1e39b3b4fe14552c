"""Priority and fairness, as far as its objects go: the server makes its own and says of each schema whether its level is there.

Simplified: no request waits in a queue or is refused for its level; the server has room for everybody.
Source: pkg/registry/flowcontrol/rest/storage_flowcontrol.go, pkg/registry/flowcontrol/ensurer/strategy.go;
k8s.io/apiserver pkg/util/flowcontrol/apf_controller.go.
"""
from __future__ import annotations

from cluster.kinds import _flow_bootstrap, flowschema
from cluster.meta.requests import Request
from cluster.store.memory import Store

GROUP = "flowcontrol.apiserver.k8s.io"
SCHEMAS, LEVELS = "/registry/flowschemas/", "/registry/prioritylevelconfigurations/"
PRODUCER, CONSUMER = "api-priority-and-fairness-config-producer-v1", "api-priority-and-fairness-config-consumer-v1"
AUTO_UPDATE = "apf.kubernetes.io/autoupdate-spec"
INTERVAL_MS = 60_000      # how often what is missing is made again
OF_CONDITION = {"f:status": {"f:conditions": {'k:{"type":"Dangling"}': {
    ".": {}, "f:lastTransitionTime": {}, "f:message": {}, "f:reason": {}, "f:status": {}, "f:type": {}}}}}


def own() -> list[tuple[str, dict]]:
    """(etcd key, object) of what the server makes for itself, as it sends it."""
    found = [(f"{LEVELS}{name}", _object("PriorityLevelConfiguration", name, spec)) for name, spec in _flow_bootstrap.levels().items()]
    return found + [(f"{SCHEMAS}{name}", _object("FlowSchema", name, spec)) for name, spec in _flow_bootstrap.schemas().items()]


def _object(kind: str, name: str, spec: dict) -> dict:
    return {"kind": kind, "apiVersion": f"{GROUP}/v1", "metadata": {"name": name, "annotations": {AUTO_UPDATE: "true"}}, "spec": spec}


def missing(store: Store) -> list[Request]:
    """What makes its own objects again that somebody has deleted."""
    return [_request("create", "flowschemas" if key.startswith(SCHEMAS) else "prioritylevelconfigurations", "", obj, PRODUCER)
            for key, obj in own() if store.get(key) is None]


def requests(store: Store, now: str) -> list[Request]:
    """What makes the conditions of the schemas true."""
    found = []
    for _, stored in store.list(SCHEMAS):
        schema = stored.value
        level = schema["spec"]["priorityLevelConfiguration"].get("name", "")
        wanted = flowschema.dangling(level, store.get(LEVELS + level) is not None, now)
        before = next((one for one in (schema.get("status") or {}).get("conditions") or () if one.get("type") == "Dangling"), {})
        if all(before.get(name) == wanted[name] for name in ("status", "reason", "message")):
            continue
        if before.get("status") == wanted["status"]:
            wanted["lastTransitionTime"] = before.get("lastTransitionTime", now)
        found.append(_applied(schema["metadata"]["name"], wanted))
    return found


def _applied(name: str, condition: dict) -> Request:
    body = {"kind": "FlowSchema", "apiVersion": f"{GROUP}/v1", "metadata": {"name": name}, "status": {"conditions": [condition]}}
    request = _request("patch", "flowschemas", name, body, CONSUMER)
    request.subresource, request.content_type = "status", "application/apply-patch+yaml"
    request.options["force"] = "true"
    return request


def _request(verb: str, resource: str, name: str, body: dict, manager: str) -> Request:
    return Request(verb=verb, resource=resource, group=GROUP, name=name, body=body, options={"fieldManager": manager}, user="system:apiserver",
                   groups=["system:masters", "system:authenticated"], user_agent="kube-apiserver/v1.36.3 (linux/amd64)")
