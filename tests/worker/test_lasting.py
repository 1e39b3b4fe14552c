"""What of the faults that were made is still so: the last of each switch, all that was pushed, nothing that was over at once."""

import pytest

from cluster.worker.lasting import sorted_out

STOPPED, STARTED = "component-stop kube-scheduler", "component-start kube-scheduler"


def said(faults):
    return [" ".join([each["action"], *each["args"]]) for each in faults]


@pytest.mark.parametrize(
    ("made", "before", "after"),
    [
        ([], [], []),
        ([STOPPED], [], [STOPPED]),
        ([STOPPED, STARTED], [], []),
        ([STOPPED, STARTED, STOPPED], [], [STOPPED]),
        ([STOPPED, "kubelet-stop k8snode1", "runtime-stop k8snode1", "kubelet-start k8snode1"], [], [STOPPED, "runtime-stop k8snode1"]),
        (["registry-push a:1", "registry-break dns", "registry-mend"], ["registry-push a:1", "registry-break dns", "registry-mend"], []),
        (["registry-push a:1", "registry-push a:1"], ["registry-push a:1"] * 2, []),  # a tag that moved twice
        (["disk-fill k8snode1 5", "disk-fill k8snode2 5", "disk-fill k8snode1 0"], ["disk-fill k8snode2 5", "disk-fill k8snode1 0"], []),
        (["image-import k8snode1 a:1", "image-import k8snode1 b:1"], ["image-import k8snode1 a:1", "image-import k8snode1 b:1"], []),
        ([STOPPED, "kubelet-config k8snode1 x", "kubelet-config k8snode1 y"], [], ["kubelet-config k8snode1 y", STOPPED]),
        (["kubelet-stop k8snode1", "kubelet-stop k8snode2", "kubelet-config k8snode1 x"], [], ["kubelet-config k8snode1 x", "kubelet-stop k8snode2"]),
        (["kubelet-stop k8snode1", "runtime-stop k8snode1", "node-reboot k8snode1"], [], ["runtime-stop k8snode1"]),
        (["kubelet-config k8snode1 x", "kubelet-stop k8snode1"], [], ["kubelet-config k8snode1 x", "kubelet-stop k8snode1"]),
        (["container-kill k8snode1 web app", "sandbox-kill k8snode1 web", "node-reboot k8snode1"], [], []),
    ],
)
def test_what_lasts_is_the_last_of_each_switch_and_all_that_lies_beyond_the_components(made, before, after):
    found = sorted_out({"action": action, "args": args} for action, *args in map(str.split, made))
    assert (said(found[0]), said(found[1])) == (before, after)
