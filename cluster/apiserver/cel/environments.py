"""What expressions of admission may use: the request, the namespace, and objects of which nothing is known beforehand.

Source: k8s.io/apiserver pkg/admission/plugin/cel/compile.go (BuildRequestType, BuildNamespaceType), composition.go.
"""
from __future__ import annotations

from functools import cache

from . import types
from .checker import Environment
from .library import OF_PATCHES
from .types import BOOL, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of

VARIABLES = "kubernetes.variables"
TEXTS = list_of(STRING)


def _object(name: str) -> Type:
    return ("object", f"kubernetes.{name}")


def _texts(*names: str) -> dict[str, Type]:
    return dict.fromkeys(names, STRING)


OBJECTS: dict[str, dict[str, Type]] = {
    "kubernetes.GroupVersionKind": _texts("group", "version", "kind"),
    "kubernetes.GroupVersionResource": _texts("group", "version", "resource"),
    "kubernetes.UserInfo": {**_texts("username", "uid"), "groups": TEXTS, "extra": map_of(STRING, TEXTS)},
    "kubernetes.AdmissionRequest": {
        **_texts("subResource", "requestSubResource", "name", "namespace", "operation"), "kind": _object("GroupVersionKind"),
        "resource": _object("GroupVersionResource"), "requestKind": _object("GroupVersionKind"),
        "requestResource": _object("GroupVersionResource"), "userInfo": _object("UserInfo"), "dryRun": BOOL, "options": DYN},
    "kubernetes.NamespaceSpec": {"finalizers": TEXTS},
    "kubernetes.NamespaceCondition": {**_texts("status", "type", "message", "reason"), "lastTransitionTime": TIMESTAMP},
    "kubernetes.NamespaceStatus": {"conditions": list_of(_object("NamespaceCondition")), "phase": STRING},
    "kubernetes.NamespaceMetadata": {
        **_texts("name", "generateName", "namespace", "UID", "resourceVersion"), "labels": map_of(STRING, STRING),
        "annotations": map_of(STRING, STRING), "creationTimestamp": TIMESTAMP, "deletionGracePeriodSeconds": INT,
        "deletionTimestamp": TIMESTAMP, "generation": INT, "finalizers": TEXTS},
    "kubernetes.Namespace": {"metadata": _object("NamespaceMetadata"), "spec": _object("NamespaceSpec"), "status": _object("NamespaceStatus")},
}
AUTHORIZER = {"authorizer": types.read("kubernetes.authorization.Authorizer"),
              "authorizer.requestResource": types.read("kubernetes.authorization.ResourceCheck")}
DEVICE = Environment({"device": _object("DRADevice")}, {"kubernetes.DRADevice": {
    "driver": STRING, "allowMultipleAllocations": BOOL, "attributes": map_of(STRING, map_of(STRING, types.ANY)),
    "capacity": map_of(STRING, map_of(STRING, types.read("kubernetes.Quantity")))}}, may_bind=True)


@cache
def admission(*, has_params: bool, has_authorizer: bool, has_patches: bool = False) -> Environment:
    """The environment of a policy's or a webhook's expressions."""
    variables: dict[str, Type] = {"object": DYN, "oldObject": DYN, "namespaceObject": _object("Namespace"),
                                  "request": _object("AdmissionRequest")}
    if has_params:
        variables["params"] = DYN
    if has_authorizer:
        variables |= AUTHORIZER
    if not has_patches:
        return Environment(variables, OBJECTS)
    return Environment(variables, OBJECTS | {"JSONPatch": {"op": STRING, "path": STRING, "from": STRING, "value": DYN}}, OF_PATCHES, True)


def with_variables(environment: Environment, known: dict[str, Type]) -> Environment:
    """With `variables`, of which so many are known by now."""
    return Environment({**environment.variables, "variables": ("object", VARIABLES)}, {**environment.objects, VARIABLES: known},
                       environment.more_functions, environment.is_any_object)
