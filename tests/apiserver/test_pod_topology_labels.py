"""A Pod takes over where its node is, as it did on the real server 1.36.3."""
from __future__ import annotations

import pytest

from tests.conformance.in_process import InProcess

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
WHERE = {ZONE: "a", REGION: "r", "kubernetes.io/hostname": "n1"}


def labels_after(node_labels: dict | None, *, bind: bool, own: dict | None = None) -> dict | None:
    """The labels of a Pod that is bound to n1, or made there."""
    server = InProcess()
    if node_labels is not None:
        assert server.ask("create", "nodes", body={"metadata": {"name": "n1", "labels": node_labels}}).ok
    spec = {"containers": [{"name": "c", "image": "i"}], **({} if bind else {"nodeName": "n1"})}
    meta = {"name": "p", **({"labels": own} if own else {})}
    made = server.ask("create", "pods", namespace="default", body={"kind": "Pod", "apiVersion": "v1", "metadata": meta, "spec": spec})
    assert made.ok, made.message
    if bind:
        binding = {"kind": "Binding", "apiVersion": "v1", "metadata": {"name": "p", "namespace": "default"}, "target": {"kind": "Node", "name": "n1"}}
        assert server.ask("create", "pods", namespace="default", name="p", subresource="binding", body=binding).ok
    return server.ask("get", "pods", namespace="default", name="p").body["metadata"].get("labels")


@pytest.mark.parametrize(("node", "own", "found"), [
    (WHERE, None, {ZONE: "a", REGION: "r"}),
    (WHERE, {"app": "web", ZONE: "mine"}, {"app": "web", ZONE: "a", REGION: "r"}),
    ({"kubernetes.io/hostname": "n1"}, {"app": "web"}, {"app": "web"}),
    ({"kubernetes.io/hostname": "n1"}, None, None),
    (None, None, None),
])  # fmt: skip
@pytest.mark.parametrize("bind", [True, False], ids=["bound", "made there"])
def test_the_labels_of_zone_and_region_become_the_pods(node, own, found, bind):
    """Source: plugin/pkg/admission/podtopologylabels/admission.go."""
    assert labels_after(node, bind=bind, own=own) == found
