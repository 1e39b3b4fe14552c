"""What a write changed is told by field and value, what matters most first; long lists end with how many more."""
from __future__ import annotations

from cluster.engine import TraceEvent
from cluster.narration.news import telling
from cluster.narration.render import changes, chinese, listed, shorten, size, values_of


def pod(**status) -> dict:
    return {"metadata": {"name": "web"}, "spec": {}, "status": status}


def test_a_pod_that_comes_to_run_is_told_by_phase_address_and_readiness():
    old = pod(phase="Pending", conditions=[{"type": "Ready", "status": "False"}], containerStatuses=[{"name": "app", "state": {"waiting": {}}}])
    new = pod(phase="Running", podIP="10.244.0.2", hostIP="10.0.0.1", conditions=[{"type": "Ready", "status": "True"}],
              containerStatuses=[{"name": "app", "state": {"running": {}}, "restartCount": 0}])
    assert telling(new, old)[:4] == ["phase=Running", "podIP=10.244.0.2", "app running", "Ready=True"]


def test_a_crash_is_told_by_its_reason_and_count():
    old = pod(containerStatuses=[{"name": "app", "state": {"running": {}}, "restartCount": 1}])
    new = pod(containerStatuses=[{"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 2}])
    assert telling(new, old) == ["app waiting (CrashLoopBackOff)", "restartCount=2"]


def test_a_count_that_is_left_out_is_zero():
    assert telling(pod(readyReplicas=2), pod(readyReplicas=1, unavailableReplicas=1)) == ["readyReplicas=2", "unavailableReplicas=0"]


def test_a_scaled_object_is_told_by_its_spec():
    old, new = ({"metadata": {"name": "web"}, "spec": {"replicas": count}} for count in (2, 3))
    assert telling(new, old) == ["spec.replicas=3"]


def test_long_lists_end_with_how_many_more():
    assert listed(["a", "b", "c", "d", "e"], ", ") == "a, b, c +2"
    assert changes(["status.conditions[0].status", "status.conditions[1].status", "spec.nodeName"]) == "spec.nodeName, status.conditions"


def test_the_words_of_components_are_chinese_in_chinese():
    assert chinese("create 2") == "创建 2 个"
    assert chinese("scale web-1 to 3") == "将 web-1 调整为 3 个"
    assert chinese("roll back to revision 2") == "回滚到修订版本 2"
    assert chinese("Evicted") == "Evicted"


def test_sizes_are_read_by_people():
    assert [size(count) for count in (300, 5000, 24_117_491, 3 * 2**30)] == ["300 bytes", "5 KiB", "23 MiB", "3 GiB"]


def test_a_long_name_keeps_its_end_with_one_dash():
    assert shorten("nginx-test-9458b7794-gxkbg") == "nginx-…-gxkbg"
    assert shorten("a-pod-with-quite-a-long-name") == "a-…-name"


def test_a_wait_is_told_in_seconds_from_now():
    fact = TraceEvent(seq=1, at_ms=25_340, actor="kubelet/n", kind="RestartDelayed", subject="pods/d/web", cause=0, data={"until_ms": 54_785})
    assert values_of(fact)["wait_s"] == 29
