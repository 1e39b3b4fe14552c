"""Small objects that the tests of the kinds start from."""
from __future__ import annotations

from cluster.kinds import deployment, pod, replicaset
from cluster.meta.fields import FieldError


def a_pod(**spec) -> dict:
    """A defaulted Pod with one container; `spec` replaces fields of its spec."""
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
            "spec": {"containers": [{"name": "app", "image": "nginx:1"}], "serviceAccountName": "default", **spec}}
    pod.default(made)
    return made


def with_container(**fields) -> dict:
    """A defaulted Pod whose one container has these fields."""
    return a_pod(containers=[{"name": "app", "image": "nginx:1", **fields}])


def a_workload(kind, **spec) -> dict:
    """A defaulted Deployment or ReplicaSet; kind: its module."""
    made = {"apiVersion": "apps/v1", "kind": kind.KIND.kind, "metadata": {"name": "w", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": "a"}},
                     "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
                     **spec}}
    kind.default(made)
    return made


def a_deployment(**spec) -> dict:
    return a_workload(deployment, **spec)


def a_replica_set(**spec) -> dict:
    return a_workload(replicaset, **spec)


def texts(errors: list[FieldError]) -> list[str]:
    """Errors as messages show them."""
    return [str(error) for error in errors]
