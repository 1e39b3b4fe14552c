"""Who serves which version of which group: the APIServices that the server registers for itself and for custom resources.

What a Service in the cluster would serve cannot be asked for, since the server speaks to no other: such an APIService says why it is
not available, and its paths answer 503.
Source: cmd/kube-apiserver/app/aggregator.go, pkg/controlplane/apiserver/aggregator.go, pkg/controlplane/controller/crdregistration;
k8s.io/kube-aggregator pkg/controllers/autoregister, pkg/controllers/status/remote, pkg/apiserver/handler_proxy.go.
"""
from __future__ import annotations

from cluster.kinds import Registry, apiservice
from cluster.meta.requests import Request
from cluster.store.memory import Store

GROUP, FOLDER = apiservice.KIND.group, f"{apiservice.PREFIX}/"
DEFINITIONS = "/registry/apiextensions.k8s.io/customresourcedefinitions/"
MANAGED, ON_START, ALWAYS = "kube-aggregator.kubernetes.io/automanaged", "onstart", "true"
CUSTOM = (1000, 100)
INTERVAL_MS = 30_000      # how often it looks at what others would serve
SERVICES, ENDPOINTS = "/registry/services/specs", "/registry/endpointslices"
UNAVAILABLE = "service unavailable\n"
# group -> how far in front it stands; then of its versions, the first one foremost
PRIORITIES: dict[str, tuple[int, dict[str, int]]] = {
    "": (18000, {"v1": 1}), "apps": (17800, {"v1": 15}), "events.k8s.io": (17750, {"v1": 15}), "authentication.k8s.io": (17700, {"v1": 15}),
    "authorization.k8s.io": (17600, {"v1": 15}), "autoscaling": (17500, {"v1": 15, "v2": 30}), "batch": (17400, {"v1": 15}),
    "certificates.k8s.io": (17300, {"v1": 15}), "networking.k8s.io": (17200, {"v1": 15}), "policy": (17100, {"v1": 15}),
    "rbac.authorization.k8s.io": (17000, {"v1": 15}), "storage.k8s.io": (16800, {"v1": 15}),
    "admissionregistration.k8s.io": (16700, {"v1": 15}), "apiextensions.k8s.io": (16700, {"v1": 15}), "scheduling.k8s.io": (16600, {"v1": 15}),
    "coordination.k8s.io": (16500, {"v1": 15}), "node.k8s.io": (16300, {"v1": 15}), "discovery.k8s.io": (16200, {"v1": 15}),
    "resource.k8s.io": (16200, {"v1": 21}), "flowcontrol.apiserver.k8s.io": (16100, {"v1": 21}),
}
# the aggregator's own group comes first and has no APIService
OF_AGGREGATOR = 20001


def in_order(groups: list[str]) -> list[str]:
    """Groups as discovery lists them: the foremost first, by name where two are the same."""
    return sorted(groups, key=lambda group: (-_place(group), group))


def _place(group: str) -> int:
    return OF_AGGREGATOR if group == GROUP else PRIORITIES.get(group, CUSTOM)[0]


def api_service(group: str, version: str, managed: str, priorities: tuple[int, int]) -> dict:
    """What is registered for a version of a group that is served here."""
    spec = {**({"group": group} if group else {}), "version": version, "groupPriorityMinimum": priorities[0], "versionPriority": priorities[1]}
    return {"kind": "APIService", "apiVersion": f"{GROUP}/v1", "metadata": {"name": f"{version}.{group}", "labels": {MANAGED: managed}}, "spec": spec}


def at_start(kinds: Registry) -> list[dict]:
    """The APIServices of the server's own groups, as it registers them when it starts."""
    served = {(kind.group, kind.version): None for kind in kinds.kinds if not kind.custom}
    return [api_service(group, version, ON_START, (PRIORITIES[group][0], PRIORITIES[group][1][version]))
            for group, version in served if version in PRIORITIES.get(group, (0, {}))[1]]


def requests(store: Store) -> list[Request]:
    """What makes the APIServices of custom resources fit their definitions: those that are missing, and those that stand there in vain."""
    wanted = {name: row for _, stored in store.list(DEFINITIONS) for name, row in _served(stored.value)}
    there = {stored.value["metadata"]["name"]: stored.value for _, stored in store.list(FOLDER)}
    new = [_request("create", name, body=api_service(*row, ALWAYS, CUSTOM)) for name, row in wanted.items() if name not in there]
    vain = [name for name, found in there.items() if name not in wanted and (found["metadata"].get("labels") or {}).get(MANAGED) == ALWAYS]
    return new + [_request("delete", name) for name in vain]


def is_remote(path: str, store: Store) -> bool:
    """Whether a path is one that a Service in the cluster would serve."""
    parts = path.split("/")
    if len(parts) < 4 or parts[1] != "apis":
        return False
    stored = store.get(f"{FOLDER}{parts[3]}.{parts[2]}")
    return stored is not None and not apiservice.is_local(stored.value)


def judged(store: Store, now: str) -> list[Request]:
    """What makes the conditions of remote APIServices true."""
    found = []
    for _, stored in store.list(FOLDER):
        service = stored.value
        if apiservice.is_local(service):
            continue
        reason, message = _wrong(service, store)
        before = apiservice.available(service)
        if (before.get("reason"), before.get("message")) == (reason, message):
            continue
        since = before["lastTransitionTime"] if before.get("status") == "False" else now
        condition = {"type": "Available", "status": "False", "lastTransitionTime": since, "reason": reason, "message": message}
        request = _request("update", service["metadata"]["name"], {**service, "status": {"conditions": [condition]}})
        request.subresource = "status"
        found.append(request)
    return found


def remotes(store: Store) -> bool:
    """Whether there is any that somebody else would serve."""
    return any(not apiservice.is_local(stored.value) for _, stored in store.list(FOLDER))


def _wrong(service: dict, store: Store) -> tuple[str, str]:
    """(reason, message) of why it is not available. Source: remote_available_controller.go (sync)."""
    spec, behind = service["spec"], service["spec"]["service"]
    name, namespace, number = behind.get("name", ""), behind.get("namespace", ""), behind.get("port", 443)
    who, found = f'service/{name} in "{namespace}"', store.get(f"{SERVICES}/{namespace}/{name}")
    if found is None:
        return "ServiceNotFound", f"{who} is not present"
    port = next((each for each in found.value["spec"].get("ports") or () if each.get("port") == number), None)
    if found.value["spec"].get("type") != "ExternalName" and port is None:
        return "ServicePortError", f"{who} is not listening on port {number}"
    slices = [stored.value for _, stored in store.list(f"{ENDPOINTS}/{namespace}/")
              if (stored.value["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == name]
    if port is not None and not slices:
        return "EndpointsNotFound", f"cannot find endpointslices for {who}"
    if port is not None and not any(each.get("endpoints") for each in slices):
        return "MissingEndpoints", f'endpointslices for {who} have no addresses with port name "{port.get("name", "")}"'
    url = f"https://{found.value['spec'].get('clusterIP', name)}:{number}/apis/{spec.get('group', '')}/{spec.get('version', '')}"
    return "FailedDiscoveryCheck", f'failing or missing response from {url}: Get "{url}": context deadline exceeded'


def _served(crd: dict) -> list[tuple[str, tuple[str, str]]]:
    group = crd["spec"]["group"]
    return [(f"{row['name']}.{group}", (group, row["name"])) for row in crd["spec"].get("versions") or () if row.get("served")]


def _request(verb: str, name: str, body: dict | None = None) -> Request:
    return Request(verb=verb, resource="apiservices", group=GROUP, name="" if verb == "create" else name, body=body, user="system:apiserver",
                   groups=["system:masters", "system:authenticated"], user_agent="kube-apiserver/v1.36.3 (linux/amd64)")
