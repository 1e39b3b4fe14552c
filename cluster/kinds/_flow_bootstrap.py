"""The priority levels and flow schemas that an API server makes for itself: two of each are mandatory, the rest suggested.

Source: k8s.io/apiserver pkg/apis/flowcontrol/bootstrap/default.go.
"""
from __future__ import annotations

LEVELS_MANDATORY, SCHEMAS_MANDATORY = ("exempt", "catch-all"), ("exempt", "catch-all")
ALL = ["*"]
MASTERS, NODES = "system:masters", "system:nodes"
EVERYBODY = ("system:unauthenticated", "system:authenticated")
EVERYTHING = {"verbs": ALL, "apiGroups": ALL, "resources": ALL, "clusterScope": True, "namespaces": ALL}
EVERY_PATH = {"verbs": ALL, "nonResourceURLs": ALL}
LEASES = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "namespaces": ALL}

# name: (shares, percent that it lends, (queues, hand size, length) or None where it rejects at once)
LIMITED: dict[str, tuple[int, int, tuple[int, int, int] | None]] = {
    "catch-all": (5, 0, None), "system": (30, 33, (64, 6, 50)), "node-high": (40, 25, (64, 6, 50)), "leader-election": (10, 0, (16, 4, 50)),
    "workload-high": (40, 50, (128, 6, 50)), "workload-low": (100, 90, (128, 6, 50)), "global-default": (20, 50, (128, 6, 50)),
}


def levels() -> dict[str, dict]:
    """The spec of each priority level, by its name, in upstream's order."""
    found = {"exempt": {"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0}}}
    for name, (shares, lends, queue) in LIMITED.items():
        response = {"type": "Queue", "queuing": dict(zip(("queues", "handSize", "queueLengthLimit"), queue, strict=True))} \
            if queue else {"type": "Reject"}
        limited = {"nominalConcurrencyShares": shares, "limitResponse": response, "lendablePercent": lends}
        found[name] = {"type": "Limited", "limited": limited}
    return found


def _groups(*names: str) -> list[dict]:
    return [{"kind": "Group", "group": {"name": name}} for name in names]


def _users(*names: str) -> list[dict]:
    return [{"kind": "User", "user": {"name": name}} for name in names]


SYSTEM_ACCOUNTS = [{"kind": "ServiceAccount", "serviceAccount": {"namespace": "kube-system", "name": "*"}}]
CONTROLLERS, SCHEDULER = "system:kube-controller-manager", "system:kube-scheduler"
BOTH = {"resourceRules": [EVERYTHING], "nonResourceRules": [EVERY_PATH]}
# name: (priority level, precedence, what tells flows apart, the one rule)
SCHEMAS: dict[str, tuple[str, int, str, dict]] = {
    "exempt": ("exempt", 1, "", {"subjects": _groups(MASTERS), **BOTH}),
    "catch-all": ("catch-all", 10000, "ByUser", {"subjects": _groups(*EVERYBODY), **BOTH}),
    "system-nodes": ("system", 500, "ByUser", {"subjects": _groups(NODES), **BOTH}),
    "system-node-high": ("node-high", 400, "ByUser", {"subjects": _groups(NODES), "resourceRules": [
        {"verbs": ALL, "apiGroups": [""], "resources": ["nodes", "nodes/status"], "clusterScope": True, "namespaces": ALL},
        {"verbs": ALL, **LEASES}]}),
    "probes": ("exempt", 2, "", {"subjects": _groups(*EVERYBODY), "nonResourceRules": [
        {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/readyz", "/livez"]}]}),
    "system-leader-election": ("leader-election", 100, "ByUser", {
        "subjects": _users(CONTROLLERS, SCHEDULER) + SYSTEM_ACCOUNTS, "resourceRules": [{"verbs": ["get", "create", "update"], **LEASES}]}),
    "kube-controller-manager": ("workload-high", 800, "ByNamespace", {"subjects": _users(CONTROLLERS), **BOTH}),
    "kube-scheduler": ("workload-high", 800, "ByNamespace", {"subjects": _users(SCHEDULER), **BOTH}),
    "kube-system-service-accounts": ("workload-high", 900, "ByNamespace", {"subjects": SYSTEM_ACCOUNTS, **BOTH}),
    "service-accounts": ("workload-low", 9000, "ByUser", {"subjects": _groups("system:serviceaccounts"), **BOTH}),
    "global-default": ("global-default", 9900, "ByUser", {"subjects": _groups(*EVERYBODY), **BOTH}),
}


def schemas() -> dict[str, dict]:
    """The spec of each flow schema, by its name, in upstream's order. What they share is shared: to be read only."""
    return {name: {"priorityLevelConfiguration": {"name": level}, "matchingPrecedence": precedence,
                   **({"distinguisherMethod": {"type": method}} if method else {}), "rules": [rule]}
            for name, (level, precedence, method, rule) in SCHEMAS.items()}
