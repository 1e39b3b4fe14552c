"""What the API server registers about itself when it starts: its APIServices, flow control, and the range of the Services' addresses.

Source: cmd/kube-apiserver/app/aggregator.go, pkg/registry/flowcontrol/rest/storage_flowcontrol.go,
pkg/controlplane/controller/defaultservicecidr/default_servicecidr_controller.go, pkg/controller/servicecidrs/servicecidrs_controller.go.
"""
from __future__ import annotations

from functools import cache

from cluster.apiserver import aggregation, allocation, fairness, itself, managed
from cluster.kinds import apiservice, flowschema, ipaddress, registry, servicecidr

SERVER, CONTROLLERS = "kube-apiserver", "kube-controller-manager"
OF_SERVER, OF_CONTROLLER = "kubernetes-service-cidr-controller", "service-cidr-controller"
CIDRS, ADDRESSES = "/registry/servicecidrs/", "/registry/ipaddresses/"
# of the condition of the range: the API server says first that it is ready, its controller then in other words
SAID_FIRST = {".": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {}}
SAID_LAST = {".": {}, "f:lastTransitionTime": {}, "f:message": {}, "f:reason": {}, "f:status": {}, "f:type": {}}
READY = "Kubernetes Service CIDR is ready"


def objects(stamp: str, uid) -> list[tuple[str, dict]]:
    """(etcd key, object) pairs. uid: a source of uids."""
    return [(key, _dated(obj, stamp, uid())) for key, obj in _own()]


def addresses(services: list[dict], stamp: str, uid) -> list[tuple[str, dict]]:
    """(etcd key, object) of the addresses that Services hold."""
    found = [ipaddress.of_service(ip, service) for service in services for ip in service["spec"].get("clusterIPs") or () if ip != "None"]
    return [(f"{ADDRESSES}{obj['metadata']['name']}", _dated(_written(obj, SERVER), stamp, uid())) for obj in found]


@cache
def _own() -> list[tuple[str, dict]]:
    """The same without what each cluster has of its own: uid and times, for which "-" stands."""
    kubernetes = {**itself.service(), "spec": {"clusterIPs": [itself.SERVICE_IP]}}
    found = [(f"{apiservice.PREFIX}/{obj['metadata']['name']}", {**_written(obj, SERVER), "status": {"conditions": [apiservice.local("-")]}})
             for obj in aggregation.at_start(registry())]
    found += [(key, _of_flow(obj)) for key, obj in fairness.own()]
    found.append((f"{CIDRS}{servicecidr.DEFAULT_NAME}", _range()))
    return found + addresses([kubernetes], "-", lambda: "-")


def _of_flow(obj: dict) -> dict:
    """A priority level, or a schema with the condition that its level is there."""
    made = _written(obj, fairness.PRODUCER)
    meta = {**made["metadata"], "generation": 1}
    if obj["kind"] != "FlowSchema":
        return {**made, "metadata": meta, "status": {}}
    applied = _entry(fairness.CONSUMER, "Apply", obj["apiVersion"], fairness.OF_CONDITION, "status")
    condition = flowschema.dangling(obj["spec"]["priorityLevelConfiguration"]["name"], True, "-")
    return {**made, "metadata": {**meta, "managedFields": [applied, *meta["managedFields"]]}, "status": {"conditions": [condition]}}


def _range() -> dict:
    sent = {"kind": "ServiceCIDR", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": servicecidr.DEFAULT_NAME},
            "spec": {"cidrs": [str(allocation.RANGE)]}}
    made = _written(sent, SERVER)
    applied = [_entry(who, "Apply", sent["apiVersion"], {"f:status": {"f:conditions": {'k:{"type":"Ready"}': fields}}}, "status")
               for who, fields in ((OF_SERVER, SAID_FIRST), (OF_CONTROLLER, SAID_LAST))]
    kept = _entry(CONTROLLERS, "Update", sent["apiVersion"],
                  {"f:metadata": {"f:finalizers": {".": {}, f'v:"{servicecidr.FINALIZER}"': {}}}}, "")
    entries = managed.ordered([*applied, *made["metadata"]["managedFields"], kept])
    meta = {**made["metadata"], "finalizers": [servicecidr.FINALIZER], "managedFields": entries}
    return {**made, "metadata": meta, "status": {"conditions": [servicecidr.ready("-", READY)]}}


def _entry(manager: str, operation: str, api_version: str, fields: dict, subresource: str) -> dict:
    return {"manager": manager, "operation": operation, "apiVersion": api_version, "time": "-", "fieldsType": "FieldsV1", "fieldsV1": fields,
            **({"subresource": subresource} if subresource else {})}


def _written(obj: dict, manager: str) -> dict:
    return {**obj, "metadata": {**obj["metadata"], "managedFields": managed.track_update(None, obj, manager, "-")}}


def _dated(obj: dict, stamp: str, uid: str) -> dict:
    """The object of one cluster."""
    entries = [{**entry, "time": stamp} for entry in obj["metadata"]["managedFields"]]
    made = {**obj, "metadata": {**obj["metadata"], "uid": uid, "creationTimestamp": stamp, "managedFields": entries}}
    conditions = (obj.get("status") or {}).get("conditions")
    if conditions:
        made["status"] = {"conditions": [{**one, "lastTransitionTime": stamp} for one in conditions]}
    return made
