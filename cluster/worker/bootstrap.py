"""The objects that a cluster has before any component has done anything: namespaces, the Roles that its components need,
the API server's own Service and the system priorities."""
from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from cluster.apiserver import managed

from . import bootstrap_network, bootstrap_server, bootstrap_services

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
RBAC = "rbac.authorization.k8s.io"
RULE_PARTS = ("apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs")
AGGREGATOR = "clusterrole-aggregation-controller"


def first_objects(settings, engine) -> list[tuple[str, dict]]:
    """(etcd key, object) pairs. Source: pkg/controlplane/controller/systemnamespaces."""
    stamp = engine.clock.text(0)
    uid = engine.rng("bootstrap").uuid
    of_network = bootstrap_network.objects(stamp, uid) if getattr(settings, "services", False) else []
    return [(f"/registry/namespaces/{name}", {
        "kind": "Namespace", "apiVersion": "v1",
        "metadata": {"name": name, "uid": uid(), "creationTimestamp": stamp, "labels": {"kubernetes.io/metadata.name": name},
                     "managedFields": [{"manager": "kube-apiserver", "operation": "Update", "apiVersion": "v1", "time": stamp,
                                        "fieldsType": "FieldsV1",
                                        "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:kubernetes.io/metadata.name": {}}}}}]},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    }) for name in SYSTEM_NAMESPACES] + rbac_objects(stamp, uid) + bootstrap_services.objects(stamp, uid) + of_network + \
        bootstrap_services.storage_classes(getattr(settings, "profile", ""), stamp, uid) + \
        bootstrap_server.objects(stamp, engine.rng("bootstrap-server").uuid)


def missing_objects(store, engine) -> list[tuple[str, dict]]:
    """Of what the API server registers about itself, and of its Roles, what is not there: it makes it when it starts again.

    Source: pkg/registry/rbac/rest/storage_rbac.go, pkg/registry/core/service/ipallocator/controller/repairip.go.
    """
    stamp, uid = engine.clock.text(engine.now_ms), engine.rng("bootstrap-server").uuid
    services = [stored.value for _, stored in store.list("/registry/services/specs/")]
    found = rbac_objects(stamp, uid) + bootstrap_server.objects(stamp, uid) + bootstrap_server.addresses(services, stamp, uid)
    return [(key, obj) for key, obj in dict(found).items() if store.get(key) is None]


# -- Roles and bindings -----------------------------------------------------------------------------------------------


def rbac_objects(stamp: str, uid) -> list[tuple[str, dict]]:
    """The default Roles and bindings, those that gather others filled in already.

    Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy, pkg/registry/rbac/rest/storage_rbac.go.
    """
    return [(key, {**obj, "metadata": {**obj["metadata"], "uid": uid(), "creationTimestamp": stamp, "managedFields": [
        {**entry, "time": stamp} for entry in obj["metadata"]["managedFields"]]}}) for key, obj in _rbac()]


@cache
def _rbac() -> list[tuple[str, dict]]:
    """The same without what each cluster has of its own: uid and times."""
    data = msgspec.json.decode(resources.files("cluster.worker").joinpath("bootstrap_rbac.json").read_bytes())
    roles = {(row[1], row[0]): _role(*row) for row in data["roles"]}
    for name in ("view", "edit", "admin"):
        _gather(roles, name)
    objects = [*roles.values(), *(_binding(*row) for row in data["bindings"])]
    return [(_key(obj), _owned(obj)) for obj in objects]


def _role(name: str, namespace: str, labels: dict, rules: list, gathered: str) -> dict:
    role = {"kind": "Role" if namespace else "ClusterRole", "apiVersion": f"{RBAC}/v1", "metadata": _meta(name, namespace, labels),
            "rules": [_rule(row) for row in rules]}
    if gathered:
        role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {gathered: "true"}}]}
    return role


def _rule(row: list[str]) -> dict:
    values = {part: ["" if word == "-" else word for word in text.split()] for part, text in zip(RULE_PARTS, row, strict=True)}
    return {part: values[part] for part in ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs") if values[part]}


def _binding(name: str, namespace: str, kind: str, role: str, subjects: list) -> dict:
    shown = [{"kind": sort, **({"namespace": place} if sort == "ServiceAccount" else {"apiGroup": RBAC}), "name": who}
             for sort, who, place in subjects]
    binding = {"kind": "RoleBinding" if namespace else "ClusterRoleBinding", "apiVersion": f"{RBAC}/v1",
               "metadata": _meta(name, namespace, {}), "subjects": shown, "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role}}
    if not shown:
        del binding["subjects"]
    return binding


def _meta(name: str, namespace: str, labels: dict) -> dict:
    meta = {"name": name, **({"namespace": namespace} if namespace else {}),
            "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", **labels},
            "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"}}
    return meta


def _gather(roles: dict, name: str) -> None:
    """Fill an aggregated role in, as its controller would."""
    role = roles[("", name)]
    label = next(iter(role["aggregationRule"]["clusterRoleSelectors"][0]["matchLabels"]))
    rules: list[dict] = []
    for (namespace, other), found in sorted(roles.items()):
        if not namespace and other != name and label in found["metadata"]["labels"]:
            rules += [rule for rule in found["rules"] if rule not in rules]
    role["rules"] = rules


def _key(obj: dict) -> str:
    meta = obj["metadata"]
    place = f"{meta['namespace']}/" if "namespace" in meta else ""
    return f"/registry/{obj['kind'].lower()}s/{place}{meta['name']}"


def _owned(obj: dict) -> dict:
    """With the managedFields of those who wrote it: the API server, and of gathered rules their controller."""
    mine = {key: value for key, value in obj.items() if key != "rules" or "aggregationRule" not in obj}
    entries = managed.track_update(None, mine, "kube-apiserver", "-")
    if "aggregationRule" in obj:
        entries = [{"manager": AGGREGATOR, "operation": "Apply", "apiVersion": f"{RBAC}/v1", "time": "-", "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:rules": {}}}, *entries]
    return {**obj, "metadata": {**obj["metadata"], "managedFields": entries}}
