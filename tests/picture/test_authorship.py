"""Each line of an object's YAML names who wrote it, and what the last write changed."""
from __future__ import annotations

import json

from cluster.picture.authorship import authors, changed, dotted, letter_of, lines_of, to_yaml

APPLIED = {"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "app", "image": "nginx"}]}}}}
CONTAINER = {"k:" + json.dumps({"name": "app"}): {".": {}, "f:name": {}, "f:image": {}, "f:imagePullPolicy": {}}}
OBJ = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "default",
        "uid": "u",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(APPLIED)},
        "managedFields": [
            {
                "manager": "kubectl-client-side-apply",
                "fieldsV1": {"f:spec": {"f:replicas": {}, "f:progressDeadlineSeconds": {}, "f:template": {"f:spec": {"f:containers": CONTAINER}}}},
            },
            {"manager": "kube-controller-manager", "subresource": "status", "fieldsV1": {"f:status": {"f:replicas": {}}}},
        ],
    },
    "spec": {
        "replicas": 2,
        "progressDeadlineSeconds": 600,
        "template": {"spec": {"containers": [{"name": "app", "image": "nginx", "imagePullPolicy": "Always"}]}},
    },
    "status": {"replicas": 2},
}


def letters(obj: dict) -> dict[str, str]:
    lines = lines_of(to_yaml(obj))
    by_line = authors(obj, lines)
    return {dotted(path): by_line[str(line)] for line, path in lines.items()}


def test_each_field_has_its_author():
    found = letters(OBJ)
    assert found["spec.replicas"] == "U"
    assert found["status.replicas"] == "C"
    assert found["metadata.uid"] == "A"
    assert found["spec.template.spec.containers[0]"] == found["spec.template.spec.containers[0].name"] == "U"


def test_what_defaulting_filled_in_is_the_api_servers():
    found = letters(OBJ)
    assert found["spec.progressDeadlineSeconds"] == "A"
    assert found["spec.template.spec.containers[0].imagePullPolicy"] == "A"


def test_managers_have_their_letters():
    named = {name: letter_of(name) for name in ("kubectl-edit", "kubelet", "kube-scheduler", "kube-controller-manager", "kube-apiserver", "curl")}
    assert named == {"kubectl-edit": "U", "kubelet": "K", "kube-scheduler": "S", "kube-controller-manager": "C", "kube-apiserver": "A", "curl": "U"}


def test_book_keeping_is_not_shown():
    assert "managedFields" not in to_yaml(OBJ)


def test_changes_are_found_where_they_are():
    old = {"spec": {"replicas": 2, "paused": True}, "status": {"conditions": [{"type": "A", "status": "False"}]}}
    new = {"spec": {"replicas": 3}, "status": {"conditions": [{"type": "A", "status": "True"}, {"type": "B"}]}}
    assert {dotted(path): mark for path, mark in changed(new, old).items()} == {
        "spec.replicas": "±", "spec.paused": "−", "status.conditions[0].status": "±", "status.conditions[1]": "+", "status.conditions[1].type": "+",
    }  # fmt: skip
    assert changed(new, new) == {}
