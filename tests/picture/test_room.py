"""How full a node is: the sum that kube-scheduler makes, as kubectl describe tells it."""

from cluster.picture.room import room_of

NODE = {"metadata": {"name": "n1"}, "spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110", "hugepages-1Gi": "0", "example.com/gpu": "2"},
                   "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}}  # fmt: skip


def pod(node: str, requests: dict, phase: str = "Running") -> dict:
    return {"metadata": {"name": "p"}, "spec": {"nodeName": node, "containers": [{"name": "c", "resources": {"requests": requests}}]},
            "status": {"phase": phase}}  # fmt: skip


def test_requests_of_pods_that_are_not_over_are_held_against_what_is_allocatable():
    every = [pod("n1", {"cpu": "1500m", "memory": "1Gi"}), pod("n1", {"cpu": "500m", "example.com/gpu": "1"}, "Pending"),
             pod("n1", {"cpu": "1"}, "Succeeded"), pod("n2", {"cpu": "1"})]  # fmt: skip
    found = room_of(NODE, every)
    assert [(row["resource"], row["asked"], row["allocatable"], row["percent"]) for row in found["rows"]] == [
        ("cpu", "2", "4", 50), ("memory", "1Gi", "8Gi", 12), ("pods", "2", "110", 1), ("example.com/gpu", "1", "2", 50)]  # fmt: skip
    assert (found["conditions"][0]["reason"], found["taints"]) == ("KubeletReady", ["gpu:NoSchedule"])


def test_a_node_that_has_not_reported_has_no_rows():
    assert room_of({"metadata": {"name": "n1"}, "spec": {}}, [])["rows"] == []


def test_a_pod_counts_with_what_it_has_until_its_resize_is_in_force():
    resized = pod("n1", {"cpu": "500m"})
    resized["status"]["containerStatuses"] = [{"name": "c", "allocatedResources": {"cpu": "2"}, "resources": {"requests": {"cpu": "2"}}}]
    assert [row["asked"] for row in room_of(NODE, [resized])["rows"] if row["resource"] == "cpu"] == ["2"]
